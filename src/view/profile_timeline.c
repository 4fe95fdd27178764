/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A profile over time: one scan that adds each sample to its thread's slice. */
#include "view/profile.h"

#include "base/mem.h"
#include "event/types.h"
#include "record/recording.h"
#include "view/rows.h"

#include <stdlib.h>

struct slices {
	uint32_t *place; /* by thread row: index in the caller's list, else UINT32_MAX */
	uint64_t from_ns, to_ns;
	size_t count;
	uint64_t *values;
};

static void add_slice(struct slices *s, uint64_t time_ns, size_t thread, uint64_t value)
{
	if (time_ns < s->from_ns || time_ns >= s->to_ns || s->place[thread] == UINT32_MAX)
		return;

	size_t i = (size_t)((double)(time_ns - s->from_ns) / (double)(s->to_ns - s->from_ns) *
			    (double)s->count);

	if (i >= s->count)
		i = s->count - 1;
	s->values[s->place[thread] * s->count + i] += value;
}

static struct err *fill_slices(const struct profile *p, struct slices *s)
{
	static const char *const columns[] = { "time_ns", "period", "thread", "event", NULL };
	const struct scan_options options = {
		.columns = columns,
		.from_ns = s->from_ns,
		.to_ns = s->to_ns,
	};
	const void *rows;
	size_t thread_count;
	struct scan *scan;
	struct batch batch;
	bool more;
	struct err *err;
	uint32_t event = 0;

	TRY(recording_side_rows(p->recording, TYPE_event, &rows, &thread_count));
	for (size_t i = 0; i < p->events.n; i++)
		if (p->events.v[i].counted)
			event = ((const struct row_event *)rows)[i].id;
	TRY(recording_side_rows(p->recording, TYPE_thread, &rows, &thread_count));
	TRY(scan_create(p->recording, "sample", &options, &scan));
	while (!(err = scan_next(scan, &batch, &more)) && more)
		for (size_t i = 0; i < batch.rows; i++) {
			size_t thread = rows_find(rows, sizeof(struct row_thread), thread_count,
						  batch.columns[2].u32[i]);

			if (thread != SIZE_MAX && (!event || batch.columns[3].u32[i] == event))
				add_slice(s, batch.columns[0].u64[i], thread,
					  batch.columns[1].u64[i]);
		}
	scan_destroy(scan);
	return err;
}

struct err *profile_timeline(const struct profile *p, const struct profile_options *options,
			     const uint32_t *threads, size_t thread_count, uint64_t from_ns,
			     uint64_t to_ns, size_t count, uint64_t *values)
{
	struct slices s = { .from_ns = from_ns, .to_ns = to_ns, .count = count, .values = values };

	(void)options;
	if (to_ns <= from_ns || count == 0)
		return NULL;
	s.place = mem_alloc((p->threads.n + 1) * sizeof(*s.place));
	for (size_t i = 0; i < p->threads.n; i++)
		s.place[i] = UINT32_MAX;
	for (size_t i = 0; i < thread_count; i++)
		s.place[threads[i]] = (uint32_t)i;

	struct err *err = fill_slices(p, &s);

	free(s.place);
	return err;
}
