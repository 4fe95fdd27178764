#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: strace
# timeout: 60
# A program that makes every system call with arguments of every shape, none of which is really made: the lines
# are strace's.  What differs is what strace 6.1 has no name for yet (newer flags, ioctls, fcntl commands) and rare
# socket families; and of x32's statfs, which the kernel fills as x86-64's.  LEAST only rises.  Then a 32-bit program, all of it.
LEAST=95
set -e
[ -x "$BUILD/tests/workload/syscalls" ] || { echo "no program of every system call for this machine"; exit 77; }
for program in syscalls syscalls-x32; do
	"$SRC/tools/compare-strace" --least $LEAST --lines 20 --options "-e inject=all:retval=0" -- "$BUILD/tests/workload/$program"
done
if [ -x "$BUILD/tests/workload/spin-32" ]; then
	"$SRC/tools/compare-strace" -- "$BUILD/tests/workload/spin-32" 0.01
	"$SRC/tools/compare-strace" --options=-y -- "$BUILD/tests/workload/spin-32" 0.01
fi
