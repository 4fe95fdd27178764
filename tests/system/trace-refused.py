#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# BPF that the kernel refuses half way: whichever of the calls for it fails, the command is traced, by the one engine or the
# other, which is said in one line; so it is without threads.
# timeout: 150
import os
import re
import shutil
import subprocess
import sys

from lib.check import PATIENCE_S, expect, result, run, skip
from lib.engines import why_no_bpf

# bpf() number FAIL_AT fails, counted without BTF_LOAD (18): of one that fails libbpf concludes that the kernel can't do what it can,
# and has the verifier look at functions anew at each call, for minutes; and without MAP_LOOKUP_ELEM (1), which asks again until it is so.
REFUSE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

static _Atomic int calls;

static int wanted(const char *name) { return getenv(name) ? atoi(getenv(name)) : -1; }

long syscall(long number, ...)
{
    static long (*real)(long, ...);
    va_list list;
    long a[6];

    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if (!real)
        real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    if (number == SYS_bpf && a[0] != 18 && a[0] != 1 && ++calls == wanted("FAIL_AT")) {
        errno = wanted("FAIL_WITH");
        return -1;
    }
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *user)
{
    static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

    if (!real)
        real = (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))dlsym(RTLD_NEXT, "pthread_create");
    return wanted("FAIL_THREADS") > 0 ? EAGAIN : real(thread, attr, run, user);
}

__attribute__((destructor)) static void say(void)
{
    if (calls && getenv("FAIL_COUNT"))
        fprintf(stderr, "%d calls of bpf()\n", calls);
}
"""
SANITIZED = bool(os.environ.get("SONDE_SANITIZED"))


def trace(*options, **env):
    words = ["sonde", "trace", *options, "-qq", "-e", "exit_group", "sh", "-c", "grep SigBlk /proc/self/status; exit 3"]
    more = {"LD_PRELOAD": os.path.abspath("refuse.so"), "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
    done = run(*words, env={**more, **{name: str(value) for name, value in env.items()}}, timeout=PATIENCE_S)
    notes = [t for t in done.stderr.splitlines() if not re.match(r"(\[pid +\d+\] )?(exit_group\(|--- SIGCHLD|\+\+\+)", t)]
    return done, notes


def whole(done):
    return done.returncode == 3 and done.stderr.count("exit_group(") == 2 and done.stdout == "SigBlk:\t0000000000000000\n"


def main():
    why = why_no_bpf()
    if why or not shutil.which("gcc"):
        skip(why or "no gcc")
    with open("refuse.c", "w", encoding="ascii") as f:
        f.write(REFUSE)
    subprocess.run(["gcc", "-w", "-shared", "-fPIC", "-o", "refuse.so", "refuse.c"], check=True)
    done, notes = trace(FAIL_COUNT=1)
    calls = max(int(n) for n in re.findall(r"(\d+) calls of bpf", done.stderr))
    expect("nothing refused", whole(done) and 50 < calls < 500, (calls, done))
    done, notes = trace("--engine", "bpf", FAIL_THREADS=1)
    expect("without threads", whole(done) and not notes, done)
    fell_back = 0
    for at in range(1, calls + 1, 5 if SANITIZED else 2):
        done, notes = trace(FAIL_AT=at, FAIL_WITH=12 if at % 4 == 1 else 1)
        ok = whole(done) and (not notes or len(notes) == 1 and "engine: ptrace" in notes[0])
        fell_back += len(notes)
        if not ok:
            expect("bpf() %d of %d is refused" % (at, calls), False, done)
    expect("bpf() is refused, half of %d in turn" % calls, fell_back > 0, fell_back)
    for at in range(2, calls + 1, 7):
        done, notes = trace("--engine", "bpf", FAIL_AT=at, FAIL_WITH=12)
        if not whole(done):
            expect("--engine bpf: why not, and what to do, for %d" % at, done.returncode == 1 and len(notes) == 2, done)
    return result()


if __name__ == "__main__":
    sys.exit(main())
