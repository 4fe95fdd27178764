#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: gcc addr2line objcopy
# timeout: 180
"""sonde addr2line on a C++ program made here: the same as GNU addr2line at random addresses,
directly and from the index; the index in the cache, also damaged; the ways to ask."""
import glob
import os
import random
import re
import shutil
import subprocess

from lib.check import fail, run, skip

PROGRAM = r"""
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>
#include <cstdio>
struct shape { virtual ~shape() {} virtual double area() const = 0; };
template <int N> struct poly : shape {
	std::vector<double> sides;
	poly() { for (int i = 0; i < N; i++) sides.push_back(i * 1.5); }
	double area() const override { double s = 0; for (auto x : sides) s += x * N; return s; }
};
template <int N> void fill(std::vector<std::unique_ptr<shape>> &v)
{
	v.push_back(std::make_unique<poly<N>>());
	if constexpr (N > 0) fill<N - 1>(v);
}
int main(int argc, char **argv)
{
	std::map<std::string, double> sums;
	std::vector<std::unique_ptr<shape>> v;
	fill<40>(v);
	std::sort(v.begin(), v.end(), [](const auto &a, const auto &b) { return a->area() < b->area(); });
	for (auto &s : v) sums[std::to_string(s->area())] += s->area();
	std::printf("%zu %f\n", sums.size(), sums.begin()->second);
}
"""
PLAIN = r"""
#include <stdio.h>
static inline int in(int x) { return x > 2 ? x * 3 : x - 1; }
int main(int c, char **v)
{
	for (int i = 0, k = c; i < c; i++, k--) { if (v[i][0] == 'a') puts("a"), printf("%d", in(k)); else puts(v[i]); }
	return in(c);
}
"""
os.environ["XDG_CACHE_HOME"] = os.path.join(os.getcwd(), "cache")


def sonde(*words, text=None):
    p = run("sonde", "addr2line", *words, input=text)
    if p.returncode < 0 or p.returncode > 2:
        fail("sonde addr2line %s ended with %d" % (" ".join(words), p.returncode))
    return p.stdout


def answers(text):
    """Frames by address, without what GNU alone writes."""
    found, key = {}, None
    lines = text.splitlines()
    i = 0
    while i < len(lines):
        if re.match(r"0x[0-9a-f]+$", lines[i]):
            key = lines[i]
            found[key] = []
            i += 1
        else:
            place = re.sub(r" \(discriminator \d+\)", "", lines[i + 1])
            found[key].append((lines[i], os.path.normpath(place)))
            i += 2
    return found


def is_same(ours, gnu):
    """Two things GNU does are not followed: it gives padding behind a function (nops) the
    function's name without a line, and where DWARF has no linkage name it writes the symbol
    of the outermost function at the innermost frame."""
    if ours == gnu:
        return True
    if len(gnu) == 1 and gnu[0][1] == "??:?":
        return ours[0][0] in ("??", gnu[0][0])
    return [f[1] for f in ours] == [f[1] for f in gnu] and \
        all(o[0] == g[0] for o, g in list(zip(ours, gnu))[1:-1]) and \
        (ours[0][0] == gnu[0][0] or "_Z" not in ours[0][0] or len(ours) == 1)


def alias(name):
    """What a symbol may be called where the index lost the name: clones (.isra.0), and the
    complete or the base constructor (C1, C2), which are one function."""
    return re.sub(r"([CD])[012]E", r"\1E", name.split(".")[0])


def text_addresses(path, count):
    out = run("readelf", "-SW", path).stdout
    m = re.search(r" \.text +\S+ +([0-9a-f]+) +[0-9a-f]+ +([0-9a-f]+)", out)
    start, size = int(m[1], 16), int(m[2], 16)
    pick = random.Random(1)
    return "".join("0x%x\n" % (start + pick.randrange(size)) for _ in range(count))


def agree(path, name, least, plain):
    """PLAIN: answers for the same program built as usual, where GNU cannot read this one."""
    text = text_addresses(path, 4500)  # so many that an index is made
    few = "\n".join(text.split()[:300]) + "\n"
    direct = sonde("--no-cache", "-afi", "-e", path, text=few)
    built = sonde("-afi", "-e", path, text=text)
    kept = glob.glob("cache/sonde/index/*/*.idx")
    if len(kept) != 1:
        fail("%s: %d indexes in the cache" % (name, len(kept)))
    if sonde("-afi", "-e", path, text=text) != built:
        fail(name + ": the index in the cache answers otherwise")
    if not built.startswith(direct):
        fail(name + ": the index and the units themselves answer differently")
    ours, gnu = answers(built), plain or answers(run("addr2line", "-afi", "-e", path, input=text).stdout)
    same = sum(is_same(ours[a], gnu[a]) for a in gnu)
    deep = sum(len(f) > 1 for f in gnu.values())
    print("%s: %d of %d addresses as %s, %d with inlined calls" % (
        name, same, len(gnu), "without that" if plain else "GNU has them", deep))
    for a in [a for a in gnu if not is_same(ours[a], gnu[a])][:2]:
        print("  %s\n    sonde %.250s\n    GNU   %.250s" % (a, ours[a], gnu[a]))
    if same < least * len(gnu) or (deep == 0):
        fail(name + ": too few")
    return built, text, kept[0]


def check_forms(path):
    """The bytes of GNU's and elfutils' addr2line, in all their forms, discriminators too."""
    out = run("objdump", "-d", "--disassemble=main", path).stdout
    addrs = ["0x" + a for a in re.findall(r"^ +([0-9a-f]+):\t", out, re.M)]
    forms = [("addr2line", [], f) for f in ("-a", "-f", "-fi", "-afi", "-p", "-fp", "-afip", "-sfi", "-fiC")]
    forms += [("eu-addr2line", ["--style", "elfutils"], f) for f in
              ("-F", "-Ff", "-afiF", "-fi --relative", "-S", "-xa", "-fis", "-afi --pretty-print", "-F --pretty-print")]
    told = 0
    for peer, ours, flags in forms:
        if not shutil.which(peer):
            continue
        theirs = run(peer, *flags.split(), "-e", path, *addrs).stdout
        told += theirs.count("discriminator") + theirs.count("is_stmt")
        # -f: GNU and elfutils write the symbol of the outermost function where DWARF has no linkage name
        if flags in ("-a", "-p", "-F", "-fi --relative") or "_Z" not in theirs:
            got = sonde(*ours, *flags.split(), "-e", path, *addrs)
            if got != theirs:
                line = next(i for i, (a, b) in enumerate(zip(got.splitlines(), theirs.splitlines())) if a != b)
                fail("%s %s: %r, %s has %r" % (ours, flags, got.splitlines()[line], peer, theirs.splitlines()[line]))
    # Without DWARF: GNU has the file of local symbols from the symbol table, and of aliases the first.
    symbols = ["0x" + line.split()[0] for line in run("nm", path).stdout.splitlines() if re.match(r"[0-9a-f]+ [tTwW] ", line)]
    for bare in (path, "bare"):
        for flags in ("-f", "-fi", "-afp"):
            theirs = run("addr2line", *flags.split(), "-e", bare, *symbols).stdout.replace(":?", ":0")
            got = sonde(*flags.split(), "-e", bare, *symbols).replace(":?", ":0")
            if [g for g, t in zip(got.splitlines(), theirs.splitlines()) if g != t and "??" not in g] or ".c:0" not in got:
                fail("%s %s of symbols: %s %s" % (bare, flags, got, theirs))
    text = "0x%x foo\n\n%x: push %%rbp\n%x,\n" % (int(addrs[0], 16), int(addrs[1], 16), int(addrs[2], 16))
    if sonde("-e", path, text=text) != run("addr2line", "-e", path, input=text).stdout:
        fail("addresses with something behind them: " + sonde("-e", path, text=text))
    p = run("sonde", "addr2line", "--style", "elfutils", "-e", path, "nosuch", addrs[0])
    if p.returncode != 1 or len(p.stdout.splitlines()) != 1 or "nosuch" not in p.stderr:
        fail("eu-addr2line's answer to a word that isn't there: %r" % p)
    if told == 0:
        fail("no discriminator and no flag in any form")
    print("the forms of addr2line and eu-addr2line: equal, with %d discriminators and flags" % told)


def check_damage(path, built, text, index):
    """Whatever the cache holds, answers are right, and what is damaged is said, and goes."""
    with open(index, "rb") as f:
        whole = f.read()
    right = answers(built)
    pick = random.Random(2)
    few = "\n".join(text.split()[:300]) + "\n"
    noticed, rounds = 0, 20 if os.environ.get("SONDE_SANITIZED") else 60
    for i in range(rounds):
        damaged = bytearray(whole)
        if i % 10 == 0:
            del damaged[pick.randrange(len(damaged)):]
        for _ in range(1 << i % 8):
            if damaged:
                damaged[pick.randrange(len(damaged))] ^= 1 << pick.randrange(8)
        with open(index, "wb") as f:
            f.write(damaged)
        p = run("sonde", "addr2line", "-afi", "-e", path, input=few)
        got = answers(p.stdout)
        for a in got:
            if got[a] != right[a]:
                fail("a damaged index lies: %s %s %s" % (a, got[a], right[a]))
        noticed += "damaged" in p.stderr or "cut short" in p.stderr or "not an index" in p.stderr
        if bool(p.stderr) != (not os.path.exists(index)) and "version" not in p.stderr:
            fail("a damaged index stays: %r" % p.stderr)
    if noticed < rounds / 2:
        fail("%d of %d damaged indexes were noticed" % (noticed, rounds))
    # Many at once look at all of it.
    for at in (len(whole) // 3, len(whole) // 2, len(whole) - 30):
        with open(index, "wb") as f:
            f.write(whole[:at] + bytes(b ^ 0xff for b in whole[at:at + 20]) + whole[at + 20:])
        if sonde("-afi", "-e", path, text=text) != built:
            fail("20 bytes were flipped at %d, and answers are others" % at)
        # what came in after that was noticed may not have been worth a new one
        if not os.path.exists(index) and sonde("-afi", "-e", path, text=text) != built:
            fail("20 bytes were flipped at %d, and the next answers are others" % at)
        with open(index, "rb") as f:
            if len(f.read()) != len(whole):
                fail("the index was not made again")
    with open(index, "wb") as f:
        f.write(b"")
    if sonde("-afi", "-e", path, text=text) != built:
        fail("an empty index was not replaced")
    if os.path.getsize(index) != len(whole):
        fail("the index was not written again")
    os.chmod(index, 0o666)
    with open(index, "r+b") as f:
        f.seek(len(whole) // 2)
        f.write(b"\xff" * 8)
    p = run("sonde", "addr2line", "-afi", "-e", path, input=few)
    if p.stderr or answers(p.stdout) != {a: right[a] for a in answers(p.stdout)}:
        fail("an index that anybody could write was used: %r" % p.stderr)
    os.chmod(index, 0o600)
    print("%d damaged indexes, %d noticed: no wrong or missing answer" % (rounds, noticed))


def check_ways(path):
    main = run("nm", path).stdout
    addr = int(re.search(r"^([0-9a-f]+) T main$", main, re.M)[1], 16)
    by_name = sonde("-e", path, "-f", "main+0x4")
    if by_name != sonde("-e", path, "-f", "0x%x" % (addr + 4)) or "p.cc" not in sonde("-e", path, "-fi", "main+0x4"):
        fail("main+0x4: " + by_name)
    if sonde("-e", path, "-pf", "%x" % addr) != run("addr2line", "-e", path, "-pf", "%x" % addr).stdout:
        fail("-pf is not as GNU's")
    if not re.match(r"main\n(.*/)?p\.cc:\d+\n\?\?\n\?\?:0\n", sonde("-sfe", path, "0x%x" % addr, "0x1")):
        fail("an address outside: " + sonde("-sfe", path, "0x%x" % addr, "0x1"))
    section = int(re.search(r" \.text +\S+ +([0-9a-f]+)", run("readelf", "-SW", path).stdout)[1], 16)
    if sonde("-e", path, "-f", "-j", ".text", "%x" % (addr - section)) != sonde("-e", path, "-f", "%x" % addr):
        fail("-j .text")
    # As perf does: one line in, its answer out, before the next.
    p = subprocess.Popen(["sonde", "addr2line", "-fe", path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for _ in range(3):
        p.stdin.write("0x%x\n" % addr)
        p.stdin.flush()
        if p.stdout.readline() != "main\n" or not p.stdout.readline().endswith("\n"):
            fail("a coprocess does not get its answers")
    p.stdin.close()
    if p.wait() != 0:
        fail("a coprocess ended with an error")
    p = run("sonde", "addr2line", "-e", "/nowhere", "0")
    if p.returncode == 0 or "/nowhere" not in p.stderr:
        fail("a file that is not there")
    with open("words", "w") as f:
        f.write("-f -e '%s' 0x%x" % (path, addr))
    if sonde("@words") != sonde("-f", "-e", path, "%x" % addr):
        fail("@file")
    if sonde("-fi", "--demangle=none", "-e", path, "%x" % addr) != sonde("-fi", "-e", path, "%x" % addr) or \
            sonde("-fi", "--demangle=gnu-v3", "-e", path, "%x" % addr) != sonde("-fiC", "-e", path, "%x" % addr):
        fail("--demangle=STYLE")
    print("symbol+offset, -p, -s, -j, @file, --demangle=STYLE, a coprocess: as they should be")


with open("p.cc", "w") as source:
    source.write(PROGRAM)
if not shutil.which("g++"):
    skip("needs g++")
for name, flags, least in (("O2", "-O2 -g", 0.95), ("dwarf4", "-O2 -gdwarf-4", 0.95),
                           ("compressed", "-O2 -g -gz", 0.95), ("split", "-O2 -g -gsplit-dwarf", 0.95),
                           ("lto", "-O2 -g -flto", 0.9), ("sections", "-O2 -g -ffunction-sections -Wl,--gc-sections", 0.95)):
    shutil.rmtree("cache", ignore_errors=True)
    made = run("g++", "-std=c++17", *flags.split(), "p.cc", "-o", "p")
    if made.returncode != 0:
        fail(made.stderr)
    # GNU addr2line 2.40 does not read split DWARF 5.
    built, text, index = agree("p", name, least, plain if name == "split" else None)
    if name == "O2":
        plain = answers(built)
        check_damage("p", built, text, index)
        check_ways("p")
        with open("c.c", "w") as source:
            source.write(PLAIN)
        if run("gcc", "-O2", "-g", "c.c", "-o", "c").returncode != 0:
            fail("gcc")
        if run("gcc", "-O2", "c.c", "-o", "bare").returncode != 0:
            fail("gcc")
        check_forms("c")
