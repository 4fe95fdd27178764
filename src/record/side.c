/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Side tables as arrays of their C structs: columns are decoded and put back into rows,
 * field by field by name, so that a recording of another version (a column more, one less)
 * reads too.  Ids mostly run from 1 without holes, and then look-up is an index.
 */
#include "base/mem.h"
#include "event/table.h"
#include "record/recording_impl.h"

#include <string.h>

static void scatter(uint8_t *rows, size_t count, uint32_t row_bytes,
		    const struct event_field *field, const void *values)
{
	unsigned bytes = field_kind_bytes(field->kind);
	bool wide = bytes == 8;

	for (size_t i = 0; i < count; i++) /* little-endian: the low bytes come first */
		memcpy(rows + i * row_bytes + field->offset,
		       (const char *)values + i * (wide ? 8 : 4), bytes);
}

static struct err *read_group(struct recording *r, struct table *t, const struct event_type *own,
			      size_t segment, size_t group, uint8_t *rows)
{
	size_t count = parquet_row_group_rows(t->segments.v[segment].file, group);
	CLEANUP(mem_freep) void *values = mem_alloc(count * 8 + 8);

	for (unsigned i = 0; i < own->field_count; i++) {
		int field = table_find_field(t, own->fields[i].name);

		if (field < 0 || field_kind_bytes(t->info.type->fields[field].kind) !=
					 field_kind_bytes(own->fields[i].kind))
			continue;
		TRY(table_read(r, t, segment, group, (unsigned)field, values));
		scatter(rows, count, own->row_bytes, &own->fields[i], values);
	}
	return NULL;
}

static uint32_t id_of(const void *row)
{
	uint32_t id;

	memcpy(&id, row, sizeof(id));
	return id;
}

struct place {
	uint32_t id;
	uint32_t index;
};

static int by_id(const void *a, const void *b)
{
	const struct place *m = a, *n = b;

	if (m->id != n->id)
		return m->id < n->id ? -1 : 1;
	return m->index < n->index ? -1 : 1;
}

/* Rows that are not in order of id (not ours): sorted, the last of an id stays. */
static void sort_rows(struct table *t, uint32_t row_bytes)
{
	struct place *places = mem_alloc(t->side_count * sizeof(*places));
	uint8_t *sorted = mem_alloc(t->side_count * row_bytes);
	size_t n = 0;

	for (size_t i = 0; i < t->side_count; i++)
		places[i] = (struct place){ id_of(t->side_rows + i * row_bytes), (uint32_t)i };
	qsort(places, t->side_count, sizeof(*places), by_id);
	for (size_t i = 0; i < t->side_count; i++)
		if (i + 1 == t->side_count || places[i + 1].id != places[i].id)
			memcpy(sorted + n++ * row_bytes, t->side_rows + places[i].index * row_bytes,
			       row_bytes);
	free(t->side_rows);
	free(places);
	t->side_rows = sorted;
	t->side_count = n;
}

static void index_rows(struct table *t, uint32_t row_bytes)
{
	bool in_order = true;

	for (size_t i = 1; i < t->side_count; i++)
		in_order &= id_of(t->side_rows + (i - 1) * row_bytes) <
			    id_of(t->side_rows + i * row_bytes);
	if (!in_order)
		sort_rows(t, row_bytes);
	t->side_is_dense = true;
	for (size_t i = 0; i < t->side_count; i++)
		t->side_is_dense &= id_of(t->side_rows + i * row_bytes) == i + 1;
	t->has_side_rows = true;
}

static struct err *decode(struct recording *r, struct table *t, const struct event_type *own)
{
	size_t at = 0;

	if (t->info.rows > SIDE_ROWS_MAX)
		return err_new(ERR_LIMIT, "the table %s has %llu rows; the most we read is %d",
			       own->name, (unsigned long long)t->info.rows, SIDE_ROWS_MAX);
	free(t->side_rows);
	t->side_rows = mem_calloc(t->info.rows + 1, own->row_bytes);
	for (size_t s = 0; s < t->segments.n; s++)
		for (size_t g = 0; g < parquet_row_group_count(t->segments.v[s].file); g++) {
			uint8_t *rows = t->side_rows + at * own->row_bytes;
			size_t count = parquet_row_group_rows(t->segments.v[s].file, g);
			struct err *err = read_group(r, t, own, s, g, rows);

			if (!err) {
				at += count;
				continue;
			}
			TRY(damage_skip_group(r, t, s, g, err));
			memset(rows, 0, count * own->row_bytes);
		}
	t->side_count = at;
	index_rows(t, own->row_bytes);
	return NULL;
}

struct err *recording_side_rows(struct recording *r, unsigned type, const void **rows,
				size_t *count)
{
	const struct event_type *own = event_type_builtin(type);
	const struct table_info *info =
		own && own->side ? recording_find_table(r, own->name) : NULL;

	*rows = NULL;
	*count = 0;
	if (own == NULL || !own->side)
		return err_new(ERR_INTERNAL, "no side table has number %u", type);
	if (info == NULL)
		return NULL;

	struct table *t = table_of(info);

	if (!t->has_side_rows)
		TRY(err_wrap(decode(r, t, own), "cannot read %s", r->path));
	*rows = t->side_rows;
	*count = t->side_count;
	return NULL;
}

const void *recording_side_find(struct recording *r, unsigned type, uint32_t id)
{
	const struct event_type *own = event_type_builtin(type);
	const void *all;
	size_t count;
	struct err *err = recording_side_rows(r, type, &all, &count);
	const uint8_t *rows = all;

	if (err != NULL || id == 0 || count == 0) {
		err_destroy(err);
		return NULL;
	}
	if (table_of(recording_find_table(r, own->name))->side_is_dense)
		return id <= count ? rows + (size_t)(id - 1) * own->row_bytes : NULL;

	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (id_of(rows + middle * own->row_bytes) < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && id_of(rows + low * own->row_bytes) == id ? rows + low * own->row_bytes
								       : NULL;
}
