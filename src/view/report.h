/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_REPORT_H
#define SONDE_VIEW_REPORT_H
/* The report on a profile: what ran, how long, how busy, and where the time went. */
#include "base/err.h"

#include <stdbool.h>

struct doc;
struct profile;
struct recording;
struct view_options;

struct report_options {
	const struct view_options *view;
	bool tree;	   /* the call tree instead of the table */
	bool page;	   /* a page for people: with a timeline and a flame graph */
	const char *title; /* NULL: what was recorded */
};

/* What would make report_emit() fail on what the user asked for; before a document is opened. */
struct err *report_check(const struct profile *p, const struct report_options *options);

/* The whole document, doc_begin() to the last line; doc_end() is the caller's.  BEFORE:
 * what to compare with, or NULL. */
struct err *report_emit(struct doc *doc, struct profile *p, const struct profile *before,
			const struct report_options *options);

/* The same of a recording that has system calls and no samples. */
struct err *report_emit_calls(struct doc *doc, struct recording *r, const struct report_options *options);
/* Is R such a one? */
bool report_is_of_calls(const struct recording *r);

/* The profile that view_options ask for. */
struct err *report_profile(struct recording *r, const struct view_options *options,
			   struct profile **ret);

/* --- parts (report_tables.c, report_calls.c, report_notes.c) ----------------------------- */

void report_functions(struct doc *doc, const struct profile *p,
		      const struct report_options *options);
void report_lines(struct doc *doc, const struct profile *p, const struct report_options *options);
void report_modules(struct doc *doc, const struct profile *p, const struct report_options *options);
void report_threads(struct doc *doc, const struct profile *p, const struct report_options *options);
/* By name: "cc1" is all processes of that name. */
void report_programs(struct doc *doc, const struct profile *p, const struct report_options *options);
void report_processes(struct doc *doc, const struct profile *p,
		      const struct report_options *options);
/* Callers and callees of view->function; ERR_NOT_FOUND with the nearest name. */
struct err *report_function(struct doc *doc, const struct profile *p,
			    const struct report_options *options);
void report_tree(struct doc *doc, const struct profile *p, const struct report_options *options);
/* What makes the numbers doubtful, to be said before them: lost events, cut recordings, time
 * that was not sampled. */
void report_doubts(struct doc *doc, const struct profile *p);
/* What is not known beside: cut stacks, code without names, what could not be had. */
void report_notes(struct doc *doc, const struct profile *p, const struct report_options *options);
/* CPU use over time, a lane a thread. */
struct err *report_timeline(struct doc *doc, const struct profile *p,
			    const struct report_options *options);

#endif
