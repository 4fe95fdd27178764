/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RECORD_SQL_H
#define SONDE_RECORD_SQL_H
/* SQL over a recording: SQLite virtual tables on top of scans.  Read-only. */
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct recording;
struct sql;

/*
 * A table's columns have the types INTEGER and TEXT.  SQLite's integers are signed: values of a
 * U64 column from 2^63 on (kernel addresses) come out negative; addr(x) prints them in hex.
 * Beside the tables there are views that people would expect and functions; sql_schema()
 * describes all.
 */
struct err *sql_open(struct recording *r, struct sql **ret); /* r outlives it */
void sql_destroy(struct sql *s);

enum sql_value_kind { SQL_NULL, SQL_INTEGER, SQL_REAL, SQL_TEXT };
struct sql_value {
	enum sql_value_kind kind;
	int64_t integer;
	double real;
	const char *text; /* valid until the next row */
};

/* What is called for the result: first the column names once, then each row.  An
 * error ends the query and is passed on. */
struct sql_sink {
	struct err *(*columns)(void *user, const char *const *names, int count);
	struct err *(*row)(void *user, const struct sql_value *values, int count);
	void *user;
};
/* One or more statements separated by ';'.  ERR_USAGE with SQLite's message and the
 * place for a bad one.  Nothing can be written: ERR_USAGE too. */
struct err *sql_query(struct sql *s, const char *text, const struct sql_sink *sink);

/* Everything that can be asked for, as commented SQL, appended to *text.  ONLY: one table or
 * view; NULL: all.  ERR_NOT_FOUND with the nearest known name. */
struct str;
struct err *sql_schema(struct sql *s, const char *only, struct str *text);

#endif
