/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_INTERVALS_H
#define SONDE_SYM_INTERVALS_H
/*
 * Address ranges that nest and overlap, made searchable: the index holds disjoint
 * pieces in order, each with the value of the range that counts there.
 */
#include <stddef.h>
#include <stdint.h>

struct interval {
	uint64_t lo, hi;   /* [lo, hi) */
	uint32_t value;    /* the caller's */
	uint32_t priority; /* where ranges overlap the highest counts, then the highest value */
};

struct intervals {
	struct interval *v; /* disjoint, ascending */
	size_t n;
};

/* Reorders RANGES.  Empty ranges are left out.  O(n log n), at most 2n pieces. */
void intervals_build(struct interval *ranges, size_t count, struct intervals *ret);
void intervals_deinit(struct intervals *ix);
/* The piece that holds ADDR, or NULL. */
const struct interval *intervals_find(const struct intervals *ix, uint64_t addr);

#endif
