/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Handing samples over to the unwinder in the kernel (capture/bpf/cpu.h).
 *
 * A recording starts with perf's own samples, whose copies of the stack are unwound here: a short
 * command is over before a BPF program is loaded (25 ms of CPU time), and the first
 * samples should not wait for it.  After AFTER_NS, or AFTER_SAMPLES, a thread loads the program, and it is put on the
 * events that are there.  From then on perf writes a sample only when the program leaves it
 * one, so whatever it can't do is done as before, and the rows are the same.
 *
 * Who is looked at.  Where all CPUs are sampled and some processes kept, the program decides: it
 * follows forks by itself, but starts late, and what was forked while we told it of the
 * parent it does not know.  So at first it leaves strangers' samples to perf, and we add those
 * of ours that turn up.  Once a round of records brought nobody new it can't miss anybody any
 * more: all that were there are in its set, and what they fork is added before it runs.  Then
 * strangers cost nothing but a look-up.
 */
#include "capture/perf/perf.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/units.h"
#include "capture/bpf/cpu.h"
#include "capture/track.h"
#include "event/types.h"
#include "record/recorder.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#define AFTER_NS 150000000ULL
enum { AFTER_SAMPLES = 200, SAMPLE_BYTES = 96 };

/* --- beginning -------------------------------------------------------------------------------- */

static bool is_wanted(const struct perf_session *s)
{
	return s->setup.copies_stack && s->setup.count == 1 && !perf_test_deny("bpf");
}

static size_t ring_bytes(const struct perf_session *s)
{
	size_t bytes = 256 << 10;

	while (bytes < s->setup.frequency_hz * SAMPLE_BYTES && bytes < 16 << 20)
		bytes *= 2;
	return bytes;
}

static struct err *add_known(struct perf_session *s)
{
	const struct map_slot *slot;

	for (size_t i = 0; s->filter && (slot = map_next(&s->filter_pids, &i)) != NULL;)
		TRY(bpf_cpu_add(s->bpf, (pid_t)slot->key, NULL));
	return NULL;
}

/* Loading takes 25 ms where nothing else runs, and half a second where much does: rings are drained meanwhile. */
struct bpf_loading {
	pthread_t thread;
	int done_fd;
	struct bpf_cpu_options options;
	struct bpf_cpu *bpf;
	struct err *err;
	uint64_t since_ns;
};

static void *load(void *user)
{
	struct bpf_loading *l = user;

	l->err = bpf_cpu_open(&l->options, &l->bpf);
	eventfd_write(l->done_fd, 1);
	return NULL;
}

static void loading_destroy(struct bpf_loading *l)
{
	if (!l)
		return;
	io_closep(&l->done_fd);
	bpf_cpu_close(l->bpf);
	err_destroy(l->err);
	free(l);
}

static void start_loading(struct perf_session *s, uint64_t now_ns)
{
	struct bpf_loading *l = mem_calloc(1, sizeof(*l));

	l->since_ns = now_ns;
	l->options = (struct bpf_cpu_options){
		.ring_bytes = ring_bytes(s), .max_frames = s->setup.max_frames,
		.no_frame_pointers = s->capture.request->stacks == CAPTURE_STACK_DWARF, .filter = s->filter,
	};
	l->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->done_fd < 0 || pthread_create(&l->thread, NULL, load, l) != 0) {
		log_info("stacks are unwound from copies: no thread to load the BPF program");
		loading_destroy(l);
		return;
	}
	s->bpf_loading = l;
}

static struct err *hand_over(struct perf_session *s, struct bpf_loading *l)
{
	struct err *err = l->err;

	l->err = NULL;
	TRY(err);
	s->bpf = l->bpf;
	l->bpf = NULL;
	TRY(add_known(s));
	perf_bpf_attach(s);
	return NULL;
}

/* The thread is through, or is waited for. */
static void end_loading(struct perf_session *s)
{
	struct bpf_loading *l = s->bpf_loading;

	pthread_join(l->thread, NULL);
	s->bpf_loading = NULL;

	struct err *err = hand_over(s, l);

	if (err) {
		log_info("stacks are unwound from copies, not in the kernel: %s", err_message(err));
		recorder_note(s->capture.recorder, "cpu.stacks.in_kernel", err_message(err));
		bpf_cpu_close(s->bpf);
		s->bpf = NULL;
	} else {
		log_info("stacks are unwound in the kernel from now on (BPF, loaded in %s)",
			 units_duration_ns((double)(clock_now_ns() - l->since_ns)).text);
	}
	err_destroy(err);
	loading_destroy(l);
}

void perf_bpf_attach(struct perf_session *s)
{
	for (; s->bpf && s->bpf_fds < s->fds.n; s->bpf_fds++) {
		const struct perf_fd *f = &s->fds.v[s->bpf_fds];
		struct err *err = f->level < PERF_STACK_LEVELS ? bpf_cpu_attach(s->bpf, f->fd) : NULL;

		if (err)
			log_debug("%s", err_message(err)); /* its samples stay perf's */
		err_destroy(err);
	}
}

void perf_bpf_begin(struct perf_session *s, uint64_t now_ns)
{
	if (s->bpf) {
		bpf_cpu_begin(s->bpf);
		return;
	}
	if (s->bpf_loading) {
		eventfd_t done;

		if (eventfd_read(s->bpf_loading->done_fd, &done) == 0)
			end_loading(s);
		return;
	}
	if (s->bpf_tried || s->awaited || !is_wanted(s))
		return;
	if (!s->bpf_start_ns)
		s->bpf_start_ns = now_ns;
	if (now_ns - s->bpf_start_ns < AFTER_NS && s->stack_counts.stacks < AFTER_SAMPLES)
		return;
	s->bpf_tried = true;
	start_loading(s, now_ns);
}

void perf_bpf_close(struct perf_session *s)
{
	if (s->bpf_loading) /* the recording was over before */
		pthread_join(s->bpf_loading->thread, NULL);
	loading_destroy(s->bpf_loading);
	s->bpf_loading = NULL;
	bpf_cpu_close(s->bpf);
	s->bpf = NULL;
}

/* --- who --------------------------------------------------------------------------------------- */

void perf_bpf_forked(struct perf_session *s, pid_t pid)
{
	bool is_new = false;

	if (!s->bpf || !s->filter || s->bpf_settled)
		return;
	err_destroy(bpf_cpu_add(s->bpf, pid, &is_new));
	s->bpf_newcomers |= is_new;
}

/* At the end of a round that took all records up to a moment after the last newcomer was added. */
static void settle(struct perf_session *s)
{
	if (s->bpf_settled || !s->filter)
		return;
	s->bpf_quiet_rounds = s->bpf_newcomers ? 0 : s->bpf_quiet_rounds + 1;
	s->bpf_newcomers = false;
	if (s->bpf_quiet_rounds < 3)
		return;
	s->bpf_settled = true;
	bpf_cpu_settle(s->bpf);
}

/* --- samples --------------------------------------------------------------------------------------- */

static void put_row(struct perf_session *s, const struct bpf_cpu_sample *sample, const struct bpf_cpu_stack *stack)
{
	struct perf_counter *c = &s->setup.counters[0];
	struct track *t = s->capture.track;
	bool has_period = (c->attr.sample_type & PERF_SAMPLE_PERIOD) != 0;

	if (s->filter && !map_find(&s->filter_pids, sample->pid))
		return;

	struct row_sample row = {
		.time_ns = sample->time_ns, .period = has_period ? sample->period : c->attr.sample_period,
		.cpu = sample->cpu, .event = (uint16_t)c->row, .mode = sample->mode,
		.thread = track_thread(t, (pid_t)sample->pid, (pid_t)sample->tid, sample->time_ns),
	};

	if (stack->count > stack->kernel_count)
		row.flags |= SAMPLE_STACK_BPF | (sample->by_table ? SAMPLE_STACK_CFI : 0);
	else if (sample->end != BPF_UNWIND_NO_USER)
		row.flags |= SAMPLE_NO_USER_STACK;
	if (sample->end == BPF_UNWIND_CUT)
		row.flags |= SAMPLE_STACK_CUT;
	if (sample->end == BPF_UNWIND_NO_CFI)
		row.flags |= SAMPLE_STACK_BROKEN;
	c->sampled += row.period;
	row.stack = track_stack(t, (pid_t)sample->pid, stack->addrs, stack->count, stack->kernel_count, true);
	recorder_row(s->capture.stream, TYPE_sample, &row);
}

void perf_bpf_drain(struct perf_session *s, uint64_t until_ns)
{
	const struct bpf_cpu_sample *sample;
	struct bpf_cpu_stack stack;

	while (s->bpf && bpf_cpu_peek(s->bpf) <= until_ns && bpf_cpu_peek(s->bpf) != UINT64_MAX)
		if (bpf_cpu_next(s->bpf, &sample, &stack))
			put_row(s, sample, &stack);
}

void perf_bpf_commit(struct perf_session *s)
{
	if (!s->bpf)
		return;
	bpf_cpu_commit(s->bpf, s->capture.track);
	settle(s);
}

bool perf_bpf_pressed(const struct perf_session *s) { return s->bpf && bpf_cpu_pressed(s->bpf); }

size_t perf_bpf_fds(const struct perf_session *s, int *fds, size_t max)
{
	if (s->bpf_loading && max >= 1) {
		fds[0] = s->bpf_loading->done_fd;
		return 1;
	}
	return s->bpf && max >= BPF_CPU_FDS ? bpf_cpu_fds(s->bpf, fds) : 0;
}

/* --- what served ----------------------------------------------------------------------------------- */

void perf_bpf_note(struct perf_session *s)
{
	struct bpf_cpu_totals n;
	char text[400];

	if (!s->bpf)
		return;
	bpf_cpu_get_totals(s->bpf, &n);
	snprintf(text, sizeof(text),
		 "%" PRIu64 " in the kernel (%" PRIu64 " with frames by frame pointers, %" PRIu64 " broken off in code without CFI), %" PRIu64 " different stacks sent; "
		 "left to copies: %" PRIu64 " before a table was ready, %" PRIu64 " broken, %" PRIu64 " by CFI that needs "
		 "all registers or of 32-bit programs, %" PRIu64 " without room; tables of %u files, %" PRIu64 " rows, %" PRIu64 " KiB, made in %" PRIu64 " ms",
		 n.samples, n.by_fp, n.no_cfi, n.stacks, n.not_yet, n.broken, n.unsupported, n.no_room, n.tables.files, n.tables.rows,
		 n.tables.bytes / 1024, n.tables.build_ns / 1000000);
	recorder_note(s->capture.recorder, "cpu.stacks.in_kernel", text);
	log_info("stacks: %s", text);
}
