#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: strace
# What both engines have to see as strace does: how programs are stopped and ended, netlink messages without
# -y, descriptors that are handed over, and that nobody reads any more.
# timeout: 100
import os
import re
import shutil
import signal
import subprocess
import sys

from lib.check import PATIENCE_S, expect, result, until
from lib.engines import engines

PYTHON = "/usr/bin/python3"
ENDS = """
import os, signal, sys
signal.signal(signal.SIGUSR1, lambda *a: None)
def child(body):
    pid = os.fork()
    if pid == 0:
        body(); os._exit(9)
    return os.waitpid(pid, os.WUNTRACED)[1], pid
for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM, signal.SIGALRM, signal.SIGKILL, signal.SIGUSR1, signal.SIGWINCH):
    child(lambda: (os.kill(os.getpid(), number), os.getppid()))
for number in (signal.SIGSTOP, signal.SIGTSTP):
    status, pid = child(lambda: (os.setpgid(0, 0), os.kill(os.getpid(), number)))
    os.kill(pid, signal.SIGCONT); os.waitpid(pid, 0)
r, w = os.pipe()
pid = os.fork()
if pid == 0:
    os.read(r, 1)
os.kill(pid, signal.SIGTERM); os.waitpid(pid, 0)
"""
NETLINK = """
import socket, struct
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
s.send(struct.pack('=IHHII', 32, 18, 0x301, 1, 0) + struct.pack('=BBHiII', 0, 0, 0, 0, 0, 0))
s.recv(65536)
a, b = socket.socketpair(); socket.send_fds(a, [b'fd'], [s.fileno()]); socket.recv_fds(b, 10, 1)
"""
SOCKETCALLS = r"""
#define _GNU_SOURCE
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
static long call32(long nr, long a, long b, long c)
{
    long r;
    __asm__ volatile("int $0x80" : "=a"(r) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
    return (int)r;
}
static long call32x(long nr, long a, long b, long c, long d, long e)
{
    long r;
    __asm__ volatile("int $0x80" : "=a"(r) : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory", "r8", "r9", "r10", "r11");
    return (int)r;
}
int main(void)
{
    uint32_t *m = mmap(0, 65536, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    char *text = (char *)(m + 1000);
    uint32_t lo = (uint32_t)(uintptr_t)m;
    int sv[2];
    m[0] = 1, m[1] = 1, m[2] = 0, m[3] = lo + 400;
    call32(102, 8, lo, 0); /* socketpair */
    sv[0] = (int)m[100], sv[1] = (int)m[101];
    strcpy(text, "hello");
    m[0] = (uint32_t)sv[0], m[1] = lo + 4000, m[2] = 5, m[3] = 0;
    call32(102, 9, lo, 0); /* send */
    m[0] = (uint32_t)sv[1], m[1] = lo + 5000, m[2] = 100, m[3] = 0;
    call32(102, 10, lo, 0); /* recv */
    m[0] = (uint32_t)sv[1], m[1] = 2;
    call32(102, 13, lo, 0); /* shutdown */
    m[0] = (uint32_t)sv[1], m[1] = 0, m[2] = 0;
    call32(102, 5, lo, 0); /* accept */
    call32(102, 99, lo, 0);
    long q = call32x(117, 13, 0, 0x3c0, 0, 0); /* ipc: msgget */
    m[0] = 7, m[1] = 0x616263;
    call32x(117, 11, q, 3, 0, lo); /* msgsnd */
    m[500] = lo + 4096, m[501] = 7;
    call32x(117, 12, q, 100, 0, lo + 2000); /* msgrcv, as glibc does it */
    call32x(117, 14, q, 0, 0, 0); /* msgctl(IPC_RMID) */
    q = call32x(117, 2, 0, 1, 0x3c0, 0); /* semget */
    m[500] = 0x20000, m[501] = 04000;
    call32x(117, 1, q, 1, 0, lo + 2000); /* semop */
    m[502] = 5;
    call32x(117, 3, q, 0, 12, lo + 2008); /* semctl(GETVAL) */
    call32x(117, 3, q, 0, 0, lo + 2008); /* semctl(IPC_RMID) */
    call32x(117, 3, q, 0, 0, 16);
    q = call32x(117, 23, 0, 4096, 0x3c0, 0); /* shmget */
    call32x(117, 21, q, 0, lo + 600, 0); /* shmat */
    call32x(117, 22, 0, 0, 0, m[150]); /* shmdt */
    call32x(117, 24, q, 0, 0, 0); /* shmctl(IPC_RMID) */
    call32(102, 1, 16, 0);
    return 0;
}
"""


def trace(words, program, out):
    done = subprocess.run(words + ["-o", out, PYTHON, "-c", program], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S)
    with open(out, encoding="utf-8", errors="replace") as f:
        return f.read().splitlines(), done.stderr


def children(lines):
    """What each child made of it: its kill() and what came after, in the order in which they were made."""
    own = {}
    for line in lines:
        pid, _, text = line.partition(" ")
        own.setdefault(pid, []).append(re.sub(r" += ", " = ", text.strip()))
    parent = next(pid for pid, text in own.items() if any("SIGCONT) = 0" in t for t in text))
    found = []
    for pid, text in own.items():
        names = {pid: "SELF", parent: "PARENT"}
        text = [re.sub(r"\b\d+\b", lambda m: names.get(m.group(0), m.group(0)), t) for t in text]
        if pid != parent:
            found.append([t for t in text if re.match(r"kill\(|---|\+\+\+", t)])
    return found


def ends(engines):
    wanted = children(trace(["strace", "-f", "-e", "trace=kill,getppid,setpgid"], ENDS, "ends.strace")[0])
    for engine in engines:
        seen = children(trace(["sonde", "trace", "--engine", engine, "-e", "trace=kill,getppid,setpgid"], ENDS, "ends." + engine)[0])
        text = "\n".join(str(pair) for pair in zip(wanted, seen) if pair[0] != pair[1])
        expect("%s: %d ends and stops as strace has them" % (engine, len(wanted)), seen == wanted and len(wanted) == 10, text)


def netlink(engines):
    for engine in engines:
        lines = trace(["sonde", "trace", "--engine", engine, "-e", "%network"], NETLINK, "net." + engine)[0]
        sent = [t for t in lines if "sendto(" in t]
        expect("%s: a message that is sent" % engine, sent and "nlmsg_type=RTM_GETLINK, nlmsg_flags=NLM_F_REQUEST|NLM_F_DUMP" in sent[0], sent)
        got = [t for t in lines if "recvfrom(" in t]
        expect("%s: messages that were received, whole" % engine, got and got[0].count("nlmsg_type=RTM_NEWLINK") >= 1 and "IFLA_IFNAME}, \"lo\"" in got[0], got)
        recorded = subprocess.run(["sonde", "trace", "--engine", engine, "-q", "-yy", "-o", "net-%s.sonde" % engine, PYTHON, "-c", NETLINK],
                                  capture_output=True, text=True, timeout=PATIENCE_S)
        text = subprocess.run(["sonde", "trace", "net-%s.sonde" % engine, "-e", "%network", "-y"], capture_output=True, text=True, timeout=PATIENCE_S)
        expect("%s: a recording has them" % engine, "nlmsg_type=RTM_GETLINK" in text.stdout and "IFLA_IFNAME}, \"lo\"" in text.stdout, recorded.stderr)
        passed = re.findall(r"SCM_RIGHTS, cmsg_data=\[\d+<([^>]*)>", text.stdout)
        expect("%s: descriptors that are handed over have names" % engine, len(passed) == 2 and all("NETLINK:[ROUTE" in p for p in passed) and not text.stderr, (passed, text.stderr))


def unread(engines):
    """After the first line nothing is written for a long time."""
    for engine in engines:
        tracer = subprocess.Popen(["sonde", "trace", "--engine", engine, "-e", "trace=chdir", "sh", "-c", "cd /; exec sleep 60"],
                                  stderr=subprocess.PIPE, text=True)
        first = tracer.stderr.readline()
        tracer.stderr.close()
        expect("%s: ends with its reader" % engine, "chdir(" in first and tracer.wait(timeout=PATIENCE_S) == -13, (first, tracer.returncode))


def unknown(engines):
    """A call that the tables don't know, but the kernel does, has a name from its second time on."""
    if not os.path.exists("/sys/kernel/tracing/events/syscalls/sys_enter_openat/format"):
        print("skip  no tracepoints of system calls")
        return
    program = "import sys, time\nend = time.time() + 20\nwhile time.time() < end and ' openat(AT_FDCWD, \"' not in open(sys.argv[1]).read(): time.sleep(0.01)"
    for engine in engines:
        out = "new." + engine
        subprocess.run(["sonde", "trace", "--engine", engine, "-e", "openat", "-o", out, PYTHON, "-c", program, out],
                       env=dict(os.environ, SONDE_TEST_UNKNOWN="openat"), capture_output=True, text=True, timeout=PATIENCE_S)
        with open(out, encoding="utf-8", errors="replace") as f:
            lines = [t.split(" ", 1)[1].strip() for t in f.read().splitlines() if "+++" not in t]
        named = next((i for i, t in enumerate(lines) if t.startswith("openat(")), len(lines))
        expect("%s: a call that is not in the tables" % engine, re.match(r"syscall_0x101\(|openat\(AT_FDCWD, 0x", lines[0]) and named < len(lines), lines)
        expect("%s: ... keeps the name that it was given" % engine, all(t.startswith("openat(AT_FDCWD, ") for t in lines[named:]), lines[-5:])
        expect("%s: ... and has its path and flags" % engine, re.match(r'openat\(AT_FDCWD, "/?[^"]+", 0x80000, 000\) += \d+$', lines[-1]), lines[-5:])


def socketcalls(engines):
    """A 32-bit program's socketcall() and ipc() are the calls that they stand for."""
    if os.uname().machine != "x86_64" or not shutil.which("gcc"):
        print("skip  socketcall: no x86-64, or no gcc")
        return
    with open("i386.c", "w", encoding="ascii") as f:
        f.write(SOCKETCALLS)
    subprocess.run(["gcc", "-o", "i386", "i386.c"], check=True)

    def lines(*words):
        subprocess.run([*words, "-o", "i386.out", "./i386"], stderr=subprocess.DEVNULL, check=True, timeout=PATIENCE_S)
        with open("i386.out", encoding="utf-8") as f:
            text = f.read()
        noise = r"^\d+ +|0x\w+000|(?<=(?:msg|sem|shm)...\()\d+|(?<=semop\()\d+|(?<=shmat\()\d+|(?<=0700\) = )\d+"
        return [re.sub(noise, "", re.sub(r" += ", " = ", t)) for t in text[text.find("MAP_32BIT"):].splitlines()[1:]]
    wanted = lines("strace")
    if not any("socketpair(" in t for t in wanted):
        print("skip  socketcall: this kernel runs no 32-bit calls")
        return
    for engine in engines:
        seen = lines("sonde", "trace", "--engine", engine)
        expect("%s: socketcall() and ipc() are %d calls" % (engine, len(wanted) - 4), seen == wanted, "\n".join(wanted + ["-- ours"] + seen))
        seen = lines("sonde", "trace", "--engine", engine, "--seccomp-bpf", "-e", "trace=send,mmap")
        expect("%s: ... that can be chosen" % engine, seen[0].startswith("send(") and len(seen) == 2, seen)
        seen = lines("sonde", "trace", "--engine", engine, "--seccomp-bpf", "-T", "-e", "trace=send,mmap")
        expect("%s: how long it took, if that is known" % engine, re.search(r" = 5 <(0\.\d{6}|\?)>$", seen[0]), seen)
        seen = lines("sonde", "trace", "--engine", engine, "--seccomp-bpf", "-e", "trace=shmat,semop,mmap")
        expect("%s: ... those of ipc(), too" % engine, [t[:6] for t in seen] == ["semop(", "shmat(", "+++ ex"], seen)


OLD_CALLS = r"""
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
static void call32(long nr, long a, long b)
{
    long r;
    __asm__ volatile("int $0x80" : "=a"(r) : "a"(nr), "b"(a), "c"(b) : "memory", "r8", "r9", "r10", "r11");
}
int main(void)
{
    uint32_t *m = mmap(0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0), lo = (uint32_t)(uintptr_t)m;
    dup2(open("/dev/zero", O_RDONLY), 9);
    m[0] = 1, m[1] = 4096, m[2] = 0, m[3] = 0, m[4] = 9, m[5] = 1;
    call32(90, lo, 0);
    m[0] = 10, m[1] = lo + 100, m[2] = m[3] = 0, m[4] = lo + 200, m[25] = 1 << 9;
    call32(82, lo, 0);
    m[0] = 9, m[1] = 5;
    call32(102, 4, lo);
    return 0;
}
"""


def old_calls():
    """i386's oldest calls, whose arguments lie in memory, are found by -P; -n shows the number that the kernel was given."""
    if os.uname().machine != "x86_64" or not shutil.which("gcc"):
        return
    with open("old.c", "w", encoding="ascii") as f:
        f.write(OLD_CALLS)
    subprocess.run(["gcc", "-o", "old", "old.c"], check=True)
    p = subprocess.run(["sonde", "strace", "-n", "-P", "/dev/zero", "-e", "trace=mmap,select,listen", "./old"],
                       capture_output=True, text=True, timeout=PATIENCE_S)
    seen = [re.sub(r" += ", " = ", t) for t in p.stderr.splitlines()]
    if not any("32 bit" in t for t in seen):
        print("skip  old calls: this kernel runs no 32-bit calls")
        return
    expect("sonde strace -n -P: i386's oldest calls, and where they begin", [re.sub("PID=\\d+", "PID=N", t) for t in seen[1:4]] == [
        "[  90] mmap(0x1, 4096, PROT_NONE, MAP_FILE, 9, 0x1) = -1 EINVAL (Invalid argument)",
        "[  82] select(10, [9], NULL, NULL, {tv_sec=0, tv_usec=0}) = 1 (in [9], left {tv_sec=0, tv_usec=0})",
        "[ 102] listen(9, 5) = -1 ENOTSOCK (Socket operation on non-socket)"] and
        re.fullmatch(r"\[ +\d+\] \[ Process PID=\d+ runs in 32 bit mode. \]", seen[0]), seen)


REFUSED = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
static char one[] = "/tmp", two[] = "/usr"; /* written to, so that their page is there */
static int load(long number, unsigned action, unsigned flags)
{
    struct sock_filter f[] = { { BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr) },
        { BPF_JMP | BPF_JEQ | BPF_K, 0, 1, (unsigned)number }, { BPF_RET | BPF_K, 0, 0, action },
        { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW } };
    struct sock_fprog p = { 4, f };
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &p);
}
static void handle(int number) { (void)number; }
static void both(void) { one[0] = two[0] = '/'; (void)!chdir(one); (void)!chdir(two); }
static void fails(void) { load(SYS_chdir, SECCOMP_RET_ERRNO | EPERM, 0); both(); if (fork() == 0) { both(); _exit(0); } wait(NULL); }
static void pretends(void) { load(SYS_chdir, SECCOMP_RET_ERRNO, 0); both(); }
static void traps(void) { signal(SIGSYS, handle); load(SYS_chdir, SECCOMP_RET_TRAP, 0); both(); }
static void dies_of_trap(void) { load(SYS_chdir, SECCOMP_RET_TRAP, 0); both(); }
static void asks_tracer(void) { load(SYS_chdir, SECCOMP_RET_TRACE, 0); both(); }
static void kills(void) { load(SYS_chdir, SECCOMP_RET_KILL_PROCESS, 0); both(); }
static void strict(void) { one[0] = '/'; prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT); (void)!chdir(one); }
static void *ends_alone(void *x)
{
    load(SYS_chdir, SECCOMP_RET_ERRNO | EACCES, 0), load(SYS_umask, SECCOMP_RET_KILL_THREAD, 0);
    both(); /* refused, and then a call that isn't */
    getppid(), umask(0123);
    return x;
}
static void kills_thread(void) { pthread_t t; pthread_create(&t, NULL, ends_alone, NULL); pthread_join(t, NULL); both(); }
static void *answers(void *fd)
{
    struct seccomp_notif asked;
    struct seccomp_notif_resp answer;
    for (int i = 0; i < 2; i++) {
        memset(&asked, 0, sizeof(asked)), memset(&answer, 0, sizeof(answer));
        ioctl(*(int *)fd, SECCOMP_IOCTL_NOTIF_RECV, &asked);
        answer.id = asked.id;
        answer.error = i ? 0 : -EXDEV, answer.flags = i ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
        ioctl(*(int *)fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
    return NULL;
}
static void is_answered(void)
{
    pthread_t t;
    int fd = load(SYS_chdir, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
    pthread_create(&t, NULL, answers, &fd);
    both();
    pthread_join(t, NULL);
}
int main(void)
{
    void (*all[])(void) = { fails, pretends, traps, dies_of_trap, asks_tracer, kills, strict, kills_thread, is_answered };
    for (unsigned i = 0; i < sizeof(all) / sizeof(*all); i++) {
        if (fork() == 0) { all[i](); _exit(0); }
        wait(NULL);
    }
    return 0;
}
"""


def refused(engines):
    """Calls that a seccomp filter refuses, or that end their thread."""
    if not shutil.which("gcc"):
        print("skip  refused calls: no gcc")
        return
    with open("refused.c", "w", encoding="ascii") as f:
        f.write(REFUSED)
    subprocess.run(["gcc", "-O1", "-o", "refused", "refused.c", "-pthread"], check=True)

    def lines(*words, calls="chdir,umask"):
        subprocess.run([*words, "-e", "trace=" + calls, "-o", "refused.out", "./refused"], stderr=subprocess.DEVNULL, check=True, timeout=PATIENCE_S)
        with open("refused.out", encoding="utf-8") as f:
            text = [re.sub(r" += ", " = ", re.sub(r"si_call_addr=\w+", "", t.strip())) for t in f]
        own = {}
        for t in text:
            if "SIGCHLD" not in t:
                own.setdefault(t.split()[0], []).append(t.split(" ", 1)[1].strip())
        return list(own.values())
    wanted = lines("strace", "-f")
    for engine in engines:
        seen = lines("sonde", "trace", "--engine", engine)
        text = "\n".join(str(pair) for pair in zip(wanted, seen) if pair[0] != pair[1])
        expect("%s: calls that seccomp refuses, as strace has them" % engine, sorted(seen) == sorted(wanted) and len(wanted) >= 12, text)
        seen = lines("sonde", "trace", "--engine", engine, calls="fork,vfork,clone,clone3")
        expect("%s: no call of a new thread's first return" % engine, any(re.search(r"clone3?\(.* = \d+$", t) for own in seen for t in own) and
               not any(t.endswith(") = 0") for own in seen for t in own), seen)


STOPPED = """
import os, signal, subprocess
sleeper = subprocess.Popen(["sleep", "1000"])
def wait_until(state):
    while open("/proc/%d/stat" % sleeper.pid).read().rpartition(")")[2].split()[0] != state: os.sched_yield()
wait_until("S")
sleeper.send_signal(signal.SIGSTOP); os.waitpid(sleeper.pid, os.WUNTRACED)
sleeper.send_signal(signal.SIGCONT); wait_until("S")
sleeper.kill(); sleeper.wait()
"""


def restarted(engines):
    """What goes on behind a stop is said, live and from a recording."""
    def goes_on(text):
        return re.findall(r"restart_syscall\((<\.\.\. .*? \.\.\.>)", text)
    for engine in engines:
        lines = trace(["sonde", "trace", "--engine", engine], STOPPED, "stopped." + engine)[0]
        subprocess.run(["sonde", "trace", "--engine", engine, "-q", "-o", "stopped-%s.sonde" % engine, PYTHON, "-c", STOPPED], timeout=PATIENCE_S)
        again = subprocess.run(["sonde", "trace", "stopped-%s.sonde" % engine], capture_output=True, text=True, timeout=PATIENCE_S).stdout
        expect("%s: what a stop interrupted goes on" % engine, goes_on("\n".join(lines)) == goes_on(again) == ["<... resuming interrupted clock_nanosleep ...>"],
               (goes_on("\n".join(lines)), goes_on(again)))


def state_of(pid):
    with open("/proc/%d/stat" % pid, encoding="ascii") as f:
        return f.read().rpartition(")")[2].split()[0]


def stopped_before(engines):
    """What was stopped when it was attached to, also where its parent knows: by which signal, and that it goes on."""
    def lines(number, *words):
        out = "before.out"
        sleeper = subprocess.Popen(["sleep", "1000"], preexec_fn=os.setpgrp)  # a terminal's stops are nothing to an orphaned group
        until(lambda: open("/proc/%d/syscall" % sleeper.pid, encoding="ascii").read().split()[0] not in ("running", "-1"))
        sleeper.send_signal(number)
        os.waitpid(sleeper.pid, os.WUNTRACED)
        tracer = subprocess.Popen([*words, "-o", out, "-p", str(sleeper.pid)], stderr=subprocess.DEVNULL)
        until(lambda: os.path.exists(out) and "stopped by" in open(out, encoding="utf-8").read())
        for number in signal.SIGCONT, signal.SIGTERM:
            before = os.path.getsize(out)
            sleeper.send_signal(number)
            until(lambda: os.path.getsize(out) > before)
            if number == signal.SIGCONT:
                until(lambda: state_of(sleeper.pid) == "S")
        sleeper.wait()
        tracer.wait(timeout=PATIENCE_S)
        with open(out, encoding="utf-8") as f:
            text = [re.sub(r"si_pid=\d+|^\d+ +", "", re.sub(r" += ", " = ", t.strip())) for t in f]
        os.unlink(out)
        return [re.sub(r"interrupted .* \.\.\.>", "", t) for t in text]
    calls = "-e", "trace=clock_nanosleep,restart_syscall"
    for number in signal.SIGSTOP, signal.SIGTTIN:
        wanted = lines(number, "strace", "-f", *calls)
        for engine in engines:
            seen = lines(number, "sonde", "trace", "--engine", engine, *calls)
            expect("%s: stopped by %s when it was attached to" % (engine, number.name), seen == wanted and "stopped by" in seen[0], (seen, wanted))


HOSTILE = """
#include <sys/prctl.h>
#include <unistd.h>
int main(void) { prctl(PR_SET_NAME, "\\033[31mR\\nX\\007\\233"); return write(1, "hi\\n", 3) != 3; }
"""


def names(engines):
    """Names that would steer a terminal, processes that can't be attached to, and standard files that are closed."""
    def sonde(*words, **more):
        return subprocess.run(["sonde", *words], capture_output=True, timeout=PATIENCE_S, **more)
    if shutil.which("gcc"):
        with open("hostile.c", "w", encoding="ascii") as f:
            f.write(HOSTILE)
        program = "./es\033[36m\nc"
        subprocess.run(["gcc", "-o", program, "hostile.c"], check=True)
        for engine in engines:
            text = sonde("trace", "--engine", engine, "-k", "-e", "write", program).stderr
            expect("%s: a path in a stack" % engine, b"\033" not in text and rb"es\33[36m\nc(" in text or b"no stacks" in text, text)
    expect("an argument in an error", b"a\\33[31m" in sonde("elf", "a\033[31m").stderr)
    with open("plain.sonde", "w", encoding="ascii") as f:
        f.write("#!/bin/sh\necho ran\n")
    os.chmod("plain.sonde", 0o755)
    done = sonde("trace", "./plain.sonde")
    expect("a file that is no recording", done.returncode == 2 or done.returncode == 1 and b"ran" not in done.stdout, done)
    with open("noexec", "wb") as f:
        f.write(b"\177ELF")
    os.chmod("noexec", 0o755)
    for engine in engines:
        text = sonde("trace", "--engine", engine, "./noexec").stderr.decode()
        expect("%s: why it didn't run stands behind the call" % engine, 0 <= text.find("execve(") < text.find("sonde: exec: "), text)
        live, dead = subprocess.Popen(["sleep", "100"]), subprocess.Popen(["true"])
        os.waitid(os.P_PID, dead.pid, os.WEXITED | os.WNOWAIT)
        done = sonde("trace", "--engine", engine, "-p", str(dead.pid))
        expect("%s: a zombie" % engine, done.returncode == 1 and b"attached" not in done.stderr, done)
        tracer = subprocess.Popen(["sonde", "trace", "--engine", engine, "-p", "%d" % live.pid, "-p", "99999999"], stderr=subprocess.PIPE)
        said = tracer.stderr.readline() + tracer.stderr.readline()  # of the one and of the other
        live.terminate()
        said += tracer.communicate(timeout=PATIENCE_S)[1]
        expect("%s: nobody has that number" % engine, b"99999999" in said and b"99999999 attached" not in said and
               b"%d attached" % live.pid in said and tracer.returncode == 0, said)
        live.wait()
        dead.wait()
        for program in ["true", "false"]:
            done = subprocess.run(["sh", "-c", "exec sonde trace --engine %s %s <&- >&- 2>&-" % (engine, program)], timeout=PATIENCE_S)
            expect("%s: %s with nothing open" % (engine, program), done.returncode == (program == "false"), done)


def places(engines):
    """-i: of calls that repeat themselves, and of signals, those that are ignored, too."""
    program = ("import os, signal\nsignal.signal(signal.SIGUSR1, lambda *a: 0)\nfor i in range(9): os.getpgid(0)\n"
               "os.kill(os.getpid(), signal.SIGUSR1)\nparent = '/proc/%d/stat' % os.getpid()\nif not os.fork():\n"
               "    while open(parent).read().rpartition(')')[2].split()[0] != 'S': os.sched_yield()\n    os._exit(0)\nos.wait()\n")
    for engine in engines:
        lines = trace(["sonde", "trace", "--engine", engine, "-i", "-e", "getpgid,kill,wait4"], program, "places." + engine)[0]
        found = [t for t in lines if "getpgid(" in t or "--- SIG" in t]
        expect("%s: where calls were made and signals came" % engine, len(found) == 11 and not any("[??" in t for t in found), "\n".join(lines))


def lines_of(*words):
    return re.sub(r" +=", " =", subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_S).stderr).splitlines()


def counted(engines):
    """Whose calls they are says the program that made them, whichever calls are counted."""
    for engine in engines:
        seen = lines_of("sonde", "trace", "--engine", engine, "-c", "-e", "read", "sh", "-c", "cat /dev/null; (exec ls); true")
        rows = {t.split()[0] for t in seen if t and t[0] not in "├└"}
        expect("%s: names of programs with -c" % engine, {"sh", "cat", "ls"} <= rows, seen)
        nameless = "prctl(15, '', 0, 0, 0)  # PR_SET_NAME\nif os.fork() == 0:\n    libc.getppid(); os._exit(0)\nos.wait()"
        seen = lines_of("sonde", "trace", "--engine", engine, "-c", "-e", "getppid", PYTHON, "-I", "-c",
                        "import ctypes, os\nlibc = ctypes.CDLL(None); prctl = libc.prctl\n" + nameless)
        expect("%s: a process without a name" % engine, any("getppid" in t for t in seen) and not any("null" in t for t in seen), seen)


def gone(engines):
    """A working directory that is deleted keeps what /proc adds to its name; one that a descriptor opened does not."""
    script = "cd gone; exec 7<.; rmdir ../gone; exec cat /dev/null <&7"
    for engine in engines:
        seen = lines_of("sonde", "trace", "--engine", engine, "-y", "-e", "openat,dup2", "sh", "-c", "mkdir -p gone; " + script)
        expect("%s: a directory that is gone" % engine, any("gone (deleted)>, \"/dev/null\"" in t for t in seen) and
               any(t.startswith("dup2(7<") and "gone>(deleted), 0) =" in t for t in seen), seen)


def first_process(engines):
    """SIGKILL from itself, which a namespace's first process ignores, no tracer sees."""
    words = ["-e", "trace=kill", "unshare", "-pf", "sh", "-c", "kill -9 1; kill -CHLD 1; true"]
    if os.geteuid() or subprocess.run(words[2:], capture_output=True).returncode:
        print("skip  a namespace's first process: not permitted")
        return
    wanted = lines_of("strace", "-f", *words)
    for engine in engines:
        seen = lines_of("sonde", "trace", "--engine", engine, *words)
        def told(lines):
            return [re.sub(r"\d{2,}", "N", t) for t in lines if "[pid" in t and "attached" not in t]
        expect("%s: what a namespace's first process ignores" % engine, told(seen) == told(wanted) and len(told(wanted)) > 2, (wanted, seen))


def main():
    those = engines()
    for test in (ends, counted, gone, first_process, netlink, unread, socketcalls, refused, restarted, stopped_before, places, names):
        test(those)
    old_calls()
    if "bpf" in those and os.geteuid() == 0:
        unknown(those)
    return result()


if __name__ == "__main__":
    sys.exit(main())
