/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pprof profile -> recording.
 *
 * A profile is a sum: stacks with a value for each of its types, no times.  Each type becomes
 * an event, the one that pprof shows first before the others; a sample becomes a row for each
 * type, all of them at the start.  Locations become frames with the functions, lines and inlined
 * calls that the profile has; what has none is looked up like any other frame when the profile
 * has its build-id.
 */
#include "convert/importer.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "event/types.h"
#include "format/pprof.h"
#include "module/module.h"
#include "record/recorder.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct pprof_import {
	const struct pprof *p;
	struct import_output *out;
	struct recorder *r;
	struct recorder_stream *stream;
	uint32_t *events, *modules, *frames; /* row ids, by index in the profile */
	uint64_t *scales;		     /* of a type's unit */
	struct map stacks;		     /* parent << 32 | frame -> row id */
	struct strmap module_ids;	     /* build-id and file -> row id */
	struct strmap thread_ids;
	struct str key;
	uint32_t last_frame, last_stack, last_mapping;
	uint64_t negative;
};

static uint32_t string_of(struct pprof_import *m, const char *text)
{
	return recorder_string(m->r, text, strlen(text));
}

/* --- events --------------------------------------------------------------------------------------------- */

/* Times are nanoseconds in a recording. */
static uint64_t scale_of(const char *unit)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} times[] = { { "nanoseconds", 1 }, { "ns", 1 }, { "microseconds", 1000 }, { "us", 1000 },
		      { "milliseconds", 1000000 }, { "ms", 1000000 }, { "seconds", 1000000000 } };

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
		if (str_eq(times[i].name, unit))
			return times[i].ns;
	return 0;
}

static void put_events(struct pprof_import *m)
{
	const struct pprof *p = m->p;

	m->events = mem_calloc(p->types.n + 1, sizeof(*m->events));
	m->scales = mem_calloc(p->types.n + 1, sizeof(*m->scales));
	for (size_t i = 0; i < p->types.n; i++) {
		const struct pprof_type *type = &p->types.v[i];
		bool is_period = str_eq(type->name, p->period_type.name) && p->period > 0;
		uint64_t scale = scale_of(type->unit);
		struct row_event row = {
			.id = (uint32_t)(i == p->default_type ? 1 : i < p->default_type ? i + 2 : i + 1),
			.name = string_of(m, type->name), .unit = string_of(m, scale ? "ns" : type->unit),
			.period = is_period ? (uint64_t)p->period * (scale ? scale : 1) : 0,
		};

		m->events[i] = row.id;
		m->scales[i] = scale ? scale : 1;
		recorder_side(m->r, TYPE_event, &row);
	}
}

/* --- modules and frames ------------------------------------------------------------------------------------ */

static uint8_t kind_of(const struct pprof_mapping *mapping, size_t index)
{
	if (str_eq(mapping->file, "[vdso]"))
		return MODULE_VDSO;
	if (str_starts(mapping->file, "[kernel"))
		return MODULE_KERNEL;
	if (*mapping->file == '[' || !*mapping->file)
		return MODULE_ANON;
	return index == 0 ? MODULE_PROGRAM : MODULE_SHARED;
}

static uint32_t module_row(struct pprof_import *m, const struct pprof_mapping *mapping, size_t index)
{
	struct build_id id = { .size = 0 };
	bool is_new;

	str_clear(&m->key);
	str_printf(&m->key, "%s %s", mapping->build_id, mapping->file);

	uint64_t *row_id = strmap_get(&m->module_ids, m->key.text, m->key.length, &is_new);

	if (!is_new)
		return (uint32_t)*row_id;
	*row_id = m->module_ids.n;

	bool known = build_id_parse(mapping->build_id, &id) && id.size > 0;
	struct row_module row = {
		.id = (uint32_t)*row_id, .kind = kind_of(mapping, index),
		.path = string_of(m, *mapping->file ? mapping->file : "[anon]"),
		.build_id = known ? string_of(m, mapping->build_id) : 0,
		.note = known ? 0 : string_of(m, "the profile doesn't have its build-id: the file of that name here "
						 "may be another"),
	};

	recorder_side(m->r, TYPE_module, &row);
	/* Whose boot it was isn't known: the running kernel's symbols could be another's. */
	if (row.kind == MODULE_KERNEL)
		m->out->kernel.elsewhere = true;
	return row.id;
}

static void put_mappings(struct pprof_import *m)
{
	const struct pprof *p = m->p;

	m->modules = mem_calloc(p->mappings.n + 1, sizeof(*m->modules));
	for (size_t i = 0; i < p->mappings.n; i++) {
		const struct pprof_mapping *mapping = &p->mappings.v[i];
		struct row_mapping row = { .id = ++m->last_mapping, .addr = mapping->start,
					   .size_bytes = mapping->limit - mapping->start,
					   .offset = mapping->offset };

		row.module = m->modules[i] = module_row(m, mapping, i);
		recorder_side(m->r, TYPE_mapping, &row);
	}
}

static struct row_frame frame_of(struct pprof_import *m, const struct pprof_location *l)
{
	const struct pprof_mapping *mapping = l->mapping == PPROF_NONE ? NULL : &m->p->mappings.v[l->mapping];
	struct row_frame row = { .offset = l->address, .exact = 1 };

	if (!mapping)
		return row;
	row.module = m->modules[l->mapping];
	row.kind = kind_of(mapping, (size_t)l->mapping);
	row.module_path = string_of(m, mapping->file);
	if (row.kind != MODULE_ANON && row.kind != MODULE_KERNEL && l->address >= mapping->start)
		row.offset = l->address - mapping->start + mapping->offset;
	return row;
}

/* The rows of inlined calls lead outwards (session/resolve.h). */
static uint32_t put_frame(struct pprof_import *m, const struct pprof_location *l)
{
	const struct pprof *p = m->p;
	struct row_frame row = frame_of(m, l);

	if (l->line_count == 0) {
		row.id = ++m->last_frame;
		recorder_side(m->r, TYPE_frame, &row);
		return row.id;
	}
	for (uint32_t i = l->line_count; i-- > 0;) {
		const struct pprof_line *line = &p->lines.v[l->first_line + i];
		const struct pprof_function *f =
			line->function == PPROF_NONE ? NULL : &p->functions.v[line->function];

		row.outer = row.id;
		row.id = ++m->last_frame;
		row.function = f ? string_of(m, f->name) : 0;
		row.file = f ? string_of(m, f->file) : 0;
		row.line = line->line > 0 && line->line <= UINT32_MAX ? (uint32_t)line->line : 0;
		row.inlined = i + 1 < l->line_count;
		recorder_side(m->r, TYPE_frame, &row);
	}
	return row.id;
}

static void put_frames(struct pprof_import *m)
{
	m->frames = mem_calloc(m->p->locations.n + 1, sizeof(*m->frames));
	for (size_t i = 0; i < m->p->locations.n; i++)
		m->frames[i] = put_frame(m, &m->p->locations.v[i]);
}

/* --- samples --------------------------------------------------------------------------------------------------- */

static uint32_t stack_of(struct pprof_import *m, const struct pprof_sample *s)
{
	uint32_t node = 0, depth = 0;

	for (uint32_t i = s->location_count; i-- > 0;) {
		uint32_t frame = m->frames[m->p->stack.v[s->first_location + i]];
		bool is_new;
		uint64_t *id = map_get(&m->stacks, (uint64_t)node << 32 | frame, &is_new);

		depth++;
		if (is_new) {
			struct row_stack row = { .id = ++m->last_stack, .parent = node, .frame = frame,
						 .depth = depth };

			*id = row.id;
			recorder_side(m->r, TYPE_stack, &row);
		}
		node = (uint32_t)*id;
	}
	return node;
}

static uint32_t thread_of(struct pprof_import *m, const struct pprof_sample *s)
{
	bool is_new;

	str_clear(&m->key);
	str_printf(&m->key, "%" PRId64 " %" PRId64 " %s", s->pid, s->tid, s->thread ? s->thread : "");

	uint64_t *id = strmap_get(&m->thread_ids, m->key.text, m->key.length, &is_new);

	if (is_new) {
		const char *file = m->p->mappings.n ? m->p->mappings.v[0].file : "", *slash = strrchr(file, '/');
		const char *name = s->thread ? s->thread : slash && slash[1] ? slash + 1 : file;
		struct row_thread row = { .id = (uint32_t)m->thread_ids.n, .tid = (uint32_t)s->tid,
					  .pid = (uint32_t)(s->pid ? s->pid : s->tid),
					  .comm = string_of(m, *name ? name : "[profile]") };

		*id = row.id;
		recorder_side(m->r, TYPE_thread, &row);
	}
	return (uint32_t)*id;
}

/* Where it ran: in what its innermost location belongs to. */
static uint8_t mode_of(const struct pprof *p, const struct pprof_sample *s)
{
	const struct pprof_location *leaf;

	if (s->location_count == 0)
		return SAMPLE_USER;
	leaf = &p->locations.v[p->stack.v[s->first_location]];
	if (leaf->mapping == PPROF_NONE)
		return SAMPLE_USER;
	return kind_of(&p->mappings.v[leaf->mapping], (size_t)leaf->mapping) == MODULE_KERNEL ? SAMPLE_KERNEL : SAMPLE_USER;
}

static void put_samples(struct pprof_import *m)
{
	const struct pprof *p = m->p;

	for (size_t i = 0; i < p->samples.n; i++) {
		const struct pprof_sample *s = &p->samples.v[i];
		struct row_sample row = { .thread = thread_of(m, s), .stack = stack_of(m, s), .cpu = SAMPLE_NO_CPU,
					  .mode = mode_of(p, s) };

		for (size_t type = 0; type < p->types.n; type++) {
			int64_t value = p->values.v[s->first_value + type];

			if (value < 0) {
				m->negative++;
				continue;
			}
			row.event = (uint16_t)m->events[type];
			row.period = (uint64_t)value * m->scales[type];
			recorder_row(m->stream, TYPE_sample, &row);
		}
	}
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

static void note_number(struct recorder *r, const char *key, const char *unit, int64_t number)
{
	CLEANUP(mem_freep) char *text = mem_printf("%" PRId64 " %s", number, unit);

	recorder_note(r, key, text);
}

static void put_about(struct pprof_import *m, const struct import_input *in)
{
	const struct pprof *p = m->p;
	int64_t wall_ns = p->time_ns ? p->time_ns : (int64_t)(in->mtime_ns - (uint64_t)p->duration_ns);

	recorder_origin(m->r, &(struct recorder_origin){ .wall_offset_ns = wall_ns });
	recorder_span(m->r, 0, p->duration_ns > 0 ? (uint64_t)p->duration_ns : 0);
	recorder_note(m->r, "pprof.form", p->form);
	if (p->period > 0)
		note_number(m->r, "pprof.period", p->period_type.unit, p->period);
	for (size_t i = 0; i < p->comments.n; i++)
		recorder_note(m->r, "pprof.comment", p->comments.v[i]);
	recorder_missing(m->r, "times of samples", "a pprof profile has none: all are at the start", NULL);
	if (p->labels) {
		CLEANUP(mem_freep) char *why = mem_printf("%" PRIu64 " labels; a recording has a place for threads alone",
							  p->labels);

		recorder_missing(m->r, "labels", why, "go tool pprof -tags shows them");
	}
	if (m->negative) {
		CLEANUP(mem_freep) char *why = mem_printf("%" PRIu64 " values are below zero: it is a difference of "
							  "profiles", m->negative);

		recorder_missing(m->r, "what became less", why, "import both profiles and use sonde report --diff");
	}
}

static struct err *pprof_import_read(const struct import_input *in, struct import_output *out)
{
	struct pprof_import m = { .out = out, .r = out->recorder, .stream = out->stream };
	struct pprof *p;

	TRY(pprof_read(in->file, &p));
	m.p = p;
	map_init(&m.stacks);
	strmap_init(&m.module_ids);
	strmap_init(&m.thread_ids);
	put_events(&m);
	put_mappings(&m);
	put_frames(&m);
	put_samples(&m);
	put_about(&m, in);
	map_deinit(&m.stacks);
	strmap_deinit(&m.module_ids);
	strmap_deinit(&m.thread_ids);
	str_deinit(&m.key);
	free(m.events);
	free(m.modules);
	free(m.frames);
	free(m.scales);
	pprof_destroy(p);
	return NULL;
}

const struct importer importer_pprof = {
	.name = "pprof",
	.summary = "profiles of pprof: profile.proto, and the older heap, contention, thread and CPU profiles",
	.probe = pprof_probe,
	.read = pprof_import_read,
};
