/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * In DWARF each inlined call has a list of ranges, and an optimising compiler scatters a call over
 * many of them: to find the calls around an address all lists of a function would have to be read.
 * So they are turned round: a list of steps says from which address on which call is the
 * innermost, and a call says which one it is inlined into.
 *
 * All beginnings and ends of ranges are sorted and swept over; the calls that are open at an
 * address are kept in preorder, and from the function inwards the first child that is open is
 * taken: so where ranges overlap, or a call reaches out of its parent, the answer is that of
 * looking from the outside in.
 */
#include "sym/index_tree.h"

#include "sym/leb.h"

#include <stdlib.h>
#include <string.h>

/* Calls open at one address: a file of rubbish could claim any number, at a cost of their square. */
enum { ACTIVE_MAX = 512 };

void index_tree_deinit(struct index_tree *t)
{
	vec_deinit(&t->events);
	vec_deinit(&t->active);
	vec_deinit(&t->parents);
	vec_deinit(&t->offsets);
	vec_deinit(&t->open);
	vec_deinit(&t->steps);
	str_deinit(&t->text);
}

/* --- which call is innermost where ------------------------------------------------------------------- */

static void find_parents(struct index_tree *t, const struct functions *f, const struct function *fn)
{
	vec_clear(&t->parents);
	vec_clear(&t->open);
	for (uint32_t i = 0; i < fn->node_count; i++) {
		const struct function_node *n = &f->nodes.v[fn->node_first + i];

		while (t->open.n > n->depth)
			(void)vec_pop(&t->open);
		vec_push(&t->parents, t->open.n > 0 ? *vec_last(&t->open) : INDEX_TREE_FUNCTION);
		vec_push(&t->open, i);
	}
}

/* An event's index is its node, twice, plus one where a range ends. */
static void add_events(struct index_tree *t, const struct functions *f, const struct function *fn, uint64_t base)
{
	vec_clear(&t->events);
	for (uint32_t i = 0; i < fn->node_count; i++) {
		const struct function_node *n = &f->nodes.v[fn->node_first + i];

		for (uint32_t k = n->range_first; k < n->range_first + n->range_count; k++) {
			uint64_t low = f->ranges.v[k].low < base ? base : f->ranges.v[k].low, high = f->ranges.v[k].high;

			if (low >= high)
				continue;
			vec_push(&t->events, ((struct radix_item){ .key = low, .index = (uint64_t)i << 1 }));
			vec_push(&t->events, ((struct radix_item){ .key = high, .index = (uint64_t)i << 1 | 1 }));
		}
	}
	radix_sort(t->events.v, t->events.n);
}

static void apply(struct index_tree *t, uint64_t event)
{
	uint32_t node = (uint32_t)(event >> 1);
	size_t at = 0;

	while (at < t->active.n && t->active.v[at] < node)
		at++;
	if (!(event & 1)) {
		if (t->active.n < ACTIVE_MAX)
			vec_insert(&t->active, at, node);
	} else if (at < t->active.n && t->active.v[at] == node) {
		vec_remove(&t->active, at);
	}
}

static uint32_t innermost(const struct index_tree *t)
{
	uint32_t node = INDEX_TREE_FUNCTION;

	for (size_t i = 0; i < t->active.n; i++)
		if (t->parents.v[t->active.v[i]] == node)
			node = t->active.v[i];
	return node;
}

static void sweep(struct index_tree *t)
{
	uint32_t before = INDEX_TREE_FUNCTION;

	vec_clear(&t->active);
	vec_clear(&t->steps);
	for (size_t i = 0; i < t->events.n;) {
		uint64_t addr = t->events.v[i].key;
		uint32_t node;

		for (; i < t->events.n && t->events.v[i].key == addr; i++)
			apply(t, t->events.v[i].index);
		node = innermost(t);
		if (node != before)
			vec_push(&t->steps, ((struct index_step){ addr, node }));
		before = node;
	}
}

/* --- writing ------------------------------------------------------------------------------------------ */

/* Offsets of records, counted from 1; 0: none is needed. */
static void mark_used(struct index_tree *t, uint32_t node_count)
{
	vec_clear(&t->offsets);
	for (uint32_t i = 0; i < node_count; i++)
		vec_push(&t->offsets, 0);
	for (size_t i = 0; i < t->steps.n; i++)
		for (uint32_t n = t->steps.v[i].node; n != INDEX_TREE_FUNCTION && t->offsets.v[n] == 0; n = t->parents.v[n])
			t->offsets.v[n] = 1;
}

static uint32_t offset_of(const struct index_tree *t, uint32_t node)
{
	return node == INDEX_TREE_FUNCTION ? 0 : t->offsets.v[node];
}

static void put_records(struct index_tree *t, const struct functions *f, const struct function *fn,
			void (*put)(void *, const struct function_node *, struct str *), void *user, struct str *out)
{
	str_clear(&t->text);
	for (uint32_t i = 0; i < fn->node_count; i++) {
		if (t->offsets.v[i] == 0)
			continue;
		t->offsets.v[i] = (uint32_t)t->text.length + 1;

		/* Preorder: the parent's is known. */
		uint32_t parent = offset_of(t, t->parents.v[i]);

		put_uleb(&t->text, parent ? t->offsets.v[i] - parent : 0);
		put(user, &f->nodes.v[fn->node_first + i], &t->text);
	}
	put_uleb(out, t->text.length);
	str_add_n(out, t->text.text, t->text.length);
}

/* Every so many steps their sum stands in front of all of them, so that few have to be read. */
static void put_steps(struct index_tree *t, uint64_t base, struct str *out)
{
	uint64_t addr = base, mark_addr = base;
	uint32_t offset = 0, mark_offset = 0;
	size_t mark_at = 0;

	str_clear(&t->text);
	put_uleb(out, t->steps.n / INDEX_TREE_MARK_STEPS);
	for (size_t i = 0; i < t->steps.n; i++) {
		const struct index_step *s = &t->steps.v[i];
		uint32_t own = offset_of(t, s->node);

		put_uleb(&t->text, s->addr - addr);
		put_sleb(&t->text, (int64_t)own - offset);
		addr = s->addr;
		offset = own;
		if ((i + 1) % INDEX_TREE_MARK_STEPS != 0)
			continue;
		put_uleb(out, addr - mark_addr);
		put_uleb(out, t->text.length - mark_at);
		put_sleb(out, (int64_t)offset - mark_offset);
		mark_addr = addr;
		mark_at = t->text.length;
		mark_offset = offset;
	}
	str_add_n(out, t->text.text, t->text.length);
}

void index_tree_put(struct index_tree *t, const struct functions *f, const struct function *fn, uint64_t base,
		    void (*put)(void *user, const struct function_node *n, struct str *out), void *user, struct str *out)
{
	if (fn->node_count == 0)
		return;
	find_parents(t, f, fn);
	add_events(t, f, fn, base);
	sweep(t);
	if (t->steps.n == 0)
		return;
	mark_used(t, fn->node_count);
	put_records(t, f, fn, put, user, out);
	put_steps(t, base, out);
}
