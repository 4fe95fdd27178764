/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records in the order of time.
 *
 * perf record reads its CPUs' buffers one after the other, so records of different CPUs are
 * out of order, but only by as much as one round over them: after a round that ends, nothing
 * can come that is older than the newest of the round before it.  So that much is sorted and
 * delivered, and what waits is never more than two rounds.  Records of one time keep the
 * order of the file.
 */
#include "convert/perfdata_in.h"

#include <stdlib.h>

struct place {
	uint64_t time_ns;
	size_t index;
};

static int by_time(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static void deliver_until(struct perfdata_order *o, uint64_t limit_ns)
{
	VEC(struct place) places = { 0 };
	size_t kept = 0;

	for (size_t i = 0; i < o->waiting.n; i++)
		if (o->waiting.v[i].time_ns <= limit_ns)
			vec_push(&places, ((struct place){ o->waiting.v[i].time_ns, i }));
	vec_sort(&places, by_time);
	for (size_t i = 0; i < places.n; i++)
		o->deliver(o->user, &o->waiting.v[places.v[i].index]);
	for (size_t i = 0; places.n > 0 && i < o->waiting.n; i++)
		if (o->waiting.v[i].time_ns > limit_ns)
			o->waiting.v[kept++] = o->waiting.v[i];
	if (places.n > 0)
		o->waiting.n = kept;
	vec_deinit(&places);
}

void perfdata_order_put(struct perfdata_order *o, const struct perfdata_record *r)
{
	vec_push(&o->waiting, *r);
	if (r->time_ns > o->latest_ns)
		o->latest_ns = r->time_ns;
}

void perfdata_order_round(struct perfdata_order *o)
{
	deliver_until(o, o->round_limit_ns);
	o->round_limit_ns = o->latest_ns;
}

void perfdata_order_end(struct perfdata_order *o)
{
	deliver_until(o, UINT64_MAX);
	vec_deinit(&o->waiting);
}
