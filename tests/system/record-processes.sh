#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Hard targets: 10,000 forks, 5,000 threads, execs of itself, dies at once, 32-bit, static,
# deleted, replaced while running, in other namespaces.
# needs: perf
# timeout: 180
. "$SRC/tests/helper/record.sh"
need_perf

sonde record --clock thread -o forks.sonde -- "$WORKLOAD/forks" 10000 2> err || fail "10,000 forks: $(cat err)"
expect_number "rows of 10,000 forks" "$(query forks.sonde "select count(distinct pid) from thread")" 9000 10001
expect_number "of them with an end" "$(query forks.sonde "select count(*) from thread where end_ns > 0")" 9990 10100
expect "what fell between samples is said" grep -q "fell between samples" err

# With the clocks of CPUs they have their share: as many samples as CPU time.
if sonde record --clock cpu -o cpu.sonde -- "$WORKLOAD/forks" 10000 2> err; then
	cpu_ms=$(sed -n 's/.* wall, \([0-9.]*\) \(m\?s\) CPU.*/\1 \2/p' err | awk '{ print $2 == "s" ? $1 * 1000 : $1 }')
	expect_number "10,000 forks by the clock of CPUs: samples for $cpu_ms ms CPU" \
		"$(query cpu.sonde "select count(*) from sample")" "$(awk "BEGIN { print $cpu_ms * 0.7 }")" "$(awk "BEGIN { print $cpu_ms * 1.2 }")"
	expect_number "10,000 forks by the clock of CPUs: rows" "$(query cpu.sonde "select count(distinct pid) from thread")" 9000 10001
fi

sonde record -o threads.sonde -- "$WORKLOAD/threads" 5000 > out 2> err
if grep -q only err; then
	echo "this machine has no room for 5,000 threads"
else
	expect_number "rows of 5,000 threads" "$(query threads.sonde "select count(*) from thread where comm = 'threads'")" 5001 5002
fi

sonde record -o reexec.sonde -- "$WORKLOAD/reexec" 3 2> err || fail "reexec: $(cat err)"
expect_number "lives of one process that execs itself" \
	"$(query reexec.sonde "select count(*) from thread where exe like '%/reexec'")" 3 3
expect_number "each linked to the one before" \
	"$(query reexec.sonde "select count(*) from thread where previous > 0")" 2 2
expect_number "each with samples" "$(query reexec.sonde "select count(distinct thread) from sample")" 3 3
expect_number "time in one_life" "$(share_of reexec.sonde one_life)" 0.8 1

sonde record -o once.sonde -- true 2> err
expect_number "dies at once: status" $? 0 0
expect "dies at once: a recording" sonde info once.sonde > /dev/null

if [ -x "$WORKLOAD/spin-32" ]; then
	sonde record -o bits.sonde -- "$WORKLOAD/spin-32" 0.5 > /dev/null 2> err || fail "32-bit: $(cat err)"
	expect_number "32-bit: time in spin_here" "$(share_of bits.sonde spin_here)" 0.8 1
	expect_number "32-bit: stacks reach main" \
		"$(query bits.sonde "select sum(stack_text(stack) like '%main;%spin_here%') * 1.0 / count(*) from sample")" 0.8 1
else
	echo "no 32-bit compiler: not checked"
fi

sonde record -o static.sonde -- "$WORKLOAD/spin-static" 0.5 > /dev/null 2> err || fail "static: $(cat err)"
expect_number "static: time in spin_here" "$(share_of static.sonde spin_here)" 0.8 1

# A kernel before 5.12, whose mapping records have no build-ids: they are read from the files.
SONDE_TEST_DENY=perf-build-id sonde record -o noid.sonde -- "$WORKLOAD/spin" 0.5 > /dev/null 2> err || fail "no build-ids: $(cat err)"
expect_number "no build-ids from the kernel: time in spin_here" "$(share_of noid.sonde spin_here)" 0.8 1
expect_number "no build-ids from the kernel: the program's is known" \
	"$(query noid.sonde "select count(*) from module where path like '%/spin' and build_id <> ''")" 1 1

# Deleted while it runs: the tracker holds it open.
cp "$WORKLOAD/spin" doomed
sonde record -o deleted.sonde -- sh -c './doomed 2 & until readlink /proc/$!/exe | grep -q doomed; do sleep 0.01; done; sleep 0.5; rm doomed; wait' > /dev/null 2> err || fail "deleted: $(cat err)"
expect_number "deleted: time in spin_here" "$(share_of deleted.sonde spin_here)" 0.8 1

# Attached to after it was deleted.
cp "$WORKLOAD/spin" doomed
./doomed 5 > /dev/null &
pid=$!
until [ "$(readlink /proc/$pid/exe)" = "$PWD/doomed" ]; do sleep 0.01; done
rm doomed
sonde record -o gone.sonde -p $pid --duration 0.5 2> err || fail "deleted before: $(cat err)"
kill $pid
expect_number "deleted before we came: time in spin_here" "$(share_of gone.sonde spin_here)" 0.8 1

# Replaced by another program while it runs: its own names, not the new file's.
cp "$WORKLOAD/spin" changing
sonde record -o replaced.sonde -- sh -c './changing 2 & until readlink /proc/$!/exe | grep -q changing; do sleep 0.01; done; sleep 0.5; cp "$1" new; mv new changing; wait' \
	sh "$WORKLOAD/shares" > /dev/null 2> err || fail "replaced: $(cat err)"
expect_number "replaced: time in spin_here" "$(share_of replaced.sonde spin_here)" 0.8 1
expect_number "replaced: names of the new file" \
	"$(leaves replaced.sonde | grep -cE '^(sixty|thirty|ten),')" 0 0

# The same path, two programs, one after the other.
cp "$WORKLOAD/spin" both
sonde record -o both.sonde -- sh -c './both 0.4; rm both; cp "$1" both; ./both 500' sh "$WORKLOAD/shares" > /dev/null 2> err
expect_number "one path, two programs: the first" "$(share_of both.sonde spin_here)" 0.05 0.9
expect_number "one path, two programs: the second" "$(share_of both.sonde sixty)" 0.05 0.9
expect_number "one path, two programs: modules" "$(query both.sonde "select count(*) from module where path like '%/both'")" 2 2

if unshare -Upmrf --mount-proc true 2> /dev/null || unshare -pmf --mount-proc true 2> /dev/null; then
	mkdir -p ns
	cp "$WORKLOAD/spin" ns/hidden
	# in a mount namespace of its own the program lies where we can't see it, as pid 1 there
	sonde record -o ns.sonde -- unshare -pmf --mount-proc sh -c '
		mount -t tmpfs none "$1" && cp "$2" "$1/secret" && exec "$1/secret" 1' \
		sh "$PWD/ns" "$WORKLOAD/spin" > /dev/null 2> err || fail "namespaces: $(cat err)"
	expect "it can't be seen from here" test ! -e ns/secret
	expect_number "namespaces: time in spin_here" "$(share_of ns.sonde spin_here)" 0.7 1
	expect_number "namespaces: pids are ours, not theirs" \
		"$(query ns.sonde "select count(*) from samples where comm = 'secret' and pid < 10")" 0 0
else
	echo "no namespaces here: not checked"
fi
finish
