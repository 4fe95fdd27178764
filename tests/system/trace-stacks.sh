#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: gcc strace
# sonde trace -k: the stacks of a program without frame pointers, and of Debian's libc, which has none either,
# are strace -k's to the address, and name every function of the program.
set -euo pipefail
cat > w.c << 'END'
#include <unistd.h>
__attribute__((noinline)) int inner(int x) { write(2, "x\n", 2); return x + 1; }
__attribute__((noinline)) int middle(int x) { return inner(x) * 2; }
__attribute__((noinline)) int outer(int x) { return middle(x) + 3; }
int main(int argc, char **argv) { return outer(argc) > 100; }
END
gcc -O2 -fomit-frame-pointer w.c -o w
stack() { sed -n '/write(2/,/^[^ ]/p' "$1" | grep '^ >'; }
sonde trace --engine ptrace -k -e trace=write -o ours ./w 2> /dev/null
stack ours > ours.stack
[ "$(grep -oE '\((inner|middle|outer|main|_start)\+' ours.stack | tr -d '\n')" = "(inner+(middle+(outer+(main+(_start+" ] ||
	{ echo "FAILED: the program's functions"; cat ours; exit 1; }
echo "functions without frame pointers are there, with offsets"
strace -k -e trace=write -o theirs ./w 2> /dev/null || { echo "strace without -k"; exit 77; }
stack theirs > theirs.stack
diff <(grep -o '\[0x.*' theirs.stack) <(grep -o '\[0x.*' ours.stack) || { echo "FAILED: other addresses than strace's"; exit 1; }
echo "$(wc -l < ours.stack) frames as strace has them"
sonde trace --engine ptrace -k -e trace=write -o echo.out echo hi > echo.text
strace -k -e trace=write -o echo.strace echo hi > echo.text
diff <(grep -o '\[0x.*' echo.strace) <(grep -o '\[0x.*' echo.out) || { echo "FAILED: echo: other addresses than strace's"; exit 1; }
echo "$(grep -c '^ >' echo.out) frames of a stripped program as strace has them"
for way in trace "trace --engine ptrace" strace; do
	sonde $way -k --stack-trace-frame-limit=3 -e trace=write -o short ./w 2> /dev/null
	[ "$(grep -c '^ > .*\[0x' short)" -eq 3 ] && grep -qx ' > too many stack frames' short || { echo "FAILED: sonde $way: three frames were asked for"; cat short; exit 1; }
done
echo "--stack-trace-frame-limit holds, and that there are more is said"
printf '%s\n' 'sh -c /bin/true; /bin/true' 'exec /bin/true' > execs.sh
for way in "sonde trace --engine ptrace" strace; do $way -f -k -e trace=execve -e signal=none -o "execs-${way%% *}.txt" sh execs.sh 2> /dev/null; done
[ "$(grep -c '(execve+' execs-sonde.txt)" -ge 2 ] || { echo "FAILED: who called execve"; cat execs-sonde.txt; exit 1; }
diff <(sed -n 's/^ .*\(\[0x.*\)/\1/p; s/.*execve(\("[^"]*"\).*/\1/p' execs-strace.txt) <(sed -n 's/^ .*\(\[0x.*\)/\1/p; s/.*execve(\("[^"]*"\).*/\1/p' execs-sonde.txt) || { echo "FAILED: execve: other addresses than strace's"; exit 1; }
echo "an execve that succeeds has the stack of who called it"
gcc -g -O2 -fomit-frame-pointer w.c -o g
for way in "strace" "trace --engine ptrace"; do
	sonde $way -kk -e trace=write -o lines ./g 2> /dev/null
	grep -qE '^ > .*/g\(inner\+0x[0-9a-f]+\) \[0x[0-9a-f]+\] .*w\.c:[0-9]+$' lines || { echo "FAILED: no source lines with $way -kk"; cat lines; exit 1; }
done
sonde strace --stack-trace=symbol -e trace=write -o none ./g 2> /dev/null
! grep -q 'w\.c:' none || { echo "FAILED: source lines that nobody asked for"; exit 1; }
echo "-kk has source lines"
# The kernel's unwinder, from the first call on (copies, while tables are made), and what it tells of mappings.
if ! sonde trace --engine bpf -k -e trace=!getrandom -o bpf echo hi > /dev/null 2> why; then
	[ "$(id -u)" -ne 0 ] || grep -q 'older than Linux 6.1' why || { echo "FAILED: -k by BPF"; cat why; exit 1; }
	echo "without BPF: $(head -1 why)"
	exit 0
fi
sonde trace --engine ptrace -k -e trace=!getrandom -o ptrace echo hi > /dev/null
calls() { sed 's/^[0-9]* *//; s/0x[0-9a-f]\{7,\}/N/g; s/[0-9]\{4,\}/N/g; s/  *= / = /; s/[0-9]* vars/vars/; s/\(set_tid_address(N) = \).*/\1N/' "$1"; }
# TSan's own thread ends when the command is executed, now before and now within the call.
[ "${SONDE_SANITIZED:-}" = thread ] || diff <(calls bpf) <(calls ptrace) > other || { echo "FAILED: other stacks than by ptrace"; cat other; exit 1; }
echo "$(grep -c '^ >' bpf) frames by BPF as by ptrace"
sonde trace --engine bpf -kk -e trace=write -o bpf.lines ./g 2> /dev/null
diff <(grep '^ >' lines) <(grep '^ >' bpf.lines) || { echo "FAILED: other source lines by BPF"; exit 1; }
sonde trace --engine bpf -q -k -y -e trace=write -o rec.sonde ./w 2> /dev/null
sonde trace rec.sonde -k -y > lines
grep -q '^[0-9]* *write(2</dev/null>' lines || { echo "FAILED: descriptors of a recording"; cat lines; exit 1; }
diff <(grep '^ >' lines) ours.stack || { echo "FAILED: other stacks from a recording than live"; exit 1; }
sonde trace rec.sonde --slow | grep -q inner || { echo "FAILED: --slow"; exit 1; }
sonde trace --engine bpf -k --json -e trace=write -o json ./w 2> /dev/null
grep -q '"stack":\["[^"]*libc[^"]*write+0x10) .*(inner+0x[0-9a-f]*) ' json || { echo "FAILED: --json"; cat json; exit 1; }
echo "recorded, and as JSON"
