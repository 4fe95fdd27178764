/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * profile.proto, and the choice between the forms.
 *
 * Messages of a profile come in any order, and refer to strings by index and to mappings,
 * functions and locations by id.  So the first pass keeps what it reads with the numbers as they
 * are, and the second one turns numbers into texts and indices.
 */
#include "format/pprof.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/gzip.h"
#include "format/protobuf.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { UNPACKED_BYTES_MAX = 1 << 30, PLACES_MAX = 1 << 28 };

/* --- the first pass ------------------------------------------------------------------------------------ */

/* Numbers that wait for the second pass. */
struct raw_label {
	uint32_t sample;
	uint64_t key, text;
	int64_t number;
};
/* Indices of two strings: name or file, and what belongs to it. */
struct texts {
	uint64_t first, second;
};
struct reader {
	struct pprof *p;
	VEC(struct bytes) strings;
	VEC(struct raw_label) labels;
	VEC(struct texts) mapping_texts, function_texts, type_texts;
	VEC(uint64_t) line_functions, location_mappings, stack_ids, comment_texts;
	uint64_t period_texts[2], default_text;
	bool bad;
};

static void read_numbers(struct reader *r, const struct protobuf_field *f, void (*put)(struct reader *, uint64_t))
{
	struct cursor packed = { 0 };
	bool started = false;
	uint64_t value;

	while (protobuf_repeated(f, &packed, &started, &value))
		put(r, value);
	r->bad |= packed.bad;
}

static void put_location(struct reader *r, uint64_t id) { vec_push(&r->stack_ids, id); }
static void put_value(struct reader *r, uint64_t value) { vec_push(&r->p->values, (int64_t)value); }

static void read_label(struct reader *r, struct bytes message)
{
	struct cursor c = cursor_of(message, false);
	struct raw_label label = { .sample = (uint32_t)r->p->samples.n };
	struct protobuf_field f;

	while (protobuf_next(&c, &f)) {
		if (f.number == 1)
			label.key = f.value;
		else if (f.number == 2)
			label.text = f.value;
		else if (f.number == 3)
			label.number = (int64_t)f.value;
	}
	r->bad |= c.bad;
	vec_push(&r->labels, label);
}

static void read_sample(struct reader *r, struct bytes message)
{
	struct cursor c = cursor_of(message, false);
	struct pprof_sample s = { .first_location = (uint32_t)r->stack_ids.n,
				  .first_value = (uint32_t)r->p->values.n };
	struct protobuf_field f;

	while (protobuf_next(&c, &f)) {
		if (f.number == 1)
			read_numbers(r, &f, put_location);
		else if (f.number == 2)
			read_numbers(r, &f, put_value);
		else if (f.number == 3)
			read_label(r, f.bytes);
	}
	r->bad |= c.bad;
	s.location_count = (uint32_t)r->stack_ids.n - s.first_location;
	vec_push(&r->p->samples, s);
}

static void read_mapping(struct reader *r, struct bytes message)
{
	struct cursor c = cursor_of(message, false);
	struct pprof_mapping *m = vec_add(&r->p->mappings);
	uint64_t numbers[7] = { 0 };
	struct protobuf_field f;

	while (protobuf_next(&c, &f))
		if (f.number < 7)
			numbers[f.number] = f.value;
	r->bad |= c.bad;
	*m = (struct pprof_mapping){ .id = numbers[1], .start = numbers[2], .limit = numbers[3],
				     .offset = numbers[4] };
	vec_push(&r->mapping_texts, ((struct texts){ numbers[5], numbers[6] }));
}

static void read_line(struct reader *r, struct bytes message)
{
	struct cursor c = cursor_of(message, false);
	uint64_t function = 0;
	int64_t line = 0;
	struct protobuf_field f;

	while (protobuf_next(&c, &f)) {
		if (f.number == 1)
			function = f.value;
		else if (f.number == 2)
			line = (int64_t)f.value;
	}
	r->bad |= c.bad;
	vec_push(&r->p->lines, ((struct pprof_line){ PPROF_NONE, line }));
	vec_push(&r->line_functions, function);
}

static void read_location(struct reader *r, struct bytes message)
{
	struct cursor c = cursor_of(message, false);
	struct pprof_location l = { .mapping = PPROF_NONE, .first_line = (uint32_t)r->p->lines.n };
	uint64_t mapping = 0;
	struct protobuf_field f;

	while (protobuf_next(&c, &f)) {
		if (f.number == 1)
			l.id = f.value;
		else if (f.number == 2)
			mapping = f.value;
		else if (f.number == 3)
			l.address = f.value;
		else if (f.number == 4)
			read_line(r, f.bytes);
	}
	r->bad |= c.bad;
	l.line_count = (uint32_t)r->p->lines.n - l.first_line;
	vec_push(&r->p->locations, l);
	vec_push(&r->location_mappings, mapping);
}

static void read_function(struct reader *r, struct bytes message)
{
	struct cursor c = cursor_of(message, false);
	uint64_t numbers[5] = { 0 };
	struct protobuf_field f;

	while (protobuf_next(&c, &f))
		if (f.number < 5)
			numbers[f.number] = f.value;
	r->bad |= c.bad;
	vec_push(&r->p->functions, ((struct pprof_function){ .id = numbers[1] }));
	vec_push(&r->function_texts, ((struct texts){ numbers[2] ? numbers[2] : numbers[3], numbers[4] }));
}

static void read_type(struct reader *r, struct bytes message, uint64_t texts[2])
{
	struct cursor c = cursor_of(message, false);
	struct protobuf_field f;

	texts[0] = texts[1] = 0;
	while (protobuf_next(&c, &f))
		if (f.number == 1 || f.number == 2)
			texts[f.number - 1] = f.value;
	r->bad |= c.bad;
}

static void read_field(struct reader *r, const struct protobuf_field *f)
{
	uint64_t texts[2];

	switch (f->number) {
	case 1:
		read_type(r, f->bytes, texts);
		vec_push(&r->type_texts, ((struct texts){ texts[0], texts[1] }));
		break;
	case 2:
		read_sample(r, f->bytes);
		break;
	case 3:
		read_mapping(r, f->bytes);
		break;
	case 4:
		read_location(r, f->bytes);
		break;
	case 5:
		read_function(r, f->bytes);
		break;
	case 6:
		vec_push(&r->strings, f->bytes);
		break;
	case 9:
		r->p->time_ns = (int64_t)f->value;
		break;
	case 10:
		r->p->duration_ns = (int64_t)f->value;
		break;
	case 11:
		read_type(r, f->bytes, r->period_texts);
		break;
	case 12:
		r->p->period = (int64_t)f->value;
		break;
	case 13:
		vec_push(&r->comment_texts, f->value);
		break;
	case 14:
		r->default_text = f->value;
		break;
	default:
		break;
	}
}

/* --- the second pass -------------------------------------------------------------------------------------- */

static const char *text_of(struct reader *r, uint64_t index)
{
	if (index >= r->strings.n) {
		r->bad = true;
		return "";
	}
	if (r->strings.v[index].size_bytes == 0)
		return "";
	return arena_strndup(&r->p->arena, (const char *)r->strings.v[index].data, r->strings.v[index].size_bytes);
}

static int32_t index_of(struct reader *r, const struct map *ids, uint64_t id)
{
	const uint64_t *index = map_find(ids, id);

	if (!index)
		r->bad = true;
	return index ? (int32_t)*index : PPROF_NONE;
}

static void give_texts(struct reader *r)
{
	struct pprof *p = r->p;

	for (size_t i = 0; i < r->type_texts.n; i++) {
		const char *name = text_of(r, r->type_texts.v[i].first);

		vec_push(&p->types, ((struct pprof_type){ name, text_of(r, r->type_texts.v[i].second) }));
		if (r->default_text && r->default_text == r->type_texts.v[i].first)
			p->default_type = (uint32_t)i;
	}
	if (!r->default_text && p->types.n > 0) /* as pprof chooses */
		p->default_type = (uint32_t)p->types.n - 1;
	p->period_type = (struct pprof_type){ text_of(r, r->period_texts[0]), text_of(r, r->period_texts[1]) };
	for (size_t i = 0; i < p->mappings.n; i++) {
		p->mappings.v[i].file = text_of(r, r->mapping_texts.v[i].first);
		p->mappings.v[i].build_id = text_of(r, r->mapping_texts.v[i].second);
	}
	for (size_t i = 0; i < p->functions.n; i++) {
		p->functions.v[i].name = text_of(r, r->function_texts.v[i].first);
		p->functions.v[i].file = text_of(r, r->function_texts.v[i].second);
	}
	for (size_t i = 0; i < r->comment_texts.n; i++)
		vec_push(&p->comments, text_of(r, r->comment_texts.v[i]));
}

static void give_indices(struct reader *r)
{
	struct pprof *p = r->p;
	struct map mappings, functions, locations;

	map_init(&mappings);
	map_init(&functions);
	map_init(&locations);
	for (size_t i = 0; i < p->mappings.n; i++)
		*map_get(&mappings, p->mappings.v[i].id, NULL) = i;
	for (size_t i = 0; i < p->functions.n; i++)
		*map_get(&functions, p->functions.v[i].id, NULL) = i;
	for (size_t i = 0; i < p->locations.n; i++) {
		*map_get(&locations, p->locations.v[i].id, NULL) = i;
		if (r->location_mappings.v[i])
			p->locations.v[i].mapping = index_of(r, &mappings, r->location_mappings.v[i]);
	}
	for (size_t i = 0; i < p->lines.n; i++)
		if (r->line_functions.v[i])
			p->lines.v[i].function = index_of(r, &functions, r->line_functions.v[i]);
	for (size_t i = 0; i < r->stack_ids.n; i++)
		vec_push(&p->stack, (uint32_t)index_of(r, &locations, r->stack_ids.v[i]));
	map_deinit(&mappings);
	map_deinit(&functions);
	map_deinit(&locations);
}

static void give_labels(struct reader *r)
{
	struct pprof *p = r->p;

	for (size_t i = 0; i < r->labels.n; i++) {
		const struct raw_label *l = &r->labels.v[i];
		struct pprof_sample *s = &p->samples.v[l->sample];
		struct bytes key = l->key < r->strings.n ? r->strings.v[l->key] : (struct bytes){ 0 };

		if (key.size_bytes == 3 && memcmp(key.data, "tid", 3) == 0)
			s->tid = l->number;
		else if (key.size_bytes == 3 && memcmp(key.data, "pid", 3) == 0)
			s->pid = l->number;
		else if (key.size_bytes == 6 && memcmp(key.data, "thread", 6) == 0 && l->text)
			s->thread = text_of(r, l->text);
		else
			p->labels++;
	}
}

static struct err *check_samples(const struct pprof *p)
{
	size_t values = 0;

	for (size_t i = 0; i < p->samples.n; i++)
		values += p->types.n;
	if (values != p->values.n)
		return err_new(ERR_FORMAT, "a profile with %zu values in %zu samples of %zu types", p->values.n,
			       p->samples.n, p->types.n);
	for (size_t i = 0; i < p->samples.n; i++)
		if (p->samples.v[i].first_value != i * p->types.n)
			return err_new(ERR_FORMAT, "sample %zu doesn't have %zu values", i + 1, p->types.n);
	return NULL;
}

static struct err *finish(struct reader *r)
{
	if (r->bad)
		return err_new(ERR_FORMAT, "a profile.proto with a broken message");
	if (r->stack_ids.n > PLACES_MAX || r->p->lines.n > PLACES_MAX || r->p->values.n > PLACES_MAX)
		return err_new(ERR_LIMIT, "a profile.proto of more than %d places", PLACES_MAX);
	give_texts(r);
	give_indices(r);
	give_labels(r);
	if (r->bad)
		return err_new(ERR_FORMAT, "a profile.proto that refers to what isn't in it");
	return check_samples(r->p);
}

struct err *pprof_read_proto(struct bytes file, struct pprof *p)
{
	struct reader r = { .p = p };
	struct cursor c = cursor_of(file, false);
	struct protobuf_field f;

	p->form = "profile.proto";
	while (protobuf_next(&c, &f))
		read_field(&r, &f);
	r.bad |= c.bad;

	struct err *err = finish(&r);

	vec_deinit(&r.strings);
	vec_deinit(&r.labels);
	vec_deinit(&r.mapping_texts);
	vec_deinit(&r.function_texts);
	vec_deinit(&r.line_functions);
	vec_deinit(&r.location_mappings);
	vec_deinit(&r.stack_ids);
	vec_deinit(&r.comment_texts);
	vec_deinit(&r.type_texts);
	return err;
}

/* Which wire type each field of a profile has; 0xff: both (packed or not). */
static const uint8_t field_wires[] = { 0, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 2, 0, 0xff, 0, 0 };

/* Fields of a profile as far as one looks, among them what it can't do without.  A text begins
 * like one now and then, but doesn't go on so. */
bool pprof_proto_probe(const void *head, size_t size_bytes)
{
	enum { ENOUGH = 8 };
	struct cursor c = cursor_of((struct bytes){ head, size_bytes }, false);
	struct protobuf_field f;
	int fields = 0;

	while (fields < ENOUGH && protobuf_next(&c, &f)) {
		if (f.number >= sizeof(field_wires) ||
		    (field_wires[f.number] != 0xff && field_wires[f.number] != f.wire))
			return false;
		if (fields == 0 && (f.number == 1 ? f.bytes.size_bytes == 0 || f.bytes.size_bytes > 32
						  : f.number == 6 && f.bytes.size_bytes > 0))
			return false; /* a type is two small numbers, the first string is empty */
		fields++;
	}
	return fields > 1 && (fields >= ENOUGH || !c.bad);
}

/* --- all forms -------------------------------------------------------------------------------------------------- */

uint32_t pprof_location_at(struct pprof *p, struct map *by_address, uint64_t address)
{
	bool is_new;
	uint64_t *index = map_get(by_address, address, &is_new);

	if (is_new) {
		*index = p->locations.n;
		vec_push(&p->locations, ((struct pprof_location){ .id = *index + 1, .address = address,
								  .mapping = PPROF_NONE }));
	}
	return (uint32_t)*index;
}

static const struct form {
	bool (*probe)(const void *head, size_t size_bytes);
	struct err *(*read)(struct bytes file, struct pprof *p);
} forms[] = {
	{ pprof_text_probe, pprof_read_text },
	{ pprof_words_probe, pprof_read_words },
	{ pprof_proto_probe, pprof_read_proto },
	{ NULL, NULL },
};

static const struct form *form_of(const void *head, size_t size_bytes)
{
	for (const struct form *f = forms; f->probe; f++)
		if (f->probe(head, size_bytes))
			return f;
	return NULL;
}

/* Other things are packed, too: look inside. */
bool pprof_probe(const void *head, size_t size_bytes)
{
	enum { LOOK_BYTES = 1 << 16 };
	struct str plain = { 0 };
	bool is;

	if (!gzip_probe(head, size_bytes))
		return form_of(head, size_bytes) != NULL;
	err_destroy(gzip_unpack((struct bytes){ head, size_bytes }, LOOK_BYTES, &plain));
	is = plain.length > 0 && form_of(plain.text, plain.length) != NULL;
	str_deinit(&plain);
	return is;
}

static struct err *read_plain(struct bytes file, struct pprof *p)
{
	const struct form *form = form_of(file.data, file.size_bytes);

	return form ? form->read(file, p) : err_new(ERR_FORMAT, "not a profile that pprof would know");
}

struct err *pprof_read(struct bytes file, struct pprof **ret)
{
	struct pprof *p = mem_calloc(1, sizeof(*p));
	struct str plain = { 0 };
	struct err *err = NULL;

	arena_init(&p->arena);
	p->period_type = (struct pprof_type){ "", "" };
	if (gzip_probe(file.data, file.size_bytes)) {
		err = gzip_unpack(file, UNPACKED_BYTES_MAX, &plain);
		file = (struct bytes){ (const uint8_t *)str_text(&plain), plain.length };
	}
	if (!err)
		err = read_plain(file, p);
	str_deinit(&plain);
	if (err) {
		pprof_destroy(p);
		return err;
	}
	*ret = p;
	return NULL;
}

void pprof_destroy(struct pprof *p)
{
	if (!p)
		return;
	vec_deinit(&p->types);
	vec_deinit(&p->mappings);
	vec_deinit(&p->functions);
	vec_deinit(&p->lines);
	vec_deinit(&p->locations);
	vec_deinit(&p->samples);
	vec_deinit(&p->stack);
	vec_deinit(&p->values);
	vec_deinit(&p->comments);
	arena_deinit(&p->arena);
	free(p);
}
