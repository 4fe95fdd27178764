# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What the scripts behind the Makefile's verbs share.
SRC=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-$SRC/build}
# Programs that Debian keeps out of an ordinary user's PATH.
PATH=$PATH:/usr/sbin:/sbin

say() { printf '== %s\n' "$*" >&2; }
die() {
	printf 'sonde: %s\n' "$1" >&2
	shift
	[ $# -eq 0 ] || printf 'sonde: %s\n' "$@" >&2
	exit 1
}

# Configure DIR unless it is, with meson options ARGS; then build it.  The log of a failed
# build is printed.
build_in() {
	local dir=$1 log
	shift
	if [ ! -f "$dir/build.ninja" ]; then
		log=$(meson setup "$dir" "$SRC" "$@" 2>&1) || { printf '%s\n' "$log" >&2; return 1; }
	elif [ $# -gt 0 ] && [ "$*" != "$(cat "$dir/build_in.options" 2> /dev/null)" ]; then
		log=$(meson setup --reconfigure "$dir" "$SRC" "$@" 2>&1) || { printf '%s\n' "$log" >&2; return 1; }
	fi
	[ $# -eq 0 ] || printf '%s' "$*" > "$dir/build_in.options"
	if [ -t 2 ]; then
		ninja -C "$dir" >&2
	else
		log=$(ninja -k 10 -C "$dir" 2>&1) || { printf '%s\n' "$log" | grep -v '^\[' | head -80 >&2; return 1; }
	fi
}
