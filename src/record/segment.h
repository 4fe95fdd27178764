/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RECORD_SEGMENT_H
#define SONDE_RECORD_SEGMENT_H
/* Rows of one type -> the bytes of one segment. */
#include "base/err.h"
#include "base/str.h"
#include "event/event.h"

#include <stddef.h>
#include <stdint.h>

/* Rows that lie one after the other, row_bytes of their type each. */
struct segment_run {
	const uint8_t *rows;
	uint32_t count;
};
struct segment {
	const struct event_type *type;
	const struct segment_run *runs;
	size_t run_count;
	const char *journal_note; /* JOURNAL_NOTE's value; NULL: none */
	/* Text of a string id; thread-safe. */
	const char *(*text)(void *user, uint32_t id, size_t *length);
	void *user;
};

struct recorder_compactor {
	/* Open what build() will need: called once, before anything is recorded. */
	void (*prepare)(void);
	/* Append the segment's file to *out.  Event rows come out in order of time. */
	struct err *(*build)(const struct segment *segment, struct str *out);
};
extern const struct recorder_compactor parquet_compactor;

#endif
