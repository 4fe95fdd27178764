/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sonde record: words into a request, and the session does the rest. */
#include "cmd/cmd.h"

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "cmd/record_parts.h"
#include "cmd/target_args.h"
#include "session/session.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { DEFAULT_FREQUENCY_HZ = 999, FREQUENCY_MAX_HZ = 1000000 };

struct record_args {
	struct target_args target;
	struct opt_list with, without, events;
	const char *frequency, *stacks, *clock, *path;
	bool syscalls, overwrite, no_symbols, quiet;
	unsigned verbose;
	uint64_t duration_ns, max_frames, period;
};

static const char *const stack_choices[] = { "auto", "fp", "dwarf", "none", NULL };
static const char *const clock_choices[] = { "auto", "thread", "cpu", NULL };

static const struct opt record_opts[] = {
	{ .kind = OPT_HEADING, .help = "What to record" },
	{ .name = "pid", .letter = 'p', .kind = OPT_WORDS, .value = "PID,...", .completes = "pid",
	  .offset = offsetof(struct record_args, target.pids),
	  .help = "running processes: all their threads, and what they start from now on" },
	{ .name = "tid", .letter = 't', .kind = OPT_WORDS, .value = "TID,...",
	  .offset = offsetof(struct record_args, target.tids), .help = "single threads" },
	{ .name = "cgroup", .kind = OPT_STRING, .value = "PATH", .completes = "dir",
	  .offset = offsetof(struct record_args, target.cgroup),
	  .help = "a control group: its directory, or its path in any hierarchy" },
	{ .name = "all", .letter = 'a', .kind = OPT_FLAG, .offset = offsetof(struct record_args, target.all),
	  .help = "the whole machine; with CMD, while that runs" },
	{ .name = "duration", .kind = OPT_DURATION, .value = "S", .min = 1,
	  .offset = offsetof(struct record_args, duration_ns),
	  .help = "end the recording after that time (10, 250ms, 2m)\n"
		  "A command goes on in the foreground, and its exit status is still sonde's." },
	{ .kind = OPT_HEADING, .help = "What to record of it" },
	{ .name = "with", .kind = OPT_WORDS, .value = "SOURCE,...",
	  .offset = offsetof(struct record_args, with),
	  .help = "more sources than the default ones; --with help lists them" },
	{ .name = "without", .kind = OPT_WORDS, .value = "SOURCE,...",
	  .offset = offsetof(struct record_args, without), .help = "leave these sources out" },
	{ .name = "syscalls", .kind = OPT_FLAG, .offset = offsetof(struct record_args, syscalls),
	  .help = "every system call too, decoded: --with syscalls" },
	{ .name = "event", .letter = 'e', .kind = OPT_WORDS, .value = "EVENT,...",
	  .offset = offsetof(struct record_args, events),
	  .help = "single events of any source: page-faults, cycles:u; --with help lists them\n"
		  "With :u only what happens in user space counts, with :k only the kernel. Without "
		  "-e it is cycles where the hardware counts them, else cpu-clock." },
	{ .name = "frequency", .letter = 'F', .kind = OPT_STRING, .value = "HZ",
	  .offset = offsetof(struct record_args, frequency),
	  .help = "samples a second and CPU, or max (default 999)" },
	{ .name = "count", .letter = 'c', .kind = OPT_U64, .value = "N", .min = 1,
	  .offset = offsetof(struct record_args, period),
	  .help = "a sample every N events (ns of a clock) instead of by frequency\n"
		  "Without -c and -F each single event is recorded of those that the kernel counts "
		  "in software, such as page-faults and context-switches." },
	{ .name = "stacks", .letter = 'g', .kind = OPT_CHOICE, .value = "HOW", .choices = stack_choices,
	  .offset = offsetof(struct record_args, stacks),
	  .help = "how stacks are found: auto (the default), fp, dwarf, or none\n"
		  "auto unwinds by the call frame information (CFI: .eh_frame, .debug_frame) that "
		  "nearly all code has, whatever it was compiled with, and by frame pointers the code that has "
		  "none, such as a JIT's.  The stack's bytes are unwound at once and not stored, so a sample is "
		  "no larger than with frame pointers.  fp follows frame pointers alone: cheaper, but code "
		  "without them hides its caller, and Debian's libc is such code.  dwarf is auto without "
		  "frame pointers as a last resort: a stack ends, marked as broken, where there is no CFI.\n"
		  "How stacks are read is the system's choice: in the kernel where BPF may be used (Linux 6.1 "
		  "and later; the first 150 ms from copies), else from the copies of perf events, of the preloaded agent "
		  "or of ptrace.  What served how many, and why some are broken off, sonde info tells." },
	{ .name = "max-stack", .kind = OPT_U64, .value = "N", .min = 1, .max = 1023,
	  .offset = offsetof(struct record_args, max_frames),
	  .help = "frames of one stack, at most (default 512 by CFI, 127 by frame pointers)" },
	{ .name = "clock", .kind = OPT_CHOICE, .value = "WHOSE", .choices = clock_choices,
	  .offset = offsetof(struct record_args, clock),
	  .help = "sample by the clock of each thread, of each cpu, or auto (the default)\n"
		  "A thread's clock begins anew with the thread, so thousands that each live shorter than "
		  "a sampling period are hardly seen, as with perf record.  A CPU's clock runs on, and such "
		  "threads get their true share; what else runs on the machine is sampled too, and left "
		  "out.  auto means cpu where that is permitted and the machine has at most 32 CPUs." },
	{ .name = "no-symbols", .kind = OPT_FLAG, .offset = offsetof(struct record_args, no_symbols),
	  .help = "leave addresses unresolved: build-id and offset only" },
	{ .kind = OPT_HEADING, .help = "Output" },
	{ .name = "output", .letter = 'o', .kind = OPT_STRING, .value = "REC", .completes = "recording",
	  .offset = offsetof(struct record_args, path),
	  .help = "name of the recording (default: CMD.sonde, CMD-2.sonde ...)" },
	{ .name = "overwrite", .kind = OPT_FLAG, .offset = offsetof(struct record_args, overwrite),
	  .help = "replace a recording of that name" },
	{ .name = "verbose", .letter = 'v', .kind = OPT_COUNT,
	  .offset = offsetof(struct record_args, verbose), .help = "say more; -vv even more" },
	{ .name = "quiet", .letter = 'q', .kind = OPT_FLAG, .offset = offsetof(struct record_args, quiet),
	  .help = "only warnings and errors" },
	OPT_END
};

static const struct opt_operand record_operands[] = {
	{ .name = "CMD", .help = "command to run and record, with its arguments",
	  .offset = offsetof(struct record_args, target.command), .rest = true, .completes = "command" },
	OPERAND_END
};

/* --- words into a request ------------------------------------------------------------------- */

static struct err *parse_frequency(const char *text, uint64_t *hz)
{
	*hz = DEFAULT_FREQUENCY_HZ;
	if (!text)
		return NULL;
	if (strcmp(text, "max") == 0) {
		*hz = CAPTURE_FREQUENCY_MAX;
		return NULL;
	}
	return err_fix(str_to_u64(text, "the sampling frequency", 1, FREQUENCY_MAX_HZ, hz),
		       "a number of samples a second, or max");
}

static enum capture_clock parse_clock(const char *word)
{
	if (!word || strcmp(word, "auto") == 0)
		return CAPTURE_CLOCK_AUTO;
	return strcmp(word, "cpu") == 0 ? CAPTURE_CLOCK_CPU : CAPTURE_CLOCK_THREAD;
}

static enum capture_stacks parse_stacks(const char *word)
{
	if (!word || strcmp(word, "auto") == 0)
		return CAPTURE_STACK_AUTO;
	if (strcmp(word, "dwarf") == 0)
		return CAPTURE_STACK_DWARF;
	return strcmp(word, "none") == 0 ? CAPTURE_STACK_NONE : CAPTURE_STACK_FP;
}

static void add_source(struct record_session_options *o, const char *name, struct arena *arena)
{
	const char **with = arena_calloc(arena, o->with_count + 1, sizeof(*with));

	if (o->with_count)
		memcpy(with, o->with, o->with_count * sizeof(*with));
	with[o->with_count++] = name;
	o->with = with;
}

/* --- --with help ------------------------------------------------------------------------------ */

static bool asks_for_help(const struct opt_list *words)
{
	for (size_t i = 0; i < words->count; i++)
		if (strcmp(words->words[i], "help") == 0)
			return true;
	return false;
}

static void list_sources(void)
{
	for (const struct source_ops *const *source = session_sources(); *source; source++) {
		size_t column = 0;

		printf("%-12s %s%s\n", (*source)->name, (*source)->summary,
		       (*source)->by_default ? "; by default" : "");
		for (const char *const *e = (*source)->events; e && *e; e++) {
			if (column + strlen(*e) > 60)
				column = 0;
			if (column == 0)
				printf("%s%12s", e == (*source)->events ? "" : "\n", "");
			column += (size_t)printf(" %s", *e);
		}
		if ((*source)->events)
			putchar('\n');
	}
}

static struct err *record_run(void *p, struct arena *arena, int *status)
{
	const struct record_args *args = p;
	struct record_session_options o = {
		.path = args->path, .overwrite = args->overwrite, .with = args->with.words,
		.with_count = args->with.count, .without = args->without.words,
		.without_count = args->without.count, .events = args->events.words,
		.event_count = args->events.count, .duration_ns = args->duration_ns,
		.no_symbols = args->no_symbols, .quiet = args->quiet,
		.parts = &record_parts,
	};

	if (args->quiet)
		log_set_level(LOG_WARN);
	else if (args->verbose)
		log_set_level(args->verbose > 1 ? LOG_DEBUG : LOG_INFO);
	if (asks_for_help(&args->with) || asks_for_help(&args->events)) {
		list_sources();
		return NULL;
	}
	TRY(target_parse(&args->target, arena, &o));
	TRY(parse_frequency(args->frequency, &o.request.frequency_hz));
	if (args->frequency && args->period)
		return err_fix(err_new(ERR_USAGE, "-F and -c are two ways to say how often"),
			       "give one of them");
	o.request.frequency_chosen = args->frequency != NULL;
	o.request.period = args->period;
	if (args->syscalls)
		add_source(&o, "syscalls", arena);
	o.request.clock = parse_clock(args->clock);
	o.request.max_frames = (unsigned)args->max_frames;
	o.request.stacks = parse_stacks(args->stacks);

	struct err *err = session_record(&o, status);

	if (args->syscalls && o.command && err_is(err, ERR_PERMISSION))
		err = err_fix(err, "system calls alone, by ptrace: sonde trace -o REC.sonde -- CMD");
	return err;
}

static const struct opt_example record_examples[] = {
	{ "sonde record -- make -j2", "a build with all its processes" },
	{ "sonde record -p 4711 --duration 10", "ten seconds of a running process" },
	{ "sonde record -a -F 99", "the whole machine until Ctrl-C, 99 samples a second and CPU" },
	{ "sonde record -e page-faults -- ./app", "where memory is first touched" },
	{ NULL }
};

const struct cmd cmd_record = {
	.spec = {
		.name = "record",
		.summary = "record what a program does, by default where its CPU time goes",
		.description =
			"Runs a command, or looks at what runs already, and writes a recording: a directory "
			"that sonde report, flame and query read.  Processes and threads that the target "
			"starts are followed, and short-lived ones keep their names.\n\n"
			"Ctrl-C ends the recording cleanly.  The command gets the signal too; what it does "
			"until it ends is still recorded, for up to two seconds.\n\n"
			"Without privilege (kernel.perf_event_paranoid) sonde records what it may and says in "
			"one line what it did without.",
		.opts = record_opts,
		.operands = record_operands,
		.examples = record_examples,
		.exit_status = "with CMD: that of CMD; 128 + N when signal N killed it; 127 when it was not found, 126 "
			       "when it could not be executed, 125 when sonde failed before it ran.",
		.see_also = "sonde-report(1), sonde-flame(1), sonde-query(1), perf-record(1)",
	},
	.group = CMD_RECORD,
	.args_bytes = sizeof(struct record_args),
	.run = record_run,
};
