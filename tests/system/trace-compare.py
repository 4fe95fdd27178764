#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Real programs, each run once with two observers: strace or our ptrace engine traces it, our BPF engine looks on.
# Every line of every thread has to be equal, to the letter.  Without BPF, two runs are compared, as far as they can be.
# needs: strace
# timeout: 120
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile

from lib.check import expect, result, skip
from lib.engines import why_no_bpf

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PYTHON = "/usr/bin/python3"
LOST = 3  # compare-strace's status
OPTIONS = ["-v -s 1000 -y", "-X verbose", "-X raw", "-tt -T", "-r", "-x -e trace=%file", "-e trace=%memory,%process", "-Z", "-e trace=/^(open|stat)"]
ODD_OPTIONS = ["-yy", "-X raw", "-X verbose -y", "-xx"]
SOCKETS = """
import os, select, socket, threading
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()
def serve():
    c = s.accept()[0]; c.sendall(b'hello'); c.close()
threads = [threading.Thread(target=serve) for i in range(4)]
for t in threads: t.start()
for t in threads:
    c = socket.create_connection(s.getsockname()); c.recv(10); c.close()
for t in threads: t.join()
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.sendto(b'x', s.getsockname())
a, b = socket.socketpair(); socket.send_fds(a, [b'fd'], [1]); socket.recv_fds(b, 10, 1)
p = select.poll(); p.register(b); a.send(b'y'); p.poll(100)
if os.fork() == 0: os._exit(3)
os.wait()
"""
GIT = """
export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE='2026-01-01 00:00:00 +0000' GIT_COMMITTER_DATE='2026-01-01 00:00:00 +0000'
git init -q repo && cd repo && git config user.name a && git config user.email a@b.c
echo one > a && git add a && git commit -qm one && git log > /dev/null && git gc -q
"""
NGINX = """
daemon off; master_process on; worker_processes 1; pid nginx.pid; error_log error.log; user root;
events { worker_connections 64; }
http { access_log off; client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
  server { listen 127.0.0.1:PORT; root .; } }
"""
# It ends by itself: the traced shell starts it, asks for a page, and tells it to quit.
SERVE = """
nginx -p $PWD -e error.log -c nginx.conf & n=$!
i=0; while [ ! -s nginx.pid ] && [ $i -lt 400 ]; do sleep 0.05; i=$((i+1)); done
curl -s -m 20 --retry 20 --retry-connrefused --retry-delay 1 -o page http://127.0.0.1:PORT/index.html
kill -QUIT $n; wait $n; cmp page index.html
"""
PIPELINE = "trap : USR1; echo a | cat; kill -USR1 $$; ls / | sort | tail -1; (exit 3); sleep 0.02 & wait; cat < /nope"


def free_port():
    import socket
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return str(s.getsockname()[1])


def compare(engine, same_run, name, setup, command, options=""):
    """In a new directory each, so that both find the same."""
    with tempfile.TemporaryDirectory() as scratch:
        if setup:
            setup(scratch)
        words = [TOP + "/tools/compare-strace", "--engine", engine, "--cwd", scratch, "--lines", "10", "--options=" + options]
        words += ["--same-run"] if same_run else ["--fresh", "--least", "95"]
        words += ["--ptrace"] if name.startswith("odd calls") else []
        for _ in range(4):  # a machine that is too busy for the observer is no difference
            done = subprocess.run(words + ["--"] + command, capture_output=True, text=True)
            if done.returncode != LOST:
                break
            shutil.rmtree(scratch)
            os.mkdir(scratch)
            if setup:
                setup(scratch)
    last = done.stdout.splitlines()[-1].rpartition(": ")[2] if done.stdout else "nothing said"
    expect("%-6s %-10s %s" % (engine, name, last), done.returncode == 0, "\n" + done.stdout + done.stderr[-800:])


def make_c(scratch):
    with open(scratch + "/a.c", "w", encoding="ascii") as f:
        f.write("#include <stdio.h>\nint main(void) { return puts(\"hi\") < 0; }\n")


def make_site(port):
    def setup(scratch):
        os.mkdir(scratch + "/t")
        os.chmod(scratch, 0o755)
        for name, text in (("nginx.conf", NGINX.replace("PORT", port)), ("index.html", "hello\n" * 1000)):
            with open(scratch + "/" + name, "w", encoding="ascii") as f:
                f.write(text)
    return setup


ARCHIVE = "tar czf a.tgz -C /usr/include/linux netfilter; gzip -l a.tgz; mkdir d; tar xzf a.tgz -C d; find d -name '*nf*' | sort -r | head -3"
MAKE = "printf 'a: b c\\n\\tcat b c >a\\nb c:\\n\\techo $@ >$@\\n' >Makefile; make -s -j2 a; perl -e 'open F, \"<\", \"a\"; print <F>; system \"true\"'"
JOBS = "set -m; sleep 0.05 & kill -STOP %1; jobs; kill -CONT %1; wait; (kill -TERM $BASHPID); trap : HUP; kill -HUP $$; read -t 0.01 x; cat <(echo a); ulimit -n"
EPOLL = """
import select, socket, threading
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(100); e = select.epoll(); e.register(s, select.EPOLLIN)
def client():
    for c in [socket.create_connection(s.getsockname()) for i in range(100)]: c.send(b'x'); c.recv(9); c.close()
t = threading.Thread(target=client); t.start(); conns = {}; done = 0
while done < 100:
    for fd, ev in e.poll(5):
        if fd == s.fileno():
            c = s.accept()[0]; conns[c.fileno()] = c; e.register(c, select.EPOLLIN)
        else:
            c = conns[fd]; d = c.recv(9)
            if d: c.send(d)
            else: e.unregister(fd); c.close(); del conns[fd]; done += 1
t.join()
"""


def programs():
    """(name, preparation, command, only one run makes sense)."""
    port = free_port()
    yield "ls", None, ["ls", "-laR", "/usr/include/linux/netfilter"], False
    yield "gcc", make_c, ["gcc", "-O2", "a.c", "-o", "a"], False
    yield "pipeline", None, ["sh", "-c", PIPELINE], True
    yield "python", None, [PYTHON, "-c", SOCKETS], True
    yield "archive", None, ["sh", "-c", ARCHIVE], True
    yield "make, perl", None, ["sh", "-c", MAKE], True
    yield "jobs", None, ["bash", "-c", JOBS], True
    yield "100 clients", None, [PYTHON, "-c", EPOLL], True
    for name in ("odd_calls", "spin-static", "spin-32"):
        program = os.path.join(os.environ.get("BUILD", TOP + "/build"), "tests/workload", name)
        if os.access(program, os.X_OK):
            yield name.replace("_", " "), None, [program] + ([] if name == "odd_calls" else ["0.01"]), True
    if shutil.which("git"):
        yield "git", None, ["sh", "-c", GIT], True
    if shutil.which("nginx") and shutil.which("curl"):
        yield "nginx+curl", make_site(port), ["sh", "-c", SERVE.replace("PORT", port)], True
    else:
        print("skip  nginx+curl: nginx or curl is missing")


def main():
    if not shutil.which("strace"):
        skip("strace is missing")
    why = why_no_bpf()
    if why:
        print("without the BPF engine, so two runs are compared: %s" % why)
    jobs = []
    odd = next((command for name, _, command, _ in programs() if name == "odd calls"), None)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for engine in ["bpf", "ptrace"]:
            if not why:
                jobs.append(pool.submit(compare, engine, True, "python -yy", None, [PYTHON, "-c", SOCKETS], "-yy -s 100"))
                for options in ODD_OPTIONS if odd else []:
                    jobs.append(pool.submit(compare, engine, True, "odd calls " + options, None, odd, options))
                for options in OPTIONS:
                    jobs.append(pool.submit(compare, engine, True, "ls " + options, None, ["ls", "-l", "/"], options))
            for name, setup, command, one_run in programs():
                if not why:
                    jobs.append(pool.submit(compare, engine, True, name, setup, command))
                elif engine == "ptrace" and not one_run:
                    jobs.append(pool.submit(compare, engine, False, name, setup, command))
    for job in jobs:
        job.result()  # what it raised is raised here
    return result()


if __name__ == "__main__":
    sys.exit(main())
