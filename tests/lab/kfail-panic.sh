# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The troubles that end the machine: what the console last said is what the table says.
failed=0
while read -r word ends _ _ pattern; do
	[ "$ends" = panics ] || continue
	"$LAB/run" --kernel "$KERNEL" --cpus 1 --console console --timeout 280 -- \
		bash -c '. "$LAB/lib.sh"; echo 1 >/proc/sys/kernel/panic_on_oops; lab_kfail_load; lab_kfail '"$word"'; sleep 20' >/dev/null 2>&1
	status=$?
	if [ $status = 125 ] && grep -qE "$pattern" console; then
		echo "$word: $(grep -m1 -oE "$pattern" console)"
	else
		echo "FAIL $word: status $status, no line matches $pattern"
		tail -30 console
		failed=1
	fi
	sed -n "/kfail: $word /,\$p" console | tr -d "\r" >"$SHARE/report-$word.txt"
done <"$LAB/kfail/table.txt"
exit $failed
