/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_OOPS_KIND_H
#define SONDE_OOPS_KIND_H
/*
 * A kind of report is a row: how it begins, what stands in it, which function to blame,
 * what to call it and what it means.  Rows of one family stand in one file
 * (oops/kind_*.c), families in one table (oops/kinds.c).  docs/HOWTO_ADD_report.md.
 *
 * Rows are tried in order, and the first that fits the headline (and has its `needs` in
 * the body) is the report's: special ones come before general ones.
 */
#include "oops/report.h"

/* Where to look for the function to blame; looked at in this order until one has a name
 * that isn't machinery. */
enum oops_where {
	OOPS_WHERE_END,
	OOPS_WHERE_HEADLINE, /* {func} of the headline */
	OOPS_WHERE_CHECK,    /* {func} of a WARN()'s headline: where the check stands.  It is blamed where nothing
				else is known; a title needs a witness beside it, the PC or a stack: without, nobody can tell whether
				that function checks for others, and all such damaged reports are of one title */
	OOPS_WHERE_BODY,     /* {func} of a template in `body` */
	OOPS_WHERE_FLUSHER,  /* where a work item is the lock that is wanted: not the worker, but who waits for it, of the
				first trace of somebody else */
	OOPS_WHERE_PC,       /* RIP:, pc :, PC is at, NIP */
	OOPS_WHERE_TRACE,    /* the first call trace */
	OOPS_WHERE_LOOPED,  /* as PC and TRACE, for one that loops: the function that a system call,
				a timer or a work item called, not wherever the loop was caught */
	OOPS_WHERE_STALLED, /* the same for the code that the tick interrupted */
	OOPS_WHERE_CAUGHT,   /* where one that loops was caught: the code below the detector's own */
	OOPS_WHERE_HUNG,     /* a waiting task: the first that isn't about waiting */
	OOPS_WHERE_ALLOC,   /* where the object was allocated */
	OOPS_WHERE_OTHER,   /* the first trace of somebody else */
	OOPS_WHERE_ORIGIN,   /* the trace of OOPS_TRACE_ORIGIN */
};

enum oops_kind_flags {
	OOPS_NO_TRACE = 1,    /* complete without a call trace */
	OOPS_DAMAGED = 2,     /* only a damaged report looks like this */
	OOPS_FOLLOWS = 4,     /* may come as part of another report: "Kernel panic" after an oops */
	OOPS_LEADS = 8,       /* the next headline is part of it */
	OOPS_MESSAGE = 16,    /* what a check says before its headline: a report only when none comes */
	OOPS_ONE_LINE = 32,   /* complete in its headline */
	OOPS_DRESSED = 128,   /* where the log's other lines have a time stamp or level in front, only with one: programs use these words, too */
	OOPS_NOTE = 64,       /* worth knowing, but no report of the kernel about itself */
};

struct oops_kind {
	const char *name;           /* "kasan": JSON, filters; lower case, '-' */
	const char *start;          /* template of the headline (oops/match.h) */
	const char *const *unless;  /* lines with one of these are no headline; ended by NULL; NULL: none */
	const char *const *needs;   /* templates, all in the body; else the next row is tried */
	const char *const *body;    /* templates whose captures become details; each once, first match */
	const char *title;          /* "{bug}" is a detail, "{function}" the blamed one: "KASAN: {bug} in {function}" */
	enum oops_where where[5];
	const char *const *skip;    /* further parts of names that are machinery here */
	unsigned flags;
	enum oops_severity severity;
	/* Details that need more than a template.  May be NULL. */
	void (*finish)(struct oops_report *r);
	const char *meaning;        /* what this kind of report means, in a sentence or two */
	const char *look;           /* where to look first */
};

struct oops_family {
	const char *name;
	const struct oops_kind *kinds; /* ended by one without a name */
};
extern const struct oops_family *const oops_families[]; /* ended by NULL */

/* For each row the words of the filter of which a line must have one to fit it. */
enum { OOPS_KINDS_MAX = 500, OOPS_KIND_WORDS = 7 };
struct oops_kind_index {
	const struct oops_kind *kinds[OOPS_KINDS_MAX];
	uint64_t words[OOPS_KINDS_MAX][OOPS_KIND_WORDS]; /* bits; none: they can't be told */
	size_t n;
};
void oops_kind_index_init(struct oops_kind_index *index);

/* The row that LINE is a headline of; NULL: none. */
struct trigger;
const struct oops_kind *oops_kind_of_line(const struct oops_kind_index *index, const struct trigger *trigger, const char *line, size_t length);
/* The row after KIND that fits the same headline; NULL: none. */
const struct oops_kind *oops_kind_next(const struct oops_kind *kind, const char *line, size_t length);

/* Add a detail; texts are copied.  The last one of a name counts. */
void oops_detail_add(struct oops_report *r, const char *name, const char *value, size_t length);
#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

#endif
