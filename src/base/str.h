/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_STR_H
#define SONDE_BASE_STR_H
/* Text: a growing buffer, number parsing that refuses garbage, and distances. */
#include "base/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing byte buffer; `text` is always NUL-terminated once anything was added
 * (it is NULL before). */
struct str {
	char *text;
	size_t length, cap;
};

void str_init(struct str *s);
void str_deinit(struct str *s);
void str_clear(struct str *s); /* length 0, memory kept */
void str_truncate(struct str *s, size_t length); /* to LENGTH, which it has at least */
void str_reserve(struct str *s, size_t more_bytes);
void str_add(struct str *s, const char *text);
void str_add_n(struct str *s, const void *bytes, size_t length);
void str_add_char(struct str *s, char c);
void str_add_repeat(struct str *s, char c, size_t count);
/* TEXT (UTF-8), or as much of it as MAX bytes hold with "…" for the rest: names of C++ functions
 * can be longer than a screen. */
void str_add_cut(struct str *s, const char *text, size_t max);
void str_printf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_vprintf(struct str *s, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* LENGTH bytes that came from outside, fit for a terminal and for one line: controls and bytes that are no
 * UTF-8 as a system call's strings show them, "\n", "\33" (octal, of three digits before a digit). */
void str_add_visible(struct str *s, const char *text, size_t length);
/* The same for a message of several lines: newlines and tabs stay. */
void str_add_visible_lines(struct str *s, const char *text, size_t length);
/* VALUE's decimal digits, the last of them just before END, where 20 bytes are free; the first of them. */
char *str_digits_before(char *end, uint64_t value);
/* Decimal, without printf's cost. */
void str_add_u64(struct str *s, uint64_t value);
/* The same with blanks behind it, COLUMNS in all. */
void str_add_u64_padded(struct str *s, uint64_t value, size_t columns);
/* The text, owned by the caller (free()); the buffer is empty afterwards.  Never NULL. */
char *str_take(struct str *s);
const char *str_text(const struct str *s); /* "" when empty; valid until the next change */

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
bool str_eq(const char *a, const char *b); /* NULL equals only NULL */

/* Whole-string numbers: "12", "0x1f".  ERR_USAGE on anything else or out of range;
 * WHAT names the thing in the message ("the sampling rate"). */
struct err *str_to_u64(const char *s, const char *what, uint64_t min, uint64_t max, uint64_t *value);
/* "4096", "64k", "1M", "2G" (powers of 1024). */
struct err *str_to_bytes(const char *s, const char *what, uint64_t *bytes);
/* "10" (seconds), "1.5s", "250ms", "10us", "5m", "2h" -> nanoseconds. */
struct err *str_to_duration_ns(const char *s, const char *what, uint64_t *ns);

/* WORD as a shell takes it for one word: as it is where that is plain, else in single quotes.
 * The caller's (free()); never NULL.  For every command that a message or a view tells to run. */
char *str_quote_shell(const char *word);

/* Levenshtein distance, with transposition, for "did you mean". */
unsigned str_distance(const char *a, const char *b);

/* Columns a UTF-8 text takes on a terminal (wide and combining characters
 * counted as they show; malformed bytes count 1). */
size_t str_columns(const char *s, size_t length);

#endif
