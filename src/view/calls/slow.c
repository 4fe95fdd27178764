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

#include <stdio.h>

enum { CALL_SHOWN_BYTES = 160 };

static const struct doc_column columns[] = {
	{ "what", "call", DOC_TEXT, 0 }, { "duration", "took", DOC_DURATION_NS, 0 }, { "when", "when", DOC_TIME_NS, 0 },
	{ "who", "who", DOC_TEXT, 0 }, { "on", "on", DOC_TEXT, DOC_COLUMN_ELIDE_LEFT },
};
enum { COLUMNS = sizeof(columns) / sizeof(*columns) };

/* The execve that starts the command is made by sonde itself. */
static bool is_our_own(const struct calls *c, const struct calls_single *s)
{
	return s->thread < c->threads.n && c->threads.v[s->thread].is_our_own &&
	       str_eq(recording_string(c->recording, s->name), "execve");
}

static void emit_one(struct doc *doc, const struct calls *c, const struct call_stacks *stacks,
		     const struct calls_single *s)
{
	const struct recording *r = c->recording;
	const char *on = s->object == CALL_OBJECT_NONE ? "" : c->objects.list.v[s->object].name;
	struct str whole = { 0 }, text = { 0 };
	char who[64];

	str_printf(&whole, "%s(%s", recording_string(r, s->name), s->arguments ? recording_string(r, s->arguments) : "");
	str_add_cut(&text, str_text(&whole), CALL_SHOWN_BYTES);
	str_printf(&text, ") = %s", s->returned ? recording_string(r, s->returned) : "?");
	doc_node(doc, 0, (struct doc_value[]){ DOC_STYLED(str_text(&text), DOC_STRONG), DOC_U64(s->duration_ns),
					       DOC_U64(s->time_ns),
					       DOC_STR(calls_who(c, s->thread, who, sizeof(who))), DOC_STR(on) });
	if (!is_our_own(c, s))
		call_stacks_emit(stacks, doc, COLUMNS, s->stack);
	str_deinit(&whole);
	str_deinit(&text);
}

void calls_emit_slow(struct doc *doc, struct calls *c)
{
	struct call_stacks *stacks = call_stacks_open(doc, c);

	doc_tree_begin(doc, "slow", "Slowest calls", columns, COLUMNS);
	for (size_t i = 0; i < c->slow.n; i++)
		emit_one(doc, c, stacks, &c->slow.v[i]);
	doc_tree_end(doc);
	if (c->waited_ns)
		doc_text(doc, "Calls that are made to wait are not among them (%s in all): --waits.",
			 units_duration_ns((double)c->waited_ns).text);
	if (!c->has_stacks)
		doc_text(doc, "Recorded without stacks: sonde trace -k -o REC.sonde records who made each call.");
	call_stacks_close(stacks);
}
