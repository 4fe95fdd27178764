# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# sonde dmesg and sonde oops on a running kernel: what is read, who may not, what is printed from now on, and debug messages
# switched on and off; where the kernel or the user can't, the message says so.
. "$LAB/lib.sh"
export COLUMNS=120

run() {
	echo "\$ $*"
	timeout 60 "$@" 2>&1
	local status=$?
	echo "-> $status"
	[ $status -ne 124 ] && [ $status -lt 126 ] || lab_fail "ended with $status"
}
echo "uid $(id -u), kernel $(uname -r)"
[ "$(id -u)" != 0 ] || echo "<3>lab: something is wrong" >/dev/kmsg
run sonde dmesg --tail 1 -x
[ "$(id -u)" != 0 ] || {
	# The kernel's own line, of another facility and level; groups; colours; since.
	run sonde dmesg -l err --match lab: -t none --tail 1
	run sonde dmesg -F user -l err+ --match lab: -x -t none --tail 1
	run sonde dmesg -l emerg -n 1
	echo "<4>EXT4-fs (lab0): warning: a line of a file system" >/dev/kmsg
	run sonde dmesg -g fs -t none --tail 1
	run sonde dmesg --since @1000000
	run sonde dmesg -t none --color always -l err --match lab: --tail 1
	run sonde dmesg --json --match lab: --tail 1
	# Following sees what comes, and ends by a signal.
	sonde dmesg --new -t none --match followed >/tmp/followed &
	follower=$!
	for i in 1 2 3 4 5 6 7 8 9 10; do
		echo "followed $i" >/dev/kmsg
		sleep 0.3
		[ ! -s /tmp/followed ] || break
	done
	kill -INT $follower
	wait $follower
	echo "followed: $(grep -c followed /tmp/followed) or more, ended with $?"
}
level=$(cut -f1 /proc/sys/kernel/printk)
run sonde dmesg --console-level err
echo "console level: $(cut -f1 /proc/sys/kernel/printk)"
[ "$(id -u)" != 0 ] || echo "$level" >/proc/sys/kernel/printk

run sonde dmesg --dyndbg 'file kernel/params.c +p'
run sonde dmesg --dyndbg-list kernel/params.c
run sonde dmesg --dyndbg-on
run sonde dmesg --dyndbg 'file kernel/params.c -p'
run sonde dmesg --dyndbg-on
run sonde dmesg --dyndbg 'this is no query'
run sonde oops --no-decode
