/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `sonde trace`: strace's options with sonde's defaults: children are followed, only wanted
 * calls stop the program.
 */
#include "cmd/cmd.h"
#include "cmd/trace_opts.h"
#include "session/trace/session.h"

static const char *const engine_choices[] = { "auto", "bpf", "ptrace", NULL };

static const struct opt trace_opts[] = {
	{ .kind = OPT_HEADING, .help = "Whom" },
	TRACE_OPTS_START,
	TRACE_OPT("follow-forks", 'f', 'f', NULL, false, "children and threads too: the default; -ff writes a file each"),
	{ .name = "no-follow", .kind = OPT_FLAG, .offset = offsetof(struct trace_args, no_follow),
	  .help = "the one thread alone" },
	{ .name = "engine", .kind = OPT_CHOICE, .value = "ENGINE", .choices = engine_choices,
	  .offset = offsetof(struct trace_args, engine),
	  .help = "how to see calls: bpf, ptrace, or auto (the default): the best that works here" },
	{ .kind = OPT_HEADING, .help = "What" },
	TRACE_OPTS_FILTER,
	{ .kind = OPT_HEADING, .help = "Output" },
	TRACE_OPTS_OUTPUT,
	TRACE_OPT("columns", 0, 'a', "COLUMN", false, "align results in this column (default 40)"),
	{ .kind = OPT_HEADING, .help = "Counting" },
	TRACE_OPTS_COUNT,
	{ .kind = OPT_HEADING, .help = "Tampering" },
	TRACE_OPTS_TAMPER,
	OPT_END
};

static const struct opt_operand trace_operands[] = {
	{ .name = "CMD", .help = "command to run and trace, with its arguments",
	  .offset = offsetof(struct trace_args, command), .rest = true, .completes = "command" },
	OPERAND_END
};

static struct err *apply(const struct trace_args *args, struct arena *arena, struct trace_options *o)
{
	o->follow = !args->no_follow;
	o->seccomp = true;
	o->wall_clock = true;
	o->engine = !args->engine || args->engine[0] == 'a' ? TRACE_ENGINE_AUTO
		    : args->engine[0] == 'b' ? TRACE_ENGINE_BPF : TRACE_ENGINE_PTRACE;
	TRY(trace_opts_apply(&args->given, o));
	o->command = trace_opts_command(&args->command, arena);
	return trace_options_finish(o);
}

static struct err *trace_run(void *p, struct arena *arena, int *status)
{
	const struct trace_args *args = p;
	struct trace_options o;
	struct err *err;

	trace_options_init(&o);
	o.name = "sonde";
	err = apply(args, arena, &o);
	if (!err)
		err = session_trace(&o, status);
	trace_options_deinit(&o);
	return err;
}

static const struct opt_example trace_examples[] = {
	{ "sonde trace -- ls -l", "every system call of a command and its children" },
	{ "sonde trace -p 4711 -e %file", "which files a running process touches" },
	{ "sonde trace -Z -y -- ./app", "only what fails, with the paths of descriptors" },
	{ "sonde trace -c -- make", "a table of calls with percentiles" },
	{ "sonde trace --inject write:error=ENOSPC:when=3+ -- ./app", "what does it do when the disk is full?" },
	{ NULL }
};

const struct cmd cmd_trace = {
	.spec = {
		.name = "trace",
		.summary = "show every system call of a process as it happens",
		.description =
			"Runs a command, or attaches to running processes, and prints a line for each system call: "
			"its arguments decoded, its result, in strace's form.  Processes and threads that the target "
			"starts are followed.\n\n"
			"A set-uid program that is traced runs without its privileges, unless root traces it (-u).",
		.opts = trace_opts,
		.operands = trace_operands,
		.examples = trace_examples,
		.exit_status = "that of the command; when a signal ended it, sonde ends by that signal too.",
		.see_also = "sonde-strace(1), sonde-record(1), strace(1)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct trace_args),
	.run = trace_run,
};
