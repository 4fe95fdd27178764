#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# What threads are called where their execve isn't counted (-c), and descriptors (-y, -yy), by both engines: connections that are being made, those to port 0, that failed;
# and never what a descriptor has become since its call.
# timeout: 40
import re
import sys

from lib.check import PATIENCE_S, expect, result, run
from lib.engines import engines

PYTHON = "/usr/bin/python3"
CONNECTIONS = """
import socket
server = socket.socket(); server.bind(("127.0.0.1", 0)); server.listen(0)
full = []
for i in range(4):
    full.append(socket.socket()); full[-1].setblocking(False); full[-1].connect_ex(server.getsockname())
full[-1].getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)
any = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); any.connect(("127.0.0.1", 0))
any.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)
free = socket.socket(); free.bind(("127.0.0.1", 0)); port = free.getsockname()[1]; free.close()
failed = socket.socket(); failed.connect_ex(("127.0.0.1", port))
failed.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)
unix = socket.socket(socket.AF_UNIX); unix.bind(b"\\0sonde" + b"%d" % __import__("os").getpid() + bytes(60))
unix.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)
"""
# BPF_OBJ_GET_INFO_BY_FD of a file, whose number is another file's when the line is made.
REUSED = """
import ctypes, os, time
BPF = 321 if os.uname().machine == "x86_64" else 280
attr = (ctypes.c_uint32 * 4)()
call = ctypes.CDLL(None).syscall
for i in range(5):
    attr[0] = os.open("/etc/passwd", 0); call(BPF, 15, attr, 16); os.close(attr[0])
    other = os.open("/etc/group", 0); os.lseek(other, 0, 0); time.sleep(0.03)
    os.close(other)
"""
# A file and a socket whose names have to be quoted.
QUOTED = r"""
import os, socket
f = os.open(b"a<\xc3>", os.O_CREAT | os.O_RDWR); os.lseek(f, 0, 0)
unix = socket.socket(socket.AF_UNIX); unix.bind(b"\0<b>%d" % os.getpid()); unix.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)
"""
# Ids of processes have names, those of groups and sessions have none; ids are translated from a namespace, also of groups (-ID).
GROUPS = """
import os
pid = os.fork()
if pid == 0:
    os.setsid(); os._exit(0)
os.waitpid(pid, 0)
pid = os.fork()
if pid == 0:
    import time; time.sleep(60)
os.setpgid(pid, pid); os.getpgid(pid); os.kill(-pid, 0); os.kill(pid, 9); os.waitpid(-pid, 0)
"""


def groups():
    called = ["-f", "-qq", "-e", "signal=none", "-e", "trace=setsid,setpgid,getpgid,kill,wait4"]
    words = run("sonde", "strace", "--decode-pids=comm", *called, PYTHON, "-c", GROUPS, timeout=PATIENCE_S).stderr
    expect("a session that is made has no name", re.search(r"setsid(\(| resumed>)\) += \d+$", words, re.M), words)
    expect("a process has one, its group none", re.search(r"getpgid\(\d+<python3.*>\) += \d+$", words, re.M), words)
    space = ["unshare", "-Urpf", "--kill-child"]
    if run(*space, "true").returncode != 0:
        print("no PID namespaces here")
        return
    words = run("sonde", "strace", "--decode-pids=pidns", *called, *space, PYTHON, "-c", GROUPS, timeout=PATIENCE_S).stderr
    group = re.search(r"getpgid\(3 /\* (\d+) in strace's PID NS \*/\) += 3 /\* \1 in", words)
    expect("processes and groups of a namespace", group, words)
    for call in "kill(-3", "wait4(-3":
        expect(call + ": a group that is negative", group and f"{call} /* {group[1]} in strace's PID NS */" in words, words)
    expect("setsid() has no translation", re.search(r"setsid\(\) += 2$", words, re.M), words)


def traced(engine, options, program):
    return run("sonde", "trace", "--engine", engine, *options, "--", PYTHON, "-c", program, timeout=PATIENCE_S).stderr


for engine in engines():
    lines = [line for line in traced(engine, ["-yy", "-e", "getsockopt"], CONNECTIONS).splitlines() if "SO_TYPE" in line]
    ends = [re.sub(r"127\.0\.0\.1:[1-9]\d*", "ADDRESS", re.search(r"<(.*?)>, SOL", line).group(1)) for line in lines]
    expect(f"{engine}: a connection that is being made has both ends", ends[0:1] == ["TCP:[ADDRESS->ADDRESS]"], lines)
    expect(f"{engine}: and one to port 0", ends[1:2] == ["UDP:[ADDRESS->127.0.0.1:0]"], lines)
    expect(f"{engine}: one that failed has none: its inode", len(ends) == 4 and re.fullmatch(r"TCP:\[\d+\]", ends[2]), lines)
    expect(f"{engine}: an abstract name that is filled up with NULs", re.fullmatch(r'UNIX-STREAM:\[\d+,@"sonde\d+"\]', ends[3]), lines)
    said = traced(engine, ["-y", "-e", "bpf,lseek"], REUSED)
    expect(f"{engine}: all calls are there", said.count("</etc/group>") == 5 and said.count("bpf_fd=3") == 5, said[:2000])
    expect(f"{engine}: no descriptor in a structure has the name of a later one", "bpf_fd=3</etc/group>" not in said, said[:2000])
    counted = run("sonde", "trace", "--engine", engine, "-c", "-e", "openat", "--", "true", timeout=PATIENCE_S)
    expect(f"{engine}: -c names the program of calls without its execve", re.search(r"(?m)^true +100", counted.stderr + counted.stdout),
           counted.stderr + counted.stdout)
    plain, hexadecimal, some = (traced(engine, ["-yy", *options, "-e", "lseek,getsockopt"], QUOTED)
                                for options in ([], ["-xx"], ["--strings-in-hex=non-ascii-chars"]))
    expect(f"{engine}: what would end a name is quoted, in strings nothing", r"/a\74\303\76>, 0, SEEK_SET" in plain and ',@"<b>' in plain, plain)
    expect(f"{engine}: what would end a name is hexadecimal where odd characters are", r"/a\x3c\xc3\x3e>, 0, SEEK_SET" in some and ',@"<b>' in some, some)
    expect(f"{engine}: names are as hexadecimal as strings (-xx)", r"\x2f\x61\x3c\xc3\x3e>, 0, SEEK_SET" in hexadecimal and r',@"\x3c\x62\x3e\x' in hexadecimal, hexadecimal)
groups()
sys.exit(result())
