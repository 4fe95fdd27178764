# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# An allocation that fails because it was told to.
. "$LAB/lib.sh"
lab_kfail_load
inject=/sys/kernel/debug/failslab
[ -d $inject ] || lab_skip "no failslab in this kernel"
dmesg -C
echo Y >$inject/task-filter
# By default only allocations that may not wait fail.
echo N >$inject/ignore-gfp-wait
echo 100 >$inject/probability
echo -1 >$inject/times
echo 0 >$inject/verbose
bash -c 'exec 3>/sys/kernel/debug/kfail; echo 1 >/proc/self/make-it-fail; echo alloc >&3'
echo 0 >$inject/probability
dmesg | grep -o 'kfail: alloc failed'
