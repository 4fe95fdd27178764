#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: gcc readelf
# timeout: 120
"""sonde elf beside readelf, nm, ldd and objdump: sections, segments, symbols, dynamic entries,
libraries and instructions of binaries made here and of the system's, field by field; hardening
of programs built in different ways; and, where it is there, the torture files."""
import bz2
import glob
import json
import lzma
import os
import random
import re
import shutil
import subprocess
import sys

from lib.check import fail, run


def sonde(path, *parts):
    p = run("sonde", "elf", "--json", *parts, path)
    if p.returncode not in (0, 1):
        fail("sonde elf %s %s ended with %d: %s" % (path, parts, p.returncode, p.stderr[-300:]))
    return json.loads(p.stdout) if p.returncode == 0 and p.stdout else None


def addr(value):
    return int(value, 16) if isinstance(value, str) else value


def sections(path):
    out = run("readelf", "-SW", path).stdout
    rows = re.findall(r"^ +\[ *(\d+)\] (\S*) +(\S.*?) +([0-9a-f]{8,16}) ([0-9a-f]+) ([0-9a-f]+) [0-9a-f]{2,} *([A-Zopl]*) +\d+ +\d+ +(\d+)", out, re.M)
    return [(r[1], r[2], int(r[3], 16), int(r[4], 16), int(r[5], 16)) for r in rows if r[0] != "0"]


def segments(path):
    out = run("readelf", "-lW", path).stdout
    rows = re.findall(r"^  (\S+) +0x([0-9a-f]+) 0x([0-9a-f]+) 0x[0-9a-f]+ 0x([0-9a-f]+) 0x([0-9a-f]+) ([RWE ]{3})", out, re.M)
    return [(r[0],) + tuple(int(x, 16) for x in r[1:5]) + (r[5],) for r in rows]


def symbols(path, flag):
    out = run("readelf", flag, "-W", path).stdout
    if flag == "-s":  # only .symtab
        parts = re.split(r"\nSymbol table '", "\n" + out)
        out = next((p for p in parts if p.startswith(".symtab'")), "")
    rows = re.findall(r"^ +\d+: ([0-9a-f]+) +(\d+|0x[0-9a-f]+) (\S+) +(\S+) +(\S+) +(?:\[[^]]*\] +)?(\S+) ?(.*)$", out, re.M)
    return [(int(r[0], 16), int(r[1], 0), r[2], r[3], r[6].split("@")[0].strip()) for r in rows][1:]


def dynamic(path):
    out = run("readelf", "-dW", path).stdout
    return [t for t in re.findall(r"^ 0x[0-9a-f]+ \((\w+)\)", out, re.M) if t != "NULL"]


class Count:
    right = wrong = 0
    shown = 0


def same(count, what, path, ours, theirs):
    if ours == theirs:
        count.right += 1
        return
    count.wrong += 1
    count.shown += 1
    if count.shown <= 6:
        bad = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
        print("  %s of %s: %d and %d rows; sonde %s, readelf %s" % (
            what, os.path.basename(path), len(ours), len(theirs), ours[bad:bad + 1], theirs[bad:bad + 1]))


def compare(count, path):
    doc = sonde(path, "-S", "-l", "-s", "--dyn-syms", "-d")
    if doc is None:
        return
    same(count, "sections", path, [(s["name"], s["type"], addr(s["addr"]), addr(s["offset"]), s["size_bytes"])
                                   for s in doc["sections"]], sections(path))
    same(count, "segments", path, [(s["type"], addr(s["offset"]), addr(s["addr"]), s["file_bytes"], s["memory_bytes"],
                                    s["flags"]) for s in doc["segments"]], segments(path))
    for key, flag in (("symbols", "-s"), ("dynamic_symbols", "--dyn-syms")):
        same(count, key, path, [(addr(s["addr"]), s["size_bytes"], s["type"], s["bind"], s["name"].split("@")[0])
                                for s in doc[key]], symbols(path, flag))
    same(count, "dynamic entries", path, [e["tag"] for e in doc["dynamic"]], dynamic(path))


def check_needed(path):
    out = run("ldd", path).stdout
    theirs = {m[0].rsplit("/", 1)[-1]: m[1] or m[0] for m in re.findall(r"^\s+(\S+)(?: => (not found|\S+))?(?: \(0x[0-9a-f]+\))?$", out, re.M)}
    theirs = {n: p for n, p in theirs.items() if not n.startswith("linux-vdso")}
    ours = {l["name"].rsplit("/", 1)[-1]: l["path"] for l in sonde(path, "--needed")["needed"]}
    # ldd lists the loader that it runs by the name that it was started by: the same file.
    for name in set(ours) & set(theirs):
        if name.startswith("ld-") and os.path.realpath(ours[name]) == os.path.realpath(theirs[name]):
            ours[name] = theirs[name]
    if ours != theirs:
        fail("libraries of %s: %s, ldd %s" % (path, ours, theirs))
    return len(ours)


def check_disasm(path, function, start=None, size=0):
    """By name, or between two addresses: of a stripped file objdump takes names in another section's place."""
    ours = [(addr(i["addr"]), i["bytes"].strip()) for i in sonde(path, "--disasm", function)["instructions"]]
    words = ["--disassemble=" + function]
    if start is not None:
        words = ["-d", "--start-address=%d" % start, "--stop-address=%d" % (start + size)]
    out = run("objdump", "--insn-width=16", *words, path).stdout
    theirs = [(int(a, 16), b.strip()) for a, b in re.findall(r"^ +([0-9a-f]+):\t((?:[0-9a-f]{2} )+)", out, re.M)]
    if not theirs or ours != theirs:
        fail("instructions of %s in %s: %s, objdump %s" % (function, path, ours[:3], theirs[:3]))
    return len(ours)


def check_names(count, path):
    """nm -C: names as the source has them."""
    doc = sonde(path, "-C", "-s")
    theirs = run("nm", "-C", "-a", "--special-syms", "--without-symbol-versions", path).stdout
    names = {line[19:] if line[:16].strip() else line.strip().split(" ", 1)[-1] for line in theirs.splitlines()}
    ours = {s["name"].split("@")[0] for s in doc["symbols"]}
    same(count, "demangled names", path, sorted(ours - names - {""}), [])


def headers(path):
    """The fields that both have, in one writing."""
    out = run("readelf", "-hW", path).stdout
    entry = re.search(r"Entry point address: +0x([0-9a-f]+)", out)
    kind = re.search(r"Type: +(\w+)", out)
    return kind[1], int(entry[1], 16)


def sweep(most):
    """SWEEP=N tests/system/elf.py: N programs and libraries of this system, everything that is compared above."""
    pick = random.Random(1)
    paths = [p for p in sorted(set(map(os.path.realpath, glob.glob("/usr/bin/*") + glob.glob("/usr/lib/*-linux-gnu/*.so*") +
                                       glob.glob("/usr/sbin/*")))) if os.path.isfile(p) and open(p, "rb").read(4) == b"\x7fELF"]
    paths = pick.sample(paths, min(most, len(paths)))
    count, libraries, insns, functions, odd = Count(), 0, 0, 0, []
    for path in paths:
        if os.path.getsize(path) > 40 << 20:
            continue
        compare(count, path)
        check_names(count, path)
        doc = sonde(path, "-H")
        text = json.dumps(doc)
        kind, entry = headers(path)
        same(count, "header", path, [kind in text, "0x%x" % entry in text or str(entry) in text], [True, True])
        try:
            libraries += check_needed(path)
        except SystemExit:
            odd.append("libraries of " + path)
        doc = sonde(path, "-s", "--dyn-syms")
        names = [s for s in doc["symbols"] or doc["dynamic_symbols"] if s["type"] == "FUNC" and s["size_bytes"]]
        for s in pick.sample(names, min(3, len(names))):
            functions += 1
            try:
                insns += check_disasm(path, "0x%x" % addr(s["addr"]), addr(s["addr"]), s["size_bytes"])
            except SystemExit:
                odd.append("%s in %s" % (s["name"], path))
    print("%d binaries: %d tables as readelf, nm have them, %d not; %d libraries as ldd; %d instructions of %d functions as "
          "objdump" % (len(paths), count.right, count.wrong, libraries, insns, functions))
    print("\n".join("  not the same: " + o for o in odd))
    sys.exit(0)


def hardening(path):
    return {r["key"]: r["state"] for r in sonde(path)["hardening"]}


if os.environ.get("SWEEP"):
    sweep(int(os.environ["SWEEP"]))
with open("p.c", "w") as f:
    f.write("#include <stdio.h>\n#include <string.h>\nint f(char *s) { char b[64]; strcpy(b, s); return puts(b); }\n"
            "int main(int c, char **v) { return f(v[0]) + c; }\n")
hard = ["-O2", "-D_FORTIFY_SOURCE=2", "-fstack-protector-strong", "-pie", "-fPIE", "-Wl,-z,now,-z,relro", "-fcf-protection=full"]
soft = ["-O1", "-fno-stack-protector", "-no-pie", "-Wl,-z,norelro,-z,execstack", "-fno-omit-frame-pointer"]
for name, flags in (("hard", hard), ("soft", soft), ("static", ["-static"]), ("object", ["-c", "-g"])):
    subprocess.run(["gcc", "-g"] + flags + ["p.c", "-o", name], check=True, capture_output=True)
got, want = hardening("hard"), {"pie": "yes", "relro": "full", "nx": "yes", "canary": "yes"}
if {k: got[k] for k in want} != want or "1" not in got["fortify"] or got.get("cet", "IBT and SHSTK") not in ("IBT and SHSTK", "none"):
    fail("hard: %s" % got)
got, want = hardening("soft"), {"pie": "no", "relro": "no", "nx": "no", "canary": "no", "fortify": "none seen"}
if {k: got[k] for k in want} != want:
    fail("soft: %s" % got)
doc = sonde("soft")
if "-fno-omit-frame-pointer" not in doc["compilers"][0]["compiler"] or not doc["debug_information"].startswith("DWARF"):
    fail("soft: %s" % doc)
os.makedirs("lib")
subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "/dev/null", "-o", "lib/libmine.so", "-Wl,-soname,libmine.so"], check=True)
subprocess.run(["gcc", "p.c", "-o", "runpath", "-Llib", "-Wl,--no-as-needed", "-lmine", "-Wl,-rpath,$ORIGIN/lib"], check=True)
subprocess.run(["gcc", "p.c", "-o", "missing", "-Llib", "-Wl,--no-as-needed", "-lmine"], check=True)
libraries = sum(check_needed(os.path.abspath(p)) for p in ("runpath", "missing", "hard"))
for path in ("/usr/bin/python3", "/usr/bin/gdb", "/usr/bin/perf", "/usr/bin/gcc", "/bin/ls", shutil.which("sonde")):
    libraries += check_needed(path) if path and os.path.exists(path) else 0
print("%d libraries found where ldd finds them" % libraries)
insns = check_disasm("hard", "main") + check_disasm("soft", "f") + check_disasm("static", "exit")
print("%d instructions as objdump has them" % insns)
for name, n in (("one", 1), ("other", 2)):
    with open(name + ".cc", "w") as f:
        f.write("namespace ns { template<int N> struct S { __attribute__((noinline)) int get(int a) { return a * N; } }; }\n"
                "static __attribute__((noinline)) int f(int a) { return ns::S<%d>().get(a) + 1; }\n"
                "int (*p%d)(int) = f; %s\n" % (n, n, "int main() { return p1(1); }" if n == 1 else ""))
    subprocess.run(["g++", "-O1", "-c", name + ".cc"], check=True)
subprocess.run(["g++", "one.o", "other.o", "-o", "two"], check=True)
for name, warned in (("ns::S<1>::get", False), ("_ZL1fi", True), ("f", True)):
    doc = sonde("two", "--disasm", name)
    if not doc["instructions"] or ("called" in json.dumps(doc.get("warnings", []))) != warned:
        fail("--disasm %s: %s" % (name, doc))
# In an object file targets are the linker's: told by name.
with open("o.c", "w") as f:
    f.write("extern int far(int); static __attribute__((noinline)) int near(int a) { return a * far(a); } int top(int a) { return near(a) + far(a) + near(a); }\n")
subprocess.run(["gcc", "-O1", "-c", "o.c", "-o", "o.o"], check=True)
insns = " ".join(i["text"] for i in sonde("o.o", "--disasm", "top")["instructions"])
if os.uname().machine == "x86_64" and ("# far" not in insns or re.search(r"<top\+0x[0-9a-f]+>", insns) or insns.count("near") != 2):
    fail("o.o: " + insns)
if run("sonde", "elf", "--disasm", "S", "two").returncode != 1:
    fail("--disasm S")
with open("hard", "rb") as i, open("cut", "wb") as o:
    o.write(i.read()[:5000])
with open("hard", "rb") as i, open("head", "wb") as o:
    o.write(i.read(100))
text = run("sonde", "elf", "head").stdout
if "which is not known" not in text or len([t for t in text.splitlines() if "not known" in t]) < 5:
    fail("what was cut off is told as known:\n" + text)
for path, is_cut in (("cut", True), ("hard", False), ("soft", False), ("static", False), ("object", False)):
    if ("cut short" in run("sonde", "elf", path).stdout) != is_cut:
        fail("%s is%s cut short" % (path, "" if is_cut else " not"))
# What is no image of its own: a debug file, also one without DWARF; a kernel module; what is no ELF file at all.
subprocess.run(["objcopy", "--only-keep-debug", "hard", "hard.debug"], check=True)
subprocess.run(["objcopy", "--strip-debug", "hard.debug", "names.debug"], check=True)
for path in ("hard.debug", "names.debug"):
    if not sonde(path)["headline"].startswith("debug file") or "hardening" in sonde(path):
        fail("%s: %s" % (path, sonde(path)["headline"]))
with open("mod.c", "w") as f:
    f.write("""static const char info[] __attribute__((section(".modinfo"), used)) = "license=GPL\\0alias=pci:1\\0alias=pci:2\\0name=mod";
int init_module(void) { return 0; }
""")
subprocess.run(["gcc", "-c", "mod.c", "-o", "mod.ko"], check=True)
doc = sonde("mod.ko")
if [list(r.values()) for r in doc["modinfo"]] != [["license", "GPL"], ["name", "mod"]] or doc["aliases"] != 2:
    fail("mod.ko: %s" % doc)
for content, said in ((b"", "an empty file"), (b"#!/bin/sh\n", "a script"), (b"MZ" + bytes(100), "a Windows program"),
                      (b"!<arch>\n", "an archive"), (b"text", "not an ELF file"), (b"\x7fELF\2\1\1", "ends in its header")):
    with open("other", "wb") as f:
        f.write(content)
    p = run("sonde", "elf", "other")
    if p.returncode != 1 or said not in p.stderr:
        fail("%r: %s" % (content, p.stderr))
count = Count()
system = ["hard", "soft", "static", "object", "/bin/ls", shutil.which("sonde")] + glob.glob("/lib/*-linux-gnu/libc.so.6")
for path in system:
    compare(count, path)
if count.wrong:
    fail("%d of %d tables of system binaries differ from readelf's" % (count.wrong, count.wrong + count.right))
print("%d tables of %d binaries as readelf has them" % (count.right, len(system)))
corpus = os.path.join(os.environ.get("SHARED", ""), "corpora/11-dwarf")
if os.path.isdir(corpus):
    count = Count()
    for path in sorted(glob.glob(corpus + "/object-testfiles/*/*"))[::4] + sorted(glob.glob(corpus + "/elfutils/*/*"))[::10]:
        for ending, opener in ((".bz2", bz2.open), (".xz", lzma.open)):
            if path.endswith(ending):
                with opener(path) as i, open("unpacked", "wb") as o:
                    o.write(i.read())
                path = "unpacked"
        with open(path, "rb") as f:
            if f.read(4) == b"\x7fELF":
                compare(count, path)
    print("torture files: %d of %d tables as readelf has them" % (count.right, count.right + count.wrong))
    if count.right < 0.9 * (count.right + count.wrong):
        fail("too few")
