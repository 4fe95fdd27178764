/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each refresh makes a profile of the last seconds.  Names are kept from one refresh to the
 * next (frames_cache), so only addresses never seen before are looked up.
 *
 * Rows have a number, which is how a chosen line says which row it is.
 */
#include "view/top.h"

#include "base/clock.h"
#include "base/mem.h"
#include "record/recording.h"
#include "render/live.h"
#include "view/frames.h"
#include "view/report_impl.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROWS = 100 };

enum top_by { BY_FUNCTION, BY_LINE, BY_MODULE, BY_THREAD, BY_PROCESS };

static const uint64_t windows_ns[] = { 1000000000u, 5000000000u, 30000000000u, 300000000000u };

struct top {
	struct top_options o;
	struct view_options view; /* as it is narrowed down now */
	enum top_by by;
	char *process, *thread, *function, *module; /* of ours; NULL: not narrowed by a key */
	VEC(char *) rows;			    /* what each row is, for the ways in */
	char *path;				    /* the recording that `names` are of */
	struct frames_cache *names;
	struct profile *profile;
};

struct top *top_create(const struct top_options *options)
{
	static const char *const names[] = { "function", "line", "module", "thread", "process" };
	struct top *t = mem_calloc(1, sizeof(*t));

	t->o = *options;
	t->view = *options->view;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (options->view->group_by && str_eq(options->view->group_by, names[i]))
			t->by = (enum top_by)i;
	return t;
}

static void clear_rows(struct top *t)
{
	for (size_t i = 0; i < t->rows.n; i++)
		free(t->rows.v[i]);
	vec_clear(&t->rows);
}

void top_destroy(struct top *t)
{
	if (!t)
		return;
	clear_rows(t);
	vec_deinit(&t->rows);
	frames_cache_destroy(t->names);
	free(t->process);
	free(t->thread);
	free(t->function);
	free(t->module);
	free(t->path);
	free(t);
}

/* --- tables ---------------------------------------------------------------------------------------- */

/* All tables have the same first columns. */
struct row {
	uint64_t self, total; /* values */
	uint32_t index;	      /* of symbol, line, thread, process; of modules, into a list */
};
typedef VEC(struct row) row_list;

static int compare_self(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->self != y->self)
		return x->self < y->self ? 1 : -1;
	return x->total < y->total ? 1 : x->total > y->total ? -1 : 0;
}

static int compare_total(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->total != y->total)
		return x->total < y->total ? 1 : -1;
	return compare_self(a, b);
}

static void function_rows(const struct profile *p, row_list *rows)
{
	stacks_function_list functions = { 0 };

	stacks_functions(&p->stacks, &functions);
	for (size_t i = 0; i < functions.n; i++)
		vec_push(rows, ((struct row){ functions.v[i].self, functions.v[i].total, functions.v[i].symbol }));
	vec_deinit(&functions);
}

/* Self alone, by the module of the innermost function. */
static void module_rows(const struct profile *p, row_list *rows)
{
	struct strmap index;

	strmap_init(&index);
	for (size_t i = 1; i < p->stacks.nodes.n; i++) {
		const struct stacks_node *n = &p->stacks.nodes.v[i];
		const char *module = p->stacks.symbols.v[n->symbol].module;
		bool is_new;
		uint64_t *at;

		if (!n->self)
			continue;
		at = strmap_get(&index, module, strlen(module), &is_new);
		if (is_new) {
			*at = rows->n;
			vec_push(rows, ((struct row){ 0, 0, n->symbol }));
		}
		rows->v[*at].self += n->self;
	}
	strmap_deinit(&index);
}

static void find_rows(const struct top *t, const struct profile *p, row_list *rows)
{
	if (t->by == BY_FUNCTION)
		function_rows(p, rows);
	if (t->by == BY_MODULE)
		module_rows(p, rows);
	for (size_t i = 0; t->by == BY_LINE && i < p->lines.n; i++)
		vec_push(rows, ((struct row){ p->lines.v[i].self, 0, (uint32_t)i }));
	for (size_t i = 0; t->by == BY_THREAD && i < p->threads.n; i++)
		if (p->threads.v[i].samples)
			vec_push(rows, ((struct row){ p->threads.v[i].value, 0, (uint32_t)i }));
	for (size_t i = 0; t->by == BY_PROCESS && i < p->processes.n; i++)
		if (p->processes.v[i].samples)
			vec_push(rows, ((struct row){ p->processes.v[i].value, 0, (uint32_t)i }));
	vec_sort(rows, t->o.by_total && t->by == BY_FUNCTION ? compare_total : compare_self);
}

static char *id_text(uint32_t id) { return mem_printf("%u", id); }

static struct doc_value symbol_value(const struct stacks_symbol *s)
{
	return DOC_STYLED(s->name, report_style((enum stacks_kind)s->kind));
}

/* What follows the numbers: two texts, and how the row is named for a way in. */
static void describe(const struct top *t, const struct profile *p, const struct row *r, struct str *place,
		     struct doc_value *what, struct doc_value *where, char **name)
{
	const struct stacks_symbol *s;

	if (t->by == BY_THREAD) {
		const struct profile_thread *thread = &p->threads.v[r->index];
		const char *comm = recording_string(p->recording, thread->row->comm);

		str_printf(place, "%u  %s", thread->row->tid, comm ? comm : "");
		*what = DOC_STR(str_text(place));
		*where = DOC_STYLED(p->processes.v[thread->process].name, DOC_DIM);
		*name = id_text(thread->row->tid);
	} else if (t->by == BY_PROCESS) {
		str_printf(place, "%u  %s", p->processes.v[r->index].pid, p->processes.v[r->index].name);
		*what = DOC_STR(str_text(place));
		*where = DOC_NONE;
		*name = id_text(p->processes.v[r->index].pid);
	} else if (t->by == BY_LINE) {
		const struct profile_line *line = &p->lines.v[r->index];

		s = &p->stacks.symbols.v[line->symbol];
		report_place(place, line->file, line->line);
		*what = place->length ? DOC_STR(str_text(place)) : DOC_STYLED("not known", DOC_DIM);
		*where = symbol_value(s);
		*name = mem_strdup(s->name);
	} else {
		s = &p->stacks.symbols.v[r->index];
		*what = t->by == BY_FUNCTION ? symbol_value(s) : DOC_STR(*s->module ? s->module : "not known");
		*where = t->by == BY_FUNCTION ? DOC_STYLED(stacks_base_name(s->module), DOC_DIM) : DOC_NONE;
		*name = mem_strdup(t->by == BY_FUNCTION ? s->name : stacks_base_name(s->module));
	}
}

static void table(struct top *t, struct doc *doc, const struct profile *p)
{
	static const char *const keys[][2] = { { "function", "module" }, { "place", "function" },
					       { "module", "" },	 { "thread", "process" },
					       { "process", "" } };
	const struct doc_column columns[] = {
		{ "row", "", DOC_ID, 0 },
		{ "self_ratio", "self", DOC_RATIO, DOC_COLUMN_BAR },
		{ "total_ratio", t->by == BY_FUNCTION ? "total" : "", DOC_RATIO, 0 },
		{ keys[t->by][0], keys[t->by][0], DOC_TEXT, t->by == BY_LINE ? DOC_COLUMN_ELIDE_LEFT : 0 },
		{ *keys[t->by][1] ? keys[t->by][1] : "in", keys[t->by][1], DOC_TEXT, DOC_COLUMN_OPTIONAL },
	};
	uint64_t limit = t->view.limit ? t->view.limit : ROWS;
	row_list rows = { 0 };
	struct str place = { 0 };

	find_rows(t, p, &rows);
	doc_table_begin(doc, "rows", "", columns, 5);
	for (size_t i = 0; i < rows.n && i < limit; i++) {
		struct doc_value what, where;
		char *name;

		str_clear(&place);
		describe(t, p, &rows.v[i], &place, &what, &where, &name);
		vec_push(&t->rows, name);
		doc_row(doc, (const struct doc_value[]){
				     DOC_U64(i + 1), DOC_F64(report_ratio(p, rows.v[i].self)),
				     t->by == BY_FUNCTION ? DOC_F64(report_ratio(p, rows.v[i].total)) : DOC_NONE,
				     what, where });
	}
	doc_table_end(doc, rows.n > limit ? rows.n - limit : 0, NULL);
	str_deinit(&place);
	vec_deinit(&rows);
}

/* --- the document -------------------------------------------------------------------------------------- */

/* Where the looking begins, since the recording's start; *looked_ns is how long it is. */
static uint64_t window_from(const struct top *t, const struct recording_meta *meta, bool ended,
			    uint64_t *looked_ns)
{
	uint64_t end = ended && meta->end_ns ? meta->end_ns : clock_now_ns();
	uint64_t passed = end > meta->start_ns ? end - meta->start_ns : 0;

	*looked_ns = passed < t->o.window_ns ? passed : t->o.window_ns;
	return passed - *looked_ns;
}

/* A recording takes a moment to begin: what there was no sampling in is not looked at. */
static uint64_t looked_at(const struct top *t, const struct profile *p, uint64_t looked_ns)
{
	uint64_t since = clock_now_ns() - p->first_ns;

	return looked_ns < t->o.window_ns && since < looked_ns ? since : looked_ns;
}

static const char *busiest(const struct profile *p, uint64_t *value)
{
	const char *name = "";

	*value = 0;
	for (size_t i = 0; i < p->processes.n; i++)
		if (p->processes.v[i].value > *value) {
			*value = p->processes.v[i].value;
			name = p->processes.v[i].name;
		}
	return name;
}

static void headline(struct doc *doc, const struct profile *p, uint64_t looked_ns, bool ended)
{
	const struct recording_meta *meta = recording_borrow_meta(p->recording);
	uint64_t value;
	const char *name = busiest(p, &value);
	struct str text = { 0 };

	str_printf(&text, "%s %s: ", ended ? "ended; its last" : "last",
		   units_duration_ns((double)looked_ns).text);
	if (p->is_time && looked_ns)
		str_printf(&text, "%.2f CPUs of %u busy", (double)p->value / (double)looked_ns, meta->cpus);
	else
		report_add_amount(&text, p, p->value);
	if (p->is_time)
		str_printf(&text, ", %s in the kernel", units_ratio(report_ratio(p, p->kernel)).text);
	if (value)
		str_printf(&text, "; %s in %s", units_ratio(report_ratio(p, value)).text, name);
	str_printf(&text, "; %s sample%s", units_count(p->samples).text, p->samples == 1 ? "" : "s");
	doc_headline(doc, "%s", str_text(&text));
	str_deinit(&text);
}

/* "the whole machine > process 4711 > memcpy": where we are. */
static void add_where(const struct top *t, struct str *out)
{
	str_add(out, t->o.target);
	if (t->view.process)
		str_printf(out, " > process %s", t->view.process);
	if (t->view.thread)
		str_printf(out, " > thread %s", t->view.thread);
	if (t->view.module)
		str_printf(out, " > %s", t->view.module);
	if (t->function)
		str_printf(out, " > %s", t->function);
	if (t->view.no_kernel)
		str_add(out, ", without the kernel");
	if (t->o.by_total && t->by == BY_FUNCTION)
		str_add(out, ", by total");
}

static void begin(const struct top *t, struct doc *doc)
{
	struct str title = { 0 };

	add_where(t, &title);
	doc_begin(doc, &(struct doc_head){ .kind = "sonde.top", .version = 1, .title = str_text(&title) });
	str_deinit(&title);
	if (t->o.without)
		doc_warning(doc, t->o.without_fix, "%s", t->o.without);
}

/* A function's name as a pattern that fits it alone. */
static char *as_pattern(const char *name)
{
	struct str out = { 0 };

	for (; *name; name++) {
		if (strchr("*?[\\", *name))
			str_add_char(&out, '\\');
		str_add_char(&out, *name);
	}
	return str_take(&out);
}

static struct err *body(struct top *t, struct doc *doc, const struct profile *p)
{
	struct report_options options = { .view = &t->view };

	if (t->function) {
		struct err *err;

		t->view.function = as_pattern(t->function);
		err = report_function(doc, p, &options);
		free((char *)t->view.function);
		t->view.function = NULL;
		if (!err_is(err, ERR_NOT_FOUND))
			return err;
		err_destroy(err); /* not in the last seconds */
		doc_text(doc, "%s did not run.", t->function);
		return NULL;
	}
	table(t, doc, p);
	return NULL;
}

static struct err *emit_recording(struct top *t, struct doc *doc, struct recording *r, bool ended)
{
	struct view_options view = t->view;
	struct profile *p = NULL;
	uint64_t looked_ns;
	struct err *err;

	view.from_ns = window_from(t, recording_borrow_meta(r), ended, &looked_ns);
	view.cache = t->names;
	err = report_profile(r, &view, &p);
	begin(t, doc);
	if (err_is(err, ERR_NOT_FOUND) || (!err && p->samples == 0)) {
		err_destroy(err);
		err = NULL;
		doc_headline(doc, "%s", ended ? "ended: nothing was sampled" : "nothing ran so far");
	} else if (!err) {
		headline(doc, p, ended ? looked_ns : looked_at(t, p, looked_ns), ended);
		err = body(t, doc, p);
	}
	profile_destroy(p);
	return err;
}

struct err *top_emit(struct top *t, struct doc *doc, const char *path, bool ended)
{
	struct recording *r = NULL;
	struct err *err = path ? recording_open(path, &r) : NULL;

	clear_rows(t);
	if (!path || err) { /* it has only just begun */
		err_destroy(err);
		begin(t, doc);
		doc_headline(doc, "%s", ended ? "ended: nothing was sampled" : "waiting for the first samples");
		return NULL;
	}
	if (!t->path || !str_eq(t->path, path)) { /* ids are those of one recording */
		free(t->path);
		t->path = mem_strdup(path);
		frames_cache_destroy(t->names);
		t->names = frames_cache_create();
	}
	err = emit_recording(t, doc, r, ended);
	recording_destroy(r);
	return err;
}

/* --- keys ------------------------------------------------------------------------------------------------ */

const char *const top_key_help[] = {
	"",
	"  Enter             into the chosen row: a function's callers and callees,",
	"                    one process, one thread, one module",
	"  Backspace, Esc    out again",
	"  F L M T P         by function, line, module, thread, process",
	"  s                 sort by self or total",
	"  w                 look back 1 s, 5 s, 30 s, 5 min",
	"  K                 with or without kernel frames",
	NULL,
};

static void set(char **mine, const char **view, char *value)
{
	free(*mine);
	*mine = value;
	*view = value;
}

/* The row that a line is of, by the number it begins with; NULL: none. */
static const char *row_of(const struct top *t, const char *line)
{
	char *end;
	unsigned long number = strtoul(line, &end, 10);

	return end != line && number >= 1 && number <= t->rows.n ? t->rows.v[number - 1] : NULL;
}

static bool enter(struct top *t, const char *line)
{
	const char *row = t->function ? NULL : row_of(t, line);

	if (!row)
		return false;
	switch (t->by) {
	case BY_FUNCTION:
	case BY_LINE:
		free(t->function);
		t->function = mem_strdup(row);
		return true;
	case BY_MODULE:
		set(&t->module, &t->view.module, mem_strdup(row));
		break;
	case BY_THREAD:
		set(&t->thread, &t->view.thread, mem_strdup(row));
		break;
	case BY_PROCESS:
		set(&t->process, &t->view.process, mem_strdup(row));
		break;
	}
	t->by = BY_FUNCTION;
	return true;
}

/* What the user asked for on the command line stays. */
static bool leave(struct top *t)
{
	if (t->function)
		set(&t->function, &(const char *){ NULL }, NULL);
	else if (t->module)
		set(&t->module, &t->view.module, NULL), t->by = BY_MODULE;
	else if (t->thread)
		set(&t->thread, &t->view.thread, NULL), t->by = BY_THREAD;
	else if (t->process)
		set(&t->process, &t->view.process, NULL), t->by = BY_PROCESS;
	else
		return false;
	return true;
}

static void next_window(struct top *t)
{
	size_t n = sizeof(windows_ns) / sizeof(*windows_ns), i = 0;

	while (i < n && windows_ns[i] <= t->o.window_ns)
		i++;
	t->o.window_ns = windows_ns[i % n];
}

bool top_key(struct top *t, int key, const char *line)
{
	static const char by_keys[] = "FLMTP";
	const char *by = key > 0 && key < 128 ? strchr(by_keys, key) : NULL;

	if (by && *by) {
		t->by = (enum top_by)(by - by_keys);
		free(t->function);
		t->function = NULL;
		return true;
	}
	switch (key) {
	case LIVE_ENTER:
		return enter(t, line);
	case LIVE_BACK:
		return leave(t);
	case 's':
		t->o.by_total = !t->o.by_total;
		return true;
	case 'w':
		next_window(t);
		return true;
	case 'K':
		t->view.no_kernel = !t->view.no_kernel;
		return true;
	default:
		return false;
	}
}
