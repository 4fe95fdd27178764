/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A scan goes over the row groups of a table, leaves out those whose times can't match, and
 * decodes the columns that were asked for into buffers of its own. */
#include "base/mem.h"
#include "base/opt.h"
#include "event/table.h"
#include "record/recording_impl.h"

#include <string.h>

struct scan {
	struct recording *recording;
	struct table *table;
	uint64_t from_ns, to_ns;
	size_t segment, group; /* the next */
	unsigned *fields;
	union column *columns;
	void **buffers;
	size_t count;
	size_t cap; /* rows in each buffer */
};

static struct err *unknown_table(struct recording *r, const char *name)
{
	VEC(const char *) names = { 0 };

	for (size_t i = 0; i < r->tables.n; i++)
		vec_push(&names, r->tables.v[i]->info.type->name);

	const char *near = opt_nearest(name, names.v, names.n);
	struct err *err = err_new(ERR_NOT_FOUND, "the recording has no table '%s'", name);

	vec_deinit(&names);
	return near ? err_fix(err, "did you mean '%s'?", near) : err;
}

/* A table of ours, as we make it today, has it. */
static bool is_of_today(const struct table *t, const char *name)
{
	for (unsigned n = 0; n < TYPE_FIRST_DYNAMIC; n++) {
		const struct event_type *own = event_type_builtin(n);

		for (unsigned i = 0; own && strcmp(own->name, t->info.type->name) == 0 && i < own->field_count; i++)
			if (strcmp(own->fields[i].name, name) == 0)
				return true;
	}
	return false;
}

static struct err *unknown_column(const struct recording *r, const struct table *t, const char *name)
{
	VEC(const char *) names = { 0 };

	if (is_of_today(t, name))
		return err_fix(err_new(ERR_UNSUPPORTED, "%s is of an earlier sonde (%s), which did not record this: its table %s has no column '%s'", r->path,
				       r->meta.version ? r->meta.version : "unknown", t->info.type->name, name),
			       "record it anew, or look at it with the sonde that recorded it; what it has: sonde query %s .schema", r->path);

	for (unsigned i = 0; i < t->info.type->field_count; i++)
		vec_push(&names, t->info.type->fields[i].name);

	const char *near = opt_nearest(name, names.v, names.n);
	struct err *err =
		err_new(ERR_NOT_FOUND, "the table %s has no column '%s'", t->info.type->name, name);

	vec_deinit(&names);
	return near ? err_fix(err, "did you mean '%s'?", near) : err;
}

static struct err *find_columns(struct scan *s, const char *const *names)
{
	while (names[s->count])
		s->count++;
	s->fields = mem_calloc(s->count, sizeof(*s->fields));
	s->columns = mem_calloc(s->count, sizeof(*s->columns));
	s->buffers = mem_calloc(s->count, sizeof(*s->buffers));
	for (size_t i = 0; i < s->count; i++) {
		int field = table_find_field(s->table, names[i]);

		if (field < 0)
			return unknown_column(s->recording, s->table, names[i]);
		s->fields[i] = (unsigned)field;
	}
	return NULL;
}

struct err *scan_create(struct recording *r, const char *table, const struct scan_options *options,
			struct scan **ret)
{
	const struct table_info *info = recording_find_table(r, table);

	if (info == NULL)
		return unknown_table(r, table);

	struct scan *s = mem_calloc(1, sizeof(*s));

	s->recording = r;
	s->table = table_of(info);
	s->from_ns = options->from_ns;
	s->to_ns = options->to_ns ? options->to_ns : UINT64_MAX;

	struct err *err = find_columns(s, options->columns);

	if (err != NULL)
		scan_destroy(s);
	else
		*ret = s;
	return err;
}

void scan_destroy(struct scan *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->count && s->buffers; i++)
		free(s->buffers[i]);
	free(s->buffers);
	free(s->columns);
	free(s->fields);
	free(s);
}

static bool may_match(const struct scan *s, const struct table_segment *segment)
{
	uint64_t min, max;

	if (parquet_row_group_rows(segment->file, s->group) == 0 || segment->bad[s->group])
		return false;
	if (s->table->info.type->side || segment->columns[0] < 0 ||
	    !parquet_range(segment->file, s->group, (size_t)segment->columns[0], &min, &max))
		return true;
	return max >= s->from_ns && min < s->to_ns;
}

static void reserve(struct scan *s, size_t rows)
{
	if (rows <= s->cap)
		return;
	s->cap = rows;
	for (size_t i = 0; i < s->count; i++) {
		free(s->buffers[i]);
		s->buffers[i] = mem_alloc(rows * 8);
	}
}

static struct err *read_group(struct scan *s, struct batch *batch)
{
	size_t rows = parquet_row_group_rows(s->table->segments.v[s->segment].file, s->group);

	reserve(s, rows);
	for (size_t i = 0; i < s->count; i++) {
		TRY(table_read(s->recording, s->table, s->segment, s->group, s->fields[i],
			       s->buffers[i]));
		s->columns[i].u64 = s->buffers[i];
	}
	batch->rows = rows;
	batch->columns = s->columns;
	return NULL;
}

/* One that is damaged is no batch: the next one is. */
static struct err *read_or_skip(struct scan *s, struct batch *batch, bool *more)
{
	struct err *err = read_group(s, batch);

	*more = err == NULL;
	return err ? damage_skip_group(s->recording, s->table, s->segment, s->group, err) : NULL;
}

struct err *scan_next(struct scan *s, struct batch *batch, bool *more)
{
	*more = false;
	for (; s->segment < s->table->segments.n; s->segment++, s->group = 0) {
		const struct table_segment *segment = &s->table->segments.v[s->segment];

		for (; s->group < parquet_row_group_count(segment->file); s->group++)
			if (may_match(s, segment)) {
				TRY(read_or_skip(s, batch, more));
				if (!*more)
					continue;
				s->group++;
				return NULL;
			}
	}
	return NULL;
}
