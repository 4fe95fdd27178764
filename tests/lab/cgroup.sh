# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Control groups, version 2: a memory limit that kills, a CPU limit that throttles.
. "$LAB/lib.sh"

group=$(lab_cgroup small memory.max=24M memory.swap.max=0) || exit
lab_in_cgroup "$group" bash -c 'x=$(head -c 64M /dev/zero | tr "\0" x); echo ${#x}' 2>/dev/null && lab_fail "64 MiB fitted into 24"
grep -w oom_kill "$group/memory.events"
dmesg | grep -m1 -o 'Memory cgroup out of memory: Killed process [0-9]* ([a-z]*)'

group=$(lab_cgroup slow "cpu.max=20000 100000") || exit
lab_in_cgroup "$group" timeout 2 bash -c 'while :; do :; done'
throttled=$(sed -n 's/^nr_throttled //p' "$group/cpu.stat")
[ "$throttled" -gt 0 ] || lab_fail "never throttled"
echo "throttled"
