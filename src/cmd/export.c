/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sonde export: a recording, or another tool's text of stacks, as a file of another
 * tool's.  What there is to write is in convert/exporters.c.
 */
#include "cmd/cmd.h"
#include "cmd/stack_input.h"

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/out_file.h"
#include "cmd/recording_input.h"
#include "convert/exporter.h"
#include "convert/folded.h"
#include "record/recording.h"
#include "record/stacks.h"
#include "view/frames.h"
#include "view/profile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct export_args {
	const char *input, *to, *path, *diff;
	const char *fields;
	bool normalize, quiet, nanoseconds;
	uint64_t max_stack;
	struct stack_input_args stacks;
	struct narrow_args narrow;
};

static struct err *write_out(const struct export_args *args, const struct exporter *exporter,
			     const struct export_input *input)
{
	bool to_stdout = !args->path || strcmp(args->path, "-") == 0;
	CLEANUP(out_file_deinit) struct out_file file = { 0 };

	if (exporter->is_binary && to_stdout && isatty(STDOUT_FILENO))
		return err_fix(err_new(ERR_USAGE, "%s is binary, and standard output is a terminal", exporter->name),
			       "write it to a file with -o");
	if (to_stdout)
		return exporter->write(input, stdout);
	TRY(out_file_open(args->path, &file));
	TRY(exporter->write(input, file.stream));
	return out_file_finish(&file);
}

/* --- names for the exporters ------------------------------------------------------------ */

struct source {
	const struct profile *profile;
	const struct narrow_args *narrow;
};

static bool export_frame(void *user, uint32_t id, struct export_frame *ret)
{
	const struct source *s = user;
	size_t index = frames_index(s->profile->frames, id);

	if (index == SIZE_MAX)
		return false;

	const struct frame *f = frames_at(s->profile->frames, index);

	*ret = (struct export_frame){ f->module, f->kind, f->offset, s->narrow->no_inlines ? 1 : f->call_count,
				      frame_is_kernel(f) ? s->narrow->no_kernel : s->narrow->no_user };
	return true;
}

static void export_call(void *user, uint32_t id, uint32_t i, struct export_call *ret)
{
	const struct source *s = user;
	const struct frame *f = frames_at(s->profile->frames, frames_index(s->profile->frames, id));
	const struct frame_call *call = frames_calls(s->profile->frames, f) + (s->narrow->no_inlines ? f->call_count - 1 : i);

	*ret = (struct export_call){ call->function, call->file, call->line, call->inlined };
}

static bool export_wants(void *user, uint32_t thread, uint32_t stack, uint64_t time_ns)
{
	const struct source *s = user;

	return profile_wants(s->profile, thread, stack, time_ns);
}

/* --- the command ------------------------------------------------------------------------ */

/* Stacks with their frames named as flame graph tools name them, in place of a recording's. */
static void name_as_text(const struct export_args *args, struct stacks *stacks)
{
	struct text_options options;
	struct stacks named;

	stack_input_text_options(&args->stacks, &options);
	stacks_init(&named);
	folded_names(stacks, &options, &named);
	stacks_deinit(stacks);
	*stacks = named;
	stacks_finish(stacks);
}

static struct err *export_input(const struct export_args *args, const struct exporter *exporter,
				struct stack_input *in)
{
	struct stacks *stacks = &in->profile->stacks;
	const struct narrow_args *n = &args->narrow;
	const struct stack_input_args *shape = &args->stacks;
	struct source source = { in->profile, n };

	if (exporter->takes == EXPORT_RECORDING && !in->from.recording)
		return err_new(ERR_USAGE, "%s can only be written from a recording, and %s is none",
			       exporter->name, in->from.path);
	TRY(stack_input_check(in));
	if (exporter->takes != EXPORT_STACKS && in->from.recording &&
	    (n->by_thread || n->by_process || shape->base.count || shape->fold_recursion))
		return err_fix(err_new(ERR_USAGE, "%s is written with threads and stacks as they are", exporter->name),
			       "leave away --by-thread, --by-process, --base and --fold-recursion, or write --to folded");
	if (exporter->takes == EXPORT_STACKS && in->from.recording)
		name_as_text(args, stacks);
	if (args->diff) {
		struct stack_input before;

		TRY(stack_input_open(&args->stacks, &args->narrow, args->diff, &before));
		stack_input_compare(in, &before, args->normalize);
		stack_input_close(&before);
	}
	return write_out(args, exporter,
			 &(struct export_input){ .recording = in->from.recording,
						 .stacks = stacks,
						 .frame = export_frame,
						 .call = export_call,
						 .wants = export_wants,
						 .user = &source,
						 .event = n->event,
						 .title = in->from.path,
						 .fields = args->fields,
						 .nanoseconds = args->nanoseconds,
						 .max_stack = args->max_stack });
}

static bool has_rows(const struct recording *r, const char *table)
{
	const struct table_info *info = recording_find_table(r, table);

	return info && info->rows;
}

/* A recording of system calls alone, by a form that has a place for them: there is no profile to make.  *done: it was. */
static struct err *export_calls_alone(const struct export_args *args, const struct exporter *exporter, bool *done)
{
	const struct narrow_args *n = &args->narrow;
	bool narrowed = n->thread || n->process || n->module || n->event || n->from_ns || n->until_ns;
	struct recording_input from;
	struct err *err = NULL;

	*done = false;
	if (!exporter->has_calls || (args->input && recording_input_is_foreign(args->input)))
		return NULL;
	TRY(recording_input_open(args->input, &from));
	*done = has_rows(from.recording, "syscall") && !has_rows(from.recording, "sample");
	if (*done && narrowed)
		err = err_new(ERR_USAGE, "%s has system calls and no samples, of which some could be chosen", from.path);
	else if (*done)
		err = write_out(args, exporter, &(struct export_input){ .recording = from.recording, .title = from.path });
	if (*done)
		recording_input_close(&from);
	else
		recording_input_leave(&from);
	return err;
}

static struct err *export_run(void *user, struct arena *arena, int *status)
{
	const struct export_args *args = user;
	const struct exporter *exporter;
	struct stack_input in;
	bool done;

	(void)arena;
	(void)status;
	if (args->quiet)
		log_set_level(LOG_QUIET);
	TRY(exporter_find(args->to, &exporter));
	TRY(export_calls_alone(args, exporter, &done));
	if (done)
		return NULL;
	TRY(stack_input_open(&args->stacks, &args->narrow, args->input, &in));

	struct err *err = export_input(args, exporter, &in);

	stack_input_close(&in);
	return err;
}

static const char *const export_forms[] = { "folded", "perf-script", "pprof", "speedscope",
					  "firefox", "perfetto", "callgrind", NULL };

static void export_defaults(void *user)
{
	((struct export_args *)user)->to = "folded";
}

static const struct opt export_opts[] = {
	{ .name = "to", .kind = OPT_STRING, .value = "FORM", .choices = export_forms,
	  .help = "what to write: folded (default), perf-script, pprof, speedscope, firefox, perfetto, callgrind", .offset = offsetof(struct export_args, to) },
	{ .name = "output", .letter = 'o', .kind = OPT_STRING, .value = "FILE", .completes = "file",
	  .help = "write to FILE instead of standard output", .offset = offsetof(struct export_args, path) },
	{ .name = "diff", .kind = OPT_STRING, .value = "OLD", .completes = "file",
	  .help = "folded: two columns, the value in OLD and the one now",
	  .offset = offsetof(struct export_args, diff) },
	{ .name = "normalize", .kind = OPT_FLAG, .help = "with --diff: scale OLD to the same total",
	  .offset = offsetof(struct export_args, normalize) },
	{ .name = "fields", .letter = 'F', .kind = OPT_STRING, .value = "LIST",
	  .help = "perf-script: comm,pid,tid,cpu,time,period,event,ip,sym,dso,srcline",
	  .offset = offsetof(struct export_args, fields) },
	{ .name = "ns", .kind = OPT_FLAG, .help = "perf-script: times to the nanosecond",
	  .offset = offsetof(struct export_args, nanoseconds) },
	{ .name = "max-stack", .kind = OPT_U64, .value = "N", .min = 1,
	  .help = "perf-script: leave out callers beyond N frames (perf script: 127; default: none)",
	  .offset = offsetof(struct export_args, max_stack) },
	{ .name = "quiet", .letter = 'q', .kind = OPT_FLAG, .help = "only errors",
	  .offset = offsetof(struct export_args, quiet) },
	NARROW_OPTS(struct export_args, narrow),
	STACK_INPUT_OPTS(struct export_args, stacks),
	OPT_END
};

static const struct opt_operand export_operands[] = {
	{ .name = "INPUT",
	  .help = "a recording, a text of stacks, or - for standard input (default: the newest recording here)",
	  .offset = offsetof(struct export_args, input), .min = 0, .max = 1, .completes = "recording" },
	OPERAND_END
};

static const struct opt_example export_examples[] = {
	{ "perf script | sonde export --to folded -", "what stackcollapse-perf.pl does" },
	{ "sonde export --diff before.folded after.folded", "what difffolded.pl does" },
	{ "sonde export --to perfetto -o app.pftrace app.sonde", "samples and system calls on a timeline, for ui.perfetto.dev" },
	{ NULL }
};

const struct cmd cmd_export = {
	.spec = {
		.name = "export",
		.summary = "write a recording or stacks in another tool's form",
		.description =
			"Writes what was recorded so that other tools read it.  The input may also be a "
			"text of stacks from any machine: perf script, folded stacks, dtrace, sample, "
			"VTune, Visual Studio, GHC or xctrace.\n\n"
			"System calls and signals (sonde trace -o REC.sonde, sonde record --syscalls) are in perfetto's form: "
			"slices on the tracks of their threads, with arguments and results.",
		.opts = export_opts,
		.operands = export_operands,
		.examples = export_examples,
		.see_also = "sonde-flame(1), perf-script(1)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct export_args),
	.defaults = export_defaults,
	.run = export_run,
};
