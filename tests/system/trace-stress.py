#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# A traced program is never harmed: attach and detach while threads are born, a storm of vforks,
# the tracer killed with -9, stopped programs; in each engine.
# SONDE_STRESS_THREADS: as many threads instead of 40 (the time grows with them); SONDE_STRESS_ROUNDS:
# as many attachments instead of 12; SONDE_STRESS_ENGINE: this engine alone
# timeout: 180
import os
import random
import re
import signal
import subprocess
import sys
import time

from lib.check import SLOWNESS, expect, result, until
from lib.engines import engines, programs_left

CLONER = os.environ["BUILD"] + "/tests/workload/cloner"
THREADS = int(os.environ.get("SONDE_STRESS_THREADS", 40))
ROUNDS = int(os.environ.get("SONDE_STRESS_ROUNDS", 12))
random.seed(7)
ENDS_S = 30 * SLOWNESS  # far more than an end takes on a busy machine; an end that waits for silence never comes


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


def ignore_interrupts():
    """What our main thread blocks and takes is not lost by that; what another thread of ours takes is."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def attach(engine, target, i):
    """Once, and let go: every fourth time by SIGKILL, of these every other one at any moment of the beginning.  Returns
    whether calls were to be seen, whether they were, and whether some were lost."""
    early = i % 8 == 7
    tracer = subprocess.Popen(["sonde", "trace", "--engine", engine, "-o", "trace.out", "-p", str(target.pid)],
                              preexec_fn=ignore_interrupts, stderr=subprocess.PIPE, text=True)
    if early:
        time.sleep(random.uniform(0, 0.1))
    else:
        until(lambda: os.path.exists("trace.out") and os.path.getsize("trace.out") > 0)
    tracer.send_signal(signal.SIGKILL if i % 4 == 3 else signal.SIGINT)
    try:
        said = tracer.communicate(timeout=ENDS_S)[1]
    except subprocess.TimeoutExpired:
        expect("%s: detach ends" % engine, False, i)
        tracer.kill()
        said = tracer.communicate()[1]
    if i % 4 == 3 and not until(lambda: threads_free(target.pid)):
        expect("%s: SIGKILL to the tracer leaves all threads free" % engine, False, i)
    seen = os.path.exists("trace.out") and os.path.getsize("trace.out") > 0
    if os.path.exists("trace.out"):
        os.unlink("trace.out")
    lost = [line for line in said.splitlines() if "lost" in line]
    if lost:
        print("attachment %d: %s" % (i, lost[0]), flush=True)
    return not early, seen and not early, bool(lost)


def attach_while_cloning(engine):
    target = subprocess.Popen([CLONER, str(THREADS)], stdout=subprocess.PIPE, text=True)
    target.stdout.readline()
    due, seen, lost = [sum(column) for column in zip(*[attach(engine, target, i) for i in range(ROUNDS)])]
    expect("%s: calls seen in each of %d attachments to %d cloning threads" % (engine, due, THREADS), seen == due, (seen, due))
    expect("%s: no call was lost in %d" % (engine, ROUNDS), not lost, lost)
    expect("%s: all threads are let go" % engine, until(lambda: threads_free(target.pid)))
    target.send_signal(signal.SIGTERM)
    try:
        made = target.communicate(timeout=ENDS_S)[0]
        expect("%s: the target ends by itself" % engine, target.returncode == 0 and int(made) > THREADS, target.returncode)
    except subprocess.TimeoutExpired:
        expect("%s: the target ends by itself" % engine, False, "stuck")
        target.kill()


def trace_command(engine, file, calls, script):
    """(status, standard output, lines of the trace)"""
    done = subprocess.run(["sonde", "trace", "--engine", engine, "-q", "-o", file, "-e", "trace=" + calls, "--", "sh", "-c", script],
                          capture_output=True, text=True)
    with open(file) as f:
        return done.returncode, done.stdout, f.read().splitlines()


def births_and_ends(lines):
    """Ids that forks returned, and that ended with 0."""
    born = [m[1] for m in (re.search(r" (?:<\.\.\. )?(?:v?fork|clone3?)\b.* = (\d+)$", line) for line in lines) if m]
    return born, [line.split()[0] for line in lines if line.endswith("+++ exited with 0 +++")]


def vfork_storm(engine):
    """The shell makes a child a turn, one execve and one end each: so many lines there are, of as many ids."""
    children = 150
    status_, _, lines = trace_command(engine, "storm.out", "fork,vfork,clone,clone3,execve,exit_group",
                                      "i=0; while [ $i -lt %d ]; do /bin/true; i=$((i+1)); done" % children)
    born, ended = births_and_ends(lines)
    execs = [line for line in lines if re.search(r" (execve\(|<\.\.\. execve).* = 0$", line)]
    exits = [line for line in lines if " exit_group(0)" in line]
    expect("%s: a storm of vforks: every birth, execve and end is seen, of each process" % engine,
           status_ == 0 and len(set(born)) == len(born) == children and set(born) == set(ended) - {lines[0].split()[0]} and
           len(ended) == len(execs) == len(exits) == children + 1,
           (status_, len(born), len(set(born)), len(ended), len(execs), len(exits)))


def thread_storm(engine):
    """As many clones and ends of threads as the program counts itself."""
    threads = 40
    told = "told-" + engine
    os.mkfifo(told)
    status_, out, lines = trace_command(engine, "threads.out", "fork,vfork,clone,clone3",
                                        "exec 3<> %s; %s %d >&3 3>&- & read -r ready <&3; sleep 0.3; kill $!; wait $!; s=$?; read -r made <&3; echo $made; exit $s"
                                        % (told, CLONER, threads))
    made = int(out.split()[-1]) + threads
    clones = [line for line in lines if re.search(r" clone3?\(.*CLONE_THREAD", line)]
    born, ended = births_and_ends(lines)
    others = 3  # the shell, the cloner's first thread, sleep
    expect("%s: a storm of threads: each clone and each end is seen" % engine,
           status_ == 0 and len(clones) == made and len(ended) == made + others and len(born) == made + others - 1,
           (status_, made, len(clones), len(born), len(ended)))


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
    before = programs_left() if "bpf" in those else set()
    for engine in those:
        vfork_storm(engine)
        thread_storm(engine)
        killed_tracer(engine)
        attach_while_cloning(engine)
    if "bpf" in those:
        later = programs_left() - before
        expect("bpf: no program is left behind", until(lambda: not later & programs_left()), later & programs_left())
    return result()


if __name__ == "__main__":
    sys.exit(main())
