#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: gcc ld objcopy xz x86_64
# timeout: 60
"""Kernel code without a kernel: a program linked where kernels are, and a module, are recorded as if
they had run moved (KASLR); annotate finds their files below SONDE_DEBUG_PATH by release, name
and build-id, compressed and with separate debug files too, or says what to install."""
import json
import os
import platform
import re
import shutil

from lib.check import fail, must, run

KERNEL, MODULE = "1", "2"
SOURCE = r"""
int counter;
static __attribute__((noinline)) int work(int n)
{
	for (int i = 0; i < n; i++)
		counter += i * n; /* hot */
	return counter;
}
__attribute__((noinline)) int other(int n) { return work(n) + 1; }
void _start(void) { other(3); }
"""
release = platform.release()


def facts(path):
    """Build-id, address of work(), and the places of its instructions, by objdump; of .text as the file has it."""
    build_id = re.search(r"Build ID: (\w+)", must("readelf", "-n", path))[1]
    text = must("objdump", "-d", "--disassemble=work", path)
    return build_id, [int(a, 16) for a in re.findall(r"^ *([0-9a-f]+):\t", text, re.M)]


def record(name, kind, module, build_id, addrs):
    must(os.path.join(os.environ["BUILD"], "tests", "make-profile"), name, kind, module, build_id, "work",
         *["%x" % a for a in addrs])


def annotate(name, *words, debug="root"):
    p = run("sonde", "annotate", "work", name, "--json", *words, env={"SONDE_DEBUG_PATH": debug})
    if p.returncode != 0:
        fail("annotate %s: %s" % (words, p.stderr))
    return json.loads(p.stdout)


def check(what, d, count, lines=True):
    rows = [r for r in d["instructions"] if r["samples"]]
    if len(d["instructions"]) <= len(rows) or [r["samples"] for r in rows] != [10] * count:
        fail("%s: %s %s" % (what, rows, d["warnings"]))
    if lines and not any(r["line"] in (5, 6) and r["file"].endswith("k.c") for r in rows):
        fail("%s: no line: %s" % (what, rows))
    print("ok  ", what)


def check_none(what, d, *told):
    text = json.dumps(d["warnings"])
    if any(r["instruction"] for r in d["instructions"]) or not all(t in text for t in told):
        fail("%s: %s" % (what, text))
    print("ok  ", what, "told")


def kernel():
    must("gcc", "-g", "-O1", "-nostdlib", "-static", "-no-pie", "-mcmodel=kernel", "-fno-pic", "-Wl,--build-id",
         "-Wl,-Ttext-segment=0xffffffff81000000", "k.c", "-o", "vmlinux")
    build_id, addrs = facts("vmlinux")
    moved = [a + 7 * (2 << 20) for a in addrs[2:5]]
    record("k.sonde", KERNEL, "[kernel]", build_id, moved)
    check_none("no vmlinux", annotate("k.sonde"), "vmlinux", "install the debug package", "--vmlinux")
    check("--vmlinux", annotate("k.sonde", "--vmlinux", "vmlinux"), 3)
    os.makedirs("root/boot")
    shutil.copy("vmlinux", "root/boot/vmlinux-" + release)
    check("by its release", annotate("k.sonde"), 3)
    os.unlink("root/boot/vmlinux-" + release)
    os.makedirs("root/.build-id/" + build_id[:2])
    shutil.copy("vmlinux", "root/.build-id/%s/%s.debug" % (build_id[:2], build_id[2:]))
    check("by its build-id", annotate("k.sonde"), 3)
    record("other.sonde", KERNEL, "[kernel]", "12345678" * 5, moved)
    check_none("another build's", annotate("other.sonde"), "is not here")
    check_none("another build's, named", annotate("other.sonde", "--vmlinux", "vmlinux"), "another build")
    record("off.sonde", KERNEL, "[kernel]", build_id, [a + 12345 for a in addrs[:3]])
    check_none("addresses that don't fit", annotate("off.sonde"), "not where")


def module():
    must("gcc", "-g", "-O1", "-c", "-mcmodel=kernel", "-fno-pic", "k.c", "-o", "m.o")
    must("ld", "-r", "--build-id", "m.o", "-o", "foo-bar.ko")
    build_id, addrs = facts("foo-bar.ko")
    record("m.sonde", MODULE, "foo_bar", build_id, [0xffffffffc0a31000 + a for a in addrs[2:5]])
    check_none("no module", annotate("m.sonde"), "the module's file is not here", "install")
    directory = "root/lib/modules/%s/kernel/drivers" % release
    os.makedirs(directory)
    shutil.copy("foo-bar.ko", directory)
    check("a module", annotate("m.sonde"), 3)
    must("xz", directory + "/foo-bar.ko")
    check("a compressed module", annotate("m.sonde"), 3)
    # Stripped, and what was stripped elsewhere, as Fedora and openSUSE do it.
    must("objcopy", "--only-keep-debug", "foo-bar.ko", "foo-bar.ko.debug")
    must("objcopy", "--strip-debug", "foo-bar.ko", "stripped.ko")
    os.unlink(directory + "/foo-bar.ko.xz")
    shutil.copy("stripped.ko", directory + "/foo-bar.ko")
    check("a stripped module", annotate("m.sonde"), 3, lines=False)
    other = "root/usr/lib/modules/%s/kernel/drivers" % release
    os.makedirs(other)
    shutil.move("foo-bar.ko.debug", other + "/foo-bar.ko.debug")
    check("a stripped module and its .ko.debug", annotate("m.sonde"), 3)
    check("a module, named", annotate("m.sonde", "--vmlinux", "foo-bar.ko", debug=""), 3)


with open("k.c", "w") as f:
    f.write(SOURCE)
os.environ["XDG_CACHE_HOME"] = os.path.join(os.getcwd(), "cache")
kernel()
module()
