/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_UNIT_MAP_H
#define SONDE_SYM_UNIT_MAP_H
/*
 * Which unit holds an address, without reading the units: from .debug_aranges, and for
 * units that are not in there (clang writes none) from the root DIEs.
 */
#include "sym/debug_file.h"

struct unit_map_range {
	uint64_t low, high, unit;
};
struct unit_map {
	const struct debug_file *file;
	VEC(struct unit_map_range) ranges;
	VEC(uint64_t) vague; /* units that do not say where their code is */
	bool sorted, complete;
	uint64_t longest_bytes; /* of the ranges */
};
void unit_map_init(struct unit_map *m, const struct debug_file *file);
void unit_map_deinit(struct unit_map *m);
/* Also look at the units that .debug_aranges leaves out; false: that was done already. */
bool unit_map_complete(struct unit_map *m);
/* For many questions. */
void unit_map_sort(struct unit_map *m);
enum { UNIT_MAP_FOUND_MAX = 8 };
/* The units that may hold ADDR, the likeliest first, at most MAX; how many.  Thread-safe once sorted. */
size_t unit_map_find(const struct unit_map *m, uint64_t addr, uint64_t *units, size_t max);

#endif
