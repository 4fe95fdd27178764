/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A call tree of VTune as CSV: one space deeper a level, seconds of the function alone, its
 * module.
 *
 *     Function Stack,CPU Time:Self,Module
 *     Total,0.0,[Unknown]
 *      RtlUserThreadStart,0.0,ntdll.dll
 *       "f<int, char>(int)",0.015,a.exe
 *
 * Values become milliseconds.
 */
#include "convert/text.h"

#include "base/log.h"
#include "record/stacks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct vtune {
	const struct text_options *options;
	struct stacks *s;
	VEC(uint32_t) stack;
	struct str name;
};

static const char header[] = "Function Stack,CPU Time:Self,Module";

/* Seconds to whole milliseconds; false when it is no such number. */
static bool to_ms(struct text_slice text, uint64_t *ms)
{
	char copy[64], *end;

	if (text.length == 0 || text.length >= sizeof(copy))
		return false;
	memcpy(copy, text.text, text.length);
	copy[text.length] = '\0';

	double seconds = strtod(copy, &end);

	if (*end || !(seconds >= 0) || seconds > 1e12)
		return false;
	*ms = (uint64_t)llround(seconds * 1000);
	return true;
}

/* The function, quoted when it has commas, off the line. */
static bool take_function(struct text_slice *rest, struct text_slice *function)
{
	if (!text_starts(*rest, "\""))
		return text_cut(rest, ',', function);

	const char *end = memmem(rest->text + 1, rest->length - 1, "\",", 2);

	if (!end)
		return false;
	*function = (struct text_slice){ rest->text + 1, (size_t)(end - rest->text - 1) };
	rest->length -= (size_t)(end + 2 - rest->text);
	rest->text = end + 2;
	return true;
}

static struct err *on_line(struct vtune *v, struct text_slice line)
{
	size_t indent = 0;
	uint64_t ms;
	struct text_slice function, time, module = { "", 0 };

	while (indent < line.length && line.text[indent] == ' ')
		indent++;
	if (indent > v->stack.n)
		return text_bad("Skipped indentation level at line", line);
	v->stack.n = indent;

	struct text_slice rest = { line.text + indent, line.length - indent };

	if (!take_function(&rest, &function))
		return text_bad("Unable to parse stack line", line);
	if (text_cut(&rest, ',', &time))
		module = rest;
	else if (v->options->no_modules)
		time = rest;
	else
		return text_bad("Unable to parse stack line", line);
	if (!to_ms(time, &ms))
		return text_bad("Invalid `CPU Time:Self` field", line);

	str_clear(&v->name);
	if (module.length > 0 && !v->options->no_modules) {
		str_add_n(&v->name, module.text, module.length);
		str_add_char(&v->name, '`');
	}
	str_add_n(&v->name, function.text, function.length);
	vec_push(&v->stack, stacks_symbol_text(v->s, str_text(&v->name), v->name.length));
	if (ms > 0)
		text_add_stack(v->s, v->options, v->stack.v, v->stack.n, ms);
	return NULL;
}

static struct err *read_lines(struct vtune *v, struct text_input *in)
{
	bool started = false;

	for (;;) {
		char *text;
		struct text_slice line;

		TRY(text_next_line(in, &text, &line.length));
		line.text = text;
		if (!text && !started)
			log_warn("%s: File ended before header", in->name);
		if (!text)
			return NULL;
		if (!started) {
			started = text_starts(line, header);
			continue;
		}
		while (line.length > 0 && line.text[line.length - 1] == ' ')
			line.length--;
		if (line.length > 0)
			TRY(on_line(v, line));
	}
}

static struct err *vtune_read(struct text_input *in, const struct text_options *options,
			      struct stacks *stacks)
{
	struct vtune v = { .options = options, .s = stacks };
	struct err *err = read_lines(&v, in);

	vec_deinit(&v.stack);
	str_deinit(&v.name);
	return err;
}

static enum text_match vtune_probe(const char *head, size_t length)
{
	return text_head_has(head, length, header) ? TEXT_YES : TEXT_NO;
}

const struct text_format text_vtune = {
	.name = "vtune",
	.summary = "a CSV call tree of Intel VTune",
	.unit = "ms",
	.probe = vtune_probe,
	.read = vtune_read,
};
