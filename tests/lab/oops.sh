# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What Debian's own kernel says when it is asked, runs out of memory, loses a disk or ends a program: each is
# provoked, found by sonde oops in the running kernel's log, and explained.  Each text is left in
# $SHARE/report-WORD.txt (lab/fixtures keeps them).
. "$LAB/lib.sh"
export COLUMNS=120
failed=0
complain() { echo "FAIL $*"; failed=$((failed + 1)); }

# take WORD KIND: the log since the last time is WORD's and has a report or note of KIND.
take() {
	dmesg | head -c 60000 >"$SHARE/report-$1.txt"
	local said
	said=$(sonde oops -k "$2" 2>&1) || complain "$1: sonde oops ended with $?"
	case $said in
	*"no kernel report"*) complain "$1: no $2 in $(dmesg | wc -l) lines"; dmesg | tail -3 ;;
	*) echo "$1: $(sed -n 2p <<<"$said")"; sed -n 's/^  / > /p' <<<"$said" ;;
	esac
	dmesg -C
}
python() { /usr/bin/python3 "$@" || true; }

sonde oops -k parameter | head -2
dmesg -n 1
dmesg -C
for key in t w l m p q d; do
	echo $key >/proc/sysrq-trigger
	case $key in
	t) take sysrqt sysrq-tasks ;;
	w) take sysrqw sysrq-blocked ;;
	l) sleep 1; take sysrql sysrq-cpus ;;
	m) take sysrqm sysrq-memory ;;
	p) take sysrqp sysrq-registers ;;
	q) take sysrqq sysrq-timers ;;
	d) dmesg -C ;; # only with lockdep
	esac
done

modprobe dummy nonsense=1
take parameter parameter

# A null pointer, an instruction that is none, a system call that the filter forbids.
python -c 'import ctypes; ctypes.string_at(24)' 2>/dev/null
take segfault segfault
python - 2>/dev/null <<'END'
import ctypes, mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(b"\x0f\x0b")
ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
END
take userop user-trap
python - 2>/dev/null <<'END'
import ctypes, os
ctypes.CDLL(None).prctl(22, 1, 0, 0, 0)
os.getppid()
END
lab_wait_for 5 sh -c 'dmesg | grep -q type=1326'
take seccomp seccomp

group=$(lab_cgroup small memory.max=24M memory.swap.max=0) || group=$(lab_cgroup small memory.max=24M)
lab_in_cgroup "$group" tail /dev/zero
take oomcgroup oom-kill
(echo 1000 >/proc/self/oom_score_adj; exec tail /dev/zero)
take oom oom-kill

# A disk that fails under a file system.
disk=$(lab_null_blk size=64 memory_backed=1)
mkfs.ext4 -q "$disk"
sectors=$(blockdev --getsz "$disk")
bad=$(lab_dm bad "0 $sectors linear $disk 0")
mkdir -p /mnt/bad
mount -o errors=remount-ro "$bad" /mnt/bad
mkdir /mnt/bad/directory
sync
dmesg -C
dmsetup suspend --noflush --nolockfs bad
echo "0 $sectors error" | dmsetup load bad
dmsetup resume bad
echo 3 >/proc/sys/vm/drop_caches
ls /mnt/bad/directory /mnt/bad/lost+found >/dev/null 2>&1
echo x 2>/dev/null >/mnt/bad/file
sync
take disk block
sonde oops -k filesystem "$SHARE/report-disk.txt" | sed -n 's/^  / > /p'
umount /mnt/bad 2>/dev/null

# A task that waits for a file system that is frozen.
disk=$(lab_null_blk size=64 memory_backed=1)
mkfs.ext4 -q "$disk"
mkdir -p /mnt/frozen
mount "$disk" /mnt/frozen
echo 1 >/proc/sys/kernel/hung_task_timeout_secs
fsfreeze -f /mnt/frozen
dmesg -C
touch /mnt/frozen/file &
lab_wait_for 30 sh -c 'dmesg | grep -q "blocked for more than"'
echo 0 >/proc/sys/kernel/hung_task_timeout_secs
echo w >/proc/sysrq-trigger
dmesg | sed '/sysrq: Show/,$d' >"$SHARE/report-frozen.txt"
dmesg | sonde oops -k sysrq-blocked - | sed -n 's/^  / > /p' | grep 'waits in'
take frozen hung-task
fsfreeze -u /mnt/frozen
wait
umount /mnt/frozen

echo "failed: $failed"
[ "$failed" -eq 0 ]
