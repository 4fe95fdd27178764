/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SONDE_BPF_VMLINUX_H
#define SONDE_BPF_VMLINUX_H
/*
 * The kernel's types, as few and as small as our programs need.  Each struct has only the
 * fields that are read; where they really lie in the running kernel is looked up when a
 * program is loaded (CO-RE: preserve_access_index), by the names in here, which are the
 * kernel's (include/linux/..., noted at each).  A field that some kernels lack is asked for
 * with bpf_core_field_exists().  To add one: write it down, nothing else.
 *
 * A type that changed its shape is declared twice, the older one as NAME___SUFFIX: the
 * loader cuts off what follows three underscores.
 */
typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u32 __wsum;
typedef __u8 u8;
typedef __s8 s8;
typedef __u16 u16;
typedef __s16 s16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;
typedef __u8 uint8_t;
typedef __s8 int8_t;
typedef __u16 uint16_t;
typedef __s16 int16_t;
typedef __u32 uint32_t;
typedef __s32 int32_t;
typedef __u64 uint64_t;
typedef __s64 int64_t;
typedef unsigned long size_t;
typedef unsigned long uintptr_t;
typedef int pid_t;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

/* include/uapi/linux/bpf.h: numbers that are part of the system call. */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PROG_ARRAY = 3,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_CGROUP_ARRAY = 8,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_HASH_OF_MAPS = 13,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};
enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_EXIST = 2 };
enum { BPF_F_NO_PREALLOC = 1 << 0, BPF_F_INNER_MAP = 1 << 12, BPF_F_MMAPABLE = 1 << 10 };
enum { BPF_F_USER_STACK = 1 << 8, BPF_F_CURRENT_CPU = 0xffffffff };
enum { BPF_RB_NO_WAKEUP = 1 << 0, BPF_RB_FORCE_WAKEUP = 1 << 1 };
enum { BPF_RB_AVAIL_DATA = 0, BPF_RB_RING_SIZE = 1 };

/* A raw tracepoint's arguments; not relocated. */
struct bpf_raw_tracepoint_args {
	__u64 args[0];
};

/* What a perf_event program is given (include/uapi/linux/bpf_perf_event.h), and the registers
 * in it, whose layout is part of the system call interface: not relocated. */
struct user_regs {
#if defined(__TARGET_ARCH_x86)
	__u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
	__u64 orig_ax, ip, cs, flags, sp, ss;
#elif defined(__TARGET_ARCH_arm64)
	__u64 regs[31];
	__u64 sp, pc, pstate;
#endif
};
struct bpf_perf_event_data {
	struct user_regs regs;
	__u64 sample_period;
	__u64 addr;
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* arch/x86/include/asm/ptrace.h, arch/arm64/include/asm/ptrace.h */
struct pt_regs {
#if defined(__TARGET_ARCH_x86)
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax, ip, cs, flags, sp, ss;
#elif defined(__TARGET_ARCH_arm64)
	u64 regs[31];
	u64 sp, pc, pstate;
	u64 orig_x0;
	s32 syscallno;
#endif
};

/* include/linux/pid.h */
struct pid_namespace;
struct upid {
	int nr;
	struct pid_namespace *ns;
};
struct pid {
	unsigned int level;
	struct upid numbers[1];
};

/* include/linux/sched.h */

/* include/linux/maple_tree.h: mappings by address, since 6.1.  Arrays are longer than 1. */
struct maple_tree {
	void *ma_root;
};
struct maple_range_64 {
	unsigned long pivot[15];
	void *slot[16];
};
struct maple_arange_64 {
	unsigned long pivot[9];
	void *slot[10];
};

/* include/linux/fs.h, include/linux/dcache.h, fs/mount.h, include/linux/fdtable.h */
struct super_block {
	unsigned int s_dev;
	unsigned long s_magic;
};
struct inode {
	u16 i_mode;
	unsigned int i_nlink, i_rdev;
	unsigned long i_ino;
	struct super_block *i_sb;
	void *i_private;
};
struct qstr {
	const unsigned char *name;
};
struct hlist_bl_node {
	struct hlist_bl_node **pprev;
};
struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};
struct vfsmount {
	struct dentry *mnt_root;
};
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct file {
	struct inode *f_inode;
	struct path f_path;
	void *private_data;
};
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};
struct files_struct {
	struct fdtable *fdt;
};
struct fs_struct {
	struct path root, pwd;
};

/* include/net/sock.h, include/net/af_unix.h, net/netlink/af_netlink.h */
struct in6_addr {
	u8 in6_u[16];
};
struct sock_common {
	__be32 skc_daddr, skc_rcv_saddr;
	__be16 skc_dport;
	u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
};
struct socket;
struct sock {
	struct sock_common __sk_common;
	struct socket *sk_socket;
	u16 sk_protocol;
};
struct socket {
	struct sock *sk;
};
struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
};
struct sockaddr_un {
	unsigned short sun_family;
};
struct unix_address {
	int len;
	struct sockaddr_un name[1];
};
struct unix_sock {
	struct unix_address *addr;
	struct sock *peer;
};
struct netlink_sock {
	u32 portid;
};

/* fs/eventfd.c, fs/signalfd.c, include/linux/tty.h, include/linux/ns_common.h */
struct eventfd_ctx {
	u64 count;
	unsigned int flags;
	int id;
};
struct signalfd_ctx {
	u64 sigmask; /* a sigset_t: those that are not asked for */
};
struct tty_struct {
	int index;
};
struct tty_file_private {
	struct tty_struct *tty;
};
struct proc_ns_operations {
	const char *name;
};
struct ns_common {
	const struct proc_ns_operations *ops;
};

/* include/linux/mm_types.h */
struct mm_struct {
	struct maple_tree mm_mt;
	struct file *exe_file;
	unsigned long start_code;
};
struct vm_area_struct {
	unsigned long vm_start, vm_end;
	unsigned long vm_flags;
	unsigned long vm_pgoff;
	struct file *vm_file;
	struct mm_struct *vm_mm;
};
/* The vDSO's place: mm->context.vdso, in a struct that each architecture calls mm_context_t. */
struct mm_struct___vdso {
	struct {
		void *vdso;
	} context;
};

/* include/linux/cgroup-defs.h, include/linux/kernfs.h */
struct kernfs_node {
	u64 id;
};
struct cgroup_root {
	int hierarchy_id;
};
struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_root *root;
};
struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};
struct css_set {
	struct cgroup_subsys_state *subsys[16]; /* as many as there are controllers */
};

/* include/linux/signal_types.h, include/linux/binfmts.h */
typedef struct {
	unsigned long sig[1];
} sigset_t;
struct sigpending {
	sigset_t signal;
};
struct linux_binprm {
	const char *filename;
};

/* include/linux/sched/signal.h */
struct signal_struct {
	struct sigpending shared_pending;
	int group_exit_code;
	unsigned int flags;
};

/* include/linux/signal_types.h */
struct sigaction {
	unsigned long sa_flags;
};
struct k_sigaction {
	struct sigaction sa;
};

/* include/linux/seccomp.h; empty where the kernel has none */
struct seccomp {
	int mode;
};
struct task_struct {
	unsigned int flags;
	int exit_code;
	pid_t pid, tgid;
	char comm[16];
	struct task_struct *real_parent, *group_leader;
	struct pid *thread_pid;
	struct mm_struct *mm;
	struct css_set *cgroups;
	struct files_struct *files;
	struct fs_struct *fs;
	struct sigpending pending;
	unsigned int __state; /* since 5.14 */
	unsigned long jobctl;
	u32 self_exec_id;
	struct signal_struct *signal;
	struct seccomp seccomp;
};

#pragma clang attribute pop

#endif
