// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Matching templates against lines (match.h says what they look like).
 *
 * A template is walked once a try: literal text has to be there, a capture takes as much
 * as its type allows.  `any` alone looks for what follows it, which is a literal or a
 * capture's first possible place.  So there is nothing to undo, and a hostile line costs
 * its length.
 */
#include "oops/match.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

struct cursor {
	const char *at, *end;
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static bool is_symbol(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '.' || c == '$';
}

#if defined(__SSE2__)
/* Of the 16 places from TEXT on the first where NEEDLE stands.  N + 15 bytes are there. */
static inline const char *find_in_16(const char *text, const char *needle, size_t n, __m128i first, __m128i last)
{
	__m128i begins = _mm_cmpeq_epi8(first, _mm_loadu_si128((const __m128i *)text));
	__m128i ends = _mm_cmpeq_epi8(last, _mm_loadu_si128((const __m128i *)(text + n - 1)));

	for (unsigned at = (unsigned)_mm_movemask_epi8(_mm_and_si128(begins, ends)); at != 0; at &= at - 1) {
		const char *found = text + __builtin_ctz(at);

		if (memcmp(found, needle, n) == 0)
			return found;
	}
	return NULL;
}

/* Of less than 16 places. */
static const char *find_in_few(const char *text, size_t length, const char *needle, size_t n)
{
	if (n == 0)
		return text;
	for (const char *end = text + length; (size_t)(end - text) >= n; text++) {
		text = memchr(text, *needle, (size_t)(end - text) - n + 1);
		if (text == NULL || memcmp(text, needle, n) == 0)
			return text;
	}
	return NULL;
}

/* Where the first and the last byte are right the rest is compared: 16 places at a time, the last 16 once more
 * where they are not a multiple. */
const char *oops_find_bytes(const char *text, size_t length, const char *needle, size_t n)
{
	if (n < 2 || length < n + 15)
		return find_in_few(text, length, needle, n);
	const __m128i first = _mm_set1_epi8(needle[0]), last = _mm_set1_epi8(needle[n - 1]);
	size_t places = length - n + 1;

	for (size_t i = 0; i + 16 <= places; i += 16) {
		const char *found = find_in_16(text + i, needle, n, first, last);

		if (found != NULL)
			return found;
	}
	return places % 16 != 0 ? find_in_16(text + places - 16, needle, n, first, last) : NULL;
}
#else
const char *oops_find_bytes(const char *text, size_t length, const char *needle, size_t n)
{
	return memmem(text, length, needle, n);
}
#endif

/* --- symbols ------------------------------------------------------------------------------- */

static void skip_blanks(struct cursor *c)
{
	while (c->at < c->end && is_blank(*c->at))
		c->at++;
}

static bool skip_text(struct cursor *c, const char *text)
{
	size_t length = strlen(text);

	if ((size_t)(c->end - c->at) < length || memcmp(c->at, text, length) != 0)
		return false;
	c->at += length;
	return true;
}

static size_t count_hex(const struct cursor *c)
{
	size_t n = 0;

	while (c->at + n < c->end && is_hex(c->at[n]))
		n++;
	return n;
}

/* "[<ffffffff81234567>] " or "[c000000000012345] [c0...] " in front of a symbol. */
static void skip_address(struct cursor *c)
{
	struct cursor try = *c;

	if (!skip_text(&try, "["))
		return;
	(void)skip_text(&try, "<");
	(void)skip_text(&try, "0x");
	size_t digits = count_hex(&try);

	if (digits < 8)
		return;
	try.at += digits;
	(void)skip_text(&try, ">");
	if (!skip_text(&try, "]"))
		return;
	skip_blanks(&try);
	*c = try;
}

static bool read_hex(struct cursor *c, unsigned long long *value)
{
	struct cursor try = *c;

	if (!skip_text(&try, "0x"))
		return false;
	size_t digits = count_hex(&try);

	if (digits == 0 || digits > 16)
		return false;
	*value = 0;
	for (size_t i = 0; i < digits; i++) {
		char d = try.at[i];

		*value = *value * 16 + (unsigned)(is_digit(d) ? d - '0' : (d | 32) - 'a' + 10);
	}
	try.at += digits;
	*c = try;
	return true;
}

/* A Rust path: "<a::B as c::D>::f" and "a::b::{closure#0}" have characters that C's names
 * don't.  Taken up to "+0x" only. */
static size_t rust_name_length(const struct cursor *c)
{
	const char *plus = oops_find(c->at, (size_t)(c->end - c->at), "+0x");

	if (plus == NULL || plus == c->at || plus - c->at > 512)
		return 0;
	if (oops_find(c->at, (size_t)(plus - c->at), "::") == NULL)
		return 0;
	return (size_t)(plus - c->at);
}

size_t oops_symbol_parse(const char *s, size_t length, const char **name, size_t *name_length,
			 unsigned long long *offset, unsigned long long *size)
{
	struct cursor c = { s, s + length };

	*offset = *size = 0;
	skip_address(&c);
	skip_address(&c);
	*name = c.at;
	*name_length = rust_name_length(&c);
	if (*name_length == 0)
		while (c.at + *name_length < c.end && is_symbol(c.at[*name_length]))
			(*name_length)++;
	if (*name_length == 0 || is_digit(**name) || **name == '.')
		return 0;
	c.at += *name_length;
	if (skip_text(&c, "+") && read_hex(&c, offset) && skip_text(&c, "/"))
		(void)read_hex(&c, size);
	return (size_t)(c.at - s);
}

/* --- templates ------------------------------------------------------------------------------ */

struct capture_spec {
	const char *name, *type; /* type NULL: the default */
	size_t name_length, type_length;
	char stop;               /* the character after it in the template; 0: none */
};

/* At '{'.  Moves T behind '}'. */
static struct capture_spec read_spec(const char **t)
{
	struct capture_spec spec = { .name = ++*t };
	const char *end = strchr(*t, '}');
	const char *colon = memchr(*t, ':', (size_t)(end - *t));

	spec.name_length = (size_t)((colon != NULL ? colon : end) - spec.name);
	if (colon != NULL) {
		spec.type = colon + 1;
		spec.type_length = (size_t)(end - spec.type);
	}
	*t = end + 1;
	spec.stop = **t == '{' ? 0 : **t;
	return spec;
}

enum capture_type { CAPTURE_WORD, CAPTURE_FUNC, CAPTURE_NUM, CAPTURE_HEX, CAPTURE_ANY, CAPTURE_REST, CAPTURE_ALTERNATIVES };

/* {func} is short for {func:func}; a type that is no type's name is the word that has to stand there, or several. */
static enum capture_type type_of(const struct capture_spec *spec)
{
	static const char names[][5] = { "word", "func", "num", "hex", "any", "rest" };
	const char *type = spec->type != NULL ? spec->type : spec->name;
	size_t length = spec->type != NULL ? spec->type_length : spec->name_length;

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (type[0] == names[i][0] && length == strlen(names[i]) && memcmp(type, names[i], length) == 0)
			return (enum capture_type)i;
	return spec->type != NULL ? CAPTURE_ALTERNATIVES : CAPTURE_WORD;
}

static size_t take_alternative(const struct capture_spec *spec, const struct cursor *c)
{
	const char *word = spec->type, *end = spec->type + spec->type_length;

	while (word < end) {
		const char *bar = memchr(word, '|', (size_t)(end - word));
		size_t length = (size_t)((bar != NULL ? bar : end) - word);

		if ((size_t)(c->end - c->at) >= length && memcmp(c->at, word, length) == 0)
			return length;
		word += length + 1;
	}
	return 0;
}

static bool has_alternatives(const struct capture_spec *spec) { return type_of(spec) == CAPTURE_ALTERNATIVES; }

/* "a|b|" is a, b or nothing. */
static bool may_be_empty(const struct capture_spec *spec) { return spec->type[spec->type_length - 1] == '|'; }

/* Up to the first place where one of the alternatives that follow in the template stands. */
static bool take_to_alternative(const char *rest, const struct cursor *c, size_t *length)
{
	struct capture_spec next = read_spec(&rest);

	for (struct cursor try = *c; has_alternatives(&next) && try.at < c->end; try.at++)
		if (take_alternative(&next, &try) > 0) {
			*length = (size_t)(try.at - c->at);
			return true;
		}
	*length = 0;
	return !has_alternatives(&next);
}

/* Up to the literal that follows in the template (its first word), or one of the alternatives. */
static bool take_any(const char *rest, const struct cursor *c, size_t *length)
{
	if (*rest == '{')
		return take_to_alternative(rest, c, length);

	char literal[64];
	size_t n = 0;

	while (rest[n] != '\0' && rest[n] != '{' && n < sizeof(literal) - 1) {
		literal[n] = rest[n];
		n++;
	}
	literal[n] = '\0';
	const char *found = n == 0 ? c->at : oops_find(c->at, (size_t)(c->end - c->at), literal);

	*length = found != NULL ? (size_t)(found - c->at) : 0;
	return found != NULL;
}

static size_t take_word(const struct capture_spec *spec, const struct cursor *c)
{
	size_t n = 0;

	while (c->at + n < c->end && !is_blank(c->at[n]) && (spec->stop == 0 || c->at[n] != spec->stop))
		n++;
	return n;
}

static size_t take_digits(const struct cursor *c)
{
	size_t n = 0;

	while (c->at + n < c->end && is_digit(c->at[n]))
		n++;
	return n;
}

/* One capture at the cursor, moved behind it.  TEXT and LENGTH are what it holds. */
static bool take(const struct capture_spec *spec, const char *rest, struct cursor *c,
		 const char **text, size_t *length)
{
	enum capture_type type = type_of(spec);
	unsigned long long offset, size;

	if (type == CAPTURE_FUNC) {
		size_t taken = oops_symbol_parse(c->at, (size_t)(c->end - c->at), text, length, &offset, &size);

		c->at += taken;
		return taken > 0;
	}
	if (type == CAPTURE_HEX)
		(void)skip_text(c, "0x");
	*text = c->at;
	switch (type) {
	case CAPTURE_ANY:
		if (!take_any(rest, c, length))
			return false;
		break;
	case CAPTURE_REST: *length = (size_t)(c->end - c->at); break;
	case CAPTURE_NUM: *length = take_digits(c); break;
	case CAPTURE_HEX: *length = count_hex(c); break;
	case CAPTURE_ALTERNATIVES: *length = take_alternative(spec, c); break;
	default: *length = take_word(spec, c); break;
	}
	c->at += *length;
	return *length > 0 || type == CAPTURE_ANY || (type == CAPTURE_ALTERNATIVES && may_be_empty(spec));
}

static void keep(struct oops_captures *captures, const struct capture_spec *spec, const char *text, size_t length)
{
	if (captures == NULL || captures->n == OOPS_CAPTURES_MAX || spec->name[0] == '_')
		return;
	captures->v[captures->n++] = (struct oops_capture){ spec->name, spec->name_length, text, length };
}

static bool match_here(const char *t, struct cursor c, struct oops_captures *captures)
{
	size_t kept = captures != NULL ? captures->n : 0;

	while (*t != '\0') {
		if (*t == '{') {
			struct capture_spec spec = read_spec(&t);
			const char *text = NULL;
			size_t length = 0;

			if (!take(&spec, t, &c, &text, &length))
				goto no;
			keep(captures, &spec, text, length);
		} else if (*t == '$' && t[1] == '\0') {
			skip_blanks(&c);
			if (c.at < c.end)
				goto no;
			t++;
		} else if (*t == ' ') {
			if (c.at == c.end || !is_blank(*c.at))
				goto no;
			skip_blanks(&c);
			t += strspn(t, " ");
		} else if (c.at == c.end || *c.at++ != *t++) {
			goto no;
		}
	}
	return true;
no:
	if (captures != NULL)
		captures->n = kept;
	return false;
}

/* How many bytes of TEMPLATE have to stand in the line just so. */
static size_t literal_length(const char *template)
{
	size_t n = 0;

	while (template[n] != '\0' && template[n] != ' ' && template[n] != '{' && template[n] != '$')
		n++;
	return n;
}

/* It begins with text: only where that stands can it match. */
static bool match_literal(const char *template, struct cursor c, struct oops_captures *captures)
{
	size_t n = literal_length(template);

	if (n == 0)
		n = 1;
	while ((c.at = oops_find_bytes(c.at, (size_t)(c.end - c.at), template, n)) != NULL) {
		if (match_here(template, c, captures))
			return true;
		c.at++;
	}
	return false;
}

bool oops_match(const char *template, const char *line, size_t length, struct oops_captures *captures)
{
	struct cursor c = { line, line + length };

	if (*template == '^') {
		char begin = template[1];

		if (begin != ' ' && begin != '{' && begin != '$' && (length == 0 || *line != begin))
			return false;
		return match_here(template + 1, c, captures);
	}
	if (*template == '{') {
		const char *rest = template;
		struct capture_spec first = read_spec(&rest);
		bool any = type_of(&first) == CAPTURE_ANY && *rest != '{';

		for (size_t skip = 0; c.at < c.end; c.at += skip + 1) {
			if (match_here(template, c, captures))
				return true;
			/* All beginnings up to the literal that follows come to the same. */
			skip = 0;
			if (any && !take_any(rest, &c, &skip))
				return false;
		}
		return false;
	}
	return match_literal(template, c, captures);
}

const struct oops_capture *oops_captured(const struct oops_captures *captures, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = captures->n; i-- > 0;)
		if (captures->v[i].name_length == length && memcmp(captures->v[i].name, name, length) == 0)
			return &captures->v[i];
	return NULL;
}
