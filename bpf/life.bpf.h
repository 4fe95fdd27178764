/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SONDE_BPF_LIFE_H
#define SONDE_BPF_LIFE_H
/*
 * What happens to the target's threads between their calls: births, stops and signals.  (An exec and an end happen
 * within a call: calls.bpf.c.)
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "event/bpf_calls.h"
#include "ring.bpf.h"
#include "stacks.bpf.h"
#include "target.bpf.h"

static __always_inline void send_event(__u16 kind, __u64 ids, __u32 other_tid, __u32 other_pid, __u32 value)
{
	struct bpf_calls_event *e = ring_reserve(sizeof(*e));

	if (!e) {
		ring_lost(1);
		return;
	}
	ring_head(&e->head, kind, (__u32)ids);
	e->pid = (__u32)(ids >> 32);
	e->other_tid = other_tid;
	e->other_pid = other_pid;
	e->value = value;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	ring_submit(e, sizeof(*e));
}

enum { STATE_STOPPED = 4, JOBCTL_STOP_SIGNAL = 0xffff }; /* include/linux/sched.h, sched/jobctl.h */

/* It stops, with its process, until SIGCONT. */
static __always_inline void send_stop(struct task_struct *task)
{
	__u64 ids = target_current_ids();

	if (ids && target_wanted(ids))
		send_event(BPF_CALLS_STOP, ids, 0, 0, (__u32)task->jobctl & JOBCTL_STOP_SIGNAL);
}

/* sched_process_fork(parent, child) */
SEC("raw_tp/sched_process_fork")
int calls_fork(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *child = (struct task_struct *)ctx->args[1];
	__u64 ids = target_current_ids();

	if (ids && target_wanted(ids) && target_mode != BPF_TARGET_THREADS)
		send_event(BPF_CALLS_FORK, ids, target_nr(child), target_nr(BPF_CORE_READ(child, group_leader)), 0);
	return 0;
}

/* Where the running task goes on in user space. */
static __always_inline __u64 user_ip(void)
{
	const struct pt_regs *r = (const struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());

#if defined(__TARGET_ARCH_x86)
	return r->ip;
#elif defined(__TARGET_ARCH_arm64)
	return r->pc;
#else
	return 0;
#endif
}

static __always_inline void send_signal(__u16 kind, __u64 ids, __u32 number, const void *info, __u64 stack)
{
	struct bpf_calls_signal *s = ring_reserve(sizeof(*s));
	__u32 *head;

	if (!s) {
		ring_lost(1);
		return;
	}
	ring_head(&s->head, kind, (__u32)ids);
	s->pid = (__u32)(ids >> 32);
	s->number = number;
	s->stack = stack;
	s->ip = kind == BPF_CALLS_SIGNAL ? user_ip() : 0;
	__builtin_memset(s->siginfo, 0, sizeof(s->siginfo));
	if ((unsigned long)info > 1) {
		bpf_probe_read_kernel(s->siginfo, sizeof(s->siginfo), info);
	} else { /* SEND_SIG_NOINFO: kill() by the running task; SEND_SIG_PRIV: the kernel */
		head = (__u32 *)s->siginfo;
		head[0] = number;
		head[2] = info ? 0x80 : 0;
		if (!info) {
			head[4] = (__u32)(target_current_ids() >> 32);
			head[5] = (__u32)bpf_get_current_uid_gid();
		}
	}
	ring_submit(s, sizeof(*s));
}

enum { SA_IMMUTABLE = 0x00800000 }; /* include/linux/signal_types.h, since 5.16 */

/* Neither of SIGKILL nor of one that the kernel insists on (a filter's SIGSYS that kills) can a tracer by ptrace see the
 * delivery: the thread just ends. */
static __always_inline bool is_delivery(const struct bpf_raw_tracepoint_args *ctx)
{
	return ctx->args[0] != 9 && !(BPF_CORE_READ((const struct k_sigaction *)ctx->args[2], sa.sa_flags) & SA_IMMUTABLE);
}

/* signal_deliver(sig, info, action) */
SEC("raw_tp/signal_deliver")
int calls_signal(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 ids = target_current_ids();

	if (ids && target_wanted(ids) && is_delivery(ctx))
		send_signal(BPF_CALLS_SIGNAL, ids, (__u32)ctx->args[0], (void *)ctx->args[1], 0);
	return 0;
}

/* In its place with -k. */
SEC("raw_tp/signal_deliver")
int calls_signal_stack(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 ids = target_current_ids();

	if (ids && target_wanted(ids) && is_delivery(ctx))
		send_signal(BPF_CALLS_SIGNAL, ids, (__u32)ctx->args[0], (void *)ctx->args[1], stack_take(ids));
	return 0;
}

enum { SIGNAL_DELIVERED = 0, SIGNAL_IGNORED = 1, SIGNAL_GROUP_EXIT = 4 };

/* Is it seen by a tracer by ptrace alone?  One that the thread ignores, unless its process is ending (SIGKILL, which a
 * namespace's first process ignores, no tracer sees); one that has just ended the process. */
static __always_inline bool never_delivered(struct task_struct *task, int number, __u64 result)
{
	bool ends = BPF_CORE_READ(task, signal, flags) & SIGNAL_GROUP_EXIT;

	if (result == SIGNAL_IGNORED)
		return !ends && number != 9;
	return result == SIGNAL_DELIVERED && ends && number != 9 && BPF_CORE_READ(task, signal, group_exit_code) == number;
}

/* signal_generate(sig, info, task, group, result): those that a thread ignores are never
 * delivered, and those that end it are SIGKILL by then; a tracer by ptrace sees them. */
SEC("raw_tp/signal_generate")
int calls_ignored(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (struct task_struct *)ctx->args[2];
	__u32 tid, pid;

	if (!never_delivered(task, (int)ctx->args[0], ctx->args[4]) || target_mode == BPF_TARGET_CGROUP ||
	    target_mode == BPF_TARGET_CGROUP_V1)
		return 0;
	tid = target_nr(task);
	pid = target_nr(BPF_CORE_READ(task, group_leader));
	if (tid && target_wanted((__u64)pid << 32 | tid))
		send_signal(BPF_CALLS_IGNORED, (__u64)pid << 32 | tid, (__u32)ctx->args[0], (void *)ctx->args[1], 0);
	return 0;
}

#endif
