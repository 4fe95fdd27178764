# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machines that have booted, kept, so that a run goes on from there instead of booting again.

A machine boots as far as guest/init can bring it without knowing what it shall run: kernel up,
modules loaded, file systems of the kernel's own mounted.  There it says "ready" on its control
port and reads its port "job".  Nothing of 9p is mounted yet: QEMU can't move a machine that has
it mounted.  We stop the machine and keep it as QEMU's migration does, in a directory of the
cache: the file `memory` is the guest's memory itself, written while it ran (so that the pages
that it never touched are holes), `state` everything else.  A run maps `memory` copy-on-write,
which takes no time and shares what is only read between guests, has QEMU load `state`, and the
guest finds its job on its port: see write_job in lab.py.

A snapshot's name is a hash of everything that it depends on: QEMU and its arguments, the kernel,
the archive it booted.  The least lately used go when all are larger than SIZE_MAX_BYTES.
What such guests have in common beyond a boot: where KASLR put the kernel, and the time since boot.
The clock and the random numbers are made new (guest/init).
"""
import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

from common import Broken, cache_directory, read, say

SIZE_MAX_BYTES = 4 << 30
BOOTS_MAX, BOOT_MAX_S, RESTORE_MAX_S, ANSWER_MAX_S = 3, 600, 180, 300
SILENCE_MAX_S = 200  # a kernel that prints nothing for so long while it boots has stalled


class Monitor:
    """QEMU's control connection (QMP: docs/interop/qmp-intro in QEMU's sources)."""

    def __init__(self, connection):
        self.connection, self.file = connection, None
        connection.settimeout(ANSWER_MAX_S)

    def ask(self, name, *files, **arguments):
        """Give one command, with open FILES; returns its answer."""
        if not self.file:
            self.file = self.connection.makefile("r", encoding="utf-8")
            self.file.readline()  # the greeting
            self.ask("qmp_capabilities")
        try:
            command = json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n"
            socket.send_fds(self.connection, [command], [file.fileno() for file in files])
            answer = {}
            while "return" not in answer and "error" not in answer:  # events come between
                answer = json.loads(self.file.readline() or '{"error": {"desc": "QEMU has gone"}}')
        except OSError as error:
            raise Broken("QEMU has gone, asked for %s: %s" % (name, error)) from None
        if "error" in answer:
            raise Broken("QEMU refuses %s: %s" % (name, answer["error"]["desc"]))
        return answer["return"]

    def close(self):
        if self.file:
            self.file.close()
        self.connection.close()


def place():
    path = os.path.join(cache_directory(), "snapshot")
    os.makedirs(path, exist_ok=True)
    return path


def key(run):
    """A name for everything that this machine's state after its boot depends on."""
    image = os.stat(run.kernel.image)
    with open(run.dir + "/machine", "rb") as f:
        archive = hashlib.sha256(f.read()).hexdigest()
    machine = run.machine()
    parts = machine + [archive, str(image.st_size), str(image.st_mtime_ns)]
    parts.append(subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True, check=False).stdout)
    # The guest has this machine's clock, with KVM its processor.
    lines = ("model name", "microcode", "flags") if "kvm" in machine else "model name"
    parts += [line for line in read("/proc/cpuinfo").splitlines() if line.startswith(lines)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def ram(run, path, share):
    """The guest's memory is that file."""
    return ["-machine", "memory-backend=ram", "-object",
            "memory-backend-file,id=ram,size=%dM,share=%s,mem-path=%s" % (run.memory_mib, share, path)]


def restore(run):
    """Start RUN from its machine's snapshot, which is made if there is none.  Not possible: False."""
    directory = os.path.join(place(), key(run))
    try:
        files = opened(directory) or made(run, directory)
    except (Broken, TimeoutError, OSError) as error:
        say("no snapshot of this machine, it boots each time: %s" % (str(error) or "it did not boot in time"))
        return False
    began = time.monotonic()
    try:
        resume(run, directory, files)
    except (Broken, TimeoutError) as error:
        say("the snapshot can't be used, booting: %s" % (str(error) or "nothing came of it in %d s" % RESTORE_MAX_S))
        run.stop()
        shutil.rmtree(directory, ignore_errors=True)
        return False
    finally:
        for file in files:
            file.close()
    if run.verbose:
        say("from snapshot %s in %.1f s" % (directory, time.monotonic() - began))
    return True


def opened(directory):
    """The files of a snapshot, which stay readable should another run remove it; or None."""
    try:
        os.utime(directory)
        return [open(os.path.join(directory, name), "r+b") for name in ("memory", "state")]
    except FileNotFoundError:
        return None


def resume(run, directory, files):
    memory, state = files
    run.launch([*ram(run, "/proc/self/fd/%d" % memory.fileno(), "off"), "-incoming", "defer"], (memory.fileno(),))
    # What the machine said when it booted comes first.
    shutil.copy(directory + "/console", run.console_path)
    capability(run)
    run.monitor.ask("getfd", state, fdname="state")
    run.monitor.ask("migrate-incoming", uri="fd:state")
    run.wait(lambda: b"job\n" in run.control, time.monotonic() - run.started + RESTORE_MAX_S)


def capability(run):
    """Memory that is a file stays where it is."""
    run.monitor.ask("migrate-set-capabilities", capabilities=[{"capability": "x-ignore-shared", "state": True}])


def made(run, directory):
    """Boot the machine and keep it; one process at a time does."""
    with open(directory + ".lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        files = opened(directory)
        if files:
            return files
        making = tempfile.mkdtemp(prefix="making-", dir=place())
        try:
            make(run, making)
            shutil.rmtree(directory, ignore_errors=True)
            os.rename(making, directory)
            files = opened(directory)
        finally:
            shutil.rmtree(making, ignore_errors=True)
            prune()
    return files


def make(run, directory):
    """A machine whose kernel complained while it booted, or stood still (emulation makes that happen), isn't kept."""
    end = time.monotonic() + BOOT_MAX_S * 1.5
    for _ in range(BOOTS_MAX):
        began = time.monotonic()
        complaint = boot_and_save(run, directory, min(BOOT_MAX_S, end - began))
        if not complaint:
            break
        say("the kernel %s while it booted, which emulation may cause: once more" % complaint)
    else:
        raise Broken("its kernel %s each time that it boots" % complaint)
    if run.verbose:
        say("made a snapshot of %d MiB in %.1f s" % (size_bytes(directory) >> 20, time.monotonic() - began))


class Progress:
    """Has a machine booted, and does it go on?"""

    def __init__(self, maker):
        self.maker, self.size, self.changed = maker, 0, time.monotonic()

    def is_over(self):
        size, now = os.path.getsize(self.maker.console_path), time.monotonic()
        if size != self.size:
            self.size, self.changed = size, now
        return b"\n" in self.maker.control or self.has_stalled()

    def has_stalled(self):
        return time.monotonic() - self.changed > SILENCE_MAX_S


def boot_and_save(run, directory, timeout_s):
    """Returns what is wrong with this boot, or nothing."""
    with run.alike() as maker, open(directory + "/memory", "w+b") as memory, open(directory + "/state", "w+b") as state:
        memory.truncate(run.memory_mib << 20)
        maker.console, maker.timeout_s = directory + "/console", timeout_s
        maker.boot_for_snapshot(run.dir + "/machine", ram(run, directory + "/memory", "on"))
        progress = Progress(maker)
        maker.wait(progress.is_over)
        if not maker.control:
            return "stood still"
        if maker.control != b"ready 0\n":
            return "complained"
        time.sleep(0.5)  # it goes to its port
        capability(maker)
        maker.monitor.ask("getfd", state, fdname="state")
        maker.monitor.ask("migrate", uri="fd:state")
        status = ""
        while status != "completed":
            time.sleep(0.02)
            status = maker.monitor.ask("query-migrate").get("status", "")
            if status in ("failed", "cancelled"):
                raise Broken("QEMU could not save the machine")
    return ""


def size_bytes(directory):
    """On the disk: most of the memory is holes."""
    return sum(os.lstat(os.path.join(directory, name)).st_blocks * 512 for name in os.listdir(directory))


def prune():
    """Remove the least lately used until the rest is small enough, and what a killed run was making."""
    found, total = [], 0
    for name in os.listdir(place()):
        path = os.path.join(place(), name)
        try:
            if name.startswith("making-") and os.stat(path).st_mtime < time.time() - 2 * BOOT_MAX_S:
                shutil.rmtree(path, ignore_errors=True)
            elif os.path.isdir(path):
                found.append((os.stat(path).st_mtime, path, size_bytes(path)))
            elif name.endswith(".lock") and not os.path.exists(path[:-5]) and os.stat(path).st_mtime < time.time() - 86400:
                os.remove(path)
        except FileNotFoundError:
            pass  # another run removed it
    for _, path, size in sorted(found, reverse=True):
        total += size
        if total > SIZE_MAX_BYTES and not os.path.basename(path).startswith("making-"):
            shutil.rmtree(path, ignore_errors=True)
