/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SONDE_BPF_CALL_H
#define SONDE_BPF_CALL_H
/*
 * A system call as it begins and as it ends: what of it is in registers, and whether anybody is to hear of it.  What they
 * point to is copied afterwards (finish.bpf.h).
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "copy.bpf.h"
#include "event/bpf_calls.h"
#include "multiplex.bpf.h"
#include "now.bpf.h"
#include "ring.bpf.h"
#include "target.bpf.h"

/* Settings, before loading. */
const volatile __u32 calls_result_filter = 0; /* 1: only successful, 2: only failed calls */

enum { TS_COMPAT_BIT = 1, TIF_32BIT_AT = 22, X32_BIT_AT = 30, X32_BIT = 1 << X32_BIT_AT };

/* kernel/seccomp.c: a thread that a filter has killed, since 5.17. */
enum { SECCOMP_MODE_NONE = 0, SECCOMP_MODE_DEAD = 3 };

struct thread_info___x86 {
	__u32 status;
} __attribute__((preserve_access_index));
struct task_struct___x86 {
	struct thread_info___x86 thread_info;
} __attribute__((preserve_access_index));

/* arch/arm64/include/asm/thread_info.h */
struct thread_info___arm64 {
	unsigned long flags;
} __attribute__((preserve_access_index));
struct task_struct___arm64 {
	struct thread_info___arm64 thread_info;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BPF_CALLS_ABIS * BPF_CALLS_NUMBERS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct bpf_calls_plan);
} calls_plans SEC(".maps");

static __always_inline struct bpf_calls_plan *plan_of(__u32 abi, __u32 number)
{
	__u32 key = abi * BPF_CALLS_NUMBERS + (number < BPF_CALLS_NUMBERS ? number : BPF_CALLS_NUMBERS - 1);

	return bpf_map_lookup_elem(&calls_plans, &key);
}

/* Without branches: the verifier would look at all that comes then once for each ABI. */
static __always_inline __u32 abi_of(struct task_struct *task, __u64 *number)
{
#if defined(__TARGET_ARCH_x86)
	__u32 compat = ((struct task_struct___x86 *)task)->thread_info.status >> TS_COMPAT_BIT & 1;
	__u32 x32 = (__u32)(*number >> X32_BIT_AT & ~(*number >> 63) & ~(__u64)compat & 1);

	*number &= ~((__u64)x32 << X32_BIT_AT);
	return compat | x32 << 1;
#elif defined(__TARGET_ARCH_arm64)
	return (__u32)(((struct task_struct___arm64 *)task)->thread_info.flags >> TIF_32BIT_AT & 1);
#else
	return 0;
#endif
}

static __always_inline void take_registers(struct bpf_call *call, const struct pt_regs *r, __u32 abi)
{
#if defined(__TARGET_ARCH_x86)
	if (abi == 1) {
		call->args[0] = (__u32)r->bx, call->args[1] = (__u32)r->cx, call->args[2] = (__u32)r->dx;
		call->args[3] = (__u32)r->si, call->args[4] = (__u32)r->di, call->args[5] = (__u32)r->bp;
	} else {
		call->args[0] = r->di, call->args[1] = r->si, call->args[2] = r->dx;
		call->args[3] = r->r10, call->args[4] = r->r8, call->args[5] = r->r9;
	}
	call->ip = r->ip;
	call->sp = r->sp;
#elif defined(__TARGET_ARCH_arm64)
	for (int i = 0; i < 6; i++)
		call->args[i] = r->regs[i];
	call->ip = r->pc;
	call->sp = r->sp ^ ((r->sp ^ r->regs[13]) & -(__u64)abi); /* 32-bit programs' is r13 */
#endif
}

/* A thread's first call, or one in a control group, which it may have left; 0: it isn't looked at. */
__noinline int admit(void)
{
	__u64 ids = target_current_ids();
	struct call_now *now;

	if (!ids || !target_wanted(ids))
		return 0;
	now = now_make(bpf_get_current_task_btf());
	if (!now) {
		ring_lost(2);
		return 0;
	}
	now->call.head.tid = (__u32)ids;
	now->call.pid = (__u32)(ids >> 32);
	return 1;
}

/* What is remembered of a call begins anew.  MULTIPLEXER: the call by which it was made, socketcall() or ipc(); else 0. */
__noinline int begin_call(struct call_now *now, __u32 abi, __u32 number, __u32 multiplexer)
{
	if (!now)
		return 0;
	now->call.number = number;
	now->call.abi = (__u16)abi;
	now->call.flags = 0;
	now->call.data_bytes = 0;
	now->call.result = 0;
	now->late = 0;
	now->parts = 0;
	now->netlink = 0;
	now->in_call = 1;
	take_registers(&now->call, (const struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()), abi);
	if (multiplexer == IPC)
		take_ipc_part(now);
	else if (multiplexer)
		take_part(now);
	return 0;
}

static __always_inline void send(struct call_now *now, __u16 kind)
{
	if (call_send(now, kind))
		ring_lost(kind == BPF_CALLS_CALL ? 0 : 1);
}

/* The kernel makes SIGKILL of a signal that ends a process without a core, when it is sent.  The thread that it was sent
 * to (the first one, if to the process) returns from its call first, for all that a tracer by ptrace would see. */
static __always_inline bool took_fatal(struct task_struct *task)
{
	int code = BPF_CORE_READ(task, signal, group_exit_code) & 127;

	if (!code || code == 9 || code > 64)
		return false;
	if (task->pending.signal.sig[0] >> (code - 1) & 1)
		return true;
	return task->pid == task->tgid && BPF_CORE_READ(task, signal, shared_pending.signal.sig[0]) >> (code - 1) & 1;
}

/* What it returns nobody will see. */
static __always_inline bool is_killed(struct task_struct *task)
{
	return task->pending.signal.sig[0] >> 8 & 1 && !took_fatal(task);
}

static __always_inline bool is_filtered(bool error)
{
	return (calls_result_filter == 1 && error) || (calls_result_filter == 2 && !error);
}

/* seccomp comes before the tracepoint of a call's entry: what a filter refuses, or lets somebody else answer, passes only
 * that of its exit. */
static __always_inline int seccomp_mode(struct task_struct *task)
{
	return bpf_core_field_exists(task->seccomp.mode) ? task->seccomp.mode : SECCOMP_MODE_NONE;
}

/* It has returned; false: nobody wants to see it. */
static __always_inline bool end_call(struct call_now *now, __s64 result)
{
	bool error;

	now->in_call = 0;
	if (now->call.abi == 1)
		result = ipc_result(now, (__s32)result);
	error = result < 0 && result >= -4095;
	if (is_filtered(error))
		return false;
	now->call.result = result;
	if (error)
		now->call.flags |= BPF_CALL_IS_ERROR;
	return true;
}

#endif
