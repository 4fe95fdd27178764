/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Parquet reader on any bytes: opens or refuses, then reads every column. */
#include "base/mem.h"
#include "format/parquet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct err *count_text(void *user, const char *text, size_t length, uint32_t *id)
{
	volatile char touched = length ? text[length - 1] : 0;

	(void)touched;
	*id = (*(uint32_t *)user)++;
	return NULL;
}

static void read_group(const struct parquet_file *f, size_t group, struct parquet_scratch *s)
{
	uint32_t texts = 0;
	struct parquet_intern intern = { count_text, &texts };
	uint64_t *out = mem_alloc(parquet_row_group_rows(f, group) * 8 + 8), min, max;

	for (size_t c = 0; c < parquet_column_count(f); c++) {
		parquet_range(f, group, c, &min, &max);
		err_destroy(parquet_read_column(f, group, c, &intern, s, out));
	}
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct parquet_scratch s = { 0 };
	struct parquet_file *f;
	struct err *err = parquet_open(data, size, "fuzz", &f);

	if (err == NULL) {
		parquet_note(f, "key");
		for (size_t g = 0; g < parquet_row_group_count(f) && g < 4; g++)
			read_group(f, g, &s);
		parquet_close(f);
	}
	err_destroy(err);
	parquet_scratch_deinit(&s);
	return 0;
}
