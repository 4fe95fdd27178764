# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The commands beside sonde.sh's in this kernel, for this user: each works, or says what is missing and how to
# get it; none dies or hangs.  Of some the first lines do.
. "$LAB/lib.sh"
export COLUMNS=200 LC_ALL=C
shares=$BUILD/tests/workload/shares

run() { # [-N] COMMAND: its output, or the first N lines; its status is said, and death by a signal is a failure
	local lines=100
	case $1 in -*) lines=${1#-}; shift ;; esac
	echo "\$ $*"
	timeout 150 "$@" >out 2>&1
	local status=$?
	head -n "$lines" out
	echo "-> $status"
	[ $status -ne 124 ] && [ $status -lt 126 ] || { tail -3 out; lab_fail "ended with $status"; }
}
echo "uid $(id -u), kernel $(uname -r)"

# Looking at programs that run.
echo "some words" >words
run sonde trace -e openat -- head -c 0 words # which prints nothing that could come between
run sonde trace --engine ptrace -e write -- /bin/echo some words
[ "$(id -u)" = 0 ] && [ -e /sys/kernel/btf/vmlinux ] || run sonde trace --engine bpf -e write -- /bin/echo some words
run sonde strace -e trace=write -o strace.out /bin/echo some words
cat strace.out
"$shares" 1000000 >shares.out &
busy=$!
# A starved emulator may not sample within that time.
for seconds in 2 3 5 8 12; do
	sonde top -p $busy --once -d $seconds >top.out
	grep -q 'work  *shares' top.out && break
done
run -12 sonde top --once -d 3 --by process
kill $busy
head -9 top.out

# Looking at what was recorded.
run -9 sonde record -o one.sonde -- "$shares" 300
run -9 sonde record -o two.sonde -- "$shares" 900
run -20 sonde annotate work one.sonde
run -12 sonde diff one.sonde two.sonde
run -9 sonde flame one.sonde -o one.html
head -c 15 one.html
echo
run -9 sonde export one.sonde --to pprof -o one.pprof
run -9 sonde import one.pprof -o three.sonde
run -12 sonde report three.sonde

# Looking at files.
run -15 sonde elf "$shares"
run sonde addr2line -f -e "$shares" main+0x0
run -12 sonde oops "$SRC/tests/fixtures/kernel/report-uaf.txt"

# Looking at this kernel's log.  Dynamic debug and following it have their place here.
run -4 sonde dmesg
run -6 sonde oops
