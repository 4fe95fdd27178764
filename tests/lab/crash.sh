# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# crash(8), the judge of dumps, opens both forms of lab/dump's and finds in them what was in the guest: its
# release, a task that it left running, its log.  Debian's cloud kernel, because its symbols can be had
# (283 MB, downloaded once).  crash 8.0.2 is too old for our own kernel: it aborts on 6.12; and of 6.1's it
# doesn't find the tasks by their numbers, so they are walked here.
command -v crash >/dev/null || { echo "not on this machine: crash (package crash); install with apt-get"; exit 77; }
vmlinux=$("$LAB/kernel/debian" --vmlinux "$KERNEL") || exit
# shellcheck disable=SC2016 # the guest's shell shall do that
"$LAB/dump" --kernel "$KERNEL" --mem 192 --format elf --format kdump-zlib --program sleep dump -- bash -c \
	'sleep 1000 & until read -r comm </proc/$!/comm && [ "$comm" = sleep ]; do :; done; echo "said before the dump" >/dev/kmsg' || exit
printf '%s\n' sys 'list task_struct.tasks -h init_task -s task_struct.comm' log quit >commands
makedumpfile -R rearranged <dump.kdump-zlib >/dev/null 2>&1 || { echo "makedumpfile can't read it"; exit 1; }
for file in dump.elf rearranged; do
	echo "== $file"
	timeout 200 crash -s -i commands "$vmlinux" $file </dev/null >said 2>&1 || { echo "crash ends with $?"; cat said; exit 1; }
	tr -d '\0' <said | grep -oE 'RELEASE: .*|comm = "(kthreadd|sleep)|said before the dump'
done
