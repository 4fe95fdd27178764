#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: gcc objcopy
# timeout: 90
"""What dwz does to DWARF changes no answer: partial units in one file, a common file for several,
found by its path, beside the program, and by build-id; also from the index; without it, less."""
import os
import re
import shutil

from lib.check import fail, must, skip

if not shutil.which("dwz") or not shutil.which("g++"):
    skip("needs dwz and g++")
os.environ["XDG_CACHE_HOME"] = os.getcwd() + "/cache"
SOURCE = r"""
#include <algorithm>
#include <map>
#include <string>
#include <vector>
#include <cstdio>
int work%d(int n)
{
	std::map<std::string, std::vector<int>> m;
	for (int i = 0; i < n; i++) m[std::to_string(i %% %d)].push_back(i);
	for (auto &p : m) std::sort(p.second.begin(), p.second.end(), [](int a, int b) { return a > b; });
	return (int)m.size();
}
"""
MAIN = "int work%d(int); int work%d(int); int main(int c, char **v) { return work%d(c) + work%d(c); }\n"


def answers(path, addrs, *more):
    return must("sonde", "addr2line", "-afiC", *more, "-e", path, input="".join(a + "\n" for a in addrs))


def same(what, path, addrs, before):
    for way in (["--no-cache"], ["--index"], []):
        if answers(path, addrs, *way) != before:
            fail("%s, %s: another answer" % (what, way))
    print("%s: the same %d answers, from the units and from the index" % (what, len(addrs)))


for i in range(4):
    with open("w%d.cc" % i, "w") as f:
        f.write(SOURCE % (i, i + 3))
for name, i in (("one", 0), ("two", 2)):
    with open(name + ".cc", "w") as f:
        f.write(MAIN % (i, i + 1, i, i + 1))
    must("g++", "-O1", "-g", "-Wl,--build-id", name + ".cc", "w%d.cc" % i, "w%d.cc" % (i + 1), "-o", name)
addrs, before = {}, {}
for name in ("one", "two"):
    listing = must("objdump", "-d", "-j", ".text", name)
    addrs[name] = ["0x" + a for a in re.findall(r"^ +([0-9a-f]+):\t", listing, re.M)][::9]
    before[name] = answers(name, addrs[name], "--no-cache")
if before["one"].count("w0.cc") < 10 or "std::" not in before["one"]:
    fail("too little to compare")
shutil.copy("one", "single")
must("dwz", "single")
same("partial units in one file", "single", addrs["one"], before["one"])
for name in ("one", "two"):
    shutil.copy(name, name + ".multi")
must("dwz", "-m", "common.debug", "-M", os.getcwd() + "/common.debug", "one.multi", "two.multi")
if "gnu_debugaltlink" not in must("readelf", "-SW", "one.multi"):
    fail("dwz made no common file")
same("a common file, by its path", "one.multi", addrs["one"], before["one"])
same("a common file, another program", "two.multi", addrs["two"], before["two"])
for name in ("one", "two"):
    shutil.copy(name, name + ".beside")
os.mkdir("dir")
must("dwz", "-m", "beside.debug", "-M", "dir/beside.debug", "one.beside", "two.beside")
os.rename("beside.debug", "dir/beside.debug")
same("a common file, beside the program", "one.beside", addrs["one"], before["one"])
notes = must("readelf", "-n", "common.debug")
build_id = re.search(r"Build ID: ([0-9a-f]+)", notes)[1]
os.rename("common.debug", "kept.debug")
shutil.rmtree("cache")
less = answers("one.multi", addrs["one"])
if less == before["one"] or less.count("\n") < len(addrs["one"]) * 3:
    fail("without its common file: %s" % less[:300])
shutil.copy("/bin/true", "common.debug")
if answers("one.multi", addrs["one"]) != less:
    fail("another file in place of the common one was believed")
place = "/usr/lib/debug/.build-id/%s/%s.debug" % (build_id[:2], build_id[2:])
if os.geteuid() == 0:
    made = not os.path.isdir(os.path.dirname(place))
    os.makedirs(os.path.dirname(place), exist_ok=True)
    try:
        shutil.copy("kept.debug", place)
        same("a common file, by its build-id", "one.multi", addrs["one"], before["one"])
    finally:
        os.unlink(place)
        if made:
            os.rmdir(os.path.dirname(place))
print("without its common file, or with another: less, nothing wrong")
