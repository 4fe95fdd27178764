# SPDX-License-Identifier: LGPL-2.1-or-later
"""ordeal.py [NAME...]: what a tracer could spoil, each done once; prints what came of it, a line each.
A tracer under which a line differs has harmed the program.  Nothing printed depends on time or on ids."""
import ctypes
import errno
import os
import pty
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

libc = ctypes.CDLL(None, use_errno=True)
NR = {"seccomp": 317, "clone": 56, "close_range": 436, "getppid": 110, "getpgid": 121, "exit": 60, "rt_sigqueueinfo": 129}
NOBODY = 65534
PAUSE_S = 0.3  # long enough for a signal to come into it


def child(body, *args):
    pid = os.fork()
    if pid == 0:
        status = 99
        try:
            status = body(*args) or 0
        finally:
            os._exit(status)
    return pid


def end(pid):
    """Its exit status, negative: the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def done(body, *args):
    return end(child(body, *args))


def until_asleep(pid):
    """In a call that waits: it has been asleep for some looks.  False: it has ended."""
    seen = 0
    while seen < 3:
        with open("/proc/%d/stat" % pid, encoding="utf-8") as f:
            state = f.read().rpartition(")")[2].split()[0]
        if state == "Z":
            return False
        seen = seen + 1 if state == "S" else 0
        time.sleep(0.002)
    return True


# --- signals ------------------------------------------------------------------------------------------

def queued():
    """Values of queued signals come all, and in their order."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
    for value in range(40):
        info = struct.pack("iiiiiii", signal.SIGRTMIN, 0, -1, 0, os.getpid(), os.getuid(), value).ljust(128, b"\0")
        libc.syscall(NR["rt_sigqueueinfo"], os.getpid(), int(signal.SIGRTMIN), info)
    buffer = ctypes.create_string_buffer(128)
    values = []
    one = struct.pack("Q", 1 << (signal.SIGRTMIN - 1))
    for _ in range(40):
        libc.syscall(128, one, buffer, None, 8)  # rt_sigtimedwait
        values.append(struct.unpack_from("i", buffer, 24)[0])
    return values == list(range(40))


def many():
    """As many handlers run as signals come."""
    came = []
    signal.signal(signal.SIGUSR1, lambda *a: came.append(1))
    for _ in range(100):
        signal.raise_signal(signal.SIGUSR1)
        os.getppid()
    return len(came)


def restarted():
    """Calls that a stop interrupts go on with the time that is left; those that a handler interrupts as it says."""
    def wait(what):
        start = time.monotonic()
        r, w = os.pipe()
        signal.signal(signal.SIGUSR1, lambda *a: None)
        signal.siginterrupt(signal.SIGUSR1, False)
        ts = (ctypes.c_long * 2)(0, int(PAUSE_S * 1e9))
        result = {"nanosleep": lambda: libc.nanosleep(ts, None), "poll": lambda: libc.poll(struct.pack("ihh", r, 1, 0), 1, int(PAUSE_S * 1e3)),
                  "select": lambda: libc.select(0, None, None, None, struct.pack("ll", 0, int(PAUSE_S * 1e6))),
                  "read": lambda: libc.read(r, ctypes.create_string_buffer(1), 1),
                  "pause": lambda: libc.pause(),
                  "futex": lambda: libc.syscall(202, ctypes.byref(ctypes.c_int(0)), 128, 0, ts, None, 0)}[what]()
        if result == -1 and ctypes.get_errno() == errno.EINTR:
            return 3  # a handler's end; how long it took, doesn't matter
        return (result == -1) * 2 + (time.monotonic() - start < PAUSE_S) * 50

    def interrupt(what, by):
        pid = child(wait, what)
        if not until_asleep(pid):
            end(pid)
            return interrupt(what, by)  # the machine is busy: it was over before we looked
        os.kill(pid, by)
        if by == signal.SIGSTOP:
            if not os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1]):
                return interrupt(what, by)  # over between our look and the signal
            os.kill(pid, signal.SIGCONT)
        elif what == "read":
            until_asleep(pid)
            os.kill(pid, signal.SIGTERM)
        status = end(pid)
        return interrupt(what, by) if by == signal.SIGUSR1 and status == 0 else (what, status)  # over before the signal
    return [interrupt(what, signal.SIGSTOP) for what in ("nanosleep", "poll", "select", "futex")] + \
        [interrupt(what, signal.SIGUSR1) for what in ("nanosleep", "poll", "read", "pause")]


def stopped_threads():
    """A process of several threads stops and goes on as a whole."""
    def body():
        for _ in range(4):
            threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
        os.write(w, b"x")
        time.sleep(30)
    r, w = os.pipe()
    pid, out = child(body), []
    os.read(r, 1)
    for _ in range(5):
        os.kill(pid, signal.SIGSTOP)
        out.append(os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1]))
        os.kill(pid, signal.SIGCONT)
        out.append(os.WIFCONTINUED(os.waitpid(pid, os.WCONTINUED)[1]))
    os.kill(pid, signal.SIGSTOP)
    os.waitpid(pid, os.WUNTRACED)
    os.kill(pid, signal.SIGKILL)  # while it stands
    return out, end(pid)


def told():
    """What SIGCHLD says of stops, goings-on and ends."""
    out = []
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    pid = child(lambda: signal.pause() or 0)
    for number in (signal.SIGSTOP, signal.SIGCONT, signal.SIGTERM):
        os.kill(pid, number)
        info = signal.sigwaitinfo([signal.SIGCHLD])
        out.append((info.si_code, info.si_status, info.si_pid == pid))
    end(pid)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    return out


def job_control():
    pid, fd = pty.fork()
    if pid == 0:
        os.execl("/bin/sh", "sh", "-c", "set -m; sh -c 'kill -TSTP $$; exit 4'; echo stopped $?; fg >/dev/null; echo again $?; "
                 "sleep 60 & kill %1; wait %1; echo job $?")
    text = b""
    while True:
        try:
            piece = os.read(fd, 1000)
        except OSError:
            break
        text += piece
    os.waitpid(pid, 0)
    return [line for line in text.decode().split("\r\n") if line.split(" ")[0] in ("job", "stopped", "again")]


def waits():
    """The ways to wait, and that they find what they would find."""
    pid = child(lambda: 3)
    look = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    take = os.waitid(os.P_ALL, 0, os.WEXITED)
    pid2 = child(signal.pause)
    none = os.waitpid(pid2, os.WNOHANG)
    fd = os.pidfd_open(pid2)
    signal.pidfd_send_signal(fd, signal.SIGTERM)
    by_fd = os.waitid(os.P_PIDFD, fd, os.WEXITED)
    os.close(fd)
    return look.si_status, take.si_pid == pid, none, by_fd.si_status, by_fd.si_code


# --- processes ------------------------------------------------------------------------------------------

def deep(depth=60):
    def level(n):
        return done(level, n - 1) + 1 if n else 0
    return done(level, depth)


def wide():
    return sum(end(pid) for pid in [child(lambda n=n: n) for n in range(60)])


def clones():
    """Without a signal at the end, with another one, untraced, and with the parent's parent."""
    came, out = [], []
    signal.signal(signal.SIGUSR2, lambda *a: came.append(1))
    for flags in (0, signal.SIGUSR2, 0x00800000 | signal.SIGCHLD, 0x00002000 | signal.SIGCHLD):
        pid = libc.syscall(NR["clone"], int(flags), None, None, None, None)
        if pid == 0:
            os._exit(2)
        out.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0x40000000)[1]))
    return out, len(came)


def exec_in_a_thread():
    def body():
        for _ in range(3):
            threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
        threading.Thread(target=lambda: os.execv("/bin/sh", ["sh", "-c", "kill -0 $$ && exit 5"])).start()
        time.sleep(30)
    return [done(body) for _ in range(3)]


def leader_gone():
    def body(last):
        threading.Thread(target=last).start()
        libc.syscall(NR["exit"], 0)
    return done(body, lambda: (time.sleep(0.03), os._exit(6))), \
        done(body, lambda: (time.sleep(0.03), os.execv("/bin/sh", ["sh", "-c", "exit 7"])))


def vforks():
    return [os.spawnv(os.P_WAIT, "/bin/false", ["false"]), os.waitstatus_to_exitcode(os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)[1]),
            subprocess.run(["/bin/sh", "-c", "kill -9 $$"]).returncode]


def bad_execs():
    out = []
    with open("noexec", "wb") as f:
        f.write(b"\x7fELF nonsense")
    os.chmod("noexec", 0o755)
    for path, words in (("/nonexistent", ["x"]), ("/etc", ["x"]), ("/etc/passwd", ["x"]), ("./noexec", ["x"]), ("/bin/true", ["x" * 200000])):
        try:
            os.execv(path, words)
        except OSError as e:
            out.append(errno.errorcode[e.errno])
    return out


def daemon():
    """Away from its parent, its session and its files; it goes on, and whoever takes in orphans sees its end."""
    libc.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    r, w = os.pipe()

    def first():
        os.setsid()

        def second():
            os.dup2(w, 500)
            libc.syscall(NR["close_range"], 0, 499, 0)
            time.sleep(0.02)
            os.write(500, b"alive %d" % (os.getsid(0) != os.getpid()))
            return 11
        child(second)
    first_end = done(first)
    os.close(w)
    text = os.read(r, 100)
    return first_end, text, os.waitstatus_to_exitcode(os.wait()[1])


def no_files():
    def body():
        libc.syscall(NR["close_range"], 0, 0xffffffff, 0)
        pid = os.fork()
        if pid == 0:
            os._exit(4)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return done(body)


# --- limits -----------------------------------------------------------------------------------------------

def limits():
    def files():
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
        return libc.open(b"/", 0) == -1 and ctypes.get_errno() == errno.EMFILE

    def memory():
        resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
        libc.mmap.restype = ctypes.c_long
        return libc.mmap(None, ctypes.c_long(1 << 30), 3, 0x22, -1, ctypes.c_long(0)) == -1 and ctypes.get_errno() == errno.ENOMEM

    def pids():
        if os.geteuid() == 0:
            os.setresgid(54321, 54321, 54321)
            os.setresuid(54321, 54321, 54321)
        resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
        try:
            return os.fork() == -2
        except OSError as e:
            return e.errno == errno.EAGAIN

    def size():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4, 4))
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        with open("size", "wb", 0) as f:
            f.write(b"12345")
            f.write(b"6")

    def cpu():
        resource.setrlimit(resource.RLIMIT_CPU, (100, 200))
        signal.raise_signal(signal.SIGXCPU)
    return done(files), done(memory), done(pids), done(size), done(cpu)


def faults():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return done(lambda: ctypes.string_at(16)), done(os.abort), done(lambda: signal.raise_signal(signal.SIGTRAP)), done(lambda: signal.raise_signal(signal.SIGSYS))


# --- privileges ---------------------------------------------------------------------------------------------

def status_lines(*names):
    with open("/proc/self/status", encoding="utf-8") as f:
        return [line.split() for line in f if line.split(":")[0] in names]


def privileges():
    def body(what):
        what()
        os.write(w, repr(status_lines("CapEff", "CapBnd", "NoNewPrivs", "Uid", "Gid", "Seccomp")).encode())
    r, w = os.pipe()
    out = []
    whats = [lambda: libc.prctl(38, 1, 0, 0, 0)]
    if os.geteuid() == 0:
        whats += [lambda: libc.prctl(24, 5, 0, 0, 0), lambda: os.setuid(NOBODY), lambda: (os.setgroups([7]), os.setresgid(7, 8, 9), os.setresuid(1, 2, 0)),
                  lambda: libc.syscall(126, struct.pack("Ii", 0x20080522, 0), struct.pack("6I", 3, 3, 0, 0, 0, 0))]
    for what in whats:
        status = done(body, what)
        out.append((status, os.read(r, 4000)))
    return out


def set_uid_program():
    """By root (traced by another one it has no privileges: that is the kernel's rule)."""
    if os.geteuid() != 0:
        return "not root"
    subprocess.run(["cp", "/usr/bin/id", "other-id"], check=True)
    os.chown("other-id", NOBODY, NOBODY)
    os.chmod("other-id", 0o6755)
    return subprocess.run(["./other-id"], capture_output=True, text=True).stdout


def namespaces():
    def out(*words):
        p = subprocess.run(words, capture_output=True, text=True)
        return p.returncode, p.stdout
    reuse = "i=0; while [ $i -lt 12 ]; do echo 300 > /proc/sys/kernel/ns_last_pid; (exit $i); echo -n $?,; sh -c 'echo -n $$,'; i=$((i+1)); done; (sleep 0.02 & ) ; sleep 0.05; echo"
    return out("unshare", "-Ur", "id", "-u"), out("unshare", "-Urpf", "--mount-proc", "sh", "-c", reuse), out("setarch", "linux32", "uname", "-m")


# --- seccomp of its own ---------------------------------------------------------------------------------------

def filters():
    def install(action, flags=0):
        # load the number; is it getppid? ACTION : allow
        code = struct.pack("HBBI" * 4, 0x20, 0, 0, 0, 0x15, 0, 1, NR["getppid"], 0x06, 0, 0, action, 0x06, 0, 0, 0x7fff0000)
        keep = ctypes.create_string_buffer(code)
        libc.prctl(38, 1, 0, 0, 0)
        return libc.syscall(NR["seccomp"], 1, flags, struct.pack("HxxxxxxQ", 4, ctypes.addressof(keep)))

    def with_action(action):
        install(action)
        result = libc.syscall(NR["getppid"])
        return {errno.EDOM: 33, errno.ENOSYS: 38}.get(ctypes.get_errno(), 1) if result == -1 else 2

    def trapped():
        signal.signal(signal.SIGSYS, lambda *a: None)
        install(0x00030000)
        libc.syscall(NR["getppid"])
        return 3

    def a_thread():
        def body():
            install(0x00000000)
            libc.syscall(NR["getppid"])
        t = threading.Thread(target=body, daemon=True)
        t.start()
        time.sleep(0.05)
        return 5

    def notified():
        fds = []
        ready = threading.Event()

        def serve():
            ready.wait()
            buffer = ctypes.create_string_buffer(80)
            libc.ioctl(fds[0], ctypes.c_ulong(0xc0502100), buffer)
            libc.ioctl(fds[0], ctypes.c_ulong(0xc0182101), struct.pack("QqiI", struct.unpack_from("Q", buffer)[0], 4242, 0, 0))
        server = threading.Thread(target=serve)
        server.start()
        fds.append(install(0x7fc00000, 8))
        ready.set()
        if fds[0] < 0:
            os._exit(8)
        result = libc.syscall(NR["getppid"])
        server.join()
        return 4 if result == 4242 else 9
    return [done(with_action, a) for a in (0x00050000 | 33, 0x7ff00000 | 1, 0x7ffc0000, 0x80000000)] + [done(trapped), done(a_thread), done(notified)]


# --- files and sockets ------------------------------------------------------------------------------------------

def files():
    """Offsets, short transfers, descriptors that are handed over, locks, a reader that goes."""
    a, b = socket.socketpair()
    r, w = os.pipe()
    socket.send_fds(a, [b"x"], [r])
    _, fds, _, _ = socket.recv_fds(b, 10, 1)
    os.write(w, b"through")
    out = [os.read(fds[0], 10)]
    for fd in (r, *fds):
        os.close(fd)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        os.write(w, b"x")
    except BrokenPipeError:
        out.append("EPIPE")

    def die():
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.write(w, b"x")
    out.append(done(die))
    e = select.epoll()
    e.register(b.fileno(), select.EPOLLIN)
    out.append(e.poll(0))
    a.send(b"y")
    out.append([events for _, events in e.poll(1)])
    return out


TESTS = [queued, many, restarted, stopped_threads, told, job_control, waits, deep, wide, clones, exec_in_a_thread, leader_gone, vforks, bad_execs, daemon,
         no_files, limits, faults, privileges, set_uid_program, namespaces, filters, files]


def main():
    for test in TESTS:
        if len(sys.argv) < 2 or test.__name__ in sys.argv[1:]:
            r, w = os.pipe()  # each in a process of its own: handlers, limits and children are its own

            def body():
                signal.alarm(int(40 * float(os.environ.get("SONDE_SLOWNESS", 1))))  # an end, whatever happens
                os.write(w, repr(test()).encode())
            pid = child(body)
            os.close(w)
            with os.fdopen(r, "rb") as f:
                print("%s: %s" % (test.__name__, f.read().decode()), end(pid), flush=True)
    return 4


if __name__ == "__main__":
    sys.exit(main())
