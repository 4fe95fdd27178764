/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_SESSION_H
#define SONDE_SESSION_SESSION_H
/* Making a recording from start to end: the target, the sources, the signals. */
#include "base/err.h"
#include "capture/source.h"
#include "capture/track.h"
#include "record/recorder.h"

#include <stdbool.h>
#include <stdint.h>

struct recorder_compactor;
struct resolve_totals;
struct str;

/* What a recorder is put together from, beside capture and the journal.  A small one
 * (sonde-agent) does without all of them, and so need not link them. */
struct record_parts {
	const struct recorder_compactor *compactor; /* Parquet; NULL: the journal only */
	/* Names for the frames (session/resolve.h); NULL: as no_symbols. */
	struct err *(*resolve)(struct recorder *r, const struct track *t,
			       struct resolve_totals *totals);
	/* Lines to end with, from the finished recording (view/summary.h); NULL: none. */
	struct err *(*summarize)(const char *path, struct str *text);
	/* How many system calls and samples the finished recording has (view/summary.h); NULL: not asked. */
	void (*count)(const char *path, uint64_t *calls, uint64_t *samples);
};

struct record_session_options {
	const char *path;             /* NULL: NAME.sonde made from the command or pid; never
					 overwrites without `overwrite` */
	bool overwrite;
	bool is_temporary;            /* path is in $TMPDIR: for advice when there is no room */
	char **command;               /* NULL-terminated; NULL: no command */
	struct capture_request request; /* pids, frequency, stacks; target and events set by the caller */
	const char *const *with;      /* source names to add to the default ones */
	size_t with_count;
	const char *const *without;
	size_t without_count;
	const char *const *events;    /* -e names of any source */
	size_t event_count;
	uint64_t duration_ns;         /* 0: until the target ends or Ctrl-C */
	bool no_symbols;              /* leave frames unresolved */
	const struct record_parts *parts;
	bool quiet;                   /* no summary at the end */
};

/* Record.  *status is the command's exit status as a shell gives it (128 + signal),
 * 125 when sonde itself failed before the command ran, 126/127 when it could not be
 * executed or found; 0 without a command. */
struct err *session_record(const struct record_session_options *options, int *status);

/* What is said of a recording when it has ended, whoever made it. */
struct session_end {
	uint64_t wall_ns;
	const uint64_t *cpu_ns;      /* of the command; NULL: not known */
	struct track_totals tracked;
	struct recorder_totals totals;
	uint64_t calls, samples;
	bool calls_alone, samples_alone; /* there was no other source */
};
void session_say_end(const struct session_end *e);
/* Why a recording that could be finished is not whole: NULL if it is. */
struct err *session_cut_short(const struct recorder *r);
/* What to type next. */
void session_say_next(const char *recording, bool calls_alone);

/* The sources there are, for `--with help`; ended by NULL. */
const struct source_ops *const *session_sources(void);

#endif
