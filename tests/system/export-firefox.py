#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 30
"""The profile for profiler.firefox.com against its format (version 47 of the processed profile):
every table has its columns with as many values as it says, every reference leads somewhere, callers
come before callees, and the samples add up as sonde report has them."""
import collections
import json
import os
import subprocess

from lib.check import require

BUILD = os.environ["BUILD"]
TABLES = {
    "samples": "stack time weight",
    "stackTable": "frame prefix category subcategory",
    "frameTable": "address inlineDepth category subcategory func nativeSymbol innerWindowID implementation line column",
    "funcTable": "name isJS relevantForJS resource fileName lineNumber columnNumber",
    "resourceTable": "lib name host type",
    "nativeSymbols": "address functionSize libIndex name",
    "markers": "category data endTime name phase startTime",
}
THREAD = ("name isMainThread processType processName processStartupTime processShutdownTime registerTime "
          "unregisterTime pid tid pausedRanges stringArray").split()
META = ("preprocessedProfileVersion version interval startTime processType product stackwalk categories markerSchema "
        "extensions debug").split()


def refers(thread, table, column, to, optional=False):
    for value in thread[table][column]:
        require(f"{table}.{column}", (optional and value is None) or 0 <= value < to, value)


def check_thread(thread, profile):
    require("members", all(m in thread for m in THREAD), thread.keys())
    require("pid and tid are texts", isinstance(thread["pid"], str) and isinstance(thread["tid"], str))
    for table, columns in TABLES.items():
        for column in columns.split():
            require(f"{table}.{column}", len(thread[table][column]) == thread[table]["length"])
        require(f"columns of {table}", set(thread[table]) - {"length", "weightType"} == set(columns.split()))
    n = {table: thread[table]["length"] for table in TABLES}
    refers(thread, "samples", "stack", n["stackTable"], optional=True)
    refers(thread, "stackTable", "frame", n["frameTable"])
    for row, prefix in enumerate(thread["stackTable"]["prefix"]):
        require("callers come first", prefix is None or prefix < row)
    refers(thread, "frameTable", "func", n["funcTable"])
    refers(thread, "frameTable", "category", len(profile["meta"]["categories"]))
    refers(thread, "funcTable", "name", len(thread["stringArray"]))
    refers(thread, "funcTable", "fileName", len(thread["stringArray"]), optional=True)
    refers(thread, "funcTable", "resource", n["resourceTable"])
    refers(thread, "resourceTable", "lib", len(profile["libs"]))
    refers(thread, "resourceTable", "name", len(thread["stringArray"]))
    require("in the order of time", thread["samples"]["time"] == sorted(thread["samples"]["time"]))


def totals_of(thread, totals):
    names, s = thread["stringArray"], thread["samples"]
    for stack, weight in zip(s["stack"], s["weight"]):
        seen = set()
        while stack is not None:
            func = thread["frameTable"]["func"][thread["stackTable"]["frame"][stack]]
            seen.add(names[thread["funcTable"]["name"][func]])
            stack = thread["stackTable"]["prefix"][stack]
        for name in seen:
            totals[name] += weight


subprocess.run([f"{BUILD}/tests/make-profile", "demo.sonde"], check=True)
subprocess.run(["sonde", "export", "-q", "--to", "firefox", "-o", "demo.json", "demo.sonde"], check=True)
report = json.loads(subprocess.run(["sonde", "report", "--json", "-n", "1000", "demo.sonde"], check=True,
                                   capture_output=True).stdout)
with open("demo.json") as f:
    profile = json.load(f)
require("meta", all(m in profile["meta"] for m in META), profile["meta"].keys())
require("top", {"meta", "libs", "threads", "pages", "counters"} <= set(profile))
require("categories", all({"name", "color", "subcategories"} <= set(c) for c in profile["meta"]["categories"]))
totals, weight = collections.Counter(), 0
for one in profile["threads"]:
    check_thread(one, profile)
    require("clocks count milliseconds", one["samples"]["weightType"] == "tracing-ms")
    totals_of(one, totals)
    weight += sum(one["samples"]["weight"])
require("samples", sum(t["samples"]["length"] for t in profile["threads"]) == report["samples"])
require("milliseconds", abs(weight - report["cpu_ns"] / 1e6) < 1e-6, weight)
for row in report["functions"]:
    if row["function"] in ("main", "rec", "vfs_read"):
        require(row["function"], abs(row["total_ratio"] * report["cpu_ns"] / 1e6 - totals[row["function"]]) < 1e-6)
print(len(profile["threads"]), "threads,", weight, "ms")
