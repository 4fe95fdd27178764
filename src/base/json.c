/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each value first writes what stands between it and the one before (before_value);
 * the rest is escaping.  Strings are copied in stretches that need no escape.
 */
#include "base/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void put(struct json *j, const char *s, size_t length)
{
	/* Nobody else writes to it meanwhile, or it would be no JSON: the lock would only cost. */
	if (j->file)
		fwrite_unlocked(s, 1, length, j->file);
	else
		str_add_n(j->text, s, length);
}

static void put_newline(struct json *j)
{
	static const char line[] = "\n"
		"                                                                ";
	const size_t spaces = sizeof(line) - 2;
	size_t left = (size_t)j->indent * j->depth, n = left < spaces ? left : spaces;

	if (j->indent == 0)
		return;
	put(j, line, 1 + n);
	for (left -= n; left > 0; left -= n) {
		n = left < spaces ? left : spaces;
		put(j, line + 1, n);
	}
}

static void before_value(struct json *j)
{
	if (j->after_key) {
		j->after_key = false;
		return;
	}
	if (j->depth == 0)
		return;
	if (j->has_items[j->depth - 1])
		put(j, ",", 1);
	j->has_items[j->depth - 1] = true;
	put_newline(j);
}

void json_init_str(struct json *j, struct str *text, unsigned indent)
{
	*j = (struct json){ .text = text, .indent = indent };
}

void json_init_file(struct json *j, FILE *file, unsigned indent)
{
	*j = (struct json){ .file = file, .indent = indent };
}

static void begin(struct json *j, bool is_array)
{
	before_value(j);
	if (j->depth == JSON_DEPTH_MAX)
		abort();
	j->is_array[j->depth] = is_array;
	j->has_items[j->depth] = false;
	j->depth++;
	put(j, is_array ? "[" : "{", 1);
}

void json_begin_object(struct json *j) { begin(j, false); }
void json_begin_array(struct json *j) { begin(j, true); }

void json_end(struct json *j)
{
	if (j->depth == 0)
		abort();
	j->depth--;
	if (j->has_items[j->depth])
		put_newline(j);
	put(j, j->is_array[j->depth] ? "]" : "}", 1);
	if (j->depth == 0 && j->indent)
		put(j, "\n", 1);
}

/* Length of the UTF-8 sequence at S, 0 when it is malformed (overlong, a surrogate,
 * cut short: RFC 3629, section 4). */
static size_t utf8_length(const unsigned char *s, size_t left)
{
	static const struct {
		unsigned char first, last, low, high, length;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (s[0] < forms[i].first || s[0] > forms[i].last)
			continue;
		if (left < forms[i].length || s[1] < forms[i].low || s[1] > forms[i].high)
			return 0;
		for (size_t k = 2; k < forms[i].length; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].length;
	}
	return 0;
}

static void put_escaped(struct json *j, unsigned char c)
{
	static const char names[] = "btn\0fr"; /* 8 .. 13 */
	char text[8];

	if (c == '"' || c == '\\')
		memcpy(text, (char[]){ '\\', (char)c, '\0' }, 3);
	else if (c >= 8 && c <= 13 && names[c - 8])
		memcpy(text, (char[]){ '\\', names[c - 8], '\0' }, 3);
	else if (c < 0x80)
		snprintf(text, sizeof(text), "\\u%04x", c);
	else
		memcpy(text, "\xef\xbf\xbd", 4);
	put(j, text, strlen(text));
}

static bool is_plain(unsigned char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

static void put_string(struct json *j, const char *s, size_t length)
{
	size_t from = 0, i = 0;

	put(j, "\"", 1);
	while (i < length) {
		unsigned char c = (unsigned char)s[i];

		if (is_plain(c)) {
			i++;
			continue;
		}

		size_t n = c >= 0x80 ? utf8_length((const unsigned char *)s + i, length - i) : 0;

		if (n == 0) {
			put(j, s + from, i - from);
			put_escaped(j, c);
			from = i + 1;
		}
		i += n ? n : 1;
	}
	put(j, s + from, length - from);
	put(j, "\"", 1);
}

void json_key(struct json *j, const char *key)
{
	before_value(j);
	put_string(j, key, strlen(key));
	put(j, j->indent ? ": " : ":", j->indent ? 2 : 1);
	j->after_key = true;
}

void json_str_n(struct json *j, const char *s, size_t length)
{
	before_value(j);
	put_string(j, s, length);
}

void json_str(struct json *j, const char *s)
{
	if (s)
		json_str_n(j, s, strlen(s));
	else
		json_null(j);
}

void json_raw(struct json *j, const char *text, size_t length)
{
	before_value(j);
	put(j, text, length);
}

/* Lines of JSON are mostly numbers: by hand, a third of what printf() takes. */
static void put_number(struct json *j, uint64_t n, bool negative)
{
	char digits[24], *end = digits + sizeof(digits), *first = str_digits_before(end, n);

	if (negative)
		*--first = '-';
	json_raw(j, first, (size_t)(end - first));
}

void json_u64(struct json *j, uint64_t n) { put_number(j, n, false); }

void json_i64(struct json *j, int64_t n)
{
	put_number(j, n < 0 ? 0 - (uint64_t)n : (uint64_t)n, n < 0);
}

void json_f64(struct json *j, double n)
{
	char text[40];
	int length = 0;

	if (!isfinite(n)) {
		json_null(j);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		length = snprintf(text, sizeof(text), "%.*g", digits, n);
		if (strtod(text, NULL) == n)
			break;
	}
	json_raw(j, text, (size_t)length);
}

void json_bool(struct json *j, bool b) { json_raw(j, b ? "true" : "false", b ? 4 : 5); }
void json_null(struct json *j) { json_raw(j, "null", 4); }
