#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: gcc plain
# timeout: 60
"""A function that got 20 % slower is found; two runs of the same program do not differ."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

SOURCE = """#include <stdlib.h>
#define WORK(name) \\
	__attribute__((noinline)) unsigned name(unsigned n) \\
	{ unsigned h = n; while (n--) h = (h ^ n) * 16777619u / 3; return h; }
WORK(first)
WORK(second)
WORK(third)
WORK(fourth)
int main(int argc, char **argv)
{
	unsigned h = 0, percent = atoi(argv[1]);
	for (unsigned i = 0; i < 9000; i++)
		h += first(15000 + i) + second((15000 + i) * percent / 100) + third(15000 + i) + fourth(10000 + i);
	return h == 0;
}
"""


def record(name, percent):
    subprocess.run(["sonde", "record", "-q", "-F", "4999", "-o", name, "--", "./work", str(percent)], check=True)


def diff(*words):
    text = subprocess.run(["sonde", "diff", *words, "--json"], stdout=subprocess.PIPE, check=True, text=True).stdout
    return json.loads(text)


def significant(d):
    """Of the program's own functions: what the kernel does to a busy machine is not its work."""
    return {f["function"]: f["state"] for f in d["functions"]
            if f["state"] in ("more", "less", "new", "gone") and f["module"] == "work"}


def main():
    failed = False
    with open("work.c", "w", encoding="ascii") as f:
        f.write(SOURCE)
    subprocess.run(["gcc", "-O2", "-g", "-fno-ipa-icf", "-o", "work", "work.c"], check=True)
    record("a", 100)
    record("c", 100)
    for attempt in range(4):  # a neighbour on the machine can hide 20 %
        record("b", 120)
        slower = diff("a", "b")
        found = significant(slower)
        good = found == {"second": "more"}
        ratio = next(f["change_ratio"] for f in slower["functions"] if f["function"] == "second")
        print("%s 20 %% slower: found %s, %.0f %% more" % ("ok  " if good else "..  ", found, 100 * ratio))
        print("     " + slower["headline"])
        if good:
            break
        for name in "ab":  # both: the disturbed one may be either
            shutil.rmtree(name)
        record("a", 100)
    failed |= not good
    same = diff("a", "c")
    good = not significant(same)
    print("%s the same twice: %s" % ("ok  " if good else "FAIL", same["headline"]))
    return failed or not good


if not shutil.which("gcc"):
    print("gcc")
    sys.exit(77)
with tempfile.TemporaryDirectory() as directory:
    os.chdir(directory)
    result = main()
    os.chdir("/")
sys.exit(result)
