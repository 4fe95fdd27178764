/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The longest calls, each with its stack where stacks were recorded.  Calls that are made to wait
 * are left to `waits`: an event loop's poll is always the longest, and never news.
 */
#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"
#include "record/recording.h"
#include "render/doc.h"
#include "view/calls/calls_impl.h"
#include "view/frames.h"
#include "view/rows.h"

#include <stdio.h>
#include <string.h>

enum { FRAMES_SHOWN = 30, CALL_SHOWN_BYTES = 160 };

struct slow_view {
	struct doc *doc;
	struct calls *c;
	struct frames *frames; /* NULL: no stacks */
	const struct row_stack *stacks;
	size_t stack_count;
};

static const struct doc_column columns[] = {
	{ "what", "call", DOC_TEXT, 0 }, { "duration", "took", DOC_DURATION_NS, 0 }, { "when", "when", DOC_TIME_NS, 0 },
	{ "who", "who", DOC_TEXT, 0 }, { "on", "on", DOC_TEXT, DOC_COLUMN_ELIDE_LEFT },
};

/* "function  file:line" */
static void emit_frame(const struct slow_view *v, const struct frame *f, const struct frame_call *call)
{
	CLEANUP(str_deinit) struct str text = { 0 };

	if (call->function)
		str_add(&text, call->function);
	else
		str_printf(&text, "%s+0x%llx", *f->module ? f->module : "?", (unsigned long long)f->offset);
	if (call->inlined)
		str_add(&text, " (inlined)");
	if (call->file && call->line)
		str_printf(&text, "  %s:%u", strrchr(call->file, '/') ? strrchr(call->file, '/') + 1 : call->file,
			   call->line);
	doc_node(v->doc, 1, (struct doc_value[]){ DOC_STYLED(str_text(&text), DOC_DIM), DOC_NONE, DOC_NONE, DOC_NONE,
						  DOC_NONE });
}

/* Innermost first.  Parents may form a circle, so the count ends it. */
static void emit_stack(const struct slow_view *v, uint32_t id)
{
	for (unsigned shown = 0; id && shown < FRAMES_SHOWN; shown++) {
		size_t i = rows_find(v->stacks, sizeof(*v->stacks), v->stack_count, id), at;
		const struct frame *f;

		if (i == SIZE_MAX)
			return;
		id = v->stacks[i].parent;
		at = frames_index(v->frames, v->stacks[i].frame);
		if (at == SIZE_MAX)
			continue;
		f = frames_at(v->frames, at);
		for (uint32_t k = 0; k < f->call_count; k++)
			emit_frame(v, f, &frames_calls(v->frames, f)[k]);
	}
}

/* The execve that starts the command is made by sonde itself. */
static bool is_our_own(const struct calls *c, const struct calls_single *s)
{
	const struct row_thread *row = s->thread < c->threads.n ? c->threads.v[s->thread].row : NULL;

	return row && row->tid == row->pid && !row->previous && str_eq(recording_string(c->recording, s->name), "execve") &&
	       str_eq(recording_string(c->recording, row->comm), "sonde");
}

static void emit_one(const struct slow_view *v, const struct calls_single *s)
{
	const struct recording *r = v->c->recording;
	const char *on = s->object == CALL_OBJECT_NONE ? "" : v->c->objects.list.v[s->object].name;
	struct str whole = { 0 }, text = { 0 };
	char who[64];

	str_printf(&whole, "%s(%s", recording_string(r, s->name), s->arguments ? recording_string(r, s->arguments) : "");
	str_add_cut(&text, str_text(&whole), CALL_SHOWN_BYTES);
	str_printf(&text, ") = %s", s->returned ? recording_string(r, s->returned) : "?");
	doc_node(v->doc, 0, (struct doc_value[]){ DOC_STYLED(str_text(&text), DOC_STRONG), DOC_U64(s->duration_ns),
						  DOC_U64(s->time_ns),
						  DOC_STR(calls_who(v->c, s->thread, who, sizeof(who))), DOC_STR(on) });
	if (v->frames && !is_our_own(v->c, s))
		emit_stack(v, s->stack);
	str_deinit(&whole);
	str_deinit(&text);
}

static struct err *open_stacks(struct slow_view *v)
{
	const void *rows;

	if (!v->c->has_stacks)
		return NULL;
	TRY(recording_side_rows(v->c->recording, TYPE_stack, &rows, &v->stack_count));
	v->stacks = rows;
	return frames_create(v->c->recording, true, NULL, &v->frames);
}

void calls_emit_slow(struct doc *doc, struct calls *c)
{
	struct slow_view v = { .doc = doc, .c = c };
	struct err *err = open_stacks(&v);

	if (err)
		doc_warning(doc, NULL, "stacks could not be read: %s", err_message(err));
	err_destroy(err);
	doc_tree_begin(doc, "slow", "Slowest calls", columns, sizeof(columns) / sizeof(*columns));
	for (size_t i = 0; i < c->slow.n; i++)
		emit_one(&v, &c->slow.v[i]);
	doc_tree_end(doc);
	if (c->waited_ns)
		doc_text(doc, "Calls that are made to wait are not among them (%s in all): --waits.",
			 units_duration_ns((double)c->waited_ns).text);
	if (!c->has_stacks)
		doc_text(doc, "Recorded without stacks: sonde trace -k -o REC.sonde records who made each call.");
	frames_destroy(v.frames);
}
