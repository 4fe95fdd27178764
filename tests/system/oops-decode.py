#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: gcc xz
# timeout: 60
"""Frames of kernel reports to files and lines: from a vmlinux that is named, from a debuginfod server by the report's
build-id, with KASLR, from compressed modules; from a list of symbols alone; another kernel's file is noticed and said."""
import ctypes
import gzip
import json
import lzma
import os
import re
import shutil
import subprocess
import sys
import threading

from lib.check import fail

sys.path.pop(0)  # html.py stands beside this test, and http.server wants another
import http.server  # noqa: E402

with open("kernel.c", "w", encoding="utf-8") as f:
    f.write("""\
static volatile int sink;
static inline __attribute__((always_inline)) void inner(int *p)
{
	*p = 1;
}
__attribute__((noinline)) void made_fault(int *p)
{
	inner(p);
	sink = 2;
}
__attribute__((noinline)) int made_caller(int *p)
{
	made_fault(p);
	return sink + 1;
}
int main(int argc, char **argv)
{
	return made_caller(&argc) - 1;
}
""")
subprocess.run(["gcc", "-g", "-O2", "-no-pie", "-Wl,--build-id", "-o", "vmlinux", "kernel.c"], check=True)
symbols = {}
for line in subprocess.run(["nm", "-n", "vmlinux"], capture_output=True, text=True, check=True).stdout.splitlines():
    words = line.split()
    if len(words) == 3:
        symbols[words[2]] = int(words[0], 16)
build_id = re.search(r"Build ID: (\w+)", subprocess.run(["readelf", "-n", "vmlinux"], capture_output=True, text=True, check=True).stdout).group(1)


def size(name):
    return min(a for a in symbols.values() if a > symbols[name]) - symbols[name]


def report(fault="made_fault", extra=0, frames=(), kernel="6.1.0-made #1 %s" % build_id, offset=None):
    lines = ["BUG: kernel NULL pointer dereference, address: 0000000000000000",
             "CPU: 0 PID: 1 Comm: made Not tainted %s" % kernel,
             "RIP: 0010:%s+0x1/0x%x" % (fault, size(fault) + extra), "Call Trace:",
             " made_caller+0x9/0x%x" % (size("made_caller") + extra)]
    lines += [" " + frame for frame in frames]
    if offset is not None:
        lines.append("Kernel Offset: 0x%x from 0xffffffff81000000 (relocation range: 0xffffffff80000000-0xffffffffbfffffff)" % offset)
    with open("log", "w", encoding="utf-8") as out:
        out.write("".join("[    1.%06d] %s\n" % (i, line) for i, line in enumerate(lines)))


def oops(*words, env=None):
    p = subprocess.run(["sonde", "oops", "--json", "--no-cache", *words, "log"], capture_output=True, text=True, env=dict(os.environ, **(env or {})), timeout=50)
    if p.returncode != 0:
        fail("sonde oops %s: %s" % (words, p.stderr))
    return json.loads(p.stdout)


def places(answer):
    """Functions and files; the call's line is one of two, by compiler."""
    return [(f["function"], os.path.basename(f.get("file", "")) + ("" if f.get("line", 13) in (13, 14) else ":%d" % f["line"])) for f in answer["reports"][0]["traces"][0]["frames"]]


# A vmlinux that is named.
report()
answer = oops("--debuginfod", "never", "--vmlinux", "vmlinux")
if places(answer) != [("made_caller", "kernel.c")]:
    fail("vmlinux: %s" % places(answer))
if answer["reports"][0]["source_line"] not in (4, 8):
    fail("blame: %s" % answer["reports"][0])

# KASLR: frames that are addresses alone, moved by what the report says.
moved = 0x1c000000
report(frames=["0x%016x" % (symbols["made_caller"] + moved + 9)], offset=moved)
if places(oops("--debuginfod", "never", "--vmlinux", "vmlinux"))[1:] != [("made_caller", "kernel.c")]:
    fail("KASLR: %s" % places(oops("--vmlinux", "vmlinux")))

# Another kernel's file: said, and no line is made up.
report(extra=0x400)
answer = oops("--debuginfod", "never", "--vmlinux", "vmlinux")
if any(f for _, f in places(answer)) or "another kernel" not in answer["decoding"]:
    fail("mismatch: %s, %s" % (places(answer), answer.get("decoding")))

# A list of symbols: sizes are checked, and no more is claimed.
with open("System.map", "w", encoding="utf-8") as out:
    for name, addr in sorted(symbols.items(), key=lambda item: item[1]):
        out.write("%016x T %s\n" % (addr, name))
report(frames=["0x%016x" % (symbols["made_caller"] + moved + 9)], offset=moved)
answer = oops("--debuginfod", "never", "--kallsyms", "System.map")
frames = answer["reports"][0]["traces"][0]["frames"]
if [f["function"] for f in frames] != ["made_caller", "made_caller"] or any("note" in f or "file" in f for f in frames):
    fail("System.map: %s" % frames)
if "no files and lines" not in answer["decoding"]:
    fail("System.map: %s" % answer["decoding"])
report(extra=0x400)
answer = oops("--debuginfod", "never", "--kallsyms", "System.map")
if "another kernel" not in answer["reports"][0]["traces"][0]["frames"][0]["note"] or "of another kernel" not in answer["decoding"]:
    fail("System.map of another kernel: %s" % answer)
with open("nonsense", "w", encoding="utf-8") as out:
    out.write("nothing of that sort\n")
if "no list of kernel symbols" not in oops("--debuginfod", "never", "--kallsyms", "nonsense")["decoding"]:
    fail("nonsense as a list was taken")

# The running kernel's own list, where this user may read it.
release, version = os.uname().release, os.uname().version.split(" ")[0]
with open("/proc/kallsyms", encoding="utf-8") as f:
    running = [line.split() for line in f]
own = sorted({int(w[0], 16) for w in running})
if own[-1] != 0:
    addr = next(int(w[0], 16) for w in running if w[2] == "vfs_write")
    known = next(a for a in own if a > addr) - addr
    with open("log", "w", encoding="utf-8") as out:
        out.write("[ 1.0] BUG: kernel NULL pointer dereference, address: 0000000000000000\n[ 1.0] CPU: 0 PID: 1 Comm: made Not tainted %s %s\n"
                  "[ 1.0] RIP: 0010:vfs_write+0x1/0x%x\n[ 1.0] Call Trace:\n[ 1.0]  vfs_write+0x1/0x%x\n[ 1.0]  vfs_write+0x1/0x%x\n" % (release, version, known, known, known + 4096))
    answer = oops("--debuginfod", "never")
    frames = answer["reports"][0]["traces"][0]["frames"]
    if "file" not in frames[0]:  # no vmlinux of it is installed
        if "note" in frames[0] or "another kernel" not in frames[1].get("note", ""):
            fail("/proc/kallsyms: %s" % frames)
        if os.path.exists("/sys/kernel/btf/vmlinux") and "struct file *" not in frames[0].get("prototype", ""):
            fail("BTF: %s" % frames)

# Compressed modules.
source = os.path.join(os.environ["SRC"], "tests", "fixtures", "kernel")
with open(os.path.join(source, "kfail.ko.xz"), "rb") as f:
    module = lzma.decompress(f.read())
shutil.copy(os.path.join(source, "report-uaf.txt"), "log")
pack = {"xz": lambda b: lzma.compress(b, preset=0), "gz": lambda b: gzip.compress(b, 1)}
if shutil.which("zstd"):
    pack["zst"] = lambda b: subprocess.run(["zstd", "-c"], input=b, capture_output=True, check=True).stdout
for suffix, function in pack.items():
    os.makedirs("modules-" + suffix)
    with open("modules-%s/kfail.ko.%s" % (suffix, suffix), "wb") as f:
        f.write(function(module))
    answer = oops("--debuginfod", "never", "--modules", "modules-" + suffix)
    if not answer["reports"][0].get("source_file", "").endswith("lab/kfail/memory.c"):
        fail("kfail.ko.%s: %s" % (suffix, answer["reports"][0].get("source_file")))

# debuginfod, by the build-id that the report has.
try:
    ctypes.CDLL("libdebuginfod.so.1")
except OSError:
    print("the rest needs libdebuginfod1")
    sys.exit(0)
asked = []


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path)
        body = b""
        if self.path == "/buildid/%s/debuginfo" % build_id:
            with open("vmlinux", "rb") as vmlinux:
                body = vmlinux.read()
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
environment = {"DEBUGINFOD_URLS": "http://127.0.0.1:%d" % server.server_address[1], "DEBUGINFOD_CACHE_PATH": os.path.abspath("cache"), "HOME": os.getcwd()}
report()
answer = oops("--debuginfod", "always", env=environment)
if places(answer) != [("made_caller", "kernel.c")] or not asked:
    fail("debuginfod: %s, asked %s" % (answer, asked))
asked.clear()
oops("--debuginfod", "never", env=environment)
if asked:
    fail("debuginfod was asked though it should never be: %s" % asked)
server.shutdown()
