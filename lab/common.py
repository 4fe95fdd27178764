# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the lab's Python programs share: how they speak and fail, where things are kept."""
import contextlib
import ctypes
import fcntl
import os
import pwd
import re
import shutil
import signal
import sys
import tempfile

LAB = os.path.dirname(os.path.abspath(__file__))
SRC = os.path.dirname(LAB)


class Broken(Exception):
    """The lab itself failed; the message says how."""


class Missing(Exception):
    """Something can't be had here; the message says what and how to get it."""


def say(text):
    print("lab: " + text, file=sys.stderr, flush=True)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def cache_directory():
    """As in common.sh."""
    home = pwd.getpwuid(os.getuid()).pw_dir
    path = os.environ.get("SONDE_LAB_CACHE")
    path = path or os.path.join(os.environ.get("XDG_CACHE_HOME") or home + "/.cache", "sonde-lab")
    os.makedirs(path, exist_ok=True)
    return path


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def work_directory():
    """A directory of our own, locked while we live, and its lock; those of the killed are removed."""
    top = os.environ.get("TMPDIR", "/tmp")
    for name in os.listdir(top):
        path = os.path.join(top, name)
        if re.fullmatch(r"sonde-lab-\w+", name) and os.path.isfile(path + "/lock"):
            try:
                with open(path + "/lock", "w", encoding="utf-8") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(path, ignore_errors=True)
            except OSError:
                pass  # its run goes on, or it isn't ours
    # It gets the name that others look for only when it is locked.
    made = tempfile.mkdtemp(prefix="sonde-lab.", dir=top)
    lock = open(made + "/lock", "w", encoding="utf-8")  # pylint: disable=consider-using-with
    fcntl.flock(lock, fcntl.LOCK_EX)
    path = made.replace("sonde-lab.", "sonde-lab-")
    os.rename(made, path)
    return path, lock


@contextlib.contextmanager
def scratch():
    """Such a directory for a with statement, that everybody may look into."""
    path, lock = work_directory()
    try:
        os.chmod(path, 0o755)
        yield path
    finally:
        lock.close()
        shutil.rmtree(path, ignore_errors=True)
