/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_CALLS_CALLS_H
#define SONDE_VIEW_CALLS_CALLS_H
/*
 * Views of the system calls of a recording.  They are read once, in order of time; all views
 * are made of what that gave, so any of them may stand in one document ("sonde.calls" in
 * docs/SCHEMA.md).
 */
#include "base/err.h"
#include "view/calls/counts.h"

#include <stdbool.h>
#include <stdint.h>

struct calls;
struct doc;
struct recording;

/* One row, for whoever chooses rows. */
struct calls_row {
	uint64_t time_ns, duration_ns;
	int64_t result;
	uint32_t pid, tid, number;
	enum syscall_abi abi;
	uint8_t flags;         /* enum syscall_flags */
	const char *path;      /* NULL: none */
	const char *comm;      /* of the thread; NULL: not looked up */
	const char *object;    /* what it worked on: a whole path, "tcp to 10.0.0.1:80"; NULL: none, or not looked up */
	const uint64_t *args;  /* six; NULL: not looked up, nor the text of all */
	const char *arguments;
};

struct calls_options {
	/* Which rows count; NULL: all.  Asked once of each row, in the order of a scan.  Those left out still tell
	 * what descriptors refer to. */
	bool (*wants)(void *user, const struct calls_row *row);
	void *user;
	uint64_t limit;        /* rows a table; 0: each view's own */
	enum call_sort sort;   /* of the summary */
};

/* OPTIONS has to outlive it. */
struct err *calls_create(struct recording *r, const struct calls_options *options, struct calls **ret);
void calls_destroy(struct calls *c); /* NULL-safe */

enum calls_part {
	CALLS_SUMMARY = 1, /* by call, by thread */
	CALLS_WAITS = 2,   /* what it waited for */
	CALLS_SLOW = 4,    /* the longest calls, with stacks */
	CALLS_ERRORS = 8,  /* by path */
	CALLS_FILES = 16,  /* and sockets */
	CALLS_TREE = 32,   /* processes */
	CALLS_ALL = 63,
};
/* A document of its own: doc_begin() to the last line; doc_end() is the caller's.  PATH: of the
 * recording, for what to type next; may be NULL. */
void calls_emit(struct doc *doc, struct calls *c, unsigned parts, const char *path);
/* Sections of another document: no doc_begin(), no headline. */
void calls_emit_parts(struct doc *doc, struct calls *c, unsigned parts, const char *path);
/* "31,204 system calls by 3 processes, ..." */
struct str;
void calls_answer(struct calls *c, struct str *out);

#endif
