/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A SQLite database in memory that holds virtual tables over the recording (sql_table.c),
 * and the views and functions of sql_views.c.  Once set up it is sealed: an authorizer lets
 * statements read and nothing else.
 */
#include "base/mem.h"
#include "base/opt.h"
#include "base/str.h"
#include "event/table.h"
#include "record/sql_impl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- setting up
 * ----------------------------------------------------------------------------------- */

static struct err *sqlite_failed(struct sql *s, const char *what)
{
	return err_new(ERR_INTERNAL, "%s: %s", what, sqlite3_errmsg(s->db));
}

static int authorize(void *user, int action, const char *a, const char *b, const char *database,
		     const char *trigger)
{
	const struct sql *s = user;

	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_FUNCTION:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_PRAGMA:
		return !s->sealed || (a && (strcmp(a, "table_info") == 0 ||
					    strcmp(a, "table_list") == 0 ||
					    strcmp(a, "function_list") == 0))
			       ? SQLITE_OK
			       : SQLITE_DENY;
	default:
		return s->sealed ? SQLITE_DENY : SQLITE_OK;
	}
}

struct table *sql_find_table(struct sql *s, const char *name)
{
	char own[256];

	for (size_t i = 0; i < s->recording->tables.n; i++) {
		sql_table_name(s->recording->tables.v[i]->info.type, own);
		if (strcmp(own, name) == 0)
			return s->recording->tables.v[i];
	}
	for (size_t i = 0; i < s->empty.n; i++)
		if (strcmp(s->empty.v[i]->info.type->name, name) == 0)
			return s->empty.v[i];
	return NULL;
}

static struct err *run(struct sql *s, const char *text)
{
	return sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK ? NULL
									: sqlite_failed(s, text);
}

static struct err *make_table(struct sql *s, const struct table *t)
{
	char name[256];

	sql_table_name(t->info.type, name);
	CLEANUP(mem_freep) char *text = mem_printf("CREATE VIRTUAL TABLE \"%s\" USING sonde", name);

	return run(s, text);
}

/* Tables that the recording has, and empty ones for the other built-in types, so that a question
 * about them has an answer. */
static struct err *make_tables(struct sql *s)
{
	for (unsigned n = 0; n < TYPE_FIRST_DYNAMIC; n++) {
		const struct event_type *type = event_type_builtin(n);

		if (type == NULL || recording_find_table(s->recording, type->name))
			continue;
		struct table *t = mem_calloc(1, sizeof(*t));

		t->info.type = type;
		vec_push(&s->empty, t);
	}
	for (size_t i = 0; i < s->recording->tables.n; i++)
		TRY(make_table(s, s->recording->tables.v[i]));
	for (size_t i = 0; i < s->empty.n; i++)
		TRY(make_table(s, s->empty.v[i]));
	return NULL;
}

static struct err *set_up(struct sql *s)
{
	if (sqlite3_open_v2(":memory:", &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
	    SQLITE_OK)
		return sqlite_failed(s, "cannot start SQLite");
	sqlite3_set_authorizer(s->db, authorize, s);
	if (sqlite3_create_module(s->db, "sonde", &sql_table_module, s) != SQLITE_OK)
		return sqlite_failed(s, "cannot set up SQL");
	for (const struct sql_function *f = sql_functions; f->name; f++)
		if (sqlite3_create_function(s->db, f->name, 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
					    s, f->run, NULL, NULL) != SQLITE_OK)
			return sqlite_failed(s, f->name);
	TRY(make_tables(s));
	for (const struct sql_view *v = sql_views; v->name; v++) {
		if (sql_find_table(s, v->name)) /* a user's own probe has that name */
			continue;

		CLEANUP(mem_freep)
		char *text = mem_printf("CREATE VIEW %s AS %s", v->name, v->text);

		TRY(run(s, text));
	}
	s->sealed = true;
	return NULL;
}

struct err *sql_open(struct recording *r, struct sql **ret)
{
	struct sql *s = mem_calloc(1, sizeof(*s));

	s->recording = r;
	struct err *err = set_up(s);

	if (err != NULL)
		sql_destroy(s);
	else
		*ret = s;
	return err;
}

void sql_destroy(struct sql *s)
{
	if (s == NULL)
		return;
	sqlite3_close(s->db);
	for (size_t i = 0; i < s->empty.n; i++)
		free(s->empty.v[i]);
	vec_deinit(&s->empty);
	err_destroy(s->failed);
	free(s);
}

/* --- errors
 * --------------------------------------------------------------------------------------------- */

static void add_names(struct sql *s, struct arena *a, const char *message, const char **names,
		      size_t *count, size_t max)
{
	bool is_column = strstr(message, "column") != NULL;

	for (size_t i = 0; i < s->recording->tables.n + s->empty.n; i++) {
		const struct table *t = i < s->recording->tables.n
						? s->recording->tables.v[i]
						: s->empty.v[i - s->recording->tables.n];
		char name[256];

		sql_table_name(t->info.type, name);
		if (!is_column && *count < max)
			names[(*count)++] = arena_strdup(a, name);
		for (unsigned f = 0; is_column && f < t->info.type->field_count && *count < max;
		     f++)
			names[(*count)++] = t->info.type->fields[f].name;
	}
	for (const struct sql_view *v = sql_views; v->name && !is_column && *count < max; v++)
		names[(*count)++] = v->name;
}

/* "no such table: X" -> the nearest name there is. */
static struct err *advise(struct sql *s, struct err *err, const char *message)
{
	enum { MOST = 1024 };
	const char *colon = strstr(message, "no such table: "), *names[MOST];
	struct arena a;
	size_t count = 0;

	if (colon == NULL)
		colon = strstr(message, "no such column: ");
	if (colon == NULL)
		return err_fix(err, "the tables and columns: sonde query REC .schema");
	colon = strchr(colon, ':') + 2;
	if (strchr(colon, '.'))
		colon = strchr(colon, '.') + 1;
	arena_init(&a);
	add_names(s, &a, message, names, &count, MOST);
	const char *near = opt_nearest(colon, names, count);

	if (near && str_eq(near, colon))
		err = err_fix(err, "another table has it; the tables and columns: sonde query REC .schema");
	else if (near)
		err = err_fix(err,
			      "did you mean '%s'? the tables and columns: sonde query REC .schema",
			      near);
	else
		err = err_fix(err, "the tables and columns: sonde query REC .schema");
	arena_deinit(&a);
	return err;
}

/* The line that the error is in, and where. */
static struct err *bad_statement(struct sql *s, const char *all, const char *statement)
{
	int offset = sqlite3_error_offset(s->db);
	const char *message = sqlite3_errmsg(s->db);
	struct err *err;

	if (sqlite3_errcode(s->db) == SQLITE_AUTH)
		return err_fix(err_new(ERR_USAGE, "a recording is for reading: that statement "
						  "would change something"),
			       "ask with SELECT");
	if (offset < 0) {
		err = err_new(ERR_USAGE, "SQL: %s", message);
	} else {
		const char *at = statement + offset, *line = at;
		unsigned number = 1;

		while (line > all && line[-1] != '\n')
			line--;
		for (const char *p = all; p < line; p++)
			number += *p == '\n';
		err = err_new(ERR_USAGE, "SQL, line %u, column %td: %s", number, at - line + 1,
			      message);
	}
	return advise(s, err, message);
}

/* --- queries
 * --------------------------------------------------------------------------------------------- */

static void take_value(sqlite3_stmt *statement, int i, struct sql_value *v)
{
	*v = (struct sql_value){ .kind = SQL_NULL };
	switch (sqlite3_column_type(statement, i)) {
	case SQLITE_INTEGER:
		v->kind = SQL_INTEGER;
		v->integer = sqlite3_column_int64(statement, i);
		break;
	case SQLITE_FLOAT:
		v->kind = SQL_REAL;
		v->real = sqlite3_column_double(statement, i);
		break;
	case SQLITE_NULL:
		break;
	default:
		v->kind = SQL_TEXT;
		v->text = (const char *)sqlite3_column_text(statement, i);
		if (v->text == NULL)
			v->text = "";
	}
}

static struct err *step_failed(struct sql *s)
{
	struct err *err = s->failed;

	s->failed = NULL;
	return err ? err : err_new(ERR_USAGE, "SQL: %s", sqlite3_errmsg(s->db));
}

static struct err *run_statement(struct sql *s, sqlite3_stmt *statement,
				 const struct sql_sink *sink)
{
	int count = sqlite3_column_count(statement), rc;
	CLEANUP(mem_freep) const char **names = mem_calloc((size_t)count, sizeof(*names));
	CLEANUP(mem_freep) struct sql_value *values = mem_calloc((size_t)count, sizeof(*values));

	for (int i = 0; i < count; i++)
		names[i] = sqlite3_column_name(statement, i);
	if (count)
		TRY(sink->columns(sink->user, names, count));
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
		for (int i = 0; i < count; i++)
			take_value(statement, i, &values[i]);
		TRY(sink->row(sink->user, values, count));
	}
	return rc == SQLITE_DONE ? NULL : step_failed(s);
}

struct err *sql_query(struct sql *s, const char *text, const struct sql_sink *sink)
{
	const char *rest = text;

	while (*rest) {
		sqlite3_stmt *statement = NULL;
		const char *from = rest;

		if (sqlite3_prepare_v2(s->db, from, -1, &statement, &rest) != SQLITE_OK)
			return bad_statement(s, text, from);
		if (statement == NULL)
			continue; /* a comment or an empty statement */
		struct err *err = run_statement(s, statement, sink);

		sqlite3_finalize(statement);
		if (err != NULL)
			return err;
	}
	return NULL;
}

/* --- .schema
 * -------------------------------------------------------------------------------------------------
 */

static void describe_field(const struct event_field *f, bool last, struct str *text)
{
	static const char *const units[] = {
		[UNIT_NONE] = "",
		[UNIT_TIME_NS] = " (ns, CLOCK_MONOTONIC)",
		[UNIT_DURATION_NS] = " (ns)",
		[UNIT_BYTES] = " (bytes)",
		[UNIT_COUNT] = "",
		[UNIT_ADDR] = " (address: addr() prints it)",
		[UNIT_ID] = "",
		[UNIT_PID] = "",
		[UNIT_ENUM] = "",
	};
	size_t from = text->length;

	str_printf(text, "  %s %s%s", f->name, f->kind == FIELD_STR ? "TEXT" : "INTEGER",
		   last ? "" : ",");
	while (text->length - from < 26)
		str_add_char(text, ' ');
	str_printf(text, " -- %s%s", f->prose, units[f->unit]);
	if (f->unit == UNIT_ID && f->ref && strcmp(f->name, "id") != 0)
		str_printf(text, " -> %s.id", f->ref);
	str_add_char(text, '\n');
}

static void describe_table(const struct table *t, const char *name, struct str *text)
{
	const struct event_type *type = t->info.type;

	str_printf(text, "-- %s: %s (%" PRIu64 " row%s)\n", name, type->prose, t->info.rows,
		   t->info.rows == 1 ? "" : "s");
	str_printf(text, "CREATE TABLE %s (\n", name);
	for (unsigned i = 0; i < type->field_count; i++)
		describe_field(&type->fields[i], i + 1 == type->field_count, text);
	str_add(text, ");\n\n");
}

static void describe_view(const struct sql_view *v, struct str *text)
{
	str_printf(text, "-- %s: %s\nCREATE VIEW %s AS\n%s;\n\n", v->name, v->prose, v->name,
		   v->text);
}

struct err *sql_schema(struct sql *s, const char *only, struct str *text)
{
	size_t before = text->length;

	for (size_t i = 0; i < s->recording->tables.n + s->empty.n; i++) {
		const struct table *t = i < s->recording->tables.n
						? s->recording->tables.v[i]
						: s->empty.v[i - s->recording->tables.n];
		char name[256];

		sql_table_name(t->info.type, name);
		if (only == NULL || strcmp(only, name) == 0)
			describe_table(t, name, text);
	}
	for (const struct sql_view *v = sql_views; v->name; v++)
		if (only == NULL || strcmp(only, v->name) == 0)
			describe_view(v, text);
	for (const struct sql_function *f = sql_functions; f->name && only == NULL; f++)
		str_printf(text, "-- function %s(%s): %s\n", f->name, f->arguments, f->prose);
	if (text->length == before) {
		CLEANUP(mem_freep) char *message = mem_printf("no such table: %s", only);

		return advise(s, err_new(ERR_NOT_FOUND, "the recording has no table '%s'", only),
			      message);
	}
	return NULL;
}
