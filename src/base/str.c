/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * struct str doubles; the number parsers accept the whole string or nothing, so
 * that "-F 99x" is an error and not 99.
 */
#include "base/str.h"

#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

void str_init(struct str *s) { *s = (struct str){ 0 }; }

void str_deinit(struct str *s)
{
	free(s->text);
	str_init(s);
}

void str_clear(struct str *s)
{
	s->length = 0;
	if (s->text)
		s->text[0] = '\0';
}

void str_truncate(struct str *s, size_t length)
{
	s->length = length;
	if (s->text)
		s->text[length] = '\0';
}

void str_reserve(struct str *s, size_t more_bytes)
{
	size_t need = s->length + more_bytes + 1;

	if (need <= s->cap)
		return;

	size_t cap = s->cap ? s->cap * 2 : 64;

	s->cap = cap < need ? need : cap;
	s->text = mem_realloc(s->text, s->cap);
}

void str_add_n(struct str *s, const void *bytes, size_t length)
{
	str_reserve(s, length);
	if (length)
		memcpy(s->text + s->length, bytes, length);
	s->length += length;
	s->text[s->length] = '\0';
}

void str_add(struct str *s, const char *text) { str_add_n(s, text, strlen(text)); }
void str_add_char(struct str *s, char c) { str_add_n(s, &c, 1); }

void str_add_repeat(struct str *s, char c, size_t count)
{
	str_reserve(s, count);
	memset(s->text + s->length, c, count);
	s->length += count;
	s->text[s->length] = '\0';
}

void str_add_cut(struct str *s, const char *text, size_t max)
{
	static const char rest[] = "…";
	size_t length = strlen(text), shown = length;

	if (length > max) {
		shown = max > strlen(rest) ? max - strlen(rest) : 0;
		while (shown > 0 && ((unsigned char)text[shown] & 0xc0) == 0x80)
			shown--; /* within a character */
	}
	str_add_n(s, text, shown);
	str_add(s, shown < length ? rest : "");
}

void str_vprintf(struct str *s, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	str_reserve(s, 64); /* mostly enough: then it is formatted once */
	int length = vsnprintf(s->text + s->length, s->cap - s->length, fmt, ap);

	if (length > 0 && (size_t)length >= s->cap - s->length) {
		str_reserve(s, (size_t)length);
		vsnprintf(s->text + s->length, (size_t)length + 1, fmt, again);
	}
	if (length > 0)
		s->length += (size_t)length;
	else
		s->text[s->length] = '\0';
	va_end(again);
}

void str_printf(struct str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vprintf(s, fmt, ap);
	va_end(ap);
}

char *str_digits_before(char *end, uint64_t value)
{
	do {
		*--end = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	return end;
}

void str_add_u64(struct str *s, uint64_t value)
{
	char digits[20], *end = digits + sizeof(digits), *first = str_digits_before(end, value);

	str_add_n(s, first, (size_t)(end - first));
}

void str_add_u64_padded(struct str *s, uint64_t value, size_t columns)
{
	size_t before = s->length;

	str_add_u64(s, value);
	if (s->length - before < columns)
		str_add_repeat(s, ' ', columns - (s->length - before));
}

char *str_take(struct str *s)
{
	if (s->text == NULL)
		return mem_strdup("");

	char *text = s->text;

	str_init(s);
	return text;
}

const char *str_text(const struct str *s) { return s->text ? s->text : ""; }

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

bool str_eq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

struct err *str_to_u64(const char *s, const char *what, uint64_t min, uint64_t max, uint64_t *value)
{
	char *end;

	errno = 0;
	unsigned long long n = strtoull(s, &end, strncmp(s, "0x", 2) == 0 ? 16 : 10);

	if (!isdigit((unsigned char)s[0]) || *end != '\0')
		return err_new(ERR_USAGE, "%s takes a whole number, not '%s'", what, s);
	if (errno == ERANGE || n < min || n > max) {
		if (max == UINT64_MAX)
			return err_new(ERR_USAGE, "%s has to be at least %" PRIu64 ", not %s", what,
				       min, s);
		return err_new(ERR_USAGE, "%s has to be from %" PRIu64 " to %" PRIu64 ", not %s", what,
			       min, max, s);
	}
	*value = n;
	return NULL;
}

struct err *str_to_bytes(const char *s, const char *what, uint64_t *bytes)
{
	static const char units[] = "kmgt";
	char *end;

	errno = 0;
	unsigned long long n = strtoull(s, &end, 10);
	const char *unit = *end ? strchr(units, tolower((unsigned char)*end)) : NULL;
	unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
	const char *rest = unit ? end + 1 : end;

	if (strcmp(rest, "iB") == 0 || strcmp(rest, "B") == 0)
		rest += strlen(rest);
	if (!isdigit((unsigned char)s[0]) || *rest != '\0')
		return err_new(ERR_USAGE, "%s takes a size such as 4096, 64k or 1G, not '%s'", what, s);
	if (errno == ERANGE || n > UINT64_MAX >> shift)
		return err_new(ERR_USAGE, "%s: %s is too large", what, s);
	*bytes = (uint64_t)n << shift;
	return NULL;
}

struct err *str_to_duration_ns(const char *s, const char *what, uint64_t *ns)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "", 1e9 },   { "s", 1e9 },   { "ms", 1e6 },   { "us", 1e3 },
		      { "ns", 1 }, { "m", 60e9 }, { "min", 60e9 }, { "h", 3600e9 } };
	char *end;
	double n = strtod(s, &end);

	if (isdigit((unsigned char)s[0]) || s[0] == '.')
		for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
			if (strcmp(end, units[i].unit) == 0 && n >= 0 && n * units[i].ns < 9e18) {
				*ns = (uint64_t)(n * units[i].ns);
				return NULL;
			}
	return err_new(ERR_USAGE, "%s takes a time such as 10, 1.5s, 250ms or 2m, not '%s'", what, s);
}

/* Bytes of the character at S, a well-formed one that shows itself (RFC 3629); 0: a control or no UTF-8. */
static size_t visible_bytes(const unsigned char *s, size_t left)
{
	size_t length = *s < 0x80 ? 1 : *s < 0xc2 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf5 ? 4 : 0;

	if (length == 1)
		return *s >= 0x20 && *s != 0x7f;
	if (length == 0 || length > left)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;

	bool is_control = *s == 0xc2 && s[1] < 0xa0; /* C1 */
	bool is_overlong = (*s == 0xe0 && s[1] < 0xa0) || (*s == 0xf0 && s[1] < 0x90);
	bool is_none = (*s == 0xed && s[1] >= 0xa0) || (*s == 0xf4 && s[1] >= 0x90);

	return is_control || is_overlong || is_none ? 0 : length;
}

static void add_octal(struct str *s, unsigned char c, bool digit_follows)
{
	static const char names[] = "tnvfr"; /* 9 .. 13 */

	if (c >= '\t' && c <= '\r')
		str_printf(s, "\\%c", names[c - '\t']);
	else
		str_printf(s, digit_follows ? "\\%03o" : "\\%o", c);
}

static void add_visible(struct str *s, const char *text, size_t length, const char *kept)
{
	for (size_t i = 0; i < length;) {
		size_t used = visible_bytes((const unsigned char *)text + i, length - i);

		if (used == 0 && text[i] && strchr(kept, text[i]))
			used = 1;
		str_add_n(s, text + i, used);
		if (used == 0)
			add_octal(s, (unsigned char)text[i], i + 1 < length && isdigit((unsigned char)text[i + 1]));
		i += used ? used : 1;
	}
}

void str_add_visible(struct str *s, const char *text, size_t length) { add_visible(s, text, length, ""); }

void str_add_visible_lines(struct str *s, const char *text, size_t length) { add_visible(s, text, length, "\n\t"); }

/* No shell has a meaning for these, wherever they stand; `~`, `-` and `=` have one at places. */
static bool plain_in_shell(const char *word)
{
	for (const char *p = word; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("/._,:@%+-=", *p) && (unsigned char)*p < 0x80)
			return false;
	return *word != '\0' && *word != '=';
}

char *str_quote_shell(const char *word)
{
	struct str quoted = { 0 };

	if (plain_in_shell(word)) {
		str_add(&quoted, word);
		return str_take(&quoted);
	}
	str_add_char(&quoted, '\'');
	for (const char *p = word; *p; p++)
		if (*p == '\'')
			str_add(&quoted, "'\\''");
		else
			str_add_char(&quoted, *p);
	str_add_char(&quoted, '\'');
	return str_take(&quoted);
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

unsigned str_distance(const char *a, const char *b)
{
	enum { LONGEST = 63 };
	unsigned rows[3][LONGEST + 1];
	size_t n = strlen(a), m = strlen(b);

	if (n > LONGEST || m > LONGEST)
		return (unsigned)(n > m ? n : m);
	for (size_t j = 0; j <= m; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    above2[j - 2] + 1 < row[j])
				row[j] = above2[j - 2] + 1;
		}
	}
	return rows[n % 3][m];
}

size_t str_columns(const char *s, size_t length)
{
	size_t columns = 0;
	mbstate_t state = { 0 };

	for (size_t i = 0; i < length;) {
		if ((unsigned char)s[i] < 0x80) {
			columns += (unsigned char)s[i] >= 0x20 && s[i] != 0x7f;
			i++;
			continue;
		}
		wchar_t wide;
		size_t used = mbrtowc(&wide, s + i, length - i, &state);

		if (used == 0 || used > length - i) {
			state = (mbstate_t){ 0 };
			columns++;
			i++;
			continue;
		}
		int width = wcwidth(wide);

		columns += width < 0 ? 1 : (size_t)width;
		i += used;
	}
	return columns;
}
