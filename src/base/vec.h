/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_VEC_H
#define SONDE_BASE_VEC_H
/*
 * A growing array.  `VEC(int) numbers = { 0 };` declares one; the items are
 * numbers.v[0 .. numbers.n - 1].  Growth may move them.
 */
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define VEC(type)          \
	struct {           \
		type *v;   \
		size_t n;  \
		size_t cap; \
	}

#define vec_reserve(vec, count) vec_reserve_((void **)&(vec)->v, &(vec)->cap, (count), sizeof(*(vec)->v))
#define vec_push(vec, item) \
	(vec_reserve((vec), (vec)->n + 1), (vec)->v[(vec)->n++] = (item))
/* A zeroed new last item; evaluates to a pointer to it, valid until the next growth. */
#define vec_add(vec)                                                        \
	(vec_reserve((vec), (vec)->n + 1), (vec)->n++,                      \
	 memset(&(vec)->v[(vec)->n - 1], 0, sizeof(*(vec)->v)), &(vec)->v[(vec)->n - 1])
#define vec_pop(vec) ((vec)->v[--(vec)->n])
#define vec_last(vec) (&(vec)->v[(vec)->n - 1])
#define vec_clear(vec) ((void)((vec)->n = 0))
#define vec_insert(vec, at, item) \
	(vec_reserve((vec), (vec)->n + 1), \
	 memmove(&(vec)->v[(at) + 1], &(vec)->v[at], ((vec)->n - (at)) * sizeof(*(vec)->v)), \
	 (vec)->n++, (vec)->v[at] = (item))
#define vec_remove(vec, at) \
	(memmove(&(vec)->v[at], &(vec)->v[(at) + 1], ((vec)->n - (at) - 1) * sizeof(*(vec)->v)), \
	 (void)(vec)->n--)
#define vec_deinit(vec) \
	(free((vec)->v), (void)((vec)->v = NULL), (void)((vec)->n = (vec)->cap = 0))
/* What is in order already, as much is that comes out of files, costs one pass. */
#define vec_sort(vec, compare) vec_sort_((vec)->v, (vec)->n, sizeof(*(vec)->v), (compare))

/* How many of the items, which are sorted by FIELD (64 bits), lie below VALUE: where it is, or would be put. */
#define vec_below(vec, field, value) vec_search_((vec)->v, (vec)->n, sizeof(*(vec)->v), vec_offset_(vec, field), (value), false)
/* ... or are VALUE: behind it. */
#define vec_not_above(vec, field, value) vec_search_((vec)->v, (vec)->n, sizeof(*(vec)->v), vec_offset_(vec, field), (value), true)
#define vec_offset_(vec, field) \
	(offsetof(__typeof__(*(vec)->v), field) + 0 * sizeof(char[sizeof((vec)->v->field) == 8 ? 1 : -1]))

static inline size_t vec_search_(const void *v, size_t count, size_t item_bytes, size_t offset, uint64_t value, bool and_equal)
{
	size_t low = 0, high = count;
	uint64_t there;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		memcpy(&there, (const char *)v + middle * item_bytes + offset, sizeof(there));
		if (there < value || (and_equal && there == value))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static inline void vec_sort_(void *v, size_t count, size_t item_bytes, int (*compare)(const void *, const void *))
{
	const char *items = v;

	for (size_t i = 1; i < count; i++)
		if (compare(items + (i - 1) * item_bytes, items + i * item_bytes) > 0) {
			qsort(v, count, item_bytes, compare);
			return;
		}
}

static inline void vec_reserve_(void **v, size_t *cap, size_t count, size_t item_bytes)
{
	if (count <= *cap)
		return;

	size_t grown = *cap ? *cap * 2 : 8;

	if (grown < count)
		grown = count;
	if (grown > (size_t)-1 / 2 / item_bytes)
		mem_fail((size_t)-1);
	*v = mem_realloc(*v, grown * item_bytes);
	*cap = grown;
}

#endif
