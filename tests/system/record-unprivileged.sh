#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# As an ordinary user: what may be had is recorded, what may not is said, with the fix.
# needs: user
# timeout: 120
. "$SRC/tests/helper/record.sh"
as_user=()
found=()
if [ "$(id -u)" = 0 ]; then
	as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	chown 65534 .
	# the build may lie where an ordinary user can't look
	mkdir bin lib && cp "$(command -v sonde)" "$WORKLOAD/spin" bin/ && cp "$BUILD"/lib/*.so lib/ && chmod -R a+rx . || exit 1
	if ! "${as_user[@]}" test -r "$PWD/bin/spin"; then
		echo "an ordinary user can't reach $PWD"
		exit 77
	fi
	found=("PATH=$PWD/bin:$PATH")
fi
spin=$WORKLOAD/spin
"${as_user[@]}" test -x "$spin" || spin=$PWD/bin/spin
paranoid=$(cat /proc/sys/kernel/perf_event_paranoid)
user() { "${as_user[@]}" env "${found[@]}" "$@"; }

user sonde record -o u.sonde -- "$spin" 0.7 > /dev/null 2> err || fail "as a user: $(cat err)"
cat err
expect_number "samples" "$(query u.sonde "select count(*) from sample")" 5 2000
expect_number "time in spin_here" "$(share_of u.sonde spin_here)" 0.7 1
if ((paranoid >= 2)); then
	expect "what it did without is said in one line" grep -Eq "user space only|cpu-timer" err
	expect "and recorded" grep -q perf_event_paranoid u.sonde/meta.json
	expect_number "no kernel samples" "$(query u.sonde "select count(*) from sample where mode = 1")" 0 0
fi
if ((paranoid >= 1)); then
	user sonde record -o all.sonde -a --duration 0.2 2> err
	expect_number "-a as a user is refused: status" $? 1 1
	expect "with the sysctl that permits it" grep -q "sysctl kernel.perf_event_paranoid" err
	expect "and nothing left behind" test ! -e all.sonde
fi

# A kernel that permits no perf events at all (Debian's perf_event_paranoid 3).
user SONDE_TEST_DENY=perf sonde record -o t.sonde -- "$spin" 1 > /dev/null 2> err || fail "without perf: $(cat err)"
cat err
expect "without perf events the fall-back is said" grep -q "cpu-timer" err
expect_number "samples without perf events" "$(query t.sonde "select count(*) from sample")" 5 2000
expect_number "time in spin_here without perf events" "$(share_of t.sonde spin_here)" 0.7 1
"$spin" 10 > /dev/null &
pid=$!
user SONDE_TEST_DENY=perf sonde record -o tp.sonde -p $pid --duration 0.3 2> err
expect_number "-p without perf events is refused: status" $? 1 1
expect "with the exact fixes" grep -q "CAP_PERFMON\|cap_perfmon" err
if [ "$(id -u)" = 0 ] && ((paranoid >= 0)); then
	user sonde record -o other.sonde -p $pid --duration 0.3 2> err
	expect_number "-p of another user's process is refused: status" $? 1 1
	expect "and says why" grep -q "another user" err
fi
kill $pid
finish
