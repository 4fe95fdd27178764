# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The ordinary user of a stock Debian 12: no capability, and the restrictions Debian has.
. "$LAB/lib.sh"

echo "uid $(id -u) $(id -un), groups $(id -Gn)"
for name in kernel.perf_event_paranoid kernel.dmesg_restrict kernel.kptr_restrict kernel.yama.ptrace_scope \
	kernel.unprivileged_bpf_disabled; do
	echo "$name = $(cat "/proc/sys/${name//.//}")"
done
grep CapEff /proc/self/status
dmesg >/dev/null 2>&1 && lab_fail "dmesg is readable"
[ -r /sys/kernel/tracing/trace ] && lab_fail "tracefs is readable"
touch x "$SHARE/$LAB_UID" || lab_fail "no place to write"
echo "restricted as Debian restricts"
