/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_ARENA_H
#define SONDE_BASE_ARENA_H
/*
 * An arena hands out memory that all ends at one moment: one arena a query, an
 * event batch, a command.  Nothing in it is freed on its own.
 *
 * Running out of memory for a small block aborts the process with a message
 * (mem_fail): there is no useful work left that a tool could do then.  Sizes that
 * come from outside are checked against a bound before they get here.
 */
#include <stdarg.h>
#include <stddef.h>

struct arena_block;
struct arena {
	struct arena_block *block; /* newest first */
	char *next, *end;          /* free part of the newest block */
	size_t used_bytes;         /* handed out so far */
};

void arena_init(struct arena *a);
void arena_deinit(struct arena *a); /* frees all; the arena may be used again */

void *arena_alloc(struct arena *a, size_t size_bytes);  /* 16-byte aligned, not zeroed */
void *arena_calloc(struct arena *a, size_t count, size_t size_bytes); /* zeroed */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t length); /* adds a NUL */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

#define ARENA_NEW(a, type) ((type *)arena_calloc((a), 1, sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_calloc((a), (n), sizeof(type)))

#endif
