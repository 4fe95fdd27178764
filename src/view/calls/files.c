/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files, sockets and the rest that was touched: what was moved there, and how long it took. */
#include "base/str.h"
#include "base/units.h"
#include "record/recording.h"
#include "render/doc.h"
#include "view/calls/calls_impl.h"

#include <stdlib.h>

enum { FILES_SHOWN = 40, OTHERS_SHOWN = 15 };

static int by_time(const void *a, const void *b)
{
	const struct call_object *x = *(const struct call_object *const *)a, *y = *(const struct call_object *const *)b;
	int order = (x->time_ns < y->time_ns) - (x->time_ns > y->time_ns);

	return order ? order : (x > y) - (x < y);
}

/* Was anything but a failure seen of it? */
static bool was_touched(const struct call_object *o) { return o->calls > o->errors; }

static struct doc_value or_none(uint64_t n) { return n ? DOC_U64(n) : DOC_NONE; }

static void emit_row(struct doc *doc, const struct calls *c, const struct call_object *o)
{
	char who[64];

	doc_row(doc, (struct doc_value[]){ DOC_U64(o->time_ns), or_none(o->read_bytes), or_none(o->write_bytes),
					   or_none(o->reads), or_none(o->writes), or_none(o->opens), DOC_U64(o->calls),
					   or_none(o->errors), or_none(o->mapped_bytes), DOC_STR(o->name),
					   DOC_STR(calls_users(c, o->comm, o->processes, who, sizeof(who))) });
}

static void emit_kind(struct doc *doc, const struct calls *c, const char *key, const char *title, unsigned kinds,
		      uint64_t usual)
{
	static const struct doc_column columns[] = {
		{ "time", "time", DOC_DURATION_NS, 0 }, { "read", "read", DOC_BYTES, 0 }, { "written", "written", DOC_BYTES, 0 },
		{ "reads", "reads", DOC_COUNT, 0 }, { "writes", "writes", DOC_COUNT, 0 }, { "opens", "opened", DOC_COUNT, 0 },
		{ "calls", "calls", DOC_COUNT, DOC_COLUMN_OPTIONAL }, { "errors", "errors", DOC_COUNT, DOC_COLUMN_OPTIONAL },
		{ "mapped", "mapped", DOC_BYTES, DOC_COLUMN_OPTIONAL }, { "name", "name", DOC_TEXT, DOC_COLUMN_ELIDE_LEFT },
		{ "who", "who", DOC_TEXT, DOC_COLUMN_OPTIONAL },
	};
	VEC(const struct call_object *) list = { 0 };
	uint64_t limit = calls_limit(c, usual);
	size_t i;

	for (i = 0; i < c->objects.list.n; i++)
		if (kinds >> c->objects.list.v[i].kind & 1 && was_touched(&c->objects.list.v[i]))
			vec_push(&list, &c->objects.list.v[i]);
	vec_sort(&list, by_time);
	if (list.n) {
		doc_table_begin(doc, key, title, columns, sizeof(columns) / sizeof(*columns));
		for (i = 0; i < list.n && i < limit; i++)
			emit_row(doc, c, list.v[i]);
		calls_end_table(doc, list.n - i);
	}
	vec_deinit(&list);
}

static bool uses_rings(const struct calls *c)
{
	for (size_t i = 0; i < c->objects.list.n; i++)
		if (str_starts(c->objects.list.v[i].name, "io_uring"))
			return true;
	return false;
}

void calls_emit_files(struct doc *doc, struct calls *c)
{
	uint64_t read = 0, written = 0, files = 0, sockets = 0;

	for (size_t i = 0; i < c->objects.list.n; i++) {
		const struct call_object *o = &c->objects.list.v[i];

		read += o->read_bytes;
		written += o->write_bytes;
		files += o->kind == CALL_OBJECT_FILE && was_touched(o);
		sockets += o->kind == CALL_OBJECT_SOCKET && was_touched(o);
	}
	doc_text(doc, "%s file%s and %s socket%s touched; %s read, %s written.", units_count(files).text, files == 1 ? "" : "s",
		 units_count(sockets).text, sockets == 1 ? "" : "s", units_bytes((double)read).text, units_bytes((double)written).text);
	if (uses_rings(c))
		doc_text(doc, "It uses io_uring: what is read and written by way of its rings is not among this.");
	emit_kind(doc, c, "files", "Files", 1 << CALL_OBJECT_FILE, FILES_SHOWN);
	emit_kind(doc, c, "sockets", "Sockets", 1 << CALL_OBJECT_SOCKET, FILES_SHOWN);
	emit_kind(doc, c, "others", "Pipes and others", 1 << CALL_OBJECT_PIPE | 1 << CALL_OBJECT_OTHER, OTHERS_SHOWN);
}
