/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What DTrace prints for `@[stack()] = count()`: after a header and an empty line, stacks
 * innermost first, each ended by its count.
 *
 *               unix`tsc_gethrtimeunscaled+0x21
 *               genunix`gethrtime_unscaled+0xa
 *                 1
 */
#include "convert/text.h"

#include "record/stacks.h"

#include <ctype.h>
#include <string.h>

struct dtrace {
	const struct text_options *options;
	struct stacks *s;
	VEC(uint32_t) stack; /* innermost first */
	struct str name;
};

/* "f::g<T>(int)[mangled]" -> "f::g<T>": from the last '(' or '<' behind the first "::". */
static struct text_slice without_arguments(struct text_slice f)
{
	const char *scope = memmem(f.text, f.length, "::", 2);

	if (!scope)
		return f;
	for (const char *p = f.text + f.length; p-- > scope + 2;)
		if (*p == '(' || *p == '<') {
			f.length = (size_t)(p - f.text);
			break;
		}
	return f;
}

static struct text_slice without_offset(struct text_slice f)
{
	const char *plus = f.length ? memrchr(f.text, '+', f.length) : NULL;

	if (plus)
		f.length = (size_t)(plus - f.text);
	return f;
}

/* One function of a frame; PLAIN leaves Java's 'L' alone. */
static void push_function(struct dtrace *d, struct text_slice f, bool plain, bool inlined)
{
	str_clear(&d->name);
	while (!plain && f.length > 0 && f.text[0] == 'L') {
		f.text++;
		f.length--;
	}
	for (size_t i = 0; i < f.length; i++)
		str_add_char(&d->name, f.text[i] == ';' ? ':' : f.text[i]);
	if (inlined)
		str_add(&d->name, "_[i]");
	vec_push(&d->stack, stacks_symbol_text(d->s, str_text(&d->name), d->name.length));
}

static void on_frame(struct dtrace *d, struct text_slice line)
{
	bool leaf = d->stack.n == 0;
	struct text_slice f = line;

	/* with offsets, those of the innermost frames still are left out */
	if (!d->options->offsets || leaf)
		f = without_offset(f);
	f = without_arguments(f);
	if (f.length == 0)
		f = (struct text_slice){ "-", 1 };

	const char *arrow = memmem(f.text, f.length, "->", 2);

	if (!arrow) {
		push_function(d, f, !d->options->offsets, false);
		return;
	}

	/* "a->b->c": inlined into each other, a outermost */
	size_t from = d->stack.n;
	const char *end = f.text + f.length;

	for (struct text_slice part = f;; arrow = memmem(part.text, part.length, "->", 2)) {
		size_t n = arrow ? (size_t)(arrow - part.text) : part.length;

		push_function(d, (struct text_slice){ part.text, n }, false, d->stack.n > from);
		if (!arrow)
			break;
		part.text = arrow + 2;
		part.length = (size_t)(end - part.text);
	}
	for (size_t a = from, b = d->stack.n - 1; a < b; a++, b--) {
		uint32_t t = d->stack.v[a];

		d->stack.v[a] = d->stack.v[b];
		d->stack.v[b] = t;
	}
}

static void on_count(struct dtrace *d, uint64_t count)
{
	for (size_t a = 0, b = d->stack.n; a + 1 < b; a++) {
		uint32_t t = d->stack.v[a];

		d->stack.v[a] = d->stack.v[--b];
		d->stack.v[b] = t;
	}
	if (d->stack.n > 0)
		stacks_add(d->s, d->stack.v, d->stack.n, count);
	vec_clear(&d->stack);
}

static struct err *dtrace_read(struct text_input *in, const struct text_options *options,
			       struct stacks *stacks)
{
	struct dtrace d = { .options = options, .s = stacks };
	struct err *err;
	char *text;
	bool header = true;

	for (;;) {
		struct text_slice line;
		uint64_t count;

		err = text_next_line(in, &text, &line.length);
		if (err || !text)
			break;
		line.text = text;
		line = text_trim(line);
		if (line.length == 0)
			header = false;
		else if (!header && text_to_u64(line.text, line.length, &count))
			on_count(&d, count);
		else if (!header)
			on_frame(&d, line);
	}
	if (!err && header)
		text_bad_line(in, "File ended while skipping headers", "", 0);
	else if (!err && d.stack.n > 0)
		text_bad_line(in, "the last stack has no count", "", 0);
	vec_deinit(&d.stack);
	str_deinit(&d.name);
	return err;
}

static bool is_frame(struct text_slice line)
{
	if (memchr(line.text, '`', line.length))
		return true;
	if (!text_starts(line, "0x") || line.length < 3)
		return false;
	for (size_t i = 2; i < line.length; i++)
		if (!isxdigit((unsigned char)line.text[i]))
			return false;
	return true;
}

static enum text_match dtrace_probe(const char *head, size_t length)
{
	struct text_slice line;
	bool header = true, frame_seen = false;

	while (text_head_line(&head, &length, &line.text, &line.length)) {
		uint64_t count;

		line = text_trim(line);
		if (line.length == 0)
			header = false;
		else if (header)
			continue;
		else if (text_to_u64(line.text, line.length, &count))
			return frame_seen ? TEXT_YES : TEXT_NO;
		else if (is_frame(line))
			frame_seen = true;
		else
			return TEXT_NO;
	}
	return TEXT_NO;
}

const struct text_format text_dtrace = {
	.name = "dtrace",
	.summary = "what DTrace prints for stack() and ustack() aggregations",
	.unit = "samples",
	.probe = dtrace_probe,
	.read = dtrace_read,
};
