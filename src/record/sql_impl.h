/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RECORD_SQL_IMPL_H
#define SONDE_RECORD_SQL_IMPL_H
/* Inside of SQL over a recording, for sql*.c. */
#include "record/recording_impl.h"
#include "record/sql.h"

#include <sqlite3.h>

struct sql {
	struct recording *recording;
	sqlite3 *db;
	struct err *failed; /* what a virtual table could not read; SQLite only gets the message */
	VEC(struct table *) empty; /* built-in types that this recording has no rows of */
	bool sealed;		   /* set up; from here on nothing may be changed */
};

/* A table's name in SQL: '/' becomes '_'. */
void sql_table_name(const struct event_type *type, char name[256]);

/* --- sql_table.c --------------------------------------------------------------------- */

extern const sqlite3_module sql_table_module;
/* What a virtual table's create gets, by name. */
struct table *sql_find_table(struct sql *s, const char *name);

/* Conditions that a cursor applies itself: FIELD compared with a whole number. */
enum sql_compare { SQL_EQ, SQL_GT, SQL_GE, SQL_LT, SQL_LE };
struct sql_filter {
	unsigned field;
	enum sql_compare compare;
	int64_t value;
};
struct sql_filters {
	struct sql_filter v[8];
	unsigned n;
};
/* Can a row group hold a row that passes? */
bool sql_may_match(const struct table *t, size_t segment, size_t group,
		   const struct sql_filters *f);
/* Read the fields of FIELDS into columns (by field) and keep in *picked the rows that pass; NULL
 * *picked: all of them do. */
struct sql_rows {
	const struct table *table;
	void **columns; /* by field; NULL: not read */
	size_t cap;	/* rows in each */
	uint32_t *picked;
	size_t rows, count; /* in the group; that pass */
	bool all;	    /* all pass: picked is not filled */
};
struct err *sql_read_group(struct recording *r, struct sql_rows *rows, uint64_t fields,
			   size_t segment, size_t group, const struct sql_filters *f);
void sql_rows_deinit(struct sql_rows *rows);
/* A value as SQLite has it: signed. */
static inline int64_t sql_integer(const struct event_field *f, const void *column, size_t row)
{
	if (parquet_kind_is_wide((enum parquet_kind)f->kind))
		return ((const int64_t *)column)[row];
	return f->kind == FIELD_I32 ? ((const int32_t *)column)[row]
				    : (int64_t)((const uint32_t *)column)[row];
}

/* --- sql_group.c ------------------------------------------------------------------------ */

/* All rows that pass, in memory, those with the same key one after the other. */
struct sql_order_by {
	unsigned fields[4];
	bool descending[4];
	unsigned n;
};
struct sql_grouped {
	void **columns;	 /* by field */
	uint32_t *order; /* rows in the order to give them out */
	size_t count;
};
enum { SQL_GROUP_BYTES_MAX = 1 << 30 };
struct err *sql_group(struct recording *r, const struct table *t, uint64_t fields,
		      const struct sql_filters *f, const struct sql_order_by *by,
		      struct sql_grouped *ret);
void sql_grouped_deinit(struct sql_grouped *g, unsigned field_count);

/* --- sql_views.c --------------------------------------------------------------------------- */

struct sql_view {
	const char *name, *prose, *text; /* text: after CREATE VIEW name AS */
};
extern const struct sql_view sql_views[]; /* ended by NULL */
struct sql_function {
	const char *name, *arguments, *prose;
	void (*run)(sqlite3_context *context, int count, sqlite3_value **values);
};
extern const struct sql_function sql_functions[]; /* ended by NULL; one argument each */

#endif
