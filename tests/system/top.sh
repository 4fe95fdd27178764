#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: tmux plain
# timeout: 90
# sonde top: in the terminal, driven in tmux; as text; and nothing is left behind.
set -u
command -v tmux >/dev/null || { echo tmux; exit 77; }
work=$BUILD/tests/workload
export TMPDIR
TMPDIR=$(mktemp -d)
socket=sonde-top-$$
export LC_ALL=C.UTF-8
tm() { tmux -L "$socket" -f /dev/null "$@"; }
pid=
trap 'tm kill-server 2>/dev/null; [ -z "$pid" ] || kill $pid 2>/dev/null; rm -rf "$TMPDIR"' EXIT
screen() { tm capture-pane -p -t top; }
fail() { echo "FAIL $1"; screen 2>/dev/null; exit 1; }
wait_for() {
	for _ in $(seq 600); do
		screen | grep -Eq -- "$1" && { echo "ok   $2"; return; }
		sleep 0.05
	done
	fail "$2 (never saw $1)"
}
keys() { tm send-keys -t top "$@"; }
nothing_left() {
	for _ in $(seq 600); do
		[ -z "$(ls -d "$TMPDIR"/sonde-?????? 2>/dev/null)" ] && { echo "ok   $1"; return; }
		sleep 0.05
	done
	ls "$TMPDIR"
	fail "$1"
}

"$work/shares" 600000 >"$TMPDIR/out" & pid=$!
text=$(sonde top -p $pid --once -d 1) || fail "--once"
grep -q 'CPUs of [0-9]* busy' <<<"$text" || fail "--once has a headline: $text"
grep -Eq '^ *1 .*work' <<<"$text" || fail "--once has the hottest function first: $text"
echo "ok   --once"
sonde top -p $pid -n 2 -d 300ms --by thread --json | python3 -c '
import json, sys
text, d, n = sys.stdin.read(), json.JSONDecoder(), 0
while text.strip():
    doc, end = d.raw_decode(text.lstrip())
    text, n = text.lstrip()[end:], n + 1
assert n == 2 and doc["schema"] == "sonde.top", n
assert {r["thread"].split()[1] for r in doc["rows"]} <= {"big", "small", "shares"}, doc' || fail "--json twice"
echo "ok   -n 2 --json --by thread"
nothing_left 'no recording is left'

tm new-session -d -s top -x 100 -y 24 'PS1="shell> " bash --norc --noprofile'
wait_for 'shell>' 'a shell'
keys "sonde top -p $pid -d 300ms -w 2" Enter
wait_for 'CPUs of [0-9]+ busy' 'it shows what runs'
wait_for '^ *1 .*work' 'functions'
keys Enter
wait_for 'Callers' 'Enter: callers of the chosen function'
wait_for '(sixty|thirty|ten)' 'by name'
keys BSpace
wait_for '^ *2 ' 'Backspace: back to the functions'
keys T
wait_for '[0-9]+  big' 'T: threads'
keys Enter
wait_for "> thread [0-9]+" 'Enter: one thread'
keys s
wait_for 'by total' 's: sorted by total'
keys BSpace
wait_for '[0-9]+  small' 'Backspace: the threads again'
keys P
wait_for "$pid  shares" 'P: processes'
keys L
wait_for 'work.h:[0-9]+' 'L: lines'
keys w
wait_for 'last ([2-5]\.[0-9]|5) s' 'w: looks further back'
keys '?'
wait_for 'sort by self or total' 'help'
keys x ' '
wait_for 'paused' 'space pauses'
keys q
wait_for 'shell>' 'q quits'
nothing_left 'and leaves nothing'
keys 'stty -a | grep -o -- " icanon"' Enter
wait_for '^ icanon' 'the terminal has its modes back'
keys clear Enter "sonde top -d 300ms -- $work/spin 300" Enter
wait_for '(CPUs of [0-9]+ busy|ended)' 'a command'
pkill -KILL -P "$(tm list-panes -t top -F '#{pane_pid}')" sonde
nothing_left 'killed with -9, it leaves no recording'
kill $pid; wait $pid 2>/dev/null; pid=
tm kill-session -t top
sonde top -p 999999999 --once > "$TMPDIR/text" 2>&1 && fail "a process that is not there"
grep -q '999999999' "$TMPDIR/text" || { cat "$TMPDIR/text"; fail "says which"; }
echo "ok   a process that is not there is said"
nothing_left 'no recording of it either'
