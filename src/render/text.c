/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A decoder of our own, because mbrtowc() follows the process's locale and a page or a
 * test must not; for the width of a character the C library's table is used, in a UTF-8
 * locale made for the purpose (every Debian has C.UTF-8; without it each counts 1).
 */
#include "render/text.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

int32_t text_decode(const char *text, size_t left, size_t *used)
{
	static const struct {
		uint8_t first, last, low, high, length, mask;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2, 0x1f }, { 0xe0, 0xe0, 0xa0, 0xbf, 3, 0x0f },
		{ 0xe1, 0xec, 0x80, 0xbf, 3, 0x0f }, { 0xed, 0xed, 0x80, 0x9f, 3, 0x0f },
		{ 0xee, 0xef, 0x80, 0xbf, 3, 0x0f }, { 0xf0, 0xf0, 0x90, 0xbf, 4, 0x07 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4, 0x07 }, { 0xf4, 0xf4, 0x80, 0x8f, 4, 0x07 },
	};
	const uint8_t *s = (const uint8_t *)text;

	*used = 1;
	if (s[0] < 0x80)
		return s[0];
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		if (s[0] < forms[i].first || s[0] > forms[i].last)
			continue;
		if (left < forms[i].length || s[1] < forms[i].low || s[1] > forms[i].high)
			return -1;
		int32_t c = s[0] & forms[i].mask;

		for (size_t k = 1; k < forms[i].length; k++) {
			if ((s[k] & 0xc0) != 0x80)
				return -1;
			c = c << 6 | (s[k] & 0x3f);
		}
		*used = forms[i].length;
		return c;
	}
	return -1;
}

static locale_t utf8_locale;
static pthread_once_t utf8_locale_once = PTHREAD_ONCE_INIT;

static void make_utf8_locale(void)
{
	utf8_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* wcwidth() in a UTF-8 locale; -1: not printable. */
static int width_of(int32_t c)
{
	if (c < 0x7f)
		return c >= 0x20 ? 1 : -1;
	pthread_once(&utf8_locale_once, make_utf8_locale);
	if (utf8_locale == (locale_t)0)
		return c >= 0xa0 ? 1 : -1;
	locale_t before = uselocale(utf8_locale);
	int width = wcwidth((wchar_t)c);

	uselocale(before);
	return width;
}

/* Characters that show nothing or turn the line around: a name made of them would not be
 * what it looks like (Unicode 15, Bidi_Control and Default_Ignorable of general use). */
static bool is_deceiving(int32_t c)
{
	return (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == 0x61c || c == 0xad ||
	       (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff);
}

static void add_escape(struct str *out, int32_t c, uint8_t byte)
{
	static const char names[] = "abtnvfr"; /* 7 .. 13 */

	if (c < 0)
		str_printf(out, "\\x%02x", byte);
	else if (c >= 7 && c <= 13)
		str_printf(out, "\\%c", names[c - 7]);
	else if (c < 0x80)
		str_printf(out, "\\x%02x", (unsigned)c);
	else if (c < 0x10000)
		str_printf(out, "\\u%04x", (unsigned)c);
	else
		str_printf(out, "\\U%08x", (unsigned)c);
}

void text_add_clean(struct str *out, const char *s, size_t length, bool utf8)
{
	size_t from = 0;

	for (size_t i = 0; i < length;) {
		size_t used = 1;
		uint8_t byte = (uint8_t)s[i];

		if (byte >= 0x20 && byte < 0x7f) {
			i++;
			continue;
		}
		int32_t c = text_decode(s + i, length - i, &used);

		if (c < 0x80 || !utf8 || is_deceiving(c) || width_of(c) < 0) {
			str_add_n(out, s + from, i - from);
			add_escape(out, c, byte);
			from = i + used;
		}
		i += used;
	}
	str_add_n(out, s + from, length - from);
}

/* One character of clean text: bytes and columns. */
static size_t step(const char *s, size_t left, size_t *columns)
{
	size_t used = 1;

	*columns = 1;
	if ((uint8_t)*s < 0x80)
		return 1;
	int32_t c = text_decode(s, left, &used);
	int width = c < 0 ? 1 : width_of(c);

	*columns = width < 0 ? 1 : (size_t)width;
	return used;
}

size_t text_columns(const char *s, size_t length)
{
	size_t total = 0, columns;

	for (size_t i = 0; i < length; total += columns)
		i += step(s + i, length - i, &columns);
	return total;
}

size_t text_prefix(const char *s, size_t length, size_t columns)
{
	size_t i = 0, wide;

	while (i < length) {
		size_t used = step(s + i, length - i, &wide);

		if (wide > columns)
			break;
		columns -= wide;
		i += used;
	}
	return i;
}

/* Bytes of the longest end of S that fits into COLUMNS. */
static size_t suffix(const char *s, size_t length, size_t columns)
{
	size_t i = length, wide;

	while (i > 0) {
		size_t at = i - 1;

		while (at > 0 && i - at < 4 && ((uint8_t)s[at] & 0xc0) == 0x80)
			at--;
		if (step(s + at, i - at, &wide) != i - at) /* stray bytes, one by one */
			at = i - 1, wide = 1;
		if (wide > columns)
			break;
		columns -= wide;
		i = at;
	}
	return length - i;
}

size_t text_add_elided(struct str *out, const char *s, size_t length, size_t columns, bool cut_left,
		       bool utf8)
{
	/* Without reading all of a megabyte: more than 4 bytes a column never fit. */
	size_t seen = length > columns * 16 + 64 ? columns * 16 + 64 : length;
	size_t wide = seen == length ? text_columns(s, length) : (size_t)-1;

	if (wide <= columns) {
		str_add_n(out, s, length);
		return wide;
	}
	const char *mark = utf8 ? "\xe2\x80\xa6" : "..";
	size_t mark_columns = utf8 ? 1 : 2;

	if (columns < mark_columns + 1) {
		size_t n = text_prefix(s, length, columns);

		str_add_n(out, s, n);
		return text_columns(s, n);
	}
	size_t n = cut_left ? suffix(s, length, columns - mark_columns)
			    : text_prefix(s, length, columns - mark_columns);
	const char *part = cut_left ? s + length - n : s;

	if (cut_left)
		str_add(out, mark);
	str_add_n(out, part, n);
	if (!cut_left)
		str_add(out, mark);
	return text_columns(part, n) + mark_columns;
}

size_t text_wrap(const char *s, size_t length, size_t columns, size_t *skip)
{
	size_t fit = text_prefix(s, length, columns ? columns : 1);

	if (fit == 0 && length) { /* a wide character in a one-column line */
		size_t wide;

		fit = step(s, length, &wide);
	}
	*skip = fit;
	if (fit == length)
		return fit;
	for (size_t i = fit + 1; i-- > 1;)
		if (s[i] == ' ') {
			*skip = i + 1;
			while (i > 0 && s[i - 1] == ' ')
				i--;
			return i;
		}
	return fit;
}

static const char *xml_entity(int32_t c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* XML 1.0, section 2.2: most controls are no characters at all, escaped or not. */
static bool is_bad_xml(int32_t c)
{
	if (c == '\t' || c == '\n')
		return false;
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xfffe || c == 0xffff || is_deceiving(c);
}

void text_add_xml(struct str *out, const char *s, size_t length)
{
	size_t from = 0;

	for (size_t i = 0; i < length;) {
		size_t used;
		int32_t c = text_decode(s + i, length - i, &used);
		const char *entity = xml_entity(c);

		if (entity || is_bad_xml(c)) {
			str_add_n(out, s + from, i - from);
			if (entity)
				str_add(out, entity);
			else
				add_escape(out, c, (uint8_t)s[i]);
			from = i + used;
		}
		i += used;
	}
	str_add_n(out, s + from, length - from);
}
