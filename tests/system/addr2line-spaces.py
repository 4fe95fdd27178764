#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: gcc objcopy
# timeout: 60
"""sonde addr2line on a process, a map, a core and the kernel; debug files in directories of one's
own; files that are cut short, and names that would steer a terminal."""
import os
import re
import shutil
import signal
import struct
import subprocess

from lib.check import fail, run

os.environ["XDG_CACHE_HOME"] = os.path.join(os.getcwd(), "cache")
SOURCE = r"""
#include <unistd.h>
static __attribute__((noinline)) int leaf(int x) { return x + getpid(); }
int main(void) { while (leaf(1)) sleep(100); return 0; }
"""


def ask(*words, env=None):
    return run("sonde", "addr2line", "-sf", *words, env=env)


def make():
    with open("p.c", "w") as f:
        f.write(SOURCE)
    if run("gcc", "-O1", "-g", "-Wl,--build-id", "p.c", "-o", "p").returncode != 0:
        fail("gcc")
    return int(re.search(r"^([0-9a-f]+) t leaf$", run("nm", "p").stdout, re.M)[1], 16)


def make_core(maps, name, memory):
    """A core as Linux writes it, as far as it is read: NT_FILE, and the first page of the program."""
    files = [m for m in maps if m[4].startswith("/")]
    text = struct.pack("<QQ", len(files), 4096)
    text += b"".join(struct.pack("<QQQ", a, b, o // 4096) for a, b, _, o, _ in files)
    text += b"".join(m[4].encode() + b"\0" for m in files)
    note = struct.pack("<III", 5, len(text), 0x46494C45) + b"CORE\0\0\0\0" + text + b"\0" * (-len(text) % 4)
    first = next(m for m in files if m[4].endswith("/p"))
    header = b"\x7fELF\2\1\1" + b"\0" * 9 + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    at = 64 + 2 * 56
    segments = struct.pack("<IIQQQQQQ", 4, 0, at, 0, 0, len(note), 0, 4)
    segments += struct.pack("<IIQQQQQQ", 1, 4, at + len(note), first[0], 0, len(memory), len(memory), 4096)
    with open(name, "wb") as f:
        f.write(header + segments + note + memory)


def maps_of(pid):
    with open("/proc/%d/maps" % pid) as f:
        text = f.read()
    rows = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) \S+ \d+ *(.*)$", text, re.M)
    return text, [(int(a, 16), int(b, 16), p, int(o, 16), n) for a, b, p, o, n in rows]


def check_process(leaf):
    p = subprocess.Popen([os.path.abspath("p")])
    try:
        maps = []
        while not ("libc.so" in str(maps) and any(n.endswith("/p") and o == 0 for _, _, _, o, n in maps)):
            text, maps = maps_of(p.pid)  # exec, and then the loader, take their time
        base = next(a for a, _, _, o, n in maps if n.endswith("/p") and o == 0)
        addr = "0x%x" % (base + leaf + 4)
        answer = ask("--pid", str(p.pid), addr)
        if answer.stdout != "leaf\np.c:3\n":
            fail("--pid: %s%s" % (answer.stdout, answer.stderr))
        with open("maps", "w") as f:
            f.write(text)
        if ask("-M", "maps", addr).stdout != answer.stdout:
            fail("-M")
        with open("/proc/%d/mem" % p.pid, "rb", 0) as f:
            f.seek(base)
            make_core(maps, "core", f.read(4096))
        if ask("--core", "core", addr).stdout != answer.stdout:
            fail("--core: %s" % ask("--core", "core", addr))
        if shutil.which("eu-addr2line"):
            for how in (["-p", str(p.pid)], ["-M", "maps"]):
                if run("eu-addr2line", "-sf", *how, addr).stdout != "leaf\np.c:3:54\n":
                    print("eu-addr2line has", run("eu-addr2line", "-sf", *how, addr))
        # Another program under the same name: the core says so by its build-id, the process still has its own.
        os.rename("p", "old")
        run("gcc", "-O1", "-g", "-DX=1", "-Wl,--build-id=0x1234567812345678", "p.c", "-o", "p")
        other = ask("--core", "core", addr)
        if other.stdout != "??\n??:0\n" or "was replaced" not in other.stderr:
            fail("a replaced file: %s" % other)
        os.unlink("old")
        if ask("--pid", str(p.pid), addr).returncode != 0:
            fail("--pid of a deleted program")
    finally:
        p.send_signal(signal.SIGKILL)
        p.wait()
    gone = ask("--pid", str(p.pid), "0x1")
    if gone.returncode == 0 or "cannot read" not in gone.stderr:
        fail("--pid of none: %s" % gone)
    print("--pid, -M, --core: leaf at p.c:3; a replaced file is not believed")


def check_debug_path(leaf):
    """A stripped program whose debug file lies in a directory of one's own."""
    os.makedirs("debug/.build-id", exist_ok=True)
    run("gcc", "-O1", "-g", "-Wl,--build-id", "p.c", "-o", "p")
    build_id = re.search(r"Build ID: (\w+)", run("readelf", "-n", "p").stdout)[1]
    os.makedirs("debug/.build-id/" + build_id[:2])
    run("objcopy", "--only-keep-debug", "p", "debug/.build-id/%s/%s.debug" % (build_id[:2], build_id[2:]))
    run("objcopy", "--strip-all", "p")
    want = "leaf\np.c:3\n"
    if ask("-e", "p", "0x%x" % leaf).stdout == want:
        fail("found without being told where")
    for words, env in ((["--debuginfo-path", "nowhere:debug/"], {}), ([], {"SONDE_DEBUG_PATH": "debug"})):
        if ask("-e", "p", *words, "0x%x" % leaf, env=env).stdout != want:
            fail("%s %s: %s" % (words, env, ask("-e", "p", *words, "0x%x" % leaf, env=env)))
    # The debug link, below the same directory.
    shutil.rmtree("debug/.build-id")
    os.makedirs("debug" + os.getcwd())
    run("gcc", "-O1", "-g", "-Wl,--build-id", "p.c", "-o", "p")
    run("objcopy", "--only-keep-debug", "p", "debug%s/p.dbg" % os.getcwd())
    run("objcopy", "--strip-all", "--add-gnu-debuglink=debug%s/p.dbg" % os.getcwd(), "p")
    if ask("-e", os.path.abspath("p"), "0x%x" % leaf, env={"SONDE_DEBUG_PATH": "debug"}).stdout != want:
        fail("the debug link")
    # The kernel's, by its release.
    os.makedirs("debug/boot")
    run("gcc", "-O1", "-g", "-Wl,--build-id", "p.c", "-o", "debug/boot/vmlinux-1.2.3-test")
    if ask("--offline-kernel=1.2.3-test", "--debuginfo-path", "debug", "0x%x" % leaf).stdout != want:
        fail("--offline-kernel")
    none = ask("--offline-kernel=1.2.3-other", "0x1")
    if none.returncode == 0 or "no vmlinux of Linux 1.2.3-other" not in none.stderr or "install" not in none.stderr:
        fail("no such kernel: %s" % none)
    print("--debuginfo-path, SONDE_DEBUG_PATH, --offline-kernel: found, and only there")


def check_kernel():
    with open("/proc/kallsyms") as f:
        line = next((x for x in f if x.split()[2] == "vfs_read"), "0 t none")
    if int(line.split()[0], 16) == 0:
        print("the kernel hides its addresses: -k was not tested")
        return
    if not ask("-k", line.split()[0]).stdout.startswith("vfs_read\n"):
        fail("-k: %s" % ask("-k", line.split()[0]))
    print("-k: vfs_read")


def check_hostile():
    name = "a\033[31mb\nc.c"
    with open(name, "w") as f:
        f.write(SOURCE)
    run("gcc", "-O1", "-g", name, "-o", "h")
    out = ask("-e", "h", "leaf").stdout
    if out != "leaf\na\\x1b[31mb\\nc.c:3\n":
        fail("control characters: %r" % out)
    with open("p", "rb") as f:
        whole = f.read()
    with open("cut", "wb") as f:
        f.write(whole[:len(whole) // 2])
    cut = ask("-e", "cut", "0x1")
    if cut.stdout != "??\n??:0\n" or "cut short" not in cut.stderr:
        fail("a file that is cut short: %s" % cut)
    for words in (["-k", "-e", "p"], ["-k", "-S"], ["--pid", "x"], ["-M", "p.c"], ["--core", "p"]):
        refused = ask(*words, "0x1")
        if refused.returncode not in (1, 2) or len(refused.stderr) < 20:
            fail("%s: %s" % (words, refused))
    print("control characters, files cut short, sources that exclude each other: told")


offset = make()
check_process(offset)
check_debug_path(offset)
check_kernel()
check_hostile()
