/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_ROWS_H
#define SONDE_VIEW_ROWS_H
/* Index of the side row with an id in rows sorted by id (their first field); ids are
 * mostly 1, 2, 3 ..., so the place to look first is known. */
#include <stddef.h>
#include <stdint.h>

static inline uint32_t rows_id(const void *rows, size_t row_bytes, size_t index)
{
	return *(const uint32_t *)((const char *)rows + index * row_bytes);
}

/* SIZE_MAX: no such row. */
static inline size_t rows_find(const void *rows, size_t row_bytes, size_t count, uint32_t id)
{
	size_t low = 0, high = count;

	if (id == 0)
		return SIZE_MAX;
	if (id <= count && rows_id(rows, row_bytes, id - 1) == id)
		return id - 1;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rows_id(rows, row_bytes, middle) < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && rows_id(rows, row_bytes, low) == id ? low : SIZE_MAX;
}

#endif
