#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# A traced program behaves as without us: one program does all that a tracer could spoil, and says what
# came of it; bare and under the ptrace engine (all calls, a filter, a set of calls) it says the same.
# Then tampering, line for line as strace does it.
# needs: strace
# timeout: 120
import difflib
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import termios

from lib.check import expect, outcome, result, skip
from lib.engines import why_no_bpf

PROGRAM = r"""
import ctypes, os, signal, subprocess, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
def say(*words): print(*words, flush=True)
def child(body):
    pid = os.fork()
    if pid == 0:
        try: body()
        finally: os._exit(9)
    return pid
def status_of(pid): return os.waitpid(pid, 0)[1]

# killed, and by what
say("killed", status_of(child(lambda: os.kill(os.getpid(), signal.SIGKILL))))
say("ended", status_of(child(lambda: os._exit(7))))
# stopped by itself, seen stopped, told to go on, seen to go on
for number in (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN):
    go_on = os.pipe() # an end would hide that it went on
    def stop():
        os.setpgid(0, 0) # in an orphaned group SIGTSTP stops nobody
        os.kill(os.getpid(), number)
        os.read(go_on[0], 1)
        os._exit(3)
    pid = child(stop)
    seen = os.waitpid(pid, os.WUNTRACED)[1]
    os.kill(pid, signal.SIGCONT)
    continued = os.waitpid(pid, os.WCONTINUED)[1] == 0xffff
    os.write(go_on[1], b"x")
    say("stopped", os.WIFSTOPPED(seen), os.WSTOPSIG(seen), continued, status_of(pid))
# a call that a stop interrupts is restarted, and still takes its time
def sleeper():
    start = time.monotonic()
    ts = (ctypes.c_long * 2)(1, 0)
    done = libc.nanosleep(ts, None)
    os._exit(0 if done == 0 and time.monotonic() - start >= 1 else 1)
pid = child(sleeper)
while open("/proc/%d/stat" % pid).read().rpartition(")")[2].split()[0] not in "SZ": time.sleep(0.005)
os.kill(pid, signal.SIGSTOP)
status = os.waitpid(pid, os.WUNTRACED)[1]
if os.WIFSTOPPED(status): # else the machine is so busy that it has ended by now
    os.kill(pid, signal.SIGCONT)
    status = status_of(pid)
say("restarted", status)
# a handler interrupts pause() (ERESTARTNOHAND) and not read() with SA_RESTART
def pauser():
    hit = []
    signal.signal(signal.SIGALRM, lambda *a: hit.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05) # the first may come before pause()
    done, errno = libc.pause(), ctypes.get_errno()
    os._exit(0 if done == -1 and errno == 4 and hit else 1)
say("pause", status_of(child(pauser)))
# signals with their information
def queued():
    got = signal.sigwaitinfo([signal.SIGUSR1])
    os._exit(0 if got.si_pid == os.getppid() and got.si_code == 0 else 1)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
pid = child(queued)
os.kill(pid, signal.SIGUSR1)
say("siginfo", status_of(pid))
# exec, from the first thread and from another one
say("exec", subprocess.run([sys.executable, "-c", "print('in exec')"], capture_output=True, text=True).stdout.strip())
def threads():
    for i in range(3): threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
    threading.Thread(target=lambda: os.execv("/bin/sh", ["sh", "-c", "exit 5"])).start()
    time.sleep(30)
say("exec in a thread", status_of(child(threads)))
# the first thread ends before the others
def leaderless():
    threading.Thread(target=lambda: (time.sleep(0.1), os._exit(6))).start()
    libc.syscall(60, 0)
say("first thread gone", status_of(child(leaderless)))
say("vfork", [subprocess.run(["/bin/true"], close_fds=False).returncode for i in range(5)])
# credentials
def drop():
    os.setgid(65534); os.setuid(65534)
    os._exit(0 if os.getresuid() == (65534,) * 3 and not os.access("/root/x", os.W_OK) else 1)
say("credentials", status_of(child(drop)) if os.geteuid() == 0 else "not root")
# a filter of its own: getppid fails with EDOM
def filtered():
    class Insn(ctypes.Structure): _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]
    class Prog(ctypes.Structure): _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.POINTER(Insn))]
    insns = (Insn * 4)(Insn(0x20, 0, 0, 0), Insn(0x15, 0, 1, 110), Insn(0x06, 0, 0, 0x50000 | 33), Insn(0x06, 0, 0, 0x7fff0000))
    libc.prctl(38, 1, 0, 0, 0)
    libc.prctl(22, 2, ctypes.byref(Prog(4, insns)), 0, 0)
    done, errno = libc.syscall(110), ctypes.get_errno()
    os._exit(0 if done == -1 and errno == 33 else 1)
say("seccomp", status_of(child(filtered)) if os.uname().machine == "x86_64" else 0)
done = subprocess.run(["unshare", "-Ur", "id", "-u"], capture_output=True, text=True)
say("user namespace", done.returncode, done.stdout.strip())
say("32 bit", subprocess.run(["setarch", "linux32", "uname", "-m"], capture_output=True, text=True).stdout.strip())
say("personality", subprocess.run(["setarch", "-R", "cat", "/proc/self/personality"], capture_output=True, text=True).stdout.strip())
say("affinity", len(os.sched_getaffinity(0)), "dumpable", libc.prctl(3, 0, 0, 0, 0), "no new privileges", libc.prctl(39, 0, 0, 0, 0))
say("blocked", sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])), "ignored", [n for n in range(1, 32) if signal.getsignal(n) == signal.SIG_IGN])
sys.exit(4)
"""
# Where nobody else traces it, by ptrace.
TRACER = r"""
def traced():
    libc.ptrace(0, 0, None, None)
    os.kill(os.getpid(), signal.SIGSTOP)
    os._exit(8)
pid = child(traced)
stopped = status_of(pid)
libc.ptrace(7, pid, None, None)
say("ptrace", os.WIFSTOPPED(stopped) and os.WSTOPSIG(stopped), status_of(pid))
sys.exit(4)
"""
# strace's options, the program
TAMPERING = [
    (["-e", "trace=chdir", "-e", "inject=chdir:error=ENOSPC:when=2+2"], "cd /; cd /; cd /; cd /"),
    (["-e", "trace=chdir", "-e", "inject=chdir:retval=0:when=1"], "cd /nonexistent; cd /nonexistent"),
    (["-e", "trace=chdir,exit_group", "-e", "inject=chdir:signal=USR1"], "trap 'exit 3' USR1; cd /"),
    (["-e", "trace=chdir", "-e", "inject=chdir:delay_enter=3ms:delay_exit=2000"], "cd /"),
    (["-e", "trace=chdir", "-e", "inject=chdir:poke_enter=@arg1=2f7400"], "cd /root"),
    (["-e", "trace=getcwd", "-e", "inject=getcwd:poke_exit=@arg1=2f71"], "/bin/pwd"),
    (["-e", "trace=chdir", "-e", "inject=chdir:syscall=getpid:error=EIO"], "cd /"),
    (["-e", "trace=chdir", "-e", "fault=chdir:error=einval"], "cd /"),
    (["-e", "trace=chdir", "-e", "inject=chdir:error=EIO:when=2..3"], "cd /; cd /; cd /; cd /"),
]
SOCKETS = """
import ctypes, os, socket, struct
libc = ctypes.CDLL(None)
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
os.dup2(a.fileno(), 9); os.dup2(b.fileno(), 8)
a, b = socket.socket(fileno=9), socket.socket(fileno=8)
a.sendmsg([b"one", b"three"]); b.recvmsg(64)
a.send(b"seventeen letters"); b.recv(4)
text = ctypes.create_string_buffer(b"hello")
iov = ctypes.create_string_buffer(struct.pack("PN", ctypes.addressof(text), 5))
head = ctypes.create_string_buffer(struct.pack("PIxxxxPNPNixxxxIxxxx", 0, 0, ctypes.addressof(iov), 1, 0, 0, 0, 0))
libc.sendmmsg(9, head, 1, 0); libc.recvmmsg(8, head, 1, 0, None)
libc.write(5, text, 5)
"""
# dumps, and what -P matches
OPTIONS = [
    (["-e", "trace=write", "-e", "write=1"], ["sh", "-c", "printf 0123456789abcdefX"]),
    (["-e", "trace=read", "-e", "read=0"], ["cat", "/dev/stdin"]),
    (["-e", "trace=desc,file", "-P", "/dev/full"], ["sh", "-c", "exec 7> /dev/full; test -e /dev/full; true <&7"]),
    (["-e", "trace=write,sendmsg,recvmsg,sendto,recvfrom,sendmmsg,recvmmsg", "-e", "write=9,5", "-e", "read=8"], [sys.executable, "-c", SOCKETS]),
]
REFUSED = ["inject=chdir:when=0", "inject=chdir:error=1:error=2", "inject=chdir:syscall=chdir", "inject=chdir:syscall=getpid", "inject=nosuch:error=1",
           "fault=chdir:delay_enter=1", "inject=chdir:poke_enter=@arg1=0", "inject=chdir:signal=0"]


def behaviour():
    program = ["/usr/bin/python3", "-c", PROGRAM]
    bare = outcome(*program)
    expect("bare: %d lines" % len(bare[1].splitlines()), bare[0] == 4, bare)
    for name, words in [("all calls", ["sonde", "strace", "-f", "-o", "all"]), ("some calls", ["sonde", "strace", "-f", "-e", "openat", "-o", "some"]),
                        ("a filter", ["sonde", "strace", "-f", "--seccomp-bpf", "-e", "openat", "-o", "filter"]),
                        ("sonde trace", ["sonde", "trace", "--engine", "ptrace", "-y", "-Y", "-o", "own"])]:
        traced = outcome(*words, *program)
        diff = "\n".join(difflib.unified_diff(bare[1].splitlines(), traced[1].splitlines(), lineterm=""))
        expect("%s: as bare" % name, traced[:2] == bare[:2], diff + traced[2])
    program[2] = PROGRAM.replace("sys.exit(4)", "") + TRACER
    bare, traced = outcome(*program), outcome("sonde", "trace", "--engine", "bpf", "-k", "-yy", "-o", "bpf", *program)
    if not why_no_bpf():
        expect("bpf: as bare, ptrace too", "ptrace 19 2048" in bare[1] and traced[:2] == bare[:2], "\n".join(difflib.unified_diff(bare[1].splitlines(), traced[1].splitlines(), lineterm="")) + traced[2])
    with open("all", encoding="utf-8", errors="replace") as f:
        text = f.read()
    for what in ("? ERESTARTNOHAND (To be restarted if no handler)", "--- stopped by SIGTSTP ---", "+++ superseded by execve in pid ",
                 "restart_syscall(<... resuming interrupted ", "+++ killed by SIGKILL +++"):
        expect("shown: " + what, what in text)


def lines(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return [re.sub(r"0x7ff[0-9a-f]{9}", "STACK", re.sub(r"si_pid=\d+", "si_pid=P", line.rstrip())) for line in f]


def tampering():
    for options, script in TAMPERING:
        ours = outcome("sonde", "strace", "-o", "ours", *options, "sh", "-c", script)
        theirs = outcome("strace", "-o", "theirs", *options, "sh", "-c", script)
        expect("tampering: " + options[-1], (ours[0], ours[1], lines("ours")) == (theirs[0], theirs[1], lines("theirs")),
               "\n".join(lines("theirs") + ["-- ours"] + lines("ours")))
    for options, program in OPTIONS:
        ours, theirs = outcome("sonde", "strace", "-o", "ours", *options, *program), outcome("strace", "-o", "theirs", *options, *program)
        expect("options: " + options[-1], ours == theirs and lines("ours") == lines("theirs") and len(lines("ours")) > 1,
               "\n".join(lines("theirs") + ["-- ours"] + lines("ours")))
    # on one terminal: a line stands before what the program writes next, also when that is not traced
    for words in [["-e", "fault=chdir", "-e", "trace=chdir", "sh", "-c", "cd / ; cd /"], ["-e", "trace=write", "sh", "-c", "echo one >&2; echo two >&2"]]:
        ours, theirs = outcome("sonde", "strace", *words), outcome("strace", *words)
        expect("the order of lines: " + words[1], ours == theirs, (ours, theirs))
    for expression in REFUSED:
        ours, theirs = outcome("sonde", "strace", "-e", expression, "true"), outcome("strace", "-e", expression, "true")
        expect("refused: " + expression, ours[0] == theirs[0] == 1 and
               ours[2].split(": ", 1)[1] == theirs[2].split(": ", 1)[1], (ours, theirs))


def in_background(engine):
    """pty's child: a trace in the background of its terminal, with tostop; has it ended, or was it stopped?"""
    settings = termios.tcgetattr(2)
    settings[3] |= termios.TOSTOP
    termios.tcsetattr(2, termios.TCSANOW, settings)
    with subprocess.Popen(["sonde", "trace", "--engine", engine, "-e", "trace=exit_group", "true"], preexec_fn=os.setpgrp) as p:
        status = os.waitpid(p.pid, os.WUNTRACED)[1]
        if os.WIFSTOPPED(status):
            os.killpg(p.pid, signal.SIGKILL)
        os._exit(0 if status == 0 else 1)


def background():
    for engine in ["ptrace"] if why_no_bpf() else ["bpf", "ptrace"]:
        pid, fd = pty.fork()
        if pid == 0:
            in_background(engine)
        said = b""
        try:
            while more := os.read(fd, 4096):
                said += more
        except OSError:  # its other end is closed
            pass
        os.close(fd)
        expect("%s: lines in the background of a terminal with tostop" % engine, os.waitpid(pid, 0)[1] == 0 and b"exit_group(0)" in said, said)


def colours():
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.pop("NO_COLOR", None)
        os.environ["TERM"] = "xterm"
        os.execvp("sonde", ["sonde", "trace", "--engine", "ptrace", "-e", "trace=exit_group", "true"])
    said = b""
    try:
        while more := os.read(fd, 4096):
            said += more
    except OSError:
        pass
    os.close(fd)
    expect("lines on a terminal have colours", os.waitpid(pid, 0)[1] == 0 and b"\033[33mexit_group\033[0m(" in said, said)


def main():
    if not shutil.which("strace"):
        skip("strace is missing")
    behaviour()
    tampering()
    background()
    colours()
    return result()


if __name__ == "__main__":
    sys.exit(main())
