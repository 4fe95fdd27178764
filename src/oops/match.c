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

const char *oops_find(const char *text, size_t length, const char *needle)
{
	return memmem(text, length, needle, strlen(needle));
}

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

static bool spec_is(const struct capture_spec *spec, const char *type)
{
	size_t length = strlen(type);

	if (spec->type == NULL)
		return spec->name_length == length && memcmp(spec->name, type, length) == 0;
	return spec->type_length == length && memcmp(spec->type, type, length) == 0;
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

/* A type that is no type's name is the word that has to stand there, or several. */
static bool has_alternatives(const struct capture_spec *spec)
{
	static const char *const types[] = { "word", "func", "num", "hex", "any", "rest" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (spec->type != NULL && spec->type_length == strlen(types[i]) && memcmp(spec->type, types[i], spec->type_length) == 0)
			return false;
	return spec->type != NULL;
}

/* "a|b|" is a, b or nothing. */
static bool may_be_empty(const struct capture_spec *spec)
{
	return has_alternatives(spec) && spec->type[spec->type_length - 1] == '|';
}

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
	unsigned long long offset, size;

	if (spec_is(spec, "any")) {
		if (!take_any(rest, c, length))
			return false;
		*text = c->at;
		c->at += *length;
		return true;
	}
	if (spec_is(spec, "func")) {
		size_t taken = oops_symbol_parse(c->at, (size_t)(c->end - c->at), text, length, &offset, &size);

		c->at += taken;
		return taken > 0;
	}
	if (spec_is(spec, "hex"))
		(void)skip_text(c, "0x");
	*text = c->at;
	if (spec_is(spec, "rest"))
		*length = (size_t)(c->end - c->at);
	else if (spec_is(spec, "num"))
		*length = take_digits(c);
	else if (spec_is(spec, "hex"))
		*length = count_hex(c);
	else if (has_alternatives(spec))
		*length = take_alternative(spec, c);
	else
		*length = take_word(spec, c);
	c->at += *length;
	return *length > 0 || may_be_empty(spec);
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

bool oops_match(const char *template, const char *line, size_t length, struct oops_captures *captures)
{
	struct cursor c = { line, line + length };

	if (*template == '^')
		return match_here(template + 1, c, captures);
	if (*template == '{') {
		const char *rest = template;
		struct capture_spec first = read_spec(&rest);
		bool any = spec_is(&first, "any") && *rest != '{';

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
	while ((c.at = memchr(c.at, *template, (size_t)(c.end - c.at))) != NULL) {
		if (match_here(template, c, captures))
			return true;
		c.at++;
	}
	return false;
}

const struct oops_capture *oops_captured(const struct oops_captures *captures, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = captures->n; i-- > 0;)
		if (captures->v[i].name_length == length && memcmp(captures->v[i].name, name, length) == 0)
			return &captures->v[i];
	return NULL;
}
