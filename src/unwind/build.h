/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_UNWIND_BUILD_H
#define SONDE_UNWIND_BUILD_H
/* The CFI of an ELF file, found and made into a table (unwind/table.h). */
#include "base/err.h"
#include "base/io.h"
#include "format/cfi.h"
#include "format/elf.h"
#include "unwind/machine.h"

struct unwind_table {
	struct unwind_row *rows;  /* sorted; the last one ends what is covered */
	size_t row_count;
	uint64_t base_vaddr;      /* rows[].pc count from here: the module's lowest vaddr */
	const struct unwind_machine *machine;
	/* What it is made of, in bytes of code. */
	uint64_t covered_bytes;   /* by any row */
	uint64_t fp_bytes;        /* where the CFA is found through FP */
	uint64_t unsupported_bytes;
	bool cut;                 /* there was more CFI than a sane file has */
	struct io_map kept;       /* where the rows lie, if not in memory of their own (unwind/table_file.h) */
};

/* Sections with CFI, held open: what the full unwinder (unwind/cfi.h) reads. */
enum { UNWIND_SECTIONS = 2 };
struct unwind_sections {
	struct cfi_section sections[UNWIND_SECTIONS]; /* .eh_frame, .debug_frame */
	struct elf_data data[UNWIND_SECTIONS];
	size_t count;
	struct cfi_header header; /* .eh_frame_hdr; count 0: none */
};

/* The sections of F; DEBUG (may be NULL) is its separate debug file, for .debug_frame.  Both
 * must outlive RET.  No CFI at all is no error: count is 0. */
struct err *unwind_sections_init(const struct elf_file *f, const struct elf_file *debug,
				 struct unwind_sections *ret);
void unwind_sections_deinit(struct unwind_sections *s);

/* ERR_UNSUPPORTED for a machine that is not known.  A file without CFI has a table without
 * rows. */
struct err *unwind_table_build(const struct elf_file *f, const struct unwind_sections *s,
			       struct unwind_table *ret);
void unwind_table_deinit(struct unwind_table *t);

/* Functions as the CFI has them: sorted, disjoint [start, end) in the file's addresses.  A
 * stripped file still has them.  Free with free(). */
struct unwind_function {
	uint64_t start, end;
};
struct unwind_function *unwind_functions(const struct elf_file *f, const struct unwind_sections *s,
					 size_t *count);

#endif
