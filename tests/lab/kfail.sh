# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# kfail.sh GROUP [WORD...]: each trouble of lab/kfail/table.txt of a group makes the report that
# the table says, and nobody dies who should live.  Reports are left in $SHARE/report-WORD.txt.
. "$LAB/lib.sh"

group=$1
shift
lab_kfail_load
dmesg -n 1
dmesg -C
echo 0 >/proc/sys/kernel/panic_on_oops
failed=0 tried=0
# Few programs are started, because that is what is slow on this kernel.
declare -A line
while read -r word _ place; do line[$word]=$place; done < <("$LAB/kfail/lines")

complain() { echo "FAIL $*"; failed=$((failed + 1)); }

provoke() { # word ends pattern
	local word=$1 ends=$2 pattern=${3//@LINE@/${line[$1]:-}} text='' tries=5 writer
	pattern=${pattern//.\*/[^$'\n']*} # within a line
	case $word in kfence*) lab_kfence_on ;; esac
	[ "$group" != stall ] || tries=40
	(echo "$word" >/sys/kernel/debug/kfail) 2>/dev/null &
	writer=$!
	[ "$ends" = hangs ] || wait $writer 2>/dev/null
	while :; do
		text+=$(dmesg -c)$'\n'
		[[ $text =~ $pattern ]] && break
		[ $((tries -= 1)) -gt 0 ] || { complain "$word: no line matches $pattern"; break; }
		sleep 1
	done
	local found=${BASH_REMATCH[0]:-}
	printf '%s' "$text" >"$SHARE/report-$word.txt"
	case $word in kfence*) echo 0 >/sys/module/kfence/parameters/sample_interval ;; esac
	[ "$ends" != lives ] || [[ $text = *"kfail: $word survived"* ]] || complain "$word: the writer should have lived"
	tried=$((tried + 1))
	echo "$word: ${found%%$'\n'*}"
}

while read -r word ends its_group _ pattern; do
	case $word in '#'* | '') continue ;; esac
	[ "$its_group" = "$group" ] || continue
	[ $# -eq 0 ] || [[ " $* " = *" $word "* ]] || continue
	provoke "$word" "$ends" "$pattern"
done <"$LAB/kfail/table.txt"
echo "$((tried - failed)) of $tried as the table says"
[ $failed -eq 0 ]
