#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# guest/crash.sh [SCRIPT]: what lab/kdump runs in its guest: arm the crash kernel, run SCRIPT,
# panic.
. "$LAB/lib.sh"
lab_crash_kernel "$LAB/guest/save.sh"
# An oops anywhere is the end, so that a script's own trouble becomes the dump.
echo 1 >/proc/sys/kernel/panic_on_oops
[ $# -eq 0 ] || bash "$@"
lab_panic
