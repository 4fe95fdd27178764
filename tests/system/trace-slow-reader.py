#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: plain
# Whoever reads a live trace may be slow: by BPF, where nobody waits for him, nothing is lost for that; a
# reader who goes ends the trace, and Ctrl-C while his lines wait drops them and says how many.
# timeout: 120
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

from lib.check import expect, result, skip, until
from lib.engines import why_no_bpf

BYTES = 60000
why = why_no_bpf()
if why:
    skip("the BPF engine: %s" % why)
directory = tempfile.mkdtemp()
DONE = os.path.join(directory, "done")
WORK = "dd if=/dev/zero of=/dev/null bs=1 count=%d status=none; echo > %s" % (BYTES, DONE)


def begin(*options, command=("sh", "-c", WORK)):
    """A trace, and the end of the pipe that is its standard error."""
    reader, writer = os.pipe()
    p = subprocess.Popen(["sonde", "trace", "--engine", "bpf", *options, "--", *command], stdout=subprocess.DEVNULL, stderr=writer)
    os.close(writer)
    return p, os.fdopen(reader, errors="replace")


def work_is_done():
    done = until(lambda: os.path.exists(DONE))
    expect("the program went on though nobody read", done)
    if done:
        os.unlink(DONE)


def late(*options):
    """All lines of a trace whose reader begins when the work is done."""
    p, reader = begin(*options)
    work_is_done()
    with reader:
        lines = reader.read().splitlines()
    expect("%s: ended as the program did" % " ".join(options), p.wait() == 0, p.returncode)
    expect("%s: nothing is said to be lost" % " ".join(options), not any(l.startswith("sonde: ") and "attached" not in l for l in lines),
           [l for l in lines if l.startswith("sonde: ")])
    return lines


lines = late("-e", "trace=read,write")
for call in ('read(0, "\\0", 1)', 'write(1, "\\0", 1)'):
    expect("every %s is there" % call, sum(call in l for l in lines) == BYTES, sum(call in l for l in lines))

objects = [json.loads(l) for l in late("--json", "-q", "-e", "trace=read") if l.startswith("{")]
expect("as JSON, too", sum(o.get("arguments") == '0, "\\0", 1' for o in objects) == BYTES, len(objects))

# the reader of -o '|...' is the trace's own child
os.mkfifo(DONE)
p = subprocess.run(["sonde", "trace", "--engine", "bpf", "-e", "trace=write", "-o", "|read x < %s; exec cat > %s.text" % (DONE, DONE),
                    "--", "sh", "-c", WORK], capture_output=True, text=True)
with open(DONE + ".text", errors="replace") as f:
    found = sum('write(1, "\\0", 1)' in l for l in f)
expect("-o '|command': every line is there, nothing is said", found == BYTES and not p.stderr, (found, p.stderr))
os.unlink(DONE)

# one line is enough
p, reader = begin("-a", command=("sh", "-c", "while :; do :; done"))
reader.readline()
reader.close()
until(lambda: p.poll() is not None)
expect("a reader who goes ends the trace", p.poll() is not None)
p.poll() is None and p.kill()

# nobody reads: Ctrl-C ends the work, another one the waiting
with open(os.path.join(directory, "said"), "w+") as said:
    fifo = os.path.join(directory, "fifo")
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    p = subprocess.Popen(["sonde", "trace", "--engine", "bpf", "-I", "2", "-o", fifo, "--", "sh", "-c", WORK + "; exec sleep 600"],
                         stderr=said, start_new_session=True)
    work_is_done()
    until(lambda: p.poll() is not None or p.send_signal(signal.SIGINT))
    said.seek(0)
    text = said.read()
    expect("Ctrl-C drops what waits, and says how much", p.returncode == -signal.SIGINT and "lines of the trace" in text,
           (p.returncode, text))
    os.close(reader)
shutil.rmtree(directory)
sys.exit(result())
