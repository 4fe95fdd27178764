/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The .prof file of a Haskell program (ghc -prof, +RTS -p): a tree of cost centres, one
 * space deeper a level, in columns that the header line places.
 *
 *     COST CENTRE  MODULE  SRC   no.  entries  %time %alloc   %time %alloc  ticks  bytes
 *
 *     MAIN         MAIN    <...> 168       0    2.6    0.0   100.0  100.0    510  456096
 *      CAF         Main    <...> 279       0    0.0    0.0     0.0    0.0      0    2448
 *
 * Columns are counted in characters, not bytes: names may be any UTF-8.  Values are
 * tenths of a per cent of the time, or --source ticks or bytes.
 */
#include "convert/text.h"

#include "base/log.h"
#include "record/stacks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct ghcprof {
	struct stacks *s;
	size_t module, source; /* columns, characters */
	double factor;
	VEC(uint32_t) stack;
	struct str name;
};

static bool is_header(struct text_slice line)
{
	static const char *const words[] = { "COST",	"CENTRE", "MODULE", "SRC",   "no.",
					     "entries", "%time",  "%alloc", "%time", "%alloc" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		struct text_slice word = text_word(&line);

		if (word.length != strlen(words[i]) ||
		    memcmp(word.text, words[i], word.length) != 0)
			return false;
	}
	return true;
}

/* The last place of WORD in the header; the header is ASCII. */
static bool find_last(struct text_slice line, const char *word, size_t *column)
{
	size_t n = strlen(word);

	for (size_t i = line.length; i-- > 0;)
		if (line.length - i >= n && memcmp(line.text + i, word, n) == 0) {
			*column = i;
			return true;
		}
	return false;
}

static struct err *read_header(struct ghcprof *g, struct text_slice line, const char *source)
{
	const char *module = memmem(line.text, line.length, "MODULE", 6);
	const char *time = memmem(line.text, line.length, "%time", 5);
	bool found = true;

	g->module = (size_t)(module - line.text);
	g->factor = 1;
	if (source && strcmp(source, "time") != 0)
		g->s->unit = source[0] == 't' ? "ticks" : "bytes";
	/* numbers stand flush right, so a column begins where the one before ends */
	if (!source || strcmp(source, "time") == 0) {
		g->source = (size_t)(time - line.text);
		g->factor = 10;
	} else if (strcmp(source, "ticks") == 0) {
		found = memmem(line.text, line.length, "ticks", 5) &&
			find_last(line, "%alloc", &g->source);
		g->source += 6;
	} else {
		found = find_last(line, "ticks", &g->source);
		g->source += 5;
	}
	return found ? NULL
		     : err_fix(err_new(ERR_FORMAT, "this profile has no column \"%s\"", source),
			       "run the program with +RTS -P for ticks and bytes");
}

/* The word that begins at or after a column counted in characters. */
static struct text_slice word_at(struct text_slice line, size_t column)
{
	size_t i = 0;

	for (; i < line.length && column > 0; column--)
		for (i++; i < line.length && ((unsigned char)line.text[i] & 0xc0) == 0x80;)
			i++;

	struct text_slice rest = { line.text + i, line.length - i };

	return text_word(&rest);
}

static struct err *on_line(struct ghcprof *g, struct text_slice line)
{
	size_t indent = 0;

	while (indent < line.length && line.text[indent] == ' ')
		indent++;
	if (indent > g->stack.n)
		return text_bad("Skipped indentation level at line", line);
	g->stack.n = indent;

	struct text_slice function = word_at(line, 0), module = word_at(line, g->module);
	struct text_slice cost = word_at(line, g->source);
	char number[64], *end;

	if (cost.length == 0 || cost.length >= sizeof(number))
		return text_bad("Invalid cost field", line);
	memcpy(number, cost.text, cost.length);
	number[cost.length] = '\0';

	double value = strtod(number, &end);

	if (*end || !(value >= 0) || value > 1e18)
		return text_bad("Invalid cost field", line);
	str_clear(&g->name);
	str_add_n(&g->name, module.text, module.length);
	str_add_char(&g->name, '.');
	str_add_n(&g->name, function.text, function.length);
	vec_push(&g->stack, stacks_symbol_text(g->s, str_text(&g->name), g->name.length));
	stacks_add(g->s, g->stack.v, g->stack.n, (uint64_t)(value * g->factor));
	return NULL;
}

static struct err *read_lines(struct ghcprof *g, struct text_input *in, const char *source)
{
	struct text_slice line;
	char *text;

	do {
		TRY(text_next_line(in, &text, &line.length));
		line.text = text;
		if (!text) {
			log_warn("%s: File ended before start of call graph", in->name);
			return NULL;
		}
	} while (!is_header(line));
	TRY(read_header(g, line, source));
	TRY(text_next_line(in, &text, &line.length)); /* an empty line */
	while (text) {
		TRY(text_next_line(in, &text, &line.length));
		line.text = text;
		while (line.length > 0 && line.text[line.length - 1] == ' ')
			line.length--;
		if (line.length == 0)
			break;
		TRY(on_line(g, line));
	}
	return NULL;
}

static struct err *ghcprof_read(struct text_input *in, const struct text_options *options,
				struct stacks *stacks)
{
	struct ghcprof g = { .s = stacks };
	struct err *err = read_lines(&g, in, options->source);

	vec_deinit(&g.stack);
	str_deinit(&g.name);
	return err;
}

static enum text_match ghcprof_probe(const char *head, size_t length)
{
	struct text_slice line;

	while (text_head_line(&head, &length, &line.text, &line.length))
		if (is_header(line))
			return TEXT_YES;
	return TEXT_NO;
}

const struct text_format text_ghcprof = {
	.name = "ghcprof",
	.summary = "the .prof file of a Haskell program",
	.unit = "per mille",
	.probe = ghcprof_probe,
	.read = ghcprof_read,
};
