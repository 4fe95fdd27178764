/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RENDER_TEXT_H
#define SONDE_RENDER_TEXT_H
/*
 * Text on its way to a screen.  Names come from binaries, packets and other people's
 * processes: what could steer a terminal or hide itself (control characters, bidi
 * overrides, bytes that are no UTF-8) is made visible here and never passes on.
 */
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The code point at S (LEFT > 0 bytes); *used is its length.  -1 and 1 for a byte that
 * starts no well-formed UTF-8 (RFC 3629). */
int32_t text_decode(const char *s, size_t left, size_t *used);

/* Append at most LENGTH bytes of S, fit for a terminal: controls as \n or \x1b, stray
 * bytes as \xff, invisible and direction-changing characters as \u202e.  UTF8 false
 * escapes everything beyond ASCII. */
void text_add_clean(struct str *out, const char *s, size_t length, bool utf8);

/* Columns that clean text takes (wide characters 2, combining ones 0), whatever the
 * process's locale. */
size_t text_columns(const char *s, size_t length);
/* Bytes of the longest prefix that fits into COLUMNS. */
size_t text_prefix(const char *s, size_t length, size_t columns);

/* Append S (clean) in at most COLUMNS columns, "…" or ".." where it was cut.  Returns the
 * columns used. */
size_t text_add_elided(struct str *out, const char *s, size_t length, size_t columns, bool cut_left,
		       bool utf8);

/* The next line of a wrapped text: bytes of S that fit into COLUMNS, broken at a space
 * where there is one; *skip is how far the following line starts. */
size_t text_wrap(const char *s, size_t length, size_t columns, size_t *skip);

/* For XML and HTML: & < > " ' as entities; controls, stray bytes and what text_add_clean()
 * makes visible as there.  Newlines and tabs stay. */
void text_add_xml(struct str *out, const char *s, size_t length);

#endif
