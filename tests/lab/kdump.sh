# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# A real crash of the stock kernel, saved by its crash kernel; and the dump opens.
"$LAB/kdump" --timeout 280 vmcore || exit
file vmcore 2>/dev/null || true
grep -o 'sysrq: Trigger a crash' vmcore.dmesg
grep -o 'Kernel panic - not syncing: .*' vmcore.dmesg || grep -m1 -o 'RIP: 0010:sysrq_handle_crash' vmcore.dmesg
[ "$(head -c 5 vmcore)" = KDUMP ] && echo "kdump-compressed: $(strings -n 12 vmcore | grep -m1 -c OSRELEASE=) VMCOREINFO"
