#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 60
"""A log that is one endless line, then a report; and a report that never ends: memory stays bounded, the rest is read."""
import json
import os
import subprocess

from lib.check import fail

MIB = 1 << 20
SIZE = int(os.environ.get("ENDLESS_MIB", "192"))
LIMIT_KIB = 64 << 10


def run(write, words=("--json",)):
    """What sonde oops says of what WRITE writes, and its largest resident size in KiB."""
    with open("said", "wb") as said, subprocess.Popen(["sonde", "oops", "--no-decode", *words, "-"], stdin=subprocess.PIPE, stdout=said) as child:
        with child.stdin as pipe:
            write(pipe)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        fail("exit status %d" % child.returncode)
    with open("said", encoding="utf-8") as said:
        return json.load(said), usage.ru_maxrss


REPORT = b"\n[    1.0] BUG: unable to handle page fault for address: ffffffff00000000\n[    1.0] RIP: 0010:made+0x1/0x20\n[    1.0] Call Trace:\n[    1.0]  made+0x1/0x20\n"


def endless_line(pipe):
    for _ in range(SIZE):
        pipe.write(b"BUG: KASAN x" * (MIB // 12))
    pipe.write(REPORT)


def endless_report(pipe):
    pipe.write(REPORT)
    frames = b"[    1.0]  made_more+0x1/0x20\n" * (MIB // 30)
    for _ in range(SIZE // 8):
        pipe.write(frames)


def many_tasks(pipe):
    pipe.write(b"[    1.0] sysrq: Show State\n")
    task = b"[    1.0] task:made state:D stack:0 pid:12 ppid:2 flags:0x0\n[    1.0] Call Trace:\n[    1.0]  made_wait+0x1/0x20\n"
    for _ in range(SIZE // 8):
        pipe.write(task * (MIB // len(task)))


answer, resident_kib = run(endless_line)
print("endless line: %d MiB resident" % (resident_kib >> 10))
if not any(r.get("pc", {}).get("function") == "made" for r in answer["reports"]):
    fail("the report behind the line was not found: %s" % [r["title"] for r in answer["reports"]])
if resident_kib > LIMIT_KIB:
    fail("%d KiB resident" % resident_kib)
for write in (endless_report, many_tasks):
    answer, resident_kib = run(write)
    print("%s: %d MiB resident" % (write.__name__, resident_kib >> 10))
    if len(answer["reports"]) != 1 or resident_kib > LIMIT_KIB:
        fail("%s: %d reports, %d KiB resident" % (write.__name__, len(answer["reports"]), resident_kib))
