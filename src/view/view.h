/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_VIEW_H
#define SONDE_VIEW_VIEW_H
/*
 * A view turns a recording into a document.  One file and one line in views.c;
 * docs/HOWTO_ADD_VIEW.md.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct recording;
struct doc;
struct frames_cache;

/* What the user narrowed the question down to; a view uses what applies to it. */
struct view_options {
	const char *recording_path;  /* for the "what next" lines */
	const char *diff_path;       /* compare with this one; NULL: don't */
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

struct view {
	const char *name;     /* "profile" */
	const char *summary;
	const char *table;    /* the event table it needs: "sample" */
	struct err *(*run)(struct recording *r, const struct view_options *options, struct doc *doc);
};

extern const struct view *const view_table[]; /* ended by NULL */
const struct view *view_find(const char *name); /* NULL: no such view */

#endif
