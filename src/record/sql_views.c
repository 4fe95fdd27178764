/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ready-made views and functions: what people would ask first, without a join. */
#include "base/mem.h"
#include "base/str.h"
#include "record/sql_impl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { STACK_DEPTH_MAX = 4096 };

const struct sql_view sql_views[] = {
	{ "samples", "samples with their names: who ran where",
	  "SELECT s.time_ns, t.pid, t.tid, t.comm, s.cpu, e.name AS event, s.period,\n"
	  "       f.function, f.module_path AS module, f.file, f.line, s.stack\n"
	  "FROM sample s LEFT JOIN thread t ON t.id = s.thread LEFT JOIN stack k ON k.id = "
	  "s.stack\n"
	  "     LEFT JOIN frame f ON f.id = k.frame LEFT JOIN event e ON e.id = s.event" },
	{ "syscalls", "system calls with the names of their threads; error: its number, 0 where there was none; a duration that is not known is NULL",
	  "SELECT s.time_ns, t.pid, t.tid, t.comm, s.number, s.name, s.arguments, s.returned, s.path, s.result,\n"
	  "       CASE WHEN s.result BETWEEN -4095 AND -1 THEN -s.result ELSE 0 END AS error,\n"
	  "       CASE WHEN s.flags & 8 THEN NULL ELSE s.duration_ns END AS duration_ns,\n"
	  "       s.arg0, s.arg1, s.arg2, s.arg3, s.arg4, s.arg5, s.stack\n"
	  "FROM syscall s LEFT JOIN thread t ON t.id = s.thread" },
	{ "threads", "threads with how long they lived and how many samples they have",
	  "SELECT t.id, t.pid, t.tid, t.ppid, t.comm, t.exe, seconds(t.start_ns) AS start_s,\n"
	  "       CASE WHEN t.end_ns THEN seconds(t.end_ns) END AS end_s, ifnull(n.samples, 0) AS "
	  "samples\n"
	  "FROM thread t LEFT JOIN (SELECT thread, count(*) AS samples FROM sample GROUP BY "
	  "thread) n\n"
	  "     ON n.thread = t.id" },
	{ NULL, NULL, NULL },
};

/* --- functions -------------------------------------------------------------------------------- */

static struct recording *recording_of(sqlite3_context *context)
{
	return ((struct sql *)sqlite3_user_data(context))->recording;
}

static void addr_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	char text[24];

	if (sqlite3_value_type(values[0]) == SQLITE_NULL)
		return;
	snprintf(text, sizeof(text), "0x%" PRIx64, (uint64_t)sqlite3_value_int64(values[0]));
	sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static void seconds_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	int64_t start_ns = (int64_t)recording_of(context)->meta.start_ns;

	if (sqlite3_value_type(values[0]) != SQLITE_NULL)
		sqlite3_result_double(context,
				      (double)(sqlite3_value_int64(values[0]) - start_ns) / 1e9);
}

static void wall_time_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	int64_t ns = sqlite3_value_int64(values[0]);
	struct tm tm;
	char text[64];
	size_t n;

	if (sqlite3_value_type(values[0]) == SQLITE_NULL ||
	    __builtin_add_overflow(ns, recording_of(context)->meta.wall_offset_ns, &ns) || ns < 0)
		return;
	time_t seconds = (time_t)(ns / 1000000000);

	if (localtime_r(&seconds, &tm) == NULL)
		return;
	n = strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(text + n, sizeof(text) - n, ".%06d", (int)(ns % 1000000000 / 1000));
	sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

/* What stands for a frame: its function, else module+offset, else the bare address. */
static void add_frame(struct recording *r, const struct row_frame *f, struct str *text)
{
	const char *name = recording_string(r, f->function),
		   *module = recording_string(r, f->module_path);
	const char *slash = strrchr(module, '/');

	if (name[0])
		str_add(text, name);
	else if (module[0])
		str_printf(text, "%s+0x%" PRIx64, slash ? slash + 1 : module, f->offset);
	else
		str_printf(text, "0x%" PRIx64, f->offset);
}

/* Frame ids of a stack, innermost first, inlined calls expanded.  Bounded: ids come from a file and
 * may go round in circles. */
static size_t collect_frames(struct recording *r, uint32_t id, uint32_t *frames)
{
	size_t n = 0, steps = 0;

	while (id && n < STACK_DEPTH_MAX && steps++ < STACK_DEPTH_MAX) {
		const struct row_stack *node = recording_side_find(r, TYPE_stack, id);
		uint32_t frame = node ? node->frame : 0;

		while (frame && n < STACK_DEPTH_MAX) {
			const struct row_frame *f = recording_side_find(r, TYPE_frame, frame);

			frames[n++] = frame;
			frame = f ? f->outer : 0;
		}
		id = node ? node->parent : 0;
	}
	return n;
}

static void stack_text_function(sqlite3_context *context, int count, sqlite3_value **values)
{
	struct recording *r = recording_of(context);
	sqlite3_int64 id = sqlite3_value_int64(values[0]);
	struct str text = { 0 };

	if (id <= 0 || id > UINT32_MAX || recording_side_find(r, TYPE_stack, (uint32_t)id) == NULL)
		return;
	CLEANUP(mem_freep) uint32_t *frames = mem_alloc(STACK_DEPTH_MAX * sizeof(*frames));

	for (size_t n = collect_frames(r, (uint32_t)id, frames); n-- > 0;) {
		const struct row_frame *f = recording_side_find(r, TYPE_frame, frames[n]);

		if (text.length)
			str_add_char(&text, ';');
		if (f)
			add_frame(r, f, &text);
		else
			str_add(&text, "?");
	}
	sqlite3_result_text(context, str_text(&text), (int)text.length, SQLITE_TRANSIENT);
	str_deinit(&text);
}

const struct sql_function sql_functions[] = {
	{ "addr", "x",
	  "x in hex, as an unsigned 64-bit number (addresses from 2^63 on are negative in SQL)",
	  addr_function },
	{ "seconds", "time_ns", "seconds since the recording began", seconds_function },
	{ "stack_text", "stack",
	  "the stack's functions from the outermost to the innermost, with ';' between",
	  stack_text_function },
	{ "wall_time", "time_ns", "local date and time of a time_ns", wall_time_function },
	{ NULL, NULL, NULL, NULL },
};
