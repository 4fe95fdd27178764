#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: chromium plain
# timeout: 120
"""speedscope itself, in a headless Chromium, opens our file and shows the functions with the times
that sonde report has."""
import http.server
import json
import os
import subprocess
import sys
import threading

SRC, BUILD = os.environ["SRC"], os.environ["BUILD"]
sys.path.insert(0, os.path.join(SRC, "tests", "helper"))
import chromium  # noqa: E402

from lib.check import require, skip

if chromium.find() is None:
    skip("chromium")
found = subprocess.run([f"{SRC}/tools/npm", "speedscope", f"{BUILD}/speedscope"], capture_output=True, text=True)
if found.returncode == 77:
    skip(found.stdout.strip().splitlines()[-1])
release = os.path.join(found.stdout.strip().splitlines()[-1], "speedscope", "dist", "release")


class Handler(http.server.SimpleHTTPRequestHandler):
    """speedscope under /, and our files under /files/."""

    def translate_path(self, path):
        name = path.partition("?")[0].partition("#")[0]
        root = os.getcwd() if name.startswith("/files/") else release
        return os.path.join(root, os.path.basename(name) or "index.html")

    def log_message(self, *_):
        pass


def show(name):
    """The title and speedscope's table of functions, as text."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    with chromium.Page() as page:
        page.open(f"{base}/index.html#profileURL={base}/files/{name}")
        page.wait("document.title !== 'speedscope'")
        page.run("window.dispatchEvent(new KeyboardEvent('keypress', { key: '3' }))")
        page.wait("document.querySelectorAll('table').length > 0")
        shown = page.run("document.title"), page.run("document.body.innerText")
    server.shutdown()
    return shown


subprocess.run([f"{BUILD}/tests/make-profile", "demo.sonde"], check=True)
subprocess.run(["sonde", "export", "-q", "--to", "speedscope", "--event", "cpu-clock", "-o", "demo.speedscope.json", "demo.sonde"], check=True)
report = json.loads(subprocess.run(["sonde", "report", "--json", "demo.sonde"], check=True, capture_output=True).stdout)
with open("demo.speedscope.json") as f:
    profile = json.load(f)
require("all profiles together", sum(sum(p["weights"]) for p in profile["profiles"]) == report["cpu_ns"])
first = profile["profiles"][profile["activeProfileIndex"]]
frames = profile["shared"]["frames"]
own = {}
for stack, weight in zip(first["samples"], first["weights"]):
    name = frames[stack[-1]]["name"] if stack else ""
    own[name] = own.get(name, 0) + weight
title, text = show("demo.speedscope.json")
require("the title", "demo" in title, title)
for name, weight in sorted(own.items(), key=lambda i: -i[1])[:3]:
    shown = f"{weight / 1e6:.2f}ms"
    require(f"{name} with {shown}", name in text and shown in text)
