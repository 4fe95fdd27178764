/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RECORD_RECORDER_H
#define SONDE_RECORD_RECORDER_H
/*
 * Writing a recording (docs/ARCHITECTURE.md, "The recording").
 *
 * Sources put fixed-layout rows into the journal: preallocated files mapped into
 * memory, so that a row is a copy and a counter and survives our own death by
 * SIGKILL.  A writer thread compacts full journal chunks into Parquet segments.
 * Side rows go to a journal of their own and become one segment a table at the
 * end.  Nothing is dropped in silence: what can't be stored is counted and becomes
 * a `lost` row and a line in meta.json.
 */
#include "base/err.h"
#include "event/event.h"
#include "event/types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct recorder;
struct recorder_stream;

/* Turns journal chunks into segments; the Parquet one is record/segment.h's
 * `parquet_compactor`.  NULL in sonde-agent, which leaves all in the journal. */
struct recorder_compactor;

struct recorder_options {
	const char *path;	    /* directory to make; "NAME.sonde" */
	bool overwrite;		    /* an existing recording there is replaced; else ERR_USAGE.
				       What isn't a recording is never replaced. */
	bool is_temporary;	    /* path is in $TMPDIR: for advice when there is no room */
	uint64_t journal_max_bytes; /* most that waits for compaction, and without a compactor
				   the most that is recorded; 0: 256 MiB */
	uint64_t segment_ns;	    /* a new segment at least this often while there are rows for
				       one (256 KiB of them; fewer wait up to 15 times as long, safe
				       in the journal); 0: 4 s */
	const struct recorder_compactor *compactor; /* NULL: journal only */
	bool elsewhere; /* an import: nothing about this machine and boot goes into meta.json;
			   recorder_origin() says where it was recorded */
};

struct err *recorder_create(const struct recorder_options *options, struct recorder **ret);

/* Without a directory: strings and side rows alone, in memory, for who shows them at once (capture/track.h
 * needs one).  It is destroyed, not finished. */
struct recorder *recorder_create_unwritten(void);

/* A type that is not built in.  The descriptor is copied.  Returns its number. */
struct err *recorder_add_type(struct recorder *r, const struct event_type *type, unsigned *number);

/* The id of a string in this recording, the same for the same text; thread-safe.
 * "" is 0. */
uint32_t recorder_string(struct recorder *r, const char *text, size_t length);

/* --- event rows: one stream a producing thread ------------------------------- */

struct recorder_stream *recorder_stream_create(struct recorder *r);
void recorder_stream_destroy(struct recorder_stream *s); /* commits what is open */

/* Append one row (row_bytes of its type).  Never blocks on compaction or disk:
 * when the journal is full the row is counted as lost. */
void recorder_row(struct recorder_stream *s, unsigned type, const void *row);

/* Count events that the source itself lost (a `lost` row; merged a second). */
void recorder_lost(struct recorder_stream *s, const char *source, const char *reason, int cpu,
		   uint64_t time_ns, uint64_t count);

/* --- side rows: any thread ---------------------------------------------------- */

/* Put or replace the side row whose id is the row's first field. */
void recorder_side(struct recorder *r, unsigned type, const void *row);
/* Visit the side rows as they stand (to resolve frames at the end).  The pointer is
 * valid until the next recorder_side() of that type. */
const void *recorder_side_find(struct recorder *r, unsigned type, uint32_t id);
uint32_t recorder_side_max_id(struct recorder *r, unsigned type);
const char *recorder_string_text(struct recorder *r, uint32_t id);

/* --- meta.json ------------------------------------------------------------------ */

/* What was asked for, in words; what could not be had and how to get it; what the
 * user should know.  Each shows in `sonde info`.  The key "command" is the recorded command
 * line (recording_meta.command).  They are in the journal at once: a killed recording
 * has them.  FIX may be NULL. */
void recorder_note(struct recorder *r, const char *key, const char *value);
void recorder_missing(struct recorder *r, const char *what, const char *why, const char *fix);
/* A note's key: CPU time of the recorded command and all it waited for, in ns (rusage). */
#define RECORDING_NOTE_CPU_NS "command.cpu_ns"

/* Exit status of the recorded command as wait() gave it; -1 when there is none. */
void recorder_exit_status(struct recorder *r, int wait_status);
/* When recording really began and ended (CLOCK_MONOTONIC), where that is not when the
 * recorder was made and finished: setting up and naming frames take time, too. */
void recorder_span(struct recorder *r, uint64_t start_ns, uint64_t end_ns);

/* Where and when something imported was recorded; NULL: not known. */
struct recorder_origin {
	const char *host, *kernel, *arch;
	uint32_t cpus;		/* 0: not known */
	int64_t wall_offset_ns; /* 0: not known */
};
void recorder_origin(struct recorder *r, const struct recorder_origin *origin);

/* --- the end -------------------------------------------------------------------- */

struct recorder_totals {
	uint64_t rows;        /* all event types together, but `lost` */
	uint64_t lost;        /* rows that found no room */
	uint64_t source_lost; /* events that never came to be rows: recorder_lost() */
	uint64_t bytes;	      /* of the directory's files after finish */
	uint64_t event_bytes; /* of the event tables alone */
};

/* First error of the journal or the writer thread since start (disk full ...),
 * NULL while all is well.  Borrowed; sources stop when it is there. */
const struct err *recorder_borrow_error(const struct recorder *r);

/* All streams are destroyed by now.  Compacts the rest, writes side tables and the
 * final meta.json.  What could be saved is saved also when it fails. */
struct err *recorder_finish(struct recorder *r, struct recorder_totals *totals);
void recorder_destroy(struct recorder *r); /* without finish: as if killed */

#endif
