/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_VIEW_H
#define SONDE_VIEW_VIEW_H
/*
 * What the user narrowed a question about a recording down to.  Views (NAME.h beside this) take it
 * and make a document; docs/HOWTO_ADD_VIEW.md.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct frames_cache;

/* What the user narrowed the question down to; a view uses what applies to it. */
struct view_options {
	const char *recording_path;  /* for the "what next" lines */
	const char *thread;          /* tid, or thread name; NULL: all */
	const char *process;         /* pid, or command name */
	const char *module;          /* path or base name */
	const char *function;        /* for callers and callees */
	const char *event;           /* which counted event; NULL: the first */
	const char *group_by;        /* "function" (default), "line", "module", "thread", "process" */
	uint64_t from_ns, to_ns;     /* since the recording's start; to 0: the end */
	uint64_t limit;              /* rows a table; 0: the view's default */
	double min_ratio;            /* leave out what is below (0.005 = 0.5 %) */
	bool reverse;                /* callers first (flame: leaf at the bottom) */
	bool no_kernel, no_user, no_inlines, by_thread, by_process;
	struct frames_cache *cache;  /* of a view that is made again and again; NULL: none */
};

#endif
