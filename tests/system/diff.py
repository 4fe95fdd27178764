#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: gcc plain
# timeout: 120
"""A function that got 20 % slower is found, and it alone; runs of the same program do not differ: both are
counted over 21 pairs of recordings."""
import itertools
import json
import os
import shutil
import subprocess
import tempfile

from lib.check import fail, skip

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
	for (unsigned i = 0; i < 2000; i++)
		h += first(15000 + i) + second((15000 + i) * percent / 100) + third(15000 + i) + fourth(10000 + i);
	return h == 0;
}
"""


def record(name, percent):
    subprocess.run(["sonde", "record", "-q", "--overwrite", "-F", "19999", "-o", name, "--", "./work", str(percent)], check=True)


def diff(*words):
    text = subprocess.run(["sonde", "diff", *words, "--json"], stdout=subprocess.PIPE, check=True, text=True).stdout
    return json.loads(text)


def significant(d):
    """Of the program's own functions: what the kernel does to a busy machine is not its work."""
    return {f["function"]: f["state"] for f in d["functions"]
            if f["state"] in ("more", "less", "new", "gone") and f["module"] == "work"}


def look():
    """Whether both are as they should be, in ten recordings."""
    # In turns, so that what the machine does meanwhile falls on both kinds.
    same, slow = ["a%d" % i for i in range(7)], ["b%d" % i for i in range(3)]
    for i, name in enumerate(same):
        record(name, 100)
        if i % 2 == 0 and i // 2 < len(slow):
            record(slow[i // 2], 120)
    alarms = [(pair, found) for pair in itertools.combinations(same, 2) if (found := significant(diff(*pair)))]
    print("%s the same program twice: %d of 21 pairs differ %s" % ("ok  " if len(alarms) <= 1 else "not ", len(alarms), alarms))
    results = [diff(*pair) for pair in itertools.product(same, slow)]
    found = sum(significant(d).get("second") == "more" for d in results)
    lies = sum(bool(set(significant(d)) - {"second"}) for d in results)
    ratios = sorted(f["change_ratio"] for d in results for f in d["functions"] if f["function"] == "second")
    good = found >= 11 and lies <= 1  # all of them on a quiet machine
    print("%s 20 %% slower: found in %d of 21 pairs, another function blamed in %d; changes %.0f to %.0f %%" % (
        "ok  " if good else "not ", found, lies, 100 * ratios[0], 100 * ratios[-1]))
    print("     " + results[0]["headline"])
    return len(alarms) <= 1 and good


def main():
    with open("work.c", "w", encoding="ascii") as f:
        f.write(SOURCE)
    subprocess.run(["gcc", "-O2", "-g", "-fno-ipa-icf", "-o", "work", "work.c"], check=True)
    if not any(look() for _ in range(3)):  # what the machine does may fall on one kind; not each time
        fail("none of three times")


if not shutil.which("gcc"):
    skip("gcc")
with tempfile.TemporaryDirectory() as directory:
    os.chdir(directory)
    main()
