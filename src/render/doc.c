/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The document as a state machine: each call checks that it may stand here, then hands
 * on to the renderer.  A call out of order is a bug of the view; it is remembered as the
 * document's error instead of aborting, so that a user gets a message and a test a
 * failure.  After the first error nothing reaches the renderer any more.
 */
#include "render/doc_impl.h"

#include "base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void remember(struct doc *d, struct err *err)
{
	if (err == NULL)
		return;
	if (d->err == NULL)
		d->err = err;
	else
		err_destroy(err);
}

/* Hand on to a hook, and notice a full disk or a closed pipe soon. */
#define CALL(d, hook, ...)                                                                         \
	do {                                                                                       \
		if ((d)->ops->hook)                                                                \
			remember((d), (d)->ops->hook((d)->self, ##__VA_ARGS__));                   \
		if ((d)->err == NULL && ferror((d)->sink.out))                                     \
			remember((d), err_errno(errno ? errno : EIO, "cannot write the output"));  \
	} while (0)

/* May a node start, or prose stand, here? */
static bool ready(struct doc *d, const char *call)
{
	if (d->err)
		return false;
	if (d->begun && !d->ended && d->node == DOC_NODE_NONE)
		return true;
	remember(d, err_new(ERR_INTERNAL, "%s: %s", call,
			    !d->begun  ? "before doc_begin()"
			    : d->ended ? "after doc_end()"
				       : "inside of a table, tree, flame graph or timeline"));
	return false;
}

/* Is the node that this call belongs to open? */
static bool inside(struct doc *d, enum doc_node_kind node, const char *call)
{
	if (d->err)
		return false;
	if (d->node == node)
		return true;
	remember(d, err_new(ERR_INTERNAL, "%s: outside of its node", call));
	return false;
}

static bool depth_is_next(struct doc *d, unsigned depth, const char *call)
{
	if (depth <= d->node_depth) {
		d->node_depth = depth + 1;
		return true;
	}
	remember(d, err_new(ERR_INTERNAL, "%s: depth %u after %u", call, depth, d->node_depth));
	return false;
}

static const char *or_empty(const char *s) { return s ? s : ""; }

void doc_begin(struct doc *d, const struct doc_head *head)
{
	if (d->err)
		return;
	if (d->begun) {
		remember(d, err_new(ERR_INTERNAL, "doc_begin: called twice"));
		return;
	}
	d->begun = true;

	struct doc_head h = *head;

	h.kind = or_empty(h.kind);
	h.title = or_empty(h.title);
	CALL(d, begin, &h);
}

struct err *doc_end(struct doc *d)
{
	if (ready(d, "doc_end") && d->section_depth)
		remember(d,
			 err_new(ERR_INTERNAL, "doc_end: %u sections are open", d->section_depth));
	d->ended = true;
	if (d->err == NULL) {
		CALL(d, end);
	}
	if (d->err == NULL)
		remember(d, sink_finish(&d->sink));

	struct err *err = d->err;

	/* The reader of our pager has seen enough: that is no failure. */
	if (err && d->sink.pager_pid && err_errnum(err) == EPIPE) {
		err_destroy(err);
		err = NULL;
	}
	d->err = NULL;
	return err;
}

void doc_section_begin(struct doc *d, const char *key, const char *title)
{
	if (!ready(d, "doc_section_begin"))
		return;
	if (d->section_depth == 16) {
		remember(d, err_new(ERR_INTERNAL, "doc_section_begin: more than 16 deep"));
		return;
	}
	d->section_depth++;
	CALL(d, section_begin, key, or_empty(title));
}

void doc_section_end(struct doc *d)
{
	if (!ready(d, "doc_section_end"))
		return;
	if (d->section_depth == 0) {
		remember(d, err_new(ERR_INTERNAL, "doc_section_end: no section is open"));
		return;
	}
	d->section_depth--;
	CALL(d, section_end);
}

/* The text of a printf-like call; free it.  Most lines fit into STACK. */
static char *print(char *stack, size_t size, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	int length = vsnprintf(stack, size, fmt, ap);
	char *text = stack;

	if (length >= (int)size) {
		text = mem_alloc((size_t)length + 1);
		vsnprintf(text, (size_t)length + 1, fmt, again);
	} else if (length < 0)
		stack[0] = '\0';
	va_end(again);
	return text;
}

/* What the calls with a printf-like text have in common: HOOK gets it as TEXT. */
#define PRINTED(d, call, fmt, hook, ...)                                                           \
	do {                                                                                       \
		char stack_[512], *text;                                                           \
		va_list ap_;                                                                       \
                                                                                                   \
		if (!ready((d), (call)))                                                           \
			return;                                                                    \
		va_start(ap_, fmt);                                                                \
		text = print(stack_, sizeof(stack_), (fmt), ap_);                                  \
		va_end(ap_);                                                                       \
		CALL((d), hook, __VA_ARGS__);                                                      \
		if (text != stack_)                                                                \
			free(text);                                                                \
	} while (0)

void doc_headline(struct doc *d, const char *fmt, ...)
{
	PRINTED(d, "doc_headline", fmt, headline, text);
}

void doc_text(struct doc *d, const char *fmt, ...) { PRINTED(d, "doc_text", fmt, text, text); }

void doc_warning(struct doc *d, const char *fix, const char *fmt, ...)
{
	PRINTED(d, "doc_warning", fmt, warning, text, fix);
}

void doc_next(struct doc *d, const char *command, const char *why)
{
	if (ready(d, "doc_next"))
		CALL(d, next, command, why);
}

void doc_field(struct doc *d, const char *key, const char *title, enum doc_unit unit,
	       struct doc_value value)
{
	if (ready(d, "doc_field"))
		CALL(d, field, key, title ? title : key, unit, &value);
}

void doc_verbatim(struct doc *d, const char *key, const char *text)
{
	if (ready(d, "doc_verbatim"))
		CALL(d, verbatim, key, or_empty(text));
}

static bool begin_node(struct doc *d, enum doc_node_kind node, const char *call)
{
	if (!ready(d, call))
		return false;
	d->node = node;
	d->node_depth = 0;
	d->has_lane = false;
	return true;
}

static void begin_table(struct doc *d, const char *key, const char *title,
			const struct doc_column *columns, size_t count, bool is_tree)
{
	if (!begin_node(d, is_tree ? DOC_NODE_TREE : DOC_NODE_TABLE,
			is_tree ? "doc_tree_begin" : "doc_table_begin"))
		return;
	if (count == 0) {
		remember(d, err_new(ERR_INTERNAL, "table '%s' has no columns", key));
		return;
	}
	d->column_count = count;
	CALL(d, table_begin, key, or_empty(title), columns, count, is_tree);
}

void doc_table_begin(struct doc *d, const char *key, const char *title,
		     const struct doc_column *columns, size_t count)
{
	begin_table(d, key, title, columns, count, false);
}

void doc_row(struct doc *d, const struct doc_value *values)
{
	if (inside(d, DOC_NODE_TABLE, "doc_row"))
		CALL(d, row, 0, values);
}

void doc_table_end(struct doc *d, uint64_t rows_left_out, const char *how_to_see)
{
	if (!inside(d, DOC_NODE_TABLE, "doc_table_end"))
		return;
	d->node = DOC_NODE_NONE;
	CALL(d, table_end, rows_left_out, how_to_see);
}

void doc_tree_begin(struct doc *d, const char *key, const char *title,
		    const struct doc_column *columns, size_t count)
{
	begin_table(d, key, title, columns, count, true);
}

void doc_node(struct doc *d, unsigned depth, const struct doc_value *values)
{
	if (inside(d, DOC_NODE_TREE, "doc_node") && depth_is_next(d, depth, "doc_node"))
		CALL(d, row, depth, values);
}

void doc_tree_end(struct doc *d)
{
	if (!inside(d, DOC_NODE_TREE, "doc_tree_end"))
		return;
	d->node = DOC_NODE_NONE;
	CALL(d, table_end, 0, NULL);
}

void doc_histogram(struct doc *d, const char *key, const char *title, enum doc_unit unit,
		   const struct doc_bucket *buckets, size_t count)
{
	if (ready(d, "doc_histogram"))
		CALL(d, histogram, key, or_empty(title), unit, buckets, count);
}

void doc_flame_begin(struct doc *d, const struct doc_flame *flame)
{
	struct doc_flame f = *flame;

	if (!begin_node(d, DOC_NODE_FLAME, "doc_flame_begin"))
		return;
	f.title = or_empty(f.title);
	f.unit_name = f.unit_name ? f.unit_name : "samples";
	f.factor = f.factor == 0 ? 1 : f.factor;
	CALL(d, flame_begin, &f);
}

void doc_flame_node(struct doc *d, unsigned depth, const struct doc_frame *frame)
{
	struct doc_frame f = *frame;

	if (!inside(d, DOC_NODE_FLAME, "doc_flame_node"))
		return;
	if (depth == 0 && d->node_depth) {
		remember(d, err_new(ERR_INTERNAL, "doc_flame_node: a second root"));
		return;
	}
	if (!depth_is_next(d, depth, "doc_flame_node"))
		return;
	f.name = or_empty(f.name);
	CALL(d, flame_node, depth, &f);
}

void doc_flame_end(struct doc *d)
{
	if (!inside(d, DOC_NODE_FLAME, "doc_flame_end"))
		return;
	d->node = DOC_NODE_NONE;
	CALL(d, flame_end);
}

void doc_timeline_begin(struct doc *d, const struct doc_timeline *timeline)
{
	struct doc_timeline t = *timeline;

	if (!begin_node(d, DOC_NODE_TIMELINE, "doc_timeline_begin"))
		return;
	t.title = or_empty(t.title);
	t.levels = t.levels ? t.levels : 1;
	t.to_ns = t.to_ns < t.from_ns ? t.from_ns : t.to_ns;
	d->timeline_levels = t.levels;
	CALL(d, timeline_begin, &t);
}

void doc_lane(struct doc *d, const char *name)
{
	if (!inside(d, DOC_NODE_TIMELINE, "doc_lane"))
		return;
	d->has_lane = true;
	CALL(d, lane, or_empty(name));
}

void doc_span(struct doc *d, const struct doc_span *span)
{
	struct doc_span s = *span;

	if (!inside(d, DOC_NODE_TIMELINE, "doc_span"))
		return;
	if (!d->has_lane || s.level >= d->timeline_levels || s.to_ns < s.from_ns) {
		remember(d, err_new(ERR_INTERNAL, "doc_span: %s",
				    !d->has_lane	  ? "before the first lane"
				    : s.to_ns < s.from_ns ? "it ends before it starts"
							  : "no such level"));
		return;
	}
	s.name = or_empty(s.name);
	CALL(d, span, &s);
}

void doc_timeline_end(struct doc *d)
{
	if (!inside(d, DOC_NODE_TIMELINE, "doc_timeline_end"))
		return;
	d->node = DOC_NODE_NONE;
	CALL(d, timeline_end);
}
