/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_CALLS_COUNTS_H
#define SONDE_VIEW_CALLS_COUNTS_H
/*
 * Sums of system calls, by call and by thread: how many, how many failed, how long, how many bytes.
 * Live counting (sonde trace -c) and views of recordings fill them and show them alike.
 */
#include "syscall/table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct doc;
struct call_counts;

enum call_sort {
	CALL_SORT_TIME, CALL_SORT_CALLS, CALL_SORT_ERRORS, CALL_SORT_MIN, CALL_SORT_MAX, CALL_SORT_AVERAGE,
	CALL_SORT_NAME, CALL_SORT_NONE, /* by number */
};

/* One call, or many alike. */
struct call_count {
	enum syscall_abi abi;
	uint32_t number;
	uint64_t duration_ns;
	bool untimed;       /* it isn't known; such a call counts, but in no time and no percentile */
	uint64_t bytes;     /* that it moved */
	int error;          /* errno; 0: none */
};

struct call_counts *call_counts_create(void);
void call_counts_destroy(struct call_counts *c); /* NULL-safe */
/* THREAD: any number that names a thread; call_counts_name() says what it is called. */
void call_counts_add(struct call_counts *c, uint64_t thread, const struct call_count *one);
/* May be called again when a thread has another name. */
void call_counts_name(struct call_counts *c, uint64_t thread, uint32_t pid, uint32_t tid, const char *name);
/* NULL: not known. */
const char *call_counts_get_name(const struct call_counts *c, uint64_t thread);

struct call_totals {
	uint64_t calls, errors, time_ns, bytes;
	size_t threads, processes;
	const char *most;        /* name of the call with most time; NULL: none */
	uint64_t most_ns;
	const char *most_failed; /* "ENOENT of openat" with MOST_ERRORS; NULL: none */
	uint64_t most_errors;
};
/* Valid until the next call. */
void call_counts_get_totals(struct call_counts *c, struct call_totals *ret);

/* "31,204 calls in 3 processes, 2.1 s in them, 61 % of it in futex; 812 failed, 640 of them openat: ENOENT" */
struct str;
void call_counts_answer(struct call_counts *c, struct str *out);
/* The tables "calls" and "threads".  LIMIT: rows of each; 0: the usual.  HOW_TO_SEE: more; may be NULL. */
void call_counts_emit(struct call_counts *c, enum call_sort sort, uint64_t limit, const char *how_to_see,
		      struct doc *doc);

#endif
