/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* meta.json -> struct recording_meta and the declared types. */
#include "base/mem.h"
#include "record/check.h"
#include "record/recording_impl.h"
#include "record/store.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

enum { META_BYTES_MAX = 64 << 20 };

static const char *text_at(struct recording *r, const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? arena_strdup(&r->arena, text) : NULL;
}

static int64_t number_at(const json_t *object, const char *key, int64_t otherwise)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static int index_of(const char *const *names, int count, const char *name)
{
	for (int i = 0; name && i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static void read_notes(struct recording *r, const json_t *root)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(root, "notes"), i, item)
	{
		struct recording_note note = { text_at(r, item, "key"), text_at(r, item, "value") };

		if (note.key && note.value)
			vec_push(&r->notes, note);
	}
	json_array_foreach(json_object_get(root, "missing"), i, item)
	{
		struct recording_missing missing = { text_at(r, item, "what"),
						     text_at(r, item, "why"),
						     text_at(r, item, "fix") };

		if (missing.what)
			vec_push(&r->missing, missing);
	}
}

/* Rows of types from meta.json are never laid out in memory but by us: the fields get offsets
 * one after the other. */
static bool read_field(struct recording *r, const json_t *item, struct event_field *f,
		       unsigned *offset)
{
	int kind = index_of(store_kind_names, STORE_KINDS,
			    json_string_value(json_object_get(item, "kind")));
	int unit = index_of(store_unit_names, STORE_UNITS,
			    json_string_value(json_object_get(item, "unit")));
	const char *prose = text_at(r, item, "prose");

	f->name = text_at(r, item, "name");
	if (kind < 0 || f->name == NULL)
		return false;
	f->kind = (enum field_kind)kind;
	f->unit = unit < 0 ? UNIT_NONE : (enum field_unit)unit;
	f->ref = text_at(r, item, "ref");
	f->prose = prose ? prose : "";

	unsigned bytes = field_kind_bytes(f->kind);

	*offset = (*offset + bytes - 1) / bytes * bytes;
	f->offset = (uint16_t)*offset;
	*offset += bytes;
	return *offset <= 4096;
}

static struct err *read_type(struct recording *r, const json_t *item)
{
	const json_t *fields = json_object_get(item, "fields");
	struct event_type *type = ARENA_NEW(&r->arena, struct event_type);
	struct event_field *list =
		ARENA_ARRAY(&r->arena, struct event_field, json_array_size(fields));
	const char *prose = text_at(r, item, "prose");
	unsigned offset = 0;

	type->name = text_at(r, item, "name");
	type->prose = prose ? prose : "";
	type->side = json_is_true(json_object_get(item, "side"));
	type->fields = list;
	for (size_t i = 0; i < json_array_size(fields) && i < UINT16_MAX; i++) {
		if (!read_field(r, json_array_get(fields, i), &list[i], &offset))
			return err_new(ERR_FORMAT, "meta.json: a field of '%s' makes no sense",
				       type->name ? type->name : "?");
		type->field_count++;
	}
	type->row_bytes = (uint16_t)((offset + 7) / 8 * 8);
	if (type->name == NULL)
		return err_new(ERR_FORMAT, "meta.json: a table has no name");
	struct err *err = check_type(type);

	if (err != NULL) {
		struct err *outer = err_new(ERR_FORMAT, "meta.json: %s", err_message(err));

		err_destroy(err);
		return outer;
	}
	vec_push(&r->types, type);
	vec_push(&r->segments, (unsigned)number_at(item, "segments", 0)); /* earlier versions said nothing */
	return NULL;
}

static struct err *read_root(struct recording *r, const json_t *root)
{
	static const char *const states[] = { "complete", "recording", "cut" };
	struct recording_meta *m = &r->meta;
	const char *format = json_string_value(json_object_get(root, "format"));
	int state = index_of(states, 3, json_string_value(json_object_get(root, "state")));

	if (!str_eq(format, "sonde-recording") || state < 0)
		return err_new(ERR_FORMAT, "meta.json is not that of a recording");
	if (number_at(root, "format_version", 0) != 1)
		return err_fix(err_new(ERR_UNSUPPORTED, "the recording is of a later version"),
			       "open it with the sonde that recorded it, or a later one");
	m->state = (enum recording_state)state;
	m->why_cut = text_at(r, root, "why_cut");
	m->version = text_at(r, root, "sonde_version");
	m->host = text_at(r, root, "host");
	m->kernel = text_at(r, root, "kernel");
	m->arch = text_at(r, root, "arch");
	m->command = text_at(r, root, "command");
	m->cpus = (uint32_t)number_at(root, "cpus", 0);
	m->exit_status = (int)number_at(root, "exit_status", -1);
	m->start_ns = (uint64_t)number_at(root, "start_ns", 0);
	m->end_ns = (uint64_t)number_at(root, "end_ns", 0);
	m->wall_offset_ns = number_at(root, "wall_offset_ns", 0);
	m->journal_rows_folded = (uint64_t)number_at(root, "journal_rows_folded", 0);
	read_notes(r, root);

	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(root, "tables"), i, item) TRY(read_type(r, item));
	return NULL;
}

struct err *meta_read(struct recording *r)
{
	CLEANUP(io_closep) int fd = openat(r->dirfd, "meta.json", O_RDONLY | O_CLOEXEC);
	struct str text = { 0 };
	json_error_t where;

	if (fd < 0)
		return err_errno(errno, "cannot open %s/meta.json", r->path);
	struct err *err = io_read_fd(fd, "meta.json", META_BYTES_MAX, &text);
	json_t *root =
		err ? NULL
		    : json_loadb(str_text(&text), text.length, JSON_REJECT_DUPLICATES, &where);

	if (err == NULL && root == NULL)
		err = err_new(ERR_FORMAT, "meta.json, line %d: %s", where.line, where.text);
	if (err == NULL)
		err = read_root(r, root);
	json_decref(root);
	str_deinit(&text);
	return err;
}
