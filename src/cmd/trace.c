/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `sonde trace`: strace's options with sonde's defaults: children are followed, only wanted
 * calls stop the program.
 */
#include "cmd/cmd.h"
#include "cmd/trace_opts.h"
#include "cmd/recording_input.h"
#include "cmd/trace_refuse.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/record_parts.h"
#include "record/recording.h"
#include "session/session.h"
#include "session/trace/record.h"
#include "session/trace/replay.h"
#include "session/trace/session.h"
#include "view/calls/calls.h"

#include <stdlib.h>

static const char *const engine_choices[] = { "auto", "bpf", "ptrace", NULL };

static const struct opt trace_opts[] = {
	{ .kind = OPT_HEADING, .help = "Whom" },
	TRACE_OPTS_START,
	TRACE_OPT("follow-forks", 'f', 'f', NULL, false, "children and threads too: the default; -ff writes a file each"),
	{ .name = "no-follow", .kind = OPT_FLAG, .offset = offsetof(struct trace_args, no_follow),
	  .help = "the one thread alone" },
	{ .name = "all", .letter = 'a', .kind = OPT_FLAG, .offset = offsetof(struct trace_args, all),
	  .help = "everybody but sonde itself; with CMD, while that runs" },
	{ .name = "cgroup", .kind = OPT_STRING, .value = "PATH", .offset = offsetof(struct trace_args, cgroup),
	  .help = "a control group: its directory, or its path in any hierarchy" },
	{ .name = "engine", .kind = OPT_CHOICE, .value = "ENGINE", .choices = engine_choices,
	  .offset = offsetof(struct trace_args, engine),
	  .help = "how to see calls: bpf, ptrace, or auto (the default): the best that works here" },
	{ .kind = OPT_HEADING, .help = "What" },
	TRACE_OPTS_FILTER("expr"),
	{ .kind = OPT_HEADING, .help = "Output" },
	TRACE_OPTS_OUTPUT,
	{ .name = "overwrite", .kind = OPT_FLAG, .offset = offsetof(struct trace_args, overwrite),
	  .help = "replace a recording that is there (-o NAME.sonde)" },
	{ .name = "json", .kind = OPT_FLAG, .offset = offsetof(struct trace_args, json),
	  .help = "a JSON object a line, a call each, where lines would go (-o '|jq .name'); of a view one document (docs/SCHEMA.md)" },
	{ .name = "html", .kind = OPT_FLAG, .offset = offsetof(struct trace_args, html),
	  .help = "a view as one self-contained page (-o FILE.html)" },
	{ .name = "fold", .kind = OPT_FLAG, .offset = offsetof(struct trace_args, fold),
	  .help = "count what repeats: two rounds of a sequence of calls are shown, then \"read+poll x 18,229 more\"" },
	TRACE_OPT("columns", 0, 'a', "COLUMN", false, "align results in this column (default 40)"),
	{ .kind = OPT_HEADING, .help = "Counting" },
	TRACE_OPTS_COUNT,
	TRACE_OPT(NULL, 'C', 'C', NULL, false, "the table and the lines"),
	{ .kind = OPT_HEADING, .help = "Views, of a recording or of what runs, when it has ended" },
	TRACE_VIEW_OPTS(struct trace_args, views),
	{ .kind = OPT_HEADING, .help = "Tampering" },
	TRACE_OPTS_TAMPER,
	OPT_END
};

static const struct opt_operand trace_operands[] = {
	{ .name = "CMD", .help = "command to run and trace, with its arguments; or a recording, to print its calls",
	  .offset = offsetof(struct trace_args, command), .rest = true, .completes = "command" },
	OPERAND_END
};

static struct err *apply(const struct trace_args *args, struct arena *arena, struct trace_options *o)
{
	o->follow = !args->no_follow;
	o->wall_clock = true;
	o->all = args->all;
	o->cgroup = args->cgroup;
	o->engine = !args->engine || args->engine[0] == 'a' ? TRACE_ENGINE_AUTO
		    : args->engine[0] == 'b' ? TRACE_ENGINE_BPF : TRACE_ENGINE_PTRACE;
	TRY(trace_opts_apply(&args->given, o));
	if (args->views.summary) /* which -S orders, as it does the tables of -c */
		TRY(trace_options_set(o, 'c', NULL));
	o->command = trace_opts_command(&args->command, arena);
	return trace_options_finish(o);
}

static const char *const with_calls[] = { "syscalls" }, *const without_samples[] = { "cpu" };

static struct record_session_options recording_of(const struct trace_args *args, const struct trace_options *o)
{
	return (struct record_session_options){
		.path = o->output, .overwrite = args->overwrite, .command = o->command, .with = with_calls, .with_count = 1,
		.without = without_samples, .without_count = 1, .parts = &record_parts, .quiet = o->quiet_given,
		.request = { .target = o->all ? CAPTURE_ALL : o->cgroup ? CAPTURE_CGROUP
				       : o->command ? CAPTURE_COMMAND : CAPTURE_PIDS,
			     .cgroup_path = o->cgroup, .pids = o->pids.v, .pid_count = o->pids.n, .calls = &o->calls,
			     .call_stacks = o->show_stack, .max_frames = o->frame_limit, .call_style = &o->style },
	};
}

/* -o NAME.sonde: into a recording instead. */
static struct err *record(const struct trace_args *args, struct trace_options *o, int *status)
{
	struct record_session_options r = recording_of(args, o);

	return session_trace_record(o, &r, status);
}

/* --- views ------------------------------------------------------------------------------------- */

/* Of RECORDING, or of what runs, all of whose calls are recorded, because what is left out of a view still
 * tells what descriptors are. */
static struct err *show_views(const struct trace_args *args, unsigned parts, struct trace_options *o,
			      const char *recording, int *status)
{
	struct output_args output = { .json = args->json, .html = args->html, .path = o->output };
	struct record_session_options r = recording_of(args, o);

	if (recording)
		return trace_views_show(&args->views, parts, o, &output, recording);
	r.request.calls = NULL;
	return trace_views_record(&args->views, parts, o, &output, &r, status);
}

/* What of the views was asked for.  -c of a recording is its summary: the same tables. */
static unsigned parts_of(const struct trace_args *args, const struct trace_options *o, const char *recording)
{
	bool counted = recording && o->count == TRACE_COUNT_ONLY && !o->summary_columns_given;

	return trace_views_parts(&args->views) | (counted ? CALLS_SUMMARY : 0U);
}

/* Before options are applied: is there a view, of which -c of a recording is one? */
static bool shows_view(const struct trace_args *args, const char *recording)
{
	bool counted = false;

	for (size_t i = 0; recording && i < args->given.count; i++)
		counted |= args->given.v[i].id == 'c';
	return counted || trace_views_parts(&args->views);
}

/* The lines of a recording, when that is what the only word names. */
static bool names_recording(const struct trace_args *args, char **path)
{
	return args->command.count > 0 && replay_is_recording(args->command.words[0], path);
}

/* Views of nobody in particular are of the newest recording here, as with sonde report. */
static struct err *find_newest(struct trace_args *args, char **path, struct arena *arena)
{
	const char **word;

	if (!trace_views_parts(&args->views) || args->command.count || args->all || args->cgroup)
		return NULL;
	for (size_t i = 0; i < args->given.count; i++)
		if (args->given.v[i].id == 'p')
			return NULL;
	TRY(recording_find_path(NULL, path));
	word = arena_calloc(arena, 1, sizeof(*word));
	*word = *path;
	args->command = (struct opt_list){ .words = word, .count = 1 };
	return NULL;
}

extern const struct cmd cmd_trace;

/* -P takes paths as they were given and as they are: in a recording they are whole. */
static void resolve_paths(struct trace_options *o, struct arena *arena)
{
	for (size_t i = 0, n = o->paths.n; i < n; i++) {
		CLEANUP(mem_freep) char *whole = realpath(o->paths.v[i], NULL);

		if (whole && !str_eq(whole, o->paths.v[i]))
			vec_push(&o->paths, arena_strdup(arena, whole));
	}
}

static struct err *show(struct trace_args *args, struct trace_options *o, const char *recording, struct arena *arena, int *status)
{
	o->json = args->json;
	o->fold = args->fold;
	if (o->json && o->fold)
		return err_new(ERR_USAGE, "--fold is for lines, not for --json");
	TRY(trace_refuse(args, shows_view(args, recording), recording));
	TRY(apply(args, arena, o));
	if (recording || trace_views_parts(&args->views))
		resolve_paths(o, arena);

	unsigned parts = parts_of(args, o, recording);
	bool recorded = !recording && (parts || (o->output && str_ends(o->output, ".sonde")));

	if (recorded && o->command && o->pids.n)
		return err_fix(err_new(ERR_USAGE, "a command and -p are not recorded at once"),
			       "two traces: one of -p, one of the command; or start the command and name its process, too: -p PID,PID");
	if (parts)
		return show_views(args, parts, o, recording, status);
	if (recording)
		return replay_trace(o, recording, status);
	return recorded ? record(args, o, status) : session_trace(o, status);
}

static struct err *trace_run(void *p, struct arena *arena, int *status)
{
	struct trace_args *args = p;
	struct trace_options o;
	char *recording = NULL;
	struct err *err = NULL;
	bool helped = false;

	trace_options_init(&o);
	o.name = "sonde";
	if (names_recording(args, &recording) && args->command.count > 1)
		err = recording_input_take_options(&cmd_trace.spec, &args->command, args, arena, &helped);
	if (!err && !helped)
		err = find_newest(args, &recording, arena);
	if (!err && !helped)
		err = show(args, &o, recording, arena, status);
	free(recording);
	trace_options_deinit(&o);
	return err;
}

static const struct opt_example trace_examples[] = {
	{ "sonde trace -- ls -l", "every system call of a command and its children" },
	{ "sonde trace -p 4711 -e %file", "which files a running process touches" },
	{ "sonde trace -o app.sonde -- ./app", "into a recording; sonde trace app.sonde prints it" },
	{ "sonde trace app.sonde --waits --slow", "what it waited for, and its slowest calls" },
	{ "sonde trace --errors -- python3 app.py", "what it looked for and did not find" },
	{ "sonde trace -Z -y -- ./app", "only what fails, with the paths of descriptors" },
	{ "sonde trace -c -- make", "a table of calls with percentiles" },
	{ "sonde trace --inject write:error=ENOSPC:when=3+ -- ./app", "what does it do when the disk is full?" },
	{ NULL }
};

const struct opt_section trace_sections[] = {
	{ "SIGNALS",
	  "SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGPIPE end the trace: a command that was started for it ends by the same signal, what was "
	  "attached to goes on.  With -o FILE and a command they are ignored: the trace ends with the command.  -I says otherwise.  Ctrl-C at "
	  "a terminal reaches the command by itself, as without a tracer." },
	{ "FILES",
	  "FILE of -o is written anew unless -A is given; with -ff there is a FILE.PID for each process.  A name that ends in .sonde is a recording, "
	  "a directory of tables (docs/RECORDING.md; not with sonde strace).\n\n"
	  "/sys/kernel/tracing/events/syscalls tells names and types of calls that are newer than sonde, to root; without it they are "
	  "syscall_0x... with numbers." },
	{ "ENVIRONMENT",
	  "PATH: where the command is looked for.  NO_COLOR, TERM: whether --color=auto colours.  SONDE_LOG=debug: what is loaded and attached.  "
	  "TMPDIR: where views make their recording, and where lines wait for a slow reader.  DEBUGINFOD_URLS and what else the names of -k come from: sonde(1)." },
	{ NULL }
};

const struct cmd cmd_trace = {
	.spec = {
		.name = "trace",
		.summary = "show every system call of a process as it happens",
		.description =
			"Runs a command, or attaches to running processes, and prints a line for each system call: "
			"its arguments decoded, its result, in strace's form.  Processes and threads that the target "
			"starts are followed.  A recording in place of a command prints its calls.\n\n"
			"Calls are seen by BPF where that is permitted: nobody is stopped, several may look at once, and a "
			"call is shown when it returns, or when it blocks.  Memory that was "
			"not there at a call's entry is read at its exit, and what could not be recorded is counted and said.  "
			"Where BPF can't be had, or can't do what is asked (tampering, -Y, -e read= and write=, "
			"-e namespace=new, --syscall-limit, -b, -D, --kill-on-exit, -p beside a command, -s of more than 1 MiB; -k before Linux "
			"6.1), ptrace "
			"does: it stops the program at each call.  --engine chooses.\n\n"
			"Both show the same lines, but for this.  BPF shows as addresses what only a pointer in memory that a structure's "
			"pointer leads to tells of (strings of V4L2's controls), control messages "
			"of more than 64 KiB, select()'s sets of more than 2,112 descriptors, and structures of more than 7 KiB within others.  -y names no descriptors within structures, but for those of "
			"control messages, poll(), select() (the first 1,024 of a set) and io_submit().  Of a 32-bit program whose first calls come within milliseconds, -e may show "
			"calls without their duration, and no sigreturn().  Calls that seccomp refuses, or lets another process answer, are seen when they return: how long they took "
			"isn't known (?), and memory that nobody had touched before them stays an address.  A process that goes on tells its parent by a SIGCHLD whose line may stand one call later, and "
			"-k may have no stack for a program's first calls.\n\n"
			"Views (--summary, --waits, --slow, --errors, --files, --tree, several at once) are made of a recording, with the "
			"same filters; without one, of a command or of processes that are recorded for it, until they end or "
			"Ctrl-C.  Descriptors are followed from where they were opened, so files and sockets have their "
			"names.  -c counts calls live and prints the tables of --summary.\n\n"
			"Who reads the lines may be slow: by BPF, which can't wait, those that he has not taken are kept, 64 MiB in memory and then "
			"up to 4 GiB (and at most half of what is free) in $TMPDIR, and written when he takes them, after the end, too; Ctrl-C then "
			"drops them and says how many.  Beyond that lines are dropped, and one in their place says how many.  By ptrace the "
			"program waits for the reader.\n\n"
			"Killed with -9, sonde leaves what it traced running, and what was stopped stopped; a command that "
			"was started with --seccomp-bpf then finds no system call behind those that were traced (ENOSYS), "
			"unless --kill-on-exit ends it.\n\n"
			"A set-uid program that is traced runs without its privileges, unless root traces it (-u).",
		.opts = trace_opts,
		.operands = trace_operands,
		.examples = trace_examples,
		.exit_status = "that of the command; when a signal ended it, sonde ends by that signal too.",
		.sections = trace_sections,
		.see_also = "sonde-strace(1), sonde-record(1), strace(1)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct trace_args),
	.run = trace_run,
};
