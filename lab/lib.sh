# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What a guest's script can ask for: source "$LAB/lib.sh".  A guest is thrown away when its
# script ends, so nothing here is undone, and everything may be broken.
#
# There already: $LAB (the lab's directory), $SHARE (a directory that the host sees too),
# $LAB_KERNEL (the image that runs), $LAB_UID (the ordinary user; as_user runs a program as
# it), $LAB_HOST (1 or 2 in a pair).  /tmp, /run and /mnt are writable.

# lab_fail MESSAGE: the test failed.
lab_fail() { echo "FAIL: $*"; exit 1; }
# lab_skip MESSAGE: this guest can't; the message says what is missing.
lab_skip() { echo "$*"; exit 77; }
# lab_up: seconds since boot, for what a test prints.
lab_up() { cut -d' ' -f1 /proc/uptime; }

# lab_need_module NAME [ARGUMENT...]: load a module, or skip the test with its name.
lab_need_module() {
	# modprobe asks -d or /lib/modules; built-in ones are found too
	lab_modprobe "$@" || lab_skip "no module $1 in kernel $(uname -r)"
}
lab_modprobe() {
	local where=()
	[ -d "/lib/modules/$(uname -r)" ] || where=(-d "$LAB_MODULES")
	modprobe "${where[@]}" "$@" 2>/tmp/modprobe.err
}

# as_user PROGRAM [ARGUMENT...]: as the ordinary user.
as_user() { bash "$LAB/guest/as-user" "$@"; }

# lab_wait_for SECONDS COMMAND...: until the command succeeds, asked ten times a second.
lab_wait_for() {
	local until=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $until ] || return 1
		sleep 0.1
	done
}

# --- block devices -------------------------------------------------------------------------

# lab_null_blk [NAME=VALUE...]: a block device without a disk; prints its path.
# gb=1 size; completion_nsec=10000000 irqmode=2 makes every request take 10 ms;
# memory_backed=1 keeps what is written.
lab_null_blk() {
	lab_need_module null_blk nr_devices=0
	local name=nullb$RANDOM setting
	local dir=/sys/kernel/config/nullb/$name
	[ -d /sys/kernel/config/nullb ] || mount -t configfs configfs /sys/kernel/config
	mkdir "$dir" || lab_fail "null_blk takes no device by configfs"
	for setting in size=256 "$@"; do
		echo "${setting#*=}" >"$dir/${setting%%=*}" || lab_fail "null_blk refuses $setting"
	done
	echo 1 >"$dir/power"
	# Newer kernels name it as the directory, older ones by its number.
	[ -b "/dev/$name" ] || name=nullb$(cat "$dir/index")
	echo "/dev/$name"
}

# lab_dm NAME TABLE: a device-mapper device; prints its path.
lab_dm() {
	command -v dmsetup >/dev/null || lab_skip "no dmsetup on the host (package dmsetup)"
	dmsetup create "$1" --noudevsync --table "$2" >&2 || lab_fail "dmsetup create $1 '$2'"
	dmsetup mknodes "$1" >&2
	echo "/dev/mapper/$1"
}
# lab_dm_delay DEVICE READ_MS [WRITE_MS]: DEVICE, each request held back.
lab_dm_delay() {
	lab_need_module dm-delay
	lab_dm "delay$RANDOM" "0 $(blockdev --getsz "$1") delay $1 0 $2 $1 0 ${3:-$2}"
}
# lab_dm_flakey DEVICE UP_S DOWN_S: DEVICE, which fails every request DOWN_S seconds of each
# UP_S + DOWN_S.
lab_dm_flakey() {
	lab_need_module dm-flakey
	lab_dm "flakey$RANDOM" "0 $(blockdev --getsz "$1") flakey $1 0 $2 $3"
}

# lab_swap MIB: that much swap, on a zeroed disk in memory.
lab_swap() {
	local device
	device=$(lab_null_blk memory_backed=1 size="$1")
	mkswap -q "$device" >&2 && swapon "$device" || lab_fail "no swap on $device"
}

# --- control groups ------------------------------------------------------------------------

# lab_cgroup NAME [FILE=VALUE...]: a version 2 group with the controllers its files need;
# prints its directory.  lab_cgroup small memory.max=32M
lab_cgroup() {
	local dir=/sys/fs/cgroup/$1 setting
	shift
	for setting in cpu memory io pids; do
		echo "+$setting" >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null
	done
	mkdir -p "$dir"
	for setting in "$@"; do
		echo "${setting#*=}" >"$dir/${setting%%=*}" || lab_skip "no ${setting%%=*} in this kernel's control groups"
	done
	echo "$dir"
}
# lab_in_cgroup DIR COMMAND...: a new process in it.
lab_in_cgroup() {
	local dir=$1
	shift
	# shellcheck disable=SC2016
	bash -c 'echo $$ >"$1/cgroup.procs"; shift; exec "$@"' in-cgroup "$dir" "$@"
}

# --- network -------------------------------------------------------------------------------

# lab_net: in a pair, bring up the wire between the two: 10.77.0.1 and 10.77.0.2.
lab_net() {
	lab_need_module virtio_net
	local link
	link=$(basename "$(find /sys/class/net -name 'e*' | head -1)")
	ip link set "$link" address "52:54:00:77:00:0$LAB_HOST" # both came with the same
	ip addr add "10.77.0.$LAB_HOST/24" dev "$link"
	ip link set "$link" up
}
lab_peer() { echo "10.77.0.$((3 - LAB_HOST))"; }
# lab_tell WORD, lab_hear SECONDS WORD: the two guests of a pair meet at a word.
lab_tell() { : >"$SHARE/.word-$1"; }
lab_hear() { lab_wait_for "$1" test -e "$SHARE/.word-$2" || lab_fail "the other guest did not say $2"; }

# lab_nfs_server DIR: serve DIR (a tmpfs of this guest) to the private network, NFS version 4.
# Without its daemons: the kernel's server needs none for version 4 but the export table.
lab_nfs_server() {
	command -v rpc.nfsd >/dev/null || lab_skip "no rpc.nfsd on the host (package nfs-kernel-server)"
	lab_need_module nfsd
	mount -t tmpfs tmpfs /var/lib/nfs || lab_skip "no /var/lib/nfs on the host"
	mkdir -p /var/lib/nfs/v4recovery /var/lib/nfs/rpc_pipefs
	: >/var/lib/nfs/etab; : >/var/lib/nfs/rmtab
	mount -t nfsd nfsd /proc/fs/nfsd 2>/dev/null
	exportfs -o rw,no_root_squash,insecure,fsid=0,no_subtree_check "10.77.0.0/24:$1" || lab_fail "exportfs"
	rpc.mountd --no-nfs-version 3 || lab_fail "rpc.mountd"
	rpc.nfsd --no-nfs-version 3 --no-udp 2 || lab_fail "rpc.nfsd"
	# No client to wait for: opens are answered at once, not in 90 s.
	echo Y >/proc/fs/nfsd/v4_end_grace
}
# lab_nfs_mount DIR: mount the other guest's export.
lab_nfs_mount() {
	lab_need_module nfsv4
	mount -i -t nfs4 -o "addr=$(lab_peer),clientaddr=10.77.0.$LAB_HOST,hard" "$(lab_peer):/" "$1"
}
# lab_nfs_hang, lab_nfs_go_on: the server stops answering, so that clients sit in D state.
lab_nfs_hang() { ip link set "$(basename "$(find /sys/class/net -name 'e*' | head -1)")" down; }
lab_nfs_go_on() { ip link set "$(basename "$(find /sys/class/net -name 'e*' | head -1)")" up; }

# --- crashes ---------------------------------------------------------------------------------

# lab_crash_kernel PROGRAM: load the running kernel as its own crash kernel, which boots when
# this one panics, and runs PROGRAM (a path that the host knows).  Needs crashkernel=256M on
# the command line and 768 MiB.
lab_crash_kernel() {
	command -v kexec >/dev/null || lab_skip "no kexec on the host (package kexec-tools)"
	[ "$(cat /sys/kernel/kexec_crash_size)" != 0 ] || lab_fail "no memory set aside: boot with --append crashkernel=256M"
	kexec -s -p "$LAB_KERNEL" --initrd="$SHARE/.initrd" \
		--append="console=ttyS0 panic=-1 nr_cpus=1 irqpoll reset_devices lab.exec=$1" ||
		lab_fail "kexec can't load the crash kernel"
}
# lab_panic: now.
lab_panic() { echo 1 >/proc/sys/kernel/sysrq; sync; echo c >/proc/sysrq-trigger; sleep 60; }

# --- the trouble-maker (lab/kfail) ---------------------------------------------------------

# lab_kfail_load: load the module that was built for this kernel, or skip.
lab_kfail_load() {
	[ -d /sys/module/kfail ] && return
	[ -f "$LAB_MODULES/kfail.ko" ] || lab_skip "kfail isn't built for kernel $(uname -r): lab/kfail/build"
	/run/lab/busybox insmod "$LAB_MODULES/kfail.ko" || lab_fail "can't load kfail.ko"
}
# lab_kfence_on: from now on KFENCE watches an allocation every 10 ms; off at boot, because it
# takes faults from KASAN and its pool is small.
lab_kfence_on() { echo 10 >/sys/module/kfence/parameters/sample_interval; }
# lab_kfail WORD: provoke it.  The writer may not survive; that is the point.
lab_kfail() { (echo "$1" >/sys/kernel/debug/kfail) 2>/dev/null; }
