/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_OOPS_MATCH_H
#define SONDE_OOPS_MATCH_H
/*
 * Templates: what the lines of a kernel report look like, readable in a table.
 *
 *   "BUG: KASAN: {bug} in {func}"
 *   "{access:Read|Write} of size {size:num} at addr {addr:hex}"
 *
 * Text stands for itself; spaces for one blank or more (behind `any` exactly so many as in the line).  {NAME:TYPE} captures:
 *   word   up to white space or the character that follows in the template (the default)
 *   func   a symbol as the kernel prints it: name+0x1/0x2, [<addr>] in front left out; the
 *          capture is the name alone
 *   num    decimal digits
 *   hex    hexadecimal digits, 0x in front left out
 *   any    the shortest text, also none, up to what follows in the template
 *   rest   the rest of the line
 *   a|b|c  one of these words; a|b| also none; any other word: that word alone
 * {func} is short for {func:func}; a name that begins with '_' is matched and not kept.  A
 * template matches anywhere in a line, at its start when it begins with '^', up to its end
 * when it ends with '$'.  No backtracking beyond that: time is linear in the line for each place where its first
 * word stands.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { OOPS_CAPTURES_MAX = 16 };

struct oops_capture {
	const char *name; /* in the template: not NUL-terminated */
	size_t name_length;
	const char *text; /* in the line */
	size_t length;
};
struct oops_captures {
	struct oops_capture v[OOPS_CAPTURES_MAX];
	size_t n; /* 0 is all that a new one needs: the array is written before it is read */
};

/* Captures are added to CAPTURES (may be NULL), also over several templates; what doesn't
 * fit is matched and not kept.  Nothing is added when it doesn't match. */
bool oops_match(const char *template, const char *line, size_t length,
		struct oops_captures *captures);
/* The last capture of this name; NULL: none. */
const struct oops_capture *oops_captured(const struct oops_captures *captures, const char *name);

/* A symbol at S: "name+0x12/0x34", perhaps after "[<ffff...>] " or "0010:".  *name and
 * *name_length are the name alone; offset and size are set where it has them.  Returns
 * the bytes that it takes, 0 when there is none. */
size_t oops_symbol_parse(const char *s, size_t length, const char **name, size_t *name_length,
			 unsigned long long *offset, unsigned long long *size);

/* memmem(), which prepares a table first: too much for lines of a hundred bytes. */
const char *oops_find_bytes(const char *text, size_t length, const char *needle, size_t needle_length);
/* The same for text. */
static inline const char *oops_find(const char *text, size_t length, const char *needle)
{
	return oops_find_bytes(text, length, needle, strlen(needle));
}

#endif
