/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the lowest bits up, RADIX_BITS at a time: each pass counts how many items have each
 * value and then puts them in their places.  Keys are taken less the smallest, so that times
 * and addresses, which are large and lie close together, need few passes.
 */
#include "base/radix.h"

#include "base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RADIX_BITS = 11, RADIX = 1 << RADIX_BITS };

static bool find_range(const struct radix_item *items, size_t count, uint64_t *min, uint64_t *max)
{
	uint64_t before = 0;
	bool in_order = true;

	*min = UINT64_MAX;
	*max = 0;
	for (size_t i = 0; i < count; i++) {
		in_order &= items[i].key >= before;
		before = items[i].key;
		*min = before < *min ? before : *min;
		*max = before > *max ? before : *max;
	}
	return in_order;
}

static void pass(const struct radix_item *from, struct radix_item *to, size_t count, uint64_t min, unsigned shift)
{
	size_t places[RADIX] = { 0 }, at = 0;

	for (size_t i = 0; i < count; i++)
		places[(from[i].key - min) >> shift & (RADIX - 1)]++;
	for (size_t i = 0; i < RADIX; i++) {
		size_t n = places[i];

		places[i] = at;
		at += n;
	}
	for (size_t i = 0; i < count; i++)
		to[places[(from[i].key - min) >> shift & (RADIX - 1)]++] = from[i];
}

void radix_sort(struct radix_item *items, size_t count)
{
	uint64_t min, max;

	if (find_range(items, count, &min, &max))
		return;

	struct radix_item *scratch = mem_alloc(count * sizeof(*scratch)), *from = items, *to = scratch;

	for (unsigned shift = 0; shift < 64 && (max - min) >> shift; shift += RADIX_BITS) {
		struct radix_item *sorted = to;

		pass(from, to, count, min, shift);
		to = from;
		from = sorted;
	}
	if (from != items)
		memcpy(items, from, count * sizeof(*items));
	free(scratch);
}
