# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which engines of `sonde trace` this machine has."""
import glob
import os
import re

from lib.check import run


def why_no_bpf():
    """Empty where BPF can be had, else what sonde says."""
    probe = run("sonde", "trace", "--engine", "bpf", "-o", "/dev/null", "true")
    return "" if probe.returncode == 0 else probe.stderr.strip() or "ended with %d" % probe.returncode


def engines():
    """ptrace, and bpf where it can be had; where it can't, that is said."""
    why = why_no_bpf()
    if why:
        print("without the BPF engine: %s" % why)
    return ["ptrace"] if why else ["bpf", "ptrace"]


def held_programs():
    """Ids of the BPF programs that sondes which run have open."""
    found = set()
    for process in glob.glob("/proc/[0-9]*"):
        try:
            with open(process + "/comm", encoding="utf-8", errors="replace") as f:
                if f.read() != "sonde\n":
                    continue
            for number in os.listdir(process + "/fdinfo"):
                with open(process + "/fdinfo/" + number, encoding="ascii") as f:
                    found |= set(re.findall(r"^prog_id:\s*(\d+)", f.read(), re.M))
        except OSError:  # it has ended, or the descriptor is closed
            continue
    return found


def programs_left():
    """Ids of loaded BPF programs that are sonde's, but of no sonde that runs: others may trace meanwhile.

    Maps are not looked at: to list them is to hold each for a moment, and then Linux 6.18 keeps, empty and for ever, a map
    of programs for tail calls whose owner goes at that moment."""
    listed = set(re.findall(r"^(\d+): .* name calls_", run("bpftool", "prog", "list").stdout, re.M))
    return listed - held_programs()
