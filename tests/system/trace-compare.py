#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# The same program traced by strace and by each engine of ours: the same lines.
# needs: strace plain
# timeout: 120
import os
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOCKETS = """
import socket, threading
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
def serve():
    c = s.accept()[0]; c.sendall(b'hello'); c.close()
t = threading.Thread(target=serve); t.start()
c = socket.socket(); c.connect(s.getsockname()); c.recv(10); t.join()
"""
# The bar: per cent of lines.  What is missing is a call that is decoded otherwise, not one that is lost.
LEAST = 95
failures = 0


def compare(engine, setup, *command):
    """In a new directory each, so that both tracers find the same."""
    global failures
    with tempfile.TemporaryDirectory() as scratch:
        if setup:
            subprocess.run(setup, shell=True, cwd=scratch, check=True)
        done = subprocess.run([TOP + "/tools/compare-strace", "--engine", engine, "--fresh", "--cwd", scratch, "--lines", "6", "--least", str(LEAST),
                               "--", *command], capture_output=True, text=True)
    ok = done.returncode == 0
    failures += not ok
    print("%-5s %s %s" % ("ok" if ok else "FAIL", engine, done.stdout.strip() if not ok else done.stdout.splitlines()[-1]))
    if not ok:
        print(done.stderr[-500:])


def main():
    if not shutil.which("strace"):
        print("strace is missing")
        return 77
    engines = ["ptrace"]
    probe = subprocess.run(["sonde", "trace", "--engine", "bpf", "-o", "/dev/null", "true"], capture_output=True, text=True)
    if probe.returncode == 0:
        engines.append("bpf")
    else:
        print("without the BPF engine: %s" % probe.stderr.strip())
    for engine in engines:
        compare(engine, None, "ls", "-laR", "/usr/include/linux/netfilter")
        compare(engine, "printf 'int main(void) { return 0; }' > a.c", "gcc", "-c", "a.c", "-o", "a.o")
        compare(engine, None, "sh", "-c", "echo a | cat; ls / | sort | tail -1")
        compare(engine, None, "git", "init", "-q", "repo")
        compare(engine, None, "/usr/bin/python3", "-c", SOCKETS)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
