/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_FUNCTION_STARTS_H
#define SONDE_SYM_FUNCTION_STARTS_H
/*
 * Where functions begin and end, from .eh_frame: that stays in a stripped file, since
 * exceptions and profilers need it.  It has no names.
 */
#include "format/dwarf.h"
#include "format/elf.h"

struct function_starts {
	dwarf_ranges ranges; /* by low, without overlaps */
};
/* A file without .eh_frame gives none. */
void function_starts_read(const struct elf_file *f, struct function_starts *ret);
void function_starts_deinit(struct function_starts *s);
/* The function that holds ADDR; false: none is known. */
bool function_starts_find(const struct function_starts *s, uint64_t addr, struct dwarf_range *ret);

#endif
