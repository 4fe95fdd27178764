/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What macOS's `sample` prints: a call tree, two columns deeper a level, with the samples
 * of a function and all below it.
 *
 *     Call graph:
 *         5130 Thread_8749954
 *         + 5130 start_wqthread  (in libsystem_pthread.dylib) + 13  [0x7fff6fdcd3fd]
 *         +   848 _pthread_wqthread  (in libsystem_pthread.dylib) + 690  [...]
 *
 * Threads that only wait would hide the rest, so stacks that end in one of the waiting
 * functions are left out, as stackcollapse-sample.awk does.
 */
#include "convert/text.h"

#include "base/log.h"
#include "record/stacks.h"

#include <string.h>

struct sample {
	const struct text_options *options;
	struct stacks *s;
	VEC(uint32_t) stack; /* outermost first */
	uint64_t samples;    /* of the innermost */
	struct str name;
};

static const char *const waiting[] = {
	"__psynch_cvwait",    "__select", "__semwait_signal", "__ulock_wait", "__wait4",
	"__workq_kernreturn", "kevent",	  "mach_msg_trap",    "read",	      "semaphore_wait_trap",
};

static void end_stack(struct sample *p)
{
	if (p->stack.n == 0)
		return;

	const char *leaf = p->s->symbols.v[*vec_last(&p->stack)].name;

	for (size_t i = 0; i < sizeof(waiting) / sizeof(*waiting); i++)
		if (str_ends(leaf, waiting[i]))
			return;
	text_add_stack(p->s, p->options, p->stack.v, p->stack.n, p->samples);
}

/* "_pthread_wqthread  (in libsystem_pthread.dylib) + 690  [0x7f...]" */
static void push_function(struct sample *p, struct text_slice rest)
{
	const char *open = memchr(rest.text, '(', rest.length);
	struct text_slice function = { rest.text, open ? (size_t)(open - rest.text) : rest.length };
	struct text_slice module = { "", 0 };

	for (size_t i = rest.length; i-- > 0 && !p->options->no_modules;) {
		struct text_slice at = { rest.text + i, rest.length - i };

		if (text_starts(at, "(in ")) {
			at.text += 4;
			at.length -= 4;
			text_cut(&at, ')', &module);
			break;
		}
	}
	if (module.length > 6 && memcmp(module.text + module.length - 6, ".dylib", 6) == 0)
		module.length -= 6;
	str_clear(&p->name);
	if (module.length > 0) {
		str_add_n(&p->name, module.text, module.length);
		str_add_char(&p->name, '`');
	}
	function = text_trim(function);
	names_fix_rust(&p->name, function.text, function.length);
	vec_push(&p->stack, stacks_symbol_text(p->s, str_text(&p->name), p->name.length));
}

static struct err *on_line(struct sample *p, struct text_slice line)
{
	size_t indent = 4;

	while (indent < line.length && strchr(" +|:!", line.text[indent]))
		indent++;
	if (indent == line.length)
		return text_bad("Found stack line with only indent characters", line);
	if (indent % 2)
		return text_bad("Odd number of indentation characters for line", line);

	size_t depth = (indent - 4) / 2 + 1;
	struct text_slice rest = { line.text + indent, line.length - indent };

	if (depth > p->stack.n + 1)
		return text_bad("Skipped indentation level at line", line);
	if (depth <= p->stack.n) {
		end_stack(p);
		p->stack.n = depth - 1;
	}

	struct text_slice samples = text_word(&rest);

	if (rest.length == 0)
		return text_bad("Unable to parse stack line", line);
	if (!text_to_u64(samples.text, samples.length, &p->samples))
		return text_bad("Invalid samples field", line);
	push_function(p, text_trim(rest));
	return NULL;
}

static struct err *read_lines(struct sample *p, struct text_input *in)
{
	bool started = false;

	for (;;) {
		char *text;
		struct text_slice line;

		TRY(text_next_line(in, &text, &line.length));
		line.text = text;
		if (!text && !started) {
			log_warn("%s: File ended before start of call graph", in->name);
			return NULL;
		}
		if (!text)
			return err_new(ERR_FORMAT, "File ended before end of call graph");
		if (!started) {
			started = text_starts(line, "Call graph:");
			continue;
		}
		while (line.length > 0 && strchr(" \t", line.text[line.length - 1]))
			line.length--;
		if (line.length == 0)
			continue;
		if (text_starts(line, "Total number in stack"))
			break;
		if (!text_starts(line, "    "))
			return text_bad("Stack line doesn't start with 4 spaces", line);
		TRY(on_line(p, line));
	}
	end_stack(p);
	return NULL;
}

static struct err *sample_read(struct text_input *in, const struct text_options *options,
			       struct stacks *stacks)
{
	struct sample p = { .options = options, .s = stacks };
	struct err *err = read_lines(&p, in);

	vec_deinit(&p.stack);
	str_deinit(&p.name);
	return err;
}

static enum text_match sample_probe(const char *head, size_t length)
{
	return text_head_has(head, length, "Call graph:") ? TEXT_YES : TEXT_NO;
}

const struct text_format text_sample = {
	.name = "sample",
	.summary = "the call graph of macOS's sample",
	.unit = "samples",
	.probe = sample_probe,
	.read = sample_read,
};
