/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A call's line is printed in two parts: what is known at entry at once, so that a call
 * that doesn't return is seen, and the rest when it returns.  If something else was
 * printed between, the line is taken up again: "<... read resumed>".
 *
 * When only calls with certain results are wanted (-z, -Z, -e status=), a call's text is
 * staged until its result is known.
 */
#include "base/clock.h"
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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLUSH_BYTES = 64 << 10 };

struct trace_out *printer_target(struct printer *p, struct line *line)
{
	return printer_stages(p) ? &line->staged : line->out;
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
					     [SYSCALL_ABI_X32] = "x32", [SYSCALL_ABI_ARM64] = "64 bit", [SYSCALL_ABI_ARM] = "32 bit" };
	enum syscall_abi abi = t->call.abi;

	if (line->abi == abi)
		return;
	line->abi = abi;
	if (abi >= sizeof(names) / sizeof(*names) || printer_is_quiet(p, TRACE_QUIET_PERSONALITY))
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

enum call_verdict printer_enter(void *self, struct call_thread *t, const struct syscall_memory *memory)
{
	struct printer *p = self;
	struct line *line = printer_line(t);
	struct trace_out *out = printer_target(p, line);
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
	if (!printer_prints_calls(p))
		return CALL_GO;
	line->open = true;
	keep_caller(p, t);
	if (!p->options->json) {
		bool known = printer_memo_enter(p, t, memory);

		printer_lead(p, t, out, t->enter_ns);
		if (known)
			return CALL_GO;
	}
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

void printer_end_fold(struct printer *p, struct call_thread *t)
{
	struct line *line = printer_line(t);

	if (!p->fold)
		return;
	fold_end(p->fold, (uint32_t)t->tid, &line->out->text);
	trace_out_new_line(line->out);
}

/* -z, -Z: the text was kept until now. */
void printer_publish(struct printer *p, struct call_thread *t, uint32_t status)
{
	struct line *line = printer_line(t);
	struct trace_out *staged = &line->staged;

	if (!printer_stages(p))
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

void printer_leave(void *self, struct call_thread *t, const struct syscall_memory *memory)
{
	struct printer *p = self;
	struct line *line = printer_line(t);
	struct trace_out *out = printer_target(p, line);

	line->interrupted = syscall_restarts(&t->call);
	if (line->filtered)
		return;
	p->counted += wants_status(p, t);
	p->done = printer_is_done(p);
	if (p->fds)
		fd_names_look_at(p->fds, t->pieces, SYSCALL_EXIT);
	if (p->summary && wants_status(p, t))
		summary_add(p->summary, t, line->enter_system_ns);
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
	printer_publish(p, t, t->call.is_error ? TRACE_FAILED : TRACE_SUCCESSFUL);
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
void printer_leaving(void *self, struct call_thread *t)
{
	struct printer *p = self;
	struct line *line = printer_line(t);
	struct trace_out *out = printer_target(p, line);

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
	printer_publish(p, t, TRACE_UNFINISHED);
}
