#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 30
"""protoc reads our Perfetto trace by the published schema: no field is unknown to it, everything
that is referred to was sent before, and counters and functions add up as sonde report has them."""
import collections
import json
import os
import re
import shutil
import subprocess

from lib.check import require, skip

SRC, BUILD = os.environ["SRC"], os.environ["BUILD"]
if not shutil.which("protoc"):
    skip("protoc")


def parse(text):
    """protoc's text form: {field: [values]}."""
    stack = [collections.defaultdict(list)]
    for line in text.splitlines():
        line = line.strip()
        if line.endswith("{"):
            message = collections.defaultdict(list)
            stack[-1][line[:-1].strip()].append(message)
            stack.append(message)
        elif line == "}":
            stack.pop()
        elif line:
            key, _, value = line.partition(": ")
            stack[-1][key].append(json.loads(value) if value.startswith('"') else
                                  value if value.isupper() else int(value))
    return stack[0]


subprocess.run([f"{BUILD}/tests/make-profile", "demo.sonde"], check=True)
subprocess.run(["sonde", "export", "-q", "--to", "perfetto", "-o", "demo.pftrace", "demo.sonde"], check=True)
report = json.loads(subprocess.run(["sonde", "report", "--json", "-n", "1000", "demo.sonde"], check=True,
                                   capture_output=True).stdout)
with open("demo.pftrace", "rb") as f:
    text = subprocess.run(["protoc", f"-I{SRC}/tests/perfetto", "--decode=perfetto.protos.Trace", "trace.proto"],
                          stdin=f, check=True, capture_output=True, text=True).stdout
require("every field is in the schema", not re.search(r"^\s*\d+( \{|:)", text, re.M))
strings, sources, frames, stacks, threads, counters = {}, {}, {}, {}, {}, collections.defaultdict(list)
totals, samples, times = collections.Counter(), 0, []
for packet in parse(text)["packet"]:
    for data in packet["interned_data"]:
        strings.update((s["iid"][0], s["str"][0]) for s in data["function_names"])
        sources.update((s["iid"][0], s["str"][0]) for s in data["source_paths"])
        mappings = {m["iid"][0] for m in data["mappings"]}
        frames.update((f["iid"][0], f) for f in data["frames"])
        stacks.update((s["iid"][0], s["frame_ids"]) for s in data["callstacks"])
        require("frames name a mapping", all(f["mapping_id"][0] in mappings for f in frames.values()))
    for tree in packet["process_tree"]:
        threads.update((t["tid"][0], t["name"][0]) for t in tree["threads"])
    for sample in packet["perf_sample"]:
        before = counters[sample["cpu"][0]][-1] if counters[sample["cpu"][0]] else 0
        value = sample["timebase_count"][0] - before
        counters[sample["cpu"][0]].append(sample["timebase_count"][0])
        times.append(packet["timestamp"][0])
        samples += 1
        require("the thread is known", sample["tid"][0] in threads) if samples == 1 else None
        stack = stacks[sample["callstack_iid"][0]] if sample["callstack_iid"] else []
        names = [strings[frames[f]["function_name_id"][0]] for f in stack]
        for name in set(names):
            totals[name] += value
require("samples", samples == report["samples"], samples)
require("in the order of time", times == sorted(times))
require("counters add up", sum(c[-1] for c in counters.values()) == report["cpu_ns"])
require("an inlined call is a frame with its line", any(
    strings[f["function_name_id"][0]] == "lex" and f["line_number"] and
    sources[f["source_path_iid"][0]].endswith("lex.h") for f in frames.values()))
for row in report["functions"]:
    if row["function"] in ("main", "rec", "vfs_read"):
        require(row["function"], round(row["total_ratio"] * report["cpu_ns"]) == totals[row["function"]])

# System calls are slices on their threads' tracks; the recording has nothing else.
subprocess.run([f"{BUILD}/tests/make-profile", "lock.sonde", "lock"], check=True)
subprocess.run(["sonde", "export", "-q", "--to", "perfetto", "-o", "lock.pftrace", "lock.sonde"], check=True)
with open("lock.pftrace", "rb") as f:
    text = subprocess.run(["protoc", f"-I{SRC}/tests/perfetto", "--decode=perfetto.protos.Trace", "trace.proto"],
                          stdin=f, check=True, capture_output=True, text=True).stdout
require("every field of calls is in the schema", not re.search(r"^\s*\d+( \{|:)", text, re.M))
tracks, begun, ended, instants, took = {}, [], 0, [], {}
for packet in parse(text)["packet"]:
    for track in packet["track_descriptor"]:
        tracks[track["uuid"][0]] = track["thread"][0]
    for event in packet["track_event"]:
        require("the track was told of before", event["track_uuid"][0] in tracks)
        if event["type"][0] == "TYPE_SLICE_BEGIN":
            begun.append((event["name"][0], packet["timestamp"][0], {a["name"][0]: a["string_value"][0] for a in event["debug_annotations"]}))
        elif event["type"][0] == "TYPE_SLICE_END":
            ended += 1
            took[begun[-1][0], begun[-1][2]["returned"]] = packet["timestamp"][0] - begun[-1][1]
        else:
            instants.append(event["name"][0])
require("a slice a call", len(begun) == 7 and ended == 6, begun)
require("how long it took", took["futex", "0"] == 100000000, took)
require("what it was given", begun[1][2]["arguments"] == "0x7000, FUTEX_WAIT_PRIVATE, 2, NULL", begun[1])
require("a call whose beginning is not known is an instant", instants == ["read"], instants)
require("threads by their names", {t["thread_name"][0] for t in tracks.values()} == {"app"}, tracks)
