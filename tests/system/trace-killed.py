#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# SIGKILL to the tracer, at any moment and in all it can be doing: the program goes on, with no wrong result,
# nothing of it stands still, and nothing of us stays in the kernel.  The program is tests/workload/beat.c.
# SONDE_KILLS: as many in each way instead of 2; SONDE_STRESS_ENGINE: this engine alone
# timeout: 180
import ctypes
import glob
import mmap
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import time

from lib.check import expect, fail, result, run, until
from lib.engines import engines, programs_left

BEAT = os.environ["BUILD"] + "/tests/workload/beat"
KILLS = int(os.environ.get("SONDE_KILLS", 2))
THREADS = 3
RIGHT, HARMED = 5, 6  # its exit status
FAR = ["--inject=getppid:error=EIO"]  # a call that it does not make: tampering, at work
# What it does when it is killed; {} is a file of its own.
WAYS = {
    "bpf": [[], ["-k"], ["-ff", "-o", "{}"], ["-o", "{}.sonde"], ["-o", "{}.sonde", "-k"], ["-c"], ["-yy", "-e", "trace=%file"]],
    "ptrace": [[], ["-k"], ["-ff", "-o", "{}"], ["-o", "{}.sonde"], ["-c"], ["-yy", "-e", "trace=%file"], FAR,
               ["--inject=pipe2:delay_enter=3ms"], ["--inject=write:delay_exit=2ms"], ["--inject=openat:signal=WINCH"], ["-D"]],
}
# Changed things that others change as well are no sign of us; these are.
TRACEFS = ["current_tracer", "kprobe_events", "uprobe_events", "set_event", "set_ftrace_filter", "instances"]
random.seed(5)
buried = {}  # pid: wait status
grandchildren = set()  # tracers that -D made, and that we killed: they become our children as well


def processes(file):
    """Those of the program that counts in FILE: its first one."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as f:
                words = f.read().split(b"\0")
        except OSError:
            continue
        if words[0].decode() == BEAT and words[1:2] == [file.encode()]:
            found.append(int(pid))
    return found


def numbers(file):
    with open(file, "r+b") as f, mmap.mmap(f.fileno(), 64 * 8) as m:
        return struct.unpack("64Q", m[:])


def has_begun(file):
    return os.path.exists(file) and os.path.getsize(file) == 64 * 8 and all(numbers(file)[2:3 + THREADS])


def goes_on(file):
    """Each of its threads does, from here."""
    before = numbers(file)
    return until(lambda: all(a > b for a, b in list(zip(numbers(file), before))[2:3 + THREADS]))


def stands(pid):
    """A thread that has a tracer or stands in a tracing stop; empty: none."""
    for tid in os.listdir("/proc/%d/task" % pid) if os.path.exists("/proc/%d/task" % pid) else []:
        try:
            with open("/proc/%d/task/%s/status" % (pid, tid), encoding="utf-8") as f:
                text = f.read()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if "TracerPid:\t0" not in text or re.search(r"State:\s+[tT]", text):
            return text
    return ""


def tracefs():
    """What can be read of it: a container may not read all."""
    found = {}
    for name in TRACEFS:
        path = "/sys/kernel/tracing/" + name
        try:
            if os.path.isdir(path):
                found[name] = sorted(os.listdir(path))
            else:
                with open(path, encoding="utf-8") as f:
                    found[name] = [line for line in f if not line.startswith("#")]
        except OSError:
            continue
    return found


def tracer(engine, way, file, *target):
    words = [w.format(file + ".out") for w in way]
    if "-o" not in words:
        words += ["-o", "/dev/null"]
    return subprocess.Popen(["sonde", "trace", "--engine", engine, "-q", *words, *target], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def end(pid):
    """Its exit status: it is our child, or has become it."""
    os.kill(pid, signal.SIGTERM)
    if not until(lambda: taken(pid)):
        os.kill(pid, signal.SIGKILL)
        return "no end"
    return os.waitstatus_to_exitcode(buried.pop(pid))


def judge(what, pid, file):
    ok = goes_on(file)
    free = until(lambda: not stands(pid))
    left = stands(pid)
    status = end(pid)
    seen = numbers(file)
    if not (ok and free and status == RIGHT):
        expect(what, False, "goes on: %s, ends with %s, %d wrong, the last in line %d\n%s" % (ok, status, seen[0], seen[1], left))
        return False
    return True


def clean(file):
    for name in os.listdir("."):
        if name.startswith(file):
            shutil.rmtree(name, ignore_errors=True)
            if os.path.exists(name):
                os.unlink(name)


def kill_one(engine, way, file, attach, seconds):
    """The program, if it came so far that it runs: True, it came to no harm."""
    what = "%s %s, %s, killed after %.0f ms" % (engine, " ".join(way), "attached" if attach else "a command", seconds * 1000)
    if attach:
        target = subprocess.Popen([BEAT, file, str(THREADS)])
        until(lambda: has_begun(file))
        victim = tracer(engine, way, file, "-p", str(target.pid))
    else:
        victim = tracer(engine, way, file, "--", BEAT, file, str(THREADS))
    time.sleep(seconds)
    if "-D" in way:  # turned round: our child is the command, the tracer its grandchild
        until(lambda: field(victim.pid, "TracerPid") != "0" or field(victim.pid, "State") == "Z")
        pid = int(field(victim.pid, "TracerPid")) or victim.pid
        grandchildren.add(pid)
        os.kill(pid, signal.SIGKILL)
        until(lambda: taken(victim.pid) or (stands(victim.pid) == "" and processes(file) == [victim.pid]))
    else:
        victim.kill()
        victim.wait()
    pids = [target.pid] if attach else found_again(file)
    return judge(what, pids[0], file) if pids else True


def field(pid, name):
    with open("/proc/%d/status" % pid, encoding="utf-8") as f:
        return re.search(name + r":\s*(\w+)", f.read())[1]


def found_again(file):
    """A command whose tracer is dead: it became our child, or had not come as far as its exec and ends."""
    buried.clear()
    if not until(lambda: has_begun(file) if processes(file) else not orphans()):
        expect("%s: it begins, or it ends" % file, False, run("ps", "-ef", "--forest").stdout)
    pids = processes(file)[:1]
    died = [status for pid, status in buried.items() if pid not in grandchildren and os.waitstatus_to_exitcode(status) not in (0, 1, 125)]  # 1, 125: its pipe was closed
    if not pids and (died or os.path.exists(file)):
        expect("a command that has begun goes on", False, died)
    return pids


def orphans():
    """Those of our children that live: what we did not start, too."""
    with open("/proc/self/task/%d/children" % os.getpid(), encoding="utf-8") as f:
        return [pid for pid in map(int, f.read().split()) if not taken(pid)]


def taken(pid):
    """It has ended, and its status is known."""
    if pid not in buried:
        try:
            gone, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return True
        if gone:
            buried[pid] = status
    return pid in buried


def filtered():
    """With a filter the program finds no system call where we stopped it; all else goes on, and it is not stuck."""
    file = "filter"
    victim = tracer("ptrace", ["--seccomp-bpf", "-e", "trace=openat"], file, "--", BEAT, file, str(THREADS))
    until(lambda: has_begun(file))
    victim.kill()
    victim.wait()
    pid = processes(file)[0]
    ok = goes_on(file) and until(lambda: numbers(file)[0] > 0)
    status, seen = end(pid), numbers(file)
    expect("ptrace --seccomp-bpf: killed, what it traced is ENOSYS, all else goes on", ok and status == HARMED, (ok, status, seen[:6]))
    clean(file)
    victim = tracer("ptrace", ["--seccomp-bpf", "--kill-on-exit", "-e", "trace=openat"], file, "--", BEAT, file, str(THREADS))
    until(lambda: has_begun(file))
    victim.kill()
    victim.wait()
    expect("ptrace --seccomp-bpf --kill-on-exit: the program ends with us", until(lambda: not processes(file)))
    for option in ["--kill-on-exit"], ["--seccomp-bpf", "-f"]:
        clean(file)
        victim = subprocess.Popen(["sonde", "strace", "-e", "trace=openat", "-o", "/dev/null", *option, BEAT, file, str(THREADS)])
        until(lambda: has_begun(file))
        victim.kill()
        victim.wait()
        expect("sonde strace %s: the program ends with us" % option[0], until(lambda: not processes(file)))


def temporary():
    """The recording that a view makes of a command is nobody's when we are dead."""
    os.mkdir("tmp")
    victim = subprocess.Popen(["sonde", "trace", "--waits", "--", "sleep", "1000"], env=dict(os.environ, TMPDIR=os.getcwd() + "/tmp"),
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    made = until(lambda: glob.glob("tmp/sonde-*/temporary.sonde/meta.json"))
    victim.kill()
    victim.wait()
    expect("--waits: killed, nothing stays in $TMPDIR", made and until(lambda: not os.listdir("tmp")), os.listdir("tmp"))
    for pid in orphans():  # the command, and for a moment who removed it
        os.kill(pid, signal.SIGKILL)


def main():
    if ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) != 0:  # PR_SET_CHILD_SUBREAPER: orphans become our children
        fail("prctl(PR_SET_CHILD_SUBREAPER)")
    chosen = os.environ.get("SONDE_STRESS_ENGINE")
    those = [chosen] if chosen else engines()
    before, files = programs_left() if "bpf" in those else set(), tracefs()
    for engine in those:
        killed = harmed = 0
        for way in WAYS[engine]:
            for i in range(KILLS):
                attach = i % 2 == 1 and "-D" not in way
                killed += 1
                file = "%s%d." % (engine, killed)
                harmed += not kill_one(engine, way, file, attach, random.uniform(0, 0.25) * random.random())
                clean(file)
        expect("%s: killed %d times in %d ways, the program goes on" % (engine, killed, len(WAYS[engine])), not harmed, harmed)
    if "ptrace" in those:
        filtered()
    temporary()
    if "bpf" in those:
        later = programs_left() - before
        expect("bpf: no program is left behind", until(lambda: not later & programs_left()), later & programs_left())
    expect("nothing of tracefs has changed", tracefs() == files, tracefs())
    expect("no process is left", until(lambda: not orphans() and run("pgrep", "-f", "^" + BEAT + " (bpf|ptrace|filter)").returncode == 1), run("ps", "-ef", "--forest").stdout)
    return result()


if __name__ == "__main__":
    sys.exit(main())
