# SPDX-License-Identifier: LGPL-2.1-or-later
"""The lab: boot a kernel in QEMU, run a program of the host's in it, take its output out.

How a run goes.  `find_kernel` names an image and its modules (Debian's package unpacked, a
kernel of our own, or a file).  Two cpio archives are written: the machine's has busybox, the few
modules that reach the host, and guest/init; the job's has what is to be run.  The machine boots
with both, or with its own only and is kept as it is then, and each run that wants such a machine
goes on from there (snapshot.py).  guest/init mounts what a booted machine has mounted, takes the
job, mounts the host's root read-only over 9p and starts guest/start in it, which starts the
program.  Where the kernel has no 9p, the programs and their libraries travel in the job's
archive and the results come back as a tar.

What is said comes out on virtio serial ports, one each for standard output, standard error
and control, so nothing the kernel prints on its console gets between.  The control port
carries the exit status.  The console is a file of its own, shown when the guest broke.

Nothing is left behind: QEMU asks the kernel to be killed when we die, and a directory of a
run whose maker was killed is removed by the next run.
"""
import os
import re
import selectors
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import termios
import time

import snapshot
from archive import busybox, write_job, write_machine  # noqa: F401
from common import LAB, SRC, Broken, Missing, cache_directory, die_with_parent, read, say, scratch, work_directory  # noqa: F401

TIMEOUT, BROKEN, SKIP = 124, 125, 77   # exit statuses beside the program's own
TIMEOUT_S, DEBUG_TIMEOUT_S = 120, 400  # unless --timeout says another
QEMU = "qemu-system-x86_64"
OVERLAID = ("/tmp", "/var/tmp", "/run", "/mnt")  # tmpfs in the guest, see guest/init
SLOW = ("debug", "kcsan")  # kernels that want time and memory
MEMORY_MIB, SLOW_MEMORY_MIB = 768, 1536  # the same for all runs: each machine has its own snapshot
MEMORY_LEAST_MIB = {"stock": 128, "cloud": 96, "debug": 640, "kcsan": 128, "minimal": 48}
CPUS_MAX = 64  # base.config's CONFIG_NR_CPUS


# --- kernels ----------------------------------------------------------------------------------

class Kernel:
    """An image, its release, the directory that holds its lib/modules, its configuration."""

    def __init__(self, image, root=None, release="", config=None):
        self.image, self.root, self.release = image, root, release
        self.append, self.config = [], {}
        if config and os.path.exists(config):
            with open(config, encoding="utf-8") as f:
                self.config = dict(re.findall(r"^(CONFIG_\w+)=(.*)$", f.read(), re.M))

    @property
    def modules(self):
        """lib/modules/RELEASE, or None."""
        path = os.path.join(self.root or "", "lib/modules", self.release)
        return path if self.root and self.release and os.path.isdir(path) else None

    def has(self, option):
        return self.config.get("CONFIG_" + option) in ("y", "m")

    @property
    def has_9p(self):
        return not self.config or self.has("9P_FS")


def ask(program, *args):
    """Run one of the lab's own scripts that prints a directory."""
    done = subprocess.run([os.path.join(LAB, program), *args], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == SKIP:
        raise Missing("no kernel")  # the script has said why
    if done.returncode:
        raise Broken("%s failed" % program)
    return done.stdout.strip()


def find_kernel(name, modules=None):
    """stock, cloud: Debian's.  debug, minimal, kcsan: ours, if built.  Else a file."""
    if name in ("stock", "cloud"):
        root = ask("kernel/debian", name)
        release = read(root + "/release").strip()
        return Kernel(root + "/boot/vmlinuz-" + release, root, release, root + "/boot/config-" + release)
    if os.path.exists(os.path.join(LAB, "kernel", name + ".config")) and "/" not in name:
        root = ask("kernel/build", "--cached", name)
        kernel = Kernel(root + "/bzImage", root, read(root + "/release").strip(), root + "/config")
        # What makes it boot in reasonable time; a run's own words come after and win.
        words = os.path.join(LAB, "kernel", name + ".cmdline")
        kernel.append = read(words).split() if os.path.exists(words) else []
        return kernel
    if not os.path.isfile(name):
        raise Broken("no kernel %s: stock, cloud, debug, minimal, kcsan, or a bzImage" % name)
    with open(name, "rb") as f:
        if f.read(0x206)[0x202:] != b"HdrS":  # kernel Documentation, arch/x86/boot
            raise Broken("%s is no bzImage (arch/x86/boot/bzImage of a kernel's build, /boot/vmlinuz-RELEASE)" % name)
    if not modules:
        return Kernel(os.path.abspath(name))
    if not os.path.exists(os.path.join(modules, "modules.dep")):
        raise Broken("no modules.dep in %s: --modules is the directory lib/modules/RELEASE (depmod makes the file)" % modules)
    release = os.path.basename(os.path.realpath(modules))
    root = os.path.realpath(os.path.join(modules, "../../.."))
    return Kernel(os.path.abspath(name), root, release)


# --- QEMU ---

def accelerator():
    """kvm where a guest really runs under it, else emulation.  SONDE_LAB_ACCEL decides otherwise.

    A machine may let a guest be made and then hardly run it (nested virtualization that is only
    half there), so the first run after each boot of this machine tries it, and the answer is kept.
    """
    wanted = os.environ.get("SONDE_LAB_ACCEL")
    if wanted or not os.access("/dev/kvm", os.W_OK):
        return wanted or "tcg"
    kept = os.path.join(cache_directory(), "accel-" + read("/proc/sys/kernel/random/boot_id").strip())
    if not os.path.exists(kept):
        answer = "kvm" if kvm_runs() else "tcg"
        for name in os.listdir(cache_directory()):
            if name.startswith("accel-"):
                os.remove(os.path.join(cache_directory(), name))
        with open(kept, "w", encoding="utf-8") as f:
            f.write(answer)
    return read(kept)


def kvm_runs():
    """Does a kernel print its first lines within a few seconds?"""
    say("trying whether KVM works here (once after each boot of this machine)")
    kernel = find_kernel("stock")
    with tempfile.TemporaryDirectory(prefix="sonde-lab-kvm-") as directory:
        console = directory + "/console"
        with subprocess.Popen([QEMU, "-accel", "kvm", "-cpu", "max", "-m", "256", "-nodefaults", "-display", "none",
                               "-serial", "file:" + console, "-kernel", kernel.image, "-append", "console=ttyS0"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              preexec_fn=die_with_parent) as qemu:
            for _ in range(50):
                time.sleep(0.1)
                if qemu.poll() is not None or os.path.exists(console) and "Linux version" in read(console):
                    break
            qemu.kill()
        return os.path.exists(console) and "Linux version" in read(console)


def closed_to_others(path):
    """The uppermost directory above path that others than its owner and group may not enter; None: they may all be entered."""
    above = path.split("/")[1:-1]
    directories = ("/" + "/".join(above[:n]) for n in range(1, len(above) + 1))
    return next((d for d in directories if not os.stat(d).st_mode & stat.S_IXOTH), None)


class Run:
    """One guest: fill in the fields, then execute() gives the program's exit status.

    Also a context manager, for those that talk to a guest while it runs: start() and wait().
    """

    def __init__(self, kernel, argv):
        self.kernel, self.argv = kernel, list(argv)
        self.cpus, self.memory_mib, self.timeout_s = 2, MEMORY_MIB, 120
        self.append, self.qemu_args, self.env = [], [], {}
        self.user = self.verbose = False
        self.terminal = False        # the program has this terminal, and its size
        self.hold = False            # keep the machine when the program has ended or the kernel panicked
        self.crash_kernel = False    # put the initramfs where lib.sh's lab_crash_kernel looks for it
        self.share = self.console = self.net = None
        self.serial = None           # a path: a second serial line is a socket there
        self.snapshot = True         # go on from a snapshot of such a machine, and make it if there is none
        self.keep_paths = []
        # What a guest without 9p shall have.
        self.files, self.programs, self.extra_modules = [], [], []
        self.out, self.err = sys.stdout.buffer, sys.stderr.buffer
        self.status = None           # as the control port says
        self.control, self.tar, self.pipes = b"", None, {}
        self.qemu = self.monitor = self.started = self.terminal_modes = None
        self.dir, self.lock = work_directory()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.stop()
        if self.tar and self.tar.poll() is None:
            self.tar.kill()
            self.tar.wait()
        self.lock.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def alike(self):
        """Another run with the same machine."""
        run = Run(self.kernel, ["true"])
        run.cpus, run.memory_mib, run.append = self.cpus, self.memory_mib, self.append
        run.net = self.net and (run.dir, 1)
        run.serial = self.serial and run.dir + "/serial"
        return run

    def used(self):
        """Host directories and files that the guest must see."""
        paths = [SRC, os.getcwd(), os.path.dirname(self.kernel.image), *self.keep_paths]
        paths += [value for name, value in self.env.items() if name in ("SRC", "BUILD", "TESTDIR", "SHARED")]
        for word in filter(os.path.isfile, self.argv):
            directory = os.path.dirname(os.path.realpath(word))
            paths.append(word if directory in OVERLAID else directory)
        if self.kernel.root:
            paths.append(self.kernel.root)
        return {path for path in map(os.path.realpath, filter(None, paths)) if os.path.exists(path)}

    def private(self):
        """Directories on the way to those that only their owner may enter (a checkout below /root):
        the guest has others in their place, for its ordinary user."""
        return sorted({top for top in map(closed_to_others, self.used()) if top})

    def keep(self):
        """Those that the guest's tmpfs must not hide."""
        tops = (*OVERLAID, *self.private())
        kept = {path for path in self.used() if any(path.startswith(top + "/") for top in tops)}
        return sorted(path for path in kept if not any(path.startswith(other + "/") for other in kept))  # it comes with the other

    def environment(self):
        env = {"LAB": LAB, "LAB_USER": "1" if self.user else "", "LAB_CPUS": str(self.cpus), "LAB_KERNEL": self.kernel.image,
               "LAB_MODULES": self.kernel.root if self.kernel.modules else "", "LAB_MODE": "9p" if self.kernel.has_9p else "cpio"}
        if self.hold:
            env["LAB_HOLD"] = "1"
        if self.net:
            env["LAB_HOST"] = str(self.net[1])
        if self.terminal:
            size = shutil.get_terminal_size()
            env["LAB_TERMINAL"] = "rows %d columns %d" % (size.lines, size.columns)
            env["TERM"] = os.environ.get("TERM", "dumb")
        return {**env, **self.env}

    def boot_words(self):
        """The kernel's own, but for those that this run sets itself: kmemleak=off can't be taken back."""
        # A starved emulator fails the kernel's test of its timer, and the kernel panics; and its clocks seem unequal, so
        # that each look at the time would be a device's.
        ours = ["no_timer_check", "tsc=reliable", *self.append]
        names = {word.partition("=")[0] for text in ours for word in text.split()}
        return [word for word in self.kernel.append if word.partition("=")[0] not in names] + ours

    def ports(self):
        """Those that the guest writes to."""
        return ("out", "err", "ctl") + (() if self.kernel.has_9p else ("tar",))

    def machine(self):
        """The guest's hardware and kernel as QEMU's arguments: what a snapshot is of."""
        accel = accelerator()
        args = ["-accel", "tcg,thread=multi" if accel == "tcg" else accel, "-cpu", "max", "-smp", str(self.cpus),
                "-m", str(self.memory_mib), "-nodefaults", "-display", "none", "-no-reboot", "-kernel", self.kernel.image,
                "-append", " ".join(["console=ttyS0", "panic=-1", *self.boot_words()]),
                "-serial", "chardev:console", "-device", "vmcoreinfo", "-device", "virtio-serial-pci,max_ports=8",
                "-device", "virtconsole,chardev=terminal"]
        for port in ("job", *self.ports()):
            args += ["-device", "virtserialport,chardev=%s,name=lab.%s" % (port, port)]
        for tag in ("hostroot", "share") if self.kernel.has_9p else ():
            args += ["-device", "virtio-9p-pci,fsdev=%s,mount_tag=%s" % (tag, tag)]
        if self.net:  # lab_net in lib.sh gives each end an address of its own
            args += ["-device", "virtio-net-pci,netdev=net,mac=52:54:00:77:00:01"]
        if self.serial:
            args += ["-serial", "chardev:serial"]
        return args

    def host_side(self):
        """What is behind that hardware."""
        args = ["-chardev", "file,id=console,append=on,path=" + self.console_path,
                "-chardev", "pipe,id=job,path=" + self.dir + "/job",
                "-chardev", "stdio,id=terminal,signal=off" if self.terminal else "null,id=terminal"]
        for tag, path, options in (("hostroot", "/", ",readonly=on"), ("share", self.share_path, "")) if self.kernel.has_9p else ():
            args += ["-fsdev", "local,id=%s,path=%s,security_model=none,multidevs=remap%s" % (tag, path, options)]
        if self.net:
            here, there = self.net[1], 3 - self.net[1]
            args += ["-netdev", "dgram,id=net,local.type=unix,local.path=%s/%d,remote.type=unix,remote.path=%s/%d"
                     % (self.net[0], here, self.net[0], there)]
        if self.serial:
            args += ["-chardev", "socket,id=serial,server=on,wait=off,path=" + self.serial]
        return args + self.qemu_args

    def start(self):
        """Boot, or go on from where such a machine had booted; returns when the guest runs."""
        if not shutil.which(QEMU):
            raise Missing("not on this machine: %s (package qemu-system-x86); install with apt-get" % QEMU)
        modules_mount_point()
        self.console_path = os.path.abspath(self.console or self.dir + "/console")
        self.share_path = os.path.realpath(self.share or self.dir + "/share")
        if not self.share:
            os.mkdir(self.share_path)
            os.chmod(self.share_path, 0o777)
        write_machine(self.dir + "/machine", self.kernel)
        write_job(self.dir + "/job.in", self)
        os.symlink("/dev/null", self.dir + "/job.out")
        if self.crash_kernel:
            self.write_initrd(self.share_path + "/.initrd")
        self.started = time.monotonic()
        if not self.snapshot or not snapshot.restore(self):
            self.write_initrd(self.dir + "/initrd")
            self.launch(["-initrd", self.dir + "/initrd"])
        self.started = time.monotonic()

    def boot_for_snapshot(self, archive, more):
        """Boot as far as without a job, in a machine that has MORE arguments."""
        self.console_path, self.share_path = self.console, self.dir
        os.mkfifo(self.dir + "/job.in")
        os.symlink("/dev/null", self.dir + "/job.out")
        self.launch([*more, "-initrd", archive])
        self.started = time.monotonic()

    def write_initrd(self, path):
        """Both archives: the kernel unpacks one after the other."""
        with open(path, "wb") as f:
            for part in ("machine", "job.in"):
                with open(os.path.join(self.dir, part), "rb") as archive:
                    shutil.copyfileobj(archive, f)

    def launch(self, more, inherited=()):
        """Start QEMU with MORE arguments, and INHERITED files of ours."""
        ours, its = socket.socketpair()
        command = [QEMU, *self.machine(), *self.host_side(), *more, "-chardev", "socket,id=qmp,fd=%d" % its.fileno(),
                   "-mon", "chardev=qmp,mode=control"]
        passed, self.pipes, self.control = [], {}, b""
        for number, name in enumerate(self.ports(), 1):
            reader, writer = os.pipe()
            self.pipes[name] = reader
            passed.append(writer)
            command += ["-add-fd", "fd=%d,set=%d" % (writer, number),
                        "-chardev", "file,id=%s,path=/dev/fdset/%d,append=on" % (name, number)]
        if self.verbose:
            say(" ".join(command))
        if self.terminal and os.isatty(0):
            self.terminal_modes = termios.tcgetattr(0)
        with open(self.dir + "/qemu", "wb") as log, open(self.console_path, "wb"):
            stdin, stdout = (None, None) if self.terminal else (subprocess.DEVNULL, log)
            self.qemu = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=log,
                                         pass_fds=[*passed, its.fileno(), *inherited], preexec_fn=die_with_parent)
        for fd in passed:
            os.close(fd)
        its.close()
        self.monitor = snapshot.Monitor(ours)

    def stop(self):
        """Kill the guest."""
        if self.qemu and self.qemu.poll() is None:
            self.qemu.kill()
        if self.qemu:
            self.qemu.wait()
        for fd in self.pipes.values():
            os.close(fd)
        self.pipes = {}
        if self.monitor:
            self.monitor.close()
        if self.terminal_modes:  # QEMU restores them too, if it can
            termios.tcsetattr(0, termios.TCSADRAIN, self.terminal_modes)

    def wait(self, until=lambda: False, timeout_s=None):
        """Relay until the guest ends, or UNTIL says so (asked twice a second) and then None.

        Returns the program's status, or raises Broken or TimeoutError.
        """
        end = self.started + (timeout_s or self.timeout_s)
        with selectors.DefaultSelector() as ready:
            for name, fd in self.pipes.items():
                ready.register(fd, selectors.EVENT_READ, name)
            while self.pipes:
                if time.monotonic() > end:
                    self.qemu.kill()
                    raise TimeoutError
                for key, _ in ready.select(0.5):
                    data = os.read(key.fd, 65536)
                    if not data:
                        ready.unregister(key.fd)
                        os.close(self.pipes.pop(key.data))
                    else:
                        self.take(key.data, data)
                if until():
                    return None
        self.qemu.wait()
        if self.tar:
            self.tar.stdin.close()
            if self.tar.wait() and self.status is not None:
                raise Broken("the results did not come back whole")
        if self.status is None:
            raise Broken(self.why_it_died())
        return self.status

    def take(self, port, data):
        """What came out of a port goes to its place."""
        if port == "ctl":
            self.control += data
            said = re.search(rb"^exit (\d+)$", self.control, re.M)
            if said:
                self.status = int(said[1])
        elif port == "tar":
            self.tar = self.tar or subprocess.Popen(["tar", "-xf", "-", "-C", self.share_path], stdin=subprocess.PIPE)
            self.tar.stdin.write(data)
        else:
            sink = self.out if port == "out" else self.err
            sink.write(data)
            sink.flush()

    def settled(self):
        """For a guest that is held: its program has ended, or its kernel has panicked."""
        return self.status is not None or "---[ end Kernel panic" in self.console_text()

    def console_text(self):
        try:
            with open(self.console_path, encoding="utf-8", errors="replace") as f:
                return f.read().replace("\r", "")
        except OSError:
            return ""

    def why_it_died(self):
        """One line for a guest that ended without a status, from its console or QEMU's words."""
        for pattern in (r"Kernel panic - not syncing: (.*)", r"LAB: (?!.*up for)(.*)"):
            found = re.findall(pattern, self.console_text())
            if found:
                return "the guest died: " + found[-1]
        with open(self.dir + "/qemu", encoding="utf-8", errors="replace") as f:
            words = f.read().strip()
        return "the guest ended without saying how" + (": " + words.splitlines()[-1] if words else "")

    def attend(self):
        """wait(), with the console's end shown when the guest itself failed."""
        try:
            return self.wait()
        except TimeoutError:
            say("no end after %d s" % self.timeout_s)
            self.show_console()
            return TIMEOUT
        except Broken as error:
            say(str(error))
            self.show_console()
            return BROKEN

    def execute(self):
        self.start()
        return self.attend()

    def show_console(self, lines=50):
        """The last LINES, and more where a panic began before them: its report may be long."""
        text = self.console_text().splitlines()
        panics = [number for number, line in enumerate(text) if "Kernel panic - not syncing" in line]
        begin = max(0, min([len(text) - lines] + [panic - 10 for panic in panics[:1]]), len(text) - 500)
        say("the console's last lines%s:" % (" (all of it: %s)" % self.console if self.console else ""))
        for line in text[begin:]:
            print("    " + line, file=sys.stderr)


def modules_mount_point():
    """Guests mount their kernel's modules on /lib/modules, which a host without a kernel lacks."""
    if not os.path.isdir("/lib/modules") and os.geteuid() == 0:
        say("made the empty directory /usr/lib/modules, where guests mount their kernel's modules")
        os.makedirs("/usr/lib/modules", exist_ok=True)


def add_guest_options(parser, kernel="stock"):
    """The options that every program that boots a guest has."""
    add = parser.add_argument
    add("--kernel", default=kernel, help="stock, cloud (Debian's), debug, minimal, kcsan (ours), or a bzImage; default %s" % kernel)
    add("--modules", help="lib/modules/RELEASE of a bzImage")
    add("--cpus", type=int, default=2)
    add("--mem", type=int, help="MiB; default %d, %d for debug" % (MEMORY_MIB, SLOW_MEMORY_MIB))
    add("--append", action="append", default=[], help="words for the kernel's command line")
    add("--timeout", type=float, default=TIMEOUT_S, help="seconds; default %d, %d for debug" % (TIMEOUT_S, DEBUG_TIMEOUT_S))
    add("--share", help="a directory that is $SHARE in the guest, writable")
    add("--env", action="append", default=[], metavar="NAME=VALUE")
    add("--console", help="keep the console's text in this file")
    add("--keep", action="append", default=[], metavar="DIR", help="a directory below /tmp that the guest shall see")
    add("--program", dest="programs", action="append", default=[], metavar="NAME",
        help="a program that a guest without 9p (cloud) shall have")
    add("--module", dest="extra_modules", action="append", default=[], metavar="NAME",
        help="a module that a guest without 9p shall have")
    add("--qemu", action="append", default=[], help="one more argument for QEMU")
    add("--no-snapshot", dest="snapshot", action="store_false",
        help="boot, though the cache may have such a machine as it was when it had booted")
    add("-v", "--verbose", action="store_true")


def check_guest_options(args):
    """Say at once what would end as a riddle on a guest's console."""
    least = MEMORY_LEAST_MIB.get(args.kernel, 32)
    if not 1 <= args.cpus <= CPUS_MAX:
        raise Broken("--cpus %d: 1 to %d; this machine has %d" % (args.cpus, CPUS_MAX, os.cpu_count()))
    if args.mem is not None and args.mem < least:
        raise Broken("--mem %d: MiB, and the %s kernel needs %d to boot" % (args.mem, args.kernel, least))
    if args.timeout <= 0:
        raise Broken("--timeout %g: seconds, more than none" % args.timeout)
    for directory in args.keep + ([args.share] if args.share else []):
        if not os.path.exists(directory):
            raise Broken("no directory %s" % directory)
    if args.console and not os.path.isdir(os.path.dirname(os.path.abspath(args.console))):
        raise Broken("no directory for --console %s" % args.console)


def check_output(path):
    """Before a guest has run for nothing."""
    directory = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path) or not os.path.isdir(directory) or not os.access(directory, os.W_OK):
        raise Broken("can't write %s: it is a directory, or there is none for it, or not for this user" % path)


def program_path(name):
    """A file's, as the guest's directory is another; a program on PATH is left to the guest's.  None: said at once."""
    if "/" not in name and shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
        return name
    path = os.path.abspath(name)
    if not os.path.isfile(path) and not re.match(r"/(proc|sys|dev|run|tmp)/", name):  # there the guest has its own
        raise Broken("no program or file %s: a guest runs this machine's" % name)
    return path


def guest_from_options(args, argv):
    """A Run as those options say, not started."""
    check_guest_options(args)
    if os.environ.get("BUILD"):
        os.environ["PATH"] = os.environ["BUILD"] + "/src:" + os.environ["PATH"]
    run = Run(find_kernel(args.kernel, args.modules), [program_path(argv[0]), *argv[1:]])
    slow = args.kernel in SLOW
    run.cpus, run.timeout_s = args.cpus, DEBUG_TIMEOUT_S if slow and args.timeout == TIMEOUT_S else args.timeout
    run.memory_mib = args.mem or (SLOW_MEMORY_MIB if slow else MEMORY_MIB)
    run.append, run.qemu_args, run.verbose = list(args.append), list(args.qemu), args.verbose
    run.share, run.console, run.keep_paths = args.share, args.console, args.keep
    run.programs, run.extra_modules = args.programs, args.extra_modules
    run.snapshot = args.snapshot and not args.qemu
    for name in ("SRC", "BUILD", "TESTDIR", "SHARED"):
        if os.environ.get(name):
            run.env[name] = os.environ[name]
    run.env.update(pair.partition("=")[::2] for pair in args.env)
    return run


def main(function):
    """Run FUNCTION, turning its exceptions into messages and statuses, and signals into a clean end."""
    def end(number, _):
        sys.exit(128 + number)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    try:
        sys.exit(function())
    except Missing as error:
        say(str(error))
        sys.exit(SKIP)
    except (Broken, TimeoutError, OSError) as error:
        say(str(error) or type(error).__name__)
        sys.exit(BROKEN)
