#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A program whose shares are known: functions 60:30:10, threads 3:1, and as much CPU time as the
# program itself says.  perf record on the same work sees as many samples.
# needs: perf
# timeout: 120
# alone
. "$SRC/tests/helper/record.sh"
need_perf

# some 5,000 samples: what is allowed for is 5 standard deviations of chance
sonde record -o s.sonde -- "$WORKLOAD/shares" 12000 > out 2> err || fail "recording: $(cat err)"
cat err
big=$(awk '$1 == "big" { print $2 }' out) small=$(awk '$1 == "small" { print $2 }' out)
named=0
for name in sixty thirty ten; do
	named=$(awk "BEGIN { print $named + $(share_of s.sonde "$name") }")
done
expect_number "share of the three" "$named" 0.97 1.01
for pair in sixty:0.6 thirty:0.3 ten:0.1; do
	name=${pair%:*} share=${pair#*:}
	expect_number "share of $name among them" "$(awk "BEGIN { print $(share_of s.sonde "$name") / $named }")" \
		"$(awk "BEGIN { print $share - 0.04 }")" "$(awk "BEGIN { print $share + 0.04 }")"
done
# On a busy machine the kernel's clock event also fires in the kernel, at each switch back to the thread
# (perf sees the same): such samples are so much more CPU time.
for name in big small; do
	IFS=, read -r ns user_ns <<< "$(query s.sonde "select sum(period), sum(period * (mode <> 1))
		from sample s join thread t on t.id = s.thread where t.comm = '$name'")"
	true_ns=${!name}
	expect_number "CPU time of thread $name (true: $true_ns ns)" "${ns:-0}" $((true_ns * 95 / 100)) $((true_ns * 2))
	expect_number "... in user space" "${user_ns:-0}" $((true_ns * 60 / 100)) $((true_ns * 105 / 100))
done
kernel=$(query s.sonde "select sum(mode = 1) * 1.0 / count(*) from sample")
expect_number "stacks that reach main's thread function" \
	"$(query s.sonde "select sum(stack_text(stack) like '%run;%') * 1.0 / count(*) from samples where comm in ('big', 'small')")" 0.97 1
# where the machine has too much to do some are: then they are counted, and few
expect_number "lost events, of samples" "$(query s.sonde "select coalesce((select sum(count) from lost), 0) * 1.0 / count(*) from sample")" 0 0.2

# Sanitizers make our side another program: no comparison.
if command -v perf > /dev/null && [ -z "${SONDE_SANITIZED:-}" ]; then
	perf record -q -N -B -F 999 -g -o p.data -- "$WORKLOAD/shares" 4000 > pout 2> perr
	# perf itself dies of the mappings that another recorder asked for build-ids of, where the kernel marks perf's, too
	sonde import -q -o theirs.sonde p.data
	theirs=$(query theirs.sonde "select count(*) from samples where comm in ('big', 'small', 'shares')")
	ours=$(query s.sonde "select count(*) from sample")
	true_theirs=$(awk '{ s += $2 } END { print s }' pout) true_ours=$((big + small))
	[ "${theirs:-0}" -gt 0 ] || cat perr
	# each against its own run's CPU time: the two runs differ, the more so where the machine was busy
	expect_number "our samples a CPU second over perf's" \
		"$(awk "BEGIN { print ($ours / $true_ours) / ($theirs / $true_theirs) }")" \
		"$(awk "BEGIN { print 0.95 - $kernel }")" "$(awk "BEGIN { print 1.05 + $kernel }")"
fi
finish
