/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Folded stacks in and out.
 *
 * Out: the lines have to come sorted by the text of the whole stack, and the tree is
 * walked in that order, so that nothing but one path is held.  Children sorted by name
 * are nearly it; only where one sibling's name is the beginning of another's ("foo",
 * "foo bar") does the order of the lines depend on what follows the name: nothing (the
 * node's own line) or ';' (its children's).  So a node counts as two items there: its
 * own line, sorting as "foo", and its children, sorting as "foo;".
 */
#include "convert/folded.h"

#include "base/log.h"
#include "base/mem.h"
#include "convert/exporter.h"
#include "convert/text.h"
#include "record/stacks.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- out ------------------------------------------------------------------------------ */

struct item {
	uint32_t node;
	bool children; /* what is below it, not its own line */
};

struct writer {
	const struct stacks *s;
	FILE *out;
	struct str path;
	VEC(struct item) todo; /* a stack: last first */
	VEC(size_t) lengths;   /* of path before each open level */
};

static const char *item_name(const struct stacks *s, const struct item *i)
{
	return s->symbols.v[s->nodes.v[i->node].symbol].name;
}

/* Backwards: the items go on a stack. */
static int compare_items(const void *a, const void *b, void *stacks)
{
	const struct item *x = a, *y = b;
	const char *p = item_name(stacks, x), *q = item_name(stacks, y);

	while (*p && *p == *q) {
		p++;
		q++;
	}

	int c = *p ? (unsigned char)*p : x->children ? ';' : 0;
	int d = *q ? (unsigned char)*q : y->children ? ';' : 0;

	return d - c;
}

static void push_children(struct writer *w, uint32_t node)
{
	const struct stacks *s = w->s;
	size_t from = w->todo.n;

	for (uint32_t i = s->first[node]; i < s->first[node + 1]; i++) {
		struct item item = { .node = s->order[i] };
		const struct stacks_node *n = &s->nodes.v[item.node];

		if (s->first[item.node] < s->first[item.node + 1]) {
			item.children = true;
			vec_push(&w->todo, item);
			item.children = false;
		}
		if (n->listed)
			vec_push(&w->todo, item);
	}
	if (w->todo.n - from > 1)
		qsort_r(w->todo.v + from, w->todo.n - from, sizeof(struct item), compare_items,
			(void *)(uintptr_t)s);
}

static void write_line(struct writer *w, const struct stacks_node *n)
{
	char number[64];
	int length =
		w->s->diff
			? snprintf(number, sizeof(number), " %llu %llu\n",
				   (unsigned long long)n->self_before, (unsigned long long)n->self)
			: snprintf(number, sizeof(number), " %llu\n", (unsigned long long)n->self);

	fwrite(w->path.text, 1, w->path.length, w->out);
	fwrite(number, 1, (size_t)length, w->out);
}

struct err *folded_write(const struct stacks *s, FILE *out)
{
	struct writer w = { .s = s, .out = out };

	str_reserve(&w.path, 4096);
	push_children(&w, 0);
	while (w.todo.n > 0) {
		struct item item = vec_pop(&w.todo);
		const struct stacks_node *n = &s->nodes.v[item.node];

		/* the path holds the names above depth w.lengths.n */
		while (w.lengths.n >= n->depth)
			w.path.length = vec_pop(&w.lengths);

		size_t before = w.path.length;

		if (n->depth > 1)
			str_add_char(&w.path, ';');
		str_add(&w.path, item_name(s, &item));
		if (item.children) {
			vec_push(&w.lengths, before);
			push_children(&w, item.node);
			continue;
		}
		write_line(&w, n);
		w.path.length = before;
	}
	str_deinit(&w.path);
	vec_deinit(&w.todo);
	vec_deinit(&w.lengths);
	if (fflush(out) != 0 || ferror(out))
		return err_errno(errno, "cannot write folded stacks");
	return NULL;
}

/* --- in -------------------------------------------------------------------------------- */

struct folded_reader {
	struct text_input *in;
	const struct text_options *options;
	struct stacks *s;
	VEC(uint32_t) path;
	struct str hex, last;
	bool fraction_said;
};

static size_t trimmed(const char *line, size_t length)
{
	while (length > 0 && isspace((unsigned char)line[length - 1]))
		length--;
	return length;
}

/* The digits and the fraction of the last word of a line: 0 when it is no number. */
static size_t number_at_end(const char *line, size_t length, uint64_t *value, bool *fraction)
{
	const char *space = length ? memrchr(line, ' ', length) : NULL;

	if (!space)
		return 0;

	const char *word = space + 1, *end = line + length;
	const char *dot = memchr(word, '.', (size_t)(end - word));

	*fraction = false;
	for (const char *p = dot ? dot + 1 : end; p < end; p++) {
		if (!isdigit((unsigned char)*p))
			return 0;
		*fraction |= *p != '0';
	}
	if (!text_to_u64(word, (size_t)((dot ? dot : end) - word), value))
		return 0;
	return (size_t)(end - space);
}

/* Take the last number off the line. */
static bool take_number(struct folded_reader *r, const char *line, size_t *length, uint64_t *value)
{
	bool fraction;
	size_t taken = number_at_end(line, *length, value, &fraction);

	if (taken == 0)
		return false;
	*length = trimmed(line, *length - taken);
	if (fraction && !r->fraction_said) {
		r->fraction_said = true;
		log_warn("%s:%llu: The input data has fractional sample counts that will be "
			 "truncated "
			 "to integers: scale them up (and back with --factor) to keep them",
			 r->in->name, (unsigned long long)r->in->line_number);
	}
	return true;
}

/* "0x45ef2173" -> "0x...", so that stacks of two runs meet. */
static void strip_hex(struct str *out, const char *text, size_t length)
{
	str_clear(out);
	for (size_t i = 0; i < length;) {
		if (i + 1 >= length || text[i] != '0' || text[i + 1] != 'x') {
			str_add_char(out, text[i++]);
			continue;
		}
		str_add(out, "0x");
		i += 2;
		if (i < length && isxdigit((unsigned char)text[i]))
			str_add(out, "...");
		while (i < length && isxdigit((unsigned char)text[i]))
			i++;
	}
}

static void split_frames(struct folded_reader *r, const char *text, size_t length)
{
	const char *end = text + length;

	vec_clear(&r->path);
	for (;;) {
		const char *semicolon = memchr(text, ';', (size_t)(end - text));
		const char *stop = semicolon ? semicolon : end;

		vec_push(&r->path, stacks_symbol_text(r->s, text, (size_t)(stop - text)));
		if (!semicolon)
			return;
		text = stop + 1;
	}
}

/* Whether a stack may follow the last one; frame by frame, so ';' sorts first. */
static bool is_sorted(struct folded_reader *r, const char *text, size_t length)
{
	const char *last = str_text(&r->last);
	size_t i = 0;

	while (i < length && i < r->last.length && text[i] == last[i])
		i++;

	int a = i >= r->last.length ? -1 : last[i] == ';' ? 0 : (unsigned char)last[i] + 1;
	int b = i >= length ? -1 : text[i] == ';' ? 0 : (unsigned char)text[i] + 1;

	str_clear(&r->last);
	str_add_n(&r->last, text, length);
	return a <= b;
}

static struct err *on_line(struct folded_reader *r, const char *line, size_t length)
{
	uint64_t value, before = 0;

	while (length > 0 && isspace((unsigned char)*line)) {
		line++;
		length--;
	}
	length = trimmed(line, length);
	if (length == 0 || (line[0] == '#' && line[1] == ' '))
		return NULL;

	size_t stack = length;

	if (!take_number(r, line, &stack, &value)) {
		text_bad_line(r->in, "Unable to parse line: no count at its end", line, length);
		return NULL;
	}

	bool diff = take_number(r, line, &stack, &before);

	if (stack == 0) {
		text_bad_line(r->in, "Unable to parse line: no stack before the count", line,
			      length);
		return NULL;
	}
	if (r->options->no_sort && !is_sorted(r, line, stack))
		return err_fix(err_new(ERR_FORMAT, "unsorted input samples detected in line %llu",
				       (unsigned long long)r->in->line_number),
			       "leave --no-sort away");
	if (r->options->strip_hex) {
		strip_hex(&r->hex, line, stack);
		split_frames(r, str_text(&r->hex), r->hex.length);
	} else {
		split_frames(r, line, stack);
	}

	uint32_t node = stacks_add(r->s, r->path.v, r->path.n, value);

	if (diff) {
		r->s->diff = true;
		r->s->nodes.v[node].self_before += before;
	}
	return NULL;
}

static struct err *read_lines(struct folded_reader *r)
{
	char *line;
	size_t length;

	for (;;) {
		TRY(text_next_line(r->in, &line, &length));
		if (!line)
			return NULL;
		TRY(on_line(r, line, length));
	}
}

/* For a flame chart: the lines from the last to the first, so all are held. */
static struct err *read_lines_backwards(struct folded_reader *r)
{
	VEC(size_t) starts = { 0 };
	struct str all = { 0 };
	struct err *err;
	char *line;
	size_t length;

	while (!(err = text_next_line(r->in, &line, &length)) && line) {
		vec_push(&starts, all.length);
		str_add_n(&all, line, length + 1);
	}
	r->s->timed = true;
	while (!err && starts.n > 0) {
		const char *text = all.text + vec_pop(&starts);

		err = on_line(r, text, strlen(text));
	}
	vec_deinit(&starts);
	str_deinit(&all);
	return err;
}

static struct err *folded_read(struct text_input *in, const struct text_options *options,
			       struct stacks *stacks)
{
	struct folded_reader r = { .in = in, .options = options, .s = stacks };
	struct err *err = options->in_time ? read_lines_backwards(&r) : read_lines(&r);

	vec_deinit(&r.path);
	str_deinit(&r.hex);
	str_deinit(&r.last);
	return err;
}

/* Most of the first lines end in a number. */
static enum text_match folded_probe(const char *head, size_t length)
{
	const char *line;
	size_t n, good = 0, bad = 0, semicolons = 0;

	while (good + bad < 64 && text_head_line(&head, &length, &line, &n)) {
		uint64_t value;
		bool fraction;

		n = trimmed(line, n);
		if (n == 0 || line[0] == '#')
			continue;
		if (number_at_end(line, n, &value, &fraction)) {
			good++;
			semicolons += memchr(line, ';', n) != NULL;
		} else {
			bad++;
		}
	}
	if (good == 0)
		return bad == 0 ? TEXT_MAYBE : TEXT_NO; /* an empty text is an empty profile */
	return semicolons > 0 && bad == 0 ? TEXT_YES : bad < good ? TEXT_MAYBE : TEXT_NO;
}

const struct text_format text_folded = {
	.name = "folded",
	.summary = "one line a stack: main;parse;read_line 31",
	.unit = "samples",
	.probe = folded_probe,
	.read = folded_read,
};

static void tidy_name(const struct text_options *options, const struct stacks_symbol *symbol, struct str *out)
{
	if (symbol->kind == STACKS_GROUP) {
		for (const char *p = symbol->name; *p; p++)
			str_add_char(out, *p == ' ' ? '_' : *p == ';' ? ':' : *p);
		return;
	}
	names_tidy(out, symbol->name, strlen(symbol->name), options->like);
	if (options->kernel &&
	    (symbol->kind == STACKS_KERNEL || symbol->kind == STACKS_KERNEL_MODULE))
		str_add(out, "_[k]");
	else if (options->jit && symbol->kind == STACKS_JIT)
		str_add(out, "_[j]");
}

/* A name's own newline would begin a row that nobody sampled: controls are shown, not written. */
static void plain_name(void *user, const struct stacks_symbol *symbol, struct str *out)
{
	struct str name = { 0 };

	tidy_name(user, symbol, &name);
	str_add_visible(out, str_text(&name), name.length);
	str_deinit(&name);
}

void folded_names(const struct stacks *src, const struct text_options *options, struct stacks *dst)
{
	stacks_renamed(src, plain_name, (void *)(uintptr_t)options, dst);
}

static struct err *folded_export(const struct export_input *input, FILE *out)
{
	return folded_write(input->stacks, out);
}

const struct exporter exporter_folded = {
	.name = "folded",
	.summary = "folded stacks, as flamegraph.pl, inferno and speedscope read them",
	.takes = EXPORT_STACKS,
	.write = folded_export,
};
