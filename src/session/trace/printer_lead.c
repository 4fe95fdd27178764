/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What stands before a line: whose it is, when it was, number and instruction pointer.
 *
 * One line at a time is open on the shared output.  Whoever prints next, the same thread
 * or another, ends it with "<unfinished ...>".
 */
#include "session/trace/printer_impl.h"

#include "base/clock.h"
#include "session/trace/pid_names.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const unsigned digits[] = { 0, 3, 6, 9 };
static const uint32_t divisors[] = { 0, 1000000, 1000, 1 };

void printer_refresh_comm(struct printer *p, struct call_thread *t)
{
	struct line *line = printer_line(t);
	struct str comm;

	if (!(p->options->pid_words & TRACE_PIDS_COMM))
		return;
	str_init(&comm);
	if (pid_names_add_comm(p->pids, t->tid, &comm))
		snprintf(line->comm, sizeof(line->comm), "%s", str_text(&comm));
	str_deinit(&comm);
}

static void add_pid(struct printer *p, struct call_thread *t, struct trace_out *out)
{
	const struct trace_options *o = p->options;
	const char *name = printer_line(t)->comm;
	bool to_file = o->output != NULL || o->always_pid;
	bool always = o->always_pid || (o->output && !o->separate && (o->follow || o->pids.n + (o->command != NULL) > 1));

	if (!always && (to_file || p->threads <= 1))
		return;
	printer_refresh_comm(p, t);
	if (to_file && !name[0]) {
		str_add_u64_padded(&out->text, (uint64_t)t->tid, 5);
		str_add_char(&out->text, ' ');
	} else if (to_file) {
		str_printf(&out->text, name[0] ? "%u%s " : "%-5u%s ", t->tid, name);
	} else {
		str_printf(&out->text, "[pid %5u%s] ", t->tid, name);
	}
}

static void add_fraction(struct str *text, enum trace_precision precision, uint64_t ns)
{
	if (precision != TRACE_S)
		str_printf(text, ".%0*u", (int)digits[precision], (unsigned)(ns / divisors[precision]));
}

static void add_stamp(struct printer *p, struct str *text, uint64_t time_ns)
{
	const struct trace_options *o = p->options;
	struct timespec now = { 0 };
	struct tm tm;
	time_t seconds;

	if (p->recorded) {
		uint64_t wall_ns = time_ns + (uint64_t)p->wall_offset_ns;

		now.tv_sec = (time_t)(wall_ns / 1000000000);
		now.tv_nsec = (long)(wall_ns % 1000000000);
	} else {
		clock_gettime(CLOCK_REALTIME, &now);
	}
	seconds = now.tv_sec;
	if (o->stamp == TRACE_STAMP_UNIX)
		str_printf(text, "%lld", (long long)seconds);
	else if (localtime_r(&seconds, &tm))
		str_printf(text, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
	add_fraction(text, o->stamp_precision, (uint64_t)now.tv_nsec);
	str_add_char(text, ' ');
}

static void add_relative(struct printer *p, struct str *text, uint64_t time_ns)
{
	const struct trace_options *o = p->options;
	uint64_t past_ns = p->last_ns && time_ns > p->last_ns ? time_ns - p->last_ns : 0;

	p->last_ns = time_ns;
	str_printf(text, "%s%6llu", o->stamp ? "(+" : "", (unsigned long long)(past_ns / 1000000000));
	add_fraction(text, o->relative_precision, past_ns % 1000000000);
	str_add(text, o->stamp ? ") " : " ");
}

static void add_number_and_ip(const struct trace_options *o, const struct call_thread *t, struct str *text)
{
	bool narrow = syscall_abi_word_bytes(t->call.abi) == 4;

	uint64_t number = syscall_raw_number(t->call.abi, t->call.through ? t->call.through : t->call.number);

	if (o->show_number && number == UINT64_MAX)
		str_add(text, "[???] ");
	else if (o->show_number)
		str_printf(text, "[%4llu] ", (unsigned long long)number);
	if (!o->show_ip)
		return;
	if (t->signal_ip || t->in_call)
		str_printf(text, narrow ? "[%08llx] " : "[%016llx] ", (unsigned long long)(t->signal_ip ? t->signal_ip : t->ip));
	else
		str_printf(text, narrow ? "[????????] " : "[????????????????] ");
}

void printer_lead(struct printer *p, struct call_thread *t, struct trace_out *out, uint64_t time_ns)
{
	const struct trace_options *o = p->options;
	bool shared = out == &p->out;

	/* With files of their own there is no other's line to end. */
	if ((shared ? p->printing != NULL : true) && trace_out_column(out) != 0) {
		str_add(&out->text, " <unfinished ...>\n");
		trace_out_new_line(out);
	}
	if (shared)
		p->printing = t;
	add_pid(p, t, out);
	if (o->stamp)
		add_stamp(p, &out->text, time_ns);
	if (o->relative)
		add_relative(p, &out->text, time_ns ? time_ns : clock_now_ns());
	add_number_and_ip(o, t, &out->text);
}

void printer_end_line(struct printer *p, struct trace_out *out)
{
	str_add_char(&out->text, '\n');
	trace_out_new_line(out);
	if (out == &p->out)
		p->printing = NULL;
}
