# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Dumps taken from outside, of a kernel that runs on: both forms, with VMCOREINFO.
"$LAB/dump" --kernel "$KERNEL" --mem 256 --format elf --format kdump-zlib dump || exit
readelf -hl dump.elf | grep -E '^ *(Type:|LOAD)'
readelf -n dump.elf 2>/dev/null | grep -ow -m1 VMCOREINFO
makedumpfile -R rearranged <dump.kdump-zlib >/dev/null 2>&1 || { echo "makedumpfile can't read it"; exit 1; }
head -c 8 rearranged | tr -d '\0'
