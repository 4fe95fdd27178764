// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* For tests/helper/bpf_selftest.c: a record for each getppid() of the target, with the beginning of its
 * stack: nobody prepares tables here, so the user part is where it entered the kernel. */
#include "vmlinux.h"

#include "ring.bpf.h"
#include "target.bpf.h"
#include "unwind.bpf.h"

struct selftest {
	struct bpf_record head;
	__u64 user_pc;     /* 0: no stack */
	__u32 kernel_count;
	__u32 end;         /* enum bpf_unwind_end */
};

const volatile __u32 selftest_number = 0; /* of the system call */

static __always_inline void take_stack(struct bpf_raw_tracepoint_args *ctx, __u64 ids, struct selftest *e)
{
	struct unwind *u = unwind_begin(ids);

	e->user_pc = e->kernel_count = e->end = 0;
	if (!u)
		return;
	unwind_kernel(u, ctx);
	if (unwind_task_regs(u))
		unwind_user(u, 64);
	e->kernel_count = u->kernel_count;
	e->end = u->end;
	if (u->count > u->kernel_count)
		e->user_pc = u->stack.addrs[u->kernel_count & UNWIND_MASK];
	unwind_end(u);
}

SEC("large_tp/sys_enter")
int selftest_enter(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 ids = target_current_ids();
	struct selftest *e;

	if (ctx->args[1] != selftest_number || !ids || !target_wanted(ids))
		return 0;
	e = ring_reserve(sizeof(*e));
	if (!e) {
		ring_lost(0);
		return 0;
	}
	ring_head(&e->head, 1, (__u32)ids);
	take_stack(ctx, ids, e);
	ring_submit(e, sizeof(*e));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
