/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_JSON_H
#define SONDE_BASE_JSON_H
/*
 * A streaming JSON writer: calls in document order, text out at once, nothing kept
 * but the nesting.  Commas, colons and indentation are its business:
 *
 *   struct json j;
 *   json_init_file(&j, stdout, 2);
 *   json_begin_object(&j);
 *   json_key(&j, "pid"), json_u64(&j, 4711);
 *   json_key(&j, "names"), json_begin_array(&j), json_str(&j, "a"), json_end(&j);
 *   json_end(&j);
 *
 * (Do not include it beside <jansson.h>, which parses JSON and has a json_null() too.)
 */
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { JSON_DEPTH_MAX = 64 }; /* deeper nesting is a bug of the caller: abort() */

struct json {
	struct str *text; /* one of the two is where it goes */
	FILE *file;
	unsigned indent; /* spaces a level; 0: all on one line */
	unsigned depth;
	bool after_key;
	bool is_array[JSON_DEPTH_MAX], has_items[JSON_DEPTH_MAX];
};

/* Append to TEXT, which the caller owns. */
void json_init_str(struct json *j, struct str *text, unsigned indent);
/* Write to FILE; the caller looks at ferror() at the end. */
void json_init_file(struct json *j, FILE *file, unsigned indent);

void json_begin_object(struct json *j);
void json_begin_array(struct json *j);
void json_end(struct json *j); /* of the innermost object or array */
void json_key(struct json *j, const char *key);

/* Bytes that are not UTF-8 become U+FFFD, so that the output always parses.  NULL is
 * written as null. */
void json_str(struct json *j, const char *s);
void json_str_n(struct json *j, const char *s, size_t length);
void json_u64(struct json *j, uint64_t n);
void json_i64(struct json *j, int64_t n);
void json_f64(struct json *j,
	      double n); /* shortest that reads back the same; NaN and infinities: null */
void json_bool(struct json *j, bool b);
void json_null(struct json *j);
/* A value that is JSON already, as it is. */
void json_raw(struct json *j, const char *text, size_t length);

#endif
