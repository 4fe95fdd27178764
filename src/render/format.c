/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A view may give a unit any numeric kind (a duration as u64 or f64); here they meet.
 * Whole numbers stay whole: only what is scaled goes through double.
 */
#include "render/format.h"

#include "base/units.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

double format_number_of(const struct doc_value *value)
{
	switch (value->kind) {
	case DOC_V_U64:
		return (double)value->u64;
	case DOC_V_I64:
		return (double)value->i64;
	case DOC_V_F64:
		return value->f64;
	case DOC_V_BOOL:
		return value->b;
	default:
		return 0;
	}
}

/* The value as a whole number, clamped. */
static uint64_t whole(const struct doc_value *value)
{
	double n;

	if (value->kind == DOC_V_U64)
		return value->u64;
	if (value->kind == DOC_V_I64)
		return (uint64_t)value->i64;
	n = format_number_of(value);
	return !(n > 0) ? 0 : n >= 18446744073709549568.0 ? UINT64_MAX : (uint64_t)n;
}

static struct units count(const struct doc_value *value)
{
	if (value->kind == DOC_V_I64)
		return units_count_signed(value->i64);
	if (value->kind == DOC_V_F64 && (value->f64 < 0 || value->f64 != floor(value->f64)))
		return units_number(value->f64);
	return units_count(whole(value));
}

static struct units identity(const struct doc_value *value)
{
	struct units u;

	snprintf(u.text, sizeof(u.text), value->kind == DOC_V_I64 ? "%" PRId64 : "%" PRIu64,
		 whole(value));
	return u;
}

static struct units number_text(enum doc_unit unit, const struct doc_value *value,
				uint64_t origin_ns, bool fixed)
{
	double n = format_number_of(value);

	switch (unit) {
	case DOC_COUNT:
		return count(value);
	case DOC_DURATION_NS:
		return units_duration_ns(n);
	case DOC_TIME_NS:
		return units_time_ns((int64_t)(whole(value) - origin_ns));
	case DOC_BYTES:
		return units_bytes(n);
	case DOC_RATIO:
		return fixed ? units_ratio_fixed(n) : units_ratio(n);
	case DOC_HZ:
		return units_hz(n);
	case DOC_ADDR:
		return units_addr(whole(value));
	case DOC_ID:
		return identity(value);
	case DOC_BOOL:
		return n != 0 ? (struct units){ "yes" } : (struct units){ "no" };
	default:
		return value->kind == DOC_V_F64 ? units_number(n) : count(value);
	}
}

void format_value(struct str *out, enum doc_unit unit, const struct doc_value *value,
		  uint64_t origin_ns, bool fixed)
{
	if (value->kind == DOC_V_NONE)
		return;
	if (value->kind == DOC_V_STR)
		str_add(out, value->str ? value->str : "");
	else
		str_add(out, number_text(value->kind == DOC_V_BOOL ? DOC_BOOL : unit, value,
					 origin_ns, fixed)
				     .text);
}

bool format_is_left(const struct doc_column *column)
{
	return (column->flags & DOC_COLUMN_LEFT) || column->unit == DOC_TEXT ||
	       column->unit == DOC_BOOL;
}

void format_json_key(struct str *out, const char *key, enum doc_unit unit)
{
	static const char *const endings[] = {
		[DOC_DURATION_NS] = "_ns", [DOC_TIME_NS] = "_ns", [DOC_BYTES] = "_bytes",
		[DOC_RATIO] = "_ratio",	   [DOC_HZ] = "_hz",	  [DOC_BOOL] = NULL
	};
	const char *ending = endings[unit > DOC_BOOL ? DOC_BOOL : unit];

	str_add(out, key);
	if (ending && !str_ends(key, ending) && strcmp(key, ending + 1) != 0)
		str_add(out, ending);
}

void format_json_value(struct json *j, enum doc_unit unit, const struct doc_value *value)
{
	switch (value->kind) {
	case DOC_V_NONE:
		json_null(j);
		return;
	case DOC_V_STR:
		json_str(j, value->str);
		return;
	case DOC_V_BOOL:
		json_bool(j, value->b);
		return;
	default:
		break;
	}
	if (unit == DOC_ADDR)
		json_str(j, units_addr(whole(value)).text);
	else if (unit == DOC_BOOL)
		json_bool(j, format_number_of(value) != 0);
	else if (value->kind == DOC_V_U64)
		json_u64(j, value->u64);
	else if (value->kind == DOC_V_I64)
		json_i64(j, value->i64);
	else
		json_f64(j, value->f64);
}

const char *format_frame_kind(enum doc_frame_kind kind)
{
	static const char *const names[] = { "user",	"library", "kernel",  "kernel_module",
					     "inlined", "jit",	   "unknown", "group" };

	return (unsigned)kind < sizeof(names) / sizeof(*names) ? names[kind] : "unknown";
}

const char *format_style(enum doc_style style)
{
	static const char *const names[] = { "plain",  "dim",  "strong",  "good",    "warn", "bad",
					     "kernel", "user", "inlined", "library", "jit" };

	return (unsigned)style < sizeof(names) / sizeof(*names) ? names[style] : "plain";
}
