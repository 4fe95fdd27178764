/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who calls whom: the callers and callees of one function, and the call tree.
 *
 * A function that recurses is on a stack more than once.  Its callers are those of the
 * outermost occurrence, its callees those of the innermost, so each sample counts once
 * on both sides and both sides add up to the function's total.
 */
#include "view/report_impl.h"

#include "base/mem.h"
#include "base/opt.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

typedef VEC(struct report_item) item_list;

/* --- which function --------------------------------------------------------------------------- */

struct focus {
	const struct profile *p;
	bool *is_it;	 /* by symbol */
	bool *inside;	 /* by node: it or an ancestor is the function */
	uint64_t *below; /* by node: what falls on occurrences below this one */
	uint64_t self, total;
	const char *name; /* of the first symbol that matched */
};

struct err *report_no_function(const struct profile *p, const char *name, const char *command)
{
	const char **names = mem_alloc((p->stacks.symbols.n + 1) * sizeof(*names));
	const char *part = NULL;
	size_t n = 0;

	for (size_t i = 0; i < p->stacks.symbols.n; i++) {
		const struct stacks_symbol *symbol = &p->stacks.symbols.v[i];

		if (symbol->kind == STACKS_GROUP) /* a process's or thread's name */
			continue;
		names[n++] = symbol->name;
		if (!part && strstr(symbol->name, name))
			part = symbol->name;
	}

	const char *nearest = part ? part : opt_nearest(name, names, n);
	struct err *err = err_new(ERR_NOT_FOUND, "no sampled function is called \"%s\"", name);

	if (nearest)
		err = err_fix(err, "did you mean \"%s\"? Patterns work too: %s '*%s*'",
			      nearest, command, name);
	free(names);
	return err;
}

bool report_names_it(const char *wanted, const char *name)
{
	size_t n = strlen(wanted);

	return fnmatch(wanted, name, 0) == 0 || (strncmp(name, wanted, n) == 0 && name[n] == '(');
}

static struct err *focus_init(struct focus *f, const struct profile *p, const char *wanted)
{
	const struct stacks *s = &p->stacks;

	f->p = p;
	f->is_it = mem_calloc(s->symbols.n + 1, sizeof(*f->is_it));
	f->inside = mem_calloc(s->nodes.n + 1, sizeof(*f->inside));
	f->below = mem_calloc(s->nodes.n + 1, sizeof(*f->below));
	for (size_t i = 0; i < s->symbols.n; i++) {
		const struct stacks_symbol *symbol = &s->symbols.v[i];

		f->is_it[i] = symbol->kind != STACKS_GROUP && report_names_it(wanted, symbol->name);
		if (f->is_it[i] && !f->name)
			f->name = symbol->name;
	}
	if (!f->name)
		return report_no_function(p, wanted, "--function");
	for (size_t i = 1; i < s->nodes.n; i++) {
		const struct stacks_node *n = &s->nodes.v[i];

		f->inside[i] = f->inside[n->parent] || f->is_it[n->symbol];
		if (f->is_it[n->symbol]) {
			f->self += n->self;
			if (!f->inside[n->parent])
				f->total += n->total;
		}
	}
	for (size_t i = s->nodes.n; i-- > 1;) {
		const struct stacks_node *n = &s->nodes.v[i];

		f->below[n->parent] += f->is_it[n->symbol] ? n->total : f->below[i];
	}
	return NULL;
}

static void focus_deinit(struct focus *f)
{
	free(f->is_it);
	free(f->inside);
	free(f->below);
}

struct err *report_check(const struct profile *p, const struct report_options *o)
{
	struct focus f = { 0 };
	struct err *err =
		o->view->function && p->samples ? focus_init(&f, p, o->view->function) : NULL;

	focus_deinit(&f);
	return err;
}

/* --- callers and callees -------------------------------------------------------------------------
 */

/* Sums by symbol; UINT32_MAX - 1 .. stand for what is no symbol. */
static void add_to(uint64_t *sums, const struct stacks *s, uint32_t symbol, uint64_t value)
{
	sums[symbol == UINT32_MAX ? s->symbols.n : symbol] += value;
}

static void sum_callers(const struct focus *f, uint64_t *sums)
{
	const struct stacks *s = &f->p->stacks;

	for (size_t i = 1; i < s->nodes.n; i++) {
		const struct stacks_node *n = &s->nodes.v[i];

		if (f->is_it[n->symbol] && !f->inside[n->parent])
			add_to(sums, s, s->nodes.v[n->parent].symbol, n->total);
	}
}

static void sum_callees(const struct focus *f, uint64_t *sums)
{
	const struct stacks *s = &f->p->stacks;

	for (size_t i = 1; i < s->nodes.n; i++) {
		const struct stacks_node *n = &s->nodes.v[i];
		bool child =
			n->parent && f->is_it[s->nodes.v[n->parent].symbol] && !f->is_it[n->symbol];

		if (child)
			sums[n->symbol] += n->total - f->below[i];
	}
}

static void emit_side(struct doc *doc, const struct focus *f, const struct report_options *o,
		      const char *key, const char *title, const uint64_t *sums, const char *none)
{
	const struct profile *p = f->p;
	const struct doc_column columns[] = {
		{ "ratio", "of it", DOC_RATIO, DOC_COLUMN_BAR },
		{ "value", p->is_time ? "CPU" : p->stacks.unit, report_unit(p), 0 },
		{ "function", "function", DOC_TEXT, 0 },
		{ "module", "module", DOC_TEXT, DOC_COLUMN_OPTIONAL },
		{ "place", "place", DOC_TEXT, DOC_COLUMN_OPTIONAL | DOC_COLUMN_ELIDE_LEFT },
	};
	item_list items = { 0 };
	struct str place = { 0 };
	uint64_t limit = report_limit(o, 15);

	for (size_t i = 0; i <= p->stacks.symbols.n; i++)
		if (sums[i])
			vec_push(&items,
				 ((struct report_item){ .id = (uint32_t)i, .self = sums[i] }));
	vec_sort(&items, report_compare_self);
	doc_table_begin(doc, key, title, columns, p->recording ? 5 : 3);
	for (size_t i = 0; i < items.n && i < limit; i++) {
		bool is_symbol = items.v[i].id < p->stacks.symbols.n;
		const struct stacks_symbol *s =
			is_symbol ? &p->stacks.symbols.v[items.v[i].id] : NULL;

		str_clear(&place);
		if (s)
			report_place(&place, s->file, s->line);
		doc_row(doc,
			(const struct doc_value[]){
				DOC_F64(f->total ? (double)items.v[i].self / (double)f->total : 0),
				DOC_U64(items.v[i].self),
				s && s->kind != STACKS_GROUP
					? DOC_STYLED(s->name, report_style(s->kind))
					: DOC_STYLED(none, DOC_DIM),
				s ? DOC_STYLED(stacks_base_name(s->module), DOC_DIM) : DOC_NONE,
				place.length ? DOC_STYLED(str_text(&place), DOC_DIM) : DOC_NONE });
	}
	doc_table_end(doc, items.n > limit ? items.n - limit : 0,
		      items.n > limit ? "--limit N shows more" : NULL);
	str_deinit(&place);
	vec_deinit(&items);
}

static void emit_lines(struct doc *doc, const struct focus *f, const struct report_options *o)
{
	const struct profile *p = f->p;
	const struct doc_column columns[] = {
		{ "ratio", "of it", DOC_RATIO, DOC_COLUMN_BAR },
		{ "self", p->is_time ? "CPU" : p->stacks.unit, report_unit(p), 0 },
		{ "place", "line", DOC_TEXT, DOC_COLUMN_ELIDE_LEFT },
	};
	item_list items = { 0 };
	struct str place = { 0 };
	uint64_t limit = report_limit(o, 10);

	for (size_t i = 0; i < p->lines.n; i++)
		if (f->is_it[p->lines.v[i].symbol] && *p->lines.v[i].file)
			vec_push(&items, ((struct report_item){ .id = (uint32_t)i,
								.self = p->lines.v[i].self }));
	vec_sort(&items, report_compare_self);
	if (items.n) {
		doc_table_begin(doc, "lines", "Its own lines", columns, 3);
		for (size_t i = 0; i < items.n && i < limit; i++) {
			const struct profile_line *line = &p->lines.v[items.v[i].id];

			report_place(&place, line->file, line->line);
			doc_row(doc,
				(const struct doc_value[]){
					DOC_F64(f->total ? (double)line->self / (double)f->total
							 : 0),
					DOC_U64(line->self), DOC_STR(str_text(&place)) });
		}
		doc_table_end(doc, items.n > limit ? items.n - limit : 0,
			      items.n > limit ? "--limit N shows more" : NULL);
	}
	str_deinit(&place);
	vec_deinit(&items);
}

struct err *report_function(struct doc *doc, const struct profile *p,
			    const struct report_options *o)
{
	struct focus f = { 0 };
	struct err *err = focus_init(&f, p, o->view->function);
	size_t n = p->stacks.symbols.n;

	if (!err) {
		uint64_t *callers = mem_calloc(n + 1, sizeof(*callers));
		uint64_t *callees = mem_calloc(n + 1, sizeof(*callees));
		struct str self = { 0 }, total = { 0 };

		report_add_amount(&self, p, f.self);
		report_add_amount(&total, p, f.total);
		sum_callers(&f, callers);
		sum_callees(&f, callees);
		callees[n] = f.self;
		doc_text(doc, "%s: %s (%s of all), %s (%s of all) in it alone", f.name,
			 str_text(&total), units_ratio(report_ratio(p, f.total)).text,
			 str_text(&self), units_ratio(report_ratio(p, f.self)).text);
		emit_side(doc, &f, o, "callers", "Callers", callers, "(nobody: outermost frame)");
		emit_side(doc, &f, o, "callees", "Callees", callees, "(itself)");
		emit_lines(doc, &f, o);
		free(callers);
		free(callees);
		str_deinit(&self);
		str_deinit(&total);
	}
	focus_deinit(&f);
	return err;
}

/* --- the tree
 * ---------------------------------------------------------------------------------------- */

struct tree {
	struct doc *doc;
	const struct profile *p;
	double least;
	uint64_t rows, limit, left_out;
	VEC(uint32_t) todo;
	item_list children;
	struct str place;
};

static void tree_row(struct tree *t, uint32_t node)
{
	const struct stacks_node *n = &t->p->stacks.nodes.v[node];
	const struct stacks_symbol *s = &t->p->stacks.symbols.v[n->symbol];

	report_place(&t->place, s->file, s->line);
	doc_node(t->doc, n->depth - 1,
		 (const struct doc_value[]){
			 s->kind == STACKS_GROUP ? DOC_STYLED(s->name, DOC_STRONG)
						 : DOC_STYLED(s->name, report_style(s->kind)),
			 DOC_F64(report_ratio(t->p, n->total)), DOC_U64(n->total),
			 n->self ? DOC_U64(n->self) : DOC_NONE,
			 t->place.length ? DOC_STYLED(str_text(&t->place), DOC_DIM) : DOC_NONE });
	t->rows++;
}

/* Push the children that are wide enough, the widest last. */
static void push_children(struct tree *t, uint32_t node)
{
	const struct stacks *s = &t->p->stacks;

	vec_clear(&t->children);
	for (uint32_t i = s->first[node]; i < s->first[node + 1]; i++) {
		const struct stacks_node *n = &s->nodes.v[s->order[i]];

		if ((double)n->total < t->least || n->total == 0)
			t->left_out++;
		else
			vec_push(&t->children,
				 ((struct report_item){ .id = s->order[i], .total = n->total }));
	}
	vec_sort(&t->children, report_compare_total);
	for (size_t i = t->children.n; i-- > 0;)
		vec_push(&t->todo, t->children.v[i].id);
}

void report_tree(struct doc *doc, const struct profile *p, const struct report_options *o)
{
	const struct doc_column columns[] = {
		{ "function", "function", DOC_TEXT, 0 },
		{ "total_ratio", "total", DOC_RATIO, DOC_COLUMN_BAR },
		{ "total", p->is_time ? "CPU" : p->stacks.unit, report_unit(p), 0 },
		{ "self", "self", report_unit(p), DOC_COLUMN_OPTIONAL },
		{ "place", "place", DOC_TEXT, DOC_COLUMN_OPTIONAL | DOC_COLUMN_ELIDE_LEFT },
	};
	double ratio = o->view->min_ratio > 0 ? o->view->min_ratio : 0.01;
	struct tree t = {
		.doc = doc, .p = p, .least = (double)p->value * ratio, .limit = report_limit(o, 400)
	};

	doc_tree_begin(doc, "tree", "Call tree", columns, p->recording ? 5 : 4);
	push_children(&t, 0);
	while (t.todo.n > 0 && t.rows < t.limit) {
		uint32_t node = vec_pop(&t.todo);

		tree_row(&t, node);
		push_children(&t, node);
	}
	t.left_out += t.todo.n;
	doc_tree_end(doc);
	if (t.left_out)
		doc_text(doc, "%s branches below %s are left out (--min, --limit)",
			 units_count(t.left_out).text, units_ratio(ratio).text);
	vec_deinit(&t.todo);
	vec_deinit(&t.children);
	str_deinit(&t.place);
}
