#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: gcc objcopy
# timeout: 60
"""Names from a debuginfod server on loopback: only when told so without a terminal; a server that
has nothing, hangs, sends too much or another program's file; Ctrl-C."""
import ctypes
import os
import pty
import re
import select
import subprocess
import sys
import threading
import time

from lib.check import fail, skip

sys.path.pop(0)  # html.py stands beside this test, and http.server wants another
import http.server  # noqa: E402

try:
    ctypes.CDLL("libdebuginfod.so.1")
except OSError:
    skip("needs libdebuginfod1")

asked = []
files = {}
slow = threading.Event()


class Server(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path)
        if "hang" in files:
            slow.wait(30)
            return
        body = files.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *args):
        pass


def sonde(*words, env=None):
    before = len(asked)
    p = subprocess.run(["sonde", "addr2line", "-fe", "p"] + list(words), capture_output=True, text=True,
                       env=dict(os.environ, **(env or {})), timeout=50)
    return p.stdout + p.stderr, len(asked) - before


def fresh():
    """The library keeps what it got, and what it did not get."""
    fresh.count += 1
    os.environ["DEBUGINFOD_CACHE_PATH"] = os.path.join(os.getcwd(), "client%d" % fresh.count)


def on_terminal(words, interrupt):
    """What it prints on a terminal; Ctrl-C once the server was asked."""
    before = len(asked)
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(words[0], words)
    text, end = b"", time.monotonic() + 40
    sent = False
    while time.monotonic() < end:
        if interrupt and not sent and len(asked) > before:
            os.write(fd, b"\x03")
            sent = True
        if select.select([fd], [], [], 0.05)[0]:
            try:
                piece = os.read(fd, 4096)
            except OSError:
                break
            if not piece:
                break
            text += piece
    _, status = os.waitpid(pid, 0)
    return text.decode(), len(asked) - before, status


fresh.count = 0
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ.update(DEBUGINFOD_URLS="http://127.0.0.1:%d" % server.server_port, XDG_CACHE_HOME=os.getcwd() + "/cache")
os.environ.pop("SONDE_DEBUGINFOD", None)
with open("p.c", "w") as f:
    f.write("static int __attribute__((noinline)) hidden(int x) { return x * 7 + 1; }\n"
            "int main(int c, char **v) { return hidden(c); }\n")
for words in (["gcc", "-g", "-O1", "-Wl,--build-id", "p.c", "-o", "p"], ["objcopy", "--only-keep-debug", "p", "p.debug"]):
    subprocess.run(words, check=True)
addr = re.search(r"^([0-9a-f]+) t hidden$", subprocess.run(["nm", "p"], capture_output=True, text=True).stdout, re.M)[1]
subprocess.run(["strip", "p"], check=True)
notes = subprocess.run(["readelf", "-n", "p"], capture_output=True, text=True).stdout
build_id = re.search(r"Build ID: ([0-9a-f]+)", notes)[1]
path = "/buildid/%s/debuginfo" % build_id
with open("p.debug", "rb") as f:
    files[path] = f.read()

fresh()
text, count = sonde(addr)
if count or "hidden" in text:
    fail("asked without a terminal: " + text)
text, count = sonde("--debuginfod=always", addr)
if count != 1 or not re.match(r"hidden\n.*p\.c:1\n", text):
    fail("not from the server: %s (%d requests)" % (text, count))
text, count = sonde(addr, env={"SONDE_DEBUGINFOD": "always"})
if count != 0 or "hidden" not in text:
    fail("not from the library's cache: " + text)
text, count = sonde("--debuginfod=never", addr, env={"SONDE_DEBUGINFOD": "always"})
if count or "hidden" in text:
    fail("--debuginfod=never: " + text)
text, count, _ = on_terminal(["sonde", "addr2line", "-fe", "p", addr], False)
if "hidden" not in text:
    fail("on a terminal: " + text)
print("asked when told so, and on a terminal")

body, files[path] = files[path], b""
fresh()
text, count = sonde("--debuginfod=always", addr)
if count != 1 or "debuginfod does not have it" not in text or "??" not in text:
    fail("a server that has nothing: " + text)
with open("/bin/true", "rb") as f:
    files[path] = f.read()
fresh()
text, count = sonde("--debuginfod=always", addr)
if count != 1 or "debuginfod sent another file" not in text:
    fail("a server that sends another file: " + text)
files[path] = body + bytes(3 << 20)
fresh()
text, count = sonde("--debuginfod=always", addr, env={"DEBUGINFOD_MAXSIZE": str(1 << 20)})
if "larger than 1 MiB" not in text and "could not be asked" not in text:
    fail("too large: " + text)
files["hang"] = b""
fresh()
text, count = sonde("--debuginfod=always", addr, env={"DEBUGINFOD_TIMEOUT": "1"})
if "sent nothing for 1 s" not in text and "timed out" not in text:
    fail("a server that hangs: " + text)
fresh()
began = time.monotonic()
text, count, status = on_terminal(["sonde", "addr2line", "-fe", "p", addr], True)
if count != 1 or "debuginfod was cancelled" not in text or "??" not in text or time.monotonic() - began > 25:  # the server hangs for 30 s
    fail("Ctrl-C: %r, status %d, %.1f s" % (text, status, time.monotonic() - began))
slow.set()
print("a server that has nothing, another file, too much, no answer; Ctrl-C: said, and names come from symbols")
