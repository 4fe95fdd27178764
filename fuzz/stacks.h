/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_FUZZ_STACKS_H
#define SONDE_FUZZ_STACKS_H
/* What the fuzz targets of stack texts share: read, transform, write, read again. */
#include "base/log.h"
#include "convert/folded.h"
#include "convert/text.h"
#include "record/stacks.h"

#include <stdio.h>
#include <stdlib.h>

static inline uint64_t fuzz_total(const struct stacks *s)
{
	return s->nodes.v[0].total;
}

static inline void fuzz_write(const struct stacks *s)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	err_destroy(folded_write(s, out));
	fclose(out);
	free(text);
}

/* The options of an input: bits of its first byte. */
static inline int fuzz_stacks(const char *format, const uint8_t *data, size_t size)
{
	unsigned bits = size ? data[0] : 0;
	const struct text_options options = {
		.like = (enum names_like)(bits % 3),
		.pid = bits & 4, .kernel = bits & 8, .addrs = bits & 16, .srcline = bits & 32,
		.in_time = bits & 64, .strip_hex = bits & 128, .offsets = bits & 16, .no_modules = bits & 8,
		.jit = bits & 4, .source = bits & 32 ? "ticks" : bits & 64 ? "bytes" : NULL,
	};
	struct text_input in;
	struct stacks s, changed;

	log_set_level(LOG_QUIET);
	stacks_init(&s);
	text_input_init_memory(&in, (const char *)data + (size > 0), size - (size > 0));
	err_destroy(text_read_input(&in, format, &options, &s, NULL));
	text_input_deinit(&in);
	stacks_finish(&s);
	fuzz_write(&s);

	stacks_init(&changed);
	stacks_reverse(&s, &changed);
	stacks_finish(&changed);
	if (fuzz_total(&s) != fuzz_total(&changed)) /* nothing gets lost by turning it around */
		abort();
	stacks_deinit(&changed);

	stacks_init(&changed);
	stacks_fold_recursion(&s, &changed);
	stacks_diff(&changed, &s, true);
	stacks_finish(&changed);
	fuzz_write(&changed);
	stacks_deinit(&changed);
	stacks_deinit(&s);
	return 0;
}

#endif
