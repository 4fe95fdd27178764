// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Which number a system call has that our tables don't know: its own tracepoint is called with it.  One link
 * a name, told apart by their cookies.  Reader: src/capture/bpf/learn.c.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

enum { LEARN_MOST = 16 };
__u32 learn_numbers[LEARN_MOST] = { 0 }; /* of a name: its number + 1; 0: not seen yet */

/* /sys/kernel/tracing/events/syscalls/sys_enter_NAME/format; part of the interface */
struct sys_enter {
	__u64 common;
	__u32 number;
};

SEC("tracepoint")
int learn_seen(struct sys_enter *ctx)
{
	__u64 i = bpf_get_attach_cookie(ctx);

	if (i < LEARN_MOST)
		learn_numbers[i & (LEARN_MOST - 1)] = ctx->number + 1;
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
