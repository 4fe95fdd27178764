// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Lines that are wrapped whole, so that what the kernel said can't be pointed at but has to be made anew: an object of JSON a line
 * (journalctl -o json, what container engines keep, log shippers) and a page of the web.
 *
 * Of an object only the members of its top level are read, and of these a few that are known.  What the journal knows beside
 * the message, its level and time, is put in front of it as printk() would have, so that the rest is a line like any other.
 */
#include "oops/line.h"

#include "base/str.h"
#include "oops/match.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct cursor {
	const char *at, *end;
};

static void skip_blanks(struct cursor *c)
{
	while (c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
		c->at++;
}

static bool take_char(struct cursor *c, char wanted)
{
	skip_blanks(c);
	if (c->at == c->end || *c->at != wanted)
		return false;
	c->at++;
	return true;
}

/* --- JSON ---------------------------------------------------------------------------------------- */

static void add_utf8(struct str *out, uint32_t code)
{
	if (code < 0x80) {
		str_add_char(out, (char)(code != 0 ? code : '?'));
	} else if (code < 0x800) {
		str_add_char(out, (char)(0xc0 | code >> 6));
		str_add_char(out, (char)(0x80 | (code & 0x3f)));
	} else {
		str_add_char(out, (char)(0xe0 | code >> 12));
		str_add_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
		str_add_char(out, (char)(0x80 | (code & 0x3f)));
	}
}

/* Behind "\u". */
static void take_unicode(struct cursor *c, struct str *out)
{
	char digits[5] = "";

	for (int i = 0; i < 4 && c->at < c->end; i++)
		digits[i] = *c->at++;
	add_utf8(out, (uint32_t)strtoul(digits, NULL, 16) & 0xffff); /* halves of a pair stay halves: the kernel's words are ASCII */
}

/* A string from its opening quote on; OUT may be NULL.  False: it doesn't end on this line, which is what cut logs look like. */
static bool take_string(struct cursor *c, struct str *out)
{
	static const char escapes[] = "b\bf\fn\nr\rt\t";
	struct str ignored;

	if (!take_char(c, '"'))
		return false;
	str_init(&ignored);
	while (c->at < c->end && *c->at != '"') {
		struct str *to = out != NULL ? out : &ignored;
		char letter = *c->at++;

		if (letter != '\\' || c->at == c->end) {
			if (out != NULL)
				str_add_char(to, letter);
			continue;
		}
		letter = *c->at++;
		const char *meaning = letter != '\0' ? strchr(escapes, letter) : NULL;

		str_clear(&ignored);
		if (letter == 'u')
			take_unicode(c, to);
		else
			str_add_char(to, meaning != NULL && (meaning - escapes) % 2 == 0 ? meaning[1] : letter);
	}
	str_deinit(&ignored);
	return take_char(c, '"');
}

/* Numbers of an array of bytes, which the journal makes of a message that is no text. */
static void take_bytes(struct cursor *c, struct str *out)
{
	c->at++;
	while (c->at < c->end && *c->at != ']') {
		unsigned value = 0;

		skip_blanks(c);
		if (c->at == c->end || *c->at < '0' || *c->at > '9')
			return;
		for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
			value = (value * 10 + (unsigned)(*c->at - '0')) & 0xff;
		str_add_char(out, (char)value);
		(void)take_char(c, ',');
	}
	(void)take_char(c, ']');
}

/* A value that isn't asked for: up to the comma or brace that ends it. */
static void skip_value(struct cursor *c)
{
	unsigned depth = 0;

	for (skip_blanks(c); c->at < c->end; c->at++) {
		if (*c->at == '"') {
			if (!take_string(c, NULL))
				return;
			c->at--;
		} else if (*c->at == '{' || *c->at == '[') {
			depth++;
		} else if ((*c->at == '}' || *c->at == ']') && depth > 0) {
			depth--;
		} else if (depth == 0 && (*c->at == ',' || *c->at == '}')) {
			return;
		}
	}
}

/* A string, a number, or an array of bytes. */
static void take_value(struct cursor *c, struct str *out)
{
	str_clear(out);
	skip_blanks(c);
	if (c->at == c->end)
		return;
	if (*c->at == '"') {
		(void)take_string(c, out);
	} else if (*c->at == '[') {
		take_bytes(c, out);
	} else {
		const char *from = c->at;

		skip_value(c);
		str_add_n(out, from, (size_t)(c->at - from));
	}
}

enum member { MEMBER_MESSAGE, MEMBER_IDENTIFIER, MEMBER_LEVEL, MEMBER_TIME, MEMBER_WALL, MEMBER_COUNT };

static enum member member_of(const char *key)
{
	static const struct { const char *key; enum member member; } known[] = {
		{ "MESSAGE", MEMBER_MESSAGE }, { "log", MEMBER_MESSAGE }, { "message", MEMBER_MESSAGE }, { "msg", MEMBER_MESSAGE },
		{ "SYSLOG_IDENTIFIER", MEMBER_IDENTIFIER }, { "_TRANSPORT", MEMBER_IDENTIFIER }, { "PRIORITY", MEMBER_LEVEL },
		{ "_SOURCE_MONOTONIC_TIMESTAMP", MEMBER_TIME }, { "__REALTIME_TIMESTAMP", MEMBER_WALL }, { "time", MEMBER_WALL },
		{ "timestamp", MEMBER_WALL }, { "@timestamp", MEMBER_WALL },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(key, known[i].key) == 0)
			return known[i].member;
	return MEMBER_COUNT;
}

static void read_members(struct cursor c, struct str *members)
{
	struct str key;

	str_init(&key);
	do {
		str_clear(&key);
		if (!take_string(&c, &key) || !take_char(&c, ':'))
			break;
		enum member m = member_of(str_text(&key));

		/* The identifier is the kernel's own word; "_TRANSPORT" says the same where it is missing. */
		if (m == MEMBER_COUNT || (m == MEMBER_IDENTIFIER && members[m].length > 0))
			skip_value(&c);
		else
			take_value(&c, &members[m]);
	} while (take_char(&c, ','));
	str_deinit(&key);
}

/* What the journal has beside the message, as printk() would have said it. */
static void add_stamp(struct str *plain, const struct str *members)
{
	const char *level = str_text(&members[MEMBER_LEVEL]), *time_us = str_text(&members[MEMBER_TIME]);
	uint64_t us = strtoull(time_us, NULL, 10);

	if (*level >= '0' && *level <= '7' && level[1] == '\0')
		str_printf(plain, *time_us != '\0' ? "<%c>" : "<%c> ", *level);
	if (*time_us != '\0')
		str_printf(plain, "[%5" PRIu64 ".%06" PRIu64 "] ", us / 1000000, us % 1000000);
}

static bool unwrap_json(struct cursor c, struct str *plain, bool *is_foreign, int64_t *wall_us)
{
	struct str members[MEMBER_COUNT];

	for (int i = 0; i < MEMBER_COUNT; i++)
		str_init(&members[i]);
	read_members(c, members);
	bool found = members[MEMBER_MESSAGE].length > 0;

	if (found) {
		struct str *message = &members[MEMBER_MESSAGE];
		const char *who = str_text(&members[MEMBER_IDENTIFIER]);

		*is_foreign = *who != '\0' && strcmp(who, "kernel") != 0;
		*wall_us = oops_wall_us(str_text(&members[MEMBER_WALL]), members[MEMBER_WALL].length);
		add_stamp(plain, members);
		while (message->length > 0 && (message->text[message->length - 1] == '\n' || message->text[message->length - 1] == '\r'))
			str_truncate(message, message->length - 1);
		for (char *newline; message->text != NULL && (newline = memchr(message->text, '\n', message->length)) != NULL;)
			*newline = ' '; /* one line stays one */
		str_add_n(plain, str_text(message), message->length);
	}
	for (int i = 0; i < MEMBER_COUNT; i++)
		str_deinit(&members[i]);
	return found;
}

/* --- HTML ------------------------------------------------------------------------------------------ */

static const struct { const char *entity; const char *text; } entities[] = {
	{ "&lt;", "<" }, { "&gt;", ">" }, { "&amp;", "&" }, { "&quot;", "\"" }, { "&#39;", "'" }, { "&#039;", "'" }, { "&apos;", "'" }, { "&nbsp;", " " }, { "&#43;", "+" },
};
static const char *const tags[] = { "br", "pre", "p", "code", "span", "div", "tt", "samp", "td", "tr", "li", "a", "b", "i", "font", "body", "html" };

/* "<br>", "</pre>", "<span class=x>" at AT; 0: none ("<IRQ>" is the kernel's). */
static size_t tag_length(const char *at, const char *end)
{
	const char *name = at + 1 + (end - at > 1 && at[1] == '/');
	const char *close = memchr(at, '>', (size_t)(end - at));

	for (size_t i = 0; close != NULL && i < sizeof(tags) / sizeof(tags[0]); i++) {
		size_t n = strlen(tags[i]);

		if ((size_t)(close - name) >= n && strncasecmp(name, tags[i], n) == 0 && strchr(" />", name[n]) != NULL && name[n] != '\0')
			return (size_t)(close - at) + 1;
	}
	return 0;
}

/* What stands for something at AT, "&lt;" or a tag: its length, 0: nothing.  *TEXT is what it stands for. */
static size_t markup_length(const char *at, const char *end, const char **text)
{
	*text = "";
	if (*at == '<')
		return tag_length(at, end);
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		size_t n = strlen(entities[i].entity);

		if ((size_t)(end - at) >= n && memcmp(at, entities[i].entity, n) == 0) {
			*text = entities[i].text;
			return n;
		}
	}
	return 0;
}

static bool is_html(const char *line, size_t length)
{
	const char *end = line + length, *text;

	for (const char *at = line; (at = memchr(at, '<', (size_t)(end - at))) != NULL; at++)
		if (markup_length(at, end, &text) > 0)
			return true;
	for (const char *at = line; (at = memchr(at, '&', (size_t)(end - at))) != NULL; at++)
		if (markup_length(at, end, &text) > 0)
			return true;
	return false;
}

static void unwrap_html(struct cursor c, struct str *plain)
{
	while (c.at < c.end) {
		const char *text;
		size_t taken = *c.at == '<' || *c.at == '&' ? markup_length(c.at, c.end, &text) : 0;

		if (taken > 0)
			str_add(plain, text);
		else
			str_add_char(plain, *c.at);
		c.at += taken > 0 ? taken : 1;
	}
}

/* --- either ---------------------------------------------------------------------------------------- */

static bool unwrap(const char *line, size_t length, struct str *plain, bool *is_foreign, int64_t *wall_us)
{
	struct cursor c = { line, line + length };

	skip_blanks(&c);
	if (c.at < c.end && *c.at == '{') {
		c.at++;
		return unwrap_json(c, plain, is_foreign, wall_us);
	}
	if (!is_html(line, length))
		return false;
	unwrap_html((struct cursor){ line, line + length }, plain);
	return true;
}

void oops_line_read(const char *line, size_t length, struct str *plain, struct oops_line *ret)
{
	bool is_foreign = false;
	int64_t wall_us = -1;

	str_clear(plain);
	if (!unwrap(line, length, plain, &is_foreign, &wall_us)) {
		oops_line_parse(line, length, ret);
		return;
	}
	oops_line_parse(str_text(plain), plain->length, ret);
	ret->dressed = true;
	ret->wall_us = wall_us;
	ret->is_foreign = ret->is_foreign || is_foreign;
}
