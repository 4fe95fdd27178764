#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 60
"""A report whose lines come one by one is one report, from a file that grows and from a pipe; it is told after a silence."""
import json
import os
import signal
import subprocess
import time

from lib.check import fail

FIXTURE = os.path.join(os.environ["SRC"], "tests/fixtures/kernel/report-null.txt")


def follow(name):
    return subprocess.Popen(["sonde", "oops", "--no-decode", "--json", "-f", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def check(what, said):
    reports = json.loads(said)["reports"]
    if len(reports) != 1 or not reports[0]["blame"]["function"]:
        fail("%s: %d reports: %s" % (what, len(reports), [r["title"] for r in reports]))


with open(FIXTURE, "rb") as f:
    lines = f.read().splitlines(True)[:40]
open("grows.log", "wb").close()
with follow("grows.log") as of_file, follow("-") as of_pipe, open("grows.log", "ab", buffering=0) as grows:
    for line in lines:
        grows.write(line)
        of_pipe.stdin.write(line)
        of_pipe.stdin.flush()
        time.sleep(0.02)
    said = b""
    while b"title" not in said:  # before the end: the silence tells it
        said += os.read(of_pipe.stdout.fileno(), 1 << 16)
    of_pipe.stdin.close()
    of_file.send_signal(signal.SIGINT)
    check("file", of_file.stdout.read())
    check("pipe", said + of_pipe.stdout.read())
