# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Block devices that are slow or fail, and swap: what lib.sh promises of them.
. "$LAB/lib.sh"

ms() { date +%s%3N; }
disk=$(lab_null_blk size=64 memory_backed=1) || exit
began=$(ms)
dd if=/dev/zero of="$disk" bs=1M count=8 oflag=direct status=none || lab_fail "null_blk takes no writes"
echo "null_blk $disk: 8 MiB written"

slow=$(lab_null_blk size=64 completion_nsec=50000000 irqmode=2) || exit
began=$(ms)
dd if="$slow" of=/dev/null bs=4k count=10 iflag=direct status=none || lab_fail "the slow disk fails"
took=$(($(ms) - began))
[ $took -ge 500 ] || lab_fail "10 reads of 50 ms took $took ms"
echo "null_blk with 50 ms a request: 10 reads took at least 500 ms"

delayed=$(lab_dm_delay "$disk" 40) || exit
began=$(ms)
dd if="$delayed" of=/dev/null bs=4k count=5 iflag=direct status=none || lab_fail "dm-delay fails"
took=$(($(ms) - began))
[ $took -ge 200 ] || lab_fail "5 reads delayed by 40 ms took $took ms"
echo "dm-delay of 40 ms: 5 reads took at least 200 ms"

flakey=$(lab_dm_flakey "$disk" 0 60) || exit
dd if="$flakey" of=/dev/null bs=4k count=1 iflag=direct status=none 2>/dev/null && lab_fail "dm-flakey read while down"
echo "dm-flakey fails while it is down"

lab_swap 64
grep nullb /proc/swaps || lab_fail "no swap"
