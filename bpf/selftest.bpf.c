// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* For tests/helper/bpf_selftest.c: a record for each getppid() of the target. */
#include "vmlinux.h"

#include "ring.bpf.h"
#include "target.bpf.h"

struct selftest {
	struct bpf_record head;
	__u64 number;
};

const volatile __u32 selftest_number = 0; /* of the system call */

SEC("raw_tp/sys_enter")
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
	e->number = ctx->args[1];
	ring_submit(e, sizeof(*e));
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
