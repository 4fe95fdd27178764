/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls, signals and ends as one JSON object on a line each (docs/SCHEMA.md), in place of strace's form. */
#include "base/clock.h"
#include "session/trace/json_line.h"
#include "session/trace/printer_impl.h"

#include <string.h>

static bool has_stacks(const struct printer *p) { return p->stacks || p->names; }

static struct json_line line_of(const struct call_thread *t, uint64_t time_ns, const char *kind)
{
	return (struct json_line){ time_ns ? time_ns : clock_now_ns(), (uint32_t)t->pid, (uint32_t)t->tid, kind };
}

/* "name(arguments)" */
static void add_text(struct json *j, const char *text, size_t length)
{
	size_t name = strcspn(text, "(");

	if (name > length)
		name = length;
	if (length > name && text[length - 1] == ')')
		length--;
	json_key(j, "name");
	json_str_n(j, text, name);
	json_key(j, "arguments");
	json_str_n(j, text + name + (name < length), length > name ? length - name - 1 : 0);
}

/* -k */
static void add_stack(struct json *j, struct printer *p, const struct call_thread *t)
{
	struct str lines;

	str_init(&lines);
	printer_call_stack(p, t, &lines);
	json_line_stack(j, str_text(&lines));
	str_deinit(&lines);
}

void printer_json(struct printer *p, const struct call_thread *t, const char *text, const char *returned)
{
	struct json_line line = line_of(t, t->enter_ns, "call");
	struct json j;

	json_line_begin(&j, &printer_line(t)->out->text, &line);
	json_key(&j, "duration_ns");
	if (t->entry_unseen || !returned)
		json_null(&j);
	else
		json_u64(&j, t->leave_ns > t->enter_ns ? t->leave_ns - t->enter_ns : 0);
	add_text(&j, text, strlen(text));
	json_key(&j, "result");
	if (returned)
		json_i64(&j, t->call.result);
	else
		json_null(&j);
	json_key(&j, "returned");
	json_str(&j, returned ? returned : "?");
	if (returned && has_stacks(p))
		add_stack(&j, p, t);
	json_end(&j);
	printer_end_line(p, printer_line(t)->out);
}

void printer_json_signal(struct printer *p, const struct call_thread *t, const char *signal, const struct str *siginfo)
{
	struct trace_out *out = printer_line(t)->out;
	struct json_line line = line_of(t, t->event_ns, siginfo ? "signal" : "stopped");
	struct str lines;

	str_init(&lines);
	if (siginfo && has_stacks(p))
		printer_stack(p, t, &lines);
	json_line_signal(&out->text, &line, signal, siginfo && siginfo->length ? str_text(siginfo) : NULL,
			 siginfo ? siginfo->length : 0, siginfo && has_stacks(p) ? str_text(&lines) : NULL);
	printer_end_line(p, out);
	str_deinit(&lines);
}

void printer_json_end(struct printer *p, const struct call_thread *t, int status)
{
	struct trace_out *out = printer_line(t)->out;
	struct json_line line = line_of(t, t->event_ns, NULL);

	json_line_end(&out->text, &line, status);
	printer_end_line(p, out);
}

void printer_json_superseded(struct printer *p, const struct call_thread *t, pid_t by)
{
	struct trace_out *out = printer_line(t)->out;
	struct json_line line = line_of(t, t->event_ns, "superseded");
	struct json j;

	json_line_begin(&j, &out->text, &line);
	json_key(&j, "by"), json_i64(&j, by);
	json_end(&j);
	printer_end_line(p, out);
}

void printer_json_lost(uint64_t lines, struct str *out)
{
	struct json_line line = { clock_now_ns(), 0, 0, "lost" };
	struct json j;

	json_line_begin(&j, out, &line);
	json_key(&j, "lines"), json_u64(&j, lines);
	json_end(&j);
	str_add_char(out, '\n');
}
