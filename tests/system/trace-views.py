#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Views of system calls on programs whose files, failures and children are known.
# timeout: 120
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from lib.check import PATIENCE_S, expect, outcome, result, run, skip
from lib.engines import why_no_bpf

SCRIPT = "head -c 1000 data > out; cat nope 2>/dev/null; (exit 7); sleep 0.05; kill -9 $$"
PYTHON = """
import os, socket, sys, time
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
f = open(sys.argv[1], 'rb', buffering=0); f.read(10)
print(s.getsockname()[1], flush=True)
z = open('/dev/zero', 'rb', buffering=0)
while True: z.read(100); time.sleep(float(sys.argv[2])) if len(sys.argv) > 2 else None
"""


def view(*words):
    status, out, err = outcome("sonde", *words)
    return json.loads(out) if out else {"failed": (status, err)}


def row(rows, key, value):
    return next((r for r in rows if r.get(key, "").endswith(value)), {})


def recorded():
    status, _, err = outcome("sonde", "trace", "-o", "r.sonde", "--", "sh", "-c", SCRIPT)
    expect("the status of a killed command", status in (-9, 137), (status, err))
    expect("what is said of it at its end", " system calls, " in err and " lost; " in err and "sonde trace r.sonde --waits" in err, err)
    files = view("trace", "r.sonde", "--files", "--json", "--limit", "1000")
    data, out = row(files["files"], "name", "/data"), row(files["files"], "name", "/out")
    expect("bytes read", data.get("read_bytes") == 1000, data)
    expect("bytes written", out.get("written_bytes") == 1000 and out.get("opens") == 1, out)
    expect("whole paths", data.get("name") == os.getcwd() + "/data", data)
    errors = view("trace", "r.sonde", "--errors", "--json", "--limit", "1000")
    nope = row(errors["error_paths"], "path", "/nope")
    expect("what was not found", nope.get("error") == "ENOENT" and nope.get("who") == "cat", nope)
    tree = view("trace", "r.sonde", "--tree", "--json")["processes"]
    expect("the shell was killed", tree[0]["exit"] == "SIGKILL" and tree[0]["depth"] == 0, tree)
    expect("its children", sorted(p["exit"] for p in tree[1:]) == ["0", "0", "1", "7"] and all(p["depth"] == 1 for p in tree[1:]), tree)
    waits = view("trace", "r.sonde", "--waits", "--json", "--limit", "1000")["waits"]
    slept = row(waits, "what", "a timer")
    expect("what it waited for", slept.get("time_ns", 0) >= 50e6 and row(waits, "what", "child sleep").get("time_ns", 0) > 0, waits)
    summary = view("trace", "r.sonde", "--summary", "--json", "--limit", "1000")
    lines = outcome("sonde", "trace", "r.sonde")[1].splitlines()
    calls = sum(" --- " not in line and "+++" not in line for line in lines)
    expect("every call is counted", sum(c["calls"] for c in summary["calls"]) == calls, (calls, summary["headline"]))
    report = outcome("sonde", "report", "r.sonde")[1]
    expect("the report of a recording of calls", "What it waited for" in report and "What failed" in report, report[:300])


def live():
    status, out, err = outcome("sonde", "trace", "--errors", "--json", "--", "cat", "nope")
    expect("a view of a command", status == 1 and row(json.loads(out)["error_paths"], "path", "/nope"), (status, err))
    status, out, err = outcome("sonde", "trace", "-c", "-o", "counted", "--", "head", "-c", "1000", "data")
    with open("counted", encoding="utf-8") as f:
        text = f.read()
    expect("-c", "Calls" in text and "head" in text and "1000 B" in text, text)
    expect("sonde files of a command", "/data" in outcome("sonde", "files", "--", "cat", "data")[1])


def objects(engine):
    """Signals and ends are objects among the calls, live and of a recording alike."""
    def kinds(*words):
        found = [json.loads(line) for line in outcome("sonde", "trace", *words)[1].splitlines()]
        return sorted((o["kind"], str(o.get("signal", o.get("status")))) for o in found if o["kind"] != "call" and o["time_ns"])

    script = "trap true USR1; kill -USR1 $$; sh -c 'kill -TERM $$'; exit 3"
    wanted = [("signal", "SIGUSR1"), ("signal", "SIGTERM"), ("killed", "SIGTERM"), ("signal", "SIGCHLD"), ("exited", "3")]
    wanted.sort()
    live = kinds("--engine", engine, "--json", "-o", "/dev/stdout", "-e", "trace=kill", "--", "sh", "-c", script)
    outcome("sonde", "trace", "-q", "--engine", engine, "-o", "s-%s.sonde" % engine, "--", "sh", "-c", script)
    expect("%s: signals and ends as JSON" % engine, live == wanted, live)
    kept = kinds("--json", "-e", "trace=kill", "s-%s.sonde" % engine)
    expect("%s: and of a recording" % engine, kept == wanted, kept)


def second_paths():
    """-P finds a call by any of its paths, as it does live."""
    outcome("sonde", "trace", "-q", "-o", "m.sonde", "--", "mv", "data", "moved")
    lines = [outcome("sonde", "trace", "m.sonde", "-P", path)[1] for path in ("data", "moved")]
    os.rename("moved", "data")
    expect("a call by either of its paths", all('"data"' in text and '"moved"' in text for text in lines), lines)


def by_ptrace():
    status, _, err = outcome("sonde", "trace", "-o", "p.sonde", "--engine", "ptrace", "--", "true")
    expect("what is said of a recording by ptrace", " system calls, 0 lost; " in err and "sonde trace p.sonde --waits" in err, err)
    status, _, err = outcome("sonde", "trace", "-q", "-k", "--engine", "ptrace", "-o", "k.sonde", "--", "sh", "-c", "cat data > /dev/null; exit 3")
    expect("a recording by ptrace: the status", status == 3, (status, err))
    slow = view("trace", "k.sonde", "--slow", "--json")["slow"]
    expect("which engine, and why", os.geteuid() or "-Y" in outcome("sonde", "trace", "-Y", "-o", "/dev/null", "true")[2])
    expect("stacks of calls", any(r["depth"] == 1 and r["what"].startswith(("main", "_start", "__libc_start")) for r in slow), slow[:20])
    tree = view("trace", "k.sonde", "--tree", "--json")["processes"]
    expect("its processes", [p["exit"] for p in tree] == ["3", "0"] and 0 < tree[1]["lifetime_ns"] <= tree[0]["lifetime_ns"], tree)
    lines = outcome("sonde", "trace", "k.sonde")[1].splitlines()
    expect("its end comes last", lines[-1].endswith("+++ exited with 3 +++") and "exit_group(3)" in lines[-2], lines[-3:])
    outcome("sonde", "trace", "-q", "--inject", "openat:error=EMFILE:when=1+", "-o", "i.sonde", "--", "cat", "data")
    failed = row(view("trace", "i.sonde", "--errors", "--json")["errors"], "error", "EMFILE")
    expect("calls that were tampered with", failed.get("count", 0) > 0 and failed.get("call") == "openat", failed)


def watched(words, is_right):
    """(status, output, what is said) of a watch that SIGINT ends, at last of a long one: a busy machine begins later."""
    for seconds in 0.5, 3, 10:
        watch = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(seconds)
        watch.send_signal(signal.SIGINT)
        out, err = watch.communicate()
        if is_right(watch.returncode, out):
            break
    return watch.returncode, out, err


def under_way(engine):
    """A process that sleeps all the time that it is watched, in calls that nobody sees begin or return."""
    child = subprocess.Popen(["sleep", "60"])
    try:
        while open("/proc/%d/syscall" % child.pid).read().split()[0] == "running" or b"sleep\0" not in open("/proc/%d/cmdline" % child.pid, "rb").read():
            pass
        words = ["sonde", "trace", "--engine", engine, "-p", str(child.pid)]

        def slept(_, out):
            waits = json.loads(out).get("waits", []) if out else []
            return sum(r["wait_ratio"] for r in waits) > 0.9 and sum(r["calls"] for r in waits) == 1

        status, out, err = watched(words + ["--waits", "--slow", "--json"], slept)
        expect("%s: a view ends tidily at SIGINT" % engine, status == 0, (status, err))
        expect("%s: it slept all the time" % engine, slept(status, out), (out, err))
        status, _, err = watched(words + ["--overwrite", "-o", "u.sonde"], lambda *_: outcome("sonde", "trace", "u.sonde")[1])
        lines = outcome("sonde", "trace", "u.sonde")[1].splitlines()
        expect("%s: a recording is finished at SIGINT" % engine, status == 0 and "cut short" not in outcome("sonde", "info", "u.sonde")[1], err)
        expect("%s: what did not return" % engine, len(lines) == 1 and lines[0].endswith("= ?"), lines)
    finally:
        child.kill()
        child.wait()


def stuck(engine):
    """Where a thread stands that waited before anybody looked, and does so when they stop looking."""
    def stacks(out):
        return json.loads(out).get("wait_stacks", []) if out else []

    child = subprocess.Popen(["sleep", "60"])
    try:
        _, out, err = watched(["sonde", "trace", "-k", "--engine", engine, "-p", str(child.pid), "--waits", "--json"], lambda _, out: stacks(out))
        frames = [r["what"] for r in stacks(out) if r["depth"] == 1]
        expect("%s: where it stands" % engine, frames and "nanosleep" in frames[0], (stacks(out), err))
    finally:
        child.kill()
        child.wait()


def full():
    """Where the output takes no more, the status says so."""
    for words in ["u.sonde"], ["--json", "u.sonde"], ["-o", "/dev/full", "u.sonde"], ["-o", "/dev/full", "--", "true"]:
        with open("/dev/full", "w", encoding="utf-8") as out:
            done = subprocess.run(["sonde", "trace"] + words, stdout=out, stderr=subprocess.PIPE, text=True)
        expect("%s into a full disk" % " ".join(words), done.returncode == 1 and "No space left" in done.stderr, done)


def seen_files(child, *before):
    """`sonde files` of a process for a while, and its document; a busy machine begins later, and then there is nothing to see yet."""
    for tenths in 3, 20, 60:
        done = run(*before, "sonde", "files", "-p", str(child.pid), "--duration", "%dms" % (tenths * 100), "--json", "--limit", "1000", timeout=PATIENCE_S)
        doc = json.loads(done.stdout) if done.stdout else {}
        if "files" in doc.get("watched", {}):
            break
    return done, doc


def process():
    child = subprocess.Popen([sys.executable, "-c", PYTHON, "data", "0.002"], stdout=subprocess.PIPE, text=True)
    port = child.stdout.readline().strip()
    try:
        doc = seen_files(child)[1]
        opened = doc["descriptors"]
        listening = row(opened, "name", ":" + port)
        expect("a listening socket", listening.get("state") == "LISTEN" and listening.get("kind") == "tcp", opened)
        expect("a file, and where it stands", row(opened, "name", "/data").get("position_bytes") == 10, opened)
        zero = row(doc["watched"]["files"], "name", "/dev/zero")
        expect("what is read while it is watched", zero.get("reads", 0) > 0 and zero.get("read_bytes") == 100 * zero.get("reads", 0), doc["watched"])
    finally:
        child.kill()
        child.wait()
    expect("no such process", outcome("sonde", "files", "-p", str(child.pid))[0] == 1)


WITHOUT_BPF = ["setpriv", "--bounding-set=-bpf,-perfmon,-sys_admin"]


def by_ptrace_alone():
    """What is watched where BPF can't be had."""
    if os.geteuid() != 0 or run(*WITHOUT_BPF, "true").returncode != 0:
        print("skip  watched without BPF: not root, or no setpriv")
        return
    process_by_ptrace()
    command_by_ptrace()
    let_go()


def process_by_ptrace():
    """Where BPF can't be had, a process is watched by ptrace, which is said."""
    child = subprocess.Popen([sys.executable, "-c", PYTHON, "data"], stdout=subprocess.PIPE, text=True)
    child.stdout.readline()
    try:
        done, doc = seen_files(child, *WITHOUT_BPF)
        expect("without BPF a process is watched by ptrace", done.returncode == 0 and "engine: ptrace" in done.stderr, done)
        zero = row(doc["watched"]["files"], "name", "/dev/zero")  # its last read was under way most often, and is none of these
        expect("... with the same answer", zero.get("reads", 0) > 0 and zero.get("read_bytes") == 100 * zero.get("reads", 0), done)
        with open("/proc/%d/status" % child.pid, encoding="ascii") as f:
            expect("... and is let go", "TracerPid:\t0\n" in f.read() and child.poll() is None)
    finally:
        child.kill()
        child.wait()


def command_by_ptrace():
    """A command too, for a while: then it is waited for. A busy machine may need longer until there is something to see."""
    for tenths in 2, 10, 40:
        script = "cat data > /dev/null; sleep %f; exit 7" % (tenths * 0.2)
        done = subprocess.run([*WITHOUT_BPF, "sonde", "files", "--duration", "%dms" % (tenths * 100), "--json", "--limit", "1000", "--", "sh", "-c", script],
                              capture_output=True, text=True, timeout=PATIENCE_S)
        if done.returncode != 7 or row(json.loads(done.stdout)["files"], "name", "/data").get("read_bytes") == 1000:
            break
    expect("a command is watched for a while by ptrace, and waited for", done.returncode == 7 and "engine: ptrace" in done.stderr and
           "goes on" in done.stderr and row(json.loads(done.stdout)["files"], "name", "/data").get("read_bytes") == 1000, done)


LET_GO = """
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	for (int i = 0; argc == 2 && i < 300; i++) {
		if (fork() == 0)
			_exit(0);
		wait(NULL);
	}
	if (vfork() == 0) {
		usleep(argc == 3 ? 4000000 : 300000);
		_exit(0);
	}
	usleep(1000);
	return 7;
}
"""


def let_go():
    """What ptrace let go of at the end of the time goes on: who cannot stop for long, and children that are just born."""
    if not shutil.which("gcc"):
        print("skip  what ptrace lets go: no gcc")
        return
    with open("let_go.c", "w", encoding="ascii") as f:
        f.write(LET_GO)
    subprocess.run(["gcc", "-w", "-o", "let_go", "let_go.c"], check=True)
    for what, words, rounds in ("that waits for its vfork", [], 2), ("that forks all the time", ["forks"], 6):
        ended = []
        for i in range(rounds):
            done = run(*WITHOUT_BPF, "sonde", "files", "--duration", "%dms" % (60 + 3 * i), "--", "./let_go", *words, timeout=PATIENCE_S / 4)
            ended.append(done.returncode)
        expect("a command %s goes on when it was watched" % what, ended == [7] * rounds, (ended, done.stderr))
    done = run(*WITHOUT_BPF, "sonde", "files", "--duration", "1s", "--", "./let_go", "sleeps", "long", timeout=PATIENCE_S)
    expect("who can't be stopped for a second is named", done.returncode == 7 and "can't be stopped to be let go" in done.stderr, done)


def signals_alone(engine):
    """A recording of signals alone, as -e trace=none makes it, is printed as the trace was."""
    outcome("sonde", "trace", "--engine", engine, "-e", "trace=none", "-o", "n.sonde", "--", "sh", "-c", "kill -USR1 $$")
    status, out, err = outcome("sonde", "trace", "n.sonde")
    expect("%s: signals without calls" % engine, status == 0 and "--- SIGUSR1 {" in out and "+++ killed by SIGUSR1 +++" in out, (status, out, err))
    shutil.rmtree("n.sonde", ignore_errors=True)


def main():
    why = why_no_bpf()
    if why:
        skip("the BPF engine can't be had: %s" % why)
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        with open("data", "wb") as f:
            f.write(b"x" * 1000)
        recorded()
        live()
        second_paths()
        objects("bpf")
        objects("ptrace")
        by_ptrace()
        process()
        by_ptrace_alone()
        under_way("bpf")
        shutil.rmtree("u.sonde", ignore_errors=True)
        under_way("ptrace")
        stuck("bpf")
        stuck("ptrace")
        signals_alone("bpf")
        signals_alone("ptrace")
        full()
        os.chdir("/")
    return result()


if __name__ == "__main__":
    sys.exit(main())
