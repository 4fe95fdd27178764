# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# kfail's known leaks are found, as many as there are, with the function that allocated them.
. "$LAB/lib.sh"
lab_kfail_load
leaks=/sys/kernel/debug/kmemleak
echo clear >$leaks || lab_skip "kmemleak is off in this kernel"
lab_kfail leak
# An object is young for 5 s, and a register may still point to one.
sleep 6
for _ in 1 2 3 4 5; do
	echo scan >$leaks
	cat $leaks >report
	[ "$(grep -c kf_leak_kmalloc report)" -lt 2 ] || break
	sleep 1
done
cp report "$SHARE/report-leak.txt"
echo "kf_leak_kmalloc: named $(grep -c kf_leak_kmalloc report) times, $(grep -c 'size 256' report) objects of its size"
echo "kf_leak_vmalloc named: $(grep -c kf_leak_vmalloc report)"
