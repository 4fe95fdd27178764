/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sink that prints: what threads do beside their calls (births, signals, stops, ends) is a line each, here; calls are
 * printer_call.c's, what stands in front of a line printer_lead.c's, JSON lines printer_json.c's, texts that were made before
 * printer_memo.c's.  What the printer asks of others (names of descriptors, stacks, counts ...) it has only where an option
 * wants it: printer_create().
 */
#include "session/trace/printer.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/units.h"
#include "session/trace/fd_names.h"
#include "session/trace/fold.h"
#include "session/trace/learner.h"
#include "session/trace/path_filter.h"
#include "session/trace/pid_names.h"
#include "session/trace/printer_impl.h"
#include "session/trace/stack_names.h"
#include "session/trace/stack_printer.h"
#include "session/trace/summary.h"
#include "session/trace/tips.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A thread without calls for so long has what was folded shown. */
#define FOLD_IDLE_NS 1000000000ULL

static bool prints_lines(const struct printer *p) { return printer_prints_calls(p) && !p->options->json; }

void printer_say(struct printer *p, const char *fmt, ...)
{
	bool in_order = p->out.fd == 2;
	size_t before = p->out.text.length;
	struct str line, *to = in_order ? &p->out.text : &line;
	va_list ap;

	str_init(&line);
	str_printf(to, "%s: ", p->options->name);
	va_start(ap, fmt);
	str_vprintf(to, fmt, ap);
	va_end(ap);
	str_add_char(to, '\n');
	if (in_order) /* it stands in the middle of a line, and doesn't count for its columns */
		p->out.line_at += p->out.text.length - before;
	else
		fputs(str_text(&line), stderr);
	str_deinit(&line);
}

/* --- threads come and go ------------------------------------------------------------------ */

static void open_own(struct printer *p, struct call_thread *t, struct line *line)
{
	CLEANUP(mem_freep) char *path = mem_printf("%s.%d", p->options->output, t->tid);
	struct err *err = trace_out_open(&line->own, p->options->name, path, p->options->append);

	if (err) {
		trace_say(p->options, "%s", err_message(err));
		err_destroy(err);
		line->own.fd = -1;
		line->own.failed = true;
	}
	line->own.advises = !p->options->strace;
	line->out = &line->own;
}

static void on_begin(void *self, struct call_thread *t, enum call_begin how)
{
	struct printer *p = self;
	struct line *line = mem_calloc(1, sizeof(*line));

	line->out = &p->out;
	line->abi = SYSCALL_ABI_NATIVE;
	line->attached = how != CALL_BEGIN_COMMAND;
	str_init(&line->staged.text);
	str_init(&line->caller);
	t->user = line;
	p->threads++;
	if (p->options->output && p->options->separate)
		open_own(p, t, line);
	/* -p's message is printed by who attached: it counts threads */
	if (how == CALL_BEGIN_FOLLOWED && !printer_is_quiet(p, TRACE_QUIET_ATTACH))
		printer_say(p, "Process %u attached", t->tid);
}

static void forget(struct printer *p, struct call_thread *t)
{
	struct line *line = printer_line(t);

	printer_end_fold(p, t);

	if (p->printing == t)
		p->printing = NULL;
	if (line->out == &line->own)
		p->lost |= !trace_out_close(&line->own);
	str_deinit(&line->staged.text);
	str_deinit(&line->caller);
	free(line);
	t->user = NULL;
	p->threads--;
	injections_forget((struct injections *)&p->options->injections, t->tid);
}

static void on_execed(void *self, struct call_thread *t)
{
	struct printer *p = self;

	p->had_exec = true;
	if (p->summary) /* the execve may not be among the calls that are counted */
		summary_execed(p->summary, t);
	if (p->stacks)
		stack_printer_forget(p->stacks, t->pid);
}

/* --- signals and ends ---------------------------------------------------------------------------- */

static bool is_wanted_signal(const struct printer *p, int number)
{
	return number >= 0 && number_set_has(&p->options->signals, (unsigned)number);
}

static const char *signal_name(int number, char *buffer, size_t size)
{
	const char *name = syscall_signal_name(number);

	if (name)
		return name;
	snprintf(buffer, size, "%d", number);
	return buffer;
}

static void print_signal(struct printer *p, struct call_thread *t, const char *name, const struct str *siginfo)
{
	struct trace_out *out = printer_line(t)->out;

	printer_lead(p, t, out, t->event_ns);
	str_printf(&out->text, "--- %s %s%s---", name, str_text(siginfo), siginfo->length ? " " : "");
	printer_end_line(p, out);
	printer_stack(p, t, &out->text);
	trace_out_new_line(out);
}

static void on_signal(void *self, struct call_thread *t, int number, const siginfo_t *siginfo)
{
	struct printer *p = self;
	struct syscall_style style = p->options->style;
	char buffer[16];
	const char *name = signal_name(number, buffer, sizeof(buffer));
	struct str text;

	if (p->fds) /* no call's memory is behind it */
		fd_names_look_at(p->fds, NULL, SYSCALL_ENTER);
	if (!printer_prints_calls(p) || !is_wanted_signal(p, number))
		return;
	str_init(&text);
	if (siginfo)
		syscall_print_siginfo(&style, &p->lookup, t->tid, SYSCALL_ABI_NATIVE, siginfo, sizeof(*siginfo), &text);
	printer_end_fold(p, t);
	if (p->options->json)
		printer_json_signal(p, t, name, &text);
	else
		print_signal(p, t, name, &text);
	str_deinit(&text);
}

static void on_stopped(void *self, struct call_thread *t, int number)
{
	struct printer *p = self;
	struct trace_out *out = printer_line(t)->out;
	char buffer[16];
	const char *name = signal_name(number, buffer, sizeof(buffer));

	if (!printer_prints_calls(p) || !is_wanted_signal(p, number))
		return;
	if (p->options->json) {
		printer_json_signal(p, t, name, NULL);
		return;
	}
	printer_end_fold(p, t);
	printer_lead(p, t, out, t->event_ns);
	str_printf(&out->text, "--- stopped by %s ---", name);
	printer_end_line(p, out);
}

/* The line of BY's execve is open: it goes on under another id. */
static void change_pid(struct printer *p, pid_t to, pid_t by)
{
	if (!p->printing || p->printing->tid != by || printer_stages(p) || trace_out_column(&p->out) == 0)
		return;
	str_printf(&p->out.text, " <pid changed to %d ...>", to);
	printer_end_line(p, &p->out);
}

static void on_superseded(void *self, struct call_thread *t, pid_t by)
{
	struct printer *p = self;
	struct trace_out *out = printer_line(t)->out;

	bool said = !printer_is_quiet(p, TRACE_QUIET_SUPERSEDED);

	if (prints_lines(p))
		change_pid(p, t->tid, by);
	if (printer_prints_calls(p) && p->options->json && said) {
		printer_json_superseded(p, t, by);
	} else if (prints_lines(p) && said) {
		p->threads--; /* it is gone already */
		printer_lead(p, t, out, t->event_ns);
		p->threads++;
		str_printf(&out->text, "+++ superseded by execve in pid %u +++", by);
		printer_end_line(p, out);
	}
	forget(p, t);
}

static void print_end(struct printer *p, struct call_thread *t, int status)
{
	struct trace_out *out = printer_line(t)->out;
	char buffer[16];

	printer_lead(p, t, out, t->event_ns);
	if (WIFSIGNALED(status))
		str_printf(&out->text, "+++ killed by %s %s+++", signal_name(WTERMSIG(status), buffer, sizeof(buffer)),
			   WCOREDUMP(status) ? "(core dumped) " : "");
	else
		str_printf(&out->text, "+++ exited with %d +++", WEXITSTATUS(status));
	printer_end_line(p, out);
}

static void on_ended(void *self, struct call_thread *t, int status)
{
	struct printer *p = self;
	bool wanted = WIFSIGNALED(status) ? is_wanted_signal(p, WTERMSIG(status)) : !printer_is_quiet(p, TRACE_QUIET_EXIT);

	t->in_call = false;
	printer_end_fold(p, t);
	if (wanted && prints_lines(p))
		print_end(p, t, status);
	else if (wanted && printer_prints_calls(p))
		printer_json_end(p, t, status);
	forget(p, t);
}

static void on_detached(void *self, struct call_thread *t)
{
	struct printer *p = self;
	struct line *line = printer_line(t);
	struct trace_out *out = printer_target(p, line);
	bool mine = line->out == &line->own || p->printing == t || printer_stages(p);

	if (t->end_lost && !printer_is_quiet(p, TRACE_QUIET_EXIT))
		printer_say(p, "Process %u has ended; how was lost", t->tid);
	else if (!t->end_lost && !printer_is_quiet(p, TRACE_QUIET_ATTACH))
		printer_say(p, "Process %u detached", t->tid);
	if (p->summary && t->in_call && !line->filtered && t->call.abi == SYSCALL_ABI_NATIVE)
		++*map_get(&p->unreturned, t->call.number, NULL);
	if (mine && !p->options->json && trace_out_column(out) != 0) {
		str_add(&out->text, t->end_lost ? " <unfinished ...>" : " <detached ...>");
		printer_end_line(p, out);
		printer_publish(p, t, TRACE_DETACHED);
	}
	forget(p, t);
}

static void on_idle(void *self)
{
	struct printer *p = self;

	if (p->fold) /* who is asleep has its lines shown */
		fold_end_all(p->fold, clock_now_ns() - FOLD_IDLE_NS, &p->out.text);
	trace_out_flush(&p->out);
}

const struct call_sink *printer_sink(void)
{
	static const struct call_sink sink = {
		.begin = on_begin, .enter = printer_enter, .leave = printer_leave, .leaving = printer_leaving,
		.execed = on_execed, .signal = on_signal, .stopped = on_stopped,
		.superseded = on_superseded, .ended = on_ended, .detached = on_detached, .idle = on_idle,
	};

	return &sink;
}

const struct syscall_lookup *printer_borrow_lookup(const struct printer *p) { return &p->lookup; }
void printer_set_stack_names(struct printer *p, struct stack_names *names) { p->names = names; }

void printer_set_clock(struct printer *p, int64_t wall_offset_ns)
{
	p->recorded = true;
	p->wall_offset_ns = wall_offset_ns;
}

/* Is whatever a program says with seen before it says it? */
static bool wants_writes(const struct trace_options *o)
{
	return call_set_has_name(&o->calls, "write") && call_set_has_name(&o->calls, "writev");
}

struct err *printer_create(const struct trace_options *options, struct printer **ret)
{
	struct printer *p = mem_calloc(1, sizeof(*p));
	bool own_files = options->output && options->separate;

	if (own_files && strlen(options->output) + 12 >= PATH_MAX) {
		free(p);
		return err_errno(ENAMETOOLONG, "%s", options->output);
	}

	struct err *err = trace_out_open(&p->out, options->name, own_files ? NULL : options->output, options->append);

	p->options = options;
	p->out.advises = !options->strace;
	p->out.colored = trace_options_color(options, p->out.fd);
	if (err) {
		free(p);
		return err;
	}
	p->pids = pid_names_create(options->pid_words, options->style.hex, &p->lookup);
	p->fds = fd_names_create(options->fds, &options->style, p->pids, &p->lookup);
	p->lookup.vcpu = options->kvm ? fd_names_vcpu : NULL;
	p->lookup.whole_vcpu = options->kvm_whole;
	p->learner = learner_create(&p->lookup);
	if (options->paths.n || options->only_fds)
		p->paths = path_filter_create(options->paths.v, options->paths.n,
					      options->only_fds ? &options->trace_fds : NULL);
	p->hides_writes = p->paths || !wants_writes(options);
	if (options->count)
		p->summary = summary_create(options);
	if (options->fold)
		p->fold = fold_create();
	if (options->show_stack)
		p->stacks = stack_printer_create(options->frame_limit, options->show_lines);
	printer_memo_create(p);
	*ret = p;
	return NULL;
}

/* -c counts what returned, as strace does. */
static void say_unreturned(struct printer *p)
{
	enum { NAMES_MOST = 8 };
	const struct map_slot *slot;
	struct str names;
	unsigned shown = 0;

	if (p->options->strace || p->options->q_count || p->unreturned.n == 0)
		return;
	str_init(&names);
	for (size_t i = 0; (slot = map_next(&p->unreturned, &i)) != NULL; shown++) {
		const struct syscall_entry *entry = syscall_find_by(&p->lookup, SYSCALL_ABI_NATIVE, (uint32_t)slot->key);

		if (shown < NAMES_MOST)
			str_printf(&names, "%s%s %llu", shown ? ", " : "", entry ? entry->name : "unknown", (unsigned long long)slot->value);
	}
	log_note("not counted, because they have not returned: %s%s", str_text(&names), shown > NAMES_MOST ? ", ..." : "");
	str_deinit(&names);
}

static void say_tip(struct printer *p)
{
	struct str text;

	str_init(&text);
	tips_add(&text, p->options->tip, p->options->tips == TRACE_TIPS_FULL);
	trace_out_flush(&p->out);
	fputs(str_text(&text), stderr);
	str_deinit(&text);
}

static void add_gap(void *user, uint64_t lines, struct str *out)
{
	const struct printer *p = user;

	if (p->options->json)
		printer_json_lost(lines, out);
	else
		str_printf(out, "%s: %s lines are missing here: their reader was too slow\n", p->options->name, units_count(lines).text);
}

void printer_spool(struct printer *p, bool (*stop)(void *user), void *user)
{
	struct spool_options options = { .add_gap = add_gap, .user = p };

	if (p->out.fd >= 0)
		trace_out_spool(&p->out, &options, stop, user);
}

int printer_fd(const struct printer *p) { return trace_out_fd(&p->out); }

bool printer_finish(struct printer *p)
{
	if (p->fold)
		fold_end_all(p->fold, 0, &p->out.text);
	if (p->printing && trace_out_column(&p->out) != 0 && p->options->strace == false)
		printer_end_line(p, &p->out);
	if (p->summary) {
		trace_out_end_lines(&p->out);
		summary_print(p->summary, &p->out.text);
	}
	say_unreturned(p);
	if (p->options->tips)
		say_tip(p);
	return trace_out_close(&p->out) && !p->lost;
}

const bool *printer_borrow_done(const struct printer *p) { return &p->done; }

bool printer_is_done(const struct printer *p)
{
	return p->options->syscall_limit && p->counted >= p->options->syscall_limit;
}

bool printer_is_unread(const struct printer *p)
{
	const struct trace_options *o = p->options;

	/* strace notices at its next write; who has files of threads or a table at the end writes nothing here yet */
	return o->strace || o->separate || o->count == TRACE_COUNT_ONLY ? p->out.gone : trace_out_is_unread(&p->out);
}
pid_t printer_command(const struct printer *p) { return p->out.command; }

void printer_destroy(struct printer *p)
{
	if (p == NULL)
		return;
	trace_out_close(&p->out); /* of one that was not finished: another engine takes over */
	fd_names_destroy(p->fds);
	learner_destroy(p->learner);
	map_deinit(&p->unreturned);
	pid_names_destroy(p->pids);
	path_filter_destroy(p->paths);
	summary_destroy(p->summary);
	stack_printer_destroy(p->stacks);
	fold_destroy(p->fold);
	printer_memo_destroy(p);
	free(p);
}
