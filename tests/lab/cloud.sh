# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Debian's kernel for virtual machines has no 9p: programs travel in the initramfs, results
# come back as a tar.
. "$LAB/lib.sh"
echo "kernel $(uname -r), 9p: $(grep -c 9p /proc/filesystems)"
head -c 100000 /dev/urandom >"$SHARE/random" && cksum <"$SHARE/random" >"$SHARE/random.cksum"
sonde --version
