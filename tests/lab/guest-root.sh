# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest is the machine that docs/LAB.md promises: the host's files, read-only; places to
# write; modules; the file systems that a booted Debian has; and a stock kernel's abilities.
. "$LAB/lib.sh"

echo "kernel $(uname -r), $(nproc) CPUs, uid $(id -u), up for $(lab_up) s"
touch /usr/lab-was-here 2>/dev/null && lab_fail "the host's root is writable"
cmp -s "$SRC/lab/lib.sh" "$LAB/lib.sh" || lab_fail "the source tree isn't the host's"
for dir in /tmp /var/tmp /run /mnt /dev/shm "$SHARE" "$HOME" .; do
	touch "$dir/x" || lab_fail "$dir isn't writable"
done
rm -f "$SHARE/x"
for dir in /proc /sys /sys/kernel/tracing /sys/kernel/debug /sys/fs/bpf /sys/fs/cgroup /dev/pts; do
	mountpoint -q "$dir" || lab_fail "nothing is mounted on $dir"
done
# A host without the directory, and without root to make it, has them only for modprobe -d.
[ ! -d /lib/modules ] || [ -r "/lib/modules/$(uname -r)/modules.dep" ] || lab_fail "no modules in /lib/modules"
lab_need_module loop
grep -q '^loop ' /proc/modules || lab_fail "modprobe loaded nothing"
grep -qw function_graph /sys/kernel/tracing/available_tracers || lab_fail "no function_graph"
[ -s /sys/kernel/btf/vmlinux ] || lab_fail "no BTF"
grep -q ' T vfs_read$' /proc/kallsyms || lab_fail "no vfs_read in kallsyms"
echo "files, modules, tracing and types are there"
