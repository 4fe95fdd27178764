/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_TOP_H
#define SONDE_VIEW_TOP_H
/*
 * What runs now: the last seconds of a recording that grows, by function, line, module,
 * thread or process, with ways in and out (a function's callers, one process, one thread).
 */
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct doc;
struct view_options;

struct top_options {
	const struct view_options *view; /* what to narrow it down to; limit: rows */
	const char *target;		 /* "the whole machine", "process 4711" */
	const char *without;		 /* what could not be had; NULL */
	const char *without_fix;	 /* NULL */
	uint64_t window_ns;		 /* how far back it looks */
	bool by_total;
	bool keys; /* a person is there: rows are numbered, ways in are said */
};

struct top;

struct top *top_create(const struct top_options *options);
void top_destroy(struct top *t); /* NULL-safe */

/* The whole document, doc_begin() to before doc_end(), of the recording at PATH (NULL: there
 * is none yet).  ENDED: it does not grow any more. */
struct err *top_emit(struct top *t, struct doc *doc, const char *path, bool ended);
/* A key of render/live.h, and the chosen line; false: it means nothing here. */
bool top_key(struct top *t, int key, const char *line);
extern const char *const top_key_help[]; /* ended by NULL */
enum { TOP_FIRST_LINE = 4 }; /* of the table, where there is nothing to warn of */

#endif
