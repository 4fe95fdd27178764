#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: root
# timeout: 60
"""Record to disks that are too small.  The recorder stops with a message that names the disk, what fitted
is there, what did not is counted, and the recording says why it is cut; with space again, it is
repaired on the disk."""
import os
import sys

from lib.check import run, skip

MAKE = os.path.join(os.environ["BUILD"], "tests", "make-recording")


def query(sql):
    r = run("sonde", "query", "disk/f.sonde", "--csv", sql)
    if r.returncode:
        sys.exit(f"FAIL: {sql}: {r.stderr}")
    return [int(x or 0) for x in r.stdout.splitlines()[1].split(",")]


def check(size_kib):
    os.makedirs("disk", exist_ok=True)
    if run("mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", "disk").returncode:
        skip("cannot mount a tmpfs")
    try:
        made = run(MAKE, "disk/f.sonde", "30000000", "30000000", "0", "counter")
        if made.returncode != 3 or "No space left on device" not in made.stderr or "Traceback" in made.stderr:
            sys.exit(f"FAIL: {size_kib} KiB: status {made.returncode}: {made.stdout}{made.stderr}")
        if not os.path.exists("disk/f.sonde"):  # not even the start fitted, and nothing was left behind
            return f"{size_kib} KiB: refused"
        put = int.from_bytes(open("counter", "rb").read(8), "little")
        rows, calls, lost = query("select (select count(*) from sample), (select count(*) from syscall), "
                                  "(select sum(count) from lost)")
        if rows == 0 or not 2 * put <= rows + calls + lost <= 2 * put + 2:
            sys.exit(f"FAIL: {size_kib} KiB: 2 x {put} rows were put, {rows} + {calls} are there, {lost} lost")
        info = run("sonde", "info", "disk/f.sonde").stdout
        if "cut short" not in info or "No space left on device" not in info:
            sys.exit(f"FAIL: {size_kib} KiB: sonde info does not say why:\n{info}")
        run("mount", "-o", "remount,size=512m", "disk")
        again = query("select (select count(*) from sample), (select count(*) from syscall), "
                      "(select sum(count) from lost)")
        if again != [rows, calls, lost] or os.path.exists("disk/f.sonde/journal"):
            sys.exit(f"FAIL: {size_kib} KiB: with space again: {again}, not {[rows, calls, lost]}, or a journal left")
        return f"{size_kib} KiB: {rows} samples and {calls} calls there, {lost} counted as lost"
    finally:
        run("umount", "disk")


STATS = """
import os
for i in range(12000):
    try: os.stat("/%06d%s" % (i, "x" * (240 if i % 3 else 1)))
    except OSError: pass
"""


def check_texts():
    """What has no room any more is text, long ones before short ones: the rest is read all the same."""
    os.makedirs("disk", exist_ok=True)
    if run("mount", "-t", "tmpfs", "-o", "size=6000k", "tmpfs", "disk").returncode:
        skip("cannot mount a tmpfs")
    try:
        made = run("sonde", "trace", "--engine", "ptrace", "-q", "-e", "%stat,newfstatat", "-o", "disk/t.sonde", "--", sys.executable, "-c", STATS)
        back = run("sonde", "trace", "disk/t.sonde")
        lines = back.stdout.count("ENOENT")
        if made.returncode != 1 or "No space left on device" not in made.stderr or back.returncode or "cut short" not in back.stderr or lines < 1000:
            sys.exit(f"FAIL: texts: {made.returncode} {made.stderr}{back.returncode} {back.stderr} {lines} lines")
        return f"texts: {lines} of 12000 calls printed back"
    finally:
        run("umount", "disk")


print(check_texts())
for size in (1000, 5000, 9000, 14000, 20000, 40000):
    print(check(size))
