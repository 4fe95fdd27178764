/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ptrace engine tells the sink that writes rows (capture/call_rows.h) instead of the printer.  A stack
 * is taken at each call's entry, when its thread stands still, and kept as addresses; they get their
 * names when all is over, as those of samples do.
 */
#include "session/trace/record.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/units.h"
#include "capture/call_rows.h"
#include "capture/track.h"
#include "record/recorder.h"
#include "session/command.h"
#include "session/resolve.h"
#include "session/session.h"
#include "session/trace/fd_names.h"
#include "session/trace/learner.h"
#include "session/trace/session.h"
#include "session/trace/stack_printer.h"
#include "session/trace/watch.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { FRAMES_MAX = 127, BY_SIGNAL = 256 /* session/trace/session.h */ };

struct trace_recording {
	const struct record_session_options *record;
	struct recorder *recorder;
	struct recorder_stream *stream;
	struct track *track;
	struct call_rows *rows;
	struct stack_printer *stacks; /* NULL: none asked for */
	uint64_t start_ns;
};

/* --- stacks ------------------------------------------------------------------------------- */

static bool knows_all(const struct trace_recording *r, pid_t pid, const uint64_t *addrs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (track_module_at(r->track, pid, addrs[i]) == 0)
			return false;
	return true;
}

/* What was mapped since the process was looked at last shows as an address in no mapping. */
static uint32_t take_stack(void *user, const struct call_thread *t)
{
	struct trace_recording *r = user;
	uint64_t addrs[FRAMES_MAX];
	size_t count = stack_printer_unwind(r->stacks, t, addrs, FRAMES_MAX);

	if (count == 0)
		return 0;
	if (!knows_all(r, t->pid, addrs, count))
		track_process(r->track, t->pid, t->enter_ns);
	return track_stack(r->track, t->pid, addrs, count, 0, true);
}

/* --- begin and end --------------------------------------------------------------------------- */

static void note_command(struct trace_recording *r)
{
	struct str line = { 0 };

	for (char **word = r->record->command; word && *word; word++) {
		CLEANUP(mem_freep) char *quoted = str_quote_shell(*word);

		str_printf(&line, "%s%s", word == r->record->command ? "" : " ", quoted);
	}
	if (line.length)
		recorder_note(r->recorder, "command", str_text(&line));
	recorder_note(r->recorder, "sources", "syscalls, by ptrace");
	str_deinit(&line);
}

static struct err *begin(struct trace_recording *r, const struct trace_options *o)
{
	struct recorder_options options = { .path = r->record->path, .overwrite = r->record->overwrite,
					    .is_temporary = r->record->is_temporary,
					    .compactor = r->record->parts->compactor };

	TRY(recorder_create(&options, &r->recorder));
	r->stream = recorder_stream_create(r->recorder);
	r->track = track_create(r->recorder);
	note_command(r);
	r->rows = call_rows_create(r->recorder, r->stream, r->track, &o->style);
	call_rows_set_names(r->rows, r->record->request.call_names);
	if (o->show_stack) {
		r->stacks = stack_printer_create(o->frame_limit, false);
		call_rows_set_stacks(r->rows, take_stack, r);
	}
	r->start_ns = clock_now_ns();
	return NULL;
}

static struct err *finish(struct trace_recording *r, int wait_status)
{
	struct session_end e = { .wall_ns = clock_now_ns() - r->start_ns };
	struct resolve_totals resolved;
	struct err *err = NULL;

	recorder_span(r->recorder, r->start_ns, r->start_ns + e.wall_ns);
	recorder_exit_status(r->recorder, wait_status);
	if (r->record->parts->resolve)
		err_destroy(r->record->parts->resolve(r->recorder, r->track, &resolved));
	recorder_stream_destroy(r->stream);
	r->stream = NULL;
	err = recorder_finish(r->recorder, &e.totals);
	if (!err)
		err = session_cut_short(r->recorder);
	if (err || r->record->quiet)
		return err;
	track_get_totals(r->track, &e.tracked);
	if (r->record->parts->count)
		r->record->parts->count(r->record->path, &e.calls, &e.samples);
	e.calls_alone = e.calls > 0;
	session_say_end(&e);
	session_say_next(r->record->path, true);
	return NULL;
}

static void deinit(struct trace_recording *r)
{
	call_rows_destroy(r->rows);
	stack_printer_destroy(r->stacks);
	if (r->stream)
		recorder_stream_destroy(r->stream);
	track_destroy(r->track);
	recorder_destroy(r->recorder);
}

/* The recorder's own threads leave the signals that end us to this one, which looks for them; the command
 * gets the mask as it was. */
static struct err *begin_quietly(struct trace_recording *r, const struct trace_options *o)
{
	sigset_t ends, before;

	sigemptyset(&ends);
	sigaddset(&ends, SIGHUP);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGQUIT);
	sigaddset(&ends, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &ends, &before);

	struct err *err = begin(r, o);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

/* Nothing can be recorded any more: the disk is full. */
static bool is_over(void *user)
{
	const struct trace_recording *r = user;

	return recorder_borrow_error(r->recorder) != NULL;
}

/* A command that outlives its recording (--duration) is still in our foreground. */
static void wait_for_command(const struct trace_options *o, const struct trace_command *command, int *status)
{
	unsigned asked = 0;
	sigset_t awaited;
	int wait_status, number;

	if (command->pid == 0 || command->ended || command->signalled)
		return;
	sigemptyset(&awaited);
	sigaddset(&awaited, SIGCHLD);
	sigaddset(&awaited, SIGINT);
	sigaddset(&awaited, SIGTERM);
	sigprocmask(SIG_BLOCK, &awaited, NULL);
	log_note("recording has ended; %s (process %d) goes on. Ctrl-C twice to leave it alone", o->command[0], command->pid);
	while (asked < 2 && waitpid(command->pid, &wait_status, WNOHANG) == 0) {
		number = sigwaitinfo(&awaited, NULL);
		asked += number == SIGINT || number == SIGTERM;
	}
	if (asked < 2)
		*status = command_exit_status(wait_status);
}

static struct err *record_by_ptrace(struct trace_options *o, const struct record_session_options *record, int *status)
{
	struct trace_recording r = { .record = record };
	const char *output = o->output;
	struct trace_command command = { .is_over = is_over, .user = &r };
	struct err *err = begin_quietly(&r, o), *end;

	if (err) {
		*status = 125; /* as session_record() */
		deinit(&r);
		return err;
	}
	o->output = NULL; /* what the engine itself has to say goes to standard error */
	err = trace_by_ptrace_into(o, call_rows_sink(), r.rows, status, &command);
	if (!o->command && *status >= BY_SIGNAL) /* a signal for us: the end that was waited for */
		*status = 0;
	o->output = output;
	end = finish(&r, command.ended ? command.wait_status : -1);
	deinit(&r);
	if (!err)
		wait_for_command(o, &command, status);
	if (!err)
		return end;
	err_destroy(end);
	return err;
}

/* What of these options the BPF source can't do; NULL: all. */
static const char *needs_ptrace(const struct trace_options *o)
{
	if (injections_any(&o->injections))
		return "tampering";
	if (o->show_stack && !watch_has_stacks())
		return "stacks (-k) on this kernel";
	return o->engine == TRACE_ENGINE_PTRACE ? "what you asked for" : NULL;
}

static struct err *record_either(struct trace_options *o, const struct record_session_options *record, int *status)
{
	const char *why = needs_ptrace(o);
	bool only_bpf = o->all || o->cgroup;
	struct err *err;

	if (why && (only_bpf || o->engine == TRACE_ENGINE_BPF))
		return err_fix(err_new(ERR_UNSUPPORTED, "the BPF engine can't do %s", why), "--engine ptrace can, of processes");
	if (why && o->engine != TRACE_ENGINE_PTRACE)
		trace_say_engine(o, why);
	if (why)
		return record_by_ptrace(o, record, status);
	err = only_bpf || o->engine == TRACE_ENGINE_BPF ? NULL : watch_probe();
	if (!err)
		return session_record(record, status);
	log_note("engine: ptrace, which stops the program at each call (%s)", err_message(err));
	err_destroy(err);
	return record_by_ptrace(o, record, status);
}

/* Descriptors are named while they are open: a recording has text. */
struct err *session_trace_record(struct trace_options *o, const struct record_session_options *record, int *status)
{
	struct record_session_options named = *record;
	struct syscall_lookup unused = { 0 };
	struct fd_names *fds = fd_names_create(o->fds, &o->style, NULL, &unused);
	struct call_names names;
	struct learner *learner;
	struct err *err;

	fd_names_for_rows(fds, &names);
	learner = learner_create(&names.lookup);
	named.request.call_names = &names;
	err = record_either(o, &named, status);
	learner_destroy(learner);
	fd_names_destroy(fds);
	return err;
}
