# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# lab/run --shell on a terminal of its own: a shell that answers, knows the terminal's size, and whose exit
# status comes out.
: >typed
seen() { # wait for words on the terminal
	for _ in $(seq 400); do
		grep -q "$1" typed && return
		sleep 0.1
	done
}
type_in() {
	seen '# '
	# shellcheck disable=SC2016 # the guest's shell shall do that
	printf 'echo "six by seven: $((6 * 7)), $(stty size), $(tty)"\nexit 5\n'
	seen 'six by seven: 42' # script(1) goes on for as long as we do
}
script -qefc "stty rows 33 cols 99; '$LAB/run' --shell" typed < <(type_in) >/dev/null
echo "status $?"
tr -d '\r' <typed | grep -o 'six by seven: [0-9].*'
