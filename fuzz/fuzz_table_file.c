/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An unwind table, or a kernel's symbols, from a cache that somebody else may have written.  The checks are made to look
 * right, since they keep a fuzzer out but no attacker.  What is taken is sorted, and lies within the file.
 */
#include "sym/kallsyms_file.h"
#include "unwind/table_file.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of DATA that begins with the header H, whose checks of what follows (BODY) and of itself are right; free() it. */
#define SEALED(h, body, data, size)                                                            \
	((h).body = XXH3_64bits((data) + sizeof(h), (size) - sizeof(h)),                      \
	 (h).check = XXH3_64bits(&(h), offsetof(__typeof__(h), check)), with_header(&(h), sizeof(h), data, size))

static uint8_t *with_header(const void *header, size_t header_size, const uint8_t *data, size_t size)
{
	uint8_t *image = malloc(size);

	memcpy(image, data, size);
	memcpy(image, header, header_size);
	return image;
}

static void try_symbols(const uint8_t *data, size_t size)
{
	const struct kallsyms_file_header *header;
	const struct kallsyms_row *rows;
	struct kallsyms_file_header h;
	const char *names;
	uint8_t *image;
	struct err *err;

	memcpy(&h, data, sizeof(h));
	h.byte_order = KALLSYMS_FILE_BYTE_ORDER;
	h.version = KALLSYMS_FILE_VERSION;
	h.boot = 1;
	image = SEALED(h, body_check, data, size);
	err = kallsyms_file_parse((struct bytes){ image, size }, 1, &header, &rows, &names);
	if (err == NULL)
		for (size_t i = 0; i < header->row_count; i++)
			if (names + rows[i].name + strlen(names + rows[i].name) >= (const char *)image + size ||
			    (i && rows[i].addr < rows[i - 1].addr))
				abort();
	err_destroy(err);
	free(image);
}

static void try_table(const uint8_t *data, size_t size)
{
	struct unwind_table_header h;
	struct unwind_table t;
	struct err *err;
	uint8_t *image;

	memcpy(&h, data, sizeof(h));
	memcpy(h.magic, UNWIND_TABLE_MAGIC, sizeof(h.magic));
	h.byte_order = UNWIND_TABLE_BYTE_ORDER;
	h.version = UNWIND_TABLE_VERSION;
	h.key = 1;
	image = SEALED(h, rows_check, data, size);
	err = unwind_table_parse((struct bytes){ image, size }, 1, unwind_machine((enum unwind_arch)(h.arch % UNWIND_ARCH_COUNT)), &t);
	if (err == NULL)
		for (size_t i = 0; i < t.row_count; i++)
			if ((const uint8_t *)(t.rows + i + 1) > image + size || (i && t.rows[i].pc <= t.rows[i - 1].pc))
				abort();
	err_destroy(err);
	free(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > sizeof(struct kallsyms_file_header) && memcmp(data, KALLSYMS_FILE_MAGIC, 8) == 0)
		try_symbols(data, size);
	else if (size > sizeof(struct unwind_table_header))
		try_table(data, size);
	return 0;
}
