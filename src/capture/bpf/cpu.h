/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_BPF_CPU_H
#define SONDE_CAPTURE_BPF_CPU_H
/*
 * The in-kernel half of the source "cpu": a BPF program (bpf/cpu.bpf.c) on its perf events takes
 * the sample, unwinds the stack there and then, and writes a few dozen bytes.  What it can't do
 * it leaves to perf, which then writes its own sample with a copy of the stack; so nothing is
 * lost here.  Threads, mappings and names come by perf's records in any case.
 */
#include "base/err.h"
#include "capture/bpf/tables.h"
#include "event/bpf_cpu.h"
#include "event/bpf_unwind.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bpf_cpu;
struct track;

struct bpf_cpu_options {
	size_t ring_bytes;      /* of each CPU, a power of two */
	unsigned max_frames;    /* of one stack, kernel and user */
	bool no_frame_pointers; /* a stack that needs them is left to perf */
	bool filter;            /* events are of CPUs: take processes that are added, and what they
				   fork; leave others to perf until bpf_cpu_settle() */
};

/* Load and follow forks. */
struct err *bpf_cpu_open(const struct bpf_cpu_options *options, struct bpf_cpu **ret);
void bpf_cpu_close(struct bpf_cpu *b); /* NULL-safe */

/* From here on the event's samples are ours. */
struct err *bpf_cpu_attach(struct bpf_cpu *b, int perf_fd);
/* Take PID too; *is_new (may be NULL): it was not in the set yet. */
struct err *bpf_cpu_add(struct bpf_cpu *b, pid_t pid, bool *is_new);
/* All are known: strangers' samples are dropped from here on. */
void bpf_cpu_settle(struct bpf_cpu *b);

/* Readable when it is time to drain. */
enum { BPF_CPU_FDS = 2 };
size_t bpf_cpu_fds(const struct bpf_cpu *b, int fds[BPF_CPU_FDS]);
void bpf_cpu_begin(struct bpf_cpu *b); /* a drain begins */
/* ... and ends: samples and stacks are gone after it.  Makes the tables that are wanted. */
void bpf_cpu_commit(struct bpf_cpu *b, struct track *track);
bool bpf_cpu_pressed(const struct bpf_cpu *b);

/* When the next record was written, UINT64_MAX: none waits. */
uint64_t bpf_cpu_peek(struct bpf_cpu *b);

struct bpf_cpu_stack {
	const uint64_t *addrs;    /* kernel addresses first; valid until the next call */
	size_t count, kernel_count;
};
/* Take the next record.  True: a sample, *sample (valid until commit) and its stack; false: something
 * else, which has been dealt with. */
bool bpf_cpu_next(struct bpf_cpu *b, const struct bpf_cpu_sample **sample, struct bpf_cpu_stack *stack);

struct bpf_cpu_totals {
	uint64_t samples;     /* taken here */
	uint64_t by_fp;       /* of them, with frames by frame pointers, where there was no CFI */
	uint64_t no_cfi;      /* of them, broken off in code without CFI and frame pointers */
	uint64_t stacks;      /* different ones that were sent */
	/* left to perf: */
	uint64_t no_room;     /* in our ring */
	uint64_t not_yet;     /* a table was not ready */
	uint64_t broken;      /* memory that is not there, or no way on */
	uint64_t unsupported; /* CFI that needs all registers */
	struct bpf_tables_totals tables;
};
void bpf_cpu_get_totals(struct bpf_cpu *b, struct bpf_cpu_totals *ret);

#endif
