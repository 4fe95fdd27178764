# SPDX-License-Identifier: LGPL-2.1-or-later
"""The archives that a guest boots: the machine's, and the job's, which is unpacked over it."""
import os
import re
import shlex
import shutil
import stat
import subprocess
import time

from common import LAB, Missing

# qemu_fw_cfg tells QEMU where the kernel keeps VMCOREINFO, for dumps.
MODULES = ("virtio_pci", "9pnet_virtio", "9p", "virtio_console", "qemu_fw_cfg")


def module_files(kernel, names):
    """The files of NAMES and of what they need, in the order of loading; built-in ones left out."""
    if not kernel.modules:
        return []
    depends = {}
    with open(kernel.modules + "/modules.dep", encoding="utf-8") as f:
        for line in f:
            path, _, needs = line.partition(":")
            depends[re.sub(r"\.ko.*", "", os.path.basename(path)).replace("-", "_")] = [path] + needs.split()
    files = []
    for name in names:
        # modules.dep lists what a module needs, the last to be loaded first.
        for path in reversed(depends.get(name.replace("-", "_"), [])):
            if path not in files:
                files.append(path)
    return [os.path.join(kernel.modules, path) for path in files]


class Initramfs:
    """A cpio archive (format newc: kernel Documentation, driver-api/early-userspace)."""

    def __init__(self, file):
        self.file, self.count, self.made = file, 0, set()

    def entry(self, name, mode, data=b"", rdev=(0, 0)):
        name = re.sub(r"^(bin|sbin|lib\w*)/", r"usr/\1/", name.lstrip("/"))  # as /bin is a link
        if name in self.made:
            return
        parent = os.path.dirname(name)
        if parent:
            self.entry(parent, stat.S_IFDIR | 0o755)
        self.made.add(name)
        self.count += 1
        fields = [self.count, mode, 0, 0, 1, 0, len(data), 0, 0, rdev[0], rdev[1], len(name) + 1, 0]
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        self.file.write(head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4))

    def directory(self, name, mode=0o755):
        self.entry(name, stat.S_IFDIR | mode)

    def text(self, name, data, mode=0o644):
        self.entry(name, stat.S_IFREG | mode, data if isinstance(data, bytes) else data.encode())

    def copy(self, name, path):
        with open(path, "rb") as f:
            self.text(name, f.read(), os.stat(path).st_mode & 0o777 | 0o444)

    def node(self, name, major, minor):
        self.entry(name, stat.S_IFCHR | 0o600, rdev=(major, minor))

    def close(self):
        self.entry("TRAILER!!!", 0)
        self.file.flush()


def program_files(programs):
    """Each program's file and its shared libraries, for a guest without the host's root."""
    files = []
    for program in programs:
        path = shutil.which(program)
        if not path:
            raise Missing("no program %s on the host" % program)
        path = os.path.abspath(path)
        files.append(path)
        listed = subprocess.run(["ldd", path], capture_output=True, text=True, check=False).stdout
        files += re.findall(r"(/\S+) \(0x", listed)
    return list(dict.fromkeys(files))


def busybox():
    for path in ("/bin/busybox", "/usr/bin/busybox"):
        if os.path.exists(path):
            return path
    raise Missing("not on this machine: busybox (package busybox-static); install with apt-get")


def write_machine(path, kernel):
    """What every guest with this kernel boots: see guest/init, which reads it."""
    with open(path, "wb") as f:
        cpio = Initramfs(f)
        for name in ("proc", "sys", "dev", "newroot", "tmp", "run", "usr/bin", "usr/sbin", "usr/lib", "usr/lib64"):
            cpio.directory(name)
        for name in ("bin", "sbin", "lib", "lib64"):
            cpio.entry(name, stat.S_IFLNK | 0o777, b"usr/" + name.encode())
        cpio.node("dev/console", 5, 1)
        cpio.node("dev/null", 1, 3)
        cpio.copy("bin/busybox", busybox())
        cpio.copy("init", LAB + "/guest/init")
        order = []
        for file in module_files(kernel, MODULES):
            cpio.copy("lab/modules/" + os.path.basename(file), file)
            order.append(os.path.basename(file) + "\n")
        cpio.text("lab/modules.order", "".join(order))
        cpio.close()


def write_job(path, run):
    """What one run is: unpacked by the kernel that boots with both, or by guest/init in a machine
    that goes on from a snapshot."""
    with open(path, "wb") as f:
        cpio = Initramfs(f)
        cpio.copy("lab/start", LAB + "/guest/start")
        cpio.text("lab/argv", os.fsencode("set -- %s\n" % shlex.join(run.argv)))
        cpio.text("lab/env", os.fsencode("".join("export %s=%s\n" % (name, shlex.quote(value)) for name, value in run.environment().items())))
        cpio.text("lab/private", "".join(path + "\n" for path in run.private()))
        cpio.text("lab/keep", "".join(path + "\n" for path in run.keep()))
        # A machine from a snapshot has the time and the random numbers of when it was saved.
        cpio.text("lab/seed", "%d %s\n" % (time.time(), os.urandom(64).hex()))
        if not run.kernel.has_9p:
            carry(cpio, run)
        cpio.close()


def carry(cpio, run):
    """Put what the script needs into the archive: no 9p in this kernel."""
    programs = ["bash", "setpriv", "setsid", "timeout", "date", "perl", *run.programs]
    if shutil.which(run.argv[0]):
        programs.append(run.argv[0])
    for path in program_files(programs):
        cpio.copy(path, path)
    files = [LAB + "/lib.sh", LAB + "/guest/as-user", *run.files]
    for path in map(os.path.abspath, filter(os.path.isfile, files + run.argv)):
        cpio.copy(path, path)
    for file in module_files(run.kernel, run.extra_modules):
        cpio.copy(os.path.join("/lib/modules", run.kernel.release, os.path.basename(file)), file)
