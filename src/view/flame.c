/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Flame graphs: the tree of stacks handed to the document node by node, in pre-order,
 * children by name, so that two graphs of the same program can be laid side by side.
 * What is too narrow to be seen is left out here already (a million-node tree makes a
 * page of a few thousand), the renderer knows its own limit besides.
 */
#include "view/flame.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"
#include "record/stacks.h"
#include "render/doc.h"

#include <stdlib.h>
#include <string.h>

enum { TIPS_BYTES_MAX = 16 << 20 };

struct emitter {
	struct doc *doc;
	const struct stacks *s;
	const struct flame_style *style;
	double least; /* nodes below this are left out */
	struct str name, detail;
	VEC(uint32_t) todo; /* nodes, the next one last */
};

static enum doc_frame_kind frame_kind(const struct stacks *s, const struct stacks_node *n)
{
	if (s->grouped && n->depth == 1)
		return DOC_FRAME_GROUP;
	return (enum doc_frame_kind)s->symbols.v[n->symbol].kind; /* the same order */
}

static void set_before(const struct emitter *e, const struct stacks_node *n,
		       struct doc_frame *frame)
{
	if (!e->s->diff)
		return;
	frame->value_before = (double)n->total_before;
	frame->self_before = (double)n->self_before;
	if (e->style->negate) {
		frame->value_before = 2 * frame->value - frame->value_before;
		frame->self_before = 2 * frame->self - frame->self_before;
	}
}

static const char *detail_of(struct emitter *e, const struct stacks_symbol *symbol)
{
	str_clear(&e->detail);
	if (*symbol->module)
		str_add(&e->detail, symbol->module);
	if (*symbol->file) {
		str_printf(&e->detail, "%s%s", *symbol->module ? "  " : "", symbol->file);
		if (symbol->line)
			str_printf(&e->detail, ":%u", symbol->line);
	}
	return e->detail.length ? str_text(&e->detail) : NULL;
}

static void emit_node(struct emitter *e, uint32_t node)
{
	const struct stacks_node *n = &e->s->nodes.v[node];
	struct doc_frame frame = { .name = "all",
				   .kind = DOC_FRAME_GROUP,
				   .value = (double)n->total,
				   .self = (double)n->self };

	if (node != 0) {
		const struct stacks_symbol *symbol = &e->s->symbols.v[n->symbol];
		size_t length = strlen(symbol->name);

		str_clear(&e->name);
		str_add_n(&e->name, symbol->name, stacks_plain_length(symbol->name, length));
		frame.name = str_text(&e->name);
		frame.kind = frame_kind(e->s, n);
		frame.detail = detail_of(e, symbol);
		if (e->style->tips) {
			uint64_t *tip = strmap_find(e->style->tips, symbol->name, length);

			frame.tip = tip ? (const char *)(uintptr_t)*tip : NULL;
		}
	}
	set_before(e, n, &frame);
	doc_flame_node(e->doc, n->depth, &frame);
}

static bool is_visible(const struct emitter *e, uint32_t node)
{
	const struct stacks_node *n = &e->s->nodes.v[node];

	return (double)n->total >= e->least && n->total > 0;
}

static void emit_nodes(struct emitter *e)
{
	vec_push(&e->todo, 0);
	while (e->todo.n > 0) {
		uint32_t node = vec_pop(&e->todo);

		emit_node(e, node);
		for (uint32_t i = e->s->first[node + 1]; i-- > e->s->first[node];)
			if (is_visible(e, e->s->order[i]))
				vec_push(&e->todo, e->s->order[i]);
	}
}

static double least_visible(const struct stacks *s, const struct flame_style *style)
{
	double ratio = style->min_ratio == 0 ? 0.0001 : style->min_ratio < 0 ? 0 : style->min_ratio;

	return (double)s->nodes.v[0].total * ratio;
}

void flame_emit(struct doc *doc, const char *key, const struct stacks *stacks,
		const struct flame_style *style)
{
	bool is_time = str_eq(stacks->unit, "ns");
	struct emitter e = {
		.doc = doc, .s = stacks, .style = style, .least = least_visible(stacks, style)
	};

	doc_flame_begin(doc,
			&(struct doc_flame){
				.key = key,
				.title = style->title,
				.subtitle = style->subtitle,
				.notes = style->notes,
				.unit_name = style->count_name ? style->count_name : stacks->unit,
				.unit = is_time && !style->count_name ? DOC_DURATION_NS : DOC_COUNT,
				.diff = stacks->diff,
				.factor = style->factor,
				.min_ratio = style->min_ratio,
				.icicle = style->icicle,
				.palette = style->palette,
			});
	if (stacks->nodes.v[0].total > 0)
		emit_nodes(&e);
	doc_flame_end(doc);
	vec_deinit(&e.todo);
	str_deinit(&e.name);
	str_deinit(&e.detail);
}

/* --- the line above it --------------------------------------------------------------------- */

static void add_amount(struct str *out, const struct stacks *s, uint64_t value)
{
	if (str_eq(s->unit, "ns"))
		str_printf(out, "%s of CPU time", units_duration_ns((double)value).text);
	else
		str_printf(out, "%s %s", units_count(value).text, s->unit);
}

void flame_headline(struct doc *doc, const struct stacks *s)
{
	uint32_t best[3] = { 0 };
	uint64_t total = s->nodes.v[0].total;
	struct str text = { 0 };

	for (uint32_t i = s->first[0]; i < s->first[1]; i++) {
		uint32_t node = s->order[i];

		for (size_t k = 0; k < 3; k++)
			if (s->nodes.v[node].total > (best[k] ? s->nodes.v[best[k]].total : 0)) {
				uint32_t t = best[k];

				best[k] = node;
				node = t;
			}
	}
	add_amount(&text, s, total);
	for (size_t k = 0; k < 3 && best[k]; k++) {
		str_printf(&text, "%s %s in ", k ? "," : ":",
			   units_ratio((double)s->nodes.v[best[k]].total / (double)total).text);
		str_add_cut(&text, s->symbols.v[s->nodes.v[best[k]].symbol].name, 60);
	}
	doc_headline(doc, "%s", str_text(&text));
	str_deinit(&text);
}

/* --- tips --------------------------------------------------------------------------------------
 */

static void read_attributes(char *line, struct strmap *tips, size_t number, const char *path)
{
	struct strmap seen;
	char *save = NULL, *function = strtok_r(line, "\t", &save);

	if (!function || !*function)
		return;
	strmap_init(&seen);
	for (char *word; (word = strtok_r(NULL, "\t", &save));) {
		char *value = strchr(word, '=');
		bool is_new;

		if (!value)
			continue;
		*value++ = '\0';
		strmap_get(&seen, word, strlen(word), &is_new);
		if (!is_new)
			log_warn("%s:%zu: duplicate attribute `%s` for `%s`: the last one counts",
				 path, number, word, function);
		if (strcmp(word, "title") != 0)
			continue;

		size_t length = strlen(value);

		if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
			value[length - 1] = '\0';
			value++;
		}
		*strmap_get(tips, function, strlen(function), NULL) =
			(uintptr_t)arena_strdup(&tips->keys, value);
	}
	strmap_deinit(&seen);
}

struct err *flame_read_tips(const char *path, struct strmap *tips)
{
	struct str text = { 0 };
	struct err *err = io_read_file(path, TIPS_BYTES_MAX, &text);
	size_t number = 0;
	char *save = NULL;

	if (!err && text.text)
		for (char *line = strtok_r(text.text, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save))
			read_attributes(line, tips, ++number, path);
	str_deinit(&text);
	return err;
}
