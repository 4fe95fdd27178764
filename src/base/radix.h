/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_RADIX_H
#define SONDE_BASE_RADIX_H
/* Sorting many things by a number: a few passes over them, whatever their order is. */
#include <stddef.h>
#include <stdint.h>

struct radix_item {
	uint64_t key;
	union {
		uint64_t index;
		const void *pointer;
	};
};

/* By key, ascending; equal ones stay in their order. */
void radix_sort(struct radix_item *items, size_t count);

#endif
