/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RECORD_RECORDING_H
#define SONDE_RECORD_RECORDING_H
/*
 * Reading a recording: tables of columns, scanned in batches.
 *
 * A recording that is still being written is read as it stands; one that was
 * killed or ran out of disk has the rest of its journal folded in when it is
 * opened (on disk where we may write, else in memory), and says so in its meta.
 */
#include "base/err.h"
#include "event/event.h"
#include "event/types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recording;

/* One thread at a time may use a recording.  ERR_NOT_FOUND and ERR_USAGE say what was found
 * at PATH instead; ERR_FORMAT: its meta.json is damaged.  Without other files it is read: those
 * are `damage`. */
struct err *recording_open(const char *path, struct recording **ret);
void recording_destroy(struct recording *r);

/* The recording that a user means by OPERAND: the path itself, or with ".sonde" added
 * ("make" is make.sonde); NULL: the newest recording in the current directory.  *ret is the
 * caller's (free()). */
struct err *recording_find_path(const char *operand, char **ret);

/* --- what it is ------------------------------------------------------------------ */

enum recording_state {
	RECORDING_COMPLETE, /* ended by us */
	RECORDING_LIVE,	    /* its recorder is running */
	RECORDING_CUT,	    /* the recorder was killed, or crashed, or the disk was full */
};

struct recording_missing {
	const char *what, *why, *fix; /* fix may be NULL */
};
struct recording_note {
	const char *key, *value;
};
#define RECORDING_NOTE_BOOT "boot_id" /* note: the boot that kernel addresses are of */

/* A file, or a part of one, that can't be read. */
struct recording_damage {
	const char *what; /* "syscall/000001.parquet is damaged: it has no end" */
	uint64_t rows;    /* of it that are missing; 0: nobody knows */
};

/* All text is valid while the recording lives; NULL where not recorded. */
struct recording_meta {
	enum recording_state state;
	const char *why_cut; /* for RECORDING_CUT: one sentence */
	const char *version; /* of the sonde that wrote it */
	const char *host, *kernel, *arch, *command;
	uint32_t cpus;
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC; end 0 when not known */
	int64_t wall_offset_ns;	   /* CLOCK_REALTIME - CLOCK_MONOTONIC */
	int exit_status;	   /* as wait() gave it; -1: none */
	const struct recording_note *notes;
	size_t note_count;
	const struct recording_missing *missing;
	size_t missing_count;
	uint64_t journal_rows_folded; /* rows that came from the journal, not from segments */
	const struct recording_damage *damage; /* grows while tables are scanned */
	size_t damage_count;
};
const struct recording_meta *recording_borrow_meta(const struct recording *r);

/* One damage that nobody has told of yet, as a sentence that is appended to OUT; false: there is none.
 * What has not been asked for when the recording is closed is logged. */
struct str;
bool recording_next_damage(struct recording *r, struct str *out);

/* --- tables ------------------------------------------------------------------------ */

struct table_info {
	const struct event_type *type; /* valid while the recording lives */
	uint64_t rows;
	uint64_t bytes; /* on disk */
	unsigned segments;
	uint64_t min_time_ns, max_time_ns; /* event tables with rows */
};
size_t recording_table_count(const struct recording *r);
const struct table_info *recording_table(const struct recording *r, size_t index);
/* NULL when this recording has no such table (a table without rows may be missing). */
const struct table_info *recording_find_table(const struct recording *r, const char *name);

/* --- strings ------------------------------------------------------------------------- */

/* FIELD_STR columns are ids into this pool, the same over all tables and segments. */
const char *recording_string(const struct recording *r, uint32_t id);

/* --- scans ---------------------------------------------------------------------------- */

/* 64-bit kinds come as uint64_t/int64_t arrays, all others widened to uint32_t
 * (int32_t for FIELD_I32). */
union column {
	const uint64_t *u64;
	const int64_t *i64;
	const uint32_t *u32;
	const int32_t *i32;
};
struct batch {
	size_t rows;
	const union column *columns; /* in the order asked for; valid until the next batch */
};

struct scan_options {
	const char *const *columns; /* names; NULL-terminated */
	uint64_t from_ns, to_ns;    /* event tables: only segments and pages that touch
				       [from_ns, to_ns); to_ns 0: no bound.  Rows outside
				       may still come: the caller compares. */
};
struct scan;

/* ERR_NOT_FOUND for an unknown table or column, with the nearest known name. */
struct err *scan_create(struct recording *r, const char *table, const struct scan_options *options,
			struct scan **ret);
/* *more is false at the end; then batch is not filled. */
struct err *scan_next(struct scan *s, struct batch *batch, bool *more);
void scan_destroy(struct scan *s);

/* --- side tables, for views: whole rows by id -------------------------------------------- */

/* All rows of a built-in side table as its C struct (TYPE_thread -> struct row_thread),
 * sorted by id, decoded on first use; valid while the recording lives.  String fields
 * are ids of recording_string(). */
struct err *recording_side_rows(struct recording *r, unsigned type, const void **rows,
				size_t *count);
/* The row with this id, or NULL. */
const void *recording_side_find(struct recording *r, unsigned type, uint32_t id);

#endif
