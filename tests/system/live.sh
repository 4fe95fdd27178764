#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# needs: tmux
# timeout: 60
# The live terminal, driven in tmux: it refreshes, scrolls, searches, pauses, follows the
# window's size, and gives the terminal back however it ends.
set -u
command -v tmux >/dev/null || { echo tmux; exit 77; }
demo=$BUILD/tests/live-demo
socket=sonde-live-$$
export LC_ALL=C.UTF-8
tm() { tmux -L "$socket" -f /dev/null "$@"; }
trap 'tm kill-server 2>/dev/null' EXIT
screen() { tm capture-pane -p -t live; }
fail() { echo "FAIL $1"; screen; exit 1; }
# wait_for TEXT WHAT: until the screen shows TEXT (a regular expression)
wait_for() {
	for _ in $(seq 400); do
		screen | grep -Eq -- "$1" && { echo "ok   $2"; return; }
		sleep 0.05
	done
	fail "$2 (never saw $1)"
}
gone() {
	for _ in $(seq 400); do
		screen | grep -Eq -- "$1" || { echo "ok   $2"; return; }
		sleep 0.05
	done
	fail "$2"
}
keys() { tm send-keys -t live "$@"; }

tm new-session -d -s live -x 80 -y 24 'PS1="shell> " bash --norc --noprofile'
wait_for 'shell>' 'a shell'
keys "$demo" Enter
wait_for 'Live demo' 'the document is there'
wait_for 'lines 1-23 of 10[0-9]' 'the status line says where we are'
wait_for 'refresh ([3-9]|[1-9][0-9])' 'it refreshes'
wait_for '^a line .* [0-9]+…$' 'the last column is used and stays'
keys NPage
wait_for 'lines 23-45' 'PgDn'
keys j Down
wait_for 'lines 25-47' 'j and down'
keys k PPage
wait_for 'lines 2-24' 'k and PgUp'
keys G
wait_for 'row number 100' 'G goes to the end'
keys g
wait_for 'lines 1-23' 'g goes to the start'
keys / n e e d l e
wait_for '^/needle_' 'the search is typed'
keys Enter
wait_for '77  needle' 'it is found'
screen | grep -q 'needle .x1b\[31m' || fail 'a control character is made visible'
keys / x y z z y Enter
wait_for 'not found' 'what is not there is said'
keys Escape g ' '
wait_for 'paused' 'space pauses'
before=$(screen | grep -o 'refresh [0-9]*')
sleep 0.6
[ "$(screen | grep -o 'refresh [0-9]*')" = "$before" ] || fail 'paused means paused'
echo "ok   nothing moves while paused"
keys ' '
wait_for 'every 200 ms' 'and goes on'
tm resize-window -t live -x 50 -y 12
wait_for 'lines 1-11 of' 'a smaller window'
tm resize-window -t live -x 100 -y 40
wait_for 'lines 1-39 of' 'a larger one'
keys '?'
wait_for 'search, next' 'help'
keys x
gone 'any key goes back' 'help goes away'
keys q
wait_for 'quit well' 'q quits'
gone 'lines 1-' 'the screen is as before'
keys 'stty -a | grep -o -- " icanon\| -icanon\| echo \| -echo "' Enter
wait_for '^ icanon' 'the terminal has its modes back'

keys clear Enter "$demo" Enter
wait_for 'Live demo' 'again'
keys C-z
wait_for 'Stopped' 'Ctrl-Z stops it'
keys fg Enter
wait_for 'Live demo' 'fg brings it back'
keys C-c
wait_for 'quit well' 'Ctrl-C quits'
keys clear Enter "$demo" Enter
wait_for 'Live demo' 'a third time'
pkill -TERM -P "$(tm list-panes -t live -F '#{pane_pid}')" live-demo
wait_for 'error: ended by a signal' 'SIGTERM ends it, tidily'
keys clear Enter "$demo 2" Enter
wait_for 'error: the recording went away' "the view's error comes through"
keys 'stty -a | grep -o -- " icanon"' Enter
wait_for '^ icanon' 'and the terminal is well'
keys clear Enter "$demo </dev/null" Enter
wait_for 'needs a terminal' 'without a terminal it says so'
