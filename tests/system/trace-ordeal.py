#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a program says that does all that a tracer could spoil (tests/workload/ordeal.py), bare and traced: the same.
# needs: x86_64
# timeout: 150
import concurrent.futures
import difflib
import os
import re
import shutil
import subprocess
import sys

from lib.check import PATIENCE_S, expect, result, run
from lib.engines import engines

PROGRAM = ["/usr/bin/python3", os.path.abspath("ordeal.py")]
WAYS = [("bpf", ["sonde", "trace", "--engine", "bpf", "-k", "-yy", "-o", "out"]),
        ("bpf", ["sonde", "trace", "--engine", "bpf", "-q", "-o", "out.sonde"]),
        ("ptrace", ["sonde", "trace", "--engine", "ptrace", "-k", "-yy", "-o", "out"]),
        ("ptrace", ["sonde", "strace", "-f", "--seccomp-bpf", "-e", "trace=openat,getppid", "-o", "out"])]
USER = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def says(name, words):
    """In a directory of its own, which it fills."""
    os.makedirs(name)
    os.chmod(name, 0o777)
    done = subprocess.run([*words, *PROGRAM], cwd=name, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S)
    text = re.sub(r"('Seccomp:', )'2'", r"\1'0'", done.stdout)  # a filter of ours is seen
    return done.returncode, text.splitlines(), done.stderr


def compare(what, bare, traced):
    expect("%s: as bare" % what, traced[:2] == bare[:2] and bare[0] == 4 and len(bare[1]) > 20,
           "\n".join(difflib.unified_diff(bare[1], traced[1], lineterm="")) + "\n%s %s" % (traced[0], traced[2][-500:]))


def main():
    shutil.copy(os.environ["SRC"] + "/tests/workload/ordeal.py", PROGRAM[1])
    those, jobs = engines(), []
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        bare = pool.submit(says, "bare", [])
        for i, (engine, words) in enumerate(WAYS):
            if engine in those:
                jobs.append((" ".join(words[1:-2]), bare, pool.submit(says, "way%d" % i, words)))
        if os.geteuid() == 0 and shutil.which("setpriv"):
            shutil.copy(shutil.which("sonde"), "sonde")  # the build may lie where an ordinary user can't look
            if run(*USER, "./sonde", "version").returncode == 0 and run(*USER, "test", "-r", PROGRAM[1]).returncode == 0:
                jobs.append(("an ordinary user, ptrace", pool.submit(says, "bare-user", USER),
                             pool.submit(says, "user", [*USER, "../sonde", "trace", "--engine", "ptrace", "-o", "out"])))
    for what, bare, traced in jobs:
        compare(what, bare.result(), traced.result())
    return result()


if __name__ == "__main__":
    sys.exit(main())
