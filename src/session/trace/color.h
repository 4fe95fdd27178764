/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_COLOR_H
#define SONDE_SESSION_TRACE_COLOR_H
/* --color: lines of a trace with terminal colours.  They are added when text is written, so that columns are counted
 * without them. */
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct color_state { /* from one piece of text to the next; zeroed to begin with */
	int where;   /* enum in color.c */
	int depth;   /* of brackets */
};

/* Append TEXT with colours. */
void color_add(struct color_state *s, const char *text, size_t length, struct str *out);

#endif
