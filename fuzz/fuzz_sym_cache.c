/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An index from a cache that somebody else may have written.  The header is made to look
 * right where that is possible, since its checksum keeps a fuzzer out but no attacker.
 */
#include "sym/index_file.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *image;
	struct index_header h;
	struct index_file f;
	struct err *err;

	if (size < INDEX_HEADER_BYTES)
		return 0;
	image = malloc(size);
	memcpy(image, data, size);
	memcpy(&h, image, sizeof(h));
	memcpy(h.magic, INDEX_MAGIC, sizeof(h.magic));
	h.version = INDEX_VERSION;
	h.byte_order = 0x01020304;
	h.key = 1;
	h.file_bytes = size;
	if (h.checks.offset <= size && h.checks.size_bytes <= size - h.checks.offset)
		h.checks_hash = XXH3_64bits(image + h.checks.offset, h.checks.size_bytes);
	h.check = XXH3_64bits(&h, offsetof(struct index_header, check));
	memcpy(image, &h, sizeof(h));
	err = index_file_open_bytes((struct bytes){ image, size }, 1, &f);
	if (err == NULL) {
		struct arena a;

		arena_init(&a);
		f.checks = NULL;
		if (size % 2)
			index_file_check(&f);
		for (uint64_t addr = 0; addr < 0x2000; addr += 7) {
			struct index_chain chain;

			index_file_find(&f, addr, &a, &chain);
			for (size_t i = 0; i < chain.count; i++)
				if (chain.frames[i].function != NULL && strlen(chain.frames[i].function) > size)
					abort();
		}
		arena_deinit(&a);
		index_file_close(&f);
	}
	err_destroy(err);
	free(image);
	return 0;
}
