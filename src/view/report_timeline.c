/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CPU use over time: a lane for each of the busiest threads, in slices, at three levels
 * of detail.  A slice is as full as the thread was on a CPU in it.
 */
#include "view/report_impl.h"

#include "base/mem.h"
#include "event/types.h"
#include "record/recording.h"

#include <stdio.h>
#include <stdlib.h>

enum { LANES_MAX = 24, SLICES = 512, LEVELS = 3, COARSER = 4 };

#define LANE_MIN_RATIO 0.005

struct lanes {
	uint32_t threads[LANES_MAX];
	size_t count;
	uint64_t from_ns, to_ns;
	uint64_t *slices;
	size_t left_out; /* threads without a lane */
};

/* The threads that used most, at least LANE_MIN_RATIO of all. */
static void choose_lanes(const struct profile *p, struct lanes *l)
{
	VEC(struct report_item) items = { 0 };

	for (size_t i = 0; i < p->threads.n; i++)
		if (p->threads.v[i].samples)
			vec_push(&items, ((struct report_item){ .id = (uint32_t)i,
								.self = p->threads.v[i].value }));
	vec_sort(&items, report_compare_self);
	for (size_t i = 0; i < items.n && i < LANES_MAX; i++)
		if (i == 0 || report_ratio(p, items.v[i].self) >= LANE_MIN_RATIO)
			l->threads[l->count++] = items.v[i].id;
	l->left_out = items.n - l->count;
	vec_deinit(&items);
}

/* Processes that follow each other then stand as stairs. */
static void sort_by_start(const struct profile *p, struct lanes *l)
{
	for (size_t i = 1; i < l->count; i++)
		for (size_t k = i; k > 0; k--) {
			uint32_t *later = &l->threads[k], *earlier = &l->threads[k - 1], swap = *later;

			if (p->threads.v[*later].first_ns >= p->threads.v[*earlier].first_ns)
				break;
			*later = *earlier;
			*earlier = swap;
		}
}

/* One level: STEP slices together. */
static void emit_level(struct doc *doc, const struct lanes *l, const uint64_t *slices,
		       unsigned level, size_t step, double full)
{
	double slice_ns = (double)(l->to_ns - l->from_ns) / SLICES;

	for (size_t i = 0; i < SLICES; i += step) {
		uint64_t sum = 0;

		for (size_t k = i; k < i + step && k < SLICES; k++)
			sum += slices[k];
		if (sum == 0)
			continue;

		double weight = (double)sum / (full * (double)step);
		char name[32];

		snprintf(name, sizeof(name), "%.0f %%", 100 * (weight > 1 ? 1 : weight));
		doc_span(doc,
			 &(struct doc_span){
				 .level = level,
				 .from_ns = l->from_ns + (uint64_t)((double)i * slice_ns),
				 .to_ns = l->from_ns + (uint64_t)((double)(i + step) * slice_ns),
				 .name = name,
				 .style = DOC_USER,
				 .weight = weight > 1 ? 1 : weight,
			 });
	}
}

/* What a slice of 100 % counts: its length, or, for other events, the fullest one. */
static double full_slice(const struct profile *p, const struct lanes *l)
{
	uint64_t most = 1;

	if (p->is_time)
		return (double)(l->to_ns - l->from_ns) / SLICES;
	for (size_t i = 0; i < l->count * SLICES; i++)
		if (l->slices[i] > most)
			most = l->slices[i];
	return (double)most;
}

static void emit_lanes(struct doc *doc, const struct profile *p, const struct lanes *l)
{
	double full = full_slice(p, l);

	doc_timeline_begin(doc, &(struct doc_timeline){ .key = "timeline",
							.title = "CPU use over time",
							.from_ns = l->from_ns,
							.to_ns = l->to_ns,
							.levels = LEVELS });
	for (size_t t = 0; t < l->count; t++) {
		const struct row_thread *row = p->threads.v[l->threads[t]].row;
		const char *comm = recording_string(p->recording, row->comm);
		char name[64];
		size_t step = 1;

		snprintf(name, sizeof(name), "%.30s %u", comm ? comm : "", row->tid);
		doc_lane(doc, name);
		for (unsigned level = 0; level < LEVELS; level++, step *= COARSER)
			emit_level(doc, l, l->slices + t * SLICES, level, step, full);
	}
	doc_timeline_end(doc);
}

struct err *report_timeline(struct doc *doc, const struct profile *p,
			    const struct report_options *o)
{
	struct lanes l = { .from_ns = p->first_ns, .to_ns = p->last_ns + 1 };
	struct err *err;

	(void)o;
	choose_lanes(p, &l);
	sort_by_start(p, &l);
	if (l.count == 0 || l.to_ns - l.from_ns < SLICES)
		return NULL;
	l.slices = mem_calloc(l.count * SLICES, sizeof(*l.slices));
	err = profile_timeline(p, NULL, l.threads, l.count, l.from_ns, l.to_ns, SLICES, l.slices);
	if (!err)
		emit_lanes(doc, p, &l);
	if (!err && l.left_out)
		doc_text(doc, "%s threads that used less have no lane here.",
			 units_count(l.left_out).text);
	free(l.slices);
	return err;
}
