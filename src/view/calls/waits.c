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

/* Ratios: of all threads' lives, a wait below one in so many. */
enum { WAITS_SHOWN = 25, WAITS_ALWAYS = 5, NOTHING_RATIO = 2000, LITTLE_RATIO = 100, PLACES_SHOWN = 8 };

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

/* What the first event is of; EPOLL where that isn't known. */
static uint32_t event(struct calls *c, const struct call_seen *call, uint32_t epoll)
{
	uint32_t object;

	if (call->result == 0 && !call->unfinished && str_starts(call->kind->entry->name, "epoll"))
		return named(c, "nothing came: its timeout");
	object = call->result > 0 ? call_objects_of_event(&c->objects, call) : CALL_OBJECT_NONE;
	return object == CALL_OBJECT_NONE ? epoll : object;
}

static void add_waker(struct calls *c, uint32_t object, uint32_t thread)
{
	bool is_new;
	uint64_t *index = map_get(&c->waker_index, object, &is_new);
	struct calls_waker *w;

	if (is_new) {
		*index = c->wakers.n;
		vec_push(&c->wakers, ((struct calls_waker){ .thread = thread }));
	}
	w = &c->wakers.v[*index];
	w->threads += calls_is_first(c, 1ULL << 30 | object, thread);
}

/* Its name is the address: what it means only the program knows; who wakes its waiters tells most. */
static uint32_t futex(struct calls *c, const struct call_seen *call, uint32_t thread)
{
	char name[96];

	bool waits = strstr(call->arguments, "WAIT") || strstr(call->arguments, "LOCK_PI") ||
		     !str_eq(call->kind->entry->name, "futex");
	uint32_t object;

	snprintf(name, sizeof(name), "futex 0x%llx of %s", (unsigned long long)call->args[0], call->comm_text);
	if (waits)
		return named(c, name);
	if (call->result > 0 && strstr(call->arguments, "WAKE")) {
		object = named(c, name);
		add_waker(c, object, thread);
	}
	return CALL_OBJECT_NONE;
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

uint32_t calls_waited_for(struct calls *c, const struct call_seen *call, uint32_t thread, uint32_t object)
{
	if (str_eq(call->kind->entry->name, "restart_syscall"))
		return named(c, "a wait that is resumed");
	switch (call->kind->waits) {
	case CALL_WAITS_POLL: return polled(c, call);
	case CALL_WAITS_EPOLL: return event(c, call, object);
	case CALL_WAITS_FUTEX: return futex(c, call, thread);
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

/* "server 4711", or "server 4711 and 3 others"; NULL: nobody was seen to wake it. */
static const char *waker_of(struct calls *c, uint32_t object, char *buffer, size_t size)
{
	const uint64_t *index = map_find(&c->waker_index, object);
	const struct calls_waker *w;
	char who[64];

	if (!index)
		return NULL;
	w = &c->wakers.v[*index];
	calls_who(c, w->thread, who, sizeof(who));
	if (w->threads > 1)
		snprintf(buffer, size, "%s and %u other%s", who, w->threads - 1, w->threads > 2 ? "s" : "");
	else
		snprintf(buffer, size, "%s", who);
	return buffer;
}

static const struct doc_column wait_columns[] = {
	{ "wait_ratio", "of life", DOC_RATIO, DOC_COLUMN_BAR }, { "time", "time", DOC_DURATION_NS, 0 },
	{ "calls", "calls", DOC_COUNT, 0 }, { "max", "longest", DOC_DURATION_NS, 0 },
	{ "call", "in", DOC_TEXT, 0 }, { "what", "waiting for", DOC_TEXT, DOC_COLUMN_ELIDE_LEFT },
	{ "who", "who", DOC_TEXT, 0 }, { "woken_by", "woken by", DOC_TEXT, DOC_COLUMN_OPTIONAL },
};
enum { WAIT_COLUMNS = sizeof(wait_columns) / sizeof(*wait_columns) };

static void emit_wait(struct doc *doc, struct calls *c, const struct calls_wait *w, uint64_t life_ns)
{
	double ratio = life_ns ? (double)w->time_ns / (double)life_ns : 0;
	char who[64], waker[96], name[32];
	const char *woken_by = waker_of(c, w->object, waker, sizeof(waker));

	doc_row(doc, (struct doc_value[]){ DOC_F64(ratio), DOC_U64(w->time_ns), DOC_U64(w->count), DOC_U64(w->max_ns),
					   DOC_STR(calls_name(w->abi, w->number, name, sizeof(name))),
					   DOC_STR(c->objects.list.v[w->object].name),
					   DOC_STR(calls_users(c, w->comm, w->threads, who, sizeof(who))),
					   woken_by ? DOC_STR(woken_by) : DOC_NONE });
}

/* How many rows are worth a line: those of next to nothing are left out behind the first few. */
static uint64_t count_worth(const struct calls *c, uint64_t life_ns)
{
	uint64_t limit = calls_limit(c, WAITS_SHOWN), n = 0;

	while (n < c->waits.n && n < limit &&
	       (c->options->limit || n < WAITS_ALWAYS || c->waits.v[n].time_ns >= life_ns / NOTHING_RATIO))
		n++;
	return n;
}

/* Where the program stood in the longest wait of each kind. */
static void emit_places(struct doc *doc, struct calls *c, uint64_t shown, uint64_t life_ns)
{
	static const struct doc_column columns[] = {
		{ "what", "waiting for", DOC_TEXT, 0 }, { "max", "longest", DOC_DURATION_NS, 0 },
		{ "call", "in", DOC_TEXT, 0 }, { "who", "who", DOC_TEXT, 0 },
	};
	enum { COLUMNS = sizeof(columns) / sizeof(*columns) };
	struct call_stacks *stacks = call_stacks_open(doc, c);
	uint64_t places = calls_limit(c, PLACES_SHOWN);
	char who[64], name[32];

	if (!stacks)
		return;
	doc_tree_begin(doc, "wait_stacks", "Where it waited longest", columns, COLUMNS);
	for (uint64_t i = 0; i < shown && places; i++) {
		const struct calls_wait *w = &c->waits.v[i];

		if (!w->stack || (!c->options->limit && w->time_ns < life_ns / LITTLE_RATIO))
			continue;
		doc_node(doc, 0, (struct doc_value[]){ DOC_STYLED(c->objects.list.v[w->object].name, DOC_STRONG), DOC_U64(w->max_ns),
						       DOC_STR(calls_name(w->abi, w->number, name, sizeof(name))),
						       DOC_STR(calls_who(c, w->thread, who, sizeof(who))) });
		call_stacks_emit(stacks, doc, COLUMNS, w->stack);
		places--;
	}
	doc_tree_end(doc);
	call_stacks_close(stacks);
}

/* The lock that cost most, in words: there is seldom room for the column. */
static void say_waker(struct doc *doc, struct calls *c, uint64_t shown)
{
	char waker[96];

	for (uint64_t i = 0; i < shown; i++)
		if (waker_of(c, c->waits.v[i].object, waker, sizeof(waker))) {
			doc_text(doc, "Waits for %s were ended by %s.", c->objects.list.v[c->waits.v[i].object].name, waker);
			return;
		}
}

void calls_emit_waits(struct doc *doc, struct calls *c)
{
	uint64_t life_ns = lifetimes_ns(c), shown;

	vec_sort(&c->waits, by_time);
	shown = count_worth(c, life_ns);
	doc_table_begin(doc, "waits", "What it waited for", wait_columns, WAIT_COLUMNS - (c->wakers.n ? 0 : 1));
	for (uint64_t i = 0; i < shown; i++)
		emit_wait(doc, c, &c->waits.v[i], life_ns);
	calls_end_table(doc, c->waits.n - shown);
	if (life_ns)
		doc_text(doc, "Its threads were watched for %s in all; %s of that in calls "
			 "that are made to wait (poll, futex, wait4, nanosleep, accept ...).",
			 units_duration_ns((double)life_ns).text,
			 units_ratio((double)c->waited_ns / (double)life_ns).text);
	say_waker(doc, c, shown);
	emit_places(doc, c, shown, life_ns);
}
