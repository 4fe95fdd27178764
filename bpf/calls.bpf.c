// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * System calls of the target: arguments from the registers at entry, with what they point to as a plan says
 * (syscall/plan.h); the result at exit, with what the kernel filled.  Most are put together in their CPU's lane
 * (lane.bpf.h), all others in their thread's own storage, by what the programs here go over to: calls_finish()
 * (finish.bpf.h), and calls_late() for those whose entry was not seen (late.bpf.h).
 *
 * When a thread is switched out inside a call its entry is sent, once: whoever looks sees what
 * it waits for.  So is that of a call which its thread never returns from.
 */
/* Programs are loaded in the order of their sections: the large ones come first, because threads load those beside the
 * others (capture/bpf/loader.c). */
__asm__(".section \"tail_tp/finish\", \"ax\", @progbits\n"
	".section \"large_tp/sys_exit\", \"ax\", @progbits\n"
	".section \"large_tp/sys_enter\", \"ax\", @progbits\n"
	".section \"typed_tp/sys_exit\", \"ax\", @progbits\n"
	".section \"tail_tp/late\", \"ax\", @progbits");

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "call.bpf.h"
#include "copy.bpf.h"
#include "event/bpf_calls.h"
#include "finish.bpf.h"
#include "lane.bpf.h"
#include "late.bpf.h"
#include "life.bpf.h"
#include "multiplex.bpf.h"
#include "now.bpf.h"
#include "ring.bpf.h"
#include "stacks.bpf.h"
#include "target.bpf.h"

/* Settings, before loading. */
const volatile __u32 calls_show_blocked = 1;
/* Bit: some ABI's call of that number is wanted.  The quick no for all others. */
const volatile __u64 calls_numbers[BPF_CALLS_NUMBERS / 64] = { 0 };
const volatile __u32 calls_others = 1; /* numbers beyond those */

/* Set by user space meanwhile: calls_enter() is attached, too. */
__u32 calls_wide = 0;

enum { PROT_EXEC = 4, FILENAME_BYTES = 4096 };

/* --- entry and exit ------------------------------------------------------------------------ */

/* May a call of this number be wanted, whichever ABI's it is? */
static __always_inline bool number_wanted(__u64 number)
{
	if ((__s64)number > 0)
		number &= ~(__u64)X32_BIT;
	if (number >= BPF_CALLS_NUMBERS)
		return calls_others;
	return calls_numbers[number / 64 & (BPF_CALLS_NUMBERS / 64 - 1)] >> (number & 63) & 1;
}

/* The call's record is begun in the lane; false: it is one for the thread's storage. */
static __always_inline bool begin_in_lane(struct bpf_lane *lane, const struct bpf_calls_plan *plan, struct task_struct *task,
					  const struct pt_regs *regs, __u32 abi, __u32 number)
{
	struct bpf_call *call;
	bool begun;

	if (!(plan->lane & BPF_LANE_CAN) || !lane_take(lane))
		return false;
	lane->owner = 0;
	if (!lane_is(&lane->known, task) || !lane_has_room(lane)) {
		lane_give(lane);
		return false;
	}
	call = lane_record(lane);
	call->head.tid = lane->tid;
	call->pid = lane->pid;
	call->number = number;
	call->abi = (__u16)abi;
	call->flags = 0;
	call->data_bytes = 0;
	take_registers(call, regs, abi);
	call->enter_ns = bpf_ktime_get_ns();
	begun = !(plan->lane & BPF_LANE_ENTRY) || !lane_refers(plan, call) ||
		lane_copy(call, &plan->steps[plan->lane >> BPF_LANE_ENTRY_AT & 1], 0);
	if (begun)
		lane->owner = (__u64)task;
	lane_give(lane);
	return begun;
}

/* The running thread's, if it is one of those that are looked at.  AGAIN: it may have become another. */
static __always_inline struct call_now *looked_at(struct task_struct *task, bool again)
{
	struct call_now *now = bpf_task_storage_get(&calls_now, task, 0, 0);

	if (!now || again) /* or has a spare, which it may be rid of now */
		now = admit() ? now_find(task) : NULL;
	return now;
}

/* The CPU's lane is to know it; 0: it is not looked at. */
__noinline int teach_lane(bool again)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct call_now *now = looked_at(task, again);
	struct bpf_lane *lane = lane_of_cpu();

	if (now && lane)
		lane_learn(lane, task, now);
	return now != NULL;
}

/* The running thread's call, what it refers to is still to be copied; NULL: it is done, or not wanted. */
static __always_inline struct call_now *enter(struct task_struct *task, __u64 number)
{
	bool in_groups = target_mode == BPF_TARGET_CGROUP || target_mode == BPF_TARGET_CGROUP_V1;
	struct bpf_calls_plan *plan;
	const struct pt_regs *regs;
	struct call_now *now = NULL;
	struct bpf_lane *lane;
	__u32 abi, part, whole;

	if (!number_wanted(number) || target_mode == BPF_TARGET_NOBODY)
		return NULL;
	lane = lane_of_cpu();
	if (!lane_bytes) {
		now = looked_at(task, in_groups);
		if (!now)
			return NULL;
	} else if ((!lane || !lane_is(&lane->known, task) || in_groups) && !teach_lane(in_groups)) {
		return NULL;
	}
	regs = (const struct pt_regs *)bpf_task_pt_regs(task);
	abi = abi_of(task, &number);
	part = part_of(regs, abi, number);
	whole = (__u32)number;
	if (part)
		number = part;
	plan = plan_of(abi, (__u32)number);
	if (!plan || !plan->wanted)
		return NULL;
	if (lane && !part && begin_in_lane(lane, plan, task, regs, abi, (__u32)number))
		return NULL;
	if (!now)
		now = now_find(task);
	if (!now) {
		ring_lost(2);
		return NULL;
	}
	begin_call(now, abi, (__u32)number, part ? whole : 0);
	now->call.enter_ns = bpf_ktime_get_ns();
	return plan->peek || plan->phases & BPF_PLAN_AT_ENTRY || calls_files ? now : NULL;
}

/* sys_enter(regs, number) */
SEC("large_tp/sys_enter")
int calls_enter(struct bpf_raw_tracepoint_args *ctx)
{
	struct call_now *now = enter(bpf_get_current_task_btf(), ctx->args[1]);

	return now ? go_finish(ctx, now, TODO_PEEK | TODO_BEGIN) : 0;
}

/* What perf_call_bpf_enter() in kernel/trace/trace_syscalls.c gives to a program. */
struct syscall_tracepoint {
	__u64 regs;
	int number;
};

/* In its place where few calls are wanted: attached to the tracepoints of those alone (capture/bpf/narrow.h), which
 * 32-bit programs' calls don't pass: calls_late() sees those, until user space has attached the one above, too.  Not a raw
 * tracepoint's program, it can't go over to calls_finish(). */
SEC("tp")
int calls_enter_one(struct syscall_tracepoint *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct call_now *now = calls_wide ? NULL : enter(task, (__u64)ctx->number);

	if (now)
		finish(ctx, task, now, TODO_PEEK | TODO_BEGIN, false);
	return 0;
}

/* The rest of what was begun in the lane; false: it goes on in the thread's storage. */
static __always_inline bool end_in_lane(struct bpf_lane *lane, __s64 result)
{
	struct bpf_call *call = lane_record(lane);
	struct bpf_calls_plan *plan;
	__u32 abi = call->abi;
	bool error;

	if (abi == 1)
		result = (__s32)result;
	error = result < 0 && result >= -4095;
	if (is_filtered(error)) {
		lane->owner = 0;
		return true;
	}
	call->result = result;
	plan = plan_of(abi, call->number);
	if (!plan)
		return false;
	if (plan->lane & BPF_LANE_EXIT && lane_refers(plan, call) && !lane_copy(call, &plan->steps[plan->lane >> BPF_LANE_EXIT_AT & 1], 1))
		return false;
	if (error)
		call->flags = BPF_CALL_IS_ERROR;
	ring_head(&call->head, BPF_CALLS_CALL, call->head.tid);
	lane_commit(lane, call);
	return true;
}

/* What the running thread has begun in its CPU's lane, which is taken, goes on in its storage; 0: it is lost, and counted. */
__noinline int move(void)
{
	struct call_now *now = now_find(bpf_get_current_task_btf());
	struct bpf_lane *lane = lane_of_cpu();

	if (!lane)
		return 0;
	if (now) {
		lane_spill(lane, now);
		return 1;
	}
	lane->owner = 0;
	ring_lost(0);
	return 0;
}

/* The running thread's call, which returns; false: it isn't in the lane, but in the thread's storage. */
static __always_inline bool leave_lane(struct task_struct *task, __s64 result)
{
	struct bpf_lane *lane = lane_of_cpu();
	bool done = false;

	if (!lane || !lane_is(&lane->owner, task))
		return false;
	if (is_killed(task))
		return true;
	if (!lane_take(lane))
		return false;
	if (lane_is(&lane->owner, task))
		done = end_in_lane(lane, result) || !move();
	lane_give(lane);
	return done;
}

/* A call that its thread is in is in its storage from here on. */
static __always_inline void leave_cpu(struct task_struct *task, struct bpf_lane *lane)
{
	if (!lane_is(&lane->owner, task) || !lane_take(lane))
		return;
	if (lane_is(&lane->owner, task))
		move();
	lane_give(lane);
}

/* By the number that the call was made with, where it is at hand; rt_sigreturn leaves -1. */
static __always_inline bool may_be_wanted(const struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return regs->orig_ax >= BPF_CALLS_NUMBERS || number_wanted(regs->orig_ax);
#else
	return true;
#endif
}

static __always_inline int leave(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__s64 result = (__s64)ctx->args[1];
	struct call_now *now;

	if (leave_lane(task, result))
		return 0;
	if (!may_be_wanted((const struct pt_regs *)bpf_task_pt_regs(task)))
		return 0;
	now = now_find(task);
	if (!now || !now->in_call)
		return may_be_late(task) ? go_late(ctx) : 0;
	return is_killed(task) || !end_call(now, result) ? 0 : go_finish(ctx, now, TODO_END);
}

/* sys_exit(regs, result) */
SEC("large_tp/sys_exit")
int calls_exit(struct bpf_raw_tracepoint_args *ctx) { return leave(ctx); }

/* In its place where few calls are wanted: nearly all that it does then is to look at the call's number, which is cheapest for a
 * program that is given the registers with their type; but such a one can't go over to others. */
SEC("typed_tp/sys_exit")
int calls_exit_one(__u64 *ctx)
{
	const struct pt_regs *regs = (const struct pt_regs *)ctx[0];
	__s64 result = (__s64)ctx[1];
	struct task_struct *task;
	struct call_now *now;
	__u32 todo = 0;

	if (!may_be_wanted(regs))
		return 0;
	task = bpf_get_current_task_btf();
	if (leave_lane(task, result))
		return 0;
	now = now_find(task);
	if (!now || !now->in_call)
		now = late(task, result, false, &todo);
	else if (!is_killed(task) && end_call(now, result))
		todo = TODO_END;
	if (now)
		finish_here(ctx, task, now, todo);
	return 0;
}

/* Code may have been mapped by a call that nobody wants to see. */
static __always_inline void see_mmap(const struct pt_regs *r, __s64 result)
{
	__u64 ids;

#if defined(__TARGET_ARCH_x86)
	enum { MMAP = 9, MMAP_32 = 90, MMAP2_32 = 192 };
	__u64 number = r->orig_ax & ~(__u64)X32_BIT;

	if ((number != MMAP && number != MMAP_32 && number != MMAP2_32) || !(r->dx & PROT_EXEC))
		return;
#else
	enum { MMAP = 222 };

	if (r->regs[8] != MMAP || !(r->regs[2] & PROT_EXEC))
		return;
#endif
	ids = target_current_ids();
	if ((result > 0 || result < -4095) && ids && target_wanted(ids))
		stack_saw_mmap(ids, (__u64)result);
}

/* In its place with -k. */
SEC("large_tp/sys_exit")
int calls_exit_stack(struct bpf_raw_tracepoint_args *ctx)
{
	see_mmap((const struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()), (__s64)ctx->args[1]);
	return leave(ctx);
}

/* --- around them --------------------------------------------------------------------------- */

/* sched_switch(preempt, prev, next, ...): prev is the current task. */
SEC("raw_tp/sched_switch")
int calls_switch(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct bpf_lane *lane = lane_of_cpu();
	struct call_now *now;

	if (lane) {
		leave_cpu(task, lane);
		lane->known = 0;
	}
	if (ctx->args[0])
		return 0;
	if (bpf_core_field_exists(task->__state) && task->__state & STATE_STOPPED)
		send_stop(task);
	if (!calls_show_blocked || calls_result_filter)
		return 0;
	now = now_find(task);
	return now && is_hidden(now) ? go_finish(ctx, now, TODO_SHOW) : 0;
}

/* The path that could not be read at entry, from the kernel's own copy: the memory is the new program's now. */
static __always_inline void copy_filename(struct call_now *now, const struct linux_binprm *program)
{
	struct bpf_calls_plan *plan = plan_of(now->call.abi, now->call.number);
	int room = copy_room(now, FILENAME_BYTES);
	struct bpf_calls_piece *piece;
	__u32 at;
	long n;

	if (!plan || room < 0 || plan->steps[0].kind != BPF_STEP_STRING || !(now->late & 1))
		return;
	at = (__u32)room & (BPF_CALLS_DATA_BYTES - 1);
	piece = (void *)&now->data[at];
	n = bpf_probe_read_kernel_str(&now->data[at + sizeof(*piece)], FILENAME_BYTES, BPF_CORE_READ(program, filename));
	if (n <= 0)
		return;
	piece->addr = argument(&now->call, plan->steps[0].arg);
	piece->phase = 0;
	piece->flags = BPF_PIECE_LATE;
	piece->size_bytes = (__u32)n;
	now->call.data_bytes = at + sizeof(*piece) + (((__u32)n + 7) & ~7U);
	now->late = 0;
}

static __always_inline int see_exec(struct bpf_raw_tracepoint_args *ctx, bool stacks)
{
	__u64 ids = target_current_ids();
	struct call_now *now = now_find(bpf_get_current_task_btf());
	struct bpf_lane *lane = lane_of_cpu();

	if (lane)
		lane->known = 0;
	if (now && ids) /* another thread than the first one has the first one's id now */
		now->call.head.tid = (__u32)ids;
	if (now && now->in_call && now->late)
		copy_filename(now, (const struct linux_binprm *)ctx->args[2]);
	if (ids && target_wanted(ids))
		send_event(BPF_CALLS_EXEC, ids, (__u32)ctx->args[1], 0, 0);
	if (stacks && ids && target_wanted(ids))
		stack_saw_exec(ids);
	return 0;
}

/* sched_process_exec(task, old_pid, bprm) */
SEC("raw_tp/sched_process_exec")
int calls_exec(struct bpf_raw_tracepoint_args *ctx) { return see_exec(ctx, false); }

/* sched_prepare_exec(task, bprm), since Linux 6.10: the kernel has read all strings, and the memory is still the old
 * program's.  A forked child's literals are often not there before. */
SEC("raw_tp/sched_prepare_exec")
int calls_prepare_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct call_now *now = now_find(bpf_get_current_task_btf());

	return now && now->in_call && now->late ? go_finish(ctx, now, TODO_LATE) : 0;
}

/* In the place of calls_exec() with -k. */
SEC("raw_tp/sched_process_exec")
int calls_exec_stack(struct bpf_raw_tracepoint_args *ctx) { return see_exec(ctx, true); }

/* sched_process_exit(task).  A thread with storage is one of ours also where the set doesn't have it: that was full, or it has been
 * taken out since. */
SEC("raw_tp/sched_process_exit")
int calls_exit_thread(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct bpf_lane *lane = lane_of_cpu();
	struct call_now *now;

	if (lane)
		leave_cpu(task, lane);
	if (seccomp_mode(task) == SECCOMP_MODE_DEAD)
		return go_late(ctx);
	now = now_find(task);
	return now ? go_finish(ctx, now, TODO_EXIT | (calls_result_filter ? 0 : TODO_SHOW)) : exit_unseen(task);
}

/* include/linux/bpf.h, kernel/bpf/task_iter.c */
struct bpf_iter_meta {
	struct seq_file *seq;
};
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

/* TASK is one of those that were there when we began to look, and is stopped: by which signal, to whom reads. */
static __always_inline void show_stopped(struct seq_file *seq, struct task_struct *task)
{
	__u32 tid = target_nr(task);
	struct bpf_calls_event e = { 0 };

	if (!bpf_core_field_exists(task->__state) || !(task->__state & STATE_STOPPED) || !bpf_map_lookup_elem(&calls_begun, &tid))
		return;
	ring_head(&e.head, BPF_CALLS_STOP, tid);
	e.pid = target_nr(task->group_leader);
	e.value = (__u32)task->jobctl & JOBCTL_STOP_SIGNAL;
	bpf_seq_write(seq, &e, sizeof(e));
}

/* In the beginning: who is stopped.  At the end, when the others are taken away: what has not returned and was not told of. */
SEC("typed_iter/task")
int calls_rest(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct call_now *now;

	if (!task)
		return 0;
	if (target_mode != BPF_TARGET_NOBODY) {
		show_stopped(ctx->meta->seq, task);
		return 0;
	}
	now = now_find(task);
	if (now && is_hidden(now))
		send(now, BPF_CALLS_ENTRY);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
