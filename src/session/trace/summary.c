/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sonde trace counts as views of recordings do (view/calls/counts.h) and prints their tables.  For strace's
 * form, and columns that were chosen (-U), there is a cell a call and ABI: how many, how many errors, time.
 *
 * strace's columns are as wide as their widest text, at least as strace has them.
 */
#include "session/trace/summary.h"

#include "base/io.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "render/renderer.h"
#include "view/calls/counts.h"
#include "view/calls/kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = TRACE_COLUMNS_MAX, CELL_TEXT = 48 };

struct cell {
	uint32_t number;
	uint64_t calls, errors;
	int64_t time_ns;
	uint64_t min_ns, max_ns;
};

struct summary {
	const struct trace_options *options;
	struct call_counts *counts;          /* ours; NULL: strace's table */
	struct call_kinds *kinds;
	struct map named;                    /* threads whose names are known */
	struct map index[SYSCALL_ABI_COUNT]; /* number -> index into cells */
	VEC(struct cell) cells[SYSCALL_ABI_COUNT];
};

struct summary *summary_create(const struct trace_options *options)
{
	struct summary *s = mem_calloc(1, sizeof(*s));

	s->options = options;
	if (options->strace || options->summary_columns_given)
		return s;
	s->counts = call_counts_create();
	s->kinds = call_kinds_create();
	return s;
}

void summary_destroy(struct summary *s)
{
	if (s == NULL)
		return;
	for (int abi = 0; abi < SYSCALL_ABI_COUNT; abi++) {
		vec_deinit(&s->cells[abi]);
		map_deinit(&s->index[abi]);
	}
	call_counts_destroy(s->counts);
	call_kinds_destroy(s->kinds);
	map_deinit(&s->named);
	free(s);
}

/* --- counting ------------------------------------------------------------------------------ */

static struct cell *find_cell(struct summary *s, const struct syscall_call *call)
{
	bool is_new;
	uint64_t *slot = map_get(&s->index[call->abi], call->number, &is_new);

	if (is_new) {
		struct cell *c = vec_add(&s->cells[call->abi]);

		c->number = call->number;
		c->min_ns = UINT64_MAX;
		*slot = s->cells[call->abi].n - 1;
	}
	return &s->cells[call->abi].v[*slot];
}

/* "": it can't be asked any more. */
static void ask_name(pid_t tid, char name[16])
{
	CLEANUP(str_deinit) struct str read = { 0 };

	io_read_comm(tid, tid, &read);
	snprintf(name, 16, "%s", str_text(&read));
}

/* A thread that is gone already, as BPF's often are, has its parent's name, until it execs. */
static void name_thread(struct summary *s, const struct call_thread *t)
{
	char name[16];
	bool is_new;

	map_get(&s->named, (uint64_t)t->tid, &is_new);
	if (!is_new)
		return;
	ask_name(t->tid, name);
	summary_name(s, t, name[0] ? name : call_counts_get_name(s->counts, (uint64_t)t->parent_tid));
}

void summary_execed(struct summary *s, const struct call_thread *t)
{
	char name[16];

	if (!s->counts)
		return;
	snprintf(name, sizeof(name), "%s", t->comm);
	if (!name[0])
		ask_name(t->tid, name);
	if (name[0])
		summary_name(s, t, name);
}

void summary_name(struct summary *s, const struct call_thread *t, const char *name)
{
	if (!s->counts)
		return;
	map_get(&s->named, (uint64_t)t->tid, NULL);
	call_counts_name(s->counts, (uint64_t)t->tid, (uint32_t)t->pid, (uint32_t)t->tid, name);
}

/* Overhead (-O) is taken off each call. */
static void count(struct summary *s, const struct call_thread *t, uint64_t ns)
{
	const struct call_kind *kind = call_kinds_get(s->kinds, t->call.abi, t->call.number);
	uint64_t overhead_ns = s->options->overhead_ns > 0 ? (uint64_t)s->options->overhead_ns : 0;
	struct call_count one = {
		.abi = t->call.abi, .number = t->call.number, .duration_ns = ns > overhead_ns ? ns - overhead_ns : 0,
		.untimed = t->entry_unseen, .bytes = kind->moves && t->call.result > 0 ? (uint64_t)t->call.result : 0,
		.error = t->call.is_error ? (int)-t->call.result : 0,
	};

	name_thread(s, t);
	call_counts_add(s->counts, (uint64_t)t->tid, &one);
}

void summary_add(struct summary *s, const struct call_thread *t, uint64_t enter_system_ns)
{
	struct cell *c;
	uint64_t wall_ns = t->leave_ns > t->enter_ns ? t->leave_ns - t->enter_ns : 0;
	uint64_t system_ns = t->system_ns > enter_system_ns ? t->system_ns - enter_system_ns : 0;
	uint64_t ns = s->options->wall_clock ? wall_ns : system_ns;

	if (s->counts) {
		count(s, t, ns);
		return;
	}
	c = find_cell(s, &t->call);
	c->calls++;
	c->errors += t->call.is_error;
	c->time_ns += (int64_t)ns;
	if (ns < c->min_ns)
		c->min_ns = ns;
	if (ns > c->max_ns)
		c->max_ns = ns;
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct {
	const char *title;
	int width;
} columns[] = {
	[TRACE_COLUMN_TIME_PERCENT] = { "% time", 6 }, [TRACE_COLUMN_TOTAL_TIME] = { "seconds", 11 },
	[TRACE_COLUMN_MIN_TIME] = { "shortest", 8 }, [TRACE_COLUMN_MAX_TIME] = { "longest", 8 },
	[TRACE_COLUMN_AVG_TIME] = { "usecs/call", 11 }, [TRACE_COLUMN_CALLS] = { "calls", 9 },
	[TRACE_COLUMN_ERRORS] = { "errors", 9 }, [TRACE_COLUMN_NAME] = { "syscall", 16 },
};

struct table {
	int columns[COLUMNS_MAX];
	int widths[COLUMNS_MAX];
	int count;
	enum syscall_abi abi;
	int64_t total_ns;
};

static void cell_text(const struct table *t, int column, const struct cell *c, bool total, char *text)
{
	const struct syscall_entry *entry = syscall_find(t->abi, c->number);
	double share = t->total_ns > 0 ? (double)c->time_ns / (double)t->total_ns : 0;
	char unknown[SYSCALL_UNKNOWN_MAX];

	text[0] = '\0';
	switch (column) {
	case TRACE_COLUMN_TIME_PERCENT: snprintf(text, CELL_TEXT, "%.2f", total ? 100.0 : share * 100); break;
	case TRACE_COLUMN_TOTAL_TIME: snprintf(text, CELL_TEXT, "%.6f", (double)c->time_ns / 1e9); break;
	case TRACE_COLUMN_MIN_TIME: snprintf(text, CELL_TEXT, "%.6f", (double)c->min_ns / 1e9); break;
	case TRACE_COLUMN_MAX_TIME: snprintf(text, CELL_TEXT, "%.6f", (double)c->max_ns / 1e9); break;
	case TRACE_COLUMN_AVG_TIME:
		snprintf(text, CELL_TEXT, "%lld", (long long)(c->calls ? c->time_ns / 1000 / (int64_t)c->calls : 0));
		break;
	case TRACE_COLUMN_CALLS: snprintf(text, CELL_TEXT, "%llu", (unsigned long long)c->calls); break;
	case TRACE_COLUMN_ERRORS:
		if (c->errors)
			snprintf(text, CELL_TEXT, "%llu", (unsigned long long)c->errors);
		break;
	default:
		if (total)
			snprintf(text, CELL_TEXT, "total");
		else
			snprintf(text, CELL_TEXT, "%s", entry ? entry->name : syscall_unknown_name(t->abi, c->number, unknown));
	}
}

static void print_cell(const struct table *t, int i, const char *text, struct str *out)
{
	bool left = t->columns[i] == TRACE_COLUMN_NAME, last = i + 1 == t->count;

	if (i)
		str_add_char(out, ' ');
	if (left && last)
		str_add(out, text);
	else
		str_printf(out, left ? "%-*s" : "%*s", t->widths[i], text);
}

static void print_row(const struct table *t, const struct cell *c, bool total, struct str *out)
{
	char text[CELL_TEXT];

	for (int i = 0; i < t->count; i++) {
		cell_text(t, t->columns[i], c, total, text);
		print_cell(t, i, text, out);
	}
	str_add_char(out, '\n');
}

static void print_rule(const struct table *t, struct str *out)
{
	for (int i = 0; i < t->count; i++) {
		if (i)
			str_add_char(out, ' ');
		str_add_repeat(out, '-', (size_t)t->widths[i]);
	}
	str_add_char(out, '\n');
}

static void widen(struct table *t, const struct cell *c, bool total)
{
	char text[CELL_TEXT];

	for (int i = 0; i < t->count; i++) {
		cell_text(t, t->columns[i], c, total, text);
		if ((int)strlen(text) > t->widths[i])
			t->widths[i] = (int)strlen(text);
	}
}

/* --- order ---------------------------------------------------------------------------------------- */

struct sort_key {
	enum trace_column column;
	enum syscall_abi abi;
};

static int compare_numbers(double a, double b) { return a < b ? 1 : a > b ? -1 : 0; }

static int compare_cells(const void *va, const void *vb, void *user)
{
	const struct cell *a = va, *b = vb;
	const struct sort_key *key = user;
	const struct syscall_entry *ea = syscall_find(key->abi, a->number), *eb = syscall_find(key->abi, b->number);
	int order = 0;

	switch (key->column) {
	case TRACE_COLUMN_NAME: order = ea && eb ? strcmp(ea->name, eb->name) : 0; break;
	case TRACE_COLUMN_MIN_TIME: order = compare_numbers((double)a->min_ns, (double)b->min_ns); break;
	case TRACE_COLUMN_MAX_TIME: order = compare_numbers((double)a->max_ns, (double)b->max_ns); break;
	case TRACE_COLUMN_CALLS: order = compare_numbers((double)a->calls, (double)b->calls); break;
	case TRACE_COLUMN_ERRORS: order = compare_numbers((double)a->errors, (double)b->errors); break;
	case TRACE_COLUMN_AVG_TIME:
		order = compare_numbers((double)a->time_ns / (double)a->calls, (double)b->time_ns / (double)b->calls);
		break;
	case TRACE_COLUMN_NONE: break;
	default: order = compare_numbers((double)a->time_ns, (double)b->time_ns);
	}
	return order ? order : a->number < b->number ? -1 : a->number > b->number;
}

static void add_total(struct cell *total, const struct cell *c)
{
	if (total->calls == 0 || c->min_ns < total->min_ns)
		total->min_ns = c->min_ns;
	if (c->max_ns > total->max_ns)
		total->max_ns = c->max_ns;
	total->calls += c->calls;
	total->errors += c->errors;
	total->time_ns += c->time_ns;
}

static void choose_columns(const struct trace_options *o, struct table *t)
{
	for (unsigned i = 0; i < o->summary_column_count; i++)
		t->columns[t->count++] = (int)o->summary_columns[i];
	for (int i = 0; i < t->count; i++)
		t->widths[i] = columns[t->columns[i]].width;
}

static void print_abi(struct summary *s, enum syscall_abi abi, struct str *out)
{
	struct table t = { .abi = abi };
	struct cell total = { 0 };
	struct sort_key key = { s->options->sort, abi };

	choose_columns(s->options, &t);
	for (size_t i = 0; i < s->cells[abi].n; i++) {
		struct cell *c = &s->cells[abi].v[i];

		if (s->options->overhead_ns > 0)
			c->time_ns -= s->options->overhead_ns * (int64_t)c->calls;
		if (c->time_ns < 0)
			c->time_ns = 0;
		add_total(&total, c);
	}
	t.total_ns = total.time_ns;
	for (size_t i = 0; i < s->cells[abi].n; i++)
		widen(&t, &s->cells[abi].v[i], false);
	widen(&t, &total, true);
	if (s->cells[abi].n)
		qsort_r(s->cells[abi].v, s->cells[abi].n, sizeof(struct cell), compare_cells, &key);
	for (int i = 0; i < t.count; i++)
		print_cell(&t, i, columns[t.columns[i]].title, out);
	str_add_char(out, '\n');
	print_rule(&t, out);
	for (size_t i = 0; i < s->cells[abi].n; i++)
		print_row(&t, &s->cells[abi].v[i], false, out);
	print_rule(&t, out);
	print_row(&t, &total, true, out);
}

static enum call_sort sort_of(enum trace_column column)
{
	static const enum call_sort sorts[] = {
		[TRACE_COLUMN_TIME_PERCENT] = CALL_SORT_TIME, [TRACE_COLUMN_TOTAL_TIME] = CALL_SORT_TIME,
		[TRACE_COLUMN_MIN_TIME] = CALL_SORT_MIN, [TRACE_COLUMN_MAX_TIME] = CALL_SORT_MAX,
		[TRACE_COLUMN_AVG_TIME] = CALL_SORT_AVERAGE, [TRACE_COLUMN_CALLS] = CALL_SORT_CALLS,
		[TRACE_COLUMN_ERRORS] = CALL_SORT_ERRORS, [TRACE_COLUMN_NAME] = CALL_SORT_NAME,
		[TRACE_COLUMN_NONE] = CALL_SORT_NONE,
	};

	return sorts[column];
}

enum call_sort summary_sort(const struct trace_options *options) { return sort_of(options->sort); }

static void emit(struct summary *s, struct doc *doc)
{
	struct str answer = { 0 };

	doc_begin(doc, &(struct doc_head){ .kind = "sonde.calls", .version = 1, .title = "system calls" });
	call_counts_answer(s->counts, &answer);
	doc_headline(doc, "%s", str_text(&answer));
	call_counts_emit(s->counts, sort_of(s->options->sort), 0, NULL, doc);
	str_deinit(&answer);
}

/* The same tables as of a recording, where the lines go. */
static void print_document(struct summary *s, struct str *out)
{
	char *text = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&text, &length);
	struct render_options options = { .format = s->options->json ? "json" : "term", .stream = stream };
	struct doc *doc = NULL;
	struct err *err = stream ? render_open(&options, &doc) : err_new(ERR_SYSTEM, "no memory for the table");

	if (!err) {
		emit(s, doc);
		err = doc_end(doc);
	}
	render_destroy(doc);
	if (stream)
		fclose(stream);
	if (err)
		log_warn("%s", err_message(err));
	else
		str_add_n(out, text, length);
	err_destroy(err);
	free(text);
}

void summary_print(struct summary *s, struct str *out)
{
	static const char *const titles[] = { [SYSCALL_ABI_I386] = "32 bit", [SYSCALL_ABI_X32] = "x32",
					      [SYSCALL_ABI_ARM] = "32 bit" };
	bool first = true;

	if (s->counts) {
		print_document(s, out);
		return;
	}
	for (int abi = 0; abi < SYSCALL_ABI_COUNT; abi++) {
		if (s->cells[abi].n == 0)
			continue;
		if (!first || (abi < (int)(sizeof(titles) / sizeof(*titles)) && titles[abi]))
			str_printf(out, "System call usage summary for %s mode:\n", titles[abi] ? titles[abi] : "64 bit");
		first = false;
		print_abi(s, abi, out);
	}
}
