/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CallTreeSummary.csv of Visual Studio's profiler: a level, a function, how often it was
 * called.
 *
 *     Level,Function Name,Number of Calls,...
 *     1,"Raytracer.Tracer.TraceImage(int32)",471,91.25,...
 *     2,"Raytracer.IPrimitive.Intersect(class Ray&,bool&)","2,893,824",54.37,...
 *
 * Numbers of calls contain those of the functions called, so going up the tree the
 * callee's are taken off the caller's.
 */
#include "convert/text.h"

#include "base/log.h"
#include "record/stacks.h"

#include <ctype.h>
#include <string.h>

struct call {
	uint32_t symbol;
	uint64_t calls;
};

struct vsprof {
	const struct text_options *options;
	struct stacks *s;
	VEC(struct call) stack;
	VEC(uint32_t) path;
};

static const char header[] =
	"Level,Function Name,Number of Calls,Elapsed Inclusive Time %,Elapsed Exclusive Time %,"
	"Avg Elapsed Inclusive Time,Avg Elapsed Exclusive Time,Module Name,";

static bool is_header(struct text_slice line)
{
	line = text_trim(line);
	if (text_starts(line, "\xef\xbb\xbf")) { /* byte order mark */
		line.text += 3;
		line.length -= 3;
	}
	return text_starts(line, header);
}

/* "2,893,824": groups of three after the first; the separator may be any one character. */
static struct err *to_number(struct text_slice text, uint64_t *value)
{
	size_t digits = 0;
	bool first = true;

	*value = 0;
	for (size_t i = 0; i <= text.length; i++) {
		if (i < text.length && isdigit((unsigned char)text.text[i])) {
			if (__builtin_mul_overflow(*value, 10, value) ||
			    __builtin_add_overflow(*value, (uint64_t)(text.text[i] - '0'), value))
				return text_bad("Unable to parse integer from", text);
			digits++;
			continue;
		}
		if (digits == 0 || digits > 3 || (!first && digits != 3))
			return text_bad("Unable to parse integer from", text);
		first = false;
		digits = 0;
	}
	return NULL;
}

/* A field of the CSV, quoted or not. */
static bool take_field(struct text_slice *rest, struct text_slice *field)
{
	if (!text_starts(*rest, "\""))
		return text_cut(rest, ',', field);
	rest->text++;
	rest->length--;
	if (!text_cut(rest, '"', field))
		return false;
	if (text_starts(*rest, ",")) {
		rest->text++;
		rest->length--;
	}
	return true;
}

static void end_stack(struct vsprof *v)
{
	if (v->stack.n == 0 || vec_last(&v->stack)->calls == 0)
		return;
	vec_clear(&v->path);
	for (size_t i = 0; i < v->stack.n; i++)
		vec_push(&v->path, v->stack.v[i].symbol);
	text_add_stack(v->s, v->options, v->path.v, v->path.n, vec_last(&v->stack)->calls);
}

/* Back up to LEVEL, counting what was not counted by a callee. */
static void go_up(struct vsprof *v, size_t level)
{
	uint64_t before = 0;

	while (v->stack.n >= level && v->stack.n > 0) {
		struct call last = *vec_last(&v->stack);

		if (before != last.calls)
			end_stack(v);
		before = last.calls;
		v->stack.n--;
		if (v->stack.n > 0 && before < vec_last(&v->stack)->calls)
			vec_last(&v->stack)->calls -= before;
	}
}

static struct err *on_line(struct vsprof *v, struct text_slice line)
{
	struct text_slice rest = line, level_text, function, calls_text;
	uint64_t level;
	struct call call;

	if (!take_field(&rest, &level_text))
		return text_bad("Unable to parse level from line", line);
	TRY(to_number(level_text, &level));
	if (!text_starts(rest, "\"") || !take_field(&rest, &function))
		return text_bad("Unable to parse function name from line", line);
	if (!take_field(&rest, &calls_text))
		return text_bad("Unable to parse number of calls from line", line);
	TRY(to_number(calls_text, &call.calls));

	/* the process itself is level 0 and no frame of its own */
	if (level > v->stack.n + 1)
		return text_bad("Skipped a level at line", line);
	if (level == v->stack.n && level > 0) {
		end_stack(v);
		v->stack.n--;
	} else if (level < v->stack.n) {
		go_up(v, level);
	}
	call.symbol = stacks_symbol_text(v->s, function.text, function.length);
	vec_push(&v->stack, call);
	return NULL;
}

static struct err *read_lines(struct vsprof *v, struct text_input *in)
{
	char *text;
	struct text_slice line;

	TRY(text_next_line(in, &text, &line.length));
	line.text = text;
	if (!text) {
		log_warn("%s: File ended before start of call graph", in->name);
		return NULL;
	}
	if (!is_header(line))
		return err_new(ERR_FORMAT, "Expected first line to be header line \"%s\"", header);
	for (;;) {
		TRY(text_next_line(in, &text, &line.length));
		if (!text)
			break;
		line.text = text;
		line = text_trim(line);
		if (line.length > 0)
			TRY(on_line(v, line));
	}
	end_stack(v);
	return NULL;
}

static struct err *vsprof_read(struct text_input *in, const struct text_options *options,
			       struct stacks *stacks)
{
	struct vsprof v = { .options = options, .s = stacks };

	struct err *err = read_lines(&v, in);

	vec_deinit(&v.stack);
	vec_deinit(&v.path);
	return err;
}

static enum text_match vsprof_probe(const char *head, size_t length)
{
	struct text_slice line;

	return text_head_line(&head, &length, &line.text, &line.length) && is_header(line)
		       ? TEXT_YES
		       : TEXT_NO;
}

const struct text_format text_vsprof = {
	.name = "vsprof",
	.summary = "CallTreeSummary.csv of Visual Studio's profiler",
	.unit = "calls",
	.probe = vsprof_probe,
	.read = vsprof_read,
};
