#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# How recordings end: exit status, commands that can't be run, signals, Ctrl-C at a terminal,
# --duration, and sonde killed with -9.
# needs: perf
# timeout: 180
import glob
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time

from lib.check import PATIENCE_S, expect, result, skip, until

SPIN = os.environ["BUILD"] + "/tests/workload/spin"


def record(*words, **more):
    return subprocess.run(["sonde", "record", *words], capture_output=True, text=True, **more)


def meta(rec):
    with open(rec + "/meta.json") as f:
        return json.load(f)


def samples(rec):
    out = subprocess.run(["sonde", "query", rec, "--csv", "select count(*) from sample"],
                         capture_output=True, text=True, check=True).stdout
    return int(out.split()[1])


def has_samples(rec, count):
    """So far: it may be being written, or not be there yet."""
    done = subprocess.run(["sonde", "query", rec, "--csv", "select count(*) from sample"], capture_output=True, text=True)
    return done.returncode == 0 and int(done.stdout.split()[1]) > count


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def child_of(pid, seconds=PATIENCE_S):
    """The command that a sonde runs, once it has exec'ed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for p in glob.glob("/proc/[0-9]*"):
            try:
                with open(p + "/stat") as f:
                    ppid = int(f.read().rsplit(")", 1)[1].split()[1])
                if ppid == pid and os.readlink(p + "/exe") == os.path.realpath(SPIN):
                    return int(os.path.basename(p))
            except OSError:
                pass
        time.sleep(0.02)
    return 0


def has_worked(pid, seconds):
    """It got that much CPU time, of which there are samples: after any wall time it may have had none."""
    def enough():
        try:
            with open(f"/proc/{pid}/stat") as f:
                return int(f.read().rsplit(")", 1)[1].split()[11]) >= seconds * os.sysconf("SC_CLK_TCK")
        except OSError:
            return True  # it has ended
    return until(enough)


def statuses():
    for name, words, status, said in (
            ("not found", ["no-such-command-here"], 127, "No such file"),
            ("not found, by path", ["./no-such"], 127, "No such file"),
            ("not executable", ["/etc/passwd"], 126, "Permission denied" if os.geteuid() else "Permission denied"),
            ("a directory", ["/tmp"], 126, "directory"),
            ("exit status 7", ["sh", "-c", "exit 7"], 7, ""),
            ("killed by SIGTERM", ["sh", "-c", "kill -TERM $$"], 128 + 15, ""),
            ("killed by SIGSEGV", ["sh", "-c", "kill -SEGV $$"], 128 + 11, "")):
        r = record("-o", "st.sonde", "--overwrite", "--", *words)
        expect(name, r.returncode == status and said in r.stderr, (r.returncode, r.stderr))
        if status in (126, 127):
            expect(name + ": nothing left behind", not os.path.exists("st.sonde"))
    with open("script", "w") as f:
        f.write("#!/no/such/interpreter\n")
    os.chmod("script", 0o755)
    r = record("-o", "interp.sonde", "--", "./script")
    expect("interpreter that is not there", r.returncode == 127 and not os.path.exists("interp.sonde"),
           (r.returncode, r.stderr))
    with open("plain", "w") as f:
        f.write("exit 3\n")
    os.chmod("plain", 0o755)
    r = record("-o", "plain.sonde", "--", "./plain")
    expect("a script without #! runs as in a shell", r.returncode == 3, (r.returncode, r.stderr))
    r = record("-o", "st.sonde", "--", "true")
    expect("an existing recording is not overwritten", r.returncode != 0 and "overwrite" in r.stderr, r.stderr)
    expect("and its command did not run", r.returncode in (2, 125), r.returncode)
    for _ in range(2):
        record("--", "true")
    expect("default names don't collide", os.path.isdir("true.sonde") and os.path.isdir("true-2.sonde"))


def wrong_words():
    for name, words, said in (("unknown source", ["--with", "cpuu"], "did you mean cpu"),
                              ("unknown event", ["-e", "page-falts"], "did you mean page-faults"),
                              ("unknown modifier", ["-e", "page-faults:z"], "modifier"),
                              ("no source left", ["--without", "cpu"], "no source"),
                              ("bad frequency", ["-F", "fast"], "frequency")):
        r = record(*words, "-o", "w.sonde", "--", "touch", "ran")
        expect(name, r.returncode in (2, 125) and said in r.stderr, (r.returncode, r.stderr))
    expect("no command ran with wrong words", not os.path.exists("ran") and not os.path.exists("w.sonde"))
    r = record()
    expect("nothing to record", r.returncode == 2 and "nothing to record" in r.stderr, r.stderr)
    r = record("-p", "999999999")
    expect("no such process", r.returncode == 1 and "no process" in r.stderr, r.stderr)


def signals():
    for sig, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
        rec = f"sig{int(sig)}.sonde"
        p = subprocess.Popen(["sonde", "record", "-o", rec, "--", SPIN, "100"],
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        child = child_of(p.pid)
        has_worked(child, 0.2)
        p.send_signal(sig)
        _, err = p.communicate(timeout=PATIENCE_S)
        expect(f"{sig.name} to sonde alone is passed on", p.returncode == status and not is_running(child),
               (p.returncode, err))
        expect(f"{sig.name}: the recording is complete",
               meta(rec)["state"] == "complete" and samples(rec) > 50, meta(rec)["state"])
    # one that ignores it goes on; sonde ends the recording, and a second signal the waiting
    said = open("ign.err", "w")  # no pipe: the command, which goes on, would hold it open
    p = subprocess.Popen(["sonde", "record", "-o", "ign.sonde", "--", SPIN, "-i", "150"],
                         stdout=subprocess.DEVNULL, stderr=said)
    child = child_of(p.pid)
    has_worked(child, 0.2)
    p.send_signal(signal.SIGINT)
    expect("a command that ignores SIGINT: its recording is complete", until(lambda: meta("ign.sonde")["state"] == "complete"))
    expect("a command that ignores SIGINT: sonde waits for it", p.poll() is None and is_running(child))
    p.send_signal(signal.SIGINT)
    p.wait(timeout=PATIENCE_S)
    expect("the second SIGINT leaves it alone", p.returncode == 130 and is_running(child), p.returncode)
    os.kill(child, signal.SIGKILL)


def terminal():
    """Ctrl-C at a terminal reaches both; the command ends by it once, not twice."""
    script = 'trap "echo trapped >> traps; exit 9" INT; echo trap is set; while :; do sleep 0.05; done'
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp("sonde", ["sonde", "record", "-o", "tty.sonde", "--", "bash", "-c", script])
    said, end, sent = b"", time.monotonic() + PATIENCE_S, False
    while time.monotonic() < end:
        if not select.select([fd], [], [], 1)[0]:
            continue
        try:
            said += os.read(fd, 4096)
        except OSError:
            break
        if not sent and b"trap is set" in said:
            os.write(fd, b"\x03")
            sent = True
    else:
        expect("Ctrl-C at a terminal ends it", False, said)
        os.kill(pid, signal.SIGKILL)
    os.close(fd)  # HUPs whoever is left
    _, status = os.waitpid(pid, 0)
    traps = open("traps").read().count("trapped") if os.path.exists("traps") else 0
    expect("Ctrl-C at a terminal: the command's own status", os.waitstatus_to_exitcode(status) == 9, said)
    expect("Ctrl-C at a terminal: the command saw it once", traps == 1, traps)
    expect("Ctrl-C at a terminal: summary and complete recording",
           b"report: sonde report tty.sonde" in said and meta("tty.sonde")["state"] == "complete", said)


def interrupted_early():
    """Ctrl-C while sonde begins ends it, too: the command runs not at all, or ends by it."""
    for step in range(10):
        pid, fd = pty.fork()
        if pid == 0:
            os.execvp("sonde", ["sonde", "record", "-q", "-o", "early.sonde", "--overwrite", "--", "sleep", "1000"])
        until(lambda: os.readlink(f"/proc/{pid}/exe").endswith("sonde"))
        time.sleep(0.01 * step)
        os.write(fd, b"\x03")
        gone = until(lambda: os.waitpid(pid, os.WNOHANG)[0] == pid)
        if not gone:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        os.close(fd)
        expect(f"Ctrl-C {10 * step} ms after the start ends it", gone)


def killed():
    """kill -9: the target goes on unharmed, nothing is left in it."""
    p = subprocess.Popen(["sonde", "record", "-o", "k9.sonde", "--", SPIN, "100", "5"],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    child = child_of(p.pid)
    until(lambda: has_samples("k9.sonde", 50))
    p.kill()
    p.wait()
    expect("kill -9 of sonde: the command runs on", is_running(child))
    expect("the killed recording opens", samples("k9.sonde") > 50)
    os.kill(child, signal.SIGKILL)
    target = subprocess.Popen([SPIN, "3", "5"], stdout=subprocess.DEVNULL)
    p = subprocess.Popen(["sonde", "record", "-o", "k9p.sonde", "-p", str(target.pid)],
                         stderr=subprocess.DEVNULL)
    until(lambda: target.poll() is not None or has_samples("k9p.sonde", 1))
    p.kill()
    p.wait()
    expect("kill -9 of sonde -p: the target ends as it would have", target.wait(PATIENCE_S) == 5)


def durations():
    start = time.monotonic()
    r = record("-o", "d.sonde", "--duration", "300ms", "--", SPIN, "3", "6")
    expect("--duration: the command runs to its end, its status is ours",
           r.returncode == 6 and time.monotonic() - start > 2.9, (r.returncode, r.stderr))
    m = meta("d.sonde")
    recorded = (m["end_ns"] - m["start_ns"]) / 1e9
    out = subprocess.run(["sonde", "query", "d.sonde", "--csv", "select max(time_ns) - min(time_ns) as ns from sample"],
                         capture_output=True, text=True).stdout
    span = int(out.split()[1]) / 1e9
    # sonde may be woken late on a busy machine; without the bound it would be the command's 3 s
    expect("--duration: nothing was recorded after it", span < 2, (span, recorded))
    target = subprocess.Popen([SPIN, "1"], stdout=subprocess.DEVNULL)
    start = time.monotonic()
    r = record("-o", "ends.sonde", "-p", str(target.pid), "--duration", "60")
    expect("-p ends with its target", r.returncode == 0 and time.monotonic() - start < 50, r.stderr)
    target.wait()


if subprocess.run(["sonde", "record", "-q", "-o", "probe.sonde", "--", "true"], capture_output=True).returncode:
    skip("perf events are not permitted here")
for test in (statuses, wrong_words, signals, terminal, interrupted_early, killed, durations):
    test()
sys.exit(result())
