// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A sample of the source "cpu": attached to the perf events that capture/perf opens, in place of
 * the sample that perf itself would write.  Reader: capture/bpf/cpu.c.
 */
#include "vmlinux.h"

#include "event/bpf_cpu.h"
#include "ring.bpf.h"
#include "target.bpf.h"
#include "unwind.bpf.h"

const volatile __u32 cpu_max_frames = 127;
__u32 cpu_settled = 0; /* 1: who is not in the set is a stranger */

static __always_inline bool from_user(const struct user_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return (regs->cs & 3) == 3;
#else
	return (regs->pstate & 15) == 0;
#endif
}

/* One by one: the kernel finds each where it really is. */
static __always_inline void copy_regs(struct unwind *u, const struct bpf_perf_event_data *ctx)
{
	const volatile __u64 *regs = (const volatile __u64 *)&ctx->regs;

#pragma unroll
	for (unsigned i = 0; i < sizeof(ctx->regs) / 8; i++)
		u->regs[i] = regs[i];
}

static __always_inline void take_stack(struct unwind *u, struct bpf_perf_event_data *ctx, bool user)
{
	if (user)
		copy_regs(u, ctx);
	else
		unwind_kernel(u, ctx);
	if (user || unwind_task_regs(u))
		unwind_user(u, cpu_max_frames);
}

/* Whether perf's copy of this 32-bit stack would end with the address space, at no multiple of 8
 * bytes: the kernel warns of it (capture/perf/setup.c). */
static __always_inline bool copy_warns(const struct unwind *u)
{
#if defined(__TARGET_ARCH_x86)
	__u32 sp = (__u32)u->regs[19];

	return (sp & 7) && (0xffffe000u - sp < 65536 || 0xc0000000u - sp < 65536);
#else
	return false;
#endif
}

/* Here a 32-bit program has frame pointers alone, and user space its CFI too: it gets the copy, but
 * for one that the kernel would warn of; such a stack is called cut off. */
static __always_inline void choose_32(struct unwind *u)
{
	if (u->end != BPF_UNWIND_NO_USER && u->is_32)
		u->end = copy_warns(u) ? BPF_UNWIND_CUT : BPF_UNWIND_UNSUPPORTED;
}

static __always_inline __u32 why_not(__u8 end)
{
	switch (end) {
	case BPF_UNWIND_NOT_YET:
		return BPF_CPU_NOT_YET;
	case BPF_UNWIND_BROKEN:
		return BPF_CPU_BROKEN;
	case BPF_UNWIND_UNSUPPORTED:
		return BPF_CPU_UNSUPPORTED;
	default:
		return BPF_CPU_NO_ROOM;
	}
}

/* 0: the sample is ours.  1: perf writes its own, with a copy of the stack, which is unwound in user
 * space: when a table is not ready yet, when our ring is full, when CFI asks for more than we can, for
 * most stacks of 32-bit programs. */
SEC("perf_event")
int cpu_sample(struct bpf_perf_event_data *ctx)
{
	__u64 ids = target_current_ids(), hash = 0;
	bool user = from_user(&ctx->regs), lost = true, served;
	struct bpf_cpu_sample *s;
	struct unwind *u;
	__u8 end, by_fp, by_table;

	if (!target_wanted(ids))
		return cpu_settled ? 0 : 1;
	u = unwind_begin(ids);
	if (!u)
		return 1;
	take_stack(u, ctx, user);
	choose_32(u);
	end = u->end;
	by_fp = u->by_fp;
	by_table = u->by_table;
	served = end == BPF_UNWIND_COMPLETE || end == BPF_UNWIND_CUT || end == BPF_UNWIND_NO_USER || end == BPF_UNWIND_NO_CFI;
	if (served)
		hash = unwind_send(u, &lost);
	unwind_end(u);
	s = lost ? NULL : ring_reserve(sizeof(*s));
	if (!s) {
		ring_lost(why_not(end));
		return 1;
	}
	ring_head((struct bpf_record *)s, BPF_CPU_SAMPLE, (__u32)ids);
	s->pid = (__u32)(ids >> 32);
	s->mode = user ? 0 : 1;
	s->end = end;
	s->by_fp = by_fp;
	s->by_table = by_table;
	s->period = ctx->sample_period;
	s->stack = hash;
	ring_submit(s, sizeof(*s));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
