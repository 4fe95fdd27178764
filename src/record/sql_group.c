/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GROUP BY without a sorter: the columns that are used are read whole, each row gets the number of
 * its group (an array for narrow keys, a hash table else), and a counting sort puts rows of a group
 * together.  Groups come in order of their keys: SQLite leaves out an ORDER BY that is the same as
 * the GROUP BY, though it says (sqlite3_vtab_distinct() is 1) that any order would do.
 */
#include "base/mem.h"
#include "record/sql_impl.h"

#include <stdlib.h>
#include <string.h>

struct grouping {
	const struct recording *recording;
	const struct event_type *type;
	const struct sql_order_by *by;
	struct sql_grouped *out;
	size_t cap;
	uint32_t *group_of;	 /* by row */
	VEC(uint32_t) first_row; /* by group: stands for its key */
};

static bool is_used(uint64_t fields, unsigned field)
{
	return fields >> (field < 63 ? field : 63) & 1;
}

static size_t width_of(const struct event_type *type, unsigned field)
{
	return parquet_kind_is_wide((enum parquet_kind)type->fields[field].kind) ? 8 : 4;
}

/* --- reading ---------------------------------------------------------------------------------- */

static void append(struct grouping *g, const struct sql_rows *rows, unsigned field)
{
	size_t width = width_of(g->type, field), at = g->out->count;
	char *to = (char *)g->out->columns[field] + at * width;

	if (rows->all)
		memcpy(to, rows->columns[field], rows->count * width);
	else if (width == 8)
		for (size_t i = 0; i < rows->count; i++)
			((uint64_t *)to)[i] =
				((const uint64_t *)rows->columns[field])[rows->picked[i]];
	else
		for (size_t i = 0; i < rows->count; i++)
			((uint32_t *)to)[i] =
				((const uint32_t *)rows->columns[field])[rows->picked[i]];
}

static void reserve(struct grouping *g, uint64_t fields, size_t more)
{
	size_t need = g->out->count + more;

	if (need <= g->cap)
		return;
	g->cap = g->cap * 2 > need ? g->cap * 2 : need;
	for (unsigned i = 0; i < g->type->field_count; i++)
		if (is_used(fields, i))
			g->out->columns[i] =
				mem_realloc(g->out->columns[i], g->cap * width_of(g->type, i));
}

static struct err *read_all(struct grouping *g, struct recording *r, const struct table *t,
			    uint64_t fields, const struct sql_filters *f, struct sql_rows *rows)
{
	for (size_t s = 0; s < t->segments.n; s++)
		for (size_t k = 0; k < parquet_row_group_count(t->segments.v[s].file); k++) {
			if (!sql_may_match(t, s, k, f))
				continue;
			TRY(sql_read_group(r, rows, fields, s, k, f));
			reserve(g, fields, rows->count);
			for (unsigned i = 0; i < g->type->field_count && rows->count; i++)
				if (is_used(fields, i))
					append(g, rows, i);
			g->out->count += rows->count;
		}
	return NULL;
}

/* --- numbering groups ---------------------------------------------------------------------------
 */

static int64_t key_at(const struct grouping *g, unsigned key, size_t row)
{
	unsigned field = g->by->fields[key];

	return sql_integer(&g->type->fields[field], g->out->columns[field], row);
}

static bool same_key(const struct grouping *g, size_t a, size_t b)
{
	for (unsigned k = 0; k < g->by->n; k++)
		if (key_at(g, k, a) != key_at(g, k, b))
			return false;
	return true;
}

static uint64_t hash_row(const struct grouping *g, size_t row)
{
	uint64_t hash = 0;

	for (unsigned k = 0; k < g->by->n; k++)
		hash = hash_u64(hash ^ (uint64_t)key_at(g, k, row));
	return hash;
}

struct group_table {
	uint32_t *slots; /* group + 1; 0: empty */
	size_t cap, n;
};

static void grow(struct grouping *g, struct group_table *t)
{
	size_t cap = t->cap ? t->cap * 2 : 1024;
	uint32_t *slots = mem_calloc(cap, sizeof(*slots));

	for (size_t i = 0; i < t->cap; i++) {
		if (t->slots[i] == 0)
			continue;
		size_t at = hash_row(g, g->first_row.v[t->slots[i] - 1]) & (cap - 1);

		while (slots[at])
			at = (at + 1) & (cap - 1);
		slots[at] = t->slots[i];
	}
	free(t->slots);
	t->slots = slots;
	t->cap = cap;
}

static uint32_t find_group(struct grouping *g, struct group_table *t, size_t row)
{
	if ((t->n + 1) * 2 > t->cap)
		grow(g, t);

	size_t at = hash_row(g, row) & (t->cap - 1);

	while (t->slots[at]) {
		if (same_key(g, g->first_row.v[t->slots[at] - 1], row))
			return t->slots[at] - 1;
		at = (at + 1) & (t->cap - 1);
	}
	vec_push(&g->first_row, (uint32_t)row);
	t->slots[at] = (uint32_t)++t->n;
	return (uint32_t)t->n - 1;
}

static void number_groups(struct grouping *g)
{
	struct group_table t = { 0 };

	for (size_t row = 0; row < g->out->count; row++) {
		if (row && same_key(g, row, row - 1))
			g->group_of[row] = g->group_of[row - 1];
		else
			g->group_of[row] = find_group(g, &t, row);
	}
	free(t.slots);
}

/* One narrow key: an array instead of the hash table.  False: it is not narrow. */
static bool number_narrow(struct grouping *g)
{
	enum { RANGE_MAX = 1 << 16 };
	int64_t min = INT64_MAX, max = INT64_MIN;

	if (g->by->n != 1)
		return false;
	for (size_t row = 0; row < g->out->count; row++) {
		int64_t key = key_at(g, 0, row);

		min = key < min ? key : min;
		max = key > max ? key : max;
	}
	if (g->out->count == 0 || (uint64_t)max - (uint64_t)min >= RANGE_MAX)
		return false;

	uint32_t *groups = mem_calloc((size_t)(max - min) + 1, sizeof(*groups));

	for (size_t row = 0; row < g->out->count; row++) {
		uint32_t *group = &groups[key_at(g, 0, row) - min];

		if (*group == 0) {
			vec_push(&g->first_row, (uint32_t)row);
			*group = (uint32_t)g->first_row.n;
		}
		g->group_of[row] = *group - 1;
	}
	free(groups);
	return true;
}

/* --- order
 * ------------------------------------------------------------------------------------------ */

static int compare_groups(const void *a, const void *b, void *user)
{
	const struct grouping *g = user;
	uint32_t m = g->first_row.v[*(const uint32_t *)a], n = g->first_row.v[*(const uint32_t *)b];

	for (unsigned k = 0; k < g->by->n; k++) {
		int64_t x = key_at(g, k, m), y = key_at(g, k, n);
		bool less = x < y;

		if (x == y)
			continue;
		if (g->type->fields[g->by->fields[k]].kind == FIELD_STR) /* SQLite's BINARY */
			less = strcmp(recording_string(g->recording, (uint32_t)x),
				      recording_string(g->recording, (uint32_t)y)) < 0;
		return less == g->by->descending[k] ? 1 : -1;
	}
	return 0;
}

/* Where each group's rows begin, in the order of the groups. */
static size_t *place_groups(struct grouping *g)
{
	size_t *places = mem_calloc(g->first_row.n + 1, sizeof(*places)), at = 0;
	uint32_t *groups = mem_alloc((g->first_row.n + 1) * sizeof(*groups));

	for (size_t i = 0; i < g->first_row.n; i++)
		groups[i] = (uint32_t)i;
	qsort_r(groups, g->first_row.n, sizeof(*groups), compare_groups, g);
	for (size_t row = 0; row < g->out->count; row++)
		places[g->group_of[row]]++;
	for (size_t i = 0; i < g->first_row.n; i++) {
		size_t rows = places[groups[i]];

		places[groups[i]] = at;
		at += rows;
	}
	free(groups);
	return places;
}

static void order_rows(struct grouping *g)
{
	size_t *places;

	g->group_of = mem_alloc((g->out->count + 1) * sizeof(*g->group_of));
	if (!number_narrow(g)) {
		vec_clear(&g->first_row);
		number_groups(g);
	}
	places = place_groups(g);
	g->out->order = mem_alloc((g->out->count + 1) * sizeof(*g->out->order));
	for (size_t row = 0; row < g->out->count; row++)
		g->out->order[places[g->group_of[row]]++] = (uint32_t)row;
	free(places);
	free(g->group_of);
	vec_deinit(&g->first_row);
}

struct err *sql_group(struct recording *r, const struct table *t, uint64_t fields,
		      const struct sql_filters *f, const struct sql_order_by *by,
		      struct sql_grouped *ret)
{
	struct grouping g = { .recording = r, .type = t->info.type, .by = by, .out = ret };
	struct sql_rows rows = { .table = t };

	for (unsigned k = 0; k < by->n; k++)
		fields |= 1ULL << (by->fields[k] < 63 ? by->fields[k] : 63);
	ret->count = 0;
	ret->columns = mem_calloc(t->info.type->field_count, sizeof(*ret->columns));

	struct err *err = read_all(&g, r, t, fields, f, &rows);

	sql_rows_deinit(&rows);
	if (err == NULL)
		order_rows(&g);
	else
		ret->count = 0;
	return err;
}

void sql_grouped_deinit(struct sql_grouped *g, unsigned field_count)
{
	for (unsigned i = 0; g->columns && i < field_count; i++)
		free(g->columns[i]);
	free(g->columns);
	free(g->order);
	*g = (struct sql_grouped){ 0 };
}
