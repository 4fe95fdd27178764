/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sonde files: what is open, and what is read and written there.  What is open now comes from /proc;
 * what is done with it from system calls, recorded for that or before.
 */
#include "cmd/cmd.h"
#include "base/str.h"
#include "cmd/record_parts.h"
#include "cmd/recording_input.h"
#include "cmd/target_args.h"
#include "record/recording.h"
#include "session/session.h"
#include "session/temporary.h"
#include "session/trace/record.h"
#include "session/trace/replay.h"
#include "view/calls/calls.h"
#include "view/descriptors.h"

#include <stdlib.h>

struct files_args {
	struct output_args output;
	struct opt_list pids, words;
	uint64_t duration_ns, limit;
};

static const struct opt files_opts[] = {
	{ .name = "pid", .letter = 'p', .kind = OPT_WORDS, .value = "PID", .completes = "pid",
	  .offset = offsetof(struct files_args, pids), .help = "a running process: what it has open now" },
	{ .name = "duration", .kind = OPT_DURATION, .value = "TIME", .min = 1,
	  .offset = offsetof(struct files_args, duration_ns),
	  .help = "watch it for that long, too: what it reads and writes" },
	{ .name = "limit", .letter = 'n', .kind = OPT_U64, .value = "N", .min = 1, .max = 10000000,
	  .offset = offsetof(struct files_args, limit), .help = "rows a table" },
	OUTPUT_OPTS(struct files_args, output),
	OPT_END
};

static const struct opt_operand files_operands[] = {
	{ .name = "CMD", .help = "a recording with system calls; or a command to run and watch, with its arguments",
	  .offset = offsetof(struct files_args, words), .rest = true, .completes = "command" },
	OPERAND_END
};

/* --- of a recording ---------------------------------------------------------------------------- */

static struct err *of_recording(const struct files_args *a, const char *path, const char *shown_path)
{
	struct calls_options options = { .limit = a->limit };
	struct recording *r;
	struct calls *calls = NULL;
	struct doc *doc = NULL;
	struct err *err;

	TRY(recording_open(path, &r));
	err = calls_create(r, &options, &calls);
	if (!err)
		err = output_open(&a->output, &doc);
	if (!err) {
		calls_emit(doc, calls, CALLS_FILES, shown_path);
		err = doc_end(doc);
	}
	render_destroy(doc);
	calls_destroy(calls);
	recording_destroy(r);
	return err;
}

/* A command, and a process for a while, can be traced by ptrace where BPF can't be had. */
static struct err *record_calls(struct record_session_options *o, int *status)
{
	struct trace_options options;
	struct err *err;

	trace_options_init(&options);
	options.name = "sonde";
	options.follow = options.wall_clock = true;
	options.command = o->command;
	options.duration_ns = o->duration_ns;
	for (size_t i = 0; i < o->request.pid_count; i++)
		vec_push(&options.pids, o->request.pids[i]);
	err = trace_options_finish(&options);
	options.quiet |= o->command ? 0 : TRACE_QUIET_ATTACH;
	o->request.call_style = &options.style;
	if (!err)
		err = session_trace_record(&options, o, status);
	trace_options_deinit(&options);
	return err;
}

static struct err *record(const struct files_args *a, struct record_session_options *o, int *status, struct temporary **ret)
{
	static const char *const with[] = { "syscalls" }, *const without[] = { "cpu" };
	struct temporary *t;
	struct err *err;

	TRY(temporary_create(&t));
	o->path = temporary_recording(t);
	o->is_temporary = true;
	o->with = with;
	o->with_count = 1;
	o->without = without;
	o->without_count = 1;
	o->parts = &record_parts;
	o->quiet = true;
	o->duration_ns = a->duration_ns;
	err = record_calls(o, status);
	if (err)
		temporary_destroy(t);
	else
		*ret = t;
	return err;
}

static struct err *of_command(const struct files_args *a, struct arena *arena, int *status)
{
	char **command = arena_calloc(arena, a->words.count + 1, sizeof(*command));
	struct record_session_options o = { .command = command, .request = { .target = CAPTURE_COMMAND } };
	struct temporary *t;
	struct err *err;

	for (size_t i = 0; i < a->words.count; i++)
		command[i] = (char *)a->words.words[i];
	TRY(record(a, &o, status, &t));
	err = of_recording(a, temporary_recording(t), NULL);
	temporary_destroy(t);
	return err;
}

/* --- of a running process ------------------------------------------------------------------------- */

/* What was seen while it was watched, below what is open. */
static struct err *emit_watched(const struct files_args *a, const char *path, struct doc *doc)
{
	struct calls_options options = { .limit = a->limit };
	struct recording *r;
	struct calls *calls = NULL;
	struct err *err;

	TRY(recording_open(path, &r));
	err = calls_create(r, &options, &calls);
	if (!err) {
		doc_section_begin(doc, "watched", "While it was watched");
		calls_emit_parts(doc, calls, CALLS_FILES, NULL);
		doc_section_end(doc);
	} else if (err_is(err, ERR_NOT_FOUND)) {
		doc_text(doc, "It made no system call while it was watched.");
		err_destroy(err);
		err = NULL;
	}
	calls_destroy(calls);
	recording_destroy(r);
	return err;
}

static struct err *show_process(const struct files_args *a, const struct open_files *open, const char *watched)
{
	struct doc *doc;
	struct err *err = NULL, *end;

	TRY(output_open(&a->output, &doc));
	open_files_emit(doc, open, a->limit);
	if (watched)
		err = emit_watched(a, watched, doc);
	end = doc_end(doc);
	render_destroy(doc);
	if (!err)
		return end;
	err_destroy(end);
	return err;
}

static struct err *of_process(const struct files_args *a, pid_t pid)
{
	struct record_session_options o = { .request = { .target = CAPTURE_PIDS, .pids = &pid, .pid_count = 1 } };
	struct open_files *open;
	struct temporary *t = NULL;
	struct err *err;
	int status;

	TRY(open_files_create(pid, &open));
	err = a->duration_ns ? record(a, &o, &status, &t) : NULL;
	if (!err)
		err = show_process(a, open, t ? temporary_recording(t) : NULL);
	temporary_destroy(t);
	open_files_destroy(open);
	return err;
}

extern const struct cmd cmd_files;

static struct err *not_one(void) { return err_new(ERR_USAGE, "one thing to look at: -p PID, a recording, or a command"); }

static struct err *files_run(void *args, struct arena *arena, int *status)
{
	struct files_args *a = args;
	const char *word = a->words.count ? a->words.words[0] : NULL;
	struct err *err = NULL;
	uint64_t pid;
	char *path;
	bool helped = false;

	output_log_level(&a->output);
	if (a->pids.count > 1 || (a->pids.count && word))
		return not_one();
	if (a->pids.count) {
		TRY(str_to_u64(a->pids.words[0], "the process id", 1, INT32_MAX, &pid));
		return of_process(a, (pid_t)pid);
	}
	if (word && !replay_is_recording(word, &path))
		return of_command(a, arena, status);
	if (!word)
		TRY(recording_find_path(NULL, &path));
	else if (a->words.count > 1)
		err = recording_input_take_options(&cmd_files.spec, &a->words, a, arena, &helped);
	if (!err && a->pids.count)
		err = not_one();
	if (!err && a->duration_ns)
		err = err_new(ERR_USAGE, "--duration is for what runs: a recording is shown whole");
	if (!err && !helped)
		err = of_recording(a, path, path);
	free(path);
	return err;
}

static const struct opt_example files_examples[] = {
	{ "sonde files -p 4711", "what a process has open: files, sockets and their states" },
	{ "sonde files -p 4711 --duration 5", "and what it reads and writes in five seconds" },
	{ "sonde files -- make", "every file that a build touches" },
	{ "sonde files app.sonde --json", "of a recording with system calls" },
	{ NULL }
};

const struct cmd cmd_files = {
	.spec = {
		.name = "files",
		.summary = "show what files and sockets a program has open and uses",
		.description =
			"Of a running process: its descriptors now, with positions, modes, addresses, states and what "
			"waits in sockets' queues; watched for a while (--duration), what it does with them.  Of a command "
			"or a recording (sonde trace -o REC.sonde, sonde record --syscalls): each file and socket with "
			"the bytes, calls, failures and time that went there.\n\n"
			"Descriptors are followed through open, dup, fork, exec and close; one whose opening was not seen "
			"is called \"fd N of NAME\".  What is read or written through mappings is not seen: how much was mapped "
			"is said.  The table goes by time, most first.",
		.opts = files_opts,
		.operands = files_operands,
		.examples = files_examples,
		.exit_status = "with CMD: that of CMD.",
		.see_also = "sonde-trace(1), sonde-record(1), lsof(8), ss(8)",
	},
	.group = CMD_LOOK,
	.args_bytes = sizeof(struct files_args),
	.run = files_run,
};
