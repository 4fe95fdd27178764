/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who made a call: its stack as nodes below the call's own, where stacks were recorded. */
#include "base/mem.h"
#include "base/str.h"
#include "record/recording.h"
#include "render/doc.h"
#include "view/calls/calls_impl.h"
#include "view/frames.h"
#include "view/rows.h"

#include <stdlib.h>
#include <string.h>

enum { FRAMES_SHOWN = 30, COLUMNS_MAX = 8 };

struct call_stacks {
	struct frames *frames;
	const struct row_stack *rows;
	size_t count;
};

struct call_stacks *call_stacks_open(struct doc *doc, const struct calls *c)
{
	struct call_stacks *s;
	const void *rows;
	struct err *err;

	if (!c->has_stacks)
		return NULL;
	s = mem_calloc(1, sizeof(*s));
	err = recording_side_rows(c->recording, TYPE_stack, &rows, &s->count);
	if (!err) {
		s->rows = rows;
		err = frames_create(c->recording, true, NULL, &s->frames);
	}
	if (!err)
		return s;
	doc_warning(doc, NULL, "stacks could not be read: %s", err_message(err));
	err_destroy(err);
	free(s);
	return NULL;
}

void call_stacks_close(struct call_stacks *s)
{
	if (s == NULL)
		return;
	frames_destroy(s->frames);
	free(s);
}

/* "function  file:line" */
static void emit_frame(struct doc *doc, unsigned columns, const struct frame *f, const struct frame_call *call)
{
	CLEANUP(str_deinit) struct str text = { 0 };
	struct doc_value values[COLUMNS_MAX];

	if (call->function)
		str_add(&text, call->function);
	else
		str_printf(&text, "%s+0x%llx", *f->module ? f->module : "?", (unsigned long long)f->offset);
	if (call->inlined)
		str_add(&text, " (inlined)");
	if (call->file && call->line)
		str_printf(&text, "  %s:%u", strrchr(call->file, '/') ? strrchr(call->file, '/') + 1 : call->file,
			   call->line);
	values[0] = DOC_STYLED(str_text(&text), DOC_DIM);
	for (unsigned i = 1; i < columns; i++)
		values[i] = DOC_NONE;
	doc_node(doc, 1, values);
}

/* Innermost first.  Parents may form a circle, so the count ends it. */
void call_stacks_emit(const struct call_stacks *s, struct doc *doc, unsigned columns, uint32_t id)
{
	for (unsigned shown = 0; s && id && shown < FRAMES_SHOWN; shown++) {
		size_t i = rows_find(s->rows, sizeof(*s->rows), s->count, id), at;
		const struct frame *f;

		if (i == SIZE_MAX)
			return;
		id = s->rows[i].parent;
		at = frames_index(s->frames, s->rows[i].frame);
		if (at == SIZE_MAX)
			continue;
		f = frames_at(s->frames, at);
		for (uint32_t k = 0; k < f->call_count; k++)
			emit_frame(doc, columns, f, &frames_calls(s->frames, f)[k]);
	}
}
