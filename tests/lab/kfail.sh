# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# kfail.sh GROUP [WORD...]: each trouble of lab/kfail/table.txt of a group makes the report that
# the table says, and nobody dies who should live.  Reports are left in $SHARE/report-WORD.txt.
. "$LAB/lib.sh"

group=$1
shift
lab_kfail_load
echo 1 >/proc/sys/kernel/printk # nothing on the console
echo 0 >/proc/sys/kernel/panic_on_oops
[ "$group" != kcsan ] || echo on >/sys/kernel/debug/kcsan
failed=0 tried=0
# Few programs are started, and those from memory, because that is what is slow on this kernel.
declare -A line
fill_lines() {
	local word place
	while read -r word _ place; do line[$word]=$place; done < <("$LAB/kfail/lines")
}

complain() { echo "FAIL $*"; failed=$((failed + 1)); }

# watch WORD: of the watchdogs that time runs out for, only the one that is meant speaks, and soon.
watch() {
	local lockup=60 hung=0 rcu=1 queue=0
	case $1 in
	softlockup) lockup=4 ;; # half of what makes a soft one
	hardlockup) lockup=2 ;; # looked for each 2.4 s (6/5 of it); the look after this is for nothing, the second one after that sees it
	hung) hung=4 ;;
	rcustall) rcu=0 ;;
	workqueue) queue=5 ;;
	esac
	echo $lockup >/proc/sys/kernel/watchdog_thresh
	echo $hung >/proc/sys/kernel/hung_task_timeout_secs
	echo $rcu >/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress
	echo 3 >/sys/module/rcupdate/parameters/rcu_cpu_stall_timeout # and 5 s for CONFIG_PROVE_RCU
	echo $queue >/sys/module/workqueue/parameters/watchdog_thresh
}
quiet() { ! grep -qs '^kf_' /proc/[0-9]*/comm; }

provoke() { # word ends pattern
	local word=$1 ends=$2 pattern=${3//@LINE@/${line[$1]:-}} mark="lab: $1 is next" said='' text='' tries=5 writer
	pattern=${pattern//.\*/[^$'\n']*} # within a line
	case $word in kfence*) lab_kfence_on ;; esac
	[ "$group" != stall ] || { tries=40; watch "$word"; }
	echo "$mark" >/dev/kmsg # what was said before is another's
	(echo "$word" >/sys/kernel/debug/kfail) 2>/dev/null &
	writer=$!
	[ "$ends" = hangs ] || wait $writer 2>/dev/null
	while :; do
		said+=$(/run/lab/busybox dmesg -c)$'\n'
		[[ $said != *"$mark"$'\n'* ]] || text=${said#*"$mark"$'\n'}
		[[ $text =~ $pattern ]] && break
		[ $((tries -= 1)) -gt 0 ] || { complain "$word: no line matches $pattern"; break; }
		# Some reports want things to follow each other fast, which a starved emulator does not do each time.
		case $tries$ends$group in
		2livesplain | ?liveskcsan) (echo "$word" >/sys/kernel/debug/kfail) 2>/dev/null ;;
		esac
		sleep 1
	done
	local found=${BASH_REMATCH[0]:-}
	printf '%s' "$text" >"$SHARE/report-$word.txt"
	[ "$group" != stall ] || lab_wait_for 60 quiet
	case $word in kfence*) echo 0 >/sys/module/kfence/parameters/sample_interval ;; esac
	[ "$ends" != lives ] || [[ $text = *"kfail: $word survived"* ]] || complain "$word: the writer should have lived"
	tried=$((tried + 1))
	echo "$word: ${found%%$'\n'*}"
}

while read -r word ends its_group _ pattern; do
	case $word in '#'* | '') continue ;; esac
	[ "$its_group" = "$group" ] || continue
	[ $# -eq 0 ] || [[ " $* " = *" $word "* ]] || continue
	[[ $pattern != *@LINE@* || ${#line[@]} -gt 0 ]] || fill_lines
	provoke "$word" "$ends" "$pattern"
done <"$LAB/kfail/table.txt"
echo "$((tried - failed)) of $tried as the table says"
[ $failed -eq 0 ]
