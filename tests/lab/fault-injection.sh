# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# An allocation that fails because it was told to.
. "$LAB/lib.sh"
lab_kfail_load
inject=/sys/kernel/debug/failslab
[ -d $inject ] || lab_skip "no failslab in this kernel"
dmesg -C
# Only what kfail itself asks for: a file system that can't have its memory is another test.
text=$(cat /sys/module/kfail/sections/.text)
echo "$text" >$inject/require-start || lab_skip "no stack filter for fault injection in this kernel"
printf '0x%x\n' $((text + $(cat /sys/module/kfail/coresize))) >$inject/require-end
# By default only allocations that may not wait fail.
echo N >$inject/ignore-gfp-wait
echo 0 >$inject/verbose
echo -1 >$inject/times
exec 3>/sys/kernel/debug/kfail # to open it takes memory too
echo 100 >$inject/probability
echo alloc >&3
echo 0 >$inject/probability
dmesg | grep -o 'kfail: alloc failed'
