/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stream has one open block a type.  A row is a copy and a counter; only a full block
 * takes the slow path, which opens the next one, closes blocks in chunks that are
 * waiting to be recycled, and reports what was lost when the journal was full.
 */
#include "record/recorder_impl.h"

#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

enum { LOSS_MERGE_NS = 1000000000 };

struct loss {
	char *source, *reason;
	int cpu;
	uint64_t time_ns, count; /* not in a row yet */
	uint64_t reported_ns;
};

struct recorder_stream {
	struct recorder *recorder;
	VEC(struct journal_block) blocks; /* by type */
	VEC(struct loss) losses;
	uint64_t full_count, full_ns; /* rows that found no room, not in a row yet */
};

struct recorder_stream *recorder_stream_create(struct recorder *r)
{
	struct recorder_stream *s = mem_calloc(1, sizeof(*s));

	s->recorder = r;
	pthread_mutex_lock(&r->lock);
	vec_push(&r->streams, s);
	pthread_mutex_unlock(&r->lock);
	return s;
}

static void put_row(struct journal_block *b, const void *row)
{
	memcpy(b->next, row, b->row_bytes);
	b->next += b->row_bytes;
	atomic_store_explicit(b->count, ++b->rows, memory_order_release);
}

static void close_retired(struct recorder_stream *s)
{
	for (size_t i = 0; i < s->blocks.n; i++)
		if (journal_is_retired(&s->blocks.v[i]))
			journal_close_block(s->recorder->journal, &s->blocks.v[i]);
}

/* The type's open block with room for a row, or NULL. */
static struct journal_block *open_block(struct recorder_stream *s, unsigned type)
{
	struct recorder *r = s->recorder;

	while (s->blocks.n <= type)
		vec_push(&s->blocks, ((struct journal_block){ 0 }));

	struct journal_block *b = &s->blocks.v[type];

	if (b->next != b->end)
		return b;
	journal_close_block(r->journal, b);
	close_retired(s);
	return journal_open_block(r->journal, type, r->types[type]->row_bytes, b) ? b : NULL;
}

/* --- what was lost -------------------------------------------------------------------------- */

static bool put_loss(struct recorder_stream *s, const char *source, const char *reason, int cpu,
		     uint64_t time_ns, uint64_t count)
{
	struct journal_block *b = open_block(s, TYPE_lost);
	struct row_lost row = { .time_ns = time_ns, .count = count, .cpu = cpu };

	if (b == NULL)
		return false;
	row.source = recorder_string(s->recorder, source, strlen(source));
	row.reason = recorder_string(s->recorder, reason, strlen(reason));
	put_row(b, &row);
	atomic_fetch_add(&s->recorder->loss_rows, 1);
	return true;
}

static void report_full(struct recorder_stream *s)
{
	if (s->full_count == 0 ||
	    !put_loss(s, "journal", "journal full", -1, s->full_ns, s->full_count))
		return;
	atomic_fetch_add(&s->recorder->header->lost_reported, s->full_count);
	s->full_count = 0;
}

/* The counter in the file first: it survives us. */
static void count_full(struct recorder_stream *s, uint64_t time_ns, uint64_t count)
{
	struct recorder *r = s->recorder;
	uint64_t none = 0;

	atomic_compare_exchange_strong(&r->header->lost_first_ns, &none, time_ns);
	atomic_fetch_add(&r->header->lost_rows, count);
	if (s->full_count == 0)
		s->full_ns = time_ns;
	s->full_count += count;
}

static struct loss *find_loss(struct recorder_stream *s, const char *source, const char *reason,
			      int cpu)
{
	for (size_t i = 0; i < s->losses.n; i++) {
		struct loss *l = &s->losses.v[i];

		if (l->cpu == cpu && strcmp(l->source, source) == 0 &&
		    strcmp(l->reason, reason) == 0)
			return l;
	}
	struct loss *l = vec_add(&s->losses);

	l->source = mem_strdup(source);
	l->reason = mem_strdup(reason);
	l->cpu = cpu;
	return l;
}

static void report_loss(struct recorder_stream *s, struct loss *l, uint64_t now_ns)
{
	if (!put_loss(s, l->source, l->reason, l->cpu, l->time_ns, l->count))
		return;
	l->count = 0;
	l->time_ns = 0;
	l->reported_ns = now_ns;
}

void recorder_lost(struct recorder_stream *s, const char *source, const char *reason, int cpu,
		   uint64_t time_ns, uint64_t count)
{
	struct loss *l = find_loss(s, source, reason, cpu);

	if (l->time_ns == 0)
		l->time_ns = time_ns;
	l->count += count;
	atomic_fetch_add(&s->recorder->source_lost, count);
	if (l->reported_ns == 0 || time_ns - l->reported_ns >= LOSS_MERGE_NS || count == 0)
		report_loss(s, l, time_ns);
}

void recorder_stream_destroy(struct recorder_stream *s)
{
	if (s == NULL)
		return;

	struct recorder *r = s->recorder;

	report_full(s);
	for (size_t i = 0; i < s->losses.n; i++) {
		struct loss *l = &s->losses.v[i];

		if (l->time_ns)
			report_loss(s, l, l->time_ns);
		free(l->source);
		free(l->reason);
	}
	for (size_t i = 0; i < s->blocks.n; i++)
		journal_close_block(r->journal, &s->blocks.v[i]);
	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; i < r->streams.n; i++)
		if (r->streams.v[i] == s) {
			vec_remove(&r->streams, i);
			break;
		}
	pthread_mutex_unlock(&r->lock);
	vec_deinit(&s->losses);
	vec_deinit(&s->blocks);
	free(s);
}

/* --- rows --------------------------------------------------------------------------------------
 */

static struct journal_block *slow_block(struct recorder_stream *s, unsigned type, uint64_t time_ns,
					uint64_t count)
{
	struct journal_block *b = open_block(s, type);

	if (b == NULL)
		count_full(s, time_ns, count);
	else if (s->full_count)
		report_full(s), b = open_block(s, type);
	return b;
}

void recorder_row(struct recorder_stream *s, unsigned type, const void *row)
{
	struct journal_block *b = type < s->blocks.n ? &s->blocks.v[type] : NULL;

	if (b == NULL || b->next == b->end) {
		uint64_t time_ns;

		memcpy(&time_ns, row, sizeof(time_ns));
		b = slow_block(s, type, time_ns, 1);
		if (b == NULL)
			return;
	}
	put_row(b, row);
}

