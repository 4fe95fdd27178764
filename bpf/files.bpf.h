/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SONDE_BPF_FILES_H
#define SONDE_BPF_FILES_H
/*
 * What descriptors refer to at the moment of a call, for -y and -P: a piece with the names on the way
 * from the file up to the root, and for sockets their ends (struct bpf_calls_file).  Read, never
 * locked: a rename that happens meanwhile may show half of itself.
 *
 * The reader makes text of it: src/capture/bpf/file_piece.c.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "copy.bpf.h"
#include "event/bpf_calls.h"
#include "target.bpf.h"

/* Settings, before loading. */
const volatile __u8 calls_files = 0; /* descriptors are named */

enum {
	FILE_NAMES_MOST = 64,     /* on the way to the root */
	FILE_NAME_BYTES = 256,
	FILE_TEXT_BYTES = 2048,   /* of all names; a power of two */
	FILE_FAMILY_UNIX = 1, FILE_FAMILY_INET = 2, FILE_FAMILY_INET6 = 10, FILE_FAMILY_NETLINK = 16,
	FILE_SOCKFS = 0x534f434b, FILE_PIDFS = 0x50494446, FILE_ANON = 0x09041934, FILE_NSFS = 0x6e736673,
	FILE_PTMX = 5 << 20 | 2,
	FILE_SETS_BITS = 1024,    /* of one, the most */
	FILE_IOCBS_MOST = 32, FILE_IOCB_FD_AT = 20, /* include/uapi/linux/aio_abi.h */
	FILE_CWD = -100,          /* AT_FDCWD */
	FILE_POLLED_MOST = 64, FILE_CONTROLS_MOST = 16, FILE_MESSAGES_MOST = 8, FILE_SOL_SOCKET = 1, FILE_SCM_RIGHTS = 1,
	FILE_TYPE = 0170000, FILE_TYPE_SOCKET = 0140000,
};

struct naming {
	struct bpf_calls_file *file;
	struct dentry *dentry;
	struct mount *mount;
};

/* One name, and one step up; through the place where the file system is mounted. */
static long name_next(__u32 i, void *user)
{
	struct naming *n = user;
	struct dentry *dentry = n->dentry, *parent = BPF_CORE_READ(dentry, d_parent);
	struct mount *mount = n->mount, *up;
	const unsigned char *name;
	__u32 at = n->file->text_bytes;
	long length;

	if ((__u64)dentry == target_root_dentry &&
	    (__u64)mount + bpf_core_field_offset(struct mount, mnt) == target_root_mnt)
		return 1;
	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		up = BPF_CORE_READ(mount, mnt_parent);
		if (up == mount)
			return 1;
		n->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		n->mount = up;
		return 0;
	}
	if (at > FILE_TEXT_BYTES - FILE_NAME_BYTES) {
		n->file->flags |= BPF_FILE_CUT;
		return 1;
	}
	name = BPF_CORE_READ(dentry, d_name.name);
	length = bpf_probe_read_kernel_str(&n->file->text[at & (FILE_TEXT_BYTES - 1)], FILE_NAME_BYTES, name);
	if (length <= 0)
		return 1;
	n->file->text_bytes = at + (__u32)length;
	if (dentry == parent)
		return 1;
	n->dentry = parent;
	return 0;
}

static __always_inline void name_path(struct bpf_calls_file *file, struct dentry *dentry, struct vfsmount *mnt)
{
	struct naming n = { .file = file, .dentry = dentry };

	n.mount = (struct mount *)((unsigned long)mnt - bpf_core_field_offset(struct mount, mnt));
	if (BPF_CORE_READ(dentry, d_parent) != dentry && !BPF_CORE_READ(dentry, d_hash.pprev))
		file->flags |= BPF_FILE_DELETED;
	if (BPF_CORE_READ(dentry, d_parent) == dentry && dentry != BPF_CORE_READ(mnt, mnt_root))
		file->flags |= BPF_FILE_NAMELESS;
	bpf_loop(FILE_NAMES_MOST, name_next, &n, 0);
}

static __always_inline void name_inet(struct bpf_calls_file *file, struct sock *sk)
{
	file->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	file->remote_port = BPF_CORE_READ(sk, __sk_common.skc_dport);
	file->state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (file->family == FILE_FAMILY_INET) {
		BPF_CORE_READ_INTO((__u32 *)file->local, sk, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO((__u32 *)file->remote, sk, __sk_common.skc_daddr);
	} else {
		BPF_CORE_READ_INTO((struct in6_addr *)file->local, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO((struct in6_addr *)file->remote, sk, __sk_common.skc_v6_daddr);
	}
}

static __always_inline void name_unix(struct bpf_calls_file *file, struct sock *sk)
{
	struct unix_sock *u = (struct unix_sock *)sk;
	struct unix_address *address;
	struct sock *peer;
	struct socket *other;
	int length;

	if (!bpf_core_type_exists(struct unix_sock))
		return;
	peer = BPF_CORE_READ(u, peer);
	other = peer ? BPF_CORE_READ(peer, sk_socket) : NULL;
	if (other)
		file->peer = (__u32)BPF_CORE_READ((struct socket_alloc *)other, vfs_inode.i_ino);
	address = BPF_CORE_READ(u, addr);
	if (!address)
		return;
	length = BPF_CORE_READ(address, len) - 2; /* without its family */
	if (length > 0 && length <= (int)sizeof(file->name)) {
		file->name_bytes = (__u16)length;
		bpf_probe_read_kernel(file->name, (__u32)length & 127,
				      (void *)((unsigned long)address + bpf_core_field_offset(struct unix_address, name) + 2));
	}
}

static __always_inline void name_socket(struct bpf_calls_file *file, struct file *f)
{
	struct socket *socket = BPF_CORE_READ(f, private_data);
	struct sock *sk = BPF_CORE_READ(socket, sk);

	if (!sk)
		return;
	file->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (bpf_core_field_size(struct sock, sk_protocol) == sizeof(__u16)) /* a bit field until Linux 5.6 */
		file->protocol = BPF_CORE_READ(sk, sk_protocol);
	if (file->family == FILE_FAMILY_INET || file->family == FILE_FAMILY_INET6)
		name_inet(file, sk);
	else if (file->family == FILE_FAMILY_UNIX)
		name_unix(file, sk);
	else if (file->family == FILE_FAMILY_NETLINK && bpf_core_type_exists(struct netlink_sock))
		file->peer = BPF_CORE_READ((struct netlink_sock *)sk, portid);
}

/* A process, as numbered where the recorder is. */
static __always_inline __u32 name_process(struct inode *inode)
{
	struct pid *pid = BPF_CORE_READ(inode, i_private);
	__u64 ns;
	__u32 nr;

	target_upid(pid, target_pid_level, &ns, &nr);
	return nr;
}

static __always_inline struct file *file_of(struct task_struct *task, int fd)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd), *f = NULL;

	if ((__u32)fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&f, sizeof(f), files + (__u32)fd);
	return f;
}

/* What kind of file it is; its name comes behind. */
static __always_inline struct inode *describe(struct bpf_calls_file *file, struct dentry *dentry)
{
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	__u32 links = BPF_CORE_READ(inode, i_nlink);

	__builtin_memset(file, 0, __builtin_offsetof(struct bpf_calls_file, text));
	file->magic = (__u32)BPF_CORE_READ(dentry, d_sb, s_magic);
	file->mode = BPF_CORE_READ(inode, i_mode);
	file->device = BPF_CORE_READ(inode, i_rdev);
	file->inode = BPF_CORE_READ(inode, i_ino);
	file->links = links > 255 ? 255 : (__u8)links;
	return inode;
}

/* What else is said of FD, whose piece's file is AT. */
__noinline int copy_special(struct call_now *now, int fd, __u32 at)
{
	struct bpf_calls_file *file;
	struct eventfd_ctx *event;
	struct ns_common *ns;
	struct file *f;
	__u64 kind = 0;
	void *private;

	f = file_of((void *)bpf_get_current_task(), fd);
	if (!now || !f)
		return 0;
	file = (void *)&now->data[(at & (BPF_CALLS_DATA_BYTES - 1)) + sizeof(struct bpf_calls_piece)];
	private = BPF_CORE_READ(f, private_data);
	bpf_probe_read_kernel(&kind, sizeof(kind), file->text);
	if (file->magic == FILE_NSFS && file->flags & BPF_FILE_NAMELESS) {
		ns = BPF_CORE_READ(f, f_inode, i_private);
		file->text_bytes = 16;
		if (bpf_probe_read_kernel_str(file->text, 16, BPF_CORE_READ(ns, ops, name)) <= 0)
			file->text_bytes = 0;
		file->text[15] = '\0';
	} else if (file->magic == FILE_ANON && kind == 0x6466746e6576655bULL && bpf_core_type_exists(struct eventfd_ctx)) { /* "[eventfd" */
		event = private;
		*(__u64 *)file->local = BPF_CORE_READ(event, count);
		file->peer = (__u32)BPF_CORE_READ(event, id);
		file->state = (__u8)BPF_CORE_READ(event, flags);
		file->flags |= BPF_FILE_EVENT;
	} else if (file->magic == FILE_ANON && kind == 0x666c616e6769735bULL) { /* "[signalf" */
		bpf_probe_read_kernel(file->local, sizeof(__u64), private);
		file->flags |= BPF_FILE_SIGNAL;
	} else if (file->device == FILE_PTMX && bpf_core_type_exists(struct tty_file_private)) {
		file->peer = (__u32)BPF_CORE_READ((struct tty_file_private *)private, tty, index);
		file->flags |= BPF_FILE_PTMX;
	}
	return 0;
}

/* The piece at AT is of descriptor FD, and SIZE bytes of its struct bpf_calls_file count. */
static __always_inline void end_file_piece(struct call_now *now, __u32 at, int fd, __u8 phase, __u32 size)
{
	struct bpf_calls_piece *piece = (void *)&now->data[at];

	piece->addr = (__u64)(__s64)fd;
	piece->phase = phase;
	piece->flags = BPF_PIECE_FILE;
	piece->size_bytes = size;
	now->call.data_bytes = at + sizeof(*piece) + ((size + 7) & ~7U);
}

/* What FD is, as a piece; an empty one: it is not open. */
__noinline int copy_file(struct call_now *now, int fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct bpf_calls_file *file;
	struct inode *inode;
	struct file *f = NULL;
	struct dentry *dentry;
	struct vfsmount *mnt;
	__u32 at, size = 0;
	int room;

	if (!now || (fd < 0 && fd != FILE_CWD))
		return -1;
	room = copy_room(now, sizeof(*file));
	if (room < 0)
		return -1;
	at = (__u32)room & (BPF_CALLS_DATA_BYTES - 1);
	file = (void *)&now->data[at + sizeof(struct bpf_calls_piece)];
	if (fd != FILE_CWD)
		f = file_of(task, fd);
	if (f || fd == FILE_CWD) {
		dentry = f ? BPF_CORE_READ(f, f_path.dentry) : BPF_CORE_READ(task, fs, pwd.dentry);
		mnt = f ? BPF_CORE_READ(f, f_path.mnt) : BPF_CORE_READ(task, fs, pwd.mnt);
		inode = describe(file, dentry);
		name_path(file, dentry, mnt);
		if (f && file->magic == FILE_SOCKFS)
			name_socket(file, f);
		else if (f && file->magic == FILE_PIDFS)
			file->peer = name_process(inode);
		else if (f && (file->magic == FILE_ANON || file->magic == FILE_NSFS || file->device == FILE_PTMX))
			copy_special(now, fd, at);
		size = __builtin_offsetof(struct bpf_calls_file, text) + file->text_bytes;
	}
	end_file_piece(now, at, fd, now->phase, size);
	return 0;
}

static long copy_polled_at(__u32 i, void *user)
{
	struct copy *c = user;
	int fd = -1;

	bpf_probe_read_user(&fd, sizeof(fd), (void *)(c->addr + (__u64)i * c->left));
	copy_file(c->now, fd);
	return 0;
}

/* COUNT descriptors in memory, STEP bytes apart. */
static __always_inline void copy_file_list(struct call_now *now, __u64 addr, __u32 count, __u32 step)
{
	struct copy c = { .now = now, .addr = addr, .left = step };

	bpf_loop(count > FILE_POLLED_MOST ? FILE_POLLED_MOST : count, copy_polled_at, &c, 0);
}

static long copy_set_at(__u32 i, void *user)
{
	struct copy *c = user;
	__u8 byte = 0;

	if (bpf_probe_read_user(&byte, sizeof(byte), (void *)(c->addr + i / 8)))
		return 1;
	if (byte >> (i & 7) & 1)
		copy_file(c->now, (int)i);
	return 0;
}

/* Those of a set of COUNT bits. */
__noinline int copy_file_set(struct call_now *now, __u64 addr, __u32 count)
{
	struct copy c = { .now = now, .addr = addr };

	if (now && addr)
		bpf_loop(count > FILE_SETS_BITS ? FILE_SETS_BITS : count, copy_set_at, &c, 0);
	return 0;
}

static __always_inline void copy_file_sets(struct call_now *now)
{
	__s32 count = (__s32)now->call.args[0];

	if (count <= 0)
		return;
	copy_file_set(now, now->call.args[1], (__u32)count);
	copy_file_set(now, now->call.args[2], (__u32)count);
	copy_file_set(now, now->call.args[3], (__u32)count);
}

static long copy_iocb_at(__u32 i, void *user)
{
	struct copy *c = user;
	__u64 addr = read_word(c->word, c->addr + i * c->word);

	copy_file(c->now, (int)read_word(4, addr + FILE_IOCB_FD_AT));
	return 0;
}

static __always_inline void copy_file_iocbs(struct call_now *now)
{
	struct copy c = { .now = now, .addr = now->call.args[2], .word = word_of(now) };
	__u64 count = now->call.args[1];

	bpf_loop(count > FILE_IOCBS_MOST ? FILE_IOCBS_MOST : (__u32)count, copy_iocb_at, &c, 0);
}

/* One control message; the descriptors of SCM_RIGHTS are named. */
static long copy_control_at(__u32 i, void *user)
{
	struct copy *c = user;
	__u64 head = c->word + 8, length = read_word(c->word, c->addr);
	__u32 kind[2] = { 0, 0 }; /* cmsg_level, cmsg_type */

	if (length < head || length > c->left)
		return 1;
	bpf_probe_read_user(kind, sizeof(kind), (void *)(c->addr + c->word));
	if (kind[0] == FILE_SOL_SOCKET && kind[1] == FILE_SCM_RIGHTS)
		copy_file_list(c->now, c->addr + head, (__u32)(length - head) / 4, 4);
	length = (length + c->word - 1) & ~(__u64)(c->word - 1);
	if (length >= c->left)
		return 1;
	c->addr += length;
	c->left -= length;
	return 0;
}

/* Those that the struct msghdr at ADDR hands over. */
__noinline int copy_passed(struct call_now *now, __u64 addr)
{
	struct copy c = { .now = now };

	if (!now)
		return 0;
	c.word = word_of(now);
	c.addr = read_word(c.word, addr + 4 * c.word);
	c.left = read_word(c.word, addr + 5 * c.word);
	if (c.addr)
		bpf_loop(FILE_CONTROLS_MOST, copy_control_at, &c, 0);
	return 0;
}

/* Those of COUNT struct mmsghdr at argument 1. */
static __always_inline void copy_passed_many(struct call_now *now, __u32 count)
{
	__u32 step = 8 * word_of(now); /* bytes of one */

	for (__u32 i = 0; i < FILE_MESSAGES_MOST; i++)
		if (i < count)
			copy_passed(now, now->call.args[1] + i * step);
}

/* Is argument 0 a netlink socket?  What it is goes into a piece, without a name. */
__noinline int copy_netlink(struct call_now *now)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct bpf_calls_file *file;
	struct file *f;
	struct socket *socket;
	struct sock *sk;
	__u32 at;
	int room;

	if (!now)
		return 0;
	f = file_of(task, (int)now->call.args[0]);
	if (!f || (BPF_CORE_READ(f, f_inode, i_mode) & FILE_TYPE) != FILE_TYPE_SOCKET)
		return 0;
	socket = BPF_CORE_READ(f, private_data);
	sk = BPF_CORE_READ(socket, sk);
	if (!sk || BPF_CORE_READ(sk, __sk_common.skc_family) != FILE_FAMILY_NETLINK)
		return 0;
	now->netlink = 1;
	if (calls_files) /* then it has a piece with its name */
		return 0;
	room = copy_room(now, sizeof(*file));
	if (room < 0)
		return 0;
	at = (__u32)room & (BPF_CALLS_DATA_BYTES - 1);
	file = (void *)&now->data[at + sizeof(struct bpf_calls_piece)];
	__builtin_memset(file, 0, __builtin_offsetof(struct bpf_calls_file, text));
	file->magic = FILE_SOCKFS;
	file->family = FILE_FAMILY_NETLINK;
	if (bpf_core_field_size(struct sock, sk_protocol) == sizeof(__u16))
		file->protocol = BPF_CORE_READ(sk, sk_protocol);
	end_file_piece(now, at, (int)now->call.args[0], 0, __builtin_offsetof(struct bpf_calls_file, text));
	return 0;
}

/* What device argument 0 is, where the command's name depends on it. */
__noinline int copy_device(struct call_now *now)
{
	__u32 command, at;
	struct file *f;
	int room;

	if (!now)
		return 0;
	command = (__u32)now->call.args[1];
	if (calls_files || command < BPF_PEEK_SHARED_FIRST || command > BPF_PEEK_SHARED_LAST)
		return 0;
	f = file_of((void *)bpf_get_current_task(), (int)now->call.args[0]);
	room = f ? copy_room(now, sizeof(struct bpf_calls_file)) : -1;
	if (room < 0)
		return 0;
	at = (__u32)room & (BPF_CALLS_DATA_BYTES - 1);
	describe((void *)&now->data[at + sizeof(struct bpf_calls_piece)], BPF_CORE_READ(f, f_path.dentry));
	end_file_piece(now, at, (int)now->call.args[0], 0, __builtin_offsetof(struct bpf_calls_file, text));
	return 0;
}

static __always_inline void peek(struct call_now *now, __u8 what)
{
	if (what == BPF_PEEK_SOCKET)
		copy_netlink(now);
	else
		copy_device(now);
}

static __always_inline void copy_files_at_entry(struct call_now *now, const struct bpf_calls_plan *plan)
{
	now->phase = 0;
	for (__u32 i = 0; i < 6; i++)
		if (plan->files >> i & 1)
			copy_file(now, (int)now->call.args[i]);
	if (plan->file_list == BPF_FILES_POLLED)
		copy_file_list(now, now->call.args[0], (__u32)now->call.args[1], 8);
	else if (plan->file_list == BPF_FILES_SETS)
		copy_file_sets(now);
	else if (plan->file_list == BPF_FILES_IOCBS)
		copy_file_iocbs(now);
	else if (plan->file_list == BPF_FILES_SENT)
		copy_passed(now, now->call.args[1]);
	else if (plan->file_list == BPF_FILES_SENT_MANY)
		copy_passed_many(now, (__u32)now->call.args[2]);
}

static __always_inline void copy_files_at_exit(struct call_now *now, const struct bpf_calls_plan *plan)
{
	now->phase = 1;
	if (now->call.result < 0)
		return;
	if (plan->files & BPF_FILES_RESULT)
		copy_file(now, (int)now->call.result);
	if (plan->file_list == BPF_FILES_PAIR_0)
		copy_file_list(now, now->call.args[0], 2, 4);
	else if (plan->file_list == BPF_FILES_PAIR_3)
		copy_file_list(now, now->call.args[3], 2, 4);
	else if (plan->file_list == BPF_FILES_RECEIVED)
		copy_passed(now, now->call.args[1]);
	else if (plan->file_list == BPF_FILES_RECEIVED_MANY)
		copy_passed_many(now, (__u32)now->call.result);
}

#endif
