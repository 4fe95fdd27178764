#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: root
# BPF rings and targets: each call of a tree of processes, from the first instruction of each, is
# a record or a counted loss, and a stranger's is neither.
selftest=$BUILD/tests/bpf-selftest
[ -x "$selftest" ] || { echo "sonde was built without BPF"; exit 77; }

check() { # RING_BYTES DEPTH CALLS MAY_LOSE
	out=$("$selftest" "$1" "$2" "$3" 2>&1)
	status=$?
	[ $status -ne 77 ] || { echo "$out"; exit 77; }
	set -- "$4" $out
	[ $status -eq 0 ] || { echo "failed: $*"; exit 1; }
	[ $(($5 + $7)) -eq "$3" ] || { echo "records and losses are not the calls: $*"; exit 1; }
	# (a sanitizer's syscall() is another one)
	[ -n "${SONDE_SANITIZED:-}" ] || [ "${11}" -eq "$5" ] || { echo "stacks that do not begin where they should: $*"; exit 1; }
	[ "$1" = yes ] || [ "$7" -eq 0 ] || { echo "lost in a large ring: $*"; exit 1; }
	[ "$1" = no ] || [ "$7" -gt 0 ] || { echo "nothing lost in a tiny ring: $*"; exit 1; }
}
check 4194304 50 1000 no
check 4096 2 50000 yes
LATER=1
export LATER
check 4194304 2 1000 no
