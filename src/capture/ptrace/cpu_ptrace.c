/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The source "cpu-ptrace": where running processes spend their CPU time, where perf
 * events are not permitted.  sampler.c looks, here it becomes rows.  Slower and coarser
 * than perf events: at most 100 looks a second, user space only, and each look stops a
 * running thread for some ten microseconds.
 */
#include "capture/sources.h"

#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "capture/ptrace/sampler.h"
#include "capture/source.h"
#include "capture/stack_counts.h"
#include "capture/track.h"
#include "event/types.h"
#include "record/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { HZ_MAX = 100 };
#define MAPS_AGAIN_NS UINT64_C(1000000000)

struct cpu_ptrace {
	struct capture capture;
	struct ptrace_sampler *sampler;
	struct ptrace_sampler_options options;
	uint16_t event_id;
	struct stack_counts stack_counts;
	struct map maps_read; /* pid -> when /proc/PID/maps was last read, ns */
};

/* The kernel asks the same questions to open this file as to attach. */
static struct err *probe(const struct capture_request *request)
{
	char path[64];

	if (request->target != CAPTURE_PIDS && request->target != CAPTURE_TIDS)
		return err_new(ERR_UNSUPPORTED, "sampling by ptrace works for running processes (-p, -t)");
	snprintf(path, sizeof(path), "/proc/%d/mem", request->pid_count ? request->pids[0] : 0);
	CLEANUP(io_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		return NULL;
	return err_fix(err_errno(errno, "cannot attach to process %d", request->pid_count ? request->pids[0] : 0),
		       "run as root, or as the user of that process with: sysctl kernel.yama.ptrace_scope=0");
}

static struct err *create(const struct capture *capture, void **ret)
{
	const struct capture_request *request = capture->request;
	struct cpu_ptrace *s = mem_calloc(1, sizeof(*s));
	uint64_t hz = request->frequency_hz && request->frequency_hz < HZ_MAX ? request->frequency_hz : HZ_MAX;

	bool copies = request->stacks == CAPTURE_STACK_AUTO || request->stacks == CAPTURE_STACK_DWARF;

	s->capture = *capture;
	s->options = (struct ptrace_sampler_options){
		.pids = request->pids,
		.pid_count = request->pid_count,
		.threads_only = request->target == CAPTURE_TIDS,
		.period_ns = 1000000000 / hz,
		.max_frames = request->stacks == CAPTURE_STACK_NONE ? 1
			      : request->max_frames		    ? request->max_frames
			      : copies				    ? CAPTURE_CFI_FRAMES
								    : CAPTURE_FRAMES,
		.copy_stacks = copies,
	};
	map_init(&s->maps_read);
	recorder_note(capture->recorder, "cpu-ptrace.stacks", s->options.copy_stacks ? "copies, unwound by CFI"
				       : request->stacks == CAPTURE_STACK_FP ? "frame pointers" : "none");
	s->event_id = (uint16_t)track_event(capture->track, "cpu-time", "ns", hz, 0);
	*ret = s;
	return NULL;
}

static struct err *start(void *self)
{
	struct cpu_ptrace *s = self;

	return ptrace_sampler_create(&s->options, &s->sampler);
}

/* Libraries come and code is made while it runs. */
static void follow_maps(struct cpu_ptrace *s, const struct ptrace_sample *sample)
{
	uint64_t *read_ns = map_get(&s->maps_read, (uint64_t)sample->pid, NULL);

	if (*read_ns != 0 && sample->time_ns - *read_ns < MAPS_AGAIN_NS)
		return;
	*read_ns = sample->time_ns;
	track_process(s->capture.track, sample->pid, sample->time_ns);
}

/* Into ADDRS; returns how many. */
static size_t unwind_copy(struct cpu_ptrace *s, const struct ptrace_sample *sample, uint64_t *addrs,
			  uint8_t *flags)
{
	struct unwind_copies copies = sample->stacks;
	struct unwind_memory memory = { unwind_copies_read, &copies };
	struct unwind_copy sum;
	struct unwind_result result;
	struct track_unwind unwind;
	struct unwind_regs regs;

	if (!unwind_regs_from(&sample->regs, sample->is_32bit, &regs))
		return 0;
	track_unwind_begin(s->capture.track, sample->pid, &unwind);
	unwind_stack(&regs, &memory, &unwind.space,
		     s->capture.request->stacks == CAPTURE_STACK_DWARF ? UNWIND_NO_GUESS : 0, addrs,
		     s->options.max_frames, &result);
	sum = unwind_copies_sum(&copies);
	ptrace_sampler_needed(s->sampler, sample->tid, sum.needed_bytes);
	stack_counts_add(&s->stack_counts, &result, &sum, flags);
	return result.count;
}

static void take_sample(void *user, const struct ptrace_sample *sample)
{
	struct cpu_ptrace *s = user;
	struct row_sample row = {
		.time_ns = sample->time_ns,
		.period = sample->cpu_ns,
		.cpu = sample->cpu,
		.event = s->event_id,
		.mode = SAMPLE_USER,
		.flags = sample->cut ? SAMPLE_STACK_CUT : 0,
	};

	uint64_t addrs[CAPTURE_FRAMES_MAX];
	const uint64_t *pcs = sample->pcs;
	size_t count = sample->pc_count;

	follow_maps(s, sample);
	if (s->options.copy_stacks) {
		count = unwind_copy(s, sample, addrs, &row.flags);
		pcs = addrs;
	}
	row.thread = track_thread(s->capture.track, sample->pid, sample->tid, sample->time_ns);
	row.stack = track_stack(s->capture.track, sample->pid, pcs, count, 0, true);
	recorder_row(s->capture.stream, TYPE_sample, &row);
}

static struct err *drain(void *self, bool last)
{
	struct cpu_ptrace *s = self;

	if (s->sampler)
		ptrace_sampler_take(s->sampler, take_sample, s);
	return NULL;
}

static struct err *stop(void *self)
{
	struct cpu_ptrace *s = self;

	drain(s, true);
	ptrace_sampler_destroy(s->sampler);
	s->sampler = NULL;
	stack_counts_note(&s->stack_counts, s->capture.recorder, "cpu-ptrace.stacks", "1 MiB");
	recorder_missing(s->capture.recorder, "kernel functions, and processes that these start",
			 "perf events are not permitted, so the processes were looked at with ptrace; time in the "
			 "kernel counts at the system call",
			 "as root: sysctl kernel.perf_event_paranoid=1");
	return NULL;
}

static void destroy(void *self)
{
	struct cpu_ptrace *s = self;

	ptrace_sampler_destroy(s->sampler);
	map_deinit(&s->maps_read);
	free(s);
}

const struct source_ops source_cpu_ptrace = {
	.name = "cpu-ptrace",
	.summary = "samples of CPU time of running processes by ptrace, at most 100 a second (user space only)",
	.probe = probe,
	.create = create,
	.start = start,
	.drain = drain,
	.stop = stop,
	.destroy = destroy,
};
