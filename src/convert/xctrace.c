/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The XML of `xctrace export` (Instruments' Time Profiler): rows with a backtrace of
 * frames, innermost first.  Whatever was printed once is later only referred to:
 *
 *     <row>...<backtrace id="10"><frame id="11" name="malloc" addr="0x18d3"/>
 *         <frame id="13" name="main" ...><binary .../></frame></backtrace></row>
 *     <row>...<backtrace ref="10"/></row>
 *
 * Only these four tags matter, so this reads tags and their attributes and no more XML
 * than that.  A row counts 1.
 */
#include "convert/text.h"

#include "base/map.h"
#include "record/stacks.h"

#include <stdlib.h>
#include <string.h>

struct span {
	uint32_t from, count; /* in `symbols`, innermost first */
};

struct xctrace {
	struct text_input *in;
	struct stacks *s;
	struct map frames, backtraces; /* id -> symbol; id -> index in spans */
	VEC(struct span) spans;
	VEC(uint32_t) symbols;
	VEC(uint32_t) path;
	struct str pending; /* a tag that began on an earlier line */
	struct str name, value;
	struct span current; /* of the open backtrace */
	uint64_t current_id;
	size_t row; /* index in spans + 1; 0: no backtrace in this row */
	bool in_row, in_backtrace, seen;
};

/* --- attributes ------------------------------------------------------------------------- */

static void add_utf8(struct str *out, unsigned long code)
{
	if (code < 0x80) {
		str_add_char(out, (char)code);
	} else if (code < 0x800) {
		str_add_char(out, (char)(0xc0 | code >> 6));
		str_add_char(out, (char)(0x80 | (code & 0x3f)));
	} else if (code < 0x10000) {
		str_add_char(out, (char)(0xe0 | code >> 12));
		str_add_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
		str_add_char(out, (char)(0x80 | (code & 0x3f)));
	} else if (code < 0x110000) {
		str_add_char(out, (char)(0xf0 | code >> 18));
		str_add_char(out, (char)(0x80 | (code >> 12 & 0x3f)));
		str_add_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
		str_add_char(out, (char)(0x80 | (code & 0x3f)));
	}
}

/* Bytes that the entity at TEXT takes; 0: it is none. */
static size_t add_entity(struct str *out, struct text_slice text)
{
	static const char *const entities[][2] = {
		{ "&amp;", "&" },   { "&lt;", "<" },   { "&gt;", ">" },
		{ "&quot;", "\"" }, { "&apos;", "'" },
	};

	for (size_t i = 0; i < sizeof(entities) / sizeof(*entities); i++)
		if (text_starts(text, entities[i][0])) {
			str_add(out, entities[i][1]);
			return strlen(entities[i][0]);
		}
	if (!text_starts(text, "&#"))
		return 0;

	const char *end = memchr(text.text, ';', text.length < 12 ? text.length : 12);

	if (!end)
		return 0;

	bool hex = text.text[2] == 'x';
	unsigned long code = strtoul(text.text + (hex ? 3 : 2), NULL, hex ? 16 : 10);

	if (code == 0)
		return 0;
	add_utf8(out, code);
	return (size_t)(end + 1 - text.text);
}

static void unescape(struct str *out, struct text_slice text)
{
	str_clear(out);
	while (text.length > 0) {
		size_t n = text.text[0] == '&' ? add_entity(out, text) : 0;

		if (n == 0) {
			str_add_char(out, text.text[0]);
			n = 1;
		}
		text.text += n;
		text.length -= n;
	}
}

/* The value of an attribute of TAG ("frame id=\"11\" name=\"x\""), in x->value. */
static bool attribute(struct xctrace *x, struct text_slice tag, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i + n + 2 < tag.length; i++) {
		if (tag.text[i] == '"' || tag.text[i] == '\'') {
			const char *close =
				memchr(tag.text + i + 1, tag.text[i], tag.length - i - 1);

			if (!close)
				return false;
			i = (size_t)(close - tag.text);
			continue;
		}
		if (tag.text[i] != ' ' || memcmp(tag.text + i + 1, name, n) != 0 ||
		    tag.text[i + 1 + n] != '=')
			continue;

		char quote = tag.text[i + 2 + n];
		const char *from = tag.text + i + 3 + n, *end = tag.text + tag.length;
		const char *close = from < end && (quote == '"' || quote == '\'')
					    ? memchr(from, quote, (size_t)(end - from))
					    : NULL;

		if (!close)
			return false;
		unescape(&x->value, (struct text_slice){ from, (size_t)(close - from) });
		return true;
	}
	return false;
}

static bool id_attribute(struct xctrace *x, struct text_slice tag, const char *name, uint64_t *id)
{
	return attribute(x, tag, name) && text_to_u64(str_text(&x->value), x->value.length, id);
}

/* --- tags ----------------------------------------------------------------------------------- */

static struct err *on_frame(struct xctrace *x, struct text_slice tag)
{
	uint64_t id;

	if (id_attribute(x, tag, "ref", &id)) {
		uint64_t *symbol = map_find(&x->frames, id);

		if (!symbol)
			return text_bad("Invalid frame ref id", tag);
		vec_push(&x->symbols, (uint32_t)*symbol);
	} else {
		if (!id_attribute(x, tag, "id", &id) || !attribute(x, tag, "name"))
			return text_bad("No id or name found in attributes", tag);
		str_clear(&x->name);
		names_fix_rust(&x->name, str_text(&x->value), x->value.length);

		uint32_t symbol = stacks_symbol_text(x->s, str_text(&x->name), x->name.length);

		*map_get(&x->frames, id, NULL) = symbol;
		vec_push(&x->symbols, symbol);
	}
	x->current.count++;
	return NULL;
}

static void end_backtrace(struct xctrace *x)
{
	vec_push(&x->spans, x->current);
	*map_get(&x->backtraces, x->current_id, NULL) = x->spans.n - 1;
	x->row = x->spans.n;
	x->in_backtrace = false;
}

static struct err *on_backtrace(struct xctrace *x, struct text_slice tag, bool empty)
{
	uint64_t id;

	if (id_attribute(x, tag, "ref", &id)) {
		uint64_t *index = map_find(&x->backtraces, id);

		if (!index)
			return text_bad("Invalid backtrace ref id", tag);
		x->row = *index + 1;
		return NULL;
	}
	if (!id_attribute(x, tag, "id", &x->current_id))
		return text_bad("No id found in attributes", tag);
	x->current = (struct span){ .from = (uint32_t)x->symbols.n };
	x->in_backtrace = true;
	if (empty)
		end_backtrace(x);
	return NULL;
}

static void end_row(struct xctrace *x)
{
	x->in_row = false;
	if (x->row == 0)
		return;

	struct span span = x->spans.v[x->row - 1];

	vec_clear(&x->path);
	for (uint32_t i = span.count; i-- > 0;)
		vec_push(&x->path, x->symbols.v[span.from + i]);
	if (x->path.n > 0)
		stacks_add(x->s, x->path.v, x->path.n, 1);
	x->row = 0;
}

static bool is_tag(struct text_slice tag, const char *name)
{
	size_t n = strlen(name);

	return text_starts(tag, name) &&
	       (tag.length == n || tag.text[n] == ' ' || tag.text[n] == '/' || tag.text[n] == '\t');
}

/* TAG is what stands between '<' and '>'. */
static struct err *on_tag(struct xctrace *x, struct text_slice tag)
{
	bool empty = tag.length > 0 && tag.text[tag.length - 1] == '/';

	if (is_tag(tag, "trace-query-result")) {
		x->seen = true;
	} else if (is_tag(tag, "row")) {
		x->in_row = !empty;
		x->row = 0;
	} else if (is_tag(tag, "/row") && x->in_row) {
		end_row(x);
	} else if (is_tag(tag, "backtrace") && x->in_row && !x->in_backtrace) {
		return on_backtrace(x, tag, empty);
	} else if (is_tag(tag, "/backtrace") && x->in_backtrace) {
		end_backtrace(x);
	} else if (is_tag(tag, "frame") && x->in_backtrace) {
		return on_frame(x, tag);
	}
	return NULL;
}

static struct err *on_text(struct xctrace *x, struct text_slice text)
{
	for (;;) {
		const char *open = text.length ? memchr(text.text, '<', text.length) : NULL;

		if (!open) {
			str_clear(&x->pending);
			return NULL;
		}
		text.length -= (size_t)(open - text.text);
		text.text = open;

		const char *close = memchr(open, '>', text.length);

		if (!close) {
			struct str rest = { 0 };

			if (text.length > TEXT_LINE_MAX)
				return err_new(ERR_FORMAT, "a tag is longer than %d bytes",
					       TEXT_LINE_MAX);
			str_add_n(&rest, text.text, text.length);
			str_add_char(&rest, ' ');
			str_deinit(&x->pending);
			x->pending = rest;
			return NULL;
		}
		TRY(on_tag(x, (struct text_slice){ open + 1, (size_t)(close - open - 1) }));
		text.length -= (size_t)(close + 1 - open);
		text.text = close + 1;
	}
}

static struct err *read_lines(struct xctrace *x)
{
	for (;;) {
		char *line;
		struct text_slice text;

		TRY(text_next_line(x->in, &line, &text.length));
		if (!line)
			break;
		text.text = line;
		if (x->pending.length > 0) {
			str_add_n(&x->pending, line, text.length);
			text = (struct text_slice){ str_text(&x->pending), x->pending.length };
		}
		TRY(on_text(x, text));
	}
	if (!x->seen || x->in_row)
		return err_new(ERR_FORMAT, "Unexpected end of the XML: %s",
			       x->seen ? "in a row" : "no <trace-query-result> in it");
	return NULL;
}

static struct err *xctrace_read(struct text_input *in, const struct text_options *options,
				struct stacks *stacks)
{
	struct xctrace x = { .in = in, .s = stacks };

	(void)options;
	map_init(&x.frames);
	map_init(&x.backtraces);

	struct err *err = read_lines(&x);

	map_deinit(&x.frames);
	map_deinit(&x.backtraces);
	vec_deinit(&x.spans);
	vec_deinit(&x.symbols);
	vec_deinit(&x.path);
	str_deinit(&x.pending);
	str_deinit(&x.name);
	str_deinit(&x.value);
	return err;
}

static enum text_match xctrace_probe(const char *head, size_t length)
{
	struct text_slice line;

	while (text_head_line(&head, &length, &line.text, &line.length)) {
		line = text_trim(line);
		if (line.length > 0)
			return text_starts(line, "<?xml ") ? TEXT_YES : TEXT_NO;
	}
	return TEXT_NO;
}

const struct text_format text_xctrace = {
	.name = "xctrace",
	.summary = "the XML of xctrace export (Time Profiler)",
	.unit = "samples",
	.probe = xctrace_probe,
	.read = xctrace_read,
};
