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

static void check_blobs(uint8_t *image, size_t size, const struct index_header *h)
{
	/* The checks of the first few blobs that the tables name. */
	for (uint64_t at = h->functions.offset; at + 24 <= size && at < h->functions.offset + 24 * 16; at += 24) {
		struct index_interval in;
		uint32_t length, check;

		memcpy(&in, image + at, sizeof(in));
		if (h->blobs.offset > size || in.blob > size || h->blobs.offset + in.blob + 8 > size)
			continue;

		uint8_t *blob = image + h->blobs.offset + in.blob;

		memcpy(&length, blob + 4, 4);
		if (length > size - (size_t)(blob + 8 - image))
			continue;
		check = index_check(blob + 8, length);
		memcpy(blob, &check, 4);
	}
}

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
	h.check = XXH3_64bits(&h, offsetof(struct index_header, check));
	memcpy(image, &h, sizeof(h));
	check_blobs(image, size, &h);
	err = index_file_open_bytes((struct bytes){ image, size }, 1, &f);
	if (err == NULL) {
		struct arena a;

		arena_init(&a);
		for (uint64_t addr = 0; addr < 0x2000; addr += 7) {
			struct index_chain chain;

			index_file_find(&f, addr, &a, &chain);
			for (size_t i = 0; i < chain.count; i++)
				if (chain.frames[i].function != NULL && strlen(chain.frames[i].function) > size)
					abort();
		}
		arena_deinit(&a);
		index_file_release(&f);
	}
	err_destroy(err);
	free(image);
	return 0;
}
