/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SONDE_BPF_NOW_H
#define SONDE_BPF_NOW_H
/*
 * What is remembered of a thread that is looked at: its struct call_now (copy.bpf.h), from its first wanted call on.
 *
 * It lies in the thread's own storage, which the kernel may refuse for a moment: its memory for programs is refilled
 * by an interrupt, an element at a time of such large ones, and nobody gets any on a CPU where somebody is within his
 * own, as a thread is that ends and a map that is freed.  A few lie ready for those; who has one of them has storage
 * made at the next call of his that begins.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "copy.bpf.h"

enum { NOW_SPARES = 128, NOW_CREATE = 1 };

/* Newer kernels (7.2 by its source) take storage from kmalloc_nolock(), which knows no larger ones. */
_Static_assert(sizeof(struct call_now) <= 8192 - 128, "with the kernel's head before it, it is one of its elements");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct call_now);
} calls_now SEC(".maps");

/* By the task's address, from when it is refused storage until it gets some, or ends. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NOW_SPARES);
	__type(key, __u64);
	__type(value, struct call_now);
} calls_spare SEC(".maps");

/* One of zeros. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct call_now);
} calls_blank SEC(".maps");

__u32 now_spares_used = 0;

/* The next three are functions: what they keep on the stack is gone before the deep ones are called. */

static __noinline struct call_now *now_spare(__u64 task) { return bpf_map_lookup_elem(&calls_spare, &task); }

static __noinline struct call_now *now_take_spare(__u64 task)
{
	__u32 zero = 0;
	struct call_now *blank = bpf_map_lookup_elem(&calls_blank, &zero);

	if (blank && !bpf_map_update_elem(&calls_spare, &task, blank, BPF_NOEXIST))
		__sync_fetch_and_add(&now_spares_used, 1);
	return bpf_map_lookup_elem(&calls_spare, &task);
}

static __noinline int now_give_spare(__u64 task)
{
	if (!bpf_map_delete_elem(&calls_spare, &task))
		__sync_fetch_and_sub(&now_spares_used, 1);
	return 0;
}

/* NULL: it has none. */
static __always_inline struct call_now *now_find(struct task_struct *task)
{
	struct call_now *now = bpf_task_storage_get(&calls_now, task, 0, 0);

	if (!now && now_spares_used)
		now = now_spare((__u64)task);
	return now;
}

/* The running task's, which is in no call that was seen; NULL: even the spares are used up. */
static __always_inline struct call_now *now_make(struct task_struct *task)
{
	struct call_now *now = bpf_task_storage_get(&calls_now, task, 0, NOW_CREATE);

	if (!now)
		return now_take_spare((__u64)task);
	if (now_spares_used)
		now_give_spare((__u64)task);
	return now;
}

/* It ends. */
static __always_inline void now_forget(struct task_struct *task)
{
	if (now_spares_used)
		now_give_spare((__u64)task);
}

#endif
