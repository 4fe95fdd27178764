#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: plain
# A traced program is never harmed: attach and detach while threads are born, a storm of vforks,
# the tracer killed with -9, stopped programs; in each engine.
# SONDE_STRESS_THREADS: as many threads instead of 40 (the time grows with them); SONDE_STRESS_ROUNDS:
# as many attachments instead of 12; SONDE_STRESS_ENGINE: this engine alone
# timeout: 180
import os
import re
import signal
import subprocess
import sys
import time

from lib.check import expect, result, until
from lib.engines import engines

CLONER = os.environ["BUILD"] + "/tests/workload/cloner"
THREADS = int(os.environ.get("SONDE_STRESS_THREADS", 40))
ROUNDS = int(os.environ.get("SONDE_STRESS_ROUNDS", 12))
ENDS_S = 30  # far more than an end takes on a busy machine; an end that waits for silence never comes


def status(pid, field):
    with open("/proc/%d/status" % pid) as f:
        return re.search(field + r":\s*(\S+)", f.read()).group(1)


def threads_free(pid):
    """No thread has a tracer or stands in a tracing stop."""
    for tid in os.listdir("/proc/%d/task" % pid):
        try:
            with open("/proc/%d/task/%s/status" % (pid, tid)) as f:
                text = f.read()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if "TracerPid:\t0" not in text or re.search(r"State:\s+[tT]", text):
            return False
    return True


def programs():
    """Ids of loaded BPF programs that are ours."""
    out = subprocess.run(["bpftool", "prog", "list"], capture_output=True, text=True).stdout
    return set(re.findall(r"^(\d+): .* name calls_", out, re.M))


def ignore_interrupts():
    """What our main thread blocks and takes is not lost by that; what another thread of ours takes is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def attach_while_cloning(engine):
    target = subprocess.Popen([CLONER, str(THREADS)], stdout=subprocess.PIPE, text=True)
    target.stdout.readline()
    seen = lost = 0
    for i in range(ROUNDS):
        tracer = subprocess.Popen(["sonde", "trace", "--engine", engine, "-o", "trace.out", "-p", str(target.pid)],
                                  preexec_fn=ignore_interrupts, stderr=subprocess.PIPE, text=True)
        until(lambda: os.path.exists("trace.out") and os.path.getsize("trace.out") > 0)
        tracer.send_signal(signal.SIGKILL if i % 4 == 3 else signal.SIGINT)
        try:
            lost += "lost" in tracer.communicate(timeout=ENDS_S)[1]
        except subprocess.TimeoutExpired:
            expect("%s: detach ends" % engine, False, i)
            tracer.kill()
            tracer.wait()
        if os.path.exists("trace.out"):
            seen += os.path.getsize("trace.out") > 0
            os.unlink("trace.out")
    expect("%s: calls seen in each of %d attachments to %d cloning threads" % (engine, ROUNDS, THREADS), seen == ROUNDS, seen)
    expect("%s: no call was lost" % engine, not lost, lost)
    expect("%s: all threads are let go" % engine, until(lambda: threads_free(target.pid)))
    target.send_signal(signal.SIGTERM)
    try:
        made = target.communicate(timeout=ENDS_S)[0]
        expect("%s: the target ends by itself" % engine, target.returncode == 0 and int(made) > THREADS, target.returncode)
    except subprocess.TimeoutExpired:
        expect("%s: the target ends by itself" % engine, False, "stuck")
        target.kill()


def vfork_storm(engine):
    script = "i=0; while [ $i -lt 150 ]; do /bin/true; i=$((i+1)); done"
    done = subprocess.run(["sonde", "trace", "--engine", engine, "-q", "-o", "storm.out", "-e", "trace=exit_group", "--", "sh", "-c",
                           script], capture_output=True, text=True)
    with open("storm.out") as f:
        ends = sum("+++ exited with 0 +++" in line for line in f)
    expect("%s: a storm of vforks: every end is seen" % engine, done.returncode == 0 and ends == 151, (done.returncode, ends))


def killed_tracer(engine):
    target = subprocess.Popen(["sleep", "100"])
    tracer = subprocess.Popen(["sonde", "trace", "--engine", engine, "-o", "/dev/null", "-p", str(target.pid)],
                              stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    tracer.kill()
    tracer.wait()
    expect("%s: SIGKILL to the tracer leaves the target as it was" % engine,
           until(lambda: status(target.pid, "TracerPid") == "0" and status(target.pid, "State") == "S"))
    target.send_signal(signal.SIGSTOP)
    until(lambda: status(target.pid, "State") == "T")
    tracer = subprocess.Popen(["sonde", "trace", "--engine", engine, "-o", "/dev/null", "-p", str(target.pid)],
                              stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    tracer.kill()
    tracer.wait()
    expect("%s: a stopped target stays stopped" % engine, until(lambda: status(target.pid, "State") == "T"))
    target.send_signal(signal.SIGCONT)
    expect("%s: and goes on when told" % engine, until(lambda: status(target.pid, "State") == "S"))
    target.kill()
    target.wait()


def main():
    chosen = os.environ.get("SONDE_STRESS_ENGINE")
    those = [chosen] if chosen else engines()
    before = programs() if "bpf" in those else set()
    for engine in those:
        vfork_storm(engine)
        killed_tracer(engine)
        attach_while_cloning(engine)
    if "bpf" in those:
        expect("bpf: no program is left behind", until(lambda: not programs() - before))
    return result()


if __name__ == "__main__":
    sys.exit(main())
