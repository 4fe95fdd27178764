/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * `sonde strace`: strace's command line, its words and its exit status.  The rows of the
 * option table are for help, manual and completion; the words are parsed by getopt_long(3)
 * with the same rows, because that is how strace takes them: abbreviated long names,
 * "-e" anywhere before the command, and its messages.
 */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/trace_opts.h"
#include "session/trace/session.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

const struct opt strace_opts[] = {
	{ .kind = OPT_HEADING, .help = "Whom" },
	TRACE_OPTS_START,
	TRACE_OPT("follow-forks", 'f', 'f', NULL, false, "children and threads too; -ff a file each"),
	TRACE_OPT(NULL, 'F', 'F', NULL, false, "old spelling of -f"),
	{ .kind = OPT_HEADING, .help = "What" },
	TRACE_OPTS_FILTER(NULL),
	{ .kind = OPT_HEADING, .help = "Output" },
	TRACE_OPTS_OUTPUT,
	TRACE_OPT("columns", 'a', 'a', "COLUMN", false, "align results in this column (default 40)"),
	{ .kind = OPT_HEADING, .help = "Counting" },
	TRACE_OPTS_COUNT,
	TRACE_OPT("summary", 'C', 'C', NULL, false, "the table and the lines"),
	{ .kind = OPT_HEADING, .help = "Tampering" },
	TRACE_OPTS_TAMPER,
	{ .kind = OPT_HEADING, .help = "About" },
	TRACE_OPT("version", 'V', 'V', NULL, false, "version"),
	TRACE_OPT("help", 'h', 'h', NULL, false, "help"),
	OPT_END
};

static const struct opt_operand strace_operands[] = {
	{ .name = "CMD", .help = "command to run and trace", .offset = offsetof(struct trace_args, command),
	  .rest = true, .completes = "command" },
	OPERAND_END
};

enum { LETTERS_MAX = 100 };

/* Long names in strace's order, in which those stand that an abbreviation may mean; ROW: the row that a name of
 * old is another word for. */
static const struct {
	const char *name, *row;
} spellings[] = {
	{ "columns", NULL }, { "output-append-mode", NULL }, { "detach-on", NULL }, { "summary-only", NULL }, { "summary", NULL },
	{ "debug", NULL }, { "daemonize", NULL }, { "daemonised", "daemonize" }, { "daemonized", "daemonize" }, { "env", NULL },
	{ "follow-forks", NULL }, { "output-separately", NULL }, { "help", NULL }, { "instruction-pointer", NULL },
	{ "interruptible", NULL }, { "kill-on-exit", NULL }, { "stack-trace", NULL }, { "stack-traces", NULL },
	{ "stack-trace-frame-limit", NULL }, { "syscall-limit", NULL }, { "syscall-number", NULL }, { "arg-names", NULL },
	{ "output", NULL }, { "summary-syscall-overhead", NULL }, { "attach", NULL }, { "trace-path", NULL },
	{ "relative-timestamps", NULL }, { "string-limit", NULL }, { "summary-sort-by", NULL }, { "absolute-timestamps", NULL },
	{ "timestamps", NULL }, { "syscall-times", NULL }, { "user", NULL }, { "summary-columns", NULL }, { "no-abbrev", NULL },
	{ "version", NULL }, { "summary-wall-clock", NULL }, { "strings-in-hex", NULL }, { "const-print-style", NULL },
	{ "pidns-translation", NULL }, { "successful-only", NULL }, { "failed-only", NULL }, { "failing-only", "failed-only" },
	{ "seccomp-bpf", NULL }, { "tips", NULL }, { "argv0", NULL }, { "always-show-pid", NULL }, { "color", NULL },
	{ "trace", NULL }, { "abbrev", NULL }, { "verbose", NULL }, { "raw", NULL }, { "signals", "signal" }, { "status", NULL },
	{ "read", NULL }, { "write", NULL }, { "fault", NULL }, { "inject", NULL }, { "kvm", NULL }, { "quiet", NULL },
	{ "silent", NULL }, { "silence", NULL }, { "decode-fds", NULL }, { "decode-pids", NULL }, { "secontext", NULL },
	{ "trace-fds", NULL }, { "namespace", NULL },
};

/* The rows as getopt_long(3) wants them. */
struct getopt_rows {
	struct option longs[sizeof(spellings) / sizeof(*spellings) + 1];
	char letters[2 * LETTERS_MAX + 2];
};

static const struct opt *find_row(const char *name)
{
	for (const struct opt *o = strace_opts; o->kind != OPT_NONE; o++)
		if (o->kind == OPT_GIVEN && o->name && strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

static void make_rows(struct getopt_rows *rows)
{
	size_t count = 0;
	char *letter = rows->letters;

	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
		const struct opt *o = find_row(spellings[i].row ? spellings[i].row : spellings[i].name);

		if (o)
			rows->longs[count++] = (struct option){
				spellings[i].name, !o->value ? no_argument : o->optional ? optional_argument : required_argument,
				NULL, o->id };
	}
	rows->longs[count] = (struct option){ 0 };
	*letter++ = '+';
	for (const struct opt *o = strace_opts; o->kind != OPT_NONE && letter < rows->letters + 2 * LETTERS_MAX; o++) {
		if (o->kind != OPT_GIVEN || !o->letter)
			continue;
		*letter++ = o->letter;
		if (o->value && !o->optional)
			*letter++ = ':';
	}
	*letter = '\0';
}

static struct err *parse(int argc, char **argv, struct trace_options *o, bool *failed)
{
	struct getopt_rows rows;
	int letter, row = -1;

	make_rows(&rows);
	*failed = false;
	optind = 0;
	for (; (letter = getopt_long(argc, argv, rows.letters, rows.longs, &row)) != -1; row = -1) {
		if (row >= 0)
			snprintf(o->spelled, sizeof(o->spelled), "--%s", rows.longs[row].name);
		else
			snprintf(o->spelled, sizeof(o->spelled), "-%c", letter);
		if (letter == '?') {
			fprintf(stderr, "Try '%s -h' for more information.\n", o->name);
			*failed = true;
			return NULL;
		}
		TRY(trace_options_set(o, letter, optarg));
		if (o->help || o->version) /* the rest doesn't count */
			return NULL;
	}
	if (optind < argc)
		o->command = argv + optind;
	return NULL;
}

static void print_version(void)
{
	printf("strace -- version 7.2\n"
	       "Spoken by sonde " SONDE_VERSION ", which is not strace: its options and its output, an engine of our own.\n"
	       "\n"
	       "Optional features enabled: stack-trace=sonde stack-demangle m32-mpers mx32-mpers\n");
}

/* strace's form: "strace: what happened", where to look, or why it may be so; strace has no other advice. */
static int complain(const struct trace_options *o, struct err *err)
{
	const char *advice = err_advice(err) ? err_advice(err) : "";

	trace_say(o, "%s", err_message(err));
	if (str_starts(advice, "Try '"))
		fprintf(stderr, "%s\n", advice);
	if (trace_strace_adds(err))
		trace_say(o, "%s", trace_strace_adds(err));
	err_destroy(err);
	return 1;
}

extern const struct cmd cmd_strace;

/* As we were called: "sonde strace", or the link's name; strace's messages begin with that.  Heap. */
static char *called_as(const char *word)
{
	const char *program = program_invocation_name;

	return word == program ? mem_strdup(program) : mem_printf("%s %s", program, word);
}

static struct err *strace_run(int argc, char **argv, struct arena *arena, int *status)
{
	struct trace_options o;
	CLEANUP(mem_freep) char *name = NULL;
	struct err *err;
	bool failed;

	trace_options_init(&o);
	o.strace = o.style.strict = true;
	name = called_as(argv[0]);
	o.name = argv[0] = name; /* getopt_long's messages begin with it */
	err = parse(argc, argv, &o, &failed);
	if (!err && !failed)
		err = trace_options_finish(&o);
	if (!err && !failed && o.help)
		opt_print_help(&cmd_strace.spec, stdout, cmd_help_width(stdout));
	else if (!err && !failed && o.version)
		print_version();
	else if (!err && !failed)
		err = session_trace(&o, status);
	if (err)
		*status = complain(&o, err);
	if (failed)
		*status = 1;
	trace_options_deinit(&o);
	return NULL;
}

const struct cmd cmd_strace = {
	.spec = {
		.name = "strace",
		.summary = "trace system calls with strace's command line and output",
		.description =
			"A drop-in for strace: the same options, the same lines, the same exit status, from "
			"sonde's ptrace engine.  A link named strace that points to sonde does the same.\n\n"
			"sonde trace has the same options with sonde's defaults, and a cheaper engine.",
		.opts = strace_opts,
		.operands = strace_operands,
		.exit_status = "that of the command; when a signal ended it, sonde ends by that signal too.  0 when what was attached to "
			       "has ended, 1 after an error or wrong usage.",
		.own_exit_status = true,
		.sections = trace_sections,
		.see_also = "sonde-trace(1), strace(1)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct trace_args),
	.run_words = strace_run,
};
