# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which engines of `sonde trace` this machine has."""
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
