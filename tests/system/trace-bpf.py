#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# The BPF engine: whom it looks at, what it reads of calls that refer to much, what descriptors were,
# what comes back from a recording, and that nobody notices it.
# timeout: 120
import os
import re
import shutil
import signal
import subprocess
import sys

from lib.check import PATIENCE_S, expect, result, run, skip, until
from lib.engines import why_no_bpf

PYTHON = "/usr/bin/python3"

FILES = """
import os, select, socket
os.chdir('/')
f = open('%(dir)s/gone', 'w'); f.write('x'); f.flush(); os.unlink('%(dir)s/gone'); f.write('y'); f.close()
for p in ('/', '/proc', '/dev/null', '%(dir)s'):
    d = os.open(p, os.O_RDONLY); os.fstat(d); os.close(d)
r, w = os.pipe(); os.write(w, b'q'); os.read(r, 1)
a, b = socket.socketpair(); a.send(b'x'); b.recv(1)
e = select.epoll(); e.register(r); e.close()
m = os.memfd_create('hello'); os.write(m, b'1'); os.close(m)
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
c = socket.socket(); c.connect(s.getsockname()); k = s.accept()[0]; k.send(b'zz'); c.recv(5)
u = socket.socket(socket.AF_UNIX); u.bind('\\0sonde-%(pid)d'); u.close()
p = select.poll(); p.register(r); p.register(0); p.poll(0)
os.dup2(r, 77); os.close(77)
"""
MUCH = """
import os
r, w = os.pipe()
os.write(w, b'ab' * 10000)
os.writev(w, [bytes([65 + i]) * 3 for i in range(40)])
for i in range(600):
    open('%(dir)s/a-rather-long-name-of-a-file-%%d' %% i, 'w').close()
os.listdir('%(dir)s')
os.execv('/bin/true', ['true'] + ['argument-%%d' %% i for i in range(40)])
"""


def lines(path):
    with open(path) as f:
        return f.read().splitlines()


def normal(line):
    """Without what differs from run to run."""
    line = re.sub(r"^\d+ +", "", line)
    line = re.sub(r'getrandom\(".*?"', "getrandom(", line)
    line = re.sub(r"0x[0-9a-f]+", "0x", line)
    line = re.sub(r" += ", " = ", line)
    line = re.sub(r"(time=\d+) /\* [^*]* \*/", r"\1", line)  # the same, to read
    # of pids, too, that have begun anew: three digits and less
    return re.sub(r"\d{4,}|(?<=_nsec=)\d+|(?<=pid\(\) = )\d+|(?<=pid=)\d+|(?<=kill\()\d+|(?<=set_tid_address\(0x\) = )\d+", "N", line)


def descriptors(scratch):
    """-y and -yy: the text of strace."""
    if not shutil.which("strace"):
        print("strace is missing: descriptors are not held against it")
        return
    script = FILES % {"dir": scratch, "pid": os.getpid()}
    what = "-e", "trace=%desc,%network,pipe2,poll,memfd_create"
    for option in "-y", "-yy":
        for tracer, out in (["strace", "-f"], "strace.out"), (["sonde", "trace", "--engine", "bpf"], "bpf.out"):
            run(*tracer, option, "-q", *what, "-o", out, "--", PYTHON, "-I", "-c", script, stdin=subprocess.DEVNULL)
        # from what the script does on: before it is the interpreter's start
        texts = []
        for out in "strace.out", "bpf.out":
            text = [normal(line) for line in lines(out)]
            begin = next((i for i, line in enumerate(text) if "/gone" in line), len(text))
            texts.append([line for line in text[begin:] if "EPOLL_CTL_ADD" not in line])
        expect("%s: the same %d lines as strace's" % (option, len(texts[0])), len(texts[0]) > 50 and texts[0] == texts[1],
               next(((a, b) for a, b in zip(*texts) if a != b), (len(texts[0]), len(texts[1]))))


CHANGED_ROOT = """
mkdir "$1/root" && mount --bind / "$1/root" || exit 77
for part in proc sys dev; do mount --rbind /$part "$1/root/$part"; done
chroot "$1/root" sh -c "cd /usr && \"$2\" trace --engine bpf -y -q -e openat -- cat /dev/null"
"""


def changed_root(scratch):
    """Paths begin where ours do, not where the kernel's do."""
    done = run("unshare", "-m", "sh", "-c", CHANGED_ROOT, "-", scratch, shutil.which("sonde"))
    if done.returncode == 77 or "propagation" in done.stderr:  # the second: we are in a changed root that is no mount
        print("no root to change here: " + done.stderr.strip())
        return
    expect("-y in a changed root", 'openat(AT_FDCWD</usr>, "/dev/null", O_RDONLY) = 3</dev/null>' in done.stderr, done.stderr)


def much(scratch):
    """Calls that refer to more than one record holds."""
    done = run("sonde", "trace", "--engine", "bpf", "-q", "-s", "30000", "-v", "-o", "much.out", "--", PYTHON, "-I", "-c",
               MUCH % {"dir": scratch})
    text = "\n".join(lines("much.out"))
    expect("a write of 20,000 bytes, whole", '"' + "ab" * 10000 + '", 20000) = 20000' in text, done.stderr)
    expect("a vector of 40 buffers", "iov_base=\"hhh\", iov_len=3}], 40) = 120" in text, re.findall("writev.*", text))
    entries = sum(map(int, re.findall(r"getdents64\(\d+, 0x\w+ /\* (\d+) entries", text)[-4:]))
    expect("a directory of 600 entries", entries >= 602 or "a-rather-long-name-of-a-file-599" in text, entries)
    expect("an argument list and an environment, whole", '"argument-39"], [' in text)


def whom():
    """-a, --no-follow, control groups of both versions."""
    # as long as that takes: on a busy machine the other one gets as much of it
    meanwhile = "sh", "-c", "i=0; while [ $i -lt 150 ]; do /bin/true; i=$((i+1)); done"
    other = subprocess.Popen(["sh", "-c", "while :; do /bin/true; done"])
    try:
        run("sonde", "trace", "-a", "-q", "-e", "exit_group,wait4", "-o", "all.out", "--", *meanwhile)
        pids = {line.split()[0] for line in lines("all.out")}
        expect("-a: a process that is nobody's child of ours", str(other.pid) in pids)
        run("sonde", "trace", "--engine", "bpf", "--no-follow", "-q", "-o", "one.out", "--", "sh", "-c", "/bin/true; exit 3")
        text = "\n".join(lines("one.out"))
        expect("--no-follow: the first thread alone, to its end", text.count("+++ exited") == 1 and "exited with 3" in text)
        for what, root in ("1", "/sys/fs/cgroup/memory"), ("2", "/sys/fs/cgroup/unified"), ("2", "/sys/fs/cgroup"):
            group = "%s/sonde-test-%d" % (root, os.getpid())
            if not os.path.exists(root + "/cgroup.procs"):
                continue
            try:
                os.mkdir(group)
                with open(group + "/cgroup.procs", "w") as f:
                    f.write(str(other.pid))
            except OSError as e:
                print("no control group below %s: %s" % (root, e))
                continue
            done = run("sonde", "trace", "--cgroup", group, "-q", "-e", "wait4,execve", "-o", "group.out", "--", *meanwhile)
            seen = lines("group.out") if os.path.exists("group.out") else []
            expect("--cgroup, version %s: its process and what it starts" % what,
                   any(line.startswith(str(other.pid)) for line in seen) and any("/bin/true" in line for line in seen), done.stderr)
            with open(root + "/cgroup.procs", "w") as f:
                f.write(str(other.pid))
            until(lambda: not remove(group))
        refused = run("sonde", "trace", "--cgroup", "", "true")
        expect("--cgroup without a name is nobody's", refused.returncode == 1 and 'no control group ""' in refused.stderr, refused.stderr)
    finally:
        other.kill()
        other.wait()


def remove(group):
    """Is it still there?  What was started in it may be."""
    try:
        os.rmdir(group)
    except OSError:
        return os.path.exists(group)
    return False


def recordings(scratch):
    """What a recording prints is what was printed live."""
    for options, command in ([], ["ls", "-la", scratch]), (["-e", "%file"], ["ls", "-la", scratch]), (["-Z"], ["ls", "-la", scratch]), \
                            (["-s", "100", "-v"], ["sh", "-c", "exit 3"]), ([], ["sh", "-c", "kill -9 $$"]):
        shutil.rmtree("r.sonde", ignore_errors=True)
        run("sonde", "trace", "-q", *options, "-o", "r.sonde", "--", *command)
        run("sonde", "trace", *([] if "-v" in options else options), "-o", "replayed.out", "r.sonde")
        run("sonde", "trace", "--engine", "bpf", "-q", *options, "-o", "live.out", "--", *command)
        a, b = ([normal(line) for line in lines(out)] for out in ("replayed.out", "live.out"))
        expect("%s: %d lines from a recording as live" % (" ".join(options + command[:2]), len(b)), len(b) > 3 and a == b,
               next(((x, y) for x, y in zip(a, b) if x != y), (len(a), len(b))))


def observers():
    """Two at once, of a process that runs: each sees all, and it never has a tracer."""
    target = subprocess.Popen(["sh", "-c", "read x; i=0; while [ $i -lt 50 ]; do /bin/true; i=$((i+1)); done"], stdin=subprocess.PIPE)
    tracers = [subprocess.Popen(["sonde", "trace", "--engine", "bpf", "-e", "execve", "-o", "%d.out" % i, "-p", str(target.pid)],
                                stderr=subprocess.PIPE, text=True) for i in range(2)]
    for tracer in tracers:
        tracer.stderr.readline()  # "Process N attached"
    with open("/proc/%d/status" % target.pid) as f:
        status = f.read()
    expect("a process that is watched has no tracer and is not stopped", "TracerPid:\t0" in status and re.search(r"State:\s+[SR]", status), status)
    target.communicate(b"\n")
    for i, tracer in enumerate(tracers):
        tracer.communicate(timeout=PATIENCE_S)
        seen = sum("/bin/true" in line for line in lines("%d.out" % i))
        expect("observer %d of 2 saw all 50" % (i + 1), seen == 50, seen)


def begun():
    """A call that began before is shown, and joined by its return."""
    target = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    until(lambda: open("/proc/%d/syscall" % target.pid).read().startswith("0 "))
    tracer = subprocess.Popen(["sonde", "trace", "--engine", "bpf", "-o", "begun.out", "-p", str(target.pid)],
                              stderr=subprocess.PIPE, text=True)
    until(lambda: os.path.exists("begun.out") and "read(0" in open("begun.out").read())
    shown = open("begun.out").read()
    expect("a call that began before is shown", re.fullmatch(r"(\d+ +)?read\(0", shown), shown)
    target.communicate(b"hello\n")
    tracer.communicate(timeout=PATIENCE_S)
    expect("its return joins it", re.match(r'(\d+ +)?read\(0, "hello\\n", \d+\) += 6$', lines("begun.out")[0]), lines("begun.out")[:3])


BLOCKED = """
import os, select, signal, threading, time
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
full, r = os.pipe()[1], os.pipe()[0]
for wait in (lambda: os.open('a-fifo', os.O_RDONLY), lambda: time.sleep(1000), lambda: select.select([r], [], [], 1000),
             lambda: os.write(full, b'a long text' * 10000)):
    threading.Thread(target=wait, daemon=True).start()
signal.sigtimedwait([signal.SIGUSR1], 2000)
"""
BLOCKED_TEXTS = (r'openat\(AT_FDCWD, "a-fifo", O_RDONLY\|O_CLOEXEC', r"clock_nanosleep\(CLOCK_MONOTONIC, TIMER_ABSTIME, \{tv_sec=\d+, tv_nsec=\d+\}",
                 r"p?select6?\(\d+, \[\d+\], (\[\]|NULL), (\[\]|NULL), \{tv_sec=\d+, tv_[nu]sec=\d+\}", r'write\(\d+, "a long texta long texta long tex"\.\.\., 110000',
                 r"rt_sigtimedwait\(\[USR1\]")


def waits_in(pid):
    """What its threads wait in, by number."""
    found = set()
    for tid in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/syscall" % (pid, tid), encoding="ascii") as f:
            found.add(f.read().split()[0])
    return found


def traced(target, out, *words):
    """Attached to, with what is shown of it in OUT."""
    tracer = subprocess.Popen(["sonde", "trace", "--engine", "bpf", "-q", *words, "-o", out, "-p", str(target.pid)])
    until(lambda: os.path.exists(out) and os.path.getsize(out) > 0)
    return tracer


def waiting(program, number, calls):
    """What is shown of PROGRAM, which waits in the call of that NUMBER, until it is killed."""
    target = subprocess.Popen(["./" + program])
    until(lambda: number in waits_in(target.pid))
    tracer = traced(target, program + ".out", "-e", calls)
    target.kill()
    target.wait()
    tracer.wait(timeout=PATIENCE_S)
    return "\n".join(lines(program + ".out"))


def begun_memory():
    """What such calls refer to is read of the process that waits."""
    os.mkfifo("a-fifo")
    target = subprocess.Popen([PYTHON, "-I", "-c", BLOCKED])
    until(lambda: {"257", "230", "1", "128"} <= waits_in(target.pid) and waits_in(target.pid) & {"23", "270"})
    tracer = traced(target, "blocked.out")
    until(lambda: len(lines("blocked.out")) >= len(BLOCKED_TEXTS))
    text = "\n".join(lines("blocked.out"))
    for wanted in BLOCKED_TEXTS:
        expect("shown with what it refers to: " + wanted, re.search(wanted, text), text)
    target.send_signal(signal.SIGUSR1)
    target.wait()
    tracer.wait(timeout=PATIENCE_S)
    text = "\n".join(lines("blocked.out"))
    expect("input behind what the kernel filled, when it returns",
           re.search(r"rt_sigtimedwait.*\{si_signo=SIGUSR1, .*\}, \{tv_sec=2000, tv_nsec=0\}, 8\) += 10 \(SIGUSR1\)", text), text)


# a 32-bit program's recv() is socketcall(), with arguments in memory
RECV_32 = """
static long call(long n, long a, long b)
{
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b) : "memory");
	return r;
}
void _start(void)
{
	int fds[2];
	char text[16];
	long pair[4] = { 1, 1, 0, (long)fds };

	call(102, 8, (long)pair);
	long recv[4] = { fds[0], (long)text, sizeof(text), 0 };
	call(102, 10, (long)recv);
	call(1, 0, 0);
}
"""


def begun_32():
    with open("recv.c", "w", encoding="ascii") as f:
        f.write(RECV_32)
    if run("gcc", "-m32", "-nostdlib", "-static", "-fno-pie", "-no-pie", "-fno-stack-protector", "-o", "recv", "recv.c").returncode != 0:
        print("skip  gcc makes no 32-bit programs here")
        return
    text = waiting("recv", "102", "recv")
    expect("a 32-bit call that began before, by what its arguments in memory say", re.search(r"recv\(3.*\) += \?", text), text)


# a 64-bit program's thread whose stack is where a 32-bit program's is
LOW_STACK = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>

static void *wait_in_open(void *user)
{
	open("low-fifo", O_RDONLY);
	return user;
}
int main(void)
{
	enum { SIZE = 1 << 20 };
	void *stack = mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, stack, SIZE);
	pthread_create(&thread, &attr, wait_in_open, 0);
	pthread_join(thread, 0);
}
"""


def begun_low():
    with open("low.c", "w", encoding="ascii") as f:
        f.write(LOW_STACK)
    if run("gcc", "-pthread", "-o", "low", "low.c").returncode != 0:
        print("skip  no gcc")
        return
    os.mkfifo("low-fifo")
    text = waiting("low", "257", "openat,remap_file_pages@32")
    expect("a call that began before, on a stack as low as a 32-bit program's", 'openat(AT_FDCWD, "low-fifo", O_RDONLY' in text, text)


# openat() through the table of 32-bit calls, which passes none of the tracepoints of single calls
CALLS_32 = """
static long call(long n, long a, long b, long c)
{
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c) : "memory");
	return r;
}
void _start(void)
{
	for (int i = 0; i < 300; i++) {
		long pause[2] = { 0, 300000 };

		call(295, -100, (long)"/nowhere", 0);
		call(162, (long)pause, 0, 0);
	}
	call(1, 0, 0, 0);
}
"""


def few():
    """Where few calls are wanted they are told of by tracepoints of their own: the same calls as ever, also of 32-bit programs."""
    script = "cat /dev/null; %s -c 'import json'; ls /nowhere" % PYTHON
    wanted = re.compile(r"(openat|execve)\(")
    for options in (["-e", "openat,execve"], []):
        run("sonde", "trace", "--engine", "bpf", "-o", "few.out", *options, "--", "sh", "-c", script)
        seen = [normal(line) for line in lines("few.out") if wanted.search(line)]
        if options:
            alone = seen
    expect("the same calls alone and among all others", len(alone) > 30 and sorted(alone) == sorted(seen), (len(alone), len(seen)))
    with open("few.c", "w", encoding="ascii") as f:
        f.write(CALLS_32)
    if run("gcc", "-m32", "-nostdlib", "-static", "-fno-pie", "-no-pie", "-o", "few", "few.c").returncode != 0:
        print("skip  gcc makes no 32-bit programs here")
        return
    run("sonde", "trace", "--engine", "bpf", "-o", "few.out", "-T", "-e", "openat", "--", "sh", "-c", "./few; cat /dev/null")
    seen = [line for line in lines("few.out") if re.search(r'openat\(AT_FDCWD, "/nowhere", O_RDONLY\) += -1 ENOENT', line)]
    expect("each call of a 32-bit program", len(seen) == 300, len(seen))
    expect("its entries are seen, too, after the first ones", re.search(r"<\d+\.\d+>$", seen[-1]), seen[-1])
    run("sonde", "trace", "--engine", "bpf", "-o", "few.out", "-e", "nanosleep", "--", "./few")
    seen = [line for line in lines("few.out") if "nanosleep({" in line]
    expect("also the one during which its entries begin to be seen", len(seen) == 300, len(seen))


UNTOUCHED = """
#include <poll.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
static const char far[1 << 20] = { [1000000] = 'n', 'o', 't', 'r', 'e', 'a', 'd' };
static struct { struct pollfd asked; char rest[8192]; } waits __attribute__((aligned(4096))) = { .asked = { 10, POLLIN, 0 } };
static void wait_for_child(void)
{
	int ends[2];
	pipe(ends), dup2(ends[0], 10);
	if (fork() == 0) {
		usleep(50000);
		write(ends[1], "x", 1), _exit(0);
	}
	madvise(&waits, 4096, MADV_DONTNEED);
	poll(&waits.asked, 1, 60000);
	wait(NULL);
}
int main(void)
{
	wait_for_child();
	struct iovec buffers[2] = { { "x", 1 }, { (void *)&far[1000000], 7 } };
	writev(1, buffers, 2);
	if (fork() == 0)
		execl("/bin/true", "a-literal", &far[1000000], (char *)NULL);
	wait(NULL);
	return 0;
}
"""
ARGUMENTS_32 = """
int main(void)
{
	static const char zero[200000] = "", path[] = "/nowhere";
	long long where = 0x1122334455667788, end[2] = { 0 };
	int fd = open("few.c", 0);
	syscall(140, fd, 0, 5, &where, 0);
	syscall(339, -1, 1, 2, 0, -100, path);
	return zero[fd];
}
"""


def untouched():
    """Pages that nobody had read when the call began: of a vector, of an exec's arguments; and arguments of two registers."""
    with open("far.c", "w", encoding="ascii") as f:
        f.write(UNTOUCHED)
    expect("a program of untouched pages", run("gcc", "-w", "-o", "far", "far.c").returncode == 0)
    run("sonde", "trace", "--engine", "bpf", "-o", "far.out", "-e", "writev,execve,poll", "--", "./far")
    text = "\n".join(lines("far.out"))
    expect("what a call that waited has answered, not what was there as it waited", "= 1 ([{fd=10, revents=POLLIN}])" in text, text)
    expect("a vector's untouched page", '{iov_base="notread", iov_len=7}' in text, text)
    if os.path.exists("/sys/kernel/tracing/events/sched/sched_prepare_exec"):
        expect("a forked child's literals in its exec", '["a-literal", "notread"]' in text, text)
    with open("wide.c", "w", encoding="ascii") as f:
        f.write(ARGUMENTS_32)
    if run("gcc", "-m32", "-w", "-o", "wide", "wide.c").returncode != 0:
        print("skip  gcc makes no 32-bit programs with a libc here")
        return
    run("sonde", "trace", "--engine", "bpf", "-o", "wide.out", "--", "./wide")
    text = "\n".join(lines("wide.out"))
    expect("_llseek's result, and not what was there before", re.search(r"_llseek\(\d+, 5, \[5\], SEEK_SET\) += 0", text), text)
    expect("fanotify_mark's path behind a mask of two registers", 'AT_FDCWD, "/nowhere") = -1 EBADF' in text, text)


def main():
    why = why_no_bpf()
    if why:
        skip("no BPF engine here: %s" % why)
    scratch = os.path.join(os.getcwd(), "dir")
    os.mkdir(scratch)
    recordings(scratch)
    descriptors(scratch)
    changed_root(scratch)
    much(scratch)
    whom()
    observers()
    if os.uname().machine == "x86_64":
        begun()
        begun_memory()
        begun_32()
        begun_low()
        few()
        untouched()
    return result()


if __name__ == "__main__":
    sys.exit(main())
