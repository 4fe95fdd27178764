# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# More CPUs than the machine has.
. "$LAB/lib.sh"
[ "$(nproc)" = "$LAB_CPUS" ] || lab_fail "$(nproc) CPUs instead of $LAB_CPUS"
seen=$(for cpu in $(seq 0 $((LAB_CPUS - 1))); do taskset -c "$cpu" bash -c 'read -ra f </proc/self/stat; echo ${f[38]}'; done | sort -u | wc -l)
echo "ran on $seen of $LAB_CPUS CPUs"
