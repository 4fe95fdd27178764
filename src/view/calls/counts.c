/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A cell for each call of each thread; those of a call, or of a thread, are added up when
 * they are shown.  A cell has a histogram with eight buckets an octave, so that a percentile is
 * right within 9 %; it has the octaves from 64 ns on, for about nine minutes; what is
 * longer counts as that, and the longest is exact.  A build has a hundred thousand threads with a few
 * calls each: of those a cell remembers in which buckets they were, a tenth of a histogram's bytes.
 */
#include "view/calls/counts.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/units.h"
#include "base/vec.h"
#include "render/doc.h"
#include "syscall/print.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_OCTAVE = 6, OCTAVES = 34, PER_OCTAVE = 8, BUCKETS = OCTAVES * PER_OCTAVE };
enum { FEW = 14 };
enum { CALLS_SHOWN = 25, THREADS_SHOWN = 8, CALLS_OF_THREAD = 3, CELL_TEXT = 64 };

struct cell {
	uint32_t number;
	uint8_t abi;
	uint32_t thread; /* index */
	uint64_t calls, timed, errors, time_ns, bytes, min_ns, max_ns; /* TIMED: of the calls; the times are theirs */
	uint32_t *buckets;  /* BUCKETS of them; NULL: all that are TIMED are in FEW */
	uint16_t few[FEW];  /* their buckets, rising */
};

struct thread {
	uint32_t pid, tid;
	char *name;
	VEC(uint32_t) cells; /* by number of the first time */
};

struct failed { /* a call and an errno */
	uint8_t abi;
	uint32_t number;
	int error;
	uint64_t count;
};

struct call_counts {
	struct map cell_index, thread_index, failed_index;
	VEC(struct cell) cells;
	VEC(struct thread) threads;
	VEC(struct failed) failed;
	uint64_t last_thread; /* whose index is known */
	uint32_t last_index;
	char most_failed[CELL_TEXT * 2];
};

struct call_counts *call_counts_create(void)
{
	struct call_counts *c = mem_calloc(1, sizeof(*c));

	c->last_index = UINT32_MAX;
	return c;
}

void call_counts_destroy(struct call_counts *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->cells.n; i++)
		free(c->cells.v[i].buckets);
	for (size_t i = 0; i < c->threads.n; i++) {
		free(c->threads.v[i].name);
		vec_deinit(&c->threads.v[i].cells);
	}
	vec_deinit(&c->cells);
	vec_deinit(&c->threads);
	vec_deinit(&c->failed);
	map_deinit(&c->cell_index);
	map_deinit(&c->thread_index);
	map_deinit(&c->failed_index);
	free(c);
}

/* --- counting ------------------------------------------------------------------------------- */

static unsigned bucket_of(uint64_t ns)
{
	unsigned octave, bucket;

	if (ns < 1U << FIRST_OCTAVE)
		return 0;
	octave = 63 - (unsigned)__builtin_clzll(ns);
	bucket = (octave - FIRST_OCTAVE) * PER_OCTAVE + (unsigned)(ns >> (octave - 3) & 7);
	return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

static uint64_t bucket_ns(unsigned bucket)
{
	return (8ULL + bucket % PER_OCTAVE) << (bucket / PER_OCTAVE + FIRST_OCTAVE - 3);
}

static uint32_t thread_of(struct call_counts *c, uint64_t thread)
{
	bool is_new;
	uint64_t *index;

	if (thread == c->last_thread && c->last_index != UINT32_MAX)
		return c->last_index;
	index = map_get(&c->thread_index, thread, &is_new);
	if (is_new) {
		*index = c->threads.n;
		vec_add(&c->threads)->tid = (uint32_t)thread;
	}
	c->last_thread = thread;
	c->last_index = (uint32_t)*index;
	return c->last_index;
}

void call_counts_name(struct call_counts *c, uint64_t thread, uint32_t pid, uint32_t tid, const char *name)
{
	uint32_t index = thread_of(c, thread); /* which may move them */
	struct thread *t = &c->threads.v[index];

	t->pid = pid;
	t->tid = tid;
	free(t->name);
	t->name = mem_strdup(name ? name : "");
}

const char *call_counts_get_name(const struct call_counts *c, uint64_t thread)
{
	const uint64_t *index = map_find(&c->thread_index, thread);

	return index ? c->threads.v[*index].name : NULL;
}

static struct cell *cell_of(struct call_counts *c, uint32_t thread, const struct call_count *one)
{
	uint64_t key = (uint64_t)thread << 32 ^ (uint64_t)one->abi << 28 ^ one->number;
	bool is_new;
	uint64_t *index = map_get(&c->cell_index, key, &is_new);
	struct cell *cell;

	if (!is_new)
		return &c->cells.v[*index];
	*index = c->cells.n;
	cell = vec_add(&c->cells);
	*cell = (struct cell){ .number = one->number, .abi = (uint8_t)one->abi, .thread = thread, .min_ns = UINT64_MAX };
	vec_push(&c->threads.v[thread].cells, (uint32_t)*index);
	return cell;
}

static void count_failed(struct call_counts *c, const struct call_count *one)
{
	uint64_t key = (uint64_t)one->error << 40 ^ (uint64_t)one->abi << 36 ^ one->number;
	bool is_new;
	uint64_t *index = map_get(&c->failed_index, key, &is_new);

	if (is_new) {
		*index = c->failed.n;
		vec_push(&c->failed, ((struct failed){ (uint8_t)one->abi, one->number, one->error, 0 }));
	}
	c->failed.v[*index].count++;
}

static void add_few(uint32_t *buckets, const struct cell *from)
{
	for (uint64_t i = 0; i < from->timed; i++)
		buckets[from->few[i]]++;
}

/* It is not among those that are TIMED yet. */
static void add_bucket(struct cell *cell, unsigned bucket)
{
	uint64_t i = cell->timed;

	if (!cell->buckets && i < FEW) {
		for (; i > 0 && cell->few[i - 1] > bucket; i--)
			cell->few[i] = cell->few[i - 1];
		cell->few[i] = (uint16_t)bucket;
		return;
	}
	if (!cell->buckets) {
		cell->buckets = mem_calloc(BUCKETS, sizeof(*cell->buckets));
		add_few(cell->buckets, cell);
	}
	cell->buckets[bucket]++;
}

static void add_time(struct cell *cell, uint64_t ns)
{
	add_bucket(cell, bucket_of(ns));
	cell->timed++;
	cell->time_ns += ns;
	if (ns < cell->min_ns)
		cell->min_ns = ns;
	if (ns > cell->max_ns)
		cell->max_ns = ns;
}

void call_counts_add(struct call_counts *c, uint64_t thread, const struct call_count *one)
{
	struct cell *cell = cell_of(c, thread_of(c, thread), one);

	cell->calls++;
	cell->bytes += one->bytes;
	if (!one->untimed)
		add_time(cell, one->duration_ns);
	if (one->error) {
		cell->errors++;
		count_failed(c, one);
	}
}

/* --- adding up --------------------------------------------------------------------------------- */

/* TO has buckets. */
static void add_cell(struct cell *to, const struct cell *from)
{
	to->calls += from->calls;
	to->timed += from->timed;
	to->errors += from->errors;
	to->time_ns += from->time_ns;
	to->bytes += from->bytes;
	if (from->min_ns < to->min_ns)
		to->min_ns = from->min_ns;
	if (from->max_ns > to->max_ns)
		to->max_ns = from->max_ns;
	if (!from->buckets)
		add_few(to->buckets, from);
	for (unsigned b = 0; from->buckets && b < BUCKETS; b++)
		to->buckets[b] += from->buckets[b];
}

static struct cell empty_cell(const struct cell *like)
{
	return (struct cell){ .number = like ? like->number : 0, .abi = like ? like->abi : 0, .min_ns = UINT64_MAX,
			      .buckets = mem_calloc(BUCKETS, sizeof(uint32_t)) };
}

/* Which bucket has the RANKth, counted from 1. */
static unsigned bucket_at(const struct cell *c, uint64_t rank)
{
	uint64_t seen = 0;

	if (!c->buckets)
		return c->few[rank - 1];
	for (unsigned b = 0; b < BUCKETS; b++) {
		seen += c->buckets[b];
		if (seen >= rank)
			return b;
	}
	return BUCKETS - 1;
}

/* Of the call that as many as SHARE of them took no longer than: of two calls the shorter one is the median; of less than
 * a hundred the longest is the 99th percentile, and known exactly. */
static uint64_t percentile_ns(const struct cell *c, double share)
{
	uint64_t rank = (uint64_t)ceil((double)c->timed * share);
	unsigned bucket;

	if (rank >= c->timed)
		return c->max_ns;
	bucket = bucket_at(c, rank);
	if (bucket == 0 || bucket_ns(bucket) < c->min_ns)
		return c->min_ns;
	return bucket_ns(bucket) < c->max_ns ? bucket_ns(bucket) : c->max_ns;
}

static const char *name_of(enum syscall_abi abi, uint32_t number, char *buffer)
{
	static const char *const marks[SYSCALL_ABI_COUNT] = { [SYSCALL_ABI_I386] = " (32 bit)", [SYSCALL_ABI_X32] = " (x32)",
							      [SYSCALL_ABI_ARM] = " (32 bit)" };
	const struct syscall_entry *entry = syscall_find(abi, number);
	const char *mark = marks[abi] ? marks[abi] : "";

	char unknown[SYSCALL_UNKNOWN_MAX];

	snprintf(buffer, CELL_TEXT, "%s%s", entry ? entry->name : syscall_unknown_name(abi, number, unknown), mark);
	return buffer;
}

/* All threads together, a cell a call. */
typedef VEC(struct cell) cell_list;

static void by_call(const struct call_counts *c, cell_list *ret)
{
	struct map index = { 0 };

	for (size_t i = 0; i < c->cells.n; i++) {
		const struct cell *from = &c->cells.v[i];
		bool is_new;
		uint64_t *at = map_get(&index, (uint64_t)from->abi << 32 | from->number, &is_new);

		if (is_new) {
			*at = ret->n;
			vec_push(ret, empty_cell(from));
		}
		add_cell(&ret->v[*at], from);
	}
	map_deinit(&index);
}

static void free_cells(cell_list *cells)
{
	for (size_t i = 0; i < cells->n; i++)
		free(cells->v[i].buckets);
	vec_deinit(cells);
}

/* --- order ---------------------------------------------------------------------------------------- */

static int falling(uint64_t a, uint64_t b) { return (a < b) - (a > b); }

static uint64_t average_ns(const struct cell *c) { return c->timed ? c->time_ns / c->timed : 0; }

static int compare_names(const struct cell *a, const struct cell *b)
{
	char x[CELL_TEXT], y[CELL_TEXT];

	return strcmp(name_of(a->abi, a->number, x), name_of(b->abi, b->number, y));
}

static int compare_cells(const void *va, const void *vb, void *user)
{
	const struct cell *a = va, *b = vb;
	int order = 0;

	switch (*(const enum call_sort *)user) {
	case CALL_SORT_TIME: order = falling(a->time_ns, b->time_ns); break;
	case CALL_SORT_CALLS: order = falling(a->calls, b->calls); break;
	case CALL_SORT_ERRORS: order = falling(a->errors, b->errors); break;
	case CALL_SORT_MIN: order = falling(a->min_ns, b->min_ns); break;
	case CALL_SORT_MAX: order = falling(a->max_ns, b->max_ns); break;
	case CALL_SORT_AVERAGE: order = falling(average_ns(a), average_ns(b)); break;
	case CALL_SORT_NAME: order = compare_names(a, b); break;
	case CALL_SORT_NONE: break;
	}
	if (order)
		return order;
	return a->abi != b->abi ? (int)a->abi - (int)b->abi : (a->number > b->number) - (a->number < b->number);
}

static void sort_cells(cell_list *cells, enum call_sort sort)
{
	if (cells->n)
		qsort_r(cells->v, cells->n, sizeof(*cells->v), compare_cells, &sort);
}

/* --- the answer ------------------------------------------------------------------------------------ */

/* One that execs or renames itself is several in the list, and one here. */
static void count_threads(const struct call_counts *c, struct call_totals *ret)
{
	struct map pids = { 0 }, tids = { 0 };

	for (size_t i = 0; i < c->threads.n; i++)
		if (c->threads.v[i].cells.n) {
			map_get(&pids, c->threads.v[i].pid, NULL);
			map_get(&tids, c->threads.v[i].tid, NULL);
		}
	ret->processes = pids.n;
	ret->threads = tids.n;
	map_deinit(&pids);
	map_deinit(&tids);
}

static void find_most_failed(struct call_counts *c, struct call_totals *ret)
{
	char name[CELL_TEXT];
	const struct failed *most = NULL;

	for (size_t i = 0; i < c->failed.n; i++)
		if (!most || c->failed.v[i].count > most->count)
			most = &c->failed.v[i];
	if (!most)
		return;
	snprintf(c->most_failed, sizeof(c->most_failed), "%s of %s",
		 syscall_errno_name(most->error) ? syscall_errno_name(most->error) : "errors",
		 name_of(most->abi, most->number, name));
	ret->most_failed = c->most_failed;
	ret->most_errors = most->count;
}

void call_counts_get_totals(struct call_counts *c, struct call_totals *ret)
{
	cell_list cells = { 0 };

	*ret = (struct call_totals){ 0 };
	count_threads(c, ret);
	by_call(c, &cells);
	sort_cells(&cells, CALL_SORT_TIME);
	for (size_t i = 0; i < cells.n; i++) {
		ret->calls += cells.v[i].calls;
		ret->errors += cells.v[i].errors;
		ret->time_ns += cells.v[i].time_ns;
		ret->bytes += cells.v[i].bytes;
	}
	if (cells.n) {
		const struct syscall_entry *entry = syscall_find(cells.v[0].abi, cells.v[0].number);

		ret->most = entry ? entry->name : "an unknown call";
		ret->most_ns = cells.v[0].time_ns;
	}
	find_most_failed(c, ret);
	free_cells(&cells);
}

void call_counts_answer(struct call_counts *c, struct str *out)
{
	struct call_totals t;

	call_counts_get_totals(c, &t);
	str_printf(out, "%s system call%s", units_count(t.calls).text, t.calls == 1 ? "" : "s");
	if (t.calls == 0)
		return;
	str_printf(out, " by %s process%s", units_count(t.processes).text, t.processes == 1 ? "" : "es");
	if (t.threads > t.processes)
		str_printf(out, " (%s threads)", units_count(t.threads).text);
	str_printf(out, ", %s in them", units_duration_ns((double)t.time_ns).text);
	if (t.time_ns)
		str_printf(out, ", %s of it in %s", units_ratio((double)t.most_ns / (double)t.time_ns).text, t.most);
	if (t.errors == 0)
		return;
	str_printf(out, "; %s failed", units_count(t.errors).text);
	if (t.most_errors == t.errors)
		str_printf(out, " (%s)", t.most_failed);
	else
		str_printf(out, " (most: %s %s)", units_count(t.most_errors).text, t.most_failed);
}

/* --- tables ------------------------------------------------------------------------------------------- */

enum { COLUMNS = 9 };
static const struct doc_column columns[COLUMNS] = {
	{ "time_ratio", "share", DOC_RATIO, DOC_COLUMN_BAR },
	{ "time", "time", DOC_DURATION_NS, 0 },
	{ "calls", "calls", DOC_COUNT, 0 },
	{ "errors", "errors", DOC_COUNT, 0 },
	{ "p50", "p50", DOC_DURATION_NS, 0 },
	{ "p99", "p99", DOC_DURATION_NS, 0 },
	{ "max", "max", DOC_DURATION_NS, 0 },
	{ "moved", "bytes", DOC_BYTES, 0 },
	{ "call", "call", DOC_TEXT, 0 },
};

static struct doc_value or_none(uint64_t n) { return n ? DOC_U64(n) : DOC_NONE; }

static void fill(struct doc_value *v, const struct cell *c, uint64_t all_ns)
{
	bool timed = c->timed > 0;

	v[0] = all_ns && timed ? DOC_F64((double)c->time_ns / (double)all_ns) : DOC_NONE;
	v[1] = timed ? DOC_U64(c->time_ns) : DOC_NONE;
	v[2] = DOC_U64(c->calls);
	v[3] = or_none(c->errors);
	v[4] = timed ? DOC_U64(percentile_ns(c, 0.5)) : DOC_NONE;
	v[5] = timed ? DOC_U64(percentile_ns(c, 0.99)) : DOC_NONE;
	v[6] = timed ? DOC_U64(c->max_ns) : DOC_NONE;
	v[7] = or_none(c->bytes);
}

static void emit_calls(struct call_counts *c, enum call_sort sort, uint64_t limit, const char *how_to_see,
		       uint64_t all_ns, struct doc *doc)
{
	struct doc_value v[COLUMNS];
	char name[CELL_TEXT];
	cell_list cells = { 0 };
	size_t shown;

	by_call(c, &cells);
	sort_cells(&cells, sort);
	shown = cells.n < limit ? cells.n : limit;
	doc_table_begin(doc, "calls", "Calls", columns, COLUMNS);
	for (size_t i = 0; i < shown; i++) {
		fill(v, &cells.v[i], all_ns);
		v[8] = DOC_STR(name_of(cells.v[i].abi, cells.v[i].number, name));
		doc_row(doc, v);
	}
	doc_table_end(doc, cells.n - shown, cells.n > shown ? how_to_see : NULL);
	free_cells(&cells);
}

struct thread_total {
	size_t index;
	uint64_t time_ns;
};
typedef VEC(struct thread_total) thread_list;

static int by_time(const void *a, const void *b)
{
	const struct thread_total *x = a, *y = b;
	int order = falling(x->time_ns, y->time_ns);

	return order ? order : (x->index > y->index) - (x->index < y->index);
}

static void list_threads(const struct call_counts *c, thread_list *ret)
{
	for (size_t i = 0; i < c->threads.n; i++) {
		const struct thread *t = &c->threads.v[i];
		struct thread_total total = { i, 0 };

		if (t->cells.n == 0)
			continue;
		for (size_t k = 0; k < t->cells.n; k++)
			total.time_ns += c->cells.v[t->cells.v[k]].time_ns;
		vec_push(ret, total);
	}
	vec_sort(ret, by_time);
}

/* The columns of a thread or one of its calls: which, and what kind of row it is. */
static void emit_thread(struct call_counts *c, const struct thread *t, size_t most, enum call_sort sort, uint64_t all_ns,
			struct doc *doc)
{
	struct cell sum = empty_cell(NULL);
	struct doc_value v[COLUMNS + 2];
	char name[CELL_TEXT];
	cell_list cells = { 0 };

	for (size_t i = 0; i < t->cells.n; i++)
		vec_push(&cells, c->cells.v[t->cells.v[i]]);
	for (size_t i = 0; i < cells.n; i++)
		add_cell(&sum, &cells.v[i]);
	fill(v + 1, &sum, all_ns);
	v[0] = DOC_STYLED(t->name && *t->name ? t->name : "?", DOC_STRONG);
	v[9] = DOC_U64(t->tid);
	v[10] = DOC_U64(t->pid);
	doc_node(doc, 0, v);
	sort_cells(&cells, sort);
	for (size_t i = 0; i < cells.n && i < most; i++) {
		fill(v + 1, &cells.v[i], all_ns);
		v[0] = DOC_STR(name_of(cells.v[i].abi, cells.v[i].number, name));
		doc_node(doc, 1, v);
	}
	free(sum.buckets);
	vec_deinit(&cells); /* their buckets are c's */
}

static void emit_threads(struct call_counts *c, enum call_sort sort, uint64_t limit, const char *how_to_see,
			 uint64_t all_ns, struct doc *doc)
{
	struct doc_column shown[COLUMNS + 2] = { { "what", "thread, and its calls", DOC_TEXT, 0 } };
	thread_list threads = { 0 };
	size_t most = limit > THREADS_SHOWN ? limit : limit && limit < CALLS_OF_THREAD ? limit : CALLS_OF_THREAD;
	size_t count;

	memcpy(shown + 1, columns, (COLUMNS - 1) * sizeof(*columns));
	shown[9] = (struct doc_column){ "tid", "tid", DOC_ID, 0 };
	shown[10] = (struct doc_column){ "pid", "pid", DOC_ID, 0 };
	list_threads(c, &threads);
	count = limit ? limit : THREADS_SHOWN;
	if (count > threads.n)
		count = threads.n;
	doc_tree_begin(doc, "threads", "Threads", shown, COLUMNS + 2);
	for (size_t i = 0; i < count; i++)
		emit_thread(c, &c->threads.v[threads.v[i].index], most, sort, all_ns, doc);
	doc_tree_end(doc);
	if (count < threads.n)
		doc_text(doc, "%s more, a thread that execs counts once a program%s%s", units_count(threads.n - count).text,
			 how_to_see ? ": " : "", how_to_see ? how_to_see : "");
	vec_deinit(&threads);
}

void call_counts_emit(struct call_counts *c, enum call_sort sort, uint64_t limit, const char *how_to_see,
		      struct doc *doc)
{
	struct call_totals totals;

	call_counts_get_totals(c, &totals);
	if (totals.calls == 0)
		return;
	emit_calls(c, sort, limit ? limit : CALLS_SHOWN, how_to_see, totals.time_ns, doc);
	emit_threads(c, sort, limit, how_to_see, totals.time_ns, doc);
}
