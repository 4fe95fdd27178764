#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: gcc addr2line objcopy
# timeout: 120
"""Names for addresses, against addr2line on programs made here, and against the answers that
come with real ones; stripped, compressed, split and damaged files."""
import json
import os
import random
import re
import shutil
import subprocess

from lib.check import fail, must

SYMBOLIZE = os.path.join(os.environ["BUILD"], "tests/symbolize")

PROGRAM = r"""
#include <stdio.h>
#include <stdlib.h>
static inline __attribute__((always_inline)) int inner(int x) { return x * rand(); }
static inline __attribute__((always_inline)) int middle(int x)
{
	return inner(x) +
	       inner(x + 1);
}
__attribute__((noinline)) int outer(int x)
{
	int sum = 0;
	for (int i = 0; i < x; i++)
		sum += middle(i);
	return sum;
}
__attribute__((noinline, cold)) void unlikely(void) { puts("never"); abort(); }
int main(int argc, char **argv)
{
	if (argc > 100)
		unlikely();
	printf("%d\n", outer(argc));
	return 0;
}
"""
CPP = r"""
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>
namespace ns { template <class T> struct Box { T v; __attribute__((noinline)) T twice(T x) { return v + x; } }; }
int main(int argc, char **argv)
{
	std::vector<int> v;
	for (int i = 0; i < argc * 10; i++) v.push_back(std::rand());
	std::sort(v.begin(), v.end(), [](int a, int b) { return a > b; });
	ns::Box<double> b{1.5};
	std::printf("%d %f\n", v[0], b.twice(2));
}
"""


def parse(text):
    chains, chain = {}, None
    for line in text.splitlines():
        if line.startswith("0x"):
            chain = chains.setdefault(int(line, 16), [])
        elif chain is not None:
            chain.append(re.sub(r" \(discriminator.*", "", line).replace(":?", ":0"))
    return chains


def ask(file, addresses):
    result = subprocess.run([SYMBOLIZE, file], input="".join("0x%x\n" % a for a in addresses),
                            capture_output=True, text=True, timeout=100)
    if result.returncode:
        fail("symbolize %s: status %d %s" % (file, result.returncode, result.stderr))
    return parse(result.stdout), result.stderr


def instructions(file):
    """Addresses of instructions in functions: between them addr2line guesses."""
    text = must("objdump", "-d", "-j", ".text", file)
    return [int(a, 16) for a in re.findall(r"^ +([0-9a-f]+):\t", text, re.M)]


def same_chain(ours, theirs):
    if len(ours) != len(theirs):
        return False
    def same_line(o, t):  # without DWARF addr2line takes the file from the symbol table, without line
        t = t.replace("<artificial>", "p.c")  # addr2line 2.40 on what LTO writes
        return os.path.basename(o) == os.path.basename(t) or (o == "??:0" and t.endswith(":0"))
    return all(same_line(o, t) if i % 2 else o == t for i, (o, t) in enumerate(zip(ours, theirs)))


def compare(name, file, debug=None, least=0.97, pick=3000):
    addresses = instructions(file)
    random.Random(1).shuffle(addresses)
    addresses = addresses[:pick]
    ours, note = ask(file, addresses)
    theirs = parse(subprocess.run(["addr2line", "-a", "-i", "-f", "-C", "-e", debug or file],
                                  input="".join("0x%x\n" % a for a in addresses),
                                  capture_output=True, text=True).stdout)
    # addr2line gives a function that has ended to what follows it; we say that we don't know.
    asked = [a for a in addresses if ours[a][0] != "??" or theirs[a][0] == "??"]
    wrong = [a for a in asked if not same_chain(ours[a], theirs[a])]
    if len(asked) < 0.8 * len(addresses) or len(wrong) > (1 - least) * len(asked):
        a = wrong[0] if wrong else addresses[0]
        fail("%s: %d of %d differ, %d not named, such as 0x%x: %s, addr2line %s; %s" % (
            name, len(wrong), len(asked), len(addresses) - len(asked), a, ours[a], theirs[a], note))
    inlined = sum(len(ours[a]) > 2 for a in asked)
    print("%s: %d of %d addresses as addr2line has them, %d with inlined calls" % (
        name, len(asked) - len(wrong), len(asked), inlined))
    return inlined


def check_ways_to_build():
    open("p.c", "w").write(PROGRAM)
    ways = {"O2": [], "O0": ["-O0"], "dwarf4": ["-gdwarf-4"], "dwarf3": ["-gdwarf-3", "-gstrict-dwarf"],
            "gz": ["-gz=zlib"], "static": ["-static"], "nopie": ["-no-pie"], "split": ["-gsplit-dwarf"],
            "sections": ["-ffunction-sections", "-Wl,--gc-sections"], "lto": ["-flto"]}
    if shutil.which("clang"):
        ways["clang"] = None
    elif shutil.which("clang-14"):
        ways["clang-14"] = None
    for name, flags in ways.items():
        compiler = "gcc" if flags is not None else name
        must(compiler, "-g", "-O2", *(flags or []), "p.c", "-o", name)
        # libc in the static one has assembler and aliases, where the names may differ
        # addr2line 2.40 cannot read the split one: the same code with its DWARF inside answers
        inlined = compare(name, name, debug="O2" if name == "split" else None,
                          least=0.8 if name == "static" else 0.97)
        if name != "static" and inlined == 0:
            fail(name + ": no inlined calls")
    if shutil.which("g++"):
        open("p.cc", "w").write(CPP)
        must("g++", "-g", "-O2", "p.cc", "-o", "cpp")
        check_cpp()


def check_cpp():
    """addr2line 2.40 gives the innermost inlined call the name of the whole function; the rest
    of the chain, the lines and the function around it are compared."""
    addresses = [a for a in instructions("cpp")]
    ours, _ = ask("cpp", addresses)
    theirs = parse(subprocess.run(["addr2line", "-a", "-i", "-f", "-C", "-e", "cpp"], capture_output=True, text=True,
                                  input="".join("0x%x\n" % a for a in addresses)).stdout)
    inlined = [a for a in addresses if len(ours[a]) > 2]
    wrong = [a for a in inlined if ours[a][1::2] != theirs[a][1::2] or ours[a][2:-2:2] != theirs[a][2:-2:2]
             or ours[a][-2] not in (theirs[a][0], theirs[a][-2])]
    if len(inlined) < 50 or len(wrong) > 0.03 * len(inlined):
        fail("C++: %d of %d wrong, such as %s, addr2line %s" % (
            len(wrong), len(inlined), wrong and ours[wrong[0]], wrong and theirs[wrong[0]]))
    names = set(chain[-2] for chain in ours.values())
    if "ns::Box<double>::twice(double)" not in names and not any("Box<double>::twice" in n for n in names):
        fail("C++: no ns::Box<double>::twice in %s" % sorted(names))
    print("C++: %d of %d addresses with inlined calls as addr2line has them" % (
        len(inlined) - len(wrong), len(inlined)))


def check_separate_files():
    shutil.copy("O2", "linked")
    must("objcopy", "--only-keep-debug", "linked", "linked.debug")
    must("strip", "linked")
    stripped = ask("linked", instructions("O2"))
    if any(len(chain) > 2 for chain in stripped[0].values()) or "-dbgsym" not in stripped[1]:
        fail("stripped: %s" % stripped[1])
    must("objcopy", "--add-gnu-debuglink=linked.debug", "linked")
    compare("debuglink", "linked", debug="O2")
    os.mkdir(".debug")
    os.rename("linked.debug", ".debug/linked.debug")
    compare("debuglink in .debug", "linked", debug="O2")
    must("gcc", "-g", "-O1", "-DOTHER", "p.c", "-o", "other")
    must("objcopy", "--only-keep-debug", "other", ".debug/linked.debug")
    if any(len(chain) > 2 for chain in ask("linked", instructions("O2"))[0].values()):
        fail("a debug file of another build was believed")
    print("debug file of another build: not believed")


def check_stripped():
    """A function without a symbol is never given the name of its neighbour."""
    open("lib.c", "w").write("""
__attribute__((visibility("default"), noinline)) int exported(int x) { return x + 1; }
__attribute__((noinline)) static int hidden(int x) { __asm__(""); return x * 7; }
__attribute__((visibility("default"))) int also(int x) { return hidden(x) - hidden(x + 1); }
""")
    must("gcc", "-O2", "-shared", "-fPIC", "lib.c", "-o", "full.so")
    symbols = {n: int(a, 16) for a, n in re.findall(r"^([0-9a-f]+) [tT] (\w+)$", must("nm", "full.so"), re.M)}
    must("strip", "full.so", "-o", "stripped.so")
    wanted = [symbols["exported"], symbols["hidden"], symbols["hidden"] + 2, symbols["also"]]
    names = [ask("stripped.so", [a])[0][a][0] for a in wanted]
    hidden = "[stripped.so+0x%x]" % symbols["hidden"]
    if names != ["exported", hidden, hidden, "also"]:
        fail("stripped library: %s" % names)
    plt = [int(a, 16) for a in re.findall(r"^([0-9a-f]+) <rand@plt>:", must("objdump", "-d", "O2"), re.M)]
    if os.uname().machine == "x86_64" and (not plt or ask("O2", plt)[0][plt[0]][0] != "rand@plt"):
        fail("PLT stub of rand: %s" % ask("O2", plt)[0])
    print("stripped library: its exported functions, others by where they begin; PLT stubs named")


def check_mini_debuginfo():
    if not shutil.which("xz"):
        return
    must("objcopy", "-S", "--remove-section=.comment", "full.so", "mini.so")
    must("objcopy", "--only-keep-debug", "full.so", "mini.debug")
    must("xz", "-f", "mini.debug")
    must("objcopy", "--add-section", ".gnu_debugdata=mini.debug.xz", "mini.so")
    hidden = int(re.search(r"^([0-9a-f]+) t hidden$", must("nm", "full.so"), re.M).group(1), 16)
    if ask("mini.so", [hidden])[0][hidden][0] != "hidden":
        fail(".gnu_debugdata was not read")
    print("MiniDebugInfo: read")


def check_damaged():
    for seed, file in enumerate(["O2", "dwarf4", "gz", "full.so", "split"]):
        result = subprocess.run([SYMBOLIZE, "--mutate", str(seed), "250", file], capture_output=True, text=True,
                                timeout=100)
        if result.returncode:
            fail("damaged %s: status %d %s" % (file, result.returncode, result.stderr[-2000:]))
    print("1,250 damaged files: names or none, no crash")


def check_corpus():
    root = os.path.join(os.environ.get("SHARED", ""), "corpora/11-dwarf/gimli-addr2line")
    if not os.path.isdir(root):
        print("gimli's answers: not here")
        return
    right = total = 0
    for name in sorted(os.listdir(root)):
        case = json.load(open("%s/%s/cases.json" % (root, name)))["cases"][0]
        answer = parse(subprocess.run(["c++filt"], input=open("%s/%s/%s" % (root, name, case["expected"])).read(),
                                      capture_output=True, text=True).stdout)
        ours, _ = ask("%s/%s/%s" % (root, name, name), list(answer))
        right += sum(ours[a] == answer[a] for a in answer)
        total += len(answer)
    print("gimli's answers: %d of %d addresses equal" % (right, total))
    # Two ask for addresses 0 and 4 of tombstone-loclists-addend, the ELF header: gimli names a
    # function there that the linker threw away (tools/score-dwarf says more).
    if right < total - 2:
        fail("fewer than before")


check_ways_to_build()
check_separate_files()
check_stripped()
check_mini_debuginfo()
check_damaged()
check_corpus()
