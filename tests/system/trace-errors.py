#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whatever is wrong with words, files, limits and the machine: an end with a reason, no crash and no hang.  And
# company: several who look at one process, one sonde that traces another, a debugger.
# timeout: 150
import ctypes
import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import sys

from lib.check import PATIENCE_S, expect, result, run, until
from lib.engines import engines

BEAT = os.environ["BUILD"] + "/tests/workload/beat"
LONG = "a" * 100000
# words behind `sonde trace --engine E`, its exit status, a pattern of what it says
WRONG = [
    (["-p", "99999999"], 1, r"99999999.*No such process[^$]*pgrep"), ([], 2, "sonde trace -- COMMAND"),
    (["-e", "opne", "true"], 2, "'opne'[^$]*did you mean open"), (["-e", "%flie", "true"], 2, "did you mean %file"),
    (["-e", "trac=open", "true"], 2, "did you mean -e trace="), (["-e", "status=fialed", "true"], 2, "one of: successful failed"),
    (["-e", "signal=FOO", "true"], 2, "kill -l"), (["-e", "/[", "true"], 2, "regular expression"),
 (["-p", "0"], 2, "Invalid process id"), (["-p", "x"], 2, "Invalid process id"),
    (["-X", "foo", "true"], 2, "abbrev .names., raw"), (["-S", "foo", "true"], 2, "-S takes time, min-time"),
    (["--columns", "x", "true"], 2, "--columns takes a column"), (["-u", "nobody-here", "true"], 2, "getent passwd"),
    (["-o", "/nonexistent/x", "true"], 1, "mkdir -p"), (["--inject", "write", "true"], 2, "changes nothing: add error="),
    (["--inject", "write:when=0", "true"], 2, "when= takes FIRST"), (["--inject", "write:error=EFOO", "true"], 2, "errno.3."),
    (["--fault", "write:retval=1", "true"], 2, "is for --inject"), (["--inject", "write:syscall=fork", "true"], 2, "%pure"),
    (["--waits", "-p", "1", "true"], 2, "not recorded at once"),
    (["/nonexistent/x"], 1, "No such file"), (["nonexistent-program"], 1, "nonexistent-program"), (["--", ""], 1, "''"),
    (["/etc/passwd"], 1, r"EACCES[^$]*exec: Permission denied"), (["/etc"], 1, r"EACCES[^$]*exec: Permission denied"),
    (["./no-shebang"], 1, r"ENOEXEC[^$]*exec: Exec format error"), (["./elf"], 1, r"ENOEXEC[^$]*exec: Exec format error"),
    (["-o", "/nonexistent/x", "true"], 1, "/nonexistent/x.*No such file"), (["-o", "/", "true"], 1, "'/'.*Is a directory"),
    (["-o", "/dev/full", "true"], 1, "/dev/full: No space left"), (["-e", "trace=nosuch", "true"], None, "nosuch"),
    (["-e", "execve", "-s", "200000", "true", LONG], 0, LONG), (["-e", "execve", "./e\033[31m\nx"], 0, r"e\\33\[31m\\nx"),
]
# The shell's words around it, the exit status and what is said; the same in both engines, or what each says.
LIMITS = [
    ("ulimit -n 8; exec %s -e execve true", {"bpf": (1, "ulimit -n"), "ptrace": (0, "execve")}),
    ("ulimit -n 4; exec %s -e execve true", (1, "Too many open files")),
    ("ulimit -n 20; exec %s -c -e execve true", {"bpf": (None, "execve|ulimit -n"), "ptrace": (0, "execve")}),
    *(("ulimit -n %d; exec %%s -e execve true" % n, {"bpf": (None, "execve|ulimit -n"), "ptrace": (0, "execve")}) for n in range(38, 56, 2)),
    ("ulimit -v 60000; exec %s -e execve true", {"bpf": (None, "execve|memory"), "ptrace": (0, "execve")}),
    ("ulimit -f 0; exec %s -o limited ls", (1, "File too large[^$]*ulimit -f")),
    ("export TMPDIR=/nonexistent; exec %s --waits ls", (1, "/nonexistent/.*No such file[^$]*TMPDIR")),
    ("ulimit -f 0; exec %s -o limited.sonde ls", (125, "File too large[^$]*ulimit -f")),
    ("ulimit -f 1; exec %s -e execve true", (0, "execve.*= 0")),
    ("exec %s -e execve true >&- 2>&-", (0, "")), ("LC_ALL=nosuch LANG=tr_TR TZ=:/nosuch exec %s -t -e execve true", (0, "execve")),
    ("exec env -i PATH=$PATH %s -e execve true", (0, "execve")), ("cd gone && rmdir ../gone && exec %s -e execve true", (0, "execve")),
]
ROOTS = [
    ("umount -l /proc; exec %s -e execve true", {"bpf": (1, "there is no /proc"), "ptrace": (0, "execve")}),
    ("umount -l /sys; exec %s -e execve true", {"bpf": (1, "is there a /sys"), "ptrace": (0, "execve")}),
    ("mount -t tmpfs -o size=64k none gone && export TMPDIR=$PWD/gone && exec %s --waits true", (125, "No space left[^$]*TMPDIR")),
    ("mount --rbind / /mnt && mount -o remount,ro,bind /mnt && exec chroot /mnt %s -e execve true", (0, "execve")),
]

# Under ASan: a shadow of 16 TiB fits into no limit, options come from /proc/self/environ, and leaks are looked for by ptrace.
UNSANITIZED = ("ulimit -v", "umount -l /proc") if os.environ.get("SONDE_SANITIZED") else ()
NO_LEAKS = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


def wanted(spec, engine):
    return spec[engine] if isinstance(spec, dict) else spec


def is_right(done, status, pattern):
    return (done.returncode == status if status is not None else 0 <= done.returncode < 128) and re.search(pattern, done.stderr + done.stdout) is not None


def words(engine):
    for text, status, pattern in WRONG:
        done = run("sonde", "trace", "--engine", engine, *text, timeout=PATIENCE_S)
        expect("%s: %s" % (engine, " ".join(text)[:40].encode("unicode_escape").decode()), is_right(done, status, pattern), (done.returncode, done.stderr[-600:]))


def strace_words():
    """strace's spelling has strace's messages, and no advice beside them."""
    for text in (["-e", "opne", "true"], ["-p", "99999999"], ["nonexistent-program"], ["-e", "inject=open", "true"]):
        done = run("sonde", "strace", *text, timeout=PATIENCE_S)
        expect("strace %s: one line" % " ".join(text), done.returncode == 1 and done.stderr.count("\n") == 1, (done.returncode, done.stderr[-600:]))


def limits(engine):
    for script, spec in LIMITS + (ROOTS if os.geteuid() == 0 else []):
        if any(text in script for text in UNSANITIZED):
            continue
        os.makedirs("gone", exist_ok=True)
        before = ["unshare", "-m", "--propagation", "private"] if (script, spec) in ROOTS else []
        done = run(*before, "sh", "-c", script % ("%s trace --engine %s" % (shutil.which("sonde"), engine)), timeout=PATIENCE_S)
        if "unshare: " in done.stderr or "mount: " in done.stderr: # no privilege, or a root that is no mount
            print("skip  %s" % done.stderr.strip())
            continue
        expect("%s: %s" % (engine, script % "sonde"), is_right(done, *wanted(spec, engine)), (done.returncode, done.stderr[-600:]))


THREADS = """
import os, sys, threading, time
def beat():
    while True:
        os.getppid(); time.sleep(0.01)
thread = threading.Thread(target=beat, daemon=True)
thread.start()
print(thread.native_id, flush=True)
sys.stdin.read()
"""


def thread(engine):
    """-p with the id of a thread that is not its process's first, as top -H shows it."""
    def text():
        return open("thread.out", encoding="utf-8").read() if os.path.exists("thread.out") else ""

    for options in ([], ["--no-follow"]):
        with subprocess.Popen([sys.executable, "-c", THREADS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as target:
            tracer = subprocess.Popen(["sonde", "trace", "--engine", engine, *options, "-e", "trace=getppid", "-o", "thread.out", "-p",
                                       target.stdout.readline().strip()], stderr=subprocess.PIPE, text=True)
            until(lambda: "getppid()" in text() or tracer.poll() is not None)
            target.stdin.close()
            said = tracer.communicate(timeout=PATIENCE_S)[1]
        expect("%s %s: -p of a thread" % (engine, options), "getppid()" in text() and tracer.returncode == 0, (tracer.returncode, said))
        os.path.exists("thread.out") and os.unlink("thread.out")
    with subprocess.Popen([sys.executable, "-c", THREADS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as target:
        tid = target.stdout.readline().strip()
        for duration in "500ms", "3s", "10s":  # a busy machine may see nothing in a short time
            done = run("sonde", "record", "--syscalls", "--duration", duration, "--overwrite", "-o", "thread.sonde", "-p", tid)
            seen = run("sonde", "trace", "thread.sonde").stdout
            if "getppid()" in seen:
                break
        target.stdin.close()
    expect("a recording of a thread's process", "getppid()" in seen, done)


def short(engine):
    """Processes that end while we attach, and control groups that go."""
    for _ in range(12):
        target = subprocess.Popen(["sleep", "0.00%d" % _])
        done = run("sonde", "trace", "--engine", engine, "-p", str(target.pid), timeout=PATIENCE_S)
        if done.returncode not in (0, 1):
            expect("%s: -p of one that ends at once" % engine, False, done)
        target.wait()
    expect("%s: -p of one that ends at once" % engine, True)
    if engine == "bpf":
        for top in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/memory"):
            group = "%s/sonde-test-%d" % (top, os.getpid())
            try:
                os.mkdir(group)
            except OSError:
                continue
            tracer = subprocess.Popen(["sonde", "trace", "--cgroup", group, "-o", "group.out"], stderr=subprocess.PIPE)
            until(lambda: os.path.exists("group.out"))
            os.rmdir(group)
            tracer.send_signal(signal.SIGINT)
            said = tracer.communicate(timeout=PATIENCE_S)[1]
            expect("bpf: --cgroup of one that goes", tracer.returncode in (0, 1, -signal.SIGINT), (tracer.returncode, said))
            break


def reader(engine):
    """A reader of the trace that never ends: who asks us to end doesn't wait for it."""
    for name in ("trace", "strace"):
        options = ["--engine", engine] if name == "trace" else []
        for number in (signal.SIGINT, signal.SIGTERM):
            with subprocess.Popen(["sonde", name, *options, "-o", "|echo $$ > reader.pid; cat > reader.out; exec sleep 1000", "true"], stderr=subprocess.PIPE) as tracer:
                until(lambda: os.path.exists("reader.out") and "+++ exited with 0" in open("reader.out", encoding="utf-8").read())
                tracer.stderr.close()  # the reader has it, too
                # more than once: the first one may be what ends the trace, before the reader is waited for
                ended = until(lambda: tracer.poll() is not None or tracer.send_signal(number))
                os.kill(int(open("reader.pid", encoding="ascii").read()), signal.SIGKILL)
            expect("%s, %s: a reader that does not end, and %s" % (name, engine, number.name), ended and tracer.returncode in (0, -number), tracer.returncode)
            os.unlink("reader.out")


TIMER = -2  # SI_TIMER


def forged(engine):
    """A timer's signal that somebody else sent, with a pointer to nothing."""
    beat = Beat("forged-" + engine)
    beat.trace("--engine", engine)
    info = struct.pack("iiiiiiQ", signal.SIGRTMIN + 3, 0, TIMER, 0, 0, 0, 0x123456789).ljust(128, b"\0")
    libc = ctypes.CDLL(None, use_errno=True)
    pid = beat.tracers[0][1].pid
    sent = [libc.syscall(129, pid, signal.SIGRTMIN + 3, info) for _ in range(3)]  # rt_sigqueueinfo
    sizes, said, status = beat.end()
    expect("%s: a forged timer" % engine, sent == [0] * 3 and sizes[0] and beat.tracers[0][1].returncode in (0, -signal.SIGINT) and status == 5,
           (sent, ctypes.get_errno(), sizes, said, beat.tracers[0][1].returncode, status))


def refuse_filters():
    """In the child: seccomp() fails from now on."""
    load, jump, give, allow, refuse = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050000 | 22  # EINVAL
    code = b"".join(struct.pack("HBBI", *i) for i in ((load, 0, 0, 0), (jump, 0, 1, 317), (give, 0, 0, refuse), (give, 0, 0, allow)))
    libc, program = ctypes.CDLL(None), ctypes.create_string_buffer(code)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    libc.prctl(22, 2, struct.pack("HxxxxxxQ", 4, ctypes.addressof(program)), 0, 0)  # PR_SET_SECCOMP


def unfiltered():
    """--seccomp-bpf where no filter can be set: all is shown, and that there was none is said."""
    for words in (["trace", "--engine", "ptrace"], ["strace", "-f"]):
        done = run("sonde", *words, "--seccomp-bpf", "-e", "execve", "sh", "-c", "true; env true", preexec_fn=refuse_filters, timeout=PATIENCE_S)
        expect("%s: --seccomp-bpf without filters" % words[0], done.stderr.count("execve(") >= 2 and "seccomp filter is requested but unavailable" in done.stderr, done)


class Beat:
    """The program that notices harm, and its sondes."""

    def __init__(self, name):
        self.name = name
        self.process = subprocess.Popen([BEAT, name, "2"])
        self.tracers = []
        until(lambda: os.path.exists(name) and os.path.getsize(name) == 512)

    def trace(self, *options):
        out = "%s.%d" % (self.name, len(self.tracers))
        self.tracers.append((out, subprocess.Popen(["sonde", "trace", *options, "-o", out, "-p", str(self.process.pid)], stderr=subprocess.PIPE, text=True)))
        return until(lambda: os.path.exists(out) and os.path.getsize(out) > 0 or self.tracers[-1][1].poll() is not None)

    def end(self):
        """(what its tracers saw, its own status)."""
        for _, tracer in self.tracers:
            if tracer.poll() is None:
                tracer.send_signal(signal.SIGINT)
        said = [tracer.communicate(timeout=PATIENCE_S)[1] for _, tracer in self.tracers]
        self.process.terminate()
        sizes = [os.path.getsize(out) if os.path.exists(out) else 0 for out, _ in self.tracers]
        return sizes, said, self.process.wait(60)


def unread(engine):
    """Output that nobody takes any more: the tracer ends, who was attached to goes on."""
    beat = Beat("unread-" + engine)
    done = run("sh", "-c", "sonde trace --engine %s -p %d 2>&1 | head -3" % (engine, beat.process.pid), timeout=PATIENCE_S)
    expect("%s: its reader ends, the program goes on" % engine, done.stdout.count("\n") == 3 and beat.end()[2] == 5, done)


def company(those):
    beat = Beat("several")
    for engine in ["bpf", "bpf", "bpf", "ptrace"] if "bpf" in those else ["ptrace"]:
        beat.trace("--engine", engine)
    beat.trace("--engine", "ptrace")  # has no place any more
    tracer = beat.tracers[-2][1].pid
    refused = run("sonde", "strace", "-p", str(beat.process.pid), timeout=PATIENCE_S)
    expect("and sonde strace in strace's words", refused.returncode == 1 and
           refused.stderr.endswith(f"strace: Process {beat.process.pid} is already being traced by pid {tracer}\n"), refused.stderr)
    sizes, said, status = beat.end()
    expect("several sondes on one process; only one by ptrace, and the other one says why", all(sizes[:-1]) and sizes[-1] == 0 and status == 5 and
           "traces it already" in said[-1], (sizes, said, status))
    if shutil.which("gdb"):
        beat = Beat("debugged")
        for engine in those:
            beat.trace("--engine", engine)
            done = run("gdb", "-p", str(beat.process.pid), "-batch", "-ex", "detach", timeout=PATIENCE_S)
            expect("%s: gdb meanwhile" % engine, ("not permitted" in done.stderr) == (engine == "ptrace"), done.stderr[-300:])
        sizes, said, status = beat.end()
        expect("gdb meanwhile: the program goes on", all(sizes) and status == 5, (sizes, said, status))
    for outer in those:
        for inner in those:
            done = run("sonde", "trace", "--engine", outer, "-q", "-o", "outer.out", "sonde", "trace", "--engine", inner, "-e", "execve", "true", timeout=PATIENCE_S,
                       env=NO_LEAKS)
            ok = "+++ exited with 0 +++" in done.stderr and done.returncode == 0
            if outer == inner == "ptrace":  # the outer one follows into the program, and has it
                ok = "ptrace(PTRACE_SEIZE" in done.stderr and "traces sonde itself" in done.stderr and done.returncode == 1
            expect("%s: a sonde that traces by %s" % (outer, inner), ok, (done.returncode, done.stderr[-500:]))
    done = run("sonde", "trace", "--engine", "ptrace", "-q", "-o", "outer.out", "sonde", "trace", "-Y", "true", timeout=PATIENCE_S, env=NO_LEAKS)
    expect("a sonde that has to trace by ptrace isn't told to do otherwise", "traces sonde itself, and" in done.stderr and done.returncode == 1, done)


def main():
    with open("no-shebang", "w", encoding="ascii") as f:
        f.write("echo ran\n")
    with open("elf", "wb") as f:
        f.write(b"\177ELF")
    shutil.copy("/bin/true", "e\033[31m\nx")
    for name in ("no-shebang", "elf"):
        os.chmod(name, 0o755)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    those = engines()
    for engine in those:
        words(engine)
        limits(engine)
        thread(engine)
        short(engine)
        unread(engine)
        reader(engine)
        if os.uname().machine == "x86_64" and engine == "ptrace":
            forged(engine)
    strace_words()
    if os.uname().machine == "x86_64":
        unfiltered()
    company(those)
    return result()


if __name__ == "__main__":
    sys.exit(main())
