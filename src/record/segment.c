/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows -> columns -> Parquet.  Rows are put in order of time first, where they are not: several
 * threads and CPU rings end in one segment, and ordered times compress well and prune
 * well.  Then tiles of rows that fit into the first-level cache are taken apart into one array a
 * column, a row group at a time.
 */
#include "record/segment.h"

#include "base/mem.h"
#include "base/radix.h"
#include "format/parquet.h"
#include "record/journal_format.h"

#include <stdlib.h>
#include <string.h>

_Static_assert((int)FIELD_U8 == PARQUET_U8 && (int)FIELD_U16 == PARQUET_U16 &&
		       (int)FIELD_U32 == PARQUET_U32 && (int)FIELD_U64 == PARQUET_U64 &&
		       (int)FIELD_I32 == PARQUET_I32 && (int)FIELD_I64 == PARQUET_I64 &&
		       (int)FIELD_STR == PARQUET_STR,
	       "a field's kind is its column's kind");

enum { TILE_ROWS = 256 };

/* --- order ----------------------------------------------------------------------------------- */

static uint64_t time_of(const uint8_t *row)
{
	uint64_t time_ns;

	memcpy(&time_ns, row, sizeof(time_ns));
	return time_ns;
}

static size_t count_rows(const struct segment *s)
{
	size_t rows = 0;

	for (size_t i = 0; i < s->run_count; i++)
		rows += s->runs[i].count;
	return rows;
}

static bool is_in_order(const struct segment *s)
{
	uint64_t before = 0;
	bool in_order = true;

	for (size_t i = 0; i < s->run_count; i++)
		for (uint32_t k = 0; k < s->runs[i].count; k++) {
			uint64_t time_ns =
				time_of(s->runs[i].rows + (size_t)k * s->type->row_bytes);

			in_order &= time_ns >= before;
			before = time_ns;
		}
	return in_order;
}

static struct radix_item *sort_rows(const struct segment *s, size_t count)
{
	struct radix_item *rows = mem_alloc(count * sizeof(*rows));
	size_t n = 0;

	for (size_t i = 0; i < s->run_count; i++)
		for (uint32_t k = 0; k < s->runs[i].count; k++) {
			const uint8_t *row = s->runs[i].rows + (size_t)k * s->type->row_bytes;

			rows[n++] = (struct radix_item){ .key = time_of(row), .pointer = row };
		}
	radix_sort(rows, count);
	return rows;
}

/* --- columns ------------------------------------------------------------------------------------
 */

/* Where the next rows come from: sorted, or run after run. */
struct row_source {
	const struct segment *segment;
	const struct radix_item *sorted; /* NULL: the runs are in order */
	size_t run, next;
};

static size_t next_rows(struct row_source *s, const uint8_t **rows, size_t max, size_t left)
{
	size_t count = left < max ? left : max;

	for (size_t i = 0; i < count; i++) {
		if (s->sorted) {
			rows[i] = s->sorted[s->next++].pointer;
			continue;
		}
		while (s->next == s->segment->runs[s->run].count) {
			s->run++;
			s->next = 0;
		}
		rows[i] = s->segment->runs[s->run].rows + s->next++ * s->segment->type->row_bytes;
	}
	return count;
}

#define GATHER(type, out_type)                                                                     \
	do {                                                                                       \
		for (size_t i = 0; i < count; i++) {                                               \
			type value;                                                                \
			memcpy(&value, rows[i] + offset, sizeof(value));                           \
			((out_type *)out)[i] = value;                                              \
		}                                                                                  \
	} while (0)

static void gather(const uint8_t *const *rows, size_t count, const struct event_field *field,
		   void *out)
{
	size_t offset = field->offset;

	switch (field_kind_bytes(field->kind)) {
	case 1:
		GATHER(uint8_t, uint32_t);
		break;
	case 2:
		GATHER(uint16_t, uint32_t);
		break;
	case 4:
		GATHER(uint32_t, uint32_t);
		break;
	default:
		GATHER(uint64_t, uint64_t);
	}
}

static size_t width_of(const struct event_field *field)
{
	return parquet_kind_is_wide((enum parquet_kind)field->kind) ? 8 : 4;
}

static void fill_columns(struct row_source *source, void **columns, size_t rows)
{
	const struct event_type *type = source->segment->type;
	const uint8_t *tile[TILE_ROWS];

	for (size_t done = 0; done < rows;) {
		size_t n = next_rows(source, tile, TILE_ROWS, rows - done);

		for (unsigned i = 0; i < type->field_count; i++)
			gather(tile, n, &type->fields[i],
			       (char *)columns[i] + done * width_of(&type->fields[i]));
		done += n;
	}
}

static void write_groups(struct parquet_writer *w, struct row_source *source, size_t rows)
{
	const struct event_type *type = source->segment->type;
	size_t largest = rows < PARQUET_ROW_GROUP_ROWS ? rows : PARQUET_ROW_GROUP_ROWS;
	void **columns = mem_calloc(type->field_count, sizeof(*columns));

	for (unsigned i = 0; i < type->field_count; i++)
		columns[i] = mem_alloc((largest + 8) * width_of(&type->fields[i]));
	while (rows > 0) {
		size_t n = rows < largest ? rows : largest;

		fill_columns(source, columns, n);
		parquet_write_rows(w, (const void *const *)columns, n);
		rows -= n;
	}
	for (unsigned i = 0; i < type->field_count; i++)
		free(columns[i]);
	free(columns);
}

static struct err *build(const struct segment *s, struct str *out)
{
	struct parquet_column *columns = mem_calloc(s->type->field_count, sizeof(*columns));
	struct parquet_text text = { s->text, s->user };
	struct row_source source = { .segment = s };
	struct radix_item *sorted = NULL;
	size_t rows = count_rows(s);

	for (unsigned i = 0; i < s->type->field_count; i++)
		columns[i] = (struct parquet_column){ s->type->fields[i].name,
						      (enum parquet_kind)s->type->fields[i].kind };
	if (!s->type->side && !is_in_order(s))
		source.sorted = sorted = sort_rows(s, rows);

	struct parquet_writer *w = parquet_writer_create(columns, s->type->field_count, &text, out);

	write_groups(w, &source, rows);
	if (s->journal_note)
		parquet_write_note(w, JOURNAL_NOTE, s->journal_note);
	parquet_writer_finish(w);
	parquet_writer_destroy(w);
	free(sorted);
	free(columns);
	return NULL;
}

/* Its library is opened at the first use (src/libraries.c), which must not be when files can't be opened any more. */
static void prepare(void)
{
	struct str none;

	str_init(&none);
	parquet_writer_destroy(parquet_writer_create(NULL, 0, NULL, &none));
	str_deinit(&none);
}

const struct recorder_compactor parquet_compactor = { .prepare = prepare, .build = build };
