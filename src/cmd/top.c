/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sonde top: what runs now. */
#include "cmd/cmd.h"
#include "cmd/record_parts.h"
#include "cmd/stack_input.h"
#include "cmd/target_args.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "render/live.h"
#include "session/background.h"
#include "session/mine.h"
#include "view/top.h"
#include "view/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROTATE_NS 900000000000u /* 15 minutes */
#define START_TRY_NS 10000000u
#define START_TRIES 3000
enum { DEFAULT_FREQUENCY_HZ = 499 };

struct top_args {
	struct target_args target;
	struct opt_list events;
	const char *by;
	bool batch, once, total;
	uint64_t frequency_hz, count, limit, delay_ns, window_ns;
	struct narrow_args narrow;
	struct output_args output;
};

/* A running top. */
struct work {
	const struct top_args *args;
	struct background *background;
	struct top *top;
};

static struct err *refresh(void *user, struct doc *doc)
{
	struct work *w = user;
	const char *why, *path = background_path(w->background);
	bool ended = background_has_ended(w->background, &why);

	if (ended && *why)
		return err_new(ERR_SYSTEM, "%s", why);
	return top_emit(w->top, doc, path, ended);
}

static bool key(void *user, int key, const char *line)
{
	return top_key(((struct work *)user)->top, key, line);
}

static void sleep_ns(uint64_t ns)
{
	nanosleep(&(struct timespec){ (time_t)(ns / 1000000000), (long)(ns % 1000000000) }, NULL);
}

/* The first table is of a whole delay, however long the recorder takes to begin on a busy machine. */
static void wait_for_recorder(struct background *b)
{
	const char *why;

	for (unsigned i = 0; i < START_TRIES && !background_path(b) && !background_has_ended(b, &why); i++)
		sleep_ns(START_TRY_NS);
}

/* One document after another, each over what came since the one before. */
static struct err *run_batch(struct work *w)
{
	uint64_t count = w->args->once ? 1 : w->args->count;

	wait_for_recorder(w->background);
	for (uint64_t i = 0; count == 0 || i < count; i++) {
		const char *why;
		struct doc *doc;
		struct err *err, *end;

		sleep_ns(w->args->delay_ns);
		TRY(output_open(&w->args->output, &doc));
		err = refresh(w, doc);
		end = doc_end(doc);
		render_destroy(doc);
		if (err) {
			err_destroy(end);
			return err;
		}
		TRY(end);
		if (background_has_ended(w->background, &why))
			return NULL;
	}
	return NULL;
}

static struct err *run_live(struct work *w)
{
	return live_run(&(struct live_options){ .title = "sonde top",
						.interval_ns = w->args->delay_ns,
						.key = key,
						.key_help = top_key_help,
						.first_line = TOP_FIRST_LINE },
			refresh, w);
}

static void describe_target(const struct top_args *args, struct str *out)
{
	if (args->target.command.count)
		str_add(out, args->target.command.words[0]);
	else if (args->target.cgroup)
		str_printf(out, "control group %s", args->target.cgroup);
	for (size_t i = 0; i < args->target.pids.count; i++)
		str_printf(out, "%s%s", i ? ", " : "process ", args->target.pids.words[i]);
	for (size_t i = 0; i < args->target.tids.count; i++)
		str_printf(out, "%s%s", i ? ", " : "thread ", args->target.tids.words[i]);
}

static struct err *run(const struct top_args *args, struct record_session_options *session,
		       struct top_options *options)
{
	struct work w = { .args = args };
	struct err *err = background_start(session, ROTATE_NS, &w.background);

	if (err)
		return err;
	w.top = top_create(options);
	err = args->batch || args->once ? run_batch(&w) : run_live(&w);
	background_stop(w.background);
	top_destroy(w.top);
	return err;
}

/* Without a target: the whole machine, or, where that is not permitted, what is ours. */
static struct err *choose_machine(struct arena *arena, struct record_session_options *o, struct str *target,
				  struct top_options *top)
{
	struct err *why = mine_may_see_all(&o->request);

	o->request.target = CAPTURE_ALL;
	str_add(target, "the whole machine");
	if (!why)
		return NULL;
	str_clear(target);
	str_printf(target, "processes of user %u", geteuid());
	top->without = arena_printf(arena, "only your own processes that run already: %s", err_message(why));
	top->without_fix = err_advice(why) ? arena_strdup(arena, err_advice(why)) : NULL;
	err_destroy(why);
	o->request.target = CAPTURE_PIDS;
	return mine_processes(arena, &o->request);
}

static struct err *top_run(void *user, struct arena *arena, int *status)
{
	struct top_args *args = user;
	bool has_target = args->target.command.count || args->target.pids.count || args->target.tids.count ||
			  args->target.cgroup;
	struct record_session_options session = { .events = args->events.words,
						  .event_count = args->events.count,
						  .parts = &record_parts };
	struct view_options view = { .group_by = args->by, .limit = args->limit };
	struct top_options options = { .view = &view, .window_ns = args->window_ns, .by_total = args->total };
	struct str target = { 0 };
	struct err *err;

	(void)status;
	output_log_level(&args->output);
	if (args->output.json || args->output.html || args->output.path)
		args->batch = true;
	if (args->count && !args->batch)
		args->batch = true;
	narrow_to_view(&args->narrow, &view);
	debuginfod_opt_apply(args->narrow.debuginfod);
	session.request.frequency_hz = args->frequency_hz;
	session.request.stacks = CAPTURE_STACK_AUTO;
	if (has_target)
		describe_target(args, &target);
	err = has_target ? target_parse(&args->target, arena, &session)
			 : choose_machine(arena, &session, &target, &options);
	options.target = str_text(&target);
	if (!err)
		err = run(args, &session, &options);
	str_deinit(&target);
	return err;
}

static void top_defaults(void *user)
{
	struct top_args *args = user;

	args->frequency_hz = DEFAULT_FREQUENCY_HZ;
	args->delay_ns = 2000000000u;
	args->window_ns = 5000000000u;
}

static const char *const by_choices[] = { "function", "line", "module", "thread", "process", NULL };

#define TOP(member) offsetof(struct top_args, member)
static const struct opt top_opts[] = {
	{ .kind = OPT_HEADING, .help = "What to look at (default: the whole machine)" },
	{ .name = "pid", .letter = 'p', .kind = OPT_WORDS, .value = "PID,...", .completes = "pid",
	  .offset = TOP(target.pids), .help = "these processes, and what they start" },
	{ .name = "tid", .letter = 't', .kind = OPT_WORDS, .value = "TID,...", .offset = TOP(target.tids),
	  .help = "single threads" },
	{ .name = "cgroup", .kind = OPT_STRING, .value = "PATH", .completes = "dir",
	  .offset = TOP(target.cgroup), .help = "a control group" },
	{ .name = "event", .letter = 'e', .kind = OPT_WORDS, .value = "EVENT,...", .offset = TOP(events),
	  .help = "count this instead of CPU time: page-faults, cycles:u" },
	{ .name = "frequency", .letter = 'F', .kind = OPT_U64, .value = "HZ", .min = 1, .max = 100000,
	  .offset = TOP(frequency_hz), .help = "samples a second and CPU (default 499)" },
	{ .kind = OPT_HEADING, .help = "How to show it" },
	{ .name = "by", .kind = OPT_CHOICE, .value = "WHAT", .choices = by_choices, .offset = TOP(by),
	  .help = "function, line, module, thread or process" },
	{ .name = "total", .kind = OPT_FLAG, .offset = TOP(total), .help = "sort by total, with what was called" },
	{ .name = "delay", .letter = 'd', .kind = OPT_DURATION, .value = "S", .min = 100000000,
	  .offset = TOP(delay_ns), .help = "between two refreshes (default 2)" },
	{ .name = "window", .letter = 'w', .kind = OPT_DURATION, .value = "S", .min = 100000000,
	  .offset = TOP(window_ns), .help = "how far to look back (default 5)" },
	{ .name = "batch", .letter = 'b', .kind = OPT_FLAG, .offset = TOP(batch),
	  .help = "print a table each time instead of filling the screen" },
	{ .name = "once", .kind = OPT_FLAG, .offset = TOP(once), .help = "print one table and end" },
	{ .name = "count", .letter = 'n', .kind = OPT_U64, .value = "N", .min = 1, .offset = TOP(count),
	  .help = "print N tables and end" },
	{ .name = "limit", .kind = OPT_U64, .value = "N", .min = 1, .max = 100000, .offset = TOP(limit),
	  .help = "rows (default 100)" },
	{ .kind = OPT_HEADING, .help = "Which samples" },
	{ .name = "thread", .kind = OPT_STRING, .value = "TID|NAME", .offset = TOP(narrow.thread),
	  .help = "only this thread" },
	{ .name = "process", .kind = OPT_STRING, .value = "PID|NAME", .offset = TOP(narrow.process),
	  .help = "only this process" },
	{ .name = "module", .kind = OPT_STRING, .value = "FILE", .offset = TOP(narrow.module),
	  .help = "only samples whose innermost frame is in this module" },
	{ .name = "no-kernel", .kind = OPT_FLAG, .offset = TOP(narrow.no_kernel),
	  .help = "without kernel frames: their time is their caller's" },
	{ .name = "no-inlines", .kind = OPT_FLAG, .offset = TOP(narrow.no_inlines),
	  .help = "inlined calls count as the function they are in" },
	DEBUGINFOD_OPT(struct top_args, narrow.debuginfod),
	OUTPUT_OPTS(struct top_args, output),
	OPT_END
};

static const struct opt_operand top_operands[] = {
	{ .name = "CMD", .help = "command to run and look at; its output is discarded, and it ends with top",
	  .offset = TOP(target.command), .rest = true, .completes = "command" },
	OPERAND_END
};

static const struct opt_example top_examples[] = {
	{ "sonde top", "what the machine is busy with" },
	{ "sonde top -p 4711 --by thread", "the threads of one process" },
	{ "sonde top --once --no-kernel", "one table, for a script or a ticket" },
	{ NULL }
};

const struct cmd cmd_top = {
	.spec = {
		.name = "top",
		.summary = "show what runs now, by function, and keep showing it",
		.description =
			"Samples what runs and shows where the last seconds went. Enter leads from a function to its "
			"callers and callees, from a process or thread to its functions; Backspace leads out again; ? "
			"lists the keys.\n\n"
			"Where the whole machine may not be sampled (kernel.perf_event_paranoid), your own processes "
			"that run already are shown, and the first line says so.\n\n"
			"What is sampled goes to a recording below $TMPDIR that is removed at the end, also when sonde "
			"is killed. Of an overloaded machine it shows what ran, not what waited.",
		.opts = top_opts,
		.operands = top_operands,
		.examples = top_examples,
		.see_also = "sonde-record(1), sonde-report(1), perf-top(1), top(1)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct top_args),
	.defaults = top_defaults,
	.run = top_run,
};
