/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_KALLSYMS_FILE_H
#define SONDE_SYM_KALLSYMS_FILE_H
/*
 * The running kernel's own symbols, kept as long as it runs (module/index_cache.h, "ksy"): to print its list takes the
 * kernel 40 ms, and to read it again and again takes us 20.  They stay where they are from boot to boot; those of
 * modules and BPF programs come and go, and are not kept.
 *
 * A header of 64 bytes in this machine's byte order, rows sorted by address, the names.
 */
#include "base/err.h"
#include "format/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KALLSYMS_FILE_VERSION = 1, KALLSYMS_FILE_BYTE_ORDER = 0x01020304 };
#define KALLSYMS_FILE_MAGIC "SONDEKSY"

struct kallsyms_file_header {
	char magic[8];
	uint32_t byte_order, version;
	uint64_t boot;               /* XXH3 of the boot's id */
	uint64_t low, high;          /* [low, high): what the rows answer for */
	uint64_t row_count;
	uint64_t body_check, check;  /* XXH3 of all behind the header; of the header before this */
};

struct kallsyms_row {
	uint64_t addr;
	uint32_t name;               /* offset from the end of the rows */
	uint32_t rank;               /* 0: not code */
};

/* The rows of IMAGE and their names, each of which ends by NUL.  ERR_FORMAT: it is none, of another boot, damaged. */
struct err *kallsyms_file_parse(struct bytes image, uint64_t boot, const struct kallsyms_file_header **header,
				const struct kallsyms_row **rows, const char **names);

/* Where the running kernel's list is kept, the caller's to free, and its `boot`; NULL: nowhere. */
char *kallsyms_file_path(uint64_t *boot);
/* Make PATH.  Where that can't be done nothing happens. */
void kallsyms_file_keep(const char *path, struct kallsyms_file_header *header, const struct kallsyms_row *rows,
			const char *names, size_t names_bytes);

#endif
