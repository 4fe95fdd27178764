/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An unwind table from a cache that somebody else may have written.  The checks are made to look right, since they
 * keep a fuzzer out but no attacker.  What is taken is sorted, and lies within the file.
 */
#include "unwind/table_file.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct unwind_table_header h;
	struct unwind_table t;
	struct err *err;
	uint8_t *image;

	if (size < sizeof(h))
		return 0;
	image = malloc(size);
	memcpy(image, data, size);
	memcpy(&h, image, sizeof(h));
	memcpy(h.magic, UNWIND_TABLE_MAGIC, sizeof(h.magic));
	h.byte_order = UNWIND_TABLE_BYTE_ORDER;
	h.version = UNWIND_TABLE_VERSION;
	h.key = 1;
	h.rows_check = XXH3_64bits(image + sizeof(h), size - sizeof(h));
	h.check = XXH3_64bits(&h, offsetof(struct unwind_table_header, check));
	memcpy(image, &h, sizeof(h));
	err = unwind_table_parse((struct bytes){ image, size }, 1, unwind_machine((enum unwind_arch)(h.arch % UNWIND_ARCH_COUNT)), &t);
	if (err == NULL)
		for (size_t i = 0; i < t.row_count; i++)
			if ((const uint8_t *)(t.rows + i + 1) > image + size || (i && t.rows[i].pc <= t.rows[i - 1].pc))
				abort();
	err_destroy(err);
	free(image);
	return 0;
}
