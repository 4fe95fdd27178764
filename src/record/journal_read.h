/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RECORD_JOURNAL_READ_H
#define SONDE_RECORD_JOURNAL_READ_H
/*
 * What a journal holds: that of a recorder that is gone, or a snapshot of one that is
 * writing.  Its bytes are hostile.
 */
#include "base/arena.h"
#include "base/io.h"
#include "base/map.h"
#include "base/vec.h"
#include "record/recording.h"

struct journal_rows {
	unsigned type;
	uint32_t count;
	const uint8_t *rows;
	uint64_t sequence;
	uint32_t block;
};
struct journal_side_row {
	unsigned type;
	const uint8_t *row; /* 8-byte aligned */
};
struct journal_text {
	const char *text;
	size_t length;
};

struct journal_view {
	struct arena arena;
	const struct event_type *types[TYPE_MAX + 1];
	VEC(struct journal_text) texts;	   /* by id; 0 is "" */
	uint64_t lost_texts;		   /* of them, that were not written: a full disk */
	VEC(struct journal_side_row) side; /* in the order they were put */
	VEC(struct recording_note) notes;  /* without "command" */
	VEC(struct recording_missing) missing;
	const char *command; /* NULL: not said */
	int exit_status;     /* -1: none */
	uint64_t alive_ns, lost_unreported, lost_first_ns;
	VEC(struct journal_rows) rows; /* by sequence and block */
	struct str side_bytes;
	VEC(struct io_map) maps; /* chunks, mapped or (live) copied */
	bool copied;
	bool trimmed;		 /* a chunk is shorter than it was made, as only a recorder's end has it */
	struct err *damage;      /* the first part that can't be read, and is left out; NULL: none */
};

/* What of it is damaged is left out (`damage`); ERR_FORMAT: nothing of it can be read.
 * LIVE: its recorder may be writing, so that chunks are copied.  Segments have to be listed
 * after this call: then each row is in what was copied, in a segment, or in both. */
struct err *journal_load(int recording_dirfd, bool live, struct journal_view **ret);
void journal_unload(struct journal_view *v);
const char *journal_view_text(void *view, uint32_t id, size_t *length); /* "" for an unknown id */

/* Which rows of a type the segments have: JOURNAL_NOTEs, added up. */
struct chunk_range {
	uint64_t first, last;
};
struct coverage {
	VEC(struct chunk_range) chunks;
	struct map blocks; /* sequence * JOURNAL_BLOCKS_MAX + block -> rows */
};
void coverage_add(struct coverage *c, const char *note); /* what it can't parse it ignores */
uint32_t coverage_rows(const struct coverage *c, uint64_t sequence, uint32_t block, uint32_t count);
void coverage_deinit(struct coverage *c);

#endif
