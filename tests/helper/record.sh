# SPDX-License-Identifier: LGPL-2.1-or-later
# For the system tests of sonde record: source it.  Each check says what it checks.
set -uo pipefail
# shellcheck disable=SC2034
WORKLOAD=$BUILD/tests/workload
failures=0

pass() { echo "ok    $*"; }
fail() { echo "FAIL  $*"; failures=$((failures + 1)); }
# expect WHAT CONDITION...: CONDITION is a command.
expect() {
	local what=$1
	shift
	if "$@"; then pass "$what"; else fail "$what   [$*]"; fi
}
# expect_number WHAT VALUE LOW HIGH
expect_number() {
	if awk -v v="${2:-nan}" -v low="$3" -v high="$4" 'BEGIN { exit !(v + 0 == v && v >= low && v <= high) }'
	then pass "$1: $2 in $3..$4"
	else fail "$1: ${2:-nothing} not in $3..$4"
	fi
}
# query REC SQL: the rows without the names.
query() { sonde query "$1" --csv "$2" | tail -n +2; }
# leaves REC: functions that hold the sampled code, inlined calls left out, with their share of the time in user space:
# on a busy machine the clock's event also fires in the kernel, at each switch back to a thread.
leaves() {
	query "$1" "with recursive outermost(leaf, frame) as (
			select id, id from frame
			union all select o.leaf, f.outer from outermost o join frame f on f.id = o.frame
				where f.outer > 0),
		holds as (select o.leaf, f.function from outermost o join frame f on f.id = o.frame
			where f.outer = 0)
		select h.function, sum(s.period) * 1.0 / (select sum(period) from sample where mode <> 1) as share
		from sample s join stack k on k.id = s.stack join holds h on h.leaf = k.frame
		where s.mode <> 1 group by 1 order by 2 desc"
}
share_of() { leaves "$1" | awk -F, -v f="$2" '$1 == f { print $2; found = 1 } END { if (!found) print 0 }'; }
# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
	local i end=$(($1 * 20))
	shift
	for ((i = 0; i < end; i++)); do
		"$@" 2> /dev/null && return 0
		sleep 0.05
	done
	return 1
}
need_perf() {
	if ! sonde record -q -o probe.sonde -- true 2> probe.err || grep -q cpu-timer probe.err; then
		echo "perf events are not permitted here"
		exit 77
	fi
	rm -rf probe.sonde
}
finish() {
	if ((failures)); then
		echo "$failures checks failed"
		exit 1
	fi
	exit 0
}
