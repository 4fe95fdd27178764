# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Two guests see each other, and one serves files to the other over NFS; the server stops
# answering, the reader is in D state until it answers again.
. "$LAB/lib.sh"

lab_net
lab_tell "up-$LAB_HOST"
lab_hear 60 "up-$((3 - LAB_HOST))"
if [ "$LAB_HOST" = 1 ]; then
	mkdir -p /mnt/export
	mount -t tmpfs tmpfs /mnt/export
	echo "said over NFS" >/mnt/export/file
	lab_nfs_server /mnt/export
	lab_tell serving
	lab_hear 60 mounted
	lab_nfs_hang
	lab_tell hanging
	lab_hear 60 stuck
	lab_nfs_go_on
	lab_hear 60 finished
else
	ping -c 3 -W 5 "$(lab_peer)" >/dev/null 2>&1 || /run/lab/busybox ping -c 3 -W 5 "$(lab_peer)" >/dev/null || lab_fail "the peer doesn't answer"
	echo "the peer answers"
	lab_hear 60 serving
	mkdir -p /mnt/import
	lab_nfs_mount /mnt/import || lab_fail "no mount"
	cat /mnt/import/file
	lab_tell mounted
	lab_hear 60 hanging
	cat /mnt/import/file2 >/dev/null 2>&1 &
	reader=$!
	in_d_state() { [ "$(sed 's/.*) //' "/proc/$reader/stat" | cut -c1)" = D ]; }
	lab_wait_for 30 in_d_state || lab_fail "the reader isn't in D state: $(cat /proc/$reader/stat)"
	echo "in D state: $(cat /proc/$reader/wchan)"
	lab_tell stuck
	wait $reader
	echo "and out of it"
	lab_tell finished
fi
