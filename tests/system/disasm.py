#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: objdump plain
# timeout: 60
"""The text of instructions beside objdump's: the same boundaries, and the same words but for
blanks.  What differs is told, most frequent first."""
import collections
import os
import re
import shutil
import subprocess
import sys

from lib.check import skip

COUNT = 100000
BUILD = os.environ["BUILD"]


def lines(command):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()


def ours(path, *syntax):
    rows = [line.split("\t") for line in lines([BUILD + "/tests/disassemble", path, str(COUNT), *syntax])]
    return {int(addr, 16): text.split() for addr, text in rows}


def theirs(path, objdump, first, last, *options):
    command = [objdump, "-d", "-w", "-j", ".text", "--no-show-raw-insn", "--start-address=%#x" % first,
               "--stop-address=%#x" % (last + 16), *options, path]
    found = {}
    for line in lines(command):
        row = re.match(r"\s*([0-9a-f]+):\t(.*)", line)
        if row:
            found[int(row[1], 16)] = re.sub(r"\s+<.*>$|\s*//.*$", "", re.sub(r" <.*>  //.*$", "", row[2])).split()
    return found


def compare(title, path, objdump, least, *syntax):
    if not os.path.exists(path) or not shutil.which(objdump):
        print("skip %s: %s or %s is not here" % (title, path, objdump))
        return None
    mine = ours(path, *syntax)
    peer = theirs(path, objdump, min(mine), max(mine), *(["-Mintel"] if syntax else []))
    beside = sum(addr not in peer for addr in mine)
    other = collections.Counter()
    for addr, text in mine.items():
        if addr in peer and peer[addr] != text:
            other[" ".join(peer[addr]) + "  |  " + " ".join(text)] += 1
    same = len(mine) - beside - sum(other.values())
    good = same >= least * len(mine)
    print("%s %s: %d of %d the same, %d of them begin elsewhere" %
          ("ok  " if good else "FAIL", title, same, len(mine), beside))
    for text, count in other.most_common(0 if good else 20):
        print("     %d  %s" % (count, text))
    return good


CC1 = "/usr/lib/gcc/x86_64-linux-gnu/12/cc1"
results = [
    compare("cc1, AT&T", CC1, "objdump", 0.9999),
    compare("cc1, Intel", CC1, "objdump", 0.999, "intel"),
    compare("libc, AT&T", "/lib/x86_64-linux-gnu/libc.so.6", "objdump", 0.9999),
    compare("libc of arm64", "/usr/aarch64-linux-gnu/lib/libc.so.6", "aarch64-linux-gnu-objdump", 0.93),
]
if all(r is None for r in results):
    skip("objdump")
sys.exit(any(r is False for r in results))
