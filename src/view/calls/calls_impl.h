/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_CALLS_CALLS_IMPL_H
#define SONDE_VIEW_CALLS_CALLS_IMPL_H
/* Shared by the views of system calls; for src/view/calls only. */
#include "base/map.h"
#include "base/vec.h"
#include "event/types.h"
#include "view/calls/calls.h"
#include "view/calls/counts.h"
#include "view/calls/objects.h"

/* Calls of one name that failed in one way on one thing. */
struct calls_failure {
	uint8_t abi;
	uint32_t number, object;
	int error;
	uint64_t count, time_ns;
	uint32_t comm, processes;
};

/* Time that calls spent on one thing. */
struct calls_wait {
	uint8_t abi;
	uint32_t number;
	uint32_t object;      /* its name says for what */
	uint64_t count, time_ns, max_ns;
	uint32_t comm;
	uint32_t threads;
	uint32_t stack, thread; /* of the longest one */
};

/* Who ended waits for a futex. */
struct calls_waker {
	uint32_t thread;      /* one of them */
	uint32_t threads;
};

/* A call worth showing alone. */
struct calls_single {
	uint64_t time_ns, duration_ns;
	uint32_t thread, stack, name, arguments, returned;
	uint32_t object;
};

struct calls_thread { /* a row of the table `thread` */
	const struct row_thread *row;
	const char *comm;
	uint64_t calls, errors, time_ns;
	uint64_t first_ns, last_ns;
	bool named; /* in the counts */
	bool is_our_own; /* sonde's child before it exec'ed what it was asked to */
	bool ended;
	uint32_t status; /* as wait() gives it */
	uint64_t ended_ns;
};

struct calls {
	struct recording *recording;
	const struct calls_options *options;
	struct call_kinds *kinds;
	struct call_objects objects;
	struct call_counts *counts;
	const struct row_thread *thread_rows;
	VEC(struct calls_thread) threads; /* as many as there are rows, and one for ids that lead nowhere */
	struct map failure_index, wait_index, users;
	struct map waker_index; /* by object */
	VEC(struct calls_waker) wakers;
	struct map by_tid; /* index of the last row of a thread */
	VEC(struct calls_failure) failures;
	VEC(struct calls_wait) waits;
	VEC(struct calls_single) slow; /* longest first */
	uint64_t slow_max;
	uint64_t rows, seen, unfinished, untimed;
	uint64_t waited_ns;            /* in calls that are made to wait */
	uint64_t first_ns, last_ns;
	bool has_stacks;
};

enum { CALLS_SLOW_SHOWN = 20 };

/* "sh 1234" */
const char *calls_who(const struct calls *c, uint32_t thread, char *buffer, size_t size);
/* "cat", or "cat and 3 others", of COUNT processes of which one is called COMM (a string's id). */
const char *calls_users(const struct calls *c, uint32_t comm, uint32_t count, char *buffer, size_t size);
/* The name of a call; BUFFER is for one without. */
const char *calls_name(enum syscall_abi abi, uint32_t number, char *buffer, size_t size);
uint64_t calls_limit(const struct calls *c, uint64_t usual);
/* "--limit N shows more" */
extern const char *const calls_more;
void calls_end_table(struct doc *doc, uint64_t rows_left_out);

/* One file each. */
void calls_emit_waits(struct doc *doc, struct calls *c);
void calls_emit_slow(struct doc *doc, struct calls *c);
void calls_emit_errors(struct doc *doc, struct calls *c);
void calls_emit_files(struct doc *doc, struct calls *c);
void calls_emit_tree(struct doc *doc, struct calls *c);

/* What the call waited for: the object, as far as it can be told.  Notes who wakes others. */
uint32_t calls_waited_for(struct calls *c, const struct call_seen *call, uint32_t thread, uint32_t object);
/* Counts WHO once for each WHAT: is it the first time? */
bool calls_is_first(struct calls *c, uint64_t what, uint32_t who);

/* Stacks below nodes; NULL where none were recorded, or can be read, which is then said. */
struct call_stacks;
struct call_stacks *call_stacks_open(struct doc *doc, const struct calls *c);
void call_stacks_close(struct call_stacks *s); /* NULL-safe */
/* Of stack ID, below a node of depth 0; COLUMNS of the tree, of which the first is the text. */
void call_stacks_emit(const struct call_stacks *s, struct doc *doc, unsigned columns, uint32_t id);

#endif
