/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One FDE stands for one function, or for the cold part of one; PLT stubs share an FDE, and
 * have names anyway.  Only the heads of the entries are read, not their programs.
 */
#include "sym/function_starts.h"

#include "format/cfi.h"

#include <elf.h>
#include <stdlib.h>

enum { FUNCTIONS_MAX = 4 << 20 };

static int range_compare(const void *a, const void *b)
{
	const struct dwarf_range *x = a, *y = b;

	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return (x->high < y->high) - (x->high > y->high);
}

/* Sections are found by name; a file whose section headers were stripped too has none. */
static bool open_section(const struct elf_file *f, struct cfi_section *ret)
{
	size_t i = elf_section_named(f, ".eh_frame");

	if (i == 0)
		return false;
	*ret = (struct cfi_section){ .bytes = elf_raw(f, i), .vaddr = f->sections[i].addr,
				     .address_bytes = f->is_64 ? 8 : 4, .big_endian = f->big_endian, .is_eh = true };
	return ret->bytes.size_bytes > 0;
}

void function_starts_read(const struct elf_file *f, struct function_starts *ret)
{
	struct cfi_section section;
	struct cfi_reader reader;
	struct cfi_fde fde;
	size_t kept = 0;

	*ret = (struct function_starts){ 0 };
	if (f->type == ET_REL || !open_section(f, &section))
		return;
	cfi_reader_init(&reader, &section);
	while (ret->ranges.n < FUNCTIONS_MAX && cfi_next(&reader, &fde))
		if (fde.end > fde.start && fde.start != 0)
			vec_push(&ret->ranges, ((struct dwarf_range){ fde.start, fde.end }));
	vec_sort(&ret->ranges, range_compare);
	for (size_t i = 0; i < ret->ranges.n; i++)
		if (kept == 0 || ret->ranges.v[i].low >= ret->ranges.v[kept - 1].high)
			ret->ranges.v[kept++] = ret->ranges.v[i];
	ret->ranges.n = kept;
}

void function_starts_deinit(struct function_starts *s) { vec_deinit(&s->ranges); }

bool function_starts_find(const struct function_starts *s, uint64_t addr, struct dwarf_range *ret)
{
	size_t low = vec_not_above(&s->ranges, low, addr);

	if (low == 0 || addr >= s->ranges.v[low - 1].high)
		return false;
	*ret = s->ranges.v[low - 1];
	return true;
}
