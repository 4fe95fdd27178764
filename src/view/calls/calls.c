/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One pass over the calls, in order of time.  Each is followed (which descriptor refers to what,
 * objects.h), whether it is wanted or not; those that are wanted are added to the sums.
 *
 * A thread that execs or renames itself has several rows in the table of threads, so "sh" and the
 * "ls" that it became are told apart.
 */
#include "view/calls/calls.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"
#include "record/recording.h"
#include "render/doc.h"
#include "view/calls/calls_impl.h"
#include "view/losses.h"
#include "view/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum call_column {
	TIME, DURATION, RESULT, ARG0, ARG1, ARG2, ARG3, ARG4, ARG5, THREAD, STACK, NUMBER, NAME, ARGUMENTS, RETURNED,
	PATH, ABI, FLAGS,
};
static const char *const column_names[] = {
	"time_ns", "duration_ns", "result", "arg0", "arg1", "arg2", "arg3", "arg4", "arg5", "thread", "stack",
	"number", "name", "arguments", "returned", "path", "abi", "flags", NULL,
};
const char *const calls_more = "--limit N shows more";

uint64_t calls_limit(const struct calls *c, uint64_t usual)
{
	return c->options->limit ? c->options->limit : usual;
}

void calls_end_table(struct doc *doc, uint64_t rows_left_out)
{
	doc_table_end(doc, rows_left_out, rows_left_out ? calls_more : NULL);
}

const char *calls_name(enum syscall_abi abi, uint32_t number, char *buffer, size_t size)
{
	const struct syscall_entry *entry = syscall_find(abi, number);

	if (entry)
		return entry->name;
	char unknown[SYSCALL_UNKNOWN_MAX];
	snprintf(buffer, size, "%s", syscall_unknown_name(abi, number, unknown));
	return buffer;
}

const char *calls_who(const struct calls *c, uint32_t thread, char *buffer, size_t size)
{
	const struct calls_thread *t = &c->threads.v[thread];

	snprintf(buffer, size, "%s %u", t->comm, t->row ? t->row->tid : 0);
	return buffer;
}

const char *calls_users(const struct calls *c, uint32_t comm, uint32_t count, char *buffer, size_t size)
{
	const char *name = recording_string(c->recording, comm);

	if (count > 1)
		snprintf(buffer, size, "%s and %u other%s", name, count - 1, count > 2 ? "s" : "");
	else
		snprintf(buffer, size, "%s", name);
	return buffer;
}

/* --- one row ------------------------------------------------------------------------------- */

static const char *text_of(const struct calls *c, uint32_t id) { return id ? recording_string(c->recording, id) : ""; }

static uint32_t thread_index(const struct calls *c, uint32_t id)
{
	size_t i = rows_find(c->thread_rows, sizeof(*c->thread_rows), c->threads.n - 1, id);

	return (uint32_t)(i == SIZE_MAX ? c->threads.n - 1 : i);
}

static void see(const struct calls *c, const union column *v, size_t i, uint32_t thread, struct call_seen *call)
{
	const struct calls_thread *t = &c->threads.v[thread];

	*call = (struct call_seen){
		.kind = call_kinds_get(c->kinds, (enum syscall_abi)v[ABI].u32[i], v[NUMBER].u32[i]),
		.time_ns = v[TIME].u64[i], .duration_ns = v[DURATION].u64[i], .result = v[RESULT].i64[i],
		.abi = (enum syscall_abi)v[ABI].u32[i], .number = v[NUMBER].u32[i], .unfinished = v[FLAGS].u32[i] & SYSCALL_UNFINISHED,
		.untimed = v[FLAGS].u32[i] & SYSCALL_UNTIMED, .pid = t->row ? t->row->pid : 0,
		.tid = t->row ? t->row->tid : 0, .ppid = t->row ? t->row->ppid : 0, .comm = t->row ? t->row->comm : 0,
		.comm_text = t->comm, .arguments = text_of(c, v[ARGUMENTS].u32[i]),
		.returned = text_of(c, v[RETURNED].u32[i]), .path = text_of(c, v[PATH].u32[i]),
	};
	for (unsigned a = 0; a < 6; a++)
		call->args[a] = v[ARG0 + a].u64[i];
}

static bool is_wanted(void *user, const struct call_seen *call, uint32_t object)
{
	const struct calls *c = user;
	struct calls_row row = {
		.time_ns = call->time_ns, .duration_ns = call->duration_ns, .result = call->result, .pid = call->pid,
		.tid = call->tid, .number = call->number, .abi = call->abi,
		.flags = call->unfinished ? SYSCALL_UNFINISHED : 0, .path = *call->path ? call->path : NULL,
		.comm = call->comm_text, .object = object == CALL_OBJECT_NONE ? NULL : c->objects.list.v[object].name,
		.args = call->args, .arguments = call->arguments,
	};

	return !c->options->wants || c->options->wants(c->options->user, &row);
}

/* --- sums ------------------------------------------------------------------------------------- */

static void add_counts(struct calls *c, const union column *v, size_t i, uint32_t thread, const struct call_seen *call)
{
	struct calls_thread *t = &c->threads.v[thread];
	bool failed = call_seen_failed(call);
	struct call_count one = {
		.abi = (enum syscall_abi)v[ABI].u32[i], .number = v[NUMBER].u32[i], .duration_ns = call->duration_ns,
		.untimed = call->untimed, .bytes = call->kind->moves && call->result > 0 ? (uint64_t)call->result : 0,
		.error = failed ? (int)-call->result : 0,
	};

	call_counts_add(c->counts, thread, &one);
	if (!t->named) {
		call_counts_name(c->counts, thread, call->pid, call->tid, t->comm);
		t->named = true;
	}
	t->calls++;
	t->errors += failed;
	t->time_ns += call->duration_ns;
	if (!t->first_ns)
		t->first_ns = call->time_ns;
	if (call->time_ns + call->duration_ns > t->last_ns)
		t->last_ns = call->time_ns + call->duration_ns;
}

/* Who is counted once. */
bool calls_is_first(struct calls *c, uint64_t what, uint32_t who)
{
	bool is_new;

	map_get(&c->users, what << 32 | who, &is_new);
	return is_new;
}

static void add_failure(struct calls *c, const union column *v, size_t i, const struct call_seen *call, uint32_t object)
{
	uint64_t key = hash_u64((uint64_t)object << 32 | v[NUMBER].u32[i]) ^ (uint64_t)-call->result << 8 ^ v[ABI].u32[i];
	bool is_new;
	uint64_t *index = map_get(&c->failure_index, key, &is_new);
	struct calls_failure *f;

	if (is_new) {
		*index = c->failures.n;
		vec_push(&c->failures, ((struct calls_failure){ .abi = (uint8_t)v[ABI].u32[i], .number = v[NUMBER].u32[i],
								.object = object, .error = (int)-call->result,
								.comm = call->comm }));
	}
	f = &c->failures.v[*index];
	f->count++;
	f->time_ns += call->duration_ns;
	f->processes += calls_is_first(c, *index, call->pid);
}

static void add_wait(struct calls *c, const union column *v, size_t i, uint32_t thread, const struct call_seen *call,
		     uint32_t object)
{
	uint64_t key = (uint64_t)object << 32 ^ (uint64_t)v[ABI].u32[i] << 28 ^ v[NUMBER].u32[i];
	bool is_new;
	uint64_t *index = map_get(&c->wait_index, key, &is_new);
	struct calls_wait *w;

	if (is_new) {
		*index = c->waits.n;
		vec_push(&c->waits, ((struct calls_wait){ .abi = (uint8_t)v[ABI].u32[i], .number = v[NUMBER].u32[i],
							  .object = object, .comm = call->comm }));
	}
	w = &c->waits.v[*index];
	w->count++;
	w->time_ns += call->duration_ns;
	if (call->duration_ns > w->max_ns || w->count == 1) {
		w->max_ns = call->duration_ns;
		w->stack = v[STACK].u32[i];
		w->thread = thread;
	}
	w->threads += calls_is_first(c, 1ULL << 31 | *index, thread);
}

/* The list is short: the place is found from its end. */
static void add_slow(struct calls *c, const union column *v, size_t i, uint32_t thread, const struct call_seen *call,
		     uint32_t object)
{
	size_t at = c->slow.n;

	if (at == c->slow_max && c->slow.v[at - 1].duration_ns >= call->duration_ns)
		return;
	while (at > 0 && c->slow.v[at - 1].duration_ns < call->duration_ns)
		at--;
	if (c->slow.n == c->slow_max)
		c->slow.n--;
	vec_insert(&c->slow, at,
		   ((struct calls_single){ .time_ns = call->time_ns, .duration_ns = call->duration_ns, .thread = thread,
					   .stack = v[STACK].u32[i], .name = v[NAME].u32[i],
					   .arguments = v[ARGUMENTS].u32[i], .returned = v[RETURNED].u32[i],
					   .object = object }));
}

static void add_row(struct calls *c, const union column *v, size_t i)
{
	uint32_t thread = thread_index(c, v[THREAD].u32[i]), object;
	struct call_seen call;

	c->rows++;
	if (v[ABI].u32[i] >= SYSCALL_ABI_COUNT) {
		call = (struct call_seen){ .abi = SYSCALL_ABI_COUNT, .path = "" }; /* made by someone else */
		is_wanted(c, &call, CALL_OBJECT_NONE);
		return;
	}
	see(c, v, i, thread, &call);
	call_objects_follow(&c->objects, &call, &object);
	if (!call.wanted)
		return;
	c->seen++;
	c->unfinished += call.unfinished;
	c->has_stacks |= v[STACK].u32[i] != 0;
	add_counts(c, v, i, thread, &call);
	if (call_seen_failed(&call))
		add_failure(c, v, i, &call, object);
	c->untimed += call.untimed;
	if (call_kind_is_wait(call.kind))
		c->waited_ns += call.duration_ns;
	else if (!call.untimed)
		add_slow(c, v, i, thread, &call, object);
	if (call.kind->waits && !call.untimed && (object = calls_waited_for(c, &call, thread, object)) != CALL_OBJECT_NONE)
		add_wait(c, v, i, thread, &call, object);
}

/* --- the tables ----------------------------------------------------------------------------------- */

/* What sonde starts is called "sonde" until it execs: it is shown as what it becomes. */
static void name_command(struct calls *c)
{
	size_t i = 0, k;

	if (!recording_borrow_meta(c->recording)->command)
		return;
	for (; i < c->threads.n; i++) {
		const struct row_thread *row = c->threads.v[i].row;

		if (row && !row->previous && row->tid == row->pid && str_eq(c->threads.v[i].comm, "sonde"))
			break;
	}
	for (k = i + 1; k < c->threads.n; k++)
		if (c->threads.v[k].row && c->threads.v[k].row->previous == c->threads.v[i].row->id) {
			c->threads.v[i].is_our_own = true;
			c->threads.v[i].comm = c->threads.v[k].comm;
			return;
		}
}

static struct err *read_threads(struct calls *c)
{
	const void *rows;
	size_t count;

	TRY(recording_side_rows(c->recording, TYPE_thread, &rows, &count));
	c->thread_rows = rows;
	vec_reserve(&c->threads, count + 1);
	for (size_t i = 0; i < count; i++) {
		vec_push(&c->threads, ((struct calls_thread){ .row = &c->thread_rows[i],
							      .comm = text_of(c, c->thread_rows[i].comm) }));
		*map_get(&c->by_tid, c->thread_rows[i].tid, NULL) = i;
	}
	vec_push(&c->threads, (struct calls_thread){ .comm = "?" });
	name_command(c);
	return NULL;
}

static struct err *read_descriptors(struct calls *c)
{
	const struct row_descriptor *rows;
	const void *all;
	size_t count;

	if (!recording_find_table(c->recording, "descriptor"))
		return NULL;
	TRY(recording_side_rows(c->recording, TYPE_descriptor, &all, &count));
	rows = all;
	for (size_t i = 0; i < count; i++)
		call_objects_initial(&c->objects, rows[i].pid, rows[i].fd, text_of(c, rows[i].name),
				     rows[i].close_on_exec);
	return NULL;
}

static void take_exit(void *user, const struct batch *b, size_t i)
{
	struct calls *c = user;
	struct calls_thread *t = &c->threads.v[thread_index(c, b->columns[0].u32[i])];

	t->ended = true;
	t->status = b->columns[1].u32[i];
	t->ended_ns = b->columns[2].u64[i];
}

static void take_call(void *user, const struct batch *b, size_t i)
{
	add_row(user, b->columns, i);
}

static struct err *scan_table(struct recording *r, const char *table, const char *const *columns,
			      void (*take)(void *user, const struct batch *b, size_t i), void *user)
{
	struct scan_options options = { .columns = columns };
	struct scan *scan;
	struct batch batch;
	struct err *err;
	bool more;

	if (!recording_find_table(r, table))
		return NULL;
	TRY(scan_create(r, table, &options, &scan));
	while (!(err = scan_next(scan, &batch, &more)) && more)
		for (size_t i = 0; i < batch.rows; i++)
			take(user, &batch, i);
	scan_destroy(scan);
	return err;
}

static struct err *read_all(struct calls *c)
{
	static const char *const exit_columns[] = { "thread", "status", "time_ns", NULL };

	if (!recording_find_table(c->recording, "syscall"))
		return err_fix(err_new(ERR_NOT_FOUND, "this recording has no system calls"),
			       "sonde record --syscalls -- CMD makes one that has");
	TRY(read_threads(c));
	TRY(read_descriptors(c));
	TRY(scan_table(c->recording, "syscall", column_names, take_call, c));
	return scan_table(c->recording, "exit", exit_columns, take_exit, c);
}

struct err *calls_create(struct recording *r, const struct calls_options *options, struct calls **ret)
{
	struct calls *c = mem_calloc(1, sizeof(*c));
	struct err *err;

	c->recording = r;
	c->options = options;
	c->kinds = call_kinds_create();
	c->counts = call_counts_create();
	c->slow_max = options->limit ? options->limit : CALLS_SLOW_SHOWN;
	call_objects_init(&c->objects, c->kinds);
	c->objects.decide = is_wanted;
	c->objects.decide_user = c;
	err = read_all(c);
	if (err)
		calls_destroy(c);
	else
		*ret = c;
	return err;
}

void calls_destroy(struct calls *c)
{
	if (c == NULL)
		return;
	call_objects_deinit(&c->objects);
	call_kinds_destroy(c->kinds);
	call_counts_destroy(c->counts);
	vec_deinit(&c->threads);
	vec_deinit(&c->failures);
	vec_deinit(&c->waits);
	vec_deinit(&c->wakers);
	map_deinit(&c->waker_index);
	vec_deinit(&c->slow);
	map_deinit(&c->failure_index);
	map_deinit(&c->wait_index);
	map_deinit(&c->users);
	map_deinit(&c->by_tid);
	free(c);
}

/* --- the document ------------------------------------------------------------------------------------- */

void calls_answer(struct calls *c, struct str *out) { call_counts_answer(c->counts, out); }

static void next_command(struct doc *doc, unsigned parts, const char *path)
{
	struct str command = { 0 };
	CLEANUP(mem_freep) char *word = path ? str_quote_shell(path) : NULL;
	const char *option, *why;

	if (!path)
		return;
	if (!(parts & CALLS_WAITS))
		option = "waits", why = "what it waited for";
	else if (!(parts & CALLS_FILES))
		option = "files", why = "files and sockets that it touched";
	else
		option = "Z", why = "what failed, call by call";
	str_printf(&command, "sonde trace %s %s%s", word, option[1] ? "--" : "-", option);
	doc_next(doc, str_text(&command), why);
	str_deinit(&command);
}

void calls_emit_parts(struct doc *doc, struct calls *c, unsigned parts, const char *path)
{
	if (parts & CALLS_SUMMARY)
		call_counts_emit(c->counts, c->options->sort, c->options->limit, calls_more, doc);
	if (parts & CALLS_WAITS)
		calls_emit_waits(doc, c);
	if (parts & CALLS_SLOW)
		calls_emit_slow(doc, c);
	if (parts & CALLS_ERRORS)
		calls_emit_errors(doc, c);
	if (parts & CALLS_FILES)
		calls_emit_files(doc, c);
	if (parts & CALLS_TREE)
		calls_emit_tree(doc, c);
	if (c->seen)
		next_command(doc, parts, path);
}

/* The command, or the one process that was looked at. */
static const char *title_of(const struct calls *c, char *buffer, size_t size)
{
	const struct recording_meta *meta = recording_borrow_meta(c->recording);
	const struct calls_thread *one = NULL;

	if (meta->command)
		return meta->command;
	for (size_t i = 0; i < c->threads.n; i++) {
		const struct calls_thread *t = &c->threads.v[i];

		if (!t->row || t->calls == 0)
			continue;
		if (one && one->row->pid != t->row->pid)
			return "system calls";
		if (!one || t->row->tid == t->row->pid)
			one = t;
	}
	if (!one)
		return "system calls";
	snprintf(buffer, size, "%s %u", one->comm, one->row->pid);
	return buffer;
}

void calls_emit(struct doc *doc, struct calls *c, unsigned parts, const char *path)
{
	const struct recording_meta *meta = recording_borrow_meta(c->recording);
	struct str answer = { 0 };
	char title[64];

	doc_begin(doc, &(struct doc_head){ .kind = "sonde.calls", .version = 1,
					   .title = title_of(c, title, sizeof(title)), .subtitle = path,
					   .origin_ns = meta->start_ns });
	if (c->seen == 0 && c->rows > 0)
		str_printf(&answer, "none of %s system calls fits what you asked for", units_count(c->rows).text);
	else
		calls_answer(c, &answer);
	doc_headline(doc, "%s", str_text(&answer));
	str_deinit(&answer);
	losses_say(doc, c->recording);
	if (c->seen < c->rows && c->seen)
		doc_text(doc, "%s other calls are left out by what you asked for.", units_count(c->rows - c->seen).text);
	if (c->untimed)
		doc_text(doc, "When %s of the calls began is not known: no time here has them.",
			 units_count(c->untimed).text);
	calls_emit_parts(doc, c, parts, path);
}
