# SPDX-License-Identifier: LGPL-2.1-or-later
"""What system tests in Python have in common: run a program, say what is right and what is not, wait, skip.

A test either says everything with expect() and ends with `sys.exit(result())`, or gives up at the first
thing that is wrong: must(), require() and fail() end it.
"""
import os
import subprocess
import sys
import time

# This machine is so much slower than an idle one with a plain build (tests/run gives whole tests as much more).
SLOWNESS = float(os.environ.get("SONDE_SLOWNESS", 1))
PATIENCE_S = 60 * SLOWNESS  # for what takes a moment, on a machine that does much else
wrong = []       # what expect() found not to be so


def run(*words, env=None, **more):
    """The finished program WORDS, its output as text; ENV is added to the environment."""
    given = {"capture_output": "stdout" not in more and "stderr" not in more, "env": dict(os.environ, **(env or {}))}
    if more.get("text", True):
        given.update(text=True, errors="replace")
    return subprocess.run(words, **{**given, **more})


def outcome(*words, **more):
    """(exit status, standard output, standard error) of the program WORDS."""
    p = run(*words, timeout=PATIENCE_S, **more)
    return p.returncode, p.stdout, p.stderr


def must(*words, **more):
    """What the program WORDS prints; the test has failed where it does."""
    p = run(*words, **more)
    if p.returncode != 0:
        fail("%s ended with %d: %s" % (" ".join(words), p.returncode, p.stderr[-2000:]))
    return p.stdout


def fail(text):
    print("FAILED:", text)
    sys.exit(1)


def skip(text):
    """TEXT names what is missing."""
    print(text)
    sys.exit(77)


def expect(what, ok, more=""):
    """Say that WHAT is so; where it isn't, MORE says what is, and the test fails at its end."""
    print("%-5s %s%s" % ("ok" if ok else "FAIL", what, "" if ok else "   %s" % (more,)), flush=True)
    if not ok:
        wrong.append(what)
    return bool(ok)


def require(what, ok, more=""):
    """As expect(), but without WHAT there is no going on."""
    if not expect(what, ok, more):
        sys.exit(1)


def result():
    """The test's exit status."""
    return 1 if wrong else 0


def until(condition, seconds=PATIENCE_S):
    """Wait until CONDITION() is true; False: it never was."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.005)
    return bool(condition())
