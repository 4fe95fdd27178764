/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sonde report: where the CPU time of a recording went.
 */
#include "cmd/cmd.h"
#include "cmd/stack_input.h"

#include "base/log.h"
#include "base/str.h"
#include "record/recording.h"
#include "record/stacks.h"
#include "render/live.h"
#include "view/profile.h"
#include "view/report.h"
#include "view/view.h"

#include <stdlib.h>
#include <string.h>

struct report_args {
	const char *input, *diff, *function, *by, *min, *title;
	bool tree, live;
	uint64_t limit;
	struct output_args output;
	struct stack_input_args stacks;
	struct narrow_args narrow;
};

static struct err *to_view(const struct report_args *args, const char *path, struct view_options *view)
{
	char *end;

	narrow_to_view(&args->narrow, view);
	view->recording_path = path;
	view->function = args->function;
	view->group_by = args->by;
	view->limit = args->limit;
	if (args->min) {
		view->min_ratio = strtod(args->min, &end) / 100;
		if (end == args->min || (*end && !str_eq(end, "%")) ||
		    !(view->min_ratio >= 0 && view->min_ratio <= 1))
			return err_new(ERR_USAGE, "--min %s is no per cent between 0 and 100", args->min);
	}
	return NULL;
}

/* The inputs, and what is to be said about them. */
struct work {
	struct stack_input in, before;
	struct recording_input calls; /* system calls alone: no profile */
	struct view_options view;
	struct report_options options;
};

static void work_close(struct work *w)
{
	stack_input_close(&w->before);
	stack_input_close(&w->in);
	recording_input_close(&w->calls);
}

/* A recording that has nothing but system calls.  What isn't a recording is not asked. */
static bool open_calls(const struct report_args *args, struct work *w)
{
	bool found = false;
	struct err *err;

	if (args->diff || args->function || args->tree || args->by || (args->input && str_eq(args->input, "-")) ||
	    recording_input_is_foreign(args->input))
		return false;
	err = recording_input_open(args->input, &w->calls);
	if (!err)
		found = report_is_of_calls(w->calls.recording);
	if (!found)
		recording_input_leave(&w->calls);
	err_destroy(err);
	return found;
}

static struct err *work_open(const struct report_args *args, struct work *w)
{
	struct err *err = NULL;

	*w = (struct work){ .options = { .tree = args->tree, .page = output_is_page(&args->output),
					 .title = args->title } };
	w->options.view = &w->view;
	if (open_calls(args, w))
		return to_view(args, w->calls.path, &w->view);
	TRY(stack_input_open(&args->stacks, &args->narrow, args->input, &w->in));
	err = stack_input_check(&w->in);
	if (!err && args->diff)
		err = stack_input_open(&args->stacks, &args->narrow, args->diff, &w->before);
	if (!err)
		err = to_view(args, w->in.from.path, &w->view);
	if (!err)
		err = report_check(w->in.profile, &w->options);
	if (err)
		work_close(w);
	return err;
}

static struct err *work_emit(struct work *w, struct doc *doc)
{
	if (w->calls.recording)
		return report_emit_calls(doc, w->calls.recording, &w->options);
	return report_emit(doc, w->in.profile, w->before.profile, &w->options);
}

/* Inputs and questions are checked before the output is opened: a wrong word leaves no
 * empty file behind. */
static struct err *once(const struct report_args *args)
{
	struct work w;
	struct doc *doc = NULL;

	TRY(work_open(args, &w));

	struct err *err = output_open(&args->output, &doc);

	if (!err) {
		err = work_emit(&w, doc);

		struct err *end = doc_end(doc);

		if (err)
			err_destroy(end);
		else
			err = end;
	}
	render_destroy(doc);
	work_close(&w);
	return err;
}

static struct err *refresh(void *user, struct doc *doc)
{
	struct work w;

	TRY(work_open(user, &w));

	struct err *err = work_emit(&w, doc);

	work_close(&w);
	return err;
}

static struct err *report_run(void *user, struct arena *arena, int *status)
{
	struct report_args *args = user;

	(void)arena;
	(void)status;
	output_log_level(&args->output);
	if (args->live)
		return live_run(&(struct live_options){ .title = args->input ? args->input : "report" }, refresh,
				args);
	return once(args);
}

static const char *const by_choices[] = { "function", "line", "module", "thread", "process", NULL };

#define REPORT(member) offsetof(struct report_args, member)
static const struct opt report_opts[] = {
	{ .name = "by", .kind = OPT_CHOICE, .value = "WHAT", .choices = by_choices,
	  .help = "function, line, module, thread or process", .offset = REPORT(by) },
	{ .name = "function", .letter = 'f', .kind = OPT_STRING, .value = "NAME",
	  .help = "callers, callees and lines of one function (patterns work)", .offset = REPORT(function) },
	{ .name = "tree", .letter = 't', .kind = OPT_FLAG, .help = "the call tree", .offset = REPORT(tree) },
	{ .name = "diff", .kind = OPT_STRING, .value = "OLD", .completes = "recording",
	  .help = "compare with OLD: what changed most comes first", .offset = REPORT(diff) },
	{ .name = "live", .kind = OPT_FLAG, .help = "stay on the screen and read the recording anew each second",
	  .offset = REPORT(live) },
	{ .name = "limit", .letter = 'n', .kind = OPT_U64, .value = "N", .min = 1, .max = 10000000,
	  .help = "rows a table", .offset = REPORT(limit) },
	{ .name = "min", .kind = OPT_STRING, .value = "PERCENT", .help = "leave out what is below",
	  .offset = REPORT(min) },
	{ .name = "title", .kind = OPT_STRING, .value = "TEXT", .help = "title of the page", .offset = REPORT(title) },
	NARROW_OPTS(struct report_args, narrow),
	STACK_INPUT_OPTS(struct report_args, stacks),
	OUTPUT_OPTS(struct report_args, output),
	OPT_END
};

static const struct opt_operand report_operands[] = {
	{ .name = "INPUT",
	  .help = "a recording, a text of stacks, or - for standard input (default: the newest recording here)",
	  .offset = REPORT(input), .min = 0, .max = 1, .completes = "recording" },
	OPERAND_END
};

static const struct opt_example report_examples[] = {
	{ "sonde report", "the newest recording in this directory" },
	{ "sonde report make.sonde --by line --process cc1", "the hottest source lines of cc1" },
	{ "sonde report -f memcpy", "who calls memcpy" },
	{ "sonde report --html -o make.html", "a page to send to a colleague, with timeline and flame graph" },
	{ NULL }
};

const struct cmd cmd_report = {
	.spec = {
		.name = "report",
		.summary = "say where the CPU time of a recording went",
		.description =
			"First the answer: what ran, how long, how busy.  Then the functions that used most, "
			"or lines, modules, threads, callers and callees, the call tree.  Then what is not "
			"known: lost events, code without names and why.\n\n"
			"A recording with system calls (sonde record --syscalls, sonde trace -o REC.sonde) has them too: "
			"by name and thread, what it waited for, the slowest, what failed.\n\n"
			"self is the time in a function alone, total also that of what it called; a function "
			"that calls itself counts once.",
		.opts = report_opts,
		.operands = report_operands,
		.examples = report_examples,
		.see_also = "sonde-record(1), sonde-flame(1), sonde-query(1)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct report_args),
	.run = report_run,
};
