#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: plain
# timeout: 120
"""Kill recorders with -9 at random moments, 100 times.  Each recording opens, has every row that was
put before the kill, none twice, and says that it was cut.  The writer counts what it puts in a file
of its own that outlives it."""
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time

from lib.check import until

MAKE = os.path.join(os.environ["BUILD"], "tests", "make-recording")
random.seed(int(os.environ.get("SEED", "1")))
worst_ms = folded = in_segments = 0


def query(sql):
    run = subprocess.run(["sonde", "query", "k.sonde", "--csv", sql], capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"FAIL: {sql}: {run.stderr}")
    return [int(x or 0) for x in run.stdout.splitlines()[1].split(",")]


def kill_once(rate):
    """Returns how many samples were put, and whether one was being put."""
    if os.path.exists("counter"):
        os.unlink("counter")
    child = subprocess.Popen([MAKE, "k.sonde", "100000000", "20000", str(rate), "counter"],
                             stdout=subprocess.DEVNULL)
    end = time.time() + 10
    put = 0
    while put == 0 and time.time() < end:
        time.sleep(0.001)
        if os.path.exists("counter") and os.path.getsize("counter") == 4096:
            put = struct.unpack("QQ", open("counter", "rb").read(16))[0]
    time.sleep(random.random() * 0.25)
    child.send_signal(signal.SIGKILL)
    child.wait()
    if child.returncode != -signal.SIGKILL:
        sys.exit(f"FAIL: the writer ended by itself, {child.returncode}")
    return struct.unpack("QQ", open("counter", "rb").read(16))


for i in range(100):
    put, putting = kill_once(random.choice([0, 20000, 300000, 300000]))
    begin = time.time()
    rows, distinct, lost = query("select count(*), (select count(*) from (select distinct time_ns from sample)), "
                                 "(select sum(count) from lost) from sample")
    worst_ms = max(worst_ms, (time.time() - begin) * 1000)
    if not put <= rows + lost <= put + putting:
        sys.exit(f"FAIL: round {i}: {put} samples were put, {rows} are there, {lost} counted as lost")
    if distinct != rows:
        sys.exit(f"FAIL: round {i}: {rows - distinct} rows are there twice")
    info = subprocess.run(["sonde", "info", "k.sonde"], capture_output=True, text=True).stdout
    if "cut short: its recorder was killed" not in info:
        sys.exit(f"FAIL: round {i}: sonde info does not say that it was cut:\n{info}")
    if os.path.exists("k.sonde/journal"):
        sys.exit(f"FAIL: round {i}: the journal was not folded in")
    (threads,) = query("select count(*) from thread where comm <> ''")
    if threads != 12:
        sys.exit(f"FAIL: round {i}: {threads} of 12 threads have their names")
    folded += 1
    in_segments += len(os.listdir("k.sonde/sample")) > 1
print(f"100 kills: every row that was put is there once ({in_segments} had segments already); "
      f"the slowest opening and count took {worst_ms:.0f} ms")

# The same with sonde record itself, where this machine lets it sample: the last second at most is missing.
late_ms = []


def has_samples():
    done = subprocess.run(["sonde", "query", "k.sonde", "--csv", "select count(*) from sample"], capture_output=True, text=True)
    return done.returncode == 0 and int(done.stdout.split()[1]) > 0


for i in range(8):
    shutil.rmtree("k.sonde")
    child = subprocess.Popen(["sonde", "record", "-o", "k.sonde", "--", "sh", "-c",
                              "while :; do :; done"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                             start_new_session=True)
    until(lambda: child.poll() is not None or has_samples())
    time.sleep(random.random() * 0.6)
    killed_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    if child.poll() is not None:
        print("sonde record: not possible here: " + child.stderr.read().decode().strip())
        break
    child.send_signal(signal.SIGKILL)
    child.wait()
    os.killpg(child.pid, signal.SIGKILL)  # what it recorded goes on without it
    (last_ns,) = query("select max(time_ns) from sample")
    late_ms.append((killed_ns - last_ns) / 1e6)
    if late_ms[-1] > 1000:
        sys.exit(f"FAIL: the last {late_ms[-1]:.0f} ms are missing")
    if "cut short" not in subprocess.run(["sonde", "info", "k.sonde"], capture_output=True, text=True).stdout:
        sys.exit("FAIL: sonde info does not say that it was cut")
if late_ms:
    print(f"{len(late_ms)} kills of sonde record: at most the last {max(late_ms):.0f} ms are missing")
