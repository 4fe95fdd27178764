/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SONDE_BPF_LATE_H
#define SONDE_BPF_LATE_H
/*
 * Calls whose entry was not seen: those that a thread was in when we began to look, those that seccomp refused or ended
 * their thread for, and 32-bit ones where few calls are wanted.  All of that is one more program that the others
 * go over to (finish.bpf.h), calls_late().
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "call.bpf.h"
#include "event/bpf_calls.h"
#include "finish.bpf.h"
#include "multiplex.bpf.h"
#include "now.bpf.h"
#include "target.bpf.h"

/* Entries are seen by calls_enter_one(), not by calls_enter().  Set before loading. */
const volatile __u8 calls_narrow = 0;

/* Set by user space meanwhile: there are threads in calls_begun. */
__u32 calls_joins = 0;

enum { PF_EXITING = 4 }; /* include/linux/sched.h: a thread that ends */

/* Threads that were there when we began to look, until their first call; 1: it waited in a call then. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BPF_CALLS_BEGUN_MOST);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u32);
} calls_begun SEC(".maps");

/* Most registers are at exit as they were at entry. */
static __always_inline void take_registers_late(struct bpf_call *call, const struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_arm64)
	call->args[0] = regs->orig_x0; /* the result is where it was */
#endif
}

static __always_inline __u64 number_late(const struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return regs->orig_ax;
#else
	return (__u64)(__s64)regs->syscallno;
#endif
}

/* The running thread's call, whose entry was not seen; 0: it is not to be seen.  -1 is what rt_sigreturn leaves, so such a call
 * is none. */
__noinline int begin_late(__u32 flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct pt_regs *regs = (const struct pt_regs *)bpf_task_pt_regs(task);
	__u64 number = number_late(regs);
	__u32 abi = abi_of(task, &number), part = part_of(regs, abi, number), whole = (__u32)number;
	struct bpf_calls_plan *plan;
	struct call_now *now;

	if (part)
		number = part;
	plan = plan_of(abi, (__u32)number);
	if ((__u32)number == ~0U || !plan || !plan->wanted || !admit())
		return 0;
	now = now_find(task);
	if (!now)
		return 0;
	begin_call(now, abi, (__u32)number, part ? whole : 0);
	if (!part)
		take_registers_late(&now->call, regs);
	now->call.flags = (__u16)flags;
	now->call.enter_ns = 0;
	return 1;
}

/* A 32-bit call passes none of the tracepoints of single calls; one that began before calls_enter() was attached returns
 * after it. */
static __always_inline bool is_beside(struct task_struct *task, const struct pt_regs *regs)
{
	__u64 number = number_late(regs);

	return calls_narrow && abi_of(task, &number) != 0;
}

/* May TASK's call be one of those?  Asked of each return that nobody looks at, also of all other programs'. */
static __always_inline bool may_be_late(struct task_struct *task)
{
	return calls_narrow || calls_joins || seccomp_mode(task) != SECCOMP_MODE_NONE;
}

/* fork, vfork, clone or clone3, out of which a new thread comes, too: its parent made it. */
static __always_inline bool is_birth(struct task_struct *task, const struct pt_regs *regs)
{
	__u64 number = number_late(regs);

	if (abi_of(task, &number) == 1)
		return number == 2 || number == 120 || number == 190 || number == 435;
#if defined(__TARGET_ARCH_x86)
	return (number >= 56 && number <= 58) || number == 435;
#else
	return number == 220 || number == 435;
#endif
}

/* One that seccomp or we have kept from being seen; 0: it isn't.  KNOWN: it is not the thread's first call that we see. */
__noinline int see_late(__s64 result, bool known)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct pt_regs *regs = (const struct pt_regs *)bpf_task_pt_regs(task);

	if (seccomp_mode(task) == SECCOMP_MODE_NONE && !is_beside(task, regs))
		return 0;
	if (!known && !result && is_birth(task, regs))
		return 0;
	return begin_late(BPF_CALL_UNSEEN);
}

/* A thread whose first sight is a return: it has been in that call since before we looked, unless it waited in none
 * then and this may be one that was refused: then 0. */
__noinline int join(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 tid = target_nr(task), *begun = bpf_map_lookup_elem(&calls_begun, &tid);
	bool waited;

	if (!begun)
		return 0;
	waited = *begun;
	bpf_map_delete_elem(&calls_begun, &tid);
	if (!waited && seccomp_mode(task) != SECCOMP_MODE_NONE)
		return 0;
	return begin_late(BPF_CALL_JOINED);
}

/* What is to be done of a call that returns; 0: nothing. */
static __always_inline __u32 late_return(struct call_now *now, __s64 result)
{
	if (!now && join())
		return TODO_PEEK | TODO_END;
	if (!(now && now->in_call) && !see_late(result, now != NULL))
		return 0;
	return TODO_PEEK | TODO_BEGIN | TODO_END;
}

/* And of one that a thread ends in.  A filter that kills a thread alone, and strict mode, end it within the call, whose exit
 * doesn't come.  One that kills the process lets it come: there it was seen. */
static __always_inline __u32 late_end(struct call_now *now)
{
	__u32 todo = TODO_EXIT | (calls_result_filter ? 0 : TODO_SHOW);

	if (!(now && (now->in_call || now->call.flags & BPF_CALL_UNSEEN)) && see_late(-1, true))
		todo |= TODO_PEEK | TODO_BEGIN;
	return todo;
}

/* Such a call, and what is to be done of it, which may be nothing; NULL: there is none.  ENDS: so does the thread. */
static __always_inline struct call_now *late(struct task_struct *task, __s64 result, bool ends, __u32 *todo)
{
	struct call_now *now;

	*todo = ends ? late_end(now_find(task)) : late_return(now_find(task), result);
	now = *todo ? now_find(task) : NULL;
	if (!now)
		return NULL;
	if (*todo & TODO_BEGIN)
		now->call.enter_ns = bpf_ktime_get_ns();
	if (*todo & TODO_END) {
		if (is_killed(task))
			*todo &= ~TODO_END;
		else if (!end_call(now, result))
			*todo = 0;
	}
	return now;
}

/* From sys_exit(regs, result), or from sched_process_exit(task). */
SEC("tail_tp/late")
int calls_late(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool ends = task->flags & PF_EXITING;
	struct call_now *now;
	__u32 todo;

	now = late(task, ends ? -1 : (__s64)ctx->args[1], ends, &todo);
	if (!now)
		return ends ? exit_unseen(task) : 0;
	return todo ? go_finish(ctx, now, todo) : 0;
}

/* On to it; it doesn't come back, unless there is no such program. */
static __always_inline int go_late(void *ctx)
{
	bpf_tail_call_static(ctx, &calls_tails, BPF_CALLS_TAIL_LATE);
	ring_lost(0);
	return 0;
}

#endif
