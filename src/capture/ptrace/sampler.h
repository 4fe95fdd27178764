/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_PTRACE_SAMPLER_H
#define SONDE_CAPTURE_PTRACE_SAMPLER_H
/*
 * A thread of ours that attaches to running processes with ptrace and looks at their
 * stacks a few dozen times a second.  It alone makes ptrace calls (the kernel wants one
 * and the same thread); what it saw is taken out by the session's thread.
 */
#include "base/err.h"
#include "unwind/unwind.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ptrace_sampler;

enum { PTRACE_SAMPLER_MAX_FRAMES = 256 };

struct ptrace_sampler_options {
	const pid_t *pids;
	size_t pid_count;
	bool threads_only;   /* pids are single threads */
	uint64_t period_ns;
	uint32_t max_frames;
	bool copy_stacks;    /* else frame pointers are followed while the thread is stopped */
};
/* Attaches; fails when none of the pids may be attached to. */
struct err *ptrace_sampler_create(const struct ptrace_sampler_options *options, struct ptrace_sampler **ret);
/* Detaches from all; nothing stays stopped.  NULL-safe. */
void ptrace_sampler_destroy(struct ptrace_sampler *s);

struct ptrace_sample {
	uint64_t time_ns, cpu_ns; /* CPU time of the thread since its last sample */
	pid_t pid, tid;
	uint16_t cpu;
	bool cut;
	uint32_t pc_count;
	uint64_t pcs[PTRACE_SAMPLER_MAX_FRAMES];
	/* With copy_stacks instead of pcs: where it was, and the stack from SP on, and those that
	 * handlers on stacks of their own interrupted. */
	struct unwind_full regs;
	bool is_32bit;
	struct unwind_copies stacks;
};
/* How much of its stack the last one of TID needed: the next copy is twice what its last ones
 * needed. */
void ptrace_sampler_needed(struct ptrace_sampler *s, pid_t tid, size_t stack_bytes);
/* Give out all samples since the last call. */
void ptrace_sampler_take(struct ptrace_sampler *s, void (*callback)(void *user, const struct ptrace_sample *),
			 void *user);

#endif
