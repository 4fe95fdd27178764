#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: plain
# timeout: 120
"""Stacks of programs whose stacks are known.

Each instruction: tests/helper/unwind_step.c runs programs one instruction at a time and knows from
their calls and returns what the stack is; the unwinder has to find the same, at -O2 without
frame pointers, from gcc and clang, C and C++, with PLT stubs, signal frames, assembly.

Samples: `sonde record -g dwarf` of a program whose call chains are written down here; each
sample's chain has to be one of them, from _start on."""
import os
import platform
import re
import shutil
import subprocess
import sys

SOURCES = os.path.join(os.environ["SRC"], "tests", "workload", "stacks")
STEP = os.path.join(os.environ["BUILD"], "tests", "unwind-step")
MIN_RIGHT = 0.999
FLAGS = ["-O2", "-fomit-frame-pointer", "-w"]
failures = 0

# What calls what in chains.c; libraries in between are left out before.
CALLERS = {
    "spin": {"by_tail", "by_alloca", "by_vla", "use_wide", "by_recursion", "by_big_frame", "compare",
             "handler", "asm_deref", "tail"},
    "tail": {"by_tail", "asm_deref"},
    "use_wide": {"by_realigned"},
    "by_recursion": {"by_recursion", "main"},
    "compare": {"by_library"},
    "handler": {"by_signal"},
    "by_alloca": {"main", "asm_frames"},
    "asm_frames": {"by_assembly"},
    "asm_deref": {"by_assembly"},
}
FROM_MAIN = {"by_tail", "by_vla", "by_realigned", "by_big_frame", "by_library", "by_signal", "by_assembly"}


def expect(what, ok, said=""):
    global failures
    print("ok   " if ok else "FAIL ", what, "" if ok else said)
    failures += not ok


def compiler(*names):
    return next((n for n in names if shutil.which(n)), None)


def build(cc, out, sources, *flags):
    paths = [os.path.join(SOURCES, s) for s in sources]
    if cc is None:
        print("skip ", out, "no such compiler here")
        return False
    subprocess.run([cc, *FLAGS, *flags, "-o", out, *paths], check=True)
    return True


def main_of(program):
    symbols = subprocess.run(["nm", program], check=True, capture_output=True, text=True).stdout
    return re.search(r"^([0-9a-f]+) [Tt] main$", symbols, re.M).group(1)


def step(program, every, from_main=True):
    words = [STEP, "-k", str(every)]
    if from_main:
        words += ["-b", main_of(program)]
    r = subprocess.run([*words, "./" + program], capture_output=True, text=True, timeout=100)
    counts = re.search(r"^steps (\d+) unwound (\d+) complete (\d+) right (\d+) program (\d+) program-right (\d+)"
                       r".* throwing (\d+) throwing-right (\d+) status (\d+)$", r.stdout, re.M)
    if not counts:
        expect(program, False, r.stdout + r.stderr)
        return
    steps, unwound, complete, right, inside, inside_right, throwing, throwing_right, status = map(int, counts.groups())
    print(f"      {program}: {steps} instructions, {unwound} stacks, {right} right, {complete} complete; "
          f"{inside_right} of {inside} in the program itself, {throwing_right} of {throwing} in exceptions")
    expect(program + ": ran to its end", status == 0 and unwound > 2000, r.stdout)
    expect(program + ": stacks are right", right - throwing_right >= MIN_RIGHT * (unwound - throwing), r.stdout)
    expect(program + ": right in the program itself", inside_right >= inside - 2, r.stdout)
    # while libgcc goes over to a landing pad it writes over its own frame: half the old one, half the new
    expect(program + ": stacks within exceptions are right", throwing_right >= 0.99 * throwing, r.stdout)


def each_instruction():
    gcc, clang = compiler("gcc", "cc"), compiler("clang-14", "clang")
    gxx, clangxx = compiler("g++", "c++"), compiler("clang++-14", "clang++")
    c, cxx = ["stacks.c", "asm.S"], ["stacks.cc"]
    if build(gcc, "c-gcc", c):
        step("c-gcc", 1)
    if build(clang, "c-clang", c):
        step("c-clang", 1)
    if build(gcc, "c-debug-frame", c, "-g", "-fno-asynchronous-unwind-tables"):
        step("c-debug-frame", 3)
    if build(gcc, "c-static", c, "-static"):
        step("c-static", 7, from_main=False)
    if build(gxx, "cxx-gcc", cxx):
        step("cxx-gcc", 5)
    if build(clangxx, "cxx-clang", cxx):
        step("cxx-clang", 5)


def chain_is_right(chain):
    """CHAIN: outermost first, from main on, only of functions of the program."""
    if not chain or chain[0] != "main":
        return False
    for caller, callee in zip(chain, chain[1:]):
        if caller not in CALLERS.get(callee, {"main"} if callee in FROM_MAIN | {"by_alloca"} else set()):
            return False
    return True


def samples(program, deny):
    """Without DENY the kernel unwinds, after the first copies, where it can."""
    rec = program + ".sonde"
    os.environ["SONDE_TEST_DENY"] = deny
    r = subprocess.run(["sonde", "record", "--overwrite", "-q", "-g", "dwarf", "-F", "4000", "-o", rec, "--", "./" + program, "150"],
                       capture_output=True, text=True)
    if r.returncode != 0:
        expect("record", False, r.stderr)
        return
    notes = subprocess.run(["sonde", "info", rec], capture_output=True, text=True, check=True).stdout
    if "unwound by CFI" not in notes:
        print("skip ", program, "perf events with copies of the stack")
        return
    folded = subprocess.run(["sonde", "export", "--to", "folded", rec], capture_output=True, text=True)
    if folded.returncode != 0:
        expect("export", False, folded.stderr)
        return
    known = set(CALLERS) | FROM_MAIN | {"main", "by_tail"}
    total = right = elsewhere = alternate = 0
    wrong = []
    for line in folded.stdout.splitlines():
        frames, weight = line.rsplit(" ", 1)
        frames, weight = frames.split(";")[1:], int(weight)
        chain = [f for f in frames if f in known]
        if frames[:1] == ["_start"] and "main" not in frames or not chain and "main" not in frames:
            elsewhere += weight  # the dynamic linker, exec, exit
        elif frames[:1] == ["__pthread_kill_implementation"] and "handler" in frames:
            alternate += weight  # interrupted on the other stack, of which there is no copy
        else:
            total += weight
            ok = frames[0] == "_start" and chain_is_right(chain)
            right += weight * ok
            if not ok:
                wrong.append(line)
    print(f"      {program}: {right / total:.2%} of the samples right, {elsewhere / total:.2%} outside of main, "
          f"{alternate / total:.2%} on an alternate stack")
    expect(program + ": stacks of samples are right", right >= 0.99 * total, "\n".join(wrong[:5]))
    expect(program + ": only handlers on an alternate stack lack their callers", alternate < 0.15 * total)


def main():
    if platform.machine() != "x86_64":
        print("skipped: stacks at each instruction are known for x86-64 only")
        return 77
    each_instruction()
    for cc, name, deny in ((compiler("gcc", "cc"), "chains-gcc", "bpf"), (compiler("clang-14", "clang"), "chains-clang", "")):
        if build(cc, name, ["chains.c", "asm.S"]):
            samples(name, deny)
    return 1 if failures else 0


sys.exit(main())
