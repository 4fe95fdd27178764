#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: gcc ld
# timeout: 60
"""perf.data of another boot or machine: its kernel is named by vmlinux (given, or found by build-id), by a list of its
symbols, by the running kernel's where that is the same build, its modules by their files; or it is said what is
missing.  A kernel that isn't one, linked where kernels are, "ran" moved."""
import json
import os
import platform
import re
import shutil
import struct

from lib.check import fail, must, run, skip

SLIDE, MODULE_AT = 11 << 21, 0xffffffffc0a31000
SOURCE = r"""
int counter;
__attribute__((noinline)) int work(int n)
{
	for (int i = 0; i < n; i++)
		counter += i * n; /* hot */
	return counter;
}
__attribute__((section(".init.text"), noinline)) int start(int n) { return work(n) + 3; }
__attribute__((section(".text.second"), aligned(64), noinline)) int second(int n) { return work(n) + 2; }
__attribute__((noinline)) int other(int n) { return start(n) + second(n) + 1; }
void _start(void) { other(3); }
"""


def facts(path):
    text = must("objdump", "-d", "--disassemble=work", path)
    return re.search(r"Build ID: (\w+)", must("readelf", "-n", path))[1], \
        [int(a, 16) for a in re.findall(r"^ *([0-9a-f]+):\t", text, re.M)]


def second_at(path):
    """Where the kernel would put the section behind .text, from where the module begins; not .init.text."""
    rows = {m[1]: (int(m[2], 16), int(m[3])) for m in re.finditer(
        r"\] (\S+) +PROGBITS +\S+ +\S+ +(\S+) +\S+ +AX +\d+ +\d+ +(\d+)", must("readelf", "-SW", path))}
    if ".init.text" not in rows:
        fail("no .init.text: %s" % rows)
    return -(-rows[".text"][0] // rows[".text.second"][1]) * rows[".text.second"][1]


def string(text, align):
    raw = text.encode() + b"\0"
    return raw + bytes(-len(raw) % align)


def record(kind, misc, body, time):
    body += struct.pack("<IIQ", 7, 7, time) if kind != 9 else b""
    return struct.pack("<IHH", kind, misc, 8 + len(body)) + body


def mapping(path, addr, size, offset, time):
    return record(1, 1, struct.pack("<iiQQQ", -1, 0, addr, size, offset) + string(path, 8), time)


def build_id(path, text):
    body = struct.pack("<i", -1) + bytes.fromhex(text).ljust(24, b"\0") + string(path, 64)
    return struct.pack("<IHH", 67, 1, 8 + len(body)) + body


def write(name, records, ids, release):
    """A perf.data with one software event, samples of address, thread and time."""
    attr = struct.pack("<IIQQQQQ", 1, 128, 0, 1000000, 7, 0, 1 << 18).ljust(128, b"\0") + bytes(16)
    features = [b"".join(build_id(p, i) for p, i in ids)]
    features += [struct.pack("<I", 64) + t.encode().ljust(64, b"\0") for t in ("elsewhere.example", release)]
    data = b"".join(records)
    at = 104 + len(attr) + len(data)
    sections, bodies = b"", b""
    for f in features:
        sections += struct.pack("<QQ", at + 16 * len(features) + len(bodies), len(f))
        bodies += f
    head = b"PERFILE2" + struct.pack("<QQQQQQQQQ", 104, len(attr), 104, len(attr), 104 + len(attr), len(data), 0, 0,
                                     1 << 2 | 1 << 3 | 1 << 4) + bytes(24)
    with open(name, "wb") as f:
        f.write(head + attr + data + sections + bodies)


def names(file, *words, debug="none", home=os.getcwd()):
    """Functions and places by samples, what was said about modules, and the import's own words."""
    p = run("sonde", "import", "--overwrite", "-o", "r", *words, file, env={"SONDE_DEBUG_PATH": debug, "HOME": home})
    if p.returncode != 0:
        return {}, p.stderr
    rows = [json.loads(line) for line in must(
        "sonde", "query", "r.sonde", "--json",
        "select function, file, line from frame where function <> '' order by id").splitlines()]
    found = {r["function"]: r for r in rows}
    return found, " ".join((must("sonde", "report", "r.sonde") + p.stderr).split())


def check(what, got, wanted, told=""):
    found, text = got
    if sorted(found) != sorted(wanted) or told not in text:
        fail("%s: %s, not %s; %s" % (what, sorted(found), sorted(wanted), text))
    print("ok  ", what)


def has_line(got):
    return any("k.c" in json.dumps(r) for r in got[0].values())


def synthetic():
    with open("k.c", "w") as f:
        f.write(SOURCE)
    must("gcc", "-g", "-O1", "-nostdlib", "-static", "-no-pie", "-mcmodel=kernel", "-fno-pic", "-Wl,--build-id",
         "-Wl,-Ttext-segment=0xffffffff81000000", "-Wl,--defsym=_text=0xffffffff81000000", "k.c", "-o", "vmlinux")
    must("gcc", "-g", "-O1", "-c", "-mcmodel=kernel", "-fno-pic", "k.c", "-o", "m.o")
    must("ld", "-r", "--build-id", "m.o", "-o", "foo-bar.ko")
    (kernel_id, kernel), (module_id, module) = facts("vmlinux"), facts("foo-bar.ko")
    must("gcc", "-O2", "-nostdlib", "-static", "-Wl,--build-id", "k.c", "-o", "another")
    text = 0xffffffff81000000 + SLIDE
    records = [mapping("[kernel.kallsyms]_text", text, 1 << 24, text, 1),
               mapping("[foo_bar]", MODULE_AT, 1 << 16, 0, 2)]
    records += [record(9, 1, struct.pack("<QIIQ", a, 7, 7, 10 + i), 0)
                for i, a in enumerate([k + SLIDE for k in kernel[2:5]] + [MODULE_AT + m for m in module[2:4]] +
                                  [MODULE_AT + second_at("foo-bar.ko") + 1])]
    ids = [("[kernel.kallsyms]", kernel_id), ("[foo_bar]", module_id)]
    write("p.data", records, ids, "9.8.7-elsewhere")
    both = ("work", "work [foo_bar]")
    check("nothing here", names("p.data"), (), "another machine or boot")
    if kernel_id not in names("p.data")[1]:
        fail("the build-id of the missing vmlinux isn't told")
    check("--vmlinux", names("p.data", "--vmlinux", "vmlinux"), ("work",))
    if not has_line(names("p.data", "--vmlinux", "vmlinux")):
        fail("no lines from vmlinux")
    with open("System.map", "w") as f:
        f.write(must("nm", "-n", "vmlinux"))
    check("System.map", names("p.data", "--kallsyms", "System.map"), ("work",))
    with open("kallsyms", "w") as f:
        f.write("".join("%016x %s\n" % (int(line[:16], 16) + SLIDE, line[17:])
                        for line in must("nm", "-n", "vmlinux").splitlines()))
        f.write("%016x t work\t[foo_bar]\n" % (MODULE_AT + module[0]))
    check("kallsyms of that boot", names("p.data", "--kallsyms", "kallsyms"), both)
    os.makedirs("root/.build-id/" + kernel_id[:2])
    shutil.copy("vmlinux", "root/.build-id/%s/%s.debug" % (kernel_id[:2], kernel_id[2:]))
    directory = "root/lib/modules/9.8.7-elsewhere/kernel"
    os.makedirs(directory)
    shutil.copy("foo-bar.ko", directory)
    got = names("p.data", debug=os.path.abspath("root"))
    check("by build-id, a module by release, name and build-id", got, both + ("second [foo_bar]",))
    if not has_line(got):
        fail("no lines by build-id")
    # perf record keeps what it had samples of below ~/.debug, by build-id.
    kept = "home/.debug/.build-id/%s/%s/" % (kernel_id[:2], kernel_id[2:])
    os.makedirs(kept)
    shutil.copy("System.map", kept + "kallsyms")
    check("the list that perf kept", names("p.data", home=os.path.abspath("home")), ("work",))
    os.rename(kept + "kallsyms", "unused")
    shutil.copy("another", kept + "elf")
    check("perf kept another", names("p.data", home=os.path.abspath("home")), (), "another machine or boot")
    shutil.copy("vmlinux", kept + "elf")
    check("the vmlinux that perf kept", names("p.data", home=os.path.abspath("home")), ("work",))
    found, text = names("p.data", "--vmlinux", "another")
    if found or "another build" not in text:
        fail("another build was taken: %s %s" % (found, text))
    with open("hidden", "w") as f:
        f.write("0000000000000000 T _text\n0000000000000000 T work\n")
    found, text = names("p.data", "--kallsyms", "hidden")
    if found or "no kernel symbols with addresses" not in text:
        fail("a list without addresses: %s %s" % (found, text))
    print("ok   what doesn't fit is refused")


def lasting(found):
    """Without BPF programs: others load and unload them meanwhile."""
    return {name for name in found if not name.startswith("bpf_")}


def real():
    """What perf records of this kernel, as if it came from elsewhere: the running kernel's own list serves, and one that
    was moved."""
    p = run("perf", "record", "-q", "-N", "-e", "cpu-clock", "-o", "real.data", "dd", "if=/dev/zero", "of=/dev/null", "bs=64k", "count=4000")
    with open("/proc/kallsyms") as f:
        lines = f.read().splitlines()
    if p.returncode != 0 or all(line.startswith("0000000000000000") for line in lines):
        print("skip a recording by perf: %s" % p.stderr.strip()[-200:])
        return
    here = lasting(names("real.data")[0])
    with open("real.data", "rb") as f:
        data = f.read()
    node = platform.node().encode()
    with open("moved.data", "wb") as f:
        f.write(data.replace(node + b"\0", b"x" * len(node) + b"\0"))
    there, text = names("moved.data")
    if "another machine or boot" not in text and lasting(there) != here:
        fail("the same build elsewhere: %s, here %s" % (lasting(there) ^ here, text))
    with open("moved", "w") as f:
        f.write("".join("%016x %s\n" % (int(line[:16], 16) + SLIDE & (1 << 64) - 1, line[17:]) for line in lines
                        if "[" not in line))
    listed = set(names("moved.data", "--kallsyms", "moved")[0])
    kernel = {n for n in here if any(line.split()[2] == n for line in lines)}
    if not kernel <= listed:
        fail("by a list of another boot: %s are missing" % (kernel - listed))
    print("ok   a recording by perf: %d functions of this kernel" % len(kernel))


if platform.machine() != "x86_64":
    skip("needs x86_64")
synthetic()
if shutil.which("perf"):
    real()
