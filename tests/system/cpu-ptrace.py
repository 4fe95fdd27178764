#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# timeout: 90
"""Sampling a running process by ptrace: it sees the work, and the process does not notice:
signals, stops, new threads and the death of the recorder leave it as it was."""
import os
import re
import signal
import subprocess
import sys
import time

from lib.check import PATIENCE_S, fail, until

TARGET = r"""
import os, signal, sys, threading, time
ticks = 0
def tick(number, frame):
    global ticks
    ticks += 1
signal.signal(signal.SIGALRM, tick)
signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
def spin(seconds):
    end = time.process_time() + seconds
    x = 0
    while time.process_time() < end:
        for i in range(2000):
            x += i
print("ready", flush=True)
def work():
    t = threading.Thread(target=spin, args=(0.05,))
    t.start()
    t.join()
while os.path.exists("go"):
    work()
least = ticks + 20 # whatever was done to us, signals are still handled; on a busy machine it takes longer
while ticks < least:
    work()
signal.setitimer(signal.ITIMER_REAL, 0, 0)
print("ticks", ticks, flush=True)
sys.exit(9)
"""
RECORD = ["sonde", "record", "--without", "cpu", "--with", "cpu-ptrace", "--overwrite"]


def start():
    open("go", "w").close()
    target = subprocess.Popen([sys.executable, "-c", TARGET], stdout=subprocess.PIPE, text=True)
    target.stdout.readline()
    return target


def finish(target, what):
    os.unlink("go")
    out = target.communicate(timeout=PATIENCE_S)[0]
    ticks = int(re.search(r"ticks (\d+)", out).group(1))
    if target.returncode != 9 or ticks < 20:
        fail("%s: the process ended with %d, %d signals handled" % (what, target.returncode, ticks))
    return ticks


def status(pid, key):
    return re.search(r"^%s:\s+(\S+)" % key, open("/proc/%d/status" % pid).read(), re.M).group(1)


def check_samples():
    target = start()
    seen = subprocess.run(RECORD + ["-o", "a.sonde", "-p", str(target.pid), "--duration", "1"],
                          capture_output=True, text=True, timeout=PATIENCE_S)
    found = re.search(r"([\d,]+) samples, 0 lost", seen.stderr)
    if seen.returncode or not found or int(found.group(1).replace(",", "")) < 10:
        fail("record: status %d: %s" % (seen.returncode, seen.stderr))
    if status(target.pid, "TracerPid") != "0":
        fail("still attached after the recording")
    print("%s samples of threads that came and went; %d signals handled" % (
        found.group(1), finish(target, "samples")))


def check_stop_and_continue():
    target = start()
    recorder = subprocess.Popen(RECORD + ["-o", "b.sonde", "-p", str(target.pid), "--duration", "3"],
                                stderr=subprocess.PIPE, text=True)
    if not until(lambda: status(target.pid, "TracerPid") != "0"):
        fail("not attached")
    target.send_signal(signal.SIGSTOP)
    if not until(lambda: status(target.pid, "State") in "tT"):
        fail("SIGSTOP did not stop it")
    time.sleep(0.3)
    if status(target.pid, "State") not in "tT":
        fail("a stopped process was set running")
    target.send_signal(signal.SIGCONT)
    if not until(lambda: status(target.pid, "State") in "RS"):
        fail("SIGCONT did not set it running")
    recorder.communicate(timeout=PATIENCE_S)
    finish(target, "stop and continue")
    print("SIGSTOP and SIGCONT do what they do")


def check_recorder_killed():
    target = start()
    recorder = subprocess.Popen(RECORD + ["-o", "c.sonde", "-p", str(target.pid)], stderr=subprocess.DEVNULL)
    if not until(lambda: status(target.pid, "TracerPid") != "0"):
        fail("not attached")
    time.sleep(0.3)
    recorder.kill()
    recorder.wait()
    if not until(lambda: status(target.pid, "TracerPid") == "0"):
        fail("still attached to a dead recorder")
    finish(target, "recorder killed")
    print("recorder killed: the process goes on")


def check_target_ends():
    target = start()
    recorder = subprocess.Popen(RECORD + ["-o", "d.sonde", "-p", str(target.pid)], stderr=subprocess.PIPE, text=True)
    if not until(lambda: status(target.pid, "TracerPid") != "0"):
        fail("not attached")
    time.sleep(0.2)
    finish(target, "target ends")
    err = recorder.communicate(timeout=PATIENCE_S)[1]
    if recorder.returncode or " samples, 0 lost" not in err:
        fail("target ends: status %d: %s" % (recorder.returncode, err))
    print("the process ends: so does the recording")


check_samples()
check_stop_and_continue()
check_recorder_killed()
check_target_ends()
