/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What did it wait for?  Time in calls that may block, by what they blocked on.  Where a call names
 * many descriptors its result says which one ended the wait.  Time of threads adds up: ten threads
 * that sleep for a second wait ten seconds.
 */
#include "base/str.h"
#include "base/units.h"
#include "record/recording.h"
#include "render/doc.h"
#include "view/calls/calls_impl.h"

#include <stdio.h>
#include <string.h>

enum { WAITS_SHOWN = 25 };

/* --- what a call waited for ---------------------------------------------------------------- */

static uint32_t named(struct calls *c, const char *name)
{
	return call_objects_named(&c->objects, name, CALL_OBJECT_OTHER);
}

/* "1 ([{fd=5, revents=POLLIN}])", "1 (in [5], left {...})": the descriptor that it was. */
static uint32_t polled(struct calls *c, const struct call_seen *call)
{
	static const char *const marks[] = { "[{fd=", "(in [", "out [" };
	int fd;

	if (call->result == 0 && strstr(call->returned, "Timeout"))
		return named(c, "nothing came: its timeout");
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		const char *at = strstr(call->returned, marks[i]);

		if (at && sscanf(at + strlen(marks[i]), "%d", &fd) == 1)
			return call_objects_of_fd(&c->objects, call, fd);
	}
	if (sscanf(call->arguments, "[{fd=%d", &fd) == 1)
		return call_objects_of_fd(&c->objects, call, fd);
	return named(c, call->result < 0 ? "what a signal interrupted" : "descriptors");
}

static uint32_t futex(struct calls *c, const struct call_seen *call)
{
	char name[96];

	if (!strstr(call->arguments, "WAIT") && !strstr(call->arguments, "LOCK_PI") &&
	    str_eq(call->kind->entry->name, "futex"))
		return CALL_OBJECT_NONE; /* it woke others */
	snprintf(name, sizeof(name), "futex 0x%llx of %s", (unsigned long long)call->args[0], call->comm_text);
	return named(c, name);
}

static uint32_t child(struct calls *c, const struct call_seen *call)
{
	char name[64];
	uint64_t *index;

	if (call->result <= 0 && !(call->result == 0 && str_eq(call->kind->entry->name, "waitid")))
		return CALL_OBJECT_NONE;
	index = call->result > 0 ? map_find(&c->by_tid, (uint64_t)call->result) : NULL;
	snprintf(name, sizeof(name), "child %s", index ? c->threads.v[*index].comm : "process");
	return named(c, name);
}

uint32_t calls_waited_for(struct calls *c, const struct call_seen *call, uint32_t object)
{
	switch (call->kind->waits) {
	case CALL_WAITS_POLL: return polled(c, call);
	case CALL_WAITS_FUTEX: return futex(c, call);
	case CALL_WAITS_CHILD: return child(c, call);
	case CALL_WAITS_TIMER: return named(c, "a timer");
	case CALL_WAITS_SIGNAL: return named(c, "a signal");
	case CALL_WAITS_IPC: return named(c, "System V semaphore or queue");
	default: return object;
	}
}

/* --- the table -------------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
	const struct calls_wait *x = a, *y = b;

	return (x->time_ns < y->time_ns) - (x->time_ns > y->time_ns);
}

/* How long a thread was watched: to its end, or to that of the recording; under a name that it gave up, to its
 * last call.  When it was there already when the recording began, from there. */
static uint64_t life_ns_of(const struct calls *c, size_t i)
{
	const struct recording_meta *meta = recording_borrow_meta(c->recording);
	const struct calls_thread *t = &c->threads.v[i];
	uint64_t from_ns = t->first_ns, to_ns = t->last_ns;
	uint64_t *last = t->row ? map_find(&((struct calls *)c)->by_tid, t->row->tid) : NULL;

	if (!t->first_ns)
		return 0;
	if (t->row && t->row->start_ns < from_ns)
		from_ns = t->row->start_ns > meta->start_ns ? t->row->start_ns : meta->start_ns < from_ns ? meta->start_ns : from_ns;
	if (t->ended)
		to_ns = t->ended_ns > to_ns ? t->ended_ns : to_ns;
	else if (last && *last == i && meta->end_ns > to_ns)
		to_ns = meta->end_ns;
	return to_ns - from_ns;
}

/* What the waiting is a part of. */
static uint64_t lifetimes_ns(const struct calls *c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < c->threads.n; i++)
		sum += life_ns_of(c, i);
	return sum;
}

void calls_emit_waits(struct doc *doc, struct calls *c)
{
	static const struct doc_column columns[] = {
		{ "wait_ratio", "of life", DOC_RATIO, DOC_COLUMN_BAR }, { "time", "time", DOC_DURATION_NS, 0 },
		{ "calls", "calls", DOC_COUNT, 0 }, { "max", "longest", DOC_DURATION_NS, 0 },
		{ "call", "in", DOC_TEXT, 0 }, { "what", "waiting for", DOC_TEXT, DOC_COLUMN_ELIDE_LEFT },
		{ "who", "who", DOC_TEXT, 0 },
	};
	uint64_t life_ns = lifetimes_ns(c), limit = calls_limit(c, WAITS_SHOWN), shown = 0;
	char who[64], name[32];

	vec_sort(&c->waits, by_time);
	doc_table_begin(doc, "waits", "What it waited for", columns, sizeof(columns) / sizeof(*columns));
	for (; shown < c->waits.n && shown < limit; shown++) {
		const struct calls_wait *w = &c->waits.v[shown];
		double ratio = life_ns ? (double)w->time_ns / (double)life_ns : 0;

		doc_row(doc, (struct doc_value[]){ DOC_F64(ratio), DOC_U64(w->time_ns), DOC_U64(w->count),
						   DOC_U64(w->max_ns),
						   DOC_STR(calls_name(w->abi, w->number, name, sizeof(name))),
						   DOC_STR(c->objects.list.v[w->object].name),
						   DOC_STR(calls_users(c, w->comm, w->threads, who, sizeof(who))) });
	}
	calls_end_table(doc, c->waits.n - shown);
	if (life_ns)
		doc_text(doc, "Its threads were watched for %s in all; %s of that in calls "
			 "that are made to wait (poll, futex, wait4, nanosleep, accept ...).",
			 units_duration_ns((double)life_ns).text,
			 units_ratio((double)c->waited_ns / (double)life_ns).text);
}
