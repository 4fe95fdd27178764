#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: perf x86_64 plain
# timeout: 120
"""Beside perf record --call-graph dwarf, on gcc's compiler and on python3: the same work is recorded
by both, in user space.  Two things are compared, by addresses, so that no names come into it:

  complete   the share of stacks that end in _start, of the program or of the dynamic linker, or
             where a thread starts
  calls      of the complete ones, in how many each call (the place it returns to) is on the stack:
             for all calls that are in 4 % or more of the stacks of either, the shares differ
             by no more than chance (4 standard deviations), 2 % and the share of stacks that
             are not complete: those may all have been of one place

What isn't so is looked at with more samples, up to three times as many: chance goes, a mistake stays.

Once with stacks that are unwound from copies alone, once as it comes (in the kernel, where that is
permitted)."""
import collections
import json
import math
import os
import re
import shutil
import struct
import subprocess
import sys

from lib.check import expect, must, result, run, skip

HZ = "1999"


def c_source(path):
    with open(path, "w") as f:
        for i in range(45):
            f.write(f"int f{i}(int *a, int n, int k) {{ int s = k; for (int i = 0; i < n; i++) {{ switch ((a[i] + s) % 7) {{"
                    f"case 0: s += a[i] * {i + 3}; break; case 1: s ^= a[i] << (s & 7); break; case 2: s -= a[n - 1 - i];"
                    f"break; case 3: a[i] = s / (a[i] | 1); break; default: s++; }} if (s > {i * 1000})"
                    f"for (int j = 0; j < k; j++) a[j % n] += s >> j; }} return s; }}\n")


def works():
    """name -> command; no shell in between."""
    c_source("big.c")
    cc1 = must("gcc", "-print-prog-name=cc1").strip()
    with open("work.py", "w") as f:
        f.write("def f(n):\n  return sorted([1], key=lambda x: f(n-1))[0] if n else sum(i*i for i in range(900))\n"
                "import json, re\n"
                "for i in range(2000):\n  f(i % 9)\n  json.loads(json.dumps({'a': [1, 2, 3] * 20}))\n"
                "  re.sub(r'(\\w+) (\\w+)', r'\\2', 'some words ' * 20)\n")
    return {"cc1": [cc1, "-quiet", "-O2", "big.c", "-o", os.devnull],
            "python3": [os.path.realpath(sys.executable), "work.py"]}


entries = {}


def entry_offset(path):
    """File offset of the first instruction of an ELF file; None: it has none."""
    if path not in entries:
        entries[path] = None
        if os.path.isfile(path):
            with open(path, "rb") as f:
                head = f.read(64)
                entry, phoff = struct.unpack_from("<QQ", head, 24)
                size, count = struct.unpack_from("<HH", head, 54)
                f.seek(phoff)
                table = f.read(size * count)
            for i in range(count):
                kind, _, offset, vaddr, _, filesz = struct.unpack_from("<IIQQQQ", table, i * size)
                if kind == 1 and vaddr <= entry < vaddr + filesz:
                    entries[path] = entry - vaddr + offset
    return entries[path]


def is_start(place):
    entry = entry_offset(place[0])
    return entry is not None and entry < place[1] <= entry + 64 or (os.path.basename(place[0]) == "libc.so.6" and is_clone(place))


def is_clone(place):
    if "clone3" not in entries:
        entries["clone3"] = []
        for line in must("nm", "-D", "--defined-only", place[0]).splitlines():
            words = line.split()
            if len(words) == 3 and words[2].startswith("clone@"):
                entries["clone3"].append(int(words[0], 16))  # clone3() itself is not exported; it lies beside
    return any(a - 512 < place[1] < a + 512 for a in entries["clone3"])


def chains_of_perf(work):
    """Lists of (file, offset), the innermost first; none where perf died each time.  It does while another recorder asks
    the kernel for build-ids of mappings: some kernels then mark perf's mappings as if it had asked, too."""
    for _ in range(5):
        subprocess.run(["perf", "record", "-q", "-N", "-B", "-e", "cpu-clock:u", "-F", HZ, "--call-graph", "dwarf,32768",
                        "-o", "perf.data", "--", *work], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        script = run("perf", "script", "--no-inline", "-F", "ip,sym,dso", "-i", "perf.data")
        if script.returncode == 0 and len(script.stdout) > 10000:  # of one that died half of its text isn't of half of the work
            break
    else:
        return []
    chains, chain = [], []
    for line in script.stdout.splitlines() + [""]:
        address = re.match(r"\s+([0-9a-f]+) .*\((.*)\)$", line)  # as offsets in the file
        if address:
            chain.append((address.group(2), int(address.group(1), 16) + (len(chain) > 0)))  # of callers it says one less
        elif chain:
            chains.append(chain)
            chain = []
    return chains


def chains_of_sonde(work, deny):
    name = "r.sonde"
    subprocess.run(["sonde", "record", "-q", "--overwrite", "-g", "dwarf", "-e", "cpu-clock:u", "-F", HZ, "-o", name, "--", *work],
                   check=True, stdout=subprocess.DEVNULL, env=dict(os.environ, SONDE_TEST_DENY=deny))

    def rows(sql):
        return [list(json.loads(line).values()) for line in must("sonde", "query", "--json", name, sql).splitlines()]

    frames = {i: (path, offset) for i, path, offset in rows("select id, module_path, offset from frame")}
    parents = {i: (parent, frame) for i, parent, frame in rows("select id, parent, frame from stack")}
    chains = []
    for stack, count in rows("select stack, count(*) from sample group by 1"):
        chain, at = [], stack
        while at:
            at, frame = parents[at]
            chain.append(frames.get(frame, ("", 0)))
        chains += [chain] * count
    served = [n for n, in rows("select count(*) from sample where flags & 16")][0]
    return chains, served


def shares(chains):
    """place -> share of the chains that it is on, as a call."""
    count = collections.Counter()
    for chain in chains:
        count.update({(os.path.basename(path), offset) for path, offset in chain[1:]})
    return {place: n / len(chains) for place, n in count.items()}


def complete(chains):
    return [c for c in chains if is_start(c[-1])]


def share(part, whole):
    return len(part) / len(whole) if whole else 0


def chance(p, *samples):
    """Four standard deviations of the difference between shares about P of so many samples each."""
    return 4 * math.sqrt(p * (1 - p) * sum(1 / n for n in samples))


def lacking(ours, theirs):
    """Examples of our stacks that are not complete, where they are more than perf's and 1 %."""
    p = 1 - share(complete(ours) + complete(theirs), ours + theirs)
    more = share(complete(theirs), theirs) - share(complete(ours), ours)
    # a copy has at most 64 KiB (some functions of cc1 have more in one frame), and the first ones less
    if more <= chance(p, len(ours), len(theirs)) or share(complete(ours), ours) >= 0.99:
        return []
    return [c[-3:] for c in ours if not is_start(c[-1])][:5]


def differing(ours, theirs):
    """(how many calls were compared, those in more of the stacks of one than of the other, with both shares)"""
    mine, peers = complete(ours), complete(theirs)
    a, b = shares(mine), shares(peers)
    bias = 0.02 + 2 - share(mine, ours) - share(peers, theirs)
    wrong, compared = [], 0
    for place in set(a) | set(b):
        x, y = a.get(place, 0), b.get(place, 0)
        if max(x, y) < 0.04:
            continue
        compared += 1
        p = (x * len(mine) + y * len(peers)) / (len(mine) + len(peers))
        if abs(x - y) > chance(p, len(mine), len(peers)) + bias:
            wrong.append((place, x, y))
    return compared, wrong


def judge(name, ours, theirs, in_kernel):
    mine, peers = complete(ours), complete(theirs)
    name = f"{name} ({in_kernel} in the kernel)"
    print(f"      {name}: complete {len(mine)} of {len(ours)} ({share(mine, ours):.2%}), perf {len(peers)} of "
          f"{len(theirs)} ({share(peers, theirs):.2%})")
    expect(name + ": enough samples", len(mine) > 150)
    expect(name + ": complete", in_kernel < len(ours) / 2 or len(ours) - len(mine) <= 0.001 * len(ours) + 12)
    if len(peers) < 100:
        print("skip ", name, "perf came to no stacks here, each time: nothing to compare with")
        return
    expect(name + ": as complete as perf's", not lacking(ours, theirs), lacking(ours, theirs))
    compared, wrong = differing(ours, theirs)
    expect(f"{name}: the same {compared} calls", compared >= 15 and not wrong, wrong[:5])


def look(name, work, deny):
    ours, theirs, in_kernel = [], [], 0
    for _ in range(3):
        theirs += chains_of_perf(work)
        chains, served = chains_of_sonde(work, deny)
        ours, in_kernel = ours + chains, in_kernel + served
        if len(complete(theirs)) < 100 or not lacking(ours, theirs) and not differing(ours, theirs)[1]:
            break
    judge(name, ours, theirs, in_kernel)


def main():
    if not shutil.which("perf") or not shutil.which("gcc"):
        skip("perf and gcc are not both here")
    for name, work in works().items():
        look(name + ", copies", work, "bpf")
        look(name + ", as it comes", work, "")
    return result()


sys.exit(main())
