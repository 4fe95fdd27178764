#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: root perf
# timeout: 100
# alone
"""Stacks unwound in the kernel: of a program without frame pointers whose call chains are known, each
reaches main and _start, in the order of calls that the source has; who the program left to copies
is counted; a recorder that is killed leaves no program behind."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys

from lib.check import expect, result, skip, until

SOURCES = os.path.join(os.environ["SRC"], "tests", "workload", "stacks")
# The functions of chains.c that may call each other; libraries stand between some of them.
CALLERS = {
    "spin": {"by_tail", "by_alloca", "by_vla", "use_wide", "by_recursion", "by_big_frame", "compare", "handler",
             "asm_deref", "tail", "asm_frames"},
    "tail": {"by_tail", "asm_deref"}, "use_wide": {"by_realigned"}, "by_recursion": {"by_recursion", "main"},
    "compare": {"by_library"}, "handler": {"by_signal"}, "by_alloca": {"main", "asm_frames"},
    "asm_frames": {"by_assembly"}, "asm_deref": {"by_assembly"},
}
OURS = set(CALLERS) | {"main", "by_tail", "by_vla", "by_realigned", "by_big_frame", "by_library", "by_signal", "by_assembly"}


def record(name, *words, deny=""):
    said = subprocess.run(["sonde", "record", "-v", "--overwrite", "-F", "2999", "-o", name, *words], text=True,
                          capture_output=True, env=dict(os.environ, SONDE_TEST_DENY=deny)).stderr
    return said


def rows(name, sql):
    out = subprocess.run(["sonde", "query", "--json", name, sql], check=True, text=True, capture_output=True).stdout
    return [list(json.loads(line).values()) for line in out.splitlines()]


def chains(name):
    """Of each stack that was unwound in the kernel: samples, mode, functions from the innermost out."""
    parent, function = {}, {}
    for i, p, f in rows(name, "select s.id, s.parent, coalesce(f.function, '') from stack s join frame f on f.id = s.frame"):
        parent[i], function[i] = p, f
    found = []
    for stack, flags, count in rows(name, "select stack, flags, count(*) from sample where flags & 16 group by 1, 2"):
        names, at = [], stack
        while at:
            names.append(function[at])
            at = parent[at]
        found.append((count, names))
    return found


def is_right(names):
    ours = [n for n in names if n in OURS]
    for callee, caller in zip(ours, ours[1:]):
        if caller not in CALLERS.get(callee, {"main"}):
            return False
    return names[-1] == "_start" and (not ours or ours[-1] == "main")


def check_chains(cc):
    program = f"chains-{cc}"
    subprocess.run([cc, "-O2", "-fomit-frame-pointer", "-w", "-o", program, f"{SOURCES}/chains.c", f"{SOURCES}/asm.S"],
                   check=True)
    said = record(f"{program}.sonde", "--", f"./{program}", "1000")
    found = chains(f"{program}.sonde")
    total, right = sum(n for n, _ in found), sum(n for n, names in found if is_right(names))
    wrong = [names for _, names in found if not is_right(names)]
    print(f"      {program}: {total} samples unwound in the kernel, {right} right;",
          " ".join(re.findall("stacks: .*", said)))
    expect(f"{program}: most samples", total > 500, said)
    # 99.9 %, and one more: an interrupt can hit the kernel while it builds a signal's frame
    expect(f"{program}: right", total - right <= max(1, total // 1000), f"{wrong[:5]}")


def programs():
    """Ids of our programs that are loaded, by other recordings too."""
    listed = subprocess.run(["bpftool", "-j", "prog", "list"], text=True, capture_output=True).stdout
    return {p["id"] for p in json.loads(listed or "[]") if p.get("name") == "cpu_sample"}


def check_kill():
    if not shutil.which("bpftool"):
        print("skip  bpftool is not here to say what is loaded")
        return
    before = programs()
    r = subprocess.Popen(["sonde", "record", "-v", "-o", "killed.sonde", "--", os.environ["BUILD"] + "/tests/workload/spin",
                          "30"], stderr=subprocess.PIPE, text=True, start_new_session=True)
    for line in r.stderr:
        if "in the kernel from now on" in line:
            break
    loaded = programs() - before
    expect("a program is loaded", loaded)
    r.kill()
    r.wait()
    # some may be of others' recordings: those end, too
    expect("killed: no program is left", until(lambda: not loaded & programs()))
    os.killpg(r.pid, signal.SIGKILL)


def main():
    if not os.path.isdir(SOURCES):
        skip("tests/workload/stacks is missing")
    for seconds in "0.5", "3", "10":  # a busy machine may need longer until there is something to unwind
        said = record("probe.sonde", "--", os.environ["BUILD"] + "/tests/workload/spin", seconds)
        why = re.search(r"stacks are unwound from copies.*", said)
        if why or "unwound in the kernel" in said:
            break
    if why or "unwound in the kernel" not in said:
        skip(why.group(0) if why else "sonde was built without BPF")
    for cc in ("gcc", "clang-14"):
        if shutil.which(cc):
            check_chains(cc)
    record("denied.sonde", "--", os.environ["BUILD"] + "/tests/workload/spin", "0.4", deny="bpf")
    expect("without BPF: copies", rows("denied.sonde", "select count(*), coalesce(sum(flags & 16), 0) from sample")[0][1] == 0)
    check_kill()
    sys.exit(result())


main()
