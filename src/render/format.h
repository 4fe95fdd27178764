/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RENDER_FORMAT_H
#define SONDE_RENDER_FORMAT_H
/* A doc_value as people read it, in its unit; shared by all renderers for people. */
#include "base/json.h"
#include "base/str.h"
#include "render/doc.h"

/* Append VALUE.  Text goes in as it is (not cleaned); FIXED gives ratios one decimal
 * always, for columns.  DOC_NONE appends nothing. */
void format_value(struct str *out, enum doc_unit unit, const struct doc_value *value,
		  uint64_t origin_ns, bool fixed);

/* The number in it, 0 for text and none. */
double format_number_of(const struct doc_value *value);

bool format_is_left(const struct doc_column *column); /* aligned left */

/* JSON: the key with the unit at its end ("self" -> "self_ns") unless it names it
 * already, and the exact value. */
void format_json_key(struct str *out, const char *key, enum doc_unit unit);
void format_json_value(struct json *j, enum doc_unit unit, const struct doc_value *value);

/* Words for JSON and CSS: "kernel", "jit" ... */
const char *format_frame_kind(enum doc_frame_kind kind);
const char *format_style(enum doc_style style);

#endif
