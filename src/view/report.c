/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The report.  First the answer in a line and what makes it doubtful, then what was recorded,
 * then the tables that were asked for, then what is not known, then the command that goes
 * deeper.
 */
#include "view/report.h"

#include "base/map.h"
#include "event/types.h"
#include "record/recording.h"
#include "view/flame.h"
#include "view/report_impl.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* --- the answer -------------------------------------------------------------------------- */

static uint64_t wall_ns(const struct profile *p)
{
	const struct recording_meta *meta =
		p->recording ? recording_borrow_meta(p->recording) : NULL;

	if (meta && meta->end_ns > meta->start_ns)
		return meta->end_ns - meta->start_ns;
	return p->last_ns > p->first_ns ? p->last_ns - p->first_ns : 0;
}

/* The name that most of the value runs under: "cc1" for all processes called so. */
static const char *busiest_name(const struct profile *p, uint64_t *value)
{
	const struct stacks *s = &p->stacks;
	const char *name = NULL;

	*value = 0;
	for (uint32_t i = s->first[0]; i < s->first[1] && s->grouped; i++) {
		const struct stacks_node *n = &s->nodes.v[s->order[i]];

		if (n->total > *value) {
			*value = n->total;
			name = s->symbols.v[n->symbol].name;
		}
	}
	return name;
}

static size_t sampled_processes(const struct profile *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->processes.n; i++)
		n += p->processes.v[i].samples > 0;
	return n;
}

static void headline(struct doc *doc, const struct profile *p)
{
	const struct recording_meta *meta =
		p->recording ? recording_borrow_meta(p->recording) : NULL;
	struct str text = { 0 };
	uint64_t value, wall = wall_ns(p);
	const char *name = busiest_name(p, &value);

	if (wall)
		str_printf(&text, "%s wall, ", units_duration_ns((double)wall).text);
	report_add_amount(&text, p, p->value);
	if (p->is_time)
		str_add(&text, " CPU");
	if (p->processes.n) {
		/* all that ran; of a part of them, those that were sampled */
		size_t n = p->left_out ? sampled_processes(p) : p->processes.n;

		str_printf(&text, " in %s process%s", units_count(n).text, n == 1 ? "" : "es");
	}
	if (meta && meta->cpus)
		str_printf(&text, " on %u CPU%s", meta->cpus, meta->cpus == 1 ? "" : "s");
	if (name && p->value)
		str_printf(&text, "; %s of it in %s", units_ratio(report_ratio(p, value)).text,
			   name);
	doc_headline(doc, "%s", str_text(&text));
	str_deinit(&text);
}

/* --- what was recorded --------------------------------------------------------------------- */

static void field(struct doc *doc, const char *key, const char *title, const char *value)
{
	if (value && *value)
		doc_field(doc, key, title, DOC_TEXT, DOC_STR(value));
}

static void when_field(struct doc *doc, const struct recording_meta *meta)
{
	int64_t ns = (int64_t)meta->start_ns + meta->wall_offset_ns;
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm tm;
	char text[64];

	if (ns > 0 && gmtime_r(&seconds, &tm) && strftime(text, sizeof(text), "%F %T UTC", &tm))
		field(doc, "when", "when", text);
}

static void exit_field(struct doc *doc, int status)
{
	char text[64];

	if (status == -1)
		return;
	if ((status & 0x7f) == 0)
		snprintf(text, sizeof(text), "%d", status >> 8 & 0xff);
	else
		snprintf(text, sizeof(text), "killed by signal %d (%s)", status & 0x7f,
			 sigabbrev_np(status & 0x7f) ? sigabbrev_np(status & 0x7f) : "?");
	field(doc, "exit_status", "exit status", text);
}

static void samples_fields(struct doc *doc, const struct profile *p)
{
	struct str text = { 0 };

	doc_field(doc, "samples", "samples", DOC_COUNT, DOC_U64(p->samples));
	if (p->left_out)
		doc_field(doc, "left_out", "left out", DOC_COUNT, DOC_U64(p->left_out));
	str_add(&text, p->event);
	if (p->frequency_hz)
		str_printf(&text, ", %s a second and CPU", units_count(p->frequency_hz).text);
	else if (p->period == 1)
		str_add(&text, ", each one");
	else if (p->period)
		str_printf(&text, ", one sample every %s", units_count(p->period).text);
	if (!p->is_time)
		str_printf(&text, "; shares are of %s, not of time", p->stacks.unit);
	field(doc, "event", "event", str_text(&text));
	str_deinit(&text);
}

static void busy_fields(struct doc *doc, const struct profile *p)
{
	uint64_t wall = wall_ns(p);

	if (!p->is_time || !wall || !p->value)
		return;
	doc_field(doc, "busy_cpus", "CPUs busy", DOC_NUMBER, DOC_F64((double)p->value / (double)wall));
	doc_field(doc, "kernel", "in the kernel", DOC_RATIO, DOC_F64(report_ratio(p, p->kernel)));
}

static void fields(struct doc *doc, const struct profile *p)
{
	const struct recording_meta *meta;
	struct str where = { 0 };

	if (!p->recording)
		return;
	meta = recording_borrow_meta(p->recording);
	field(doc, "command", "command", meta->command);
	if (meta->host)
		str_printf(&where, "%s%s%s", meta->host, meta->kernel ? ", " : "",
			   meta->kernel ? meta->kernel : "");
	field(doc, "where", "where", str_text(&where));
	when_field(doc, meta);
	exit_field(doc, meta->exit_status);
	if (wall_ns(p))
		doc_field(doc, "wall", "wall", DOC_DURATION_NS, DOC_U64(wall_ns(p)));
	if (p->is_time)
		doc_field(doc, "cpu", "CPU", DOC_DURATION_NS, DOC_U64(p->value));
	samples_fields(doc, p);
	busy_fields(doc, p);
	str_deinit(&where);
}

/* --- the body ----------------------------------------------------------------------------------
 */

static void next_command(struct doc *doc, const struct profile *p, const struct report_options *o)
{
	struct str command = { 0 };
	if (!o->view->recording_path)
		return;

	CLEANUP(mem_freep) char *path = str_quote_shell(o->view->recording_path);

	if (o->page || o->view->function)
		str_printf(&command, "sonde report %s --tree", path);
	else
		str_printf(&command, "sonde flame %s", path);
	doc_next(doc, str_text(&command),
		 o->page || o->view->function
			 ? "who calls what"
			 : "the same as a picture that can be zoomed and searched");
	str_deinit(&command);
}

/* The second table: who used it, at the level where there is something to tell apart. */
static void who(struct doc *doc, const struct profile *p, const struct report_options *o)
{
	size_t threads = 0;

	for (size_t i = 0; i < p->threads.n; i++)
		threads += p->threads.v[i].samples > 0;
	if (sampled_processes(p) > 10)
		report_programs(doc, p, o);
	else if (sampled_processes(p) > 1)
		report_processes(doc, p, o);
	else if (threads > 1)
		report_threads(doc, p, o);
}

static struct err *tables(struct doc *doc, const struct profile *p, const struct report_options *o)
{
	const char *by = o->view->group_by;

	if (o->view->function)
		return report_function(doc, p, o);
	if (o->tree) {
		report_tree(doc, p, o);
		return NULL;
	}
	if (p->recording && (str_eq(by, "thread") || str_eq(by, "process")))
		(str_eq(by, "thread") ? report_threads : report_processes)(doc, p, o);
	else if (str_eq(by, "module"))
		report_modules(doc, p, o);
	else if (p->recording && str_eq(by, "line"))
		report_lines(doc, p, o);
	else
		report_functions(doc, p, o);
	if (!by && !p->stacks.diff && p->recording)
		who(doc, p, o);
	return NULL;
}

static struct err *page_parts(struct doc *doc, const struct profile *p,
			      const struct report_options *o)
{
	if (p->recording)
		TRY(report_timeline(doc, p, o));
	flame_emit(doc, "flame", &p->stacks, &(struct flame_style){ .title = "Flame graph" });
	return NULL;
}

struct err *report_emit(struct doc *doc, struct profile *p, const struct profile *before,
			const struct report_options *o)
{
	const struct recording_meta *meta =
		p->recording ? recording_borrow_meta(p->recording) : NULL;
	const char *title = o->title		    ? o->title
			    : meta && meta->command ? meta->command
						    : "CPU profile";

	doc_begin(doc, &(struct doc_head){ .kind = "sonde.report",
					   .version = 1,
					   .title = title,
					   .subtitle = o->view->recording_path,
					   .origin_ns = meta ? meta->start_ns : 0 });
	if (p->samples == 0) {
		doc_headline(doc, "no samples%s",
			     p->left_out ? " that fit what you asked for" : "");
		report_doubts(doc, p);
		report_notes(doc, p, o);
		return NULL;
	}
	headline(doc, p);
	report_doubts(doc, p);
	fields(doc, p);
	if (before) {
		stacks_diff(&p->stacks, &before->stacks, false);
		stacks_finish(&p->stacks);

		struct str was = { 0 };

		report_add_amount(&was, before, before->value);
		doc_text(doc, "Before it was %s%s; numbers are absolute, not scaled.",
			 str_text(&was), before->is_time ? " of CPU time" : "");
		str_deinit(&was);
	}
	if (o->page)
		TRY(page_parts(doc, p, o));
	TRY(tables(doc, p, o));
	if (!o->view->function && !o->tree && !o->view->group_by && !before)
		TRY(report_system_calls(doc, p, o));
	report_notes(doc, p, o);
	next_command(doc, p, o);
	return NULL;
}

/* --- as a view -----------------------------------------------------------------------------------
 */

struct err *report_profile(struct recording *r, const struct view_options *v, struct profile **ret)
{
	const struct profile_options options = {
		.thread = v->thread,
		.process = v->process,
		.module = v->module,
		.event = v->event,
		.from_ns = v->from_ns,
		.to_ns = v->to_ns,
		.no_kernel = v->no_kernel,
		.no_user = v->no_user,
		.no_inlines = v->no_inlines,
		.cache = v->cache,
		.group = v->by_thread	 ? PROFILE_BY_THREAD
			 : v->by_process ? PROFILE_BY_PROCESS
					 : PROFILE_BY_NAME,
	};

	return profile_create(r, &options, ret);
}
