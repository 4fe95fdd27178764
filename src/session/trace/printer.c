/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A call's line is printed in two parts: what is known at entry at once, so that a call
 * that doesn't return is seen, and the rest when it returns.  If something else was
 * printed between, the line is taken up again: "<... read resumed>".
 *
 * When only calls with certain results are wanted (-z, -Z, -e status=), a call's text is
 * staged until its result is known.
 */
#include "session/trace/printer.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/units.h"
#include "session/trace/dump.h"
#include "session/trace/fd_names.h"
#include "session/trace/fold.h"
#include "session/trace/learner.h"
#include "session/trace/namespaces.h"
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

enum { STATUS_ALL = 31, FLUSH_BYTES = 64 << 10 };

static bool is_quiet(const struct printer *p, enum trace_quiet what) { return p->options->quiet & what; }

static bool stages(const struct printer *p)
{
	return (p->options->status & STATUS_ALL) != STATUS_ALL || p->options->json || p->fold;
}

static bool prints_calls(const struct printer *p) { return p->options->count != TRACE_COUNT_ONLY; }
static bool prints_lines(const struct printer *p) { return prints_calls(p) && !p->options->json; }

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
	line->abi = SYSCALL_ABI_X86_64;
	line->attached = how != CALL_BEGIN_COMMAND;
	str_init(&line->staged.text);
	str_init(&line->caller);
	t->user = line;
	p->threads++;
	if (p->options->output && p->options->separate)
		open_own(p, t, line);
	/* -p's message is printed by who attached: it counts threads */
	if (how == CALL_BEGIN_FOLLOWED && !is_quiet(p, TRACE_QUIET_ATTACH))
		printer_say(p, "Process %u attached", t->tid);
}

static void end_fold(struct printer *p, struct call_thread *t);

static void forget(struct printer *p, struct call_thread *t)
{
	struct line *line = printer_line(t);

	end_fold(p, t);

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

/* --- one call ------------------------------------------------------------------------------- */

/* Where this call's text goes. */
static struct trace_out *target(struct printer *p, struct line *line)
{
	return stages(p) ? &line->staged : line->out;
}

static struct syscall_style style_of(const struct printer *p, const struct syscall_call *call)
{
	struct syscall_style style = p->options->style;

	style.verbose = !call_set_has(&p->options->abbrev, call->abi, call->number);
	style.addresses = !call_set_has(&p->options->verbose, call->abi, call->number);
	return style;
}

static bool is_raw(const struct printer *p, const struct syscall_call *call)
{
	return call_set_has(&p->options->raw, call->abi, call->number);
}

static void enter_raw(const struct printer *p, const struct syscall_call *call, struct line *line, struct str *text)
{
	const struct syscall_entry *entry = syscall_find_by(&p->lookup, call->abi, call->number);
	unsigned count = entry ? entry->arg_count : 6;
	char unknown[SYSCALL_UNKNOWN_MAX];

	str_add(text, entry ? entry->name : syscall_unknown_name(call->abi, call->number, unknown));
	str_add_char(text, '(');
	for (unsigned i = 0; i < count; i++) {
		str_add(text, i ? ", " : "");
		if (p->options->style.arg_names)
			str_printf(text, "arg%u=", i + 1);
		str_printf(text, call->args[i] ? "0x%llx" : "0", (unsigned long long)call->args[i]);
	}
	line->progress.args_done = (uint8_t)count;
}

static void note_personality(struct printer *p, struct call_thread *t, struct line *line)
{
	static const char *const names[] = { [SYSCALL_ABI_X86_64] = "64 bit", [SYSCALL_ABI_I386] = "32 bit",
					     [SYSCALL_ABI_X32] = "x32" };
	enum syscall_abi abi = t->call.abi;

	if (line->abi == abi)
		return;
	line->abi = abi;
	if (abi >= sizeof(names) / sizeof(*names) || is_quiet(p, TRACE_QUIET_PERSONALITY))
		return;
	if (p->options->json) {
		printer_say(p, "[ Process PID=%d runs in %s mode. ]", t->tid, names[abi]);
		return;
	}
	printer_lead(p, t, line->out, t->enter_ns); /* a line of the log, whatever becomes of the call */
	str_printf(&line->out->text, "[ Process PID=%d runs in %s mode. ]", t->tid, names[abi]);
	printer_end_line(p, line->out);
}

static bool is_printed(const struct printer *p, const struct call_thread *t, const struct syscall_memory *memory)
{
	return call_set_has(&p->options->calls, t->call.abi, t->call.number) &&
	       (!p->options->syscall_limit || p->counted < p->options->syscall_limit) &&
	       (!p->paths || path_filter_match(p->paths, t, memory));
}

/* Before the program writes where we write, our lines have to be there. */
static void keep_order(struct printer *p, const struct line *line, const struct call_thread *t)
{
	if (!line->out->shared || t->whole) /* too late */
		return;

	const struct syscall_entry *entry = syscall_find(t->call.abi, t->call.number);

	if (entry && (strstr(entry->name, "write") || strstr(entry->name, "send") || strstr(entry->name, "exec") ||
		      strstr(entry->name, "splice") || strcmp(entry->name, "ioctl") == 0))
		trace_out_flush(line->out);
}

bool printer_shows(struct printer *p, const struct call_thread *t, const struct syscall_memory *memory)
{
	return is_printed(p, t, memory);
}

/* Nothing is left of the caller's stack when an exec succeeds. What becomes of the command is our own fork before. */
static void keep_caller(struct printer *p, struct call_thread *t)
{
	struct line *line = printer_line(t);
	const struct syscall_entry *entry = syscall_find(t->call.abi, t->call.number);

	str_clear(&line->caller);
	if (p->stacks && (p->had_exec || line->attached) && entry && strncmp(entry->name, "execve", strlen("execve")) == 0)
		stack_printer_print(p->stacks, t, &line->caller);
}

static enum call_verdict on_enter(void *self, struct call_thread *t, const struct syscall_memory *memory)
{
	struct printer *p = self;
	struct line *line = printer_line(t);
	struct trace_out *out = target(p, line);
	struct syscall_style style = style_of(p, &t->call);

	note_personality(p, t, line);
	t->call.restarts = line->interrupted;
	if (p->fds)
		fd_names_look_at(p->fds, t->pieces, SYSCALL_ENTER);
	line->filtered = !is_printed(p, t, memory);
	line->enter_system_ns = t->system_ns;
	syscall_progress_start(&line->progress);
	if (line->filtered)
		return CALL_GO;
	if (!prints_calls(p))
		return CALL_GO;
	line->open = true;
	keep_caller(p, t);
	if (!p->options->json && printer_memo_enter(p, t, memory))
		return CALL_GO;
	if (!p->options->json)
		printer_lead(p, t, out, t->enter_ns);
	line->text_at = out->text.length;
	if (is_raw(p, &t->call))
		enter_raw(p, &t->call, line, &out->text);
	else
		syscall_print_enter(&style, &p->lookup, &t->call, memory, &line->progress, &out->text);
	keep_order(p, line, t);
	return CALL_GO;
}

/* Go on with a call's line, if anything was printed since. */
static void resume(struct printer *p, struct call_thread *t, struct trace_out *out)
{
	const struct syscall_entry *entry = syscall_find_by(&p->lookup, t->call.abi, t->call.number);
	bool own = out != &p->out;

	if (own ? trace_out_column(out) != 0 : p->printing == t && trace_out_column(out) != 0)
		return;
	printer_lead(p, t, out, t->leave_ns);
	if (entry)
		str_printf(&out->text, "<... %s resumed>", entry->name);
	else
		str_printf(&out->text, "<... syscall_0x%x resumed>", t->call.number);
}

static void pad(struct printer *p, struct trace_out *out)
{
	size_t column = trace_out_column(out), want = (size_t)p->options->columns;

	if (column < want)
		str_add_repeat(&out->text, ' ', want - column);
}

static void add_duration(struct printer *p, struct call_thread *t, struct str *text)
{
	static const uint64_t divisors[] = { 1000000000, 1000000, 1000, 1 };
	static const int digits[] = { 0, 3, 6, 9 };
	enum trace_precision precision = p->options->duration_precision;
	uint64_t ns = t->leave_ns > t->enter_ns ? t->leave_ns - t->enter_ns : 0;

	if (t->entry_unseen) {
		str_add(text, " <?>");
		return;
	}
	str_printf(text, " <%llu", (unsigned long long)(ns / 1000000000));
	if (precision != TRACE_S)
		str_printf(text, ".%0*llu", digits[precision],
			   (unsigned long long)(ns % 1000000000 / divisors[precision]));
	str_add_char(text, '>');
}

/* At the end of the result's first line: lines of their own follow for a virtual CPU. */
static void add_duration_in_line(struct printer *p, struct call_thread *t, struct str *text, size_t result_at)
{
	const char *end = memchr(str_text(text) + result_at, '\n', text->length - result_at);
	struct str rest;

	if (end == NULL) {
		add_duration(p, t, text);
		return;
	}
	size_t line_end = (size_t)(end - str_text(text));

	str_init(&rest);
	str_add_n(&rest, end, text->length - line_end);
	str_truncate(text, line_end);
	add_duration(p, t, text);
	str_add_n(text, str_text(&rest), rest.length);
	str_deinit(&rest);
}

static void add_tampering(const struct call_thread *t, struct str *text)
{
	bool injected = t->tampered & CALL_INJECTED, poked = t->tampered & CALL_POKED;

	if (injected || poked)
		str_add(text, injected && poked ? " (INJECTED: args, retval)" : poked ? " (INJECTED: args)" : " (INJECTED)");
	if (t->tampered & CALL_DELAYED)
		str_add(text, " (DELAYED)");
}

static void add_result(struct printer *p, struct call_thread *t, const struct syscall_memory *memory,
		       struct trace_out *out)
{
	struct line *line = printer_line(t);
	struct syscall_style style = style_of(p, &t->call);

	size_t call_end = out->text.length, result_at;

	str_add_char(&out->text, ' ');
	pad(p, out);
	str_add(&out->text, "= ");
	result_at = out->text.length;
	if (is_raw(p, &t->call) && !t->call.is_error)
		str_printf(&out->text, t->call.result ? "0x%llx" : "0", (unsigned long long)t->call.result);
	else
		syscall_print_result(&style, &p->lookup, &t->call, memory, &line->progress, &out->text);
	if (p->options->new_namespaces)
		namespaces_add(&t->call, memory, &out->text);
	add_tampering(t, &out->text);
	printer_memo_keep(p, line, &out->text, call_end, result_at);
	if (p->options->durations)
		add_duration_in_line(p, t, &out->text, result_at);
}

/* A thread without calls for so long has what was folded shown. */
#define FOLD_IDLE_NS 1000000000ULL

/* --fold: into the sequence that it may be a part of. */
static void fold_staged(struct printer *p, struct call_thread *t, uint32_t status)
{
	struct line *line = printer_line(t);
	const struct syscall_entry *entry = syscall_find(t->call.abi, t->call.number);
	struct str *text = &line->staged.text, *out = &line->out->text;

	if (status & (TRACE_SUCCESSFUL | TRACE_FAILED)) {
		fold_add(p->fold, &(struct fold_call){ .tid = (uint32_t)t->tid, .call = &t->call, .now_ns = clock_now_ns(),
						       .name = entry ? entry->name : "syscall",
						       .duration_ns = t->leave_ns > t->enter_ns ? t->leave_ns - t->enter_ns : 0,
						       .line = str_text(text), .length = text->length }, out);
		return;
	}
	fold_end(p->fold, (uint32_t)t->tid, out);
	str_add_n(out, str_text(text), text->length);
}

/* Something else of this thread comes. */
static void end_fold(struct printer *p, struct call_thread *t)
{
	struct line *line = printer_line(t);

	if (!p->fold)
		return;
	fold_end(p->fold, (uint32_t)t->tid, &line->out->text);
	trace_out_new_line(line->out);
}

/* -z, -Z: the text was kept until now. */
static void publish(struct printer *p, struct call_thread *t, uint32_t status)
{
	struct line *line = printer_line(t);
	struct trace_out *staged = &line->staged;

	if (!stages(p))
		return;
	if (p->options->status & status && p->fold)
		fold_staged(p, t, status);
	else if (p->options->status & status)
		str_add_n(&line->out->text, staged->text.text, staged->text.length);
	trace_out_new_line(line->out);
	str_clear(&staged->text);
	staged->line_at = staged->carried = 0;
}

static bool wants_status(const struct printer *p, const struct call_thread *t)
{
	return p->options->status & (t->call.is_error ? TRACE_FAILED : TRACE_SUCCESSFUL);
}

/* The staged text and the result as an object. */
static void leave_json(struct printer *p, struct call_thread *t, const struct syscall_memory *memory, bool returned)
{
	struct line *line = printer_line(t);
	struct syscall_style style = style_of(p, &t->call);
	struct str *text = &line->staged.text;
	struct str result;

	str_init(&result);
	if (returned) {
		if (!is_raw(p, &t->call))
			syscall_print_exit(&style, &p->lookup, &t->call, memory, &line->progress, text);
		syscall_print_result(&style, &p->lookup, &t->call, memory, &line->progress, &result);
	}
	if (returned ? wants_status(p, t) : p->options->status & TRACE_UNFINISHED)
		printer_json(p, t, str_text(text), returned ? str_text(&result) : NULL);
	str_deinit(&result);
	str_clear(text);
	line->staged.line_at = line->staged.carried = 0;
}

/* A line whose text was made before. */
static void leave_known(struct printer *p, struct call_thread *t, struct trace_out *out)
{
	printer_lead(p, t, out, t->enter_ns);
	printer_memo_print(p, printer_line(t), out);
	if (p->options->durations)
		add_duration(p, t, &out->text);
}

static void leave_new(struct printer *p, struct call_thread *t, const struct syscall_memory *memory, struct trace_out *out)
{
	struct line *line = printer_line(t);
	struct syscall_style style = style_of(p, &t->call);

	resume(p, t, out);
	if (is_raw(p, &t->call))
		str_add_char(&out->text, ')');
	else
		syscall_print_exit(&style, &p->lookup, &t->call, memory, &line->progress, &out->text);
	add_result(p, t, memory, out);
}

void printer_stack(struct printer *p, const struct call_thread *t, struct str *out)
{
	if (p->names)
		stack_names_print(p->names, t->stack, out);
	else if (p->stacks)
		stack_printer_print(p->stacks, t, out);
}

void printer_call_stack(struct printer *p, const struct call_thread *t, struct str *out)
{
	struct str *caller = &printer_line(t)->caller;

	if (!caller->length) {
		printer_stack(p, t, out);
		return;
	}
	str_add_n(out, str_text(caller), caller->length);
	str_clear(caller);
}

static void on_leave(void *self, struct call_thread *t, const struct syscall_memory *memory)
{
	struct printer *p = self;
	struct line *line = printer_line(t);
	struct trace_out *out = target(p, line);

	line->interrupted = syscall_restarts(&t->call);
	if (line->filtered)
		return;
	p->counted += wants_status(p, t);
	p->done = printer_is_done(p);
	if (p->fds)
		fd_names_look_at(p->fds, t->pieces, SYSCALL_EXIT);
	if (p->summary && wants_status(p, t))
		summary_add(p->summary, t, memory, line->enter_system_ns);
	if (!line->open)
		return;
	line->open = false;
	if (p->options->json) {
		leave_json(p, t, memory, true);
		return;
	}
	if (line->known)
		leave_known(p, t, out);
	else
		leave_new(p, t, memory, out);
	printer_end_line(p, out);
	dump_call(p->options, &t->call, memory, &out->text);
	printer_call_stack(p, t, &out->text);
	trace_out_new_line(out);
	publish(p, t, t->call.is_error ? TRACE_FAILED : TRACE_SUCCESSFUL);
	/* the first line is waited for; what the failed command says comes after this, and what it writes when we don't
	 * see that it does */
	if (!p->had_exec || !line->out->begun || line->out->text.length > FLUSH_BYTES || (p->hides_writes && line->out->shared && !t->whole))
		trace_out_flush(line->out);
}

/* Were all arguments printed at entry? */
static bool is_complete(const struct printer *p, const struct syscall_call *call, const struct line *line)
{
	const struct syscall_entry *entry = syscall_find_by(&p->lookup, call->abi, call->number);

	return line->progress.args_done >= (entry ? entry->arg_count : 6);
}

/* On its way out: "= ?" behind the call that will not return. */
static void on_leaving(void *self, struct call_thread *t)
{
	struct printer *p = self;
	struct line *line = printer_line(t);
	struct trace_out *out = target(p, line);

	printer_refresh_comm(p, t); /* the last time that it can be asked */
	if (!line->open)
		return;
	line->open = false;
	if (p->options->json) {
		leave_json(p, t, NULL, false);
		return;
	}
	resume(p, t, out);
	if (!is_complete(p, &t->call, line))
		str_add(&out->text, " <unfinished ...>");
	str_add(&out->text, ") ");
	pad(p, out);
	str_add(&out->text, "= ?");
	printer_end_line(p, out);
	publish(p, t, TRACE_UNFINISHED);
}

static void on_execed(void *self, struct call_thread *t)
{
	struct printer *p = self;

	p->had_exec = true;
	if (p->stacks)
		stack_printer_forget(p->stacks, t->pid);
}

/* --- everything else ---------------------------------------------------------------------------- */

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
	if (!prints_calls(p) || !is_wanted_signal(p, number))
		return;
	str_init(&text);
	if (siginfo)
		syscall_print_siginfo(&style, &p->lookup, t->tid, SYSCALL_ABI_X86_64, siginfo, sizeof(*siginfo), &text);
	end_fold(p, t);
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

	if (!prints_calls(p) || !is_wanted_signal(p, number))
		return;
	if (p->options->json) {
		printer_json_signal(p, t, name, NULL);
		return;
	}
	end_fold(p, t);
	printer_lead(p, t, out, t->event_ns);
	str_printf(&out->text, "--- stopped by %s ---", name);
	printer_end_line(p, out);
}

/* The line of BY's execve is open: it goes on under another id. */
static void change_pid(struct printer *p, pid_t to, pid_t by)
{
	if (!p->printing || p->printing->tid != by || stages(p) || trace_out_column(&p->out) == 0)
		return;
	str_printf(&p->out.text, " <pid changed to %d ...>", to);
	printer_end_line(p, &p->out);
}

static void on_superseded(void *self, struct call_thread *t, pid_t by)
{
	struct printer *p = self;
	struct trace_out *out = printer_line(t)->out;

	bool said = !is_quiet(p, TRACE_QUIET_SUPERSEDED);

	if (prints_lines(p))
		change_pid(p, t->tid, by);
	if (prints_calls(p) && p->options->json && said) {
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
	bool wanted = WIFSIGNALED(status) ? is_wanted_signal(p, WTERMSIG(status)) : !is_quiet(p, TRACE_QUIET_EXIT);

	t->in_call = false;
	end_fold(p, t);
	if (wanted && prints_lines(p))
		print_end(p, t, status);
	else if (wanted && prints_calls(p))
		printer_json_end(p, t, status);
	forget(p, t);
}

static void on_detached(void *self, struct call_thread *t)
{
	struct printer *p = self;
	struct line *line = printer_line(t);
	struct trace_out *out = target(p, line);
	bool mine = line->out == &line->own || p->printing == t || stages(p);

	if (t->end_lost && !is_quiet(p, TRACE_QUIET_EXIT))
		printer_say(p, "Process %u has ended; how was lost", t->tid);
	else if (!t->end_lost && !is_quiet(p, TRACE_QUIET_ATTACH))
		printer_say(p, "Process %u detached", t->tid);
	if (p->summary && t->in_call && !line->filtered && t->call.abi == SYSCALL_ABI_X86_64)
		++*map_get(&p->unreturned, t->call.number, NULL);
	if (mine && !p->options->json && trace_out_column(out) != 0) {
		str_add(&out->text, t->end_lost ? " <unfinished ...>" : " <detached ...>");
		printer_end_line(p, out);
		publish(p, t, TRACE_DETACHED);
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
		.begin = on_begin, .enter = on_enter, .leave = on_leave, .leaving = on_leaving,
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

/* --color, which is for lines, not for objects and tables. */
static bool is_colored(const struct trace_options *o, int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (o->color != TRACE_COLOR_AUTO || o->json || o->count == TRACE_COUNT_ONLY)
		return o->color == TRACE_COLOR_ALWAYS && !o->json;
	return o->strace && isatty(fd) && !(no && *no) && term && strcmp(term, "dumb") != 0;
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
	p->out.colored = is_colored(options, p->out.fd);
	if (err) {
		free(p);
		return err;
	}
	p->pids = pid_names_create(options->pid_words, &p->lookup);
	p->fds = fd_names_create(options->fds, p->pids, &p->lookup);
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
		const struct syscall_entry *entry = syscall_find_by(&p->lookup, SYSCALL_ABI_X86_64, (uint32_t)slot->key);

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
	if (p->summary)
		summary_print(p->summary, &p->out.text);
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
