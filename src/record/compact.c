/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The writer thread.  A round collects the rows that wait, makes one segment a type, and gives
 * back the chunks that hold nothing else.  The segment's own metadata says which rows of
 * the journal it has, so the rename that makes it appear is also the commit: there is no
 * other log that could disagree.
 *
 * When a segment can't be written (a full disk), its rows stay in the journal, and are
 * tried again; only when the journal can't grow either is it an error of the recording.
 */
#include "record/recorder_impl.h"

#include "base/clock.h"
#include "base/mem.h"
#include "record/store.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

enum { TICK_NS = 100 * 1000 * 1000, ROUND_BYTES_MAX = 64 << 20, RETRY_NS = 1000000000 };

static const char *text_of(void *user, uint32_t id, size_t *length)
{
	struct recorder *r = user;
	const char *text = recorder_string_text(r, id);

	*length = strlen(text);
	return text;
}

static struct err *store_rows(struct recorder *r, unsigned type, const struct segment_run *runs,
			      size_t run_count, const char *note)
{
	struct segment segment = { .type = r->types[type],
				   .runs = runs,
				   .run_count = run_count,
				   .journal_note = note,
				   .text = text_of,
				   .user = r };
	struct str out = { 0 };
	struct err *err = r->compactor->build(&segment, &out);

	if (err == NULL)
		err = store_segment(r->dirfd, segment.type->name, r->next_segment[type], out.text,
				    out.length);
	if (err != NULL && err_errnum(err) == ENOSPC) {
		err_destroy(err);
		journal_trim(r->journal);
		err = store_segment(r->dirfd, segment.type->name, r->next_segment[type], out.text,
				    out.length);
	}
	str_deinit(&out);
	if (err == NULL)
		r->next_segment[type]++;
	return err;
}

struct err *recorder_store_rows(struct recorder *r, unsigned type, const struct segment_run *runs,
				size_t run_count)
{
	return store_rows(r, type, runs, run_count, NULL);
}

/* "5-8 9.1=2046": see journal_format.h.  RUNS are sorted by sequence. */
static char *make_note(const struct journal_runs *runs, unsigned type)
{
	struct str note = { 0 };
	uint64_t first = 0, last = 0; /* of the whole chunks that are not in NOTE yet */

	for (size_t i = 0; i <= runs->runs.n; i++) {
		const struct journal_run *run = i < runs->runs.n ? &runs->runs.v[i] : NULL;

		if (run && (run->type != type || (run->whole_chunk && run->sequence == last)))
			continue;
		if (run && run->whole_chunk && first && run->sequence == last + 1) {
			last++;
			continue;
		}
		if (first)
			str_printf(&note, first == last ? " %" PRIu64 : " %" PRIu64 "-%" PRIu64,
				   first, last);
		first = last = run && run->whole_chunk ? run->sequence : 0;
		if (run && !run->whole_chunk)
			str_printf(&note, " %" PRIu64 ".%u=%u", run->sequence, run->block,
				   run->from + run->count);
	}
	return str_take(&note);
}

static struct err *compact_type(struct recorder *r, unsigned type)
{
	VEC(struct segment_run) runs = { 0 };
	uint64_t rows = 0;

	for (size_t i = 0; i < r->runs.runs.n; i++) {
		const struct journal_run *run = &r->runs.runs.v[i];

		if (run->type != type)
			continue;
		vec_push(&runs, ((struct segment_run){ run->rows, run->count }));
		rows += run->count;
	}
	CLEANUP(mem_freep) char *note = make_note(&r->runs, type);
	struct err *err = store_rows(r, type, runs.v, runs.n, note);

	vec_deinit(&runs);
	for (size_t i = 0; i < r->runs.runs.n && err == NULL; i++)
		if (r->runs.runs.v[i].type == type)
			journal_stored(&r->runs.runs.v[i]);
	if (err == NULL)
		r->rows_stored += rows;
	return err;
}

static struct err *compact_round(struct recorder *r)
{
	bool seen[TYPE_MAX + 1] = { false };
	struct err *first = NULL;

	for (size_t i = 0; i < r->runs.runs.n; i++) {
		unsigned type = r->runs.runs.v[i].type;

		if (seen[type])
			continue;
		seen[type] = true;
		struct err *err = compact_type(r, type);

		if (first == NULL)
			first = err;
		else
			err_destroy(err);
	}
	journal_recycle(r->journal);
	return first;
}

struct err *recorder_compact(struct recorder *r)
{
	for (;;) {
		journal_collect(r->journal, ROUND_BYTES_MAX, &r->runs);
		if (r->runs.runs.n == 0) {
			journal_recycle(r->journal);
			return NULL;
		}
		TRY(compact_round(r));
	}
}

/* --- the thread --------------------------------------------------------------------------------
 */

static bool is_time(struct recorder *r, uint64_t now_ns)
{
	uint64_t age_ns = now_ns - r->last_compact_ns;

	if (r->compact_failed && age_ns < RETRY_NS)
		return false;
	if (r->runs.bytes >= SEGMENT_BYTES - SEGMENT_BYTES / 8)
		return true;
	if (age_ns < r->segment_ns)
		return false;
	return r->runs.bytes >= SEGMENT_BYTES_WORTH_IT ||
	       (r->runs.bytes > 0 && age_ns >= r->segment_ns * QUIET_FACTOR);
}

/* True: a whole segment was stored, and more may wait. */
static bool thread_round(struct recorder *r, uint64_t now_ns)
{
	struct err *err;

	journal_collect(r->journal, SEGMENT_BYTES, &r->runs);
	if (!is_time(r, now_ns))
		return false;

	bool was_full = r->runs.bytes >= SEGMENT_BYTES;

	r->last_compact_ns = now_ns;
	err = compact_round(r);
	r->compact_failed = err != NULL;
	if (err != NULL && journal_errno(r->journal) != 0)
		recorder_set_error(r, recorder_fix(r, err));
	else
		err_destroy(err);
	return was_full && !r->compact_failed;
}

/* The journal can't grow, and nothing is there to empty it. */
static void check_full(struct recorder *r)
{
	uint64_t lost = atomic_load(&r->header->lost_rows);
	int error = journal_errno(r->journal);

	if (lost == 0 || (r->compactor && !r->compact_failed))
		return;
	if (error)
		recorder_set_error(r, recorder_fix(r, err_errno(error, "cannot record more to %s", r->path)));
	else
		recorder_set_error(
			r, err_fix(err_new(ERR_LIMIT, "the journal of %s is full", r->path),
				   "record for less time, or less, or allow a larger journal"));
}

void *recorder_thread(void *recorder)
{
	struct recorder *r = recorder;
	bool more = false;

	while (!atomic_load(&r->stop)) {
		if (!more)
			journal_wait(r->journal, SEGMENT_BYTES, TICK_NS);
		uint64_t now_ns = clock_now_ns();

		atomic_store(&r->header->alive_ns, now_ns);
		journal_prepare(r->journal);
		more = r->compactor && thread_round(r, now_ns);
		check_full(r);
	}
	return NULL;
}
