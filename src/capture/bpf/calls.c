/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A trace by BPF from its beginning to its end.  Its programs are loaded (calls_load.c) and given their target; while it goes on,
 * records come from the rings in order of time and are told (calls_tell.c), and what was lost is counted; at the end the programs
 * are asked for calls that have not returned.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "capture/bpf/begun.h"
#include "capture/bpf/calls_impl.h"
#include "capture/bpf/target.h"
#include "event/bpf_target.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "calls.skel.h"

enum { SETTLE_NS = 2000000, STOPS_AT_ONCE = 64 };

/* The program that looks at all threads of the machine: in the beginning it gives those that are stopped, which are kept; when all is
 * over it sends the calls that have not returned, which only the programs know. */
static void walk_threads(struct bpf_calls *c)
{
	struct bpf_link *link = bpf_program__attach_iter(c->skel->progs.calls_rest, NULL);
	int fd = link ? bpf_iter_create(bpf_link__fd(link)) : -1;
	struct bpf_calls_event stopped[STOPS_AT_ONCE];
	ssize_t n;

	if (fd < 0)
		log_info("calls that have not returned, and threads that are stopped, can't be asked for: %s", strerror(errno));
	while (fd >= 0 && (n = read(fd, stopped, sizeof(stopped))) > 0)
		for (size_t i = 0; i < (size_t)n / sizeof(*stopped); i++)
			vec_push(&c->stopped, stopped[i]);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
}

/* --- beginning --------------------------------------------------------------------------------- */

struct bpf_calls *bpf_calls_prepare(const struct bpf_calls_options *options)
{
	struct bpf_calls *c = mem_calloc(1, sizeof(*c));

	c->options = *options;
	map_init(&c->threads);
	bpf_calls_begin_loading(c);
	return c;
}

struct err *bpf_calls_create(const struct bpf_calls_options *options, struct bpf_calls **ret)
{
	struct bpf_calls *c = bpf_calls_prepare(options);
	struct err *err = bpf_calls_load(c);

	if (err)
		bpf_calls_destroy(c);
	else
		*ret = c;
	return err;
}

struct err *bpf_calls_create_reader(const struct bpf_calls_options *options, struct bpf_calls **ret)
{
	struct bpf_calls *c = mem_calloc(1, sizeof(*c));
	struct err *err = NULL;

	c->options = *options;
	map_init(&c->threads);
	bpf_loader_init(&c->loader, "system calls");
	if (options->track)
		err = call_stacks_create(NULL, &c->no_epoch, options->track, options->max_frames, &c->stacks);
	if (err) {
		bpf_calls_destroy(c);
		c = NULL;
	}
	*ret = c;
	return err;
}

struct err *bpf_calls_start(struct bpf_calls *c, const struct capture_request *request)
{
	struct bpf_target target = BPF_TARGET_OF(c->skel);
	struct capture_request threads = *request;
	uint32_t command = request->target == CAPTURE_COMMAND ? (uint32_t)request->pids[0] : 0;

	threads.target = CAPTURE_TIDS;
	if (c->options.single_threads)
		request = &threads;
	c->start_ns = clock_now_ns();
	c->tell_begun = (request->target != CAPTURE_ALL || c->options.whole_calls) && !c->options.only_successful &&
			!c->options.only_failed;
	TRY(bpf_target_set(&target, request));
	if (command)
		bpf_calls_watch(c, command, command, CALL_BEGIN_COMMAND, c->start_ns)->hidden = true;
	if (request->target == CAPTURE_COMMAND)
		return NULL;
	c->skel->bss->calls_joins = 1;
	TRY(bpf_begun_each(request, bpf_map__fd(c->skel->maps.calls_begun), bpf_calls_found_begun, c));
	if (request->target != CAPTURE_ALL)
		walk_threads(c);
	return NULL;
}

/* --- what was lost ----------------------------------------------------------------------------- */

static void add_lost(struct bpf_calls *c, const struct bpf_calls_loss *lost)
{
	for (size_t i = 0; i < c->lost.n; i++)
		if (c->lost.v[i].cpu == lost->cpu && c->lost.v[i].what == lost->what) {
			c->lost.v[i].count += lost->count;
			return;
		}
	vec_push(&c->lost, *lost);
}

static void count_lost(struct bpf_calls *c)
{
	uint64_t *const totals[] = { &c->totals.lost_calls, &c->totals.lost_events, &c->totals.unstored, &c->totals.lost_stacks };
	struct bpf_calls_loss lost;
	unsigned kind;

	while (bpf_rings_lost(c->rings, &lost.cpu, &kind, &lost.count)) {
		lost.what = kind <= BPF_CALLS_LOST_STACKS ? (enum bpf_calls_lost)kind : BPF_CALLS_LOST_EVENTS;
		*totals[lost.what] += lost.count;
		add_lost(c, &lost);
	}
}

bool bpf_calls_next_lost(struct bpf_calls *c, int *cpu, enum bpf_calls_lost *what, uint64_t *count)
{
	struct bpf_calls_loss lost;

	if (c->lost.n == 0)
		return false;
	lost = c->lost.v[--c->lost.n];
	*cpu = lost.cpu;
	*what = lost.what;
	*count = lost.count;
	return true;
}

/* What the kernel says of our programs: it does not run one within itself. */
static void count_missed(struct bpf_calls *c)
{
	const struct bpf_object_skeleton *skeleton = c->skel->skeleton;

	c->totals.missed = 0;
	for (int i = 0; i < skeleton->prog_cnt; i++) {
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);
		int fd = bpf_program__fd(*skeleton->progs[i].prog);

		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0)
			c->totals.missed += info.recursion_misses;
	}
}

/* --- while it goes on -------------------------------------------------------------------------- */

static void tell_unfinished(struct bpf_calls *c)
{
	for (size_t i = 0; i < c->unfinished.n; i++) {
		bpf_calls_take(c, c->unfinished.v[i], BPF_LANE_SLACK - 8);
		free(c->unfinished.v[i]);
	}
	c->unfinished.n = 0;
}

void bpf_calls_drain(struct bpf_calls *c, bool last)
{
	/* a bound even at last: many busy threads write faster than a sink on a busy machine reads */
	uint64_t cutoff_ns = clock_now_ns() - (last ? 0 : SETTLE_NS);
	const struct bpf_record *record;
	unsigned taken = 0;
	uint32_t size;

	bpf_calls_tell_stopped(c);
	bpf_rings_acknowledge(c->rings);
	while ((record = bpf_rings_next(c->rings, cutoff_ns, &size)) != NULL) {
		bpf_calls_tell(c, record, size);
		if (++taken % 1024 == 0)
			bpf_rings_commit(c->rings); /* room for more as early as can be */
	}
	bpf_rings_commit(c->rings);
	if (last)
		tell_unfinished(c);
	if (c->stacks)
		call_stacks_prepare(c->stacks);
	bpf_calls_tell_begun(c, cutoff_ns);
	if (!last)
		bpf_rings_grow(c->rings);
	if (c->widen && !last)
		err_destroy(bpf_calls_widen(c)); /* else it is tried again */
	count_lost(c);
}

void bpf_calls_get_totals(const struct bpf_calls *c, struct bpf_calls_totals *ret) { *ret = c->totals; }

bool bpf_calls_get_stack_totals(const struct bpf_calls *c, struct call_stacks_totals *ret)
{
	if (c->stacks)
		call_stacks_get_totals(c->stacks, ret);
	return c->stacks != NULL;
}

size_t bpf_calls_fds(const struct bpf_calls *c, int fds[BPF_CALLS_FDS])
{
	fds[0] = bpf_rings_fd(c->rings);
	fds[1] = c->stacks ? call_stacks_fd(c->stacks) : -1;
	return c->stacks ? 2 : 1;
}

/* --- ending ------------------------------------------------------------------------------------ */

/* Of threads that run, calls are in lanes. */
static void keep_unfinished(struct bpf_calls *c)
{
	for (size_t cpu = 0; cpu < bpf_rings_cpus(c->rings); cpu++) {
		uint32_t size;
		struct bpf_record *record = bpf_lanes_unfinished(c->rings, cpu, &size);

		if (!record)
			continue;
		record->kind = BPF_CALLS_ENTRY;
		record->time_ns = c->stop_ns;
		vec_push(&c->unfinished, record);
	}
}

void bpf_calls_stop(struct bpf_calls *c)
{
	__atomic_store_n(&c->skel->data->target_mode, (uint32_t)BPF_TARGET_NOBODY, __ATOMIC_SEQ_CST);
	c->stop_ns = clock_now_ns();
	calls_bpf__detach(c->skel);
	bpf_narrow_detach(c->narrow);
	c->narrow = NULL;
	if (!c->options.only_successful && !c->options.only_failed) {
		walk_threads(c); /* nobody else writes to the rings by now */
		keep_unfinished(c);
	}
	count_missed(c);
}

void bpf_calls_destroy(struct bpf_calls *c)
{
	if (c == NULL)
		return;
	bpf_calls_unload(c);
	bpf_calls_release_threads(c);
	for (size_t i = 0; i < c->unfinished.n; i++)
		free(c->unfinished.v[i]);
	vec_deinit(&c->unfinished);
	vec_deinit(&c->lost);
	vec_deinit(&c->stopped);
	vec_deinit(&c->changing);
	free(c);
}
