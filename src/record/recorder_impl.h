/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RECORD_RECORDER_IMPL_H
#define SONDE_RECORD_RECORDER_IMPL_H
/* Inside of a recorder, for recorder.c, stream.c and compact.c only. */
#include "base/map.h"
#include "base/vec.h"
#include "record/journal.h"
#include "record/recorder.h"
#include "record/recording.h"
#include "record/segment.h"
#include "record/sidelog.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
	RESERVE_BYTES = 256 << 10, /* given up on a full disk: for the last rows ... */
	RESERVE_META_BYTES = 64 << 10, /* ... but for what the last metadata needs */
	SEGMENT_BYTES = 32 << 20,  /* of rows */
	SEGMENT_BYTES_WORTH_IT = 256 << 10,
	QUIET_FACTOR = 15, /* segment_ns times this is the longest wait */
	SIDE_ID_MAX = 1 << 28,
};

/* Side rows by id: rows + (id - 1) * row_bytes; a row whose id is 0 is not there. */
struct side_table {
	uint8_t *rows;
	size_t cap; /* rows */
	uint32_t max_id;
};

struct recorder {
	char *path;
	bool elsewhere, is_temporary; /* as recorder_options has them */
	int dirfd, journal_fd, lock_fd;
	uint64_t segment_ns;
	const struct recorder_compactor *compactor;
	struct journal *journal;
	struct sidelog *side;
	struct side_header *header; /* its counters are atomic */

	pthread_mutex_t lock; /* of all down to `end of lock` */
	const struct event_type *types[TYPE_MAX + 1];
	unsigned next_type;
	struct arena arena; /* dynamic types, notes */
	struct strmap strings;
	VEC(const char *) texts; /* by id */
	struct side_table sides[TYPE_MAX + 1];
	VEC(struct recording_note) notes;
	VEC(struct recording_missing) missing;
	VEC(struct recorder_stream *) streams;
	struct recording_meta meta;
	/* end of lock */

	_Atomic(struct err *) error; /* the first */
	_Atomic uint64_t source_lost; /* what sources told of */
	_Atomic uint64_t loss_rows;   /* that say so, and what found no room */

	/* the writer thread's, and finish's after it */
	pthread_t thread;
	bool has_thread;
	atomic_bool stop;
	struct journal_runs runs;
	unsigned next_segment[TYPE_MAX + 1];
	uint64_t rows_stored;
	uint64_t last_compact_ns;
	bool compact_failed; /* the last round */
};

void recorder_set_error(struct recorder *r, struct err *err); /* the first stays */
/* ERR with what to do about it, if it is that there is no room. */
struct err *recorder_fix(const struct recorder *r, struct err *err);

/* --- compact.c ------------------------------------------------------------------------- */

/* Store what waits in the journal.  Everything that can be is stored also when an
 * error comes back. */
struct err *recorder_compact(struct recorder *r);
/* One segment of rows that are not in the journal (side tables). */
struct err *recorder_store_rows(struct recorder *r, unsigned type, const struct segment_run *runs,
				size_t run_count);
void *recorder_thread(void *recorder);

#endif
