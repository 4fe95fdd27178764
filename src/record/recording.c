/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opening reads meta.json and every segment's footer; columns are decoded when they are
 * scanned.  Text columns are dictionaries in each segment: their texts are interned into one
 * pool, so that an id means the same text over all of the recording.
 */
#include "record/recording.h"

#include "base/mem.h"
#include "base/opt.h"
#include "event/table.h"
#include "record/recording_impl.h"
#include "record/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_BYTES_MAX = 1 << 30, SEGMENTS_MAX = 1000000 };

/* --- strings -----------------------------------------------------------------------------------
 */

static struct err *intern(void *user, const char *text, size_t length, uint32_t *id)
{
	struct recording *r = user;
	const char *copy;
	bool is_new;

	*id = 0;
	if (length == 0)
		return NULL;

	uint64_t *found = strmap_intern(&r->strings, text, length, &is_new, &copy);

	if (is_new) {
		*found = r->texts.n;
		vec_push(&r->texts, copy);
		r->text_bytes += length + 1;
	}
	*id = (uint32_t)*found;
	if (r->text_bytes > TEXT_BYTES_MAX)
		return err_new(ERR_LIMIT, "%s has more than 1 GiB of different texts", r->path);
	return NULL;
}

const char *recording_string(const struct recording *r, uint32_t id)
{
	return id < r->texts.n ? r->texts.v[id] : "";
}

/* --- tables --------------------------------------------------------------------------------------
 */

const struct event_type *recording_find_type(const struct recording *r, const char *name)
{
	for (size_t i = 0; i < r->types.n; i++)
		if (strcmp(r->types.v[i]->name, name) == 0)
			return r->types.v[i];
	return NULL;
}

const struct event_type *recording_copy_type(struct recording *r, const struct event_type *type)
{
	struct event_type *copy = ARENA_NEW(&r->arena, struct event_type);
	struct event_field *fields = ARENA_ARRAY(&r->arena, struct event_field, type->field_count);

	*copy = *type;
	copy->name = arena_strdup(&r->arena, type->name);
	copy->prose = arena_strdup(&r->arena, type->prose);
	copy->fields = fields;
	for (unsigned i = 0; i < type->field_count; i++) {
		fields[i] = type->fields[i];
		fields[i].name = arena_strdup(&r->arena, type->fields[i].name);
		fields[i].prose = arena_strdup(&r->arena, type->fields[i].prose);
		fields[i].ref =
			type->fields[i].ref ? arena_strdup(&r->arena, type->fields[i].ref) : NULL;
	}
	return copy;
}

/* The same field list as the built-in type of that name?  Then that one: its offsets are those
 * of the C struct. */
static const struct event_type *prefer_builtin(const struct event_type *type)
{
	for (unsigned n = 0; n < TYPE_FIRST_DYNAMIC; n++) {
		const struct event_type *own = event_type_builtin(n);

		if (own == NULL || strcmp(own->name, type->name) != 0)
			continue;
		if (own->field_count != type->field_count || own->side != type->side)
			return type;
		for (unsigned i = 0; i < own->field_count; i++)
			if (strcmp(own->fields[i].name, type->fields[i].name) != 0 ||
			    own->fields[i].kind != type->fields[i].kind)
				return type;
		return own;
	}
	return type;
}

struct table *recording_get_table(struct recording *r, const struct event_type *type)
{
	for (size_t i = 0; i < r->tables.n; i++)
		if (strcmp(r->tables.v[i]->info.type->name, type->name) == 0)
			return r->tables.v[i];

	struct table *t = mem_calloc(1, sizeof(*t));

	t->info.type = prefer_builtin(type);
	t->info.min_time_ns = UINT64_MAX;
	vec_push(&r->tables, t);
	return t;
}

struct table *table_of(const struct table_info *info)
{
	return (struct table *)((char *)info - offsetof(struct table, info));
}

int table_find_field(const struct table *t, const char *name)
{
	for (unsigned i = 0; i < t->info.type->field_count; i++)
		if (strcmp(t->info.type->fields[i].name, name) == 0)
			return (int)i;
	return -1;
}

static struct err *match_columns(const struct table *t, struct table_segment *s, const char *name)
{
	const struct event_type *type = t->info.type;

	s->columns = mem_alloc(type->field_count * sizeof(*s->columns));
	for (unsigned i = 0; i < type->field_count; i++) {
		s->columns[i] = -1;
		for (size_t c = 0; c < parquet_column_count(s->file); c++) {
			const struct parquet_column *column = parquet_file_column(s->file, c);

			if (strcmp(column->name, type->fields[i].name) != 0)
				continue;
			if (parquet_kind_is_wide(column->kind) !=
				    parquet_kind_is_wide((enum parquet_kind)type->fields[i].kind) ||
			    (column->kind == PARQUET_STR) != (type->fields[i].kind == FIELD_STR))
				return err_new(
					ERR_FORMAT,
					"%s: column %s is of another kind than meta.json says",
					name, column->name);
			s->columns[i] = (int)c;
		}
	}
	return NULL;
}

static void count_segment(struct table *t, const struct table_segment *s)
{
	uint64_t min, max;

	t->info.rows += parquet_rows(s->file);
	t->info.bytes += s->map.size_bytes + s->buffer.length;
	t->info.segments++;
	for (size_t g = 0; g < parquet_row_group_count(s->file) && !t->info.type->side; g++) {
		if (s->columns[0] < 0 ||
		    !parquet_range(s->file, g, (size_t)s->columns[0], &min, &max))
			continue;
		t->info.min_time_ns = min < t->info.min_time_ns ? min : t->info.min_time_ns;
		t->info.max_time_ns = max > t->info.max_time_ns ? max : t->info.max_time_ns;
	}
}

static void segment_deinit(struct table_segment *s)
{
	parquet_close(s->file);
	free(s->columns);
	free(s->bad);
	io_map_deinit(&s->map);
	str_deinit(&s->buffer);
}

struct err *table_add_segment(struct recording *r, struct table *t, struct io_map *map,
			      struct str *buffer, const char *name)
{
	struct table_segment s = { 0 };
	const uint8_t *data = map ? map->data : (const uint8_t *)buffer->text;
	size_t size = map ? map->size_bytes : buffer->length;

	if (map)
		s.map = *map, *map = (struct io_map){ 0 };
	else
		s.buffer = *buffer, *buffer = (struct str){ 0 };

	struct err *err = parquet_open(data, size, name, &s.file);

	if (err == NULL)
		err = match_columns(t, &s, name);
	if (err != NULL) {
		segment_deinit(&s);
		return err;
	}
	s.bad = mem_calloc(parquet_row_group_count(s.file) + 1, sizeof(*s.bad));
	count_segment(t, &s);
	vec_push(&t->segments, s);
	return NULL;
}

void table_remove_segments(struct table *t)
{
	for (size_t i = 0; i < t->segments.n; i++)
		segment_deinit(&t->segments.v[i]);
	vec_clear(&t->segments);
	t->info.rows = t->info.bytes = t->info.segments = 0;
	t->info.min_time_ns = UINT64_MAX;
	t->info.max_time_ns = 0;
}

struct err *recording_open_segments(struct recording *r, const struct event_type *type, size_t *ret_count)
{
	CLEANUP(mem_freep) unsigned *numbers = NULL;
	size_t count = *ret_count = store_list_segments(r->dirfd, type->name, &numbers);
	struct table *t = count ? recording_get_table(r, type) : NULL;

	if (count > SEGMENTS_MAX)
		return err_new(ERR_LIMIT, "%s/%s has more than %d segments", r->path, type->name,
			       SEGMENTS_MAX);
	for (size_t i = 0; i < count; i++) {
		char name[STORE_NAME_BYTES];
		struct io_map map;

		store_segment_name(name, type->name, numbers[i]);
		TRY(io_map_file(r->dirfd, name, &map));
		TRY(damage_note(r, table_add_segment(r, t, &map, NULL, name), 0));
	}
	return NULL;
}

static struct err *missing_segments(const char *table, size_t there, unsigned said)
{
	if (there == 0)
		return err_new(ERR_FORMAT, "%s/ is not there, or empty", table);
	return err_new(ERR_FORMAT, "%zu of the %u files of %s/ are not there", said - there, said, table);
}

struct err *recording_open_tables(struct recording *r)
{
	for (size_t i = 0; i < r->types.n; i++) {
		size_t count;

		TRY(recording_open_segments(r, r->types.v[i], &count));
		if (i < r->segments.n && count < r->segments.v[i])
			TRY(damage_note(r, missing_segments(r->types.v[i]->name, count, r->segments.v[i]), 0));
	}
	return NULL;
}

struct err *table_read(struct recording *r, const struct table *t, size_t segment, size_t group,
		       unsigned field, void *out)
{
	const struct table_segment *s = &t->segments.v[segment];
	struct parquet_intern interner = { intern, r };
	bool wide = parquet_kind_is_wide((enum parquet_kind)t->info.type->fields[field].kind);

	if (s->columns[field] < 0) { /* an older segment without this column */
		memset(out, 0, parquet_row_group_rows(s->file, group) * (wide ? 8 : 4));
		return NULL;
	}
	return parquet_read_column(s->file, group, (size_t)s->columns[field], &interner,
				   &r->scratch, out);
}

size_t recording_table_count(const struct recording *r) { return r->tables.n; }

const struct table_info *recording_table(const struct recording *r, size_t index)
{
	return index < r->tables.n ? &r->tables.v[index]->info : NULL;
}

const struct table_info *recording_find_table(const struct recording *r, const char *name)
{
	for (size_t i = 0; i < r->tables.n; i++)
		if (strcmp(r->tables.v[i]->info.type->name, name) == 0)
			return &r->tables.v[i]->info;
	return NULL;
}

const struct recording_meta *recording_borrow_meta(const struct recording *r) { return &r->meta; }

/* --- open
 * ----------------------------------------------------------------------------------------- */

/* What is at PATH, which is no recording, in a few words. */
static void describe_other(const char *path, int dirfd, struct str *text)
{
	int fd = dup(dirfd);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	unsigned entries = 0;

	for (struct dirent *e; dir && (e = readdir(dir)) != NULL;)
		if (e->d_name[0] != '.' && entries++ < 3)
			str_printf(text, "%s%s", entries > 1 ? ", " : "", e->d_name);
	if (entries > 3)
		str_printf(text, " and %u more", entries - 3);
	if (entries == 0)
		str_add(text, "nothing");
	if (dir)
		closedir(dir);
	else
		io_closep(&fd);
}

static struct err *open_directory(struct recording *r)
{
	struct stat st;

	r->dirfd = open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->dirfd < 0 && errno == ENOTDIR)
		return err_fix(
			err_new(ERR_USAGE, "%s is a file; a recording is a directory", r->path),
			"make one with: sonde record -- COMMAND");
	if (r->dirfd < 0)
		return err_fix(err_errno(errno, "cannot open the recording %s", r->path),
			       errno == ENOENT ? "make one with: sonde record -- COMMAND"
					       : "run as the user who recorded it");
	if (fstatat(r->dirfd, "meta.json", &st, 0) == 0)
		return NULL;

	struct str found = { 0 };

	describe_other(r->path, r->dirfd, &found);
	struct err *err = err_new(ERR_USAGE, "%s is not a recording: it has no meta.json, but %s",
				  r->path, str_text(&found));

	str_deinit(&found);
	return err_fix(err, "make one with: sonde record -- COMMAND");
}

static void add_builtin_types(struct recording *r)
{
	for (unsigned n = 0; n < TYPE_FIRST_DYNAMIC; n++) {
		const struct event_type *type = event_type_builtin(n);

		if (type && !recording_find_type(r, type->name))
			vec_push(&r->types, type);
	}
}

static struct err *open_all(struct recording *r)
{
	struct stat st;

	TRY(open_directory(r));
	TRY(meta_read(r));
	add_builtin_types(r);
	vec_push(&r->texts, "");
	if (fstatat(r->dirfd, "journal", &st, AT_SYMLINK_NOFOLLOW) == 0)
		TRY(fold_journal(r));
	else
		TRY(recording_open_tables(r));
	r->meta.notes = r->notes.v;
	r->meta.note_count = r->notes.n;
	r->meta.missing = r->missing.v;
	r->meta.missing_count = r->missing.n;
	return NULL;
}

static struct err *open_once(const char *path, struct recording **ret)
{
	struct recording *r = mem_calloc(1, sizeof(*r));

	r->path = mem_strdup(path);
	r->dirfd = -1;
	strmap_init(&r->strings);

	struct err *err = open_all(r);

	if (err != NULL)
		recording_destroy(r);
	else
		*ret = r;
	return err;
}

/* A recorder that ends, or another reader that folds, takes the journal away while we look at it:
 * then what was missing is in segments by now. */
struct err *recording_open(const char *path, struct recording **ret)
{
	enum { TRIES = 5 };
	struct err *err = open_once(path, ret);

	for (int i = 1; i < TRIES && err_is(err, ERR_NOT_FOUND); i++) {
		CLEANUP(mem_freep) char *meta = mem_printf("%s/meta.json", path);

		if (access(meta, F_OK) < 0)
			break;
		err_destroy(err);
		usleep(20000);
		err = open_once(path, ret);
	}
	return err_is(err, ERR_FORMAT) ? err_wrap(err, "cannot read the recording %s", path) : err;
}

void recording_destroy(struct recording *r)
{
	if (r == NULL)
		return;
	damage_log(r);
	for (size_t i = 0; i < r->tables.n; i++) {
		struct table *t = r->tables.v[i];

		table_remove_segments(t);
		vec_deinit(&t->segments);
		free(t->side_rows);
		free(t);
	}
	vec_deinit(&r->tables);
	vec_deinit(&r->types);
	vec_deinit(&r->segments);
	vec_deinit(&r->texts);
	vec_deinit(&r->notes);
	vec_deinit(&r->missing);
	vec_deinit(&r->damage);
	strmap_deinit(&r->strings);
	arena_deinit(&r->arena);
	parquet_scratch_deinit(&r->scratch);
	io_closep(&r->dirfd);
	free(r->path);
	free(r);
}
