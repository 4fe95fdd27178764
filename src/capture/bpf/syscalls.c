/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The source `syscalls`: the BPF engine (capture/bpf/calls.h) with the sink that writes rows
 * (capture/call_rows.h).
 */
#include "capture/source.h"

#include "base/clock.h"
#include "base/mem.h"
#include "capture/bpf/call_stacks.h"
#include "capture/bpf/calls.h"
#include "capture/call_rows.h"
#include "capture/sources.h"
#include "record/recorder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { STRING_LIMIT = 32 };

struct syscalls {
	struct capture capture;
	struct call_set all;
	struct bpf_calls *calls;
	struct call_rows *rows;
};

static struct err *probe(const struct capture_request *request)
{
	if (request->target == CAPTURE_TIDS)
		return err_new(ERR_UNSUPPORTED, "system calls of single threads are not recorded yet");
	return bpf_calls_probe();
}

static struct err *create(const struct capture *capture, void **ret)
{
	struct syscalls *s = mem_calloc(1, sizeof(*s));
	uint32_t limit = capture->request->string_limit ? capture->request->string_limit : STRING_LIMIT;
	const struct syscall_style *given = capture->request->call_style;
	struct syscall_style style = given ? *given : (struct syscall_style){ .string_limit = limit };
	struct bpf_calls_options options = {
		.wanted = capture->request->calls ? capture->request->calls : &s->all, .string_limit = style.string_limit,
		.verbose = style.verbose, .whole_calls = true, .group = capture->request->target == CAPTURE_CGROUP, .hide_failed_exec = true,
		.sink = call_rows_sink(), .track = capture->request->call_stacks ? capture->track : NULL, .max_frames = capture->request->max_frames,
	};

	*ret = s;
	s->capture = *capture;
	for (size_t i = 0; i < sizeof(s->all.bits) / sizeof(s->all.bits[0][0]); i++)
		s->all.bits[i / (CALL_SET_MAX / 64)][i % (CALL_SET_MAX / 64)] = UINT64_MAX;
	s->rows = call_rows_create(capture->recorder, capture->stream, capture->track, &style);
	options.sink_self = s->rows;
	if (capture->request->call_names) {
		call_rows_set_names(s->rows, capture->request->call_names);
		options.files = capture->request->call_names->files;
		options.lookup = &capture->request->call_names->lookup;
	}
	return bpf_calls_create(&options, &s->calls);
}

static struct err *start(void *self)
{
	struct syscalls *s = self;

	return bpf_calls_start(s->calls, s->capture.request);
}

static size_t poll_fds(void *self, int *fds, size_t max)
{
	struct syscalls *s = self;

	return max >= BPF_CALLS_FDS ? bpf_calls_fds(s->calls, fds) : 0;
}

static void tell_lost(struct syscalls *s)
{
	static const char *const reasons[] = {
		[BPF_CALLS_LOST_CALLS] = "ring full", [BPF_CALLS_LOST_EVENTS] = "ring full: forks, exits, signals",
		[BPF_CALLS_UNSTORED] = "no memory for a thread's call",
	};
	enum bpf_calls_lost what;
	uint64_t count;
	int cpu;

	while (bpf_calls_next_lost(s->calls, &cpu, &what, &count))
		if (what != BPF_CALLS_LOST_STACKS) /* in a note */
			recorder_lost(s->capture.stream, "syscalls", reasons[what], cpu, clock_now_ns(), count);
}

static void note_stacks(struct syscalls *s)
{
	struct call_stacks_totals n;
	struct bpf_calls_totals calls;
	char text[300];

	if (!bpf_calls_get_stack_totals(s->calls, &n))
		return;
	bpf_calls_get_totals(s->calls, &calls);
	snprintf(text, sizeof(text),
		 "%" PRIu64 " different ones; %" PRIu64 " unwound from copies, before a table was ready or where CFI needs all "
		 "registers (%" PRIu64 " broken off); tables of %u files; %" PRIu64 " calls without a stack, for want of room",
		 n.stacks, n.copies, n.broken, n.tables.files, calls.lost_stacks);
	recorder_note(s->capture.recorder, "syscalls.stacks", text);
}

static struct err *drain(void *self, bool last)
{
	struct syscalls *s = self;

	bpf_calls_drain(s->calls, last);
	if (last)
		bpf_calls_end(s->calls); /* while rows are still taken */
	tell_lost(s);
	if (last)
		note_stacks(s);
	return NULL;
}

static struct err *stop(void *self)
{
	struct syscalls *s = self;

	struct bpf_calls_totals totals;

	bpf_calls_stop(s->calls);
	bpf_calls_get_totals(s->calls, &totals);
	if (totals.missed)
		recorder_lost(s->capture.stream, "syscalls", "within one of our own programs", -1, clock_now_ns(), totals.missed);
	return NULL;
}

static void destroy(void *self)
{
	struct syscalls *s = self;

	if (s->calls)
		bpf_calls_end(s->calls);
	bpf_calls_destroy(s->calls);
	call_rows_destroy(s->rows);
	free(s);
}

const struct source_ops source_syscalls = {
	.name = "syscalls",
	.summary = "every system call, by BPF",
	.probe = probe,
	.create = create,
	.start = start,
	.poll_fds = poll_fds,
	.drain = drain,
	.stop = stop,
	.destroy = destroy,
};
