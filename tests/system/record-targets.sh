#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What can be recorded: processes with many threads, threads, control groups, the machine.
# needs: perf root
# timeout: 180
. "$SRC/tests/helper/record.sh"
need_perf
trap 'kill $(jobs -p) 2> /dev/null' EXIT

"$WORKLOAD/spin" 60 > /dev/null &
one=$!
"$WORKLOAD/spin" 60 > /dev/null &
two=$!
sonde record -o p.sonde -p $one --duration 0.5 2> err || fail "-p: $(cat err)"
expect_number "-p: only that process" "$(query p.sonde "select sum(pid <> $one) from samples")" 0 0
expect_number "-p: time in spin_here" "$(share_of p.sonde spin_here)" 0.8 1
sonde record -o pp.sonde -p $one,$two --duration 0.5 2> err || fail "-p twice: $(cat err)"
expect_number "-p twice: both" "$(query pp.sonde "select count(distinct pid) from samples")" 2 2
# One of two ends: the recording goes on to the end of the other, without busy waiting.
"$WORKLOAD/spin" 0.5 > /dev/null &
short=$!
"$WORKLOAD/spin" 2 > /dev/null &
long=$!
cpu=$( { TIMEFORMAT='%U %S'; time sonde record --no-symbols -q -o last.sonde -p $short,$long 2> err; } 2>&1 | awk '{ print $1 + $2 }')
expect "-p twice ends with the last" sh -c "! grep -q '^State:.[RSDT]' /proc/$long/status 2> /dev/null" # its parent may not have asked for its end yet
expect_number "-p twice: CPU seconds that waiting takes" "$cpu" 0 0.6
sonde record -o t.sonde -t $two --duration 0.5 2> err || fail "-t: $(cat err)"
expect_number "-t: only that thread" "$(query t.sonde "select sum(tid <> $two) from samples")" 0 0
sonde record -o a.sonde -a --duration 0.5 2> err || fail "-a: $(cat err)"
expect_number "-a: both are among all" "$(query a.sonde "select count(distinct pid) from samples where pid in ($one, $two)")" 2 2
expect_number "-a: the idle loop is no CPU time" "$(query a.sonde "select count(*) from samples where pid = 0 and comm = 'swapper'")" 0 200
sonde record -o ac.sonde -a -- sleep 0.3 2> err || fail "-a with a command: $(cat err)"
expect_number "-a with a command: the others too" "$(query ac.sonde "select count(distinct pid) from samples where pid in ($one, $two)")" 2 2
kill $one $two

# A process that makes threads all the time while we attach: none twice, none missed.
"$WORKLOAD/shares" 6000 > out &
pid=$!
wait_for 5 sh -c "[ \$(ls /proc/$pid/task | wc -l) -eq 3 ]"
sonde record --clock thread -o sh.sonde -p $pid 2> err || fail "-p of a threaded program: $(cat err)"
wait $pid
expect_number "-p of a threaded program: threads with samples" "$(query sh.sonde "select count(distinct tid) from samples")" 2 3
expect_number "-p ends with its target: CPU time against what it says itself" \
	"$(awk -v s="$(query sh.sonde "select sum(period) from samples")" '{ t += $2 } END { print s / t }' out)" 0.7 1.05

# They live as long as attaching takes on a machine that does much else.
"$WORKLOAD/threads" 5000 120 > ready 2> /dev/null &
pid=$!
if wait_for 10 grep -q ready ready; then
	sonde record -o many.sonde -p $pid --duration 0.2 2> err || fail "-p of 5,000 threads: $(cat err)"
	expect_number "-p of 5,000 threads: rows" "$(query many.sonde "select count(distinct tid) from thread where pid = $pid and tid > 0")" 5001 5001
	kill $pid
	wait $pid
else
	echo "this machine has no room for 5,000 threads"
fi
"$WORKLOAD/threads" 200 120 > ready 2> /dev/null &
pid=$!
wait_for 10 grep -q ready ready
SONDE_TEST_DENY=perf-fds sonde record --clock thread -o few.sonde -p $pid --duration 0.2 2> err || fail "too few descriptors: $(cat err)"
expect "too few descriptors: said" grep -q "sampling all CPUs" err
expect_number "too few descriptors: nobody else's samples" "$(query few.sonde "select count(*) from samples where pid <> $pid")" 0 0
kill $pid
wait $pid

# The record of the command's exec is lost among others' samples: it is found all the same, or that it isn't is said.
SONDE_TEST_DENY=perf-exec sonde record --clock cpu -o found.sonde -- "$WORKLOAD/spin" 1 > /dev/null 2> err || fail "exec lost: $(cat err)"
expect "exec lost: said" grep -q "first samples are not there: the record of its exec was lost" err
expect_number "exec lost: samples" "$(query found.sonde "select count(*) from samples where function = 'work'")" 100 100000
expect_number "exec lost: one life" "$(query found.sonde "select count(*) from thread")" 1 1
SONDE_TEST_DENY=perf-exec sonde record --clock cpu -o child.sonde -- sh -c "'$WORKLOAD/spin' 1; true" > /dev/null 2> err || fail "exec lost, a child: $(cat err)"
expect_number "exec lost: samples of a child that was there by then" "$(query child.sonde "select count(*) from samples where function = 'work'")" 100 100000
SONDE_TEST_DENY=perf-exec sonde record --clock cpu -o gone.sonde -- true 2> err || fail "exec of a short one lost: $(cat err)"
expect "exec of a short one lost: said" grep -q "samples are not there: the record of its exec was lost" err

# Where a warning of the kernel panics, and copies of stacks can make it warn.
SONDE_TEST_DENY=perf-copies-warn sonde record -q -o tame.sonde -- "$WORKLOAD/spin" 0.1 > /dev/null || fail "without copies"
expect "no copies: said" grep -q panic_on_warn tame.sonde/meta.json
expect_number "no copies: samples" "$(query tame.sonde "select count(*) from sample")" 1 200

# Control groups: whatever hierarchies there are.
group=sonde-test-$$
while read -r _ dir type _; do
	case $type in cgroup | cgroup2) ;; *) continue ;; esac
	mkdir "$dir/$group" 2> /dev/null || continue
	sh -c "echo \$\$ > $dir/$group/cgroup.procs && exec $WORKLOAD/spin 20" > /dev/null 2>&1 &
	pid=$!
	wait_for 2 grep -q $pid "$dir/$group/cgroup.procs"
	wait_for 5 grep -q spin "/proc/$pid/comm"
	for path in "$dir/$group" "/$group"; do
		rm -rf cg.sonde
		if sonde record -o cg.sonde --cgroup "$path" --duration 0.8 2> err; then
			expect_number "--cgroup $path ($type): its process" "$(query cg.sonde "select count(*) from samples where pid = $pid")" 5 5000 # not the 20 s that it lives
			expect_number "--cgroup $path ($type): nobody else" "$(query cg.sonde "select count(*) from samples where pid <> $pid")" 0 0
		else
			fail "--cgroup $path ($type): $(cat err)"
		fi
	done
	kill $pid
	wait $pid 2> /dev/null
	wait_for 2 rmdir "$dir/$group" || fail "cannot remove $dir/$group"
	break_after=${break_after:-}$type
	[[ $break_after == *cgroupcgroup* || $break_after == *cgroup2cgroup ]] && break
done < /proc/self/mounts
expect "--cgroup that is not there" sh -c 'sonde record -o no.sonde --cgroup /no/such/group 2>&1 | grep -q "no control group"'
finish
