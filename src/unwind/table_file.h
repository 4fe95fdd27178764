/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_UNWIND_TABLE_FILE_H
#define SONDE_UNWIND_TABLE_FILE_H
/*
 * Tables that are kept (module/index_cache.h): making one takes a compiler's CFI 30 ms, mapping one that was made
 * before a tenth of that.  A header of 88 bytes in this machine's byte order, then the rows as they are.
 * Whoever changes what tables are made of counts UNWIND_TABLE_VERSION up.
 */
#include "format/cursor.h"
#include "unwind/build.h"

/* Tables with fewer rows are made as fast as they are read. */
enum { UNWIND_TABLE_VERSION = 1, UNWIND_TABLE_KEPT_ROWS = 4096, UNWIND_TABLE_BYTE_ORDER = 0x01020304 };
#define UNWIND_TABLE_MAGIC "SONDEUNW"

struct unwind_table_header {
	char magic[8];
	uint32_t byte_order, version;
	uint64_t key, row_count, base_vaddr;
	uint64_t covered_bytes, fp_bytes, unsupported_bytes;
	uint32_t arch, cut;
	uint64_t rows_check, check; /* XXH3 of the rows; of the header before this */
};

/* The table in IMAGE, which was made from the file that KEY stands for.  Its rows lie in IMAGE.  ERR_FORMAT: it is
 * not one, of another version or file, damaged, or its rows are not sorted. */
struct err *unwind_table_parse(struct bytes image, uint64_t key, const struct unwind_machine *machine,
			       struct unwind_table *ret);

/* The kept table of the file F, open as FD.  False: there is none. */
bool unwind_table_load(int fd, const struct elf_file *f, struct unwind_table *ret);
/* Keep T, which was made from F alone, without a debug file.  Where that can't be done nothing happens. */
void unwind_table_keep(int fd, const struct elf_file *f, const struct unwind_table *t);

#endif
