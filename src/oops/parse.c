// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One report's text becomes its structure.  First its kind: the first row of the tables
 * that fits the headline and has what it needs in the body.  Then what all reports have
 * (facts.c, registers.c, trace.c), then what this kind has beside (its templates), and at
 * last what follows from these: whom to blame, what to call it, whether to trust it.
 */
#include "oops/parse.h"

#include "base/mem.h"
#include "oops/match.h"
#include "oops/trace.h"

#include <stdlib.h>
#include <string.h>

struct oops_lines oops_lines_of(const struct oops_report *r)
{
	return (struct oops_lines){ r->text, r->text + r->text_length };
}

bool oops_lines_next(struct oops_lines *lines, const char **line, size_t *length)
{
	if (lines->at >= lines->end)
		return false;
	const char *newline = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));

	*line = lines->at;
	*length = (size_t)((newline != NULL ? newline : lines->end) - lines->at);
	lines->at += *length + 1;
	return true;
}

void oops_detail_add(struct oops_report *r, const char *name, const char *value, size_t length)
{
	struct oops_detail *d = NULL;

	for (size_t i = 0; i < r->details.n; i++)
		if (strcmp(r->details.v[i].name, name) == 0)
			d = &r->details.v[i];
	if (d == NULL) {
		d = vec_add(&r->details);
		d->name = arena_strdup(&r->arena, name);
	}
	d->value = arena_strndup(&r->arena, value, length);
}

const char *oops_detail(const struct oops_report *r, const char *name)
{
	for (size_t i = 0; i < r->details.n; i++)
		if (strcmp(r->details.v[i].name, name) == 0)
			return r->details.v[i].value;
	return "";
}

const struct oops_trace *oops_trace_of(const struct oops_report *r, enum oops_trace_kind kind)
{
	for (size_t i = 0; i < r->traces.n; i++)
		if (r->traces.v[i].kind == kind && r->traces.v[i].frames.n > 0)
			return &r->traces.v[i];
	return NULL;
}

/* --- the kind ---------------------------------------------------------------------------------- */

static bool body_has(const struct oops_report *r, const char *template)
{
	struct oops_lines lines = oops_lines_of(r);
	const char *line;
	size_t length;

	while (oops_lines_next(&lines, &line, &length))
		if (oops_match(template, line, length, NULL))
			return true;
	return false;
}

static bool has_needs(const struct oops_report *r, const struct oops_kind *kind)
{
	for (const char *const *t = kind->needs; t != NULL && *t != NULL; t++)
		if (!body_has(r, *t))
			return false;
	return true;
}

static const struct oops_kind *choose_kind(const struct oops_report *r, const struct oops_kind *first,
					   const char *headline, size_t length)
{
	const struct oops_kind *kind = first, *last = first;

	for (; kind != NULL; kind = oops_kind_next(kind, headline, length)) {
		if (has_needs(r, kind))
			return kind;
		last = kind;
	}
	return last;
}

/* --- its own details ---------------------------------------------------------------------------- */

static void add_captures(struct oops_report *r, const struct oops_captures *captures)
{
	for (size_t i = 0; i < captures->n; i++) {
		char name[64];
		const struct oops_capture *c = &captures->v[i];

		if (c->name_length >= sizeof(name))
			continue;
		memcpy(name, c->name, c->name_length);
		name[c->name_length] = '\0';
		oops_detail_add(r, name, c->text, c->length);
	}
}

static void read_details(struct oops_report *r, const char *headline, size_t headline_length)
{
	struct oops_captures captures = { .n = 0 };

	if (oops_match(r->kind->start, headline, headline_length, &captures))
		add_captures(r, &captures);
	for (const char *const *t = r->kind->needs; t != NULL && *t != NULL; t++) {
		struct oops_lines lines = oops_lines_of(r);
		const char *line;
		size_t length;

		captures.n = 0;
		while (oops_lines_next(&lines, &line, &length) && !oops_match(*t, line, length, &captures))
			;
		add_captures(r, &captures);
	}
	for (const char *const *t = r->kind->body; t != NULL && *t != NULL; t++) {
		struct oops_lines lines = oops_lines_of(r);
		const char *line;
		size_t length;

		captures.n = 0;
		while (oops_lines_next(&lines, &line, &length))
			if (oops_match(*t, line, length, &captures))
				break;
		add_captures(r, &captures);
	}
}

/* A line of which logs have thousands, and which has nothing beside what its template takes. */
static bool is_single_note(const struct oops_kind *kind)
{
	return (kind->flags & (OOPS_NOTE | OOPS_ONE_LINE)) == (OOPS_NOTE | OOPS_ONE_LINE);
}

static bool looks_at_pc(const struct oops_kind *kind)
{
	for (size_t i = 0; i < sizeof(kind->where) / sizeof(kind->where[0]) && kind->where[i] != OOPS_WHERE_END; i++)
		if (kind->where[i] == OOPS_WHERE_PC || kind->where[i] == OOPS_WHERE_LOOPED || kind->where[i] == OOPS_WHERE_STALLED)
			return true;
	return false;
}

/* Where the kernel only complains of a stack, registers in it are of the code that an interrupt came to, or of other CPUs (NMI,
 * behind a hung task): they say nothing of the report. */
static void forget_others_registers(struct oops_report *r)
{
	bool is_complaint = r->severity == OOPS_WARNING || r->severity == OOPS_BUG;

	if (!is_complaint || looks_at_pc(r->kind) || (r->pc.function != NULL && r->blame != NULL && strcmp(r->pc.function, r->blame->function) == 0))
		return;
	r->registers.n = 0;
	r->code = NULL;
	r->pc = r->lr = (struct oops_frame){ .function = NULL };
}

struct oops_report *oops_parse(const struct oops_kind *kind, const char *text, size_t length)
{
	struct oops_report *r = mem_calloc(1, sizeof(*r));
	const char *headline;
	size_t headline_length;

	arena_init(&r->arena);
	r->text = arena_strndup(&r->arena, text, length);
	r->text_length = length;
	r->time_us = -1;
	r->cpu = r->pid = -1;
	struct oops_lines lines = oops_lines_of(r);

	if (!oops_lines_next(&lines, &headline, &headline_length))
		headline = "", headline_length = 0;
	r->headline = arena_strndup(&r->arena, headline, headline_length);
	r->kind = choose_kind(r, kind, headline, headline_length);
	r->severity = r->kind->severity;
	read_details(r, headline, headline_length);
	if (!is_single_note(r->kind)) {
		oops_facts_parse(r);
		oops_context_find(r);
		oops_registers_parse(r);
		oops_traces_parse(r);
		oops_tasks_parse(r);
	}
	if (r->kind->finish != NULL)
		r->kind->finish(r);
	oops_blame_find(r);
	forget_others_registers(r);
	oops_source_find(r);
	oops_title_make(r);
	oops_damage_find(r);
	return r;
}

void oops_report_destroy(struct oops_report *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->traces.n; i++)
		vec_deinit(&r->traces.v[i].frames);
	vec_deinit(&r->traces);
	vec_deinit(&r->registers);
	vec_deinit(&r->modules);
	vec_deinit(&r->locks);
	vec_deinit(&r->tasks);
	vec_deinit(&r->details);
	arena_deinit(&r->arena);
	free(r);
}
