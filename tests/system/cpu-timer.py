#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 120
"""The agent that samples without privilege is a good guest: what programs do in bad moments
(tests/workload/guest.c) comes out the same with and without it, and most of their CPU time is
seen."""
import os
import re
import shutil
import subprocess
import time

from lib.check import fail, run

BUILD, NOBODY = os.environ["BUILD"], 65534
GUEST = os.path.join(BUILD, "tests/workload/guest")
RECORD = ["sonde", "record", "--without", "cpu", "--with", "cpu-timer", "-F", "250", "--overwrite", "-o"]


def samples(stderr):
    found = re.search(r"([\d,]+) samples?, ([\d,]+) lost", stderr)
    if not found:
        fail("no summary: " + stderr)
    return [int(n.replace(",", "")) for n in found.groups()]


def check_guests():
    """case: the least number of samples that must be there (4 ms each)"""
    cases = {"threads": 50, "small": 10, "ends": 20, "forks": 0, "vforks": 0, "closed": 20,
             "blocked": 20, "handlers": 20, "profiled": 30, "coroutines": 30, "strict": 0,
             "interrupted": 10, "limit": 0, "again": 20}
    for case, least in cases.items():
        plain = run(GUEST, case)
        seen = run(*RECORD, case + ".sonde", "--", GUEST, case)
        if (plain.stdout, plain.returncode) != (seen.stdout, seen.returncode):
            fail("%s: %r, status %d; with the agent %r, status %d: %s" % (
                case, plain.stdout, plain.returncode, seen.stdout, seen.returncode, seen.stderr))
        taken, lost = samples(seen.stderr)
        if taken < least or lost > taken // 10 + 2:  # a machine with too much to do may let the ring run full
            fail("%s: %d samples, %d lost: %s" % (case, taken, lost, seen.stderr))
        if os.path.lexists(case + ".sonde/.cpu-timer"):
            fail(case + ": the link to the ring is still there")
        print("%s: as without, %d samples" % (case, taken))


def check_compile():
    source = "int f(int x) { return x * 3; }\n" + "".join(
        "int f%d(int x) { int s = 0; for (int i = 0; i < x; i++) s += f(i) * %d; return s; }\n" % (i, i)
        for i in range(150))
    open("a.c", "w").write(source)
    os.environ["CCACHE_DISABLE"] = "1" # where gcc is ccache, it has nothing to do the second time
    plain = run("gcc", "-O2", "-c", "a.c", "-o", "plain.o")
    seen = run(*RECORD, "gcc.sonde", "--", "gcc", "-O2", "-c", "a.c", "-o", "seen.o")
    if plain.returncode or seen.returncode or open("plain.o", "rb").read() != open("seen.o", "rb").read():
        fail("gcc does not make the same file: " + seen.stderr)
    taken, _ = samples(seen.stderr)
    processes = int(re.search(r"in (\d+) process", seen.stderr).group(1))
    if taken < 10 or processes != 3:  # gcc, cc1, as
        fail("gcc: " + seen.stderr)
    print("gcc: the same object file, %d samples in %d processes" % (taken, processes))


def check_outside():
    """What it can't enter is said; exit status and output stay."""
    seen = run(*RECORD, "static.sonde", "--", os.path.join(BUILD, "tests/workload/spin-static"), "0.1", "7")
    if seen.returncode != 7 or "no samples of this command: the sampling agent could not enter it" not in seen.stderr:
        fail("static: status %d: %s" % (seen.returncode, seen.stderr))
    print("static program: refused with a reason")
    spin = os.path.join(BUILD, "tests/workload/spin")
    seen = run(*RECORD, "env.sonde", "--", "env", "-i", spin, "1.5")
    if seen.returncode != 0 or "CPU time has no samples: it was in programs that" not in seen.stderr:
        fail("cleared environment: status %d: %s" % (seen.returncode, seen.stderr))
    print("program with a cleared environment: said how much was not seen")


def check_user():
    """As an ordinary user, too."""
    if os.geteuid() != 0:
        return
    for directory in ("user", "bin", "lib"):
        os.mkdir(directory)
    os.chmod("user", 0o777)
    os.chmod(".", 0o755)
    shutil.copy(shutil.which("sonde"), "bin")  # the build may lie where an ordinary user can't look
    shutil.copy(GUEST, "bin")
    shutil.copy(os.path.join(BUILD, "lib/libsonde-cpu-timer.so"), "lib")
    seen = run(*["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "bin/sonde"] +
               RECORD[1:] + ["user/u.sonde", "--", "bin/guest", "blocked"])
    if seen.returncode != 0 or samples(seen.stderr)[0] < 20:
        fail("as a user: " + seen.stderr)
    print("as an ordinary user: %d samples" % samples(seen.stderr)[0])


def check_killed():
    """The recorder dies by SIGKILL: the program goes on and ends as it would have."""
    recorder = subprocess.Popen(RECORD + ["killed.sonde", "--", "sh", "-c",
                                          GUEST + " blocked; " + GUEST + " forks; echo $? > status"],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    time.sleep(0.15)
    recorder.kill()
    recorder.wait()
    for _ in range(100):
        if os.path.exists("status") and open("status").read():
            break
        time.sleep(0.1)
    else:
        fail("killed recorder: the program did not end")
    if open("status").read() != "0\n":
        fail("killed recorder: the program failed")
    print("recorder killed: the program went on to its end")


check_guests()
check_compile()
check_outside()
check_user()
check_killed()
