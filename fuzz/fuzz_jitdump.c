/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A jit-PID.dump: all its records, and what it says about some addresses. */
#include "sym/jitdump.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile size_t sink;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct jitdump *j = NULL;
	struct jitdump_place place;
	struct err *err = jitdump_create((struct bytes){ data, size }, &j);

	for (uint64_t addr = 0; err == NULL && addr < 0x3000; addr += 61) {
		if (!jitdump_find(j, addr, &place))
			continue;
		sink += strlen(place.function) + place.line;
		if (place.file != NULL)
			sink += strlen(place.file);
	}
	jitdump_destroy(j);
	err_destroy(err);
	return 0;
}
