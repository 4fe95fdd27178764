# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the lab's shell programs share: where things are, and how they speak.  Sourced by
# lab/kernel/build and its like; those in Python have lab.py, a guest's script has lib.sh.
#
# The cache lies outside the tree, so that a clean checkout doesn't cost half an hour:
#   $SONDE_LAB_CACHE, or ${XDG_CACHE_HOME:-~/.cache}/sonde-lab
#     debian/VERSION/      a stock kernel's package, unpacked: boot/, lib/modules/
#     kernel/CONFIG-KEY/   a kernel of our own: bzImage, System.map, config, vmlinux, lib/modules/, dev/

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# The home directory of the password file, because a test's $HOME is a scratch directory.
lab_home=$(getent passwd "$(id -u)" | cut -d: -f6)
LAB_CACHE=${SONDE_LAB_CACHE:-${XDG_CACHE_HOME:-${lab_home:-$HOME}/.cache}/sonde-lab}

# Exit statuses, as in lab.py: those of env(1) and of automake's skip.
LAB_BROKEN=125 LAB_SKIP=77

lab_say() { printf 'lab: %s\n' "$*" >&2; }
lab_die() { lab_say "$*"; exit "$LAB_BROKEN"; }
# What can't be had here: the caller's tests are skipped, and the line says what would help.
lab_skip() { lab_say "$*"; exit "$LAB_SKIP"; }

# lab_need PROGRAM PACKAGE...: each program is there, or say which package has it.
lab_need() {
	local missing=()
	while [ $# -gt 0 ]; do
		command -v "$1" >/dev/null || missing+=("$1 (package $2)")
		shift 2
	done
	[ ${#missing[@]} -eq 0 ] || lab_skip "not on this machine: ${missing[*]}; install with apt-get"
}

# lab_lock NAME: hold a lock in the cache on fd 8 until this process ends, so that two runs
# that both need something made make it once.
lab_lock() {
	mkdir -p "$LAB_CACHE"
	exec 8>"$LAB_CACHE/.lock-$1"
	flock 8
}
lab_unlock() { exec 8>&-; }
