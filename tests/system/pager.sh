#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: tmux
# timeout: 60
# On a terminal a long document goes through $PAGER, a short one doesn't stop, leaving the
# pager early is no error; into a pipe there is no pager and no colour, and a reader that
# goes away ends us quietly.  A million rows take constant memory.
set -u
command -v tmux >/dev/null || { echo tmux; exit 77; }
demo=$BUILD/tests/render-demo
socket=sonde-pager-$$
export LC_ALL=C.UTF-8
unset PAGER LESS NO_COLOR
tm() { tmux -L "$socket" -f /dev/null "$@"; }
trap 'tm kill-server 2>/dev/null' EXIT
screen() { tm capture-pane -p -t p; }
fail() { echo "FAIL $1"; screen; exit 1; }
wait_for() {
	for _ in $(seq 400); do
		screen | grep -Eq -- "$1" && { echo "ok   $2"; return; }
		sleep 0.05
	done
	fail "$2 (never saw $1)"
}
keys() { tm send-keys -t p "$@"; }

if command -v less >/dev/null; then
	tm new-session -d -s p -x 80 -y 20 'PS1="shell> " bash --norc --noprofile'
	wait_for 'shell>' 'a shell'
	keys "$demo pager" Enter
	wait_for '^:|\(END\)' 'less has it'
	keys G
	wait_for 'next: sonde report make.sonde' 'the end can be reached'
	keys q
	keys "$demo pager '' 0 300000; echo first: \$?" Enter
	wait_for '^:' 'less has the start of a long one'
	keys q
	wait_for 'first: 0' 'leaving early is no error'
	keys "clear; PAGER='head -2' $demo pager; echo second: \$?" Enter
	wait_for 'second: 0' 'so is a pager that reads only two lines'
	keys "clear; PAGER=/nonexistent/pager $demo pager; echo third: \$?" Enter
	wait_for 'third: 0' 'a pager that is not there ends too'
	screen | grep -q 'next: sonde report make.sonde' || fail 'and the answer is on the screen'
	keys "clear; PAGER= $demo pager; echo fourth: \$?" Enter
	wait_for 'fourth: 0' 'an empty PAGER asks for none'
	tm resize-window -t p -x 80 -y 200
	keys clear Enter "$demo pager; echo fifth: \$?" Enter
	wait_for 'fifth: 0' 'what fits the screen does not stop'
	screen | grep -q 'make -j2' || fail 'and it is on the screen'
fi

text=$("$demo" pager 2>/dev/null | cat)
case $text in
*$'\033'*) echo 'FAIL colour in a pipe'; exit 1 ;;
*'make -j2'*) echo 'ok   a pipe gets plain text' ;;
*) echo 'FAIL nothing in the pipe'; exit 1 ;;
esac
"$demo" term '' 0 1000000 | head -3 >/dev/null
status=${PIPESTATUS[0]} # killed by SIGPIPE, as is the custom
[ "$status" -eq 141 ] || { echo "FAIL a reader that goes away: status $status"; exit 1; }
echo "ok   a reader that goes away ends us"

if [ -z "${SONDE_SANITIZED:-}" ]; then
	for form in term json; do
		(ulimit -v 60000 && "$demo" "$form" /dev/null 0 1000000) || { echo "FAIL a million rows as $form"; exit 1; }
		echo "ok   a million rows as $form in 60 MB of address space"
	done
fi
