/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unwind/build.h: sections, tables and functions of an ELF file; and format/cfi.h on bare bytes. */
#include "unwind/build.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

static void check_table(const struct unwind_table *t)
{
	for (size_t i = 1; i < t->row_count; i++)
		if (t->rows[i].pc <= t->rows[i - 1].pc)
			abort();
	for (uint64_t pc = 0; pc < UINT32_MAX; pc += 0x1234567) {
		const struct unwind_row *row = unwind_row_find(t->rows, t->row_count, (uint32_t)pc);

		sink += row ? row->how : 0;
	}
}

static void build(const struct elf_file *f)
{
	struct unwind_sections s;
	struct unwind_table t = { 0 };
	struct err *err = unwind_sections_init(f, NULL, &s);
	size_t count;

	if (err == NULL) {
		struct unwind_function *functions = unwind_functions(f, &s, &count);

		for (size_t i = 1; i < count; i++)
			if (functions[i].start < functions[i - 1].end)
				abort();
		free(functions);
		err = unwind_table_build(f, &s, &t);
		check_table(&t);
	}
	err_destroy(err);
	unwind_table_deinit(&t);
	unwind_sections_deinit(&s);
}

static bool on_row(void *user, const struct cfi_row *row, uint64_t end)
{
	sink += row->start + end;
	return true;
}

/* The first byte chooses; the rest is a section. */
static void bare(const uint8_t *data, size_t size)
{
	struct cfi_section s = { .bytes = { data + 1, size - 1 }, .vaddr = 0x1000,
				 .address_bytes = data[0] & 1 ? 4 : 8, .big_endian = data[0] & 2,
				 .is_eh = data[0] & 4, .ends_at_zero = data[0] & 8 };
	struct cfi_reader r;
	struct cfi_header h;
	struct cfi_fde fde;
	struct cfi_row row;
	uint64_t found;

	cfi_reader_init(&r, &s);
	while (cfi_next(&r, &fde)) {
		cfi_run(&r, &fde, on_row, NULL);
		sink += cfi_row_at(&r, &fde, fde.start + (fde.end - fde.start) / 2, &row);
	}
	if (cfi_header_read(s.bytes, s.vaddr, s.address_bytes, s.big_endian, &h))
		sink += cfi_header_find(&h, s.big_endian, 0x1010, &found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_file f;
	struct err *err = elf_init(&f, (struct bytes){ data, size });

	if (err == NULL) {
		elf_place_sections(&f);
		build(&f);
	} else if (size > 1) {
		bare(data, size);
	}
	err_destroy(err);
	elf_deinit(&f);
	return 0;
}
