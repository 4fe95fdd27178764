/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SONDE_BPF_FINISH_H
#define SONDE_BPF_FINISH_H
/*
 * What takes a call longer than its lane does: the memory that it refers to is copied, and its record sent, by a program
 * of its own, calls_finish(), which the others go over to by a tail call once they have noted in the thread's state
 * what is to be done (`todo`).  They all can because they are of one type, raw tracepoints' ones.
 *
 * The verifier is why: it looks at all that a program can do each time that one is loaded, and of what five programs
 * share it would look at five copies.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "call.bpf.h"
#include "copy.bpf.h"
#include "event/bpf_calls.h"
#include "files.bpf.h"
#include "life.bpf.h"
#include "now.bpf.h"
#include "ring.bpf.h"
#include "stacks.bpf.h"
#include "target.bpf.h"

enum finish_todo {
	TODO_PEEK = 1,  /* what descriptor it is made on */
	TODO_BEGIN = 2, /* what it refers to as it begins */
	TODO_END = 4,   /* ... as it ends; it is sent */
	TODO_LATE = 8,  /* what could not be read as it began */
	TODO_SHOW = 16, /* its entry is sent */
	TODO_EXIT = 32, /* its thread ends */
};

/* The programs that others go over to: set by user space (capture/bpf/calls_load.c). */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, BPF_CALLS_TAILS);
	__type(key, __u32);
	__type(value, __u32);
} calls_tails SEC(".maps");

/* On to it, with TODO; it doesn't come back, unless there is no such program: then it is lost, and counted. */
static __always_inline int go_finish(void *ctx, struct call_now *now, __u32 todo)
{
	now->todo = (__u16)todo;
	bpf_tail_call_static(ctx, &calls_tails, BPF_CALLS_TAIL_FINISH);
	ring_lost(0);
	return 0;
}

/* Has it begun, and nobody knows? */
static __always_inline bool is_hidden(const struct call_now *now)
{
	return now->in_call && !(now->call.flags & BPF_CALL_SHOWN);
}

static __always_inline void send_entry(struct call_now *now)
{
	if (!is_hidden(now))
		return;
	send(now, BPF_CALLS_ENTRY);
	now->call.flags |= BPF_CALL_SHOWN;
}

/* What the descriptors are that NOW's call is made on, or those that it made.  Not static, it is looked at by the verifier
 * once, whatever that knows of the pointers: a thread's state may lie in one of two maps (now.bpf.h). */
__noinline int copy_files(struct call_now *now, const struct bpf_calls_plan *plan, __u32 pass)
{
	if (!now || !plan)
		return 0;
	if (pass == COPY_EXIT)
		copy_files_at_exit(now, plan);
	else
		copy_files_at_entry(now, plan);
	return 0;
}

/* The caller's stack, as a piece that is but its hash. */
static __always_inline void add_stack(struct call_now *now)
{
	__u64 hash = stack_take((__u64)now->call.pid << 32 | now->call.head.tid);
	struct bpf_calls_piece *piece;
	int room;

	if (!hash)
		return;
	room = copy_room(now, 0);
	if (room < 0)
		return;
	piece = (void *)&now->data[(__u32)room & (BPF_CALLS_DATA_BYTES - 1)];
	piece->addr = hash;
	piece->size_bytes = 0;
	piece->phase = 1;
	piece->flags = BPF_PIECE_STACK;
	now->call.data_bytes = ((__u32)room & (BPF_CALLS_DATA_BYTES - 1)) + sizeof(*piece);
}

static __always_inline void tell_exit(struct task_struct *task, __u64 ids)
{
	send_event(BPF_CALLS_EXIT, ids, 0, 0, (__u32)task->exit_code);
}

/* A thread of which nothing was seen. */
static __always_inline int exit_unseen(struct task_struct *task)
{
	__u64 ids = target_current_ids();

	if (ids && target_wanted(ids))
		tell_exit(task, ids);
	return 0;
}

static __always_inline int finish(void *ctx, struct task_struct *task, struct call_now *now, __u32 todo, bool stacks)
{
	struct bpf_calls_plan *plan = plan_of(now->call.abi, now->call.number);
	__u32 pass = todo & TODO_BEGIN ? COPY_ENTRY : todo & TODO_END ? COPY_EXIT : COPY_LATE;

	if (plan && todo & TODO_PEEK && plan->peek)
		peek(now, plan->peek);
	if (plan && (plan->phases >> pass & 1 || (now->late && (pass != COPY_LATE || now->in_call))))
		copy_steps(now, plan, pass);
	if (calls_files && plan && pass != COPY_LATE && plan->files | plan->file_list)
		copy_files(now, plan, pass);
	todo &= ~(TODO_PEEK | TODO_BEGIN);
	if (pass == COPY_ENTRY) /* what is copied after it, once more from the beginning: the verifier knows it already */
		return todo ? go_finish(ctx, now, todo) : 0;
	if (todo & TODO_END) {
		if (stacks)
			add_stack(now);
		send(now, BPF_CALLS_CALL);
		if (seccomp_mode(task) != SECCOMP_MODE_DEAD) /* one that its thread is killed for may come: late_end() */
			now->call.flags &= ~BPF_CALL_UNSEEN;
	}
	if (todo & TODO_SHOW)
		send_entry(now);
	if (todo & TODO_EXIT) {
		now->in_call = 0;
		now_forget(task);
		tell_exit(task, target_current_ids());
	}
	return 0;
}

/* All of it, by a program that can't go over. */
static __always_inline void finish_here(void *ctx, struct task_struct *task, struct call_now *now, __u32 todo)
{
	if (todo & TODO_BEGIN) {
		finish(ctx, task, now, TODO_PEEK | TODO_BEGIN, false);
		todo &= ~(TODO_PEEK | TODO_BEGIN);
	}
	if (todo)
		finish(ctx, task, now, todo & ~(TODO_BEGIN | TODO_EXIT | TODO_SHOW), false);
}

static __always_inline int finish_current(void *ctx, bool stacks)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct call_now *now = now_find(task);

	return now ? finish(ctx, task, now, now->todo, stacks) : 0;
}

SEC("tail_tp/finish")
int calls_finish(void *ctx) { return finish_current(ctx, false); }

/* In its place with -k: stacks need maps and code that others don't load. */
SEC("tail_tp/finish")
int calls_finish_stack(void *ctx) { return finish_current(ctx, true); }

#endif
