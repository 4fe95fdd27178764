/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The report's tables: functions, lines, modules, threads, processes.  Each is a list of
 * (what, self, total), sorted, cut at the limit, and said how many rows that left out.
 */
#include "view/report_impl.h"

#include "base/mem.h"
#include "event/types.h"
#include "record/recording.h"

#include <stdlib.h>
#include <string.h>

int report_compare_self(const void *a, const void *b)
{
	const struct report_item *x = a, *y = b;

	if (x->self != y->self)
		return x->self < y->self ? 1 : -1;
	return report_compare_total(a, b);
}

int report_compare_total(const void *a, const void *b)
{
	const struct report_item *x = a, *y = b;

	if (x->total != y->total)
		return x->total < y->total ? 1 : -1;
	return x->id < y->id ? -1 : x->id > y->id;
}

void report_add_amount(struct str *out, const struct profile *p, uint64_t value)
{
	if (p->is_time)
		str_add(out, units_duration_ns((double)value).text);
	else
		str_printf(out, "%s %s", units_count(value).text, p->stacks.unit);
}

enum doc_style report_style(enum stacks_kind kind)
{
	switch (kind) {
	case STACKS_KERNEL:
	case STACKS_KERNEL_MODULE:
		return DOC_KERNEL;
	case STACKS_LIBRARY:
		return DOC_LIBRARY;
	case STACKS_INLINED:
		return DOC_INLINED;
	case STACKS_JIT:
		return DOC_JIT;
	case STACKS_UNKNOWN:
		return DOC_DIM;
	default:
		return DOC_USER;
	}
}

void report_place(struct str *out, const char *file, uint32_t line)
{
	str_clear(out);
	if (!*file)
		return;
	str_add(out, file);
	if (line)
		str_printf(out, ":%u", line);
}

/* --- items --------------------------------------------------------------------------------- */

typedef VEC(struct report_item) item_list;

/* What of ITEMS is shown: sorted, without what is below --min; returns how many rows, the
 * rest in *left_out. */
static size_t choose(item_list *items, const struct profile *p, const struct report_options *o,
		     uint64_t usual, int (*compare)(const void *, const void *), uint64_t *left_out)
{
	uint64_t limit = report_limit(o, usual);
	size_t n = 0, all = items->n;

	vec_sort(items, compare);
	while (n < items->n && n < limit) {
		const struct report_item *i = &items->v[n];
		uint64_t most = i->total > i->self ? i->total : i->self;

		if (report_ratio(p, most) < o->view->min_ratio)
			break;
		n++;
	}
	*left_out = all - n;
	return n;
}

#define SEE_MORE "--limit N shows more"

/* --- functions ----------------------------------------------------------------------------------
 */

/* Sums for each symbol, groups (process names) left out. */
static void function_items(const struct profile *p, item_list *items)
{
	stacks_function_list functions = { 0 };

	stacks_functions(&p->stacks, &functions);
	for (size_t i = 0; i < functions.n; i++) {
		const struct stacks_function *f = &functions.v[i];

		vec_push(items, ((struct report_item){ f->symbol, f->self, f->total, f->self_before, f->total_before }));
	}
	vec_deinit(&functions);
}

static const char *symbol_text(struct str *out, const struct stacks_symbol *s)
{
	str_clear(out);
	str_add_n(out, s->name, stacks_plain_length(s->name, strlen(s->name)));
	if (s->kind == STACKS_INLINED)
		str_add(out, " (inlined)");
	return str_text(out);
}

static void plain_functions(struct doc *doc, const struct profile *p, item_list *items, size_t n)
{
	struct str name = { 0 }, place = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct report_item *item = &items->v[i];
		const struct stacks_symbol *s = &p->stacks.symbols.v[item->id];

		symbol_text(&name, s);
		report_place(&place, s->file, s->line);
		doc_row(doc,
			(const struct doc_value[]){
				DOC_F64(report_ratio(p, item->self)), DOC_U64(item->self),
				DOC_F64(report_ratio(p, item->total)),
				DOC_STYLED(str_text(&name), report_style(s->kind)),
				DOC_STYLED(stacks_base_name(s->module), DOC_DIM),
				place.length ? DOC_STYLED(str_text(&place), DOC_DIM) : DOC_NONE });
	}
	str_deinit(&name);
	str_deinit(&place);
}

static int compare_change(const void *a, const void *b)
{
	const struct report_item *x = a, *y = b;
	int64_t p = (int64_t)(x->self - x->self_before), q = (int64_t)(y->self - y->self_before);
	uint64_t m = (uint64_t)llabs(p), n = (uint64_t)llabs(q);

	if (m != n)
		return m < n ? 1 : -1;
	return report_compare_self(a, b);
}

static void changed_functions(struct doc *doc, const struct profile *p, item_list *items)
{
	struct str name = { 0 };

	for (size_t i = 0; i < items->n; i++) {
		const struct report_item *item = &items->v[i];
		const struct stacks_symbol *s = &p->stacks.symbols.v[item->id];
		int64_t change = (int64_t)(item->self - item->self_before);

		symbol_text(&name, s);
		doc_row(doc, (const struct doc_value[]){
				     DOC_U64(item->self_before),
				     DOC_U64(item->self),
				     { .kind = DOC_V_I64,
				       .i64 = change,
				       .style = change > 0   ? DOC_BAD
						: change < 0 ? DOC_GOOD
							     : DOC_PLAIN },
				     DOC_U64(item->total_before),
				     DOC_U64(item->total),
				     DOC_STYLED(str_text(&name), report_style(s->kind)),
				     DOC_STYLED(stacks_base_name(s->module), DOC_DIM) });
	}
	str_deinit(&name);
}

static void report_changes(struct doc *doc, const struct profile *p, const struct report_options *o,
			   item_list *items)
{
	enum doc_unit unit = report_unit(p);
	const struct doc_column columns[] = {
		{ "self_before", "before", unit, 0 },
		{ "self", "now", unit, 0 },
		{ "self_change", "change", unit, 0 },
		{ "total_before", "total before", unit, DOC_COLUMN_OPTIONAL },
		{ "total", "total", unit, 0 },
		{ "function", "function", DOC_TEXT, 0 },
		{ "module", "module", DOC_TEXT, DOC_COLUMN_OPTIONAL },
	};
	uint64_t left_out = 0, limit = report_limit(o, 25);

	vec_sort(items, compare_change);
	if (items->n > limit) {
		left_out = items->n - limit;
		items->n = limit;
	}
	doc_table_begin(doc, "functions", "Functions whose own time changed most", columns, 7);
	changed_functions(doc, p, items);
	doc_table_end(doc, left_out, left_out ? SEE_MORE : NULL);
}

void report_functions(struct doc *doc, const struct profile *p, const struct report_options *o)
{
	const struct doc_column columns[] = {
		{ "self_ratio", "self", DOC_RATIO, DOC_COLUMN_BAR },
		{ "self", p->is_time ? "CPU" : p->stacks.unit, report_unit(p), 0 },
		{ "total_ratio", "total", DOC_RATIO, 0 },
		{ "function", "function", DOC_TEXT, 0 },
		{ "module", "module", DOC_TEXT, DOC_COLUMN_OPTIONAL },
		{ "place", "hottest line", DOC_TEXT, DOC_COLUMN_OPTIONAL | DOC_COLUMN_ELIDE_LEFT },
	};
	item_list items = { 0 };
	uint64_t left_out;

	function_items(p, &items);
	if (p->stacks.diff) {
		report_changes(doc, p, o, &items);
	} else {
		size_t n = choose(&items, p, o, 20, report_compare_self, &left_out);

		doc_table_begin(doc, "functions", "Functions", columns, p->recording ? 6 : 4);
		plain_functions(doc, p, &items, n);
		doc_table_end(doc, left_out, left_out ? SEE_MORE : NULL);
	}
	vec_deinit(&items);
}

/* --- lines
 * ------------------------------------------------------------------------------------------ */

void report_lines(struct doc *doc, const struct profile *p, const struct report_options *o)
{
	const struct doc_column columns[] = {
		{ "self_ratio", "self", DOC_RATIO, DOC_COLUMN_BAR },
		{ "self", p->is_time ? "CPU" : p->stacks.unit, report_unit(p), 0 },
		{ "place", "line", DOC_TEXT, DOC_COLUMN_ELIDE_LEFT },
		{ "function", "function", DOC_TEXT, 0 },
		{ "module", "module", DOC_TEXT, DOC_COLUMN_OPTIONAL },
	};
	item_list items = { 0 };
	struct str place = { 0 }, name = { 0 };
	uint64_t left_out;

	for (size_t i = 0; i < p->lines.n; i++)
		vec_push(&items,
			 ((struct report_item){ .id = (uint32_t)i, .self = p->lines.v[i].self }));

	size_t n = choose(&items, p, o, 25, report_compare_self, &left_out);

	doc_table_begin(doc, "lines", "Lines", columns, 5);
	for (size_t i = 0; i < n; i++) {
		const struct profile_line *line = &p->lines.v[items.v[i].id];
		const struct stacks_symbol *s = &p->stacks.symbols.v[line->symbol];

		report_place(&place, line->file, line->line);
		doc_row(doc, (const struct doc_value[]){
				     DOC_F64(report_ratio(p, line->self)), DOC_U64(line->self),
				     place.length ? DOC_STR(str_text(&place))
						  : DOC_STYLED("not known", DOC_DIM),
				     DOC_STYLED(symbol_text(&name, s), report_style(s->kind)),
				     DOC_STYLED(stacks_base_name(s->module), DOC_DIM) });
	}
	doc_table_end(doc, left_out, left_out ? SEE_MORE : NULL);
	str_deinit(&place);
	str_deinit(&name);
	vec_deinit(&items);
}

/* --- modules
 * ------------------------------------------------------------------------------------------ */

struct module_keys {
	uint32_t *key;		 /* by symbol */
	VEC(const char *) paths; /* by key */
};

static void find_modules(const struct profile *p, struct module_keys *m)
{
	struct strmap index;

	strmap_init(&index);
	m->key = mem_alloc((p->stacks.symbols.n + 1) * sizeof(*m->key));
	for (size_t i = 0; i < p->stacks.symbols.n; i++) {
		const struct stacks_symbol *s = &p->stacks.symbols.v[i];
		bool is_new;

		m->key[i] = UINT32_MAX;
		if (s->kind == STACKS_GROUP)
			continue;

		uint64_t *at = strmap_get(&index, s->module, strlen(s->module), &is_new);

		if (is_new) {
			*at = m->paths.n;
			vec_push(&m->paths, s->module);
		}
		m->key[i] = (uint32_t)*at;
	}
	strmap_deinit(&index);
}

void report_modules(struct doc *doc, const struct profile *p, const struct report_options *o)
{
	const struct doc_column columns[] = {
		{ "self_ratio", "self", DOC_RATIO, DOC_COLUMN_BAR },
		{ "self", p->is_time ? "CPU" : p->stacks.unit, report_unit(p), 0 },
		{ "total_ratio", "total", DOC_RATIO, 0 },
		{ "module", "module", DOC_TEXT, DOC_COLUMN_ELIDE_LEFT },
	};
	struct module_keys m = { 0 };
	item_list items = { 0 };
	uint64_t left_out;

	find_modules(p, &m);

	struct stacks_sums sums = { .self = mem_calloc(m.paths.n + 1, sizeof(uint64_t)),
				    .total = mem_calloc(m.paths.n + 1, sizeof(uint64_t)) };

	stacks_sum(&p->stacks, m.key, m.paths.n, &sums);
	for (size_t i = 0; i < m.paths.n; i++)
		vec_push(&items,
			 ((struct report_item){ (uint32_t)i, sums.self[i], sums.total[i], 0, 0 }));

	size_t n = choose(&items, p, o, 20, report_compare_self, &left_out);

	doc_table_begin(doc, "modules", "Modules", columns, 4);
	for (size_t i = 0; i < n; i++) {
		const char *path = m.paths.v[items.v[i].id];

		doc_row(doc,
			(const struct doc_value[]){
				DOC_F64(report_ratio(p, items.v[i].self)), DOC_U64(items.v[i].self),
				DOC_F64(report_ratio(p, items.v[i].total)),
				*path ? DOC_STR(path) : DOC_STYLED("not known", DOC_DIM) });
	}
	doc_table_end(doc, left_out, left_out ? SEE_MORE : NULL);
	free(m.key);
	vec_deinit(&m.paths);
	free(sums.self);
	free(sums.total);
	vec_deinit(&items);
}

/* --- threads and processes
 * ------------------------------------------------------------------------------ */

void report_threads(struct doc *doc, const struct profile *p, const struct report_options *o)
{
	const struct doc_column columns[] = {
		{ "ratio", "share", DOC_RATIO, DOC_COLUMN_BAR },
		{ "cpu", p->is_time ? "CPU" : p->stacks.unit, report_unit(p), 0 },
		{ "tid", "tid", DOC_ID, 0 },
		{ "thread", "thread", DOC_TEXT, 0 },
		{ "pid", "pid", DOC_ID, 0 },
		{ "process", "process", DOC_TEXT, 0 },
		{ "program", "program", DOC_TEXT, DOC_COLUMN_OPTIONAL | DOC_COLUMN_ELIDE_LEFT },
	};
	item_list items = { 0 };
	uint64_t left_out;

	for (size_t i = 0; i < p->threads.n; i++)
		if (p->threads.v[i].samples)
			vec_push(&items, ((struct report_item){ .id = (uint32_t)i,
								.self = p->threads.v[i].value }));

	size_t n = choose(&items, p, o, 20, report_compare_self, &left_out);

	doc_table_begin(doc, "threads", "Threads", columns, 7);
	for (size_t i = 0; i < n; i++) {
		const struct profile_thread *t = &p->threads.v[items.v[i].id];
		const char *comm = recording_string(p->recording, t->row->comm);
		const char *exe = recording_string(p->recording, t->row->exe);

		doc_row(doc, (const struct doc_value[]){
				     DOC_F64(report_ratio(p, t->value)), DOC_U64(t->value),
				     DOC_U64(t->row->tid), DOC_STR(comm ? comm : ""),
				     DOC_U64(t->row->pid), DOC_STR(p->processes.v[t->process].name),
				     exe && *exe ? DOC_STYLED(exe, DOC_DIM) : DOC_NONE });
	}
	doc_table_end(doc, left_out, left_out ? SEE_MORE : NULL);
	vec_deinit(&items);
}

/* Threads' values by name; `total` holds how many processes, each counted once. */
static void program_items(const struct profile *p, item_list *items)
{
	struct map by_name, seen;

	map_init(&by_name);
	map_init(&seen);
	for (size_t i = 0; i < p->threads.n; i++) {
		const struct profile_thread *t = &p->threads.v[i];
		bool is_new;
		uint64_t *at;

		if (!t->samples)
			continue;
		at = map_get(&by_name, t->row->comm, &is_new);
		if (is_new) {
			*at = items->n;
			vec_push(items, ((struct report_item){ .id = t->row->comm }));
		}
		items->v[*at].self += t->value;
		map_get(&seen, (uint64_t)t->row->comm << 32 | t->row->pid, &is_new);
		items->v[*at].total_before += is_new;
	}
	map_deinit(&by_name);
	map_deinit(&seen);
}

void report_programs(struct doc *doc, const struct profile *p, const struct report_options *o)
{
	const struct doc_column columns[] = {
		{ "ratio", "share", DOC_RATIO, DOC_COLUMN_BAR },
		{ "cpu", p->is_time ? "CPU" : p->stacks.unit, report_unit(p), 0 },
		{ "name", "name", DOC_TEXT, 0 },
		{ "processes", "processes", DOC_COUNT, 0 },
	};
	item_list items = { 0 };
	uint64_t left_out;

	program_items(p, &items);

	size_t n = choose(&items, p, o, 10, report_compare_self, &left_out);

	doc_table_begin(doc, "programs", "Programs and threads, by name", columns, 4);
	for (size_t i = 0; i < n; i++) {
		const char *name = recording_string(p->recording, items.v[i].id);

		doc_row(doc, (const struct doc_value[]){ DOC_F64(report_ratio(p, items.v[i].self)),
							 DOC_U64(items.v[i].self),
							 DOC_STR(name && *name ? name : "not known"),
							 DOC_U64(items.v[i].total_before) });
	}
	doc_table_end(doc, left_out, left_out ? SEE_MORE : NULL);
	vec_deinit(&items);
}

void report_processes(struct doc *doc, const struct profile *p, const struct report_options *o)
{
	const struct doc_column columns[] = {
		{ "ratio", "share", DOC_RATIO, DOC_COLUMN_BAR },
		{ "cpu", p->is_time ? "CPU" : p->stacks.unit, report_unit(p), 0 },
		{ "pid", "pid", DOC_ID, 0 },
		{ "process", "process", DOC_TEXT, 0 },
		{ "threads", "threads", DOC_COUNT, 0 },
	};
	item_list items = { 0 };
	uint64_t left_out;

	for (size_t i = 0; i < p->processes.n; i++)
		if (p->processes.v[i].samples)
			vec_push(&items, ((struct report_item){ .id = (uint32_t)i,
								.self = p->processes.v[i].value }));

	size_t n = choose(&items, p, o, 10, report_compare_self, &left_out);

	doc_table_begin(doc, "processes", "Processes", columns, 5);
	for (size_t i = 0; i < n; i++) {
		const struct profile_process *q = &p->processes.v[items.v[i].id];

		doc_row(doc, (const struct doc_value[]){ DOC_F64(report_ratio(p, q->value)),
							 DOC_U64(q->value), DOC_U64(q->pid),
							 DOC_STR(q->name), DOC_U64(q->threads) });
	}
	doc_table_end(doc, left_out, left_out ? SEE_MORE : NULL);
	vec_deinit(&items);
}
