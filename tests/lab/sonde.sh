# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What sonde says of this kernel to this user (doctor), and what it does with what it gets:
# record a busy program, report on it, ask it.  Each command works, or says what is missing.
. "$LAB/lib.sh"
export COLUMNS=120

run() { # a command; its status is said, and death by a signal is a failure
	echo "\$ $*"
	timeout 100 "$@" 2>&1
	local status=$?
	echo "-> $status"
	[ $status -ne 124 ] && [ $status -lt 126 ] || lab_fail "ended with $status"
}
echo "uid $(id -u), kernel $(uname -r)"
run sonde doctor
# Asking doesn't patch the kernel's functions, but for the one that a probe is tried on.
[ ! -r /sys/kernel/tracing/touched_functions ] ||
	echo "functions ever patched: $(wc -l </sys/kernel/tracing/touched_functions)"
run sonde record -o busy.sonde -- bash -c 'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; exit 3'
run sonde report busy.sonde
run sonde info busy.sonde
run sonde query busy.sonde 'select count(*) > 50 as enough from sample'
run sonde record -a --duration 1 -o all.sonde
run sonde record -o no.sonde -e sched:sched_switch -- true
