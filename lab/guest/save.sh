#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# guest/save.sh: what the crash kernel of lab/kdump runs: save the dead kernel's memory and log.
. "$LAB/lib.sh"
[ -e /proc/vmcore ] || lab_fail "no /proc/vmcore: this isn't a crash kernel"
makedumpfile -c -d 31 --message-level 0 /proc/vmcore "$SHARE/vmcore" || lab_fail "makedumpfile"
makedumpfile --message-level 0 --dump-dmesg /proc/vmcore "$SHARE/vmcore.dmesg" || lab_fail "makedumpfile --dump-dmesg"
