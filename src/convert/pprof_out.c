/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pprof's profile.proto (github.com/google/pprof, proto/profile.proto), gzipped, as `go tool
 * pprof` and most web services of profiles read it.
 *
 * A location is an address with its inlined calls; addresses are file offsets, and each
 * module is mapped at 0, so that a tool that has the file finds the place.  Samples of the
 * same stack and thread are one, with a value for each event.
 */
#include "convert/export_tree.h"

#include "base/mem.h"
#include "base/str.h"
#include "event/types.h"
#include "format/gzip.h"
#include "format/protobuf.h"

#include <string.h>

/* field numbers */
enum { PROFILE_SAMPLE_TYPE = 1, PROFILE_SAMPLE, PROFILE_MAPPING, PROFILE_LOCATION, PROFILE_FUNCTION,
       PROFILE_STRING, PROFILE_TIME = 9, PROFILE_DURATION, PROFILE_PERIOD_TYPE, PROFILE_PERIOD,
       PROFILE_COMMENT, PROFILE_DEFAULT_TYPE };
enum { SAMPLE_LOCATION = 1, SAMPLE_VALUE, SAMPLE_LABEL };
enum { LABEL_KEY = 1, LABEL_TEXT, LABEL_NUMBER };
enum { MAPPING_ID = 1, MAPPING_START, MAPPING_LIMIT, MAPPING_OFFSET, MAPPING_FILE, MAPPING_BUILD_ID,
       MAPPING_HAS_FUNCTIONS, MAPPING_HAS_FILES, MAPPING_HAS_LINES, MAPPING_HAS_INLINES };
enum { LOCATION_ID = 1, LOCATION_MAPPING, LOCATION_ADDRESS, LOCATION_LINE };
enum { LINE_FUNCTION = 1, LINE_NUMBER };
enum { FUNCTION_ID = 1, FUNCTION_NAME, FUNCTION_SYSTEM_NAME, FUNCTION_FILE };

struct pprof {
	const struct export_tree *t;
	struct str out, texts, message, part; /* texts: the string table, which goes last */
	struct strmap strings;	/* text -> index */
	struct strmap functions; /* name NUL file -> id */
	struct map samples;	/* thread << 32 | node -> index */
	VEC(uint64_t) keys;
	VEC(uint64_t) values; /* types for each of keys */
	size_t types;
	struct str key;
};

/* Index 0 is the empty string. */
static uint64_t string_index(struct pprof *p, const char *text)
{
	bool is_new;
	uint64_t *index = strmap_get(&p->strings, text, strlen(text), &is_new);

	if (is_new) {
		*index = p->strings.n - 1;
		protobuf_put_text(&p->texts, PROFILE_STRING, text);
	}
	return *index;
}

static const char *unit_name(const char *unit)
{
	if (str_eq(unit, "ns"))
		return "nanoseconds";
	if (str_eq(unit, "events") || str_eq(unit, "samples"))
		return "count";
	return unit;
}

static void put_type(struct pprof *p, uint32_t field, const char *name, const char *unit)
{
	uint64_t type = string_index(p, name), unit_index = string_index(p, unit);

	protobuf_put_set(&p->message, 1, type);
	protobuf_put_set(&p->message, 2, unit_index);
	protobuf_put_message(&p->out, field, &p->message);
}

/* How often each event was sampled is a type of its own where there is one event. */
static void put_types(struct pprof *p)
{
	const struct export_tree *t = p->t;

	p->types = t->events.n;
	for (size_t i = 0; i < t->events.n; i++)
		put_type(p, PROFILE_SAMPLE_TYPE, t->events.v[i].name, unit_name(t->events.v[i].unit));
	if (t->events.n == 1 && t->timed) {
		put_type(p, PROFILE_SAMPLE_TYPE, "samples", "count");
		p->types++;
	}
	if (t->events.n == 0)
		return;

	const struct export_event *first = &t->events.v[0];

	protobuf_put(&p->out, PROFILE_DEFAULT_TYPE, string_index(p, first->name));
	if (first->period) {
		put_type(p, PROFILE_PERIOD_TYPE, first->name, unit_name(first->unit));
		protobuf_put(&p->out, PROFILE_PERIOD, first->period);
	}
}

/* --- code ---------------------------------------------------------------------------------------------- */

static void put_mapping(struct pprof *p, size_t i, uint64_t limit)
{
	const struct export_module *m = &p->t->modules.v[i];
	uint64_t file = string_index(p, m->path), build_id = string_index(p, m->build_id);

	protobuf_put(&p->message, MAPPING_ID, i + 1);
	protobuf_put_set(&p->message, MAPPING_LIMIT, limit);
	protobuf_put_set(&p->message, MAPPING_FILE, file);
	protobuf_put_set(&p->message, MAPPING_BUILD_ID, build_id);
	for (uint32_t has = MAPPING_HAS_FUNCTIONS; has <= MAPPING_HAS_INLINES; has++)
		protobuf_put(&p->message, has, 1);
	protobuf_put_message(&p->out, PROFILE_MAPPING, &p->message);
}

/* Readers take the first mapping for the program: that of the program with most samples. */
static size_t main_module(const struct export_tree *t)
{
	uint64_t *counts = mem_calloc(t->modules.n + 1, sizeof(*counts));
	size_t best = 0;

	for (size_t i = 0; i < t->samples.n; i++)
		for (uint32_t node = t->samples.v[i].node; node; node = t->nodes.v[node].parent)
			counts[t->places.v[t->nodes.v[node].place].module_index]++;
	for (size_t i = 0; i < t->modules.n; i++)
		if (t->modules.v[i].kind == MODULE_PROGRAM &&
		    (t->modules.v[best].kind != MODULE_PROGRAM || counts[i] > counts[best]))
			best = i;
	free(counts);
	return best;
}

static void put_mappings(struct pprof *p)
{
	const struct export_tree *t = p->t;
	uint64_t *limits = mem_calloc(t->modules.n + 1, sizeof(*limits));
	size_t first = main_module(t);

	for (size_t i = 0; i < t->places.n; i++)
		if (t->places.v[i].address >= limits[t->places.v[i].module_index])
			limits[t->places.v[i].module_index] = t->places.v[i].address + 1;
	if (t->modules.n > 0)
		put_mapping(p, first, limits[first]);
	for (size_t i = 0; i < t->modules.n; i++)
		if (i != first)
			put_mapping(p, i, limits[i]);
	free(limits);
}

static uint64_t function_id(struct pprof *p, const struct export_place *place)
{
	uint64_t name = string_index(p, place->function), file = string_index(p, place->file), *id;
	bool is_new;

	str_clear(&p->key);
	str_add_n(&p->key, place->function, strlen(place->function) + 1);
	str_add(&p->key, place->file);
	id = strmap_get(&p->functions, p->key.text, p->key.length, &is_new);
	if (is_new) {
		struct str function = { 0 };

		*id = p->functions.n;
		protobuf_put(&function, FUNCTION_ID, *id);
		protobuf_put_set(&function, FUNCTION_NAME, name);
		protobuf_put_set(&function, FUNCTION_SYSTEM_NAME, name);
		protobuf_put_set(&function, FUNCTION_FILE, file);
		protobuf_put_message(&p->out, PROFILE_FUNCTION, &function);
		str_deinit(&function);
	}
	return *id;
}

/* A location is known by its first place + 1. */
static void put_locations(struct pprof *p)
{
	const struct export_tree *t = p->t;

	for (size_t i = 0; i < t->places.n;) {
		const struct export_place *first = &t->places.v[i];
		size_t place = i;

		protobuf_put(&p->message, LOCATION_ID, i + 1);
		protobuf_put(&p->message, LOCATION_MAPPING, first->module_index + UINT64_C(1));
		protobuf_put_set(&p->message, LOCATION_ADDRESS, first->address);
		do {
			uint64_t function = function_id(p, &t->places.v[i]);

			protobuf_put(&p->part, LINE_FUNCTION, function);
			protobuf_put_set(&p->part, LINE_NUMBER, t->places.v[i].line);
			protobuf_put_message(&p->message, LOCATION_LINE, &p->part);
			i++;
		} while (i < t->places.n && t->places.v[i].frame == t->places.v[place].frame);
		protobuf_put_message(&p->out, PROFILE_LOCATION, &p->message);
	}
}

/* --- samples ----------------------------------------------------------------------------------------------- */

static void add_samples(struct pprof *p)
{
	for (size_t i = 0; i < p->t->samples.n; i++) {
		const struct export_sample *s = &p->t->samples.v[i];
		uint64_t key = (uint64_t)s->thread << 32 | s->node;
		bool is_new;
		uint64_t *index = map_get(&p->samples, key, &is_new);

		if (is_new) {
			*index = p->keys.n;
			vec_push(&p->keys, key);
			for (size_t type = 0; type < p->types; type++)
				vec_push(&p->values, 0);
		}
		p->values.v[*index * p->types + s->event] += s->value;
		if (p->types > p->t->events.n)
			p->values.v[*index * p->types + p->types - 1]++;
	}
}

static void put_label(struct pprof *p, const char *key, const char *text, uint64_t number)
{
	uint64_t key_index = string_index(p, key), value = text ? string_index(p, text) : 0;

	protobuf_put(&p->part, LABEL_KEY, key_index);
	protobuf_put_set(&p->part, LABEL_TEXT, value);
	protobuf_put_set(&p->part, LABEL_NUMBER, number);
	protobuf_put_message(&p->message, SAMPLE_LABEL, &p->part);
}

static void put_sample(struct pprof *p, size_t i)
{
	const struct export_tree *t = p->t;
	const struct export_thread *thread = &t->threads.v[p->keys.v[i] >> 32];

	for (uint32_t node = (uint32_t)p->keys.v[i]; node; node = t->nodes.v[node].parent)
		if (t->places.v[t->nodes.v[node].place].call == 0)
			protobuf_put_varint(&p->part, t->nodes.v[node].place + UINT64_C(1));
	protobuf_put_message(&p->message, SAMPLE_LOCATION, &p->part);
	for (size_t type = 0; type < p->types; type++)
		protobuf_put_varint(&p->part, p->values.v[i * p->types + type]);
	protobuf_put_message(&p->message, SAMPLE_VALUE, &p->part);
	if (t->timed) {
		put_label(p, "process", thread->process, 0);
		put_label(p, "thread", thread->name, 0);
		put_label(p, "pid", NULL, thread->pid);
		put_label(p, "tid", NULL, thread->tid);
	}
	protobuf_put_message(&p->out, PROFILE_SAMPLE, &p->message);
}

/* --- the whole --------------------------------------------------------------------------------------------- */

static void put_all(struct pprof *p)
{
	const struct export_tree *t = p->t;

	string_index(p, "");
	put_types(p);
	put_mappings(p);
	put_locations(p);
	add_samples(p);
	for (size_t i = 0; i < p->keys.n; i++)
		put_sample(p, i);
	if (t->timed && t->wall_offset_ns)
		protobuf_put(&p->out, PROFILE_TIME, (uint64_t)((int64_t)t->start_ns + t->wall_offset_ns));
	if (t->end_ns > t->start_ns)
		protobuf_put(&p->out, PROFILE_DURATION, t->end_ns - t->start_ns);
	if (*t->command)
		protobuf_put(&p->out, PROFILE_COMMENT, string_index(p, t->command));
	str_add_n(&p->out, str_text(&p->texts), p->texts.length);
}

static struct err *pprof_export(const struct export_input *input, FILE *out)
{
	struct export_tree *tree;
	struct pprof p = { 0 };
	struct str packed = { 0 };

	TRY(export_tree_create(input, &tree));
	p.t = tree;
	strmap_init(&p.strings);
	strmap_init(&p.functions);
	map_init(&p.samples);
	put_all(&p);

	struct err *err = gzip_pack((struct bytes){ (const uint8_t *)str_text(&p.out), p.out.length }, &packed);

	if (!err) {
		fwrite(packed.text, 1, packed.length, out);
		err = export_flush(out, "pprof profile");
	}
	str_deinit(&packed);
	str_deinit(&p.out);
	str_deinit(&p.texts);
	str_deinit(&p.message);
	str_deinit(&p.part);
	str_deinit(&p.key);
	strmap_deinit(&p.strings);
	strmap_deinit(&p.functions);
	map_deinit(&p.samples);
	vec_deinit(&p.keys);
	vec_deinit(&p.values);
	export_tree_destroy(tree);
	return err;
}

const struct exporter exporter_pprof = {
	.name = "pprof",
	.summary = "a gzipped profile.proto, for go tool pprof and services that take its profiles",
	.takes = EXPORT_EITHER,
	.is_binary = true,
	.write = pprof_export,
};
