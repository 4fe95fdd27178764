/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A sweep over the ranges in order of their start.  The ranges that cover the current
 * position wait in a heap by priority; one that has ended is thrown out when it comes to
 * the top.  So a function, the calls inlined into it and those inlined into those become
 * one flat list in which a look-up is a binary search.
 */
#include "sym/intervals.h"

#include "base/mem.h"
#include "base/vec.h"

#include <stdlib.h>

static int by_start(const void *a, const void *b)
{
	const struct interval *x = a, *y = b;

	if (x->lo != y->lo)
		return x->lo < y->lo ? -1 : 1;
	return (x->priority > y->priority) - (x->priority < y->priority);
}

static int outranks(const struct interval *a, const struct interval *b)
{
	return a->priority != b->priority ? a->priority > b->priority : a->value > b->value;
}

struct sweep {
	const struct interval **heap;
	size_t heap_n;
	struct intervals *out;
	uint64_t at; /* all below is written */
};

static void heap_push(struct sweep *s, const struct interval *r)
{
	size_t i = s->heap_n++;

	while (i > 0 && outranks(r, s->heap[(i - 1) / 2])) {
		s->heap[i] = s->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	s->heap[i] = r;
}

static void heap_pop(struct sweep *s)
{
	const struct interval *last = s->heap[--s->heap_n];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < s->heap_n) {
		if (child + 1 < s->heap_n && outranks(s->heap[child + 1], s->heap[child]))
			child++;
		if (!outranks(s->heap[child], last))
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = last;
}

static void emit(struct intervals *out, uint64_t lo, uint64_t hi, const struct interval *r)
{
	struct interval *last = out->n ? &out->v[out->n - 1] : NULL;

	if (last && last->hi == lo && last->value == r->value)
		last->hi = hi;
	else
		out->v[out->n++] = (struct interval){ lo, hi, r->value, r->priority };
}

/* Write all pieces below END. */
static void advance(struct sweep *s, uint64_t end)
{
	while (s->heap_n > 0 && s->at < end) {
		const struct interval *top = s->heap[0];
		uint64_t hi = top->hi < end ? top->hi : end;

		if (hi > s->at) {
			emit(s->out, s->at, hi, top);
			s->at = hi;
		}
		if (top->hi <= s->at)
			heap_pop(s);
	}
	s->at = end;
}

void intervals_build(struct interval *ranges, size_t count, struct intervals *ret)
{
	struct sweep s = { .out = ret };

	*ret = (struct intervals){ 0 };
	if (count == 0)
		return;
	vec_sort_(ranges, count, sizeof(*ranges), by_start);
	s.heap = mem_calloc(count, sizeof(*s.heap));
	ret->v = mem_calloc(2 * count, sizeof(*ret->v));
	for (size_t i = 0; i < count; i++) {
		if (ranges[i].lo >= ranges[i].hi)
			continue;
		advance(&s, ranges[i].lo);
		heap_push(&s, &ranges[i]);
	}
	advance(&s, UINT64_MAX);
	free(s.heap);
	ret->v = mem_realloc(ret->v, (ret->n + 1) * sizeof(*ret->v));
}

void intervals_deinit(struct intervals *ix)
{
	free(ix->v);
	*ix = (struct intervals){ 0 };
}

const struct interval *intervals_find(const struct intervals *ix, uint64_t addr)
{
	size_t low = 0, high = ix->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ix->v[middle].hi <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ix->n && ix->v[low].lo <= addr ? &ix->v[low] : NULL;
}
