/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A flame graph in a terminal: an icicle (root on top, callees below), each level one
 * line, each frame as wide as its share.  Where it is narrow, a tree with per cents
 * instead.  Nodes come in pre-order, the root with the total first: what is narrower
 * than half a column can be dropped at once, so memory follows the screen, not the graph.
 */
#include "render/term_impl.h"

#include "base/mem.h"
#include "base/units.h"
#include "render/format.h"
#include "render/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS_MOST = 40, TREE_LINES_MOST = 60, NARROW = 60 };

struct box {
	unsigned depth;
	double x, value, self, before; /* x and value in the graph's unit */
	size_t name_at;		       /* in flame->names, NUL-terminated, clean */
	enum doc_frame_kind kind;
};

struct term_flame {
	char *unit_name;
	enum doc_unit unit;
	bool diff;
	double total, factor;
	double narrowest; /* in the graph's unit */
	struct str names;
	VEC(struct box) boxes;
	VEC(double) next_x; /* by depth: where the next node of that depth starts */
	unsigned deepest;   /* seen */
	uint64_t dropped;
};

void term_flame_destroy(struct term_flame *flame)
{
	if (flame == NULL)
		return;
	free(flame->unit_name);
	str_deinit(&flame->names);
	vec_deinit(&flame->boxes);
	vec_deinit(&flame->next_x);
	free(flame);
}

struct err *term_flame_begin(void *self, const struct doc_flame *flame)
{
	struct term *t = self;
	struct term_flame *f = t->flame = mem_calloc(1, sizeof(*f));

	term_block(t, TERM_BLOCK);
	term_title(t, flame->title);
	f->unit_name = mem_strdup(flame->unit_name);
	f->unit = flame->unit;
	f->diff = flame->diff;
	f->factor = flame->factor;
	return NULL;
}

static bool is_tree(const struct term *t) { return t->width < NARROW; }

struct err *term_flame_node(void *self, unsigned depth, const struct doc_frame *frame)
{
	struct term *t = self;
	struct term_flame *f = t->flame;
	size_t length = strlen(frame->name), most = (size_t)t->width * 4;
	double x;

	if (depth == 0) {
		f->total = frame->value;
		f->narrowest = f->total * (is_tree(t) ? 0.01 : 0.5 / term_room(t));
	}
	while (f->next_x.n < depth + 2)
		vec_push(&f->next_x, 0);
	x = f->next_x.v[depth];
	f->next_x.v[depth] += frame->value;
	f->next_x.v[depth + 1] = x;
	if (depth > f->deepest)
		f->deepest = depth;
	if (!(frame->value > 0) || frame->value < f->narrowest || depth >= LEVELS_MOST) {
		f->dropped++;
		return NULL;
	}
	struct box *box = vec_add(&f->boxes);

	*box = (struct box){ .depth = depth,
			     .x = x,
			     .value = frame->value,
			     .self = frame->self,
			     .before = frame->value_before,
			     .kind = frame->kind,
			     .name_at = f->names.length };
	text_add_clean(&f->names, frame->name, length > most ? most : length, t->utf8);
	str_add_char(&f->names, '\0');
	return NULL;
}

/* --- icicle ------------------------------------------------------------------------------ */

static const char *background(const struct term_flame *f, const struct box *box)
{
	static const char *const codes[] = {
		[DOC_FRAME_USER] = "30;48;5;216",    [DOC_FRAME_LIBRARY] = "30;48;5;222",
		[DOC_FRAME_KERNEL] = "30;48;5;110",  [DOC_FRAME_KERNEL_MODULE] = "30;48;5;140",
		[DOC_FRAME_INLINED] = "30;48;5;152", [DOC_FRAME_JIT] = "30;48;5;150",
		[DOC_FRAME_UNKNOWN] = "30;48;5;250", [DOC_FRAME_GROUP] = "30;48;5;188",
	};

	if (f->diff) {
		double change = f->total > 0 ? (box->value - box->before) / f->total : 0;

		return fabs(change) < 0.001 ? "30;48;5;252"
		       : change > 0	    ? "30;48;5;210"
					    : "30;48;5;111";
	}
	return codes[(unsigned)box->kind < 8 ? box->kind : DOC_FRAME_UNKNOWN];
}

static void add_box(struct term *t, const struct box *box, size_t columns)
{
	const struct term_flame *f = t->flame;
	const char *name = f->names.text + box->name_at;

	if (t->color)
		str_printf(&t->line, "\033[%sm", background(f, box));
	str_add(&t->line, t->utf8 ? "\xe2\x96\x8f" : "|");
	size_t used = 1;

	if (f->diff && columns > 3 && fabs(box->value - box->before) > f->total * 0.001) {
		str_add_char(&t->line, box->value > box->before ? '+' : '-');
		used++;
	}
	if (columns > used + 1)
		used += text_add_elided(&t->line, name, strlen(name), columns - used, false,
					t->utf8);
	term_pad(t, columns - used);
	if (t->color)
		str_add(&t->line, "\033[0m");
}

static void draw_level(struct term *t, unsigned depth)
{
	const struct term_flame *f = t->flame;
	double scale = term_room(t) / f->total;
	size_t at = 0;

	term_line_begin(t);
	for (size_t i = 0; i < f->boxes.n; i++) {
		const struct box *box = &f->boxes.v[i];
		size_t from = (size_t)(box->x * scale + 0.5),
		       to = (size_t)((box->x + box->value) * scale + 0.5);

		if (box->depth != depth || to <= from || from < at)
			continue;
		term_pad(t, from - at);
		add_box(t, box, to - from);
		at = to;
	}
	term_line_end(t);
}

static void draw_icicle(struct term *t)
{
	const struct term_flame *f = t->flame;
	unsigned levels = 0;

	for (size_t i = 0; i < f->boxes.n; i++)
		if (f->boxes.v[i].depth + 1 > levels)
			levels = f->boxes.v[i].depth + 1;
	for (unsigned depth = 0; depth < levels; depth++)
		draw_level(t, depth);
}

/* --- tree ---------------------------------------------------------------------------------- */

static void draw_tree(struct term *t)
{
	const struct term_flame *f = t->flame;

	for (size_t i = 0; i < f->boxes.n && i < TREE_LINES_MOST; i++) {
		const struct box *box = &f->boxes.v[i];
		const char *name = f->names.text + box->name_at;
		const char *share = units_ratio(box->value / f->total).text;
		unsigned indent = box->depth > t->width / 3 ? t->width / 3 : box->depth;

		term_line_begin(t);
		term_pad(t, 7 - strlen(share));
		term_add_text(t, DOC_PLAIN, share);
		term_pad(t, 1 + indent);
		text_add_elided(&t->line, name, strlen(name), t->width - 8 - indent, false,
				t->utf8);
		term_line_end(t);
	}
}

/* --- what it was ---------------------------------------------------------------------------- */

static void draw_summary(struct term *t)
{
	const struct term_flame *f = t->flame;
	double total = f->total * f->factor;
	struct doc_value value = total == floor(total) && total >= 0 && total < 1e18
					 ? DOC_U64((uint64_t)total)
					 : DOC_F64(total);
	struct str s = { 0 };

	format_value(&s, f->unit == DOC_TEXT ? DOC_COUNT : f->unit, &value, 0, false);
	if (f->unit == DOC_COUNT || f->unit == DOC_TEXT || f->unit == DOC_NUMBER)
		str_printf(&s, " %s", f->unit_name);
	str_printf(&s, ", %u levels deep", f->deepest + 1);
	if (f->dropped)
		str_printf(&s, "; %s frame%s too small to show here", units_count(f->dropped).text,
			   f->dropped == 1 ? " is" : "s are");
	if (f->diff)
		str_add(&s, "; + grew, - shrank");
	term_wrapped(t, DOC_DIM, "", str_text(&s));
	str_deinit(&s);
}

struct err *term_flame_end(void *self)
{
	struct term *t = self;
	struct term_flame *f = t->flame;

	if (f->boxes.n == 0)
		term_wrapped(t, DOC_DIM, "", "nothing to draw: no samples");
	else if (is_tree(t))
		draw_tree(t);
	else
		draw_icicle(t);
	if (f->boxes.n)
		draw_summary(t);
	term_flame_destroy(f);
	t->flame = NULL;
	return NULL;
}
