# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The dumps that the cache keeps (lab/dumps) are what they are said to be: the debug kernel's log of the oops that
# ended it is in its dump, and reads as such.
dump=$("$LAB/dumps" oops) || exit
makedumpfile -R rearranged <"$dump" >/dev/null 2>&1 || { echo "makedumpfile can't read $dump"; exit 1; }
makedumpfile --dump-dmesg rearranged log >said 2>&1 || { echo "no log in $dump"; cat said; exit 1; }
sonde oops --no-decode log | sed -n '1,12p'
running=$("$LAB/dumps" running) || exit
readelf -h "$running" | grep -o 'CORE (Core file)'
grep -aq 'Linux version .*-sonde-minimal' "$running" && echo "the minimal kernel's memory"
