/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RECORD_JOURNAL_H
#define SONDE_RECORD_JOURNAL_H
/*
 * The writing end of the journal's chunks (record/journal_format.h): a pool of
 * preallocated, mapped files.  Producers open blocks, fill and close them; one writer
 * thread collects rows, says which it has stored, and recycles chunks.  Crash-safe against
 * the death of this process (the page cache lives on), not against loss of power.
 */
#include "base/err.h"
#include "base/vec.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal;
struct journal_chunk;

/* DIRFD: the journal directory; stays the caller's and outlives the journal. */
struct err *journal_create(int dirfd, uint64_t max_bytes, struct journal **ret);
void journal_destroy(struct journal *j); /* leaves the files */

/* --- producers: any thread, one block is one thread's ------------------------------------ */

struct journal_block {
	uint8_t *next, *end;	 /* where the next row goes; equal: full or not open */
	_Atomic uint32_t *count; /* in the file */
	uint32_t rows;		 /* its value */
	uint32_t row_bytes;
	struct journal_chunk *chunk; /* NULL: not open */
};
/* False: the journal is full and may not or cannot grow. */
bool journal_open_block(struct journal *j, unsigned type, uint32_t row_bytes,
			struct journal_block *b);
void journal_close_block(struct journal *j,
			 struct journal_block *b); /* also of one that isn't open */
/* Nobody opens blocks in this chunk any more: streams close theirs soon, so that it can be
 * recycled. */
bool journal_is_retired(const struct journal_block *b);

/* --- the writer thread ---------------------------------------------------------------------- */

/* Sleep until SIZE_BYTES of chunks got full since the last call, journal_wake(), or the time-out.
 */
void journal_wait(struct journal *j, uint64_t size_bytes, uint64_t timeout_ns);
void journal_wake(struct journal *j);
/* Have a chunk ready before a producer needs it.  An error is no more than a warning: it comes
 * again when the chunk is needed. */
void journal_prepare(struct journal *j);

/* Rows that are there and not stored: a stretch of one block. */
struct journal_run {
	unsigned type;
	uint32_t row_bytes;
	const uint8_t *rows;
	uint32_t from, count; /* FROM: rows of the block before these */
	uint32_t block;
	bool whole_chunk; /* all the chunk's rows are there and nothing can be added */
	uint64_t sequence;
	struct journal_chunk *chunk;
};
struct journal_runs {
	VEC(struct journal_run) runs; /* by sequence and block */
	uint64_t bytes;
};
/* What waits, the oldest first, about max_bytes of it. */
void journal_collect(struct journal *j, uint64_t max_bytes, struct journal_runs *ret);
/* The rows of this run are stored. */
void journal_stored(const struct journal_run *run);
/* Give chunks without waiting rows back to the pool. */
void journal_recycle(struct journal *j);
/* Delete the files of chunks that hold nothing (to make room on a full disk). */
void journal_trim(struct journal *j);
/* Cut the files down to what they hold (a recording that stays a journal). */
void journal_shrink(struct journal *j);

/* Why it could not grow the last time, errno; 0: it could, or was not asked to. */
int journal_errno(const struct journal *j);

#endif
