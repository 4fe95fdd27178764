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

from lib.check import fail, must, run, until

BUILD, NOBODY = os.environ["BUILD"], 65534
GUEST = os.path.join(BUILD, "tests/workload/guest")
RECORD = ["sonde", "record", "--without", "cpu", "--with", "cpu-timer", "-F", "250", "--overwrite", "-o"]


def samples(stderr):
    found = re.search(r"([\d,]+) samples?, ([\d,]+) lost", stderr)
    if not found:
        fail("no summary: " + stderr)
    return [int(n.replace(",", "")) for n in found.groups()]


def seen_ms(name):
    """The CPU time that the samples stand for: how many there are is the luck of the kernel's ticks."""
    said = must("sonde", "query", name, "--csv", "select sum(period) as ns from sample").split()
    return int(said[1]) / 1e6 if len(said) > 1 else 0  # no sample, no sum


def check_guests():
    """case: the least CPU time in ms that must be seen; of threads that live for a tick or less it is known by chance"""
    cases = {"threads": 450, "small": 80, "ends": 180, "forks": 0, "vforks": 0, "closed": 160,
             "blocked": 160, "handlers": 160, "profiled": 240, "coroutines": 240, "strict": 0,
             "interrupted": 160, "limit": 0, "again": 200}
    for case, least in cases.items():
        plain = run(GUEST, case)
        seen = run(*RECORD, case + ".sonde", "--", GUEST, case)
        if (plain.stdout, plain.returncode) != (seen.stdout, seen.returncode):
            fail("%s: %r, status %d; with the agent %r, status %d: %s" % (
                case, plain.stdout, plain.returncode, seen.stdout, seen.returncode, seen.stderr))
        taken, lost = samples(seen.stderr)
        ms = seen_ms(case + ".sonde")
        if ms < least or lost > taken // 10 + 2:  # a machine with too much to do may let the ring run full
            fail("%s: %d samples of %.0f ms, %d lost: %s" % (case, taken, ms, lost, seen.stderr))
        if os.path.lexists(case + ".sonde/.cpu-timer"):
            fail(case + ": the link to the ring is still there")
        print("%s: as without, %d samples of %.0f ms" % (case, taken, ms))


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
    if seen_ms("gcc.sonde") < 40 or processes != 3:  # gcc, cc1, as
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
    if seen.returncode != 0 or seen_ms("user/u.sonde") < 160:
        fail("as a user: " + seen.stderr)
    print("as an ordinary user: %d samples" % samples(seen.stderr)[0])


def check_killed():
    """The recorder dies by SIGKILL: the program goes on and ends as it would have."""
    recorder = subprocess.Popen(RECORD + ["killed.sonde", "--", "sh", "-c", "echo > begun; " +
                                          GUEST + " blocked; " + GUEST + " forks; echo $? > status"],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    until(lambda: os.path.exists("begun"))
    time.sleep(0.1)
    recorder.kill()
    recorder.wait()
    if not until(lambda: os.path.exists("status") and open("status").read()):
        fail("killed recorder: the program did not end")
    if open("status").read() != "0\n":
        fail("killed recorder: the program failed")
    print("recorder killed: the program went on to its end")


check_guests()
check_compile()
check_outside()
check_user()
check_killed()
