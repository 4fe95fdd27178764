/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SONDE_BPF_TARGET_H
#define SONDE_BPF_TARGET_H
/*
 * Who is looked at, decided in the kernel: everybody, a set of processes with what they fork,
 * single threads, or a control group.  The tree of processes follows forks from the child's
 * first instruction: sched_process_fork comes before the child runs.  User space:
 * src/capture/bpf/target.h.
 *
 *	__u64 ids = target_current_ids();
 *
 *	if (!ids || !target_wanted(ids))
 *		return 0;
 *
 * Ids are those of the recorder's PID namespace.  Including this file adds the programs
 * target_fork, target_free and target_where.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "event/bpf_target.h"

/* Set before loading: 0 leaves control groups out, of which the verifier has much to look at. */
const volatile __u8 target_groups = 1;
/* Set by user space, before loading or after. */
__u32 target_mode = BPF_TARGET_NOBODY; /* in .data, the others in .bss */
__u32 target_self = 0; /* the recorder's process, which "everybody" leaves out */
/* Set by target_where(): how deep the recorder's PID namespace lies, and which it is there;
 * 0: the first one, where most live. */
__u32 target_pid_level = 0;
__u64 target_pid_ns = 0;
__u64 target_root_mnt = 0, target_root_dentry = 0; /* where our paths begin; 0: at the root of all */
__u64 target_missed = 0; /* processes that found the set full */
/* A control group of version 1: its hierarchy's number and its own; target_where() finds out which
 * controller of a task leads there. */
__u32 target_v1_hierarchy = 0;
__u64 target_v1_id = 0;
__u32 target_v1_controller = ~0U; /* in .data */
enum { TARGET_CONTROLLERS = 16, TARGET_GROUP_DEPTH = 32 };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);   /* process or thread, as the mode says */
	__type(value, __u32); /* the program's own; a child gets its parent's */
} targets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} target_cgroup SEC(".maps");

/* numbers[LEVEL] of a struct pid; its declared length is 1, its real one level + 1. */
static __always_inline void target_upid(struct pid *pid, __u32 level, __u64 *ns, __u32 *nr)
{
	unsigned long at = (unsigned long)pid + bpf_core_field_offset(struct pid, numbers) +
			   (level & 31) * bpf_core_type_size(struct upid);

	*ns = 0;
	*nr = 0;
	bpf_probe_read_kernel(ns, sizeof(*ns), (void *)(at + bpf_core_field_offset(struct upid, ns)));
	bpf_probe_read_kernel(nr, sizeof(*nr), (void *)(at + bpf_core_field_offset(struct upid, nr)));
}

/* The number of a thread in the recorder's namespace; 0: it isn't seen from there. */
static __always_inline __u32 target_nr(struct task_struct *task)
{
	struct pid *pid;
	__u64 ns;
	__u32 nr;

	if (target_pid_level == 0)
		return (__u32)BPF_CORE_READ(task, pid);
	pid = BPF_CORE_READ(task, thread_pid);
	if (!pid || BPF_CORE_READ(pid, level) < target_pid_level)
		return 0;
	target_upid(pid, target_pid_level, &ns, &nr);
	return ns == target_pid_ns ? nr : 0;
}

/* As bpf_get_current_pid_tgid() (process above, thread below), in that namespace; 0: not seen. */
static __always_inline __u64 target_current_ids(void)
{
	struct task_struct *task;
	__u64 tid;

	if (target_pid_level == 0)
		return bpf_get_current_pid_tgid();
	task = (void *)bpf_get_current_task();
	tid = target_nr(task);
	return tid ? (__u64)target_nr(BPF_CORE_READ(task, group_leader)) << 32 | tid : 0;
}

/* The state that TASK has of controller I.  Kernels have as many as they were built with. */
static __always_inline struct cgroup_subsys_state *target_css(struct task_struct *task, __u32 i)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct cgroup_subsys_state *css = NULL;
	unsigned long at = (unsigned long)set + bpf_core_field_offset(struct css_set, subsys) +
			   (i & (TARGET_CONTROLLERS - 1)) * sizeof(void *);

	bpf_probe_read_kernel(&css, sizeof(css), (void *)at);
	return css;
}

/* Is the running task in that group or in one below it? */
static __always_inline bool target_in_v1(void)
{
	struct cgroup_subsys_state *css;

	if (target_v1_controller >= TARGET_CONTROLLERS)
		return false;
	css = target_css((void *)bpf_get_current_task(), target_v1_controller);
	for (int i = 0; i < TARGET_GROUP_DEPTH && css; i++) {
		if (BPF_CORE_READ(css, cgroup, kn, id) == target_v1_id)
			return true;
		css = BPF_CORE_READ(css, parent);
	}
	return false;
}

/* Is the running thread, whose IDS these are, looked at? */
static __always_inline bool target_wanted(__u64 ids)
{
	__u32 pid = (__u32)(ids >> 32), tid = (__u32)ids;

	switch (target_mode) {
	case BPF_TARGET_ALL:
		return pid != target_self;
	case BPF_TARGET_PROCESSES:
		return bpf_map_lookup_elem(&targets, &pid) != NULL;
	case BPF_TARGET_THREADS:
		return bpf_map_lookup_elem(&targets, &tid) != NULL;
	case BPF_TARGET_CGROUP:
		return target_groups && pid != target_self && bpf_current_task_under_cgroup(&target_cgroup, 0) == 1;
	case BPF_TARGET_CGROUP_V1:
		return target_groups && pid != target_self && target_in_v1();
	default:
		return false;
	}
}

/* sched_process_fork(parent, child).  A thread's process is in the set already. */
SEC("raw_tp/sched_process_fork")
int target_fork(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *parent = BPF_CORE_READ((struct task_struct *)ctx->args[0], group_leader);
	struct task_struct *child = BPF_CORE_READ((struct task_struct *)ctx->args[1], group_leader);
	__u32 from, to, *value;

	if (parent == child || target_mode != BPF_TARGET_PROCESSES)
		return 0;
	from = target_nr(parent);
	value = bpf_map_lookup_elem(&targets, &from);
	if (!value)
		return 0;
	to = target_nr(child);
	if (bpf_map_update_elem(&targets, &to, value, BPF_ANY))
		__sync_fetch_and_add(&target_missed, 1);
	return 0;
}

/* sched_process_free(task): the thread is gone for good; what it did while it ended was still seen.  Its
 * number was free for others a moment (RCU's) ago, but numbers are given out in turn. */
SEC("raw_tp/sched_process_free")
int target_free(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx->args[0];
	__u32 id = BPF_CORE_READ(task, pid);

	/* its numbers in other namespaces are gone by now: there entries stay */
	if (target_pid_level == 0 && (target_mode == BPF_TARGET_THREADS ||
				      (target_mode == BPF_TARGET_PROCESSES && id == (__u32)BPF_CORE_READ(task, tgid))))
		bpf_map_delete_elem(&targets, &id);
	return 0;
}

/* Run once by the recorder, for itself (BPF_PROG_TEST_RUN). */
SEC("raw_tp")
int target_where(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level), nr;
	__u64 ns;

	target_upid(pid, level, &ns, &nr);
	target_pid_ns = ns;
	target_pid_level = level;
	target_root_mnt = (__u64)BPF_CORE_READ(task, fs, root.mnt);
	target_root_dentry = (__u64)BPF_CORE_READ(task, fs, root.dentry);
	for (__u32 i = 0; target_groups && target_v1_hierarchy && i < bpf_core_field_size(struct css_set, subsys) / sizeof(void *) &&
			  i < TARGET_CONTROLLERS; i++) {
		struct cgroup_subsys_state *css = target_css(task, i);

		if (css && (__u32)BPF_CORE_READ(css, cgroup, root, hierarchy_id) == target_v1_hierarchy)
			target_v1_controller = i;
	}
	return 0;
}

#endif
