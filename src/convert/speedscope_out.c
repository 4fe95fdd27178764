/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * speedscope's own JSON (speedscope.app/file-format-schema.json): the frames once, then a
 * "sampled" profile for each thread and event, its stacks in the order of time.  The one with
 * the largest total is shown first.
 */
#include "convert/export_tree.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

struct speedscope {
	const struct export_tree *t;
	struct json j;
	uint32_t *order; /* samples by thread and event, in time */
	VEC(uint32_t) path;
};

static void put_frames(struct speedscope *s)
{
	struct json *j = &s->j;

	json_key(j, "frames");
	json_begin_array(j);
	for (size_t i = 0; i < s->t->places.n; i++) {
		const struct export_place *place = &s->t->places.v[i];

		json_begin_object(j);
		json_key(j, "name"), json_str(j, place->function);
		if (*place->file)
			json_key(j, "file"), json_str(j, place->file);
		else if (*place->module)
			json_key(j, "file"), json_str(j, place->module);
		if (place->line)
			json_key(j, "line"), json_u64(j, place->line);
		json_end(j);
	}
	json_end(j);
}

static const char *unit_name(const char *unit)
{
	return str_eq(unit, "ns") ? "nanoseconds" : str_eq(unit, "bytes") ? "bytes" : "none";
}

/* The outermost first. */
static void put_stack(struct speedscope *s, uint32_t node)
{
	vec_clear(&s->path);
	for (; node; node = s->t->nodes.v[node].parent)
		vec_push(&s->path, s->t->nodes.v[node].place);
	json_begin_array(&s->j);
	while (s->path.n > 0)
		json_u64(&s->j, vec_pop(&s->path));
	json_end(&s->j);
}

static uint64_t put_profile(struct speedscope *s, size_t from, size_t to)
{
	const struct export_tree *t = s->t;
	const struct export_sample *first = &t->samples.v[s->order[from]];
	const struct export_thread *thread = &t->threads.v[first->thread];
	const struct export_event *event = &t->events.v[first->event];
	CLEANUP(mem_freep) char *name = t->timed ? mem_printf("%s (%u/%u) %s", thread->name, thread->pid,
							      thread->tid, event->name)
						 : mem_strdup(event->name);
	uint64_t total = 0;
	struct json *j = &s->j;

	json_begin_object(j);
	json_key(j, "type"), json_str(j, "sampled");
	json_key(j, "name"), json_str(j, name);
	json_key(j, "unit"), json_str(j, unit_name(event->unit));
	json_key(j, "samples");
	json_begin_array(j);
	for (size_t i = from; i < to; i++)
		put_stack(s, t->samples.v[s->order[i]].node);
	json_end(j);
	json_key(j, "weights");
	json_begin_array(j);
	for (size_t i = from; i < to; i++) {
		json_u64(j, t->samples.v[s->order[i]].value);
		total += t->samples.v[s->order[i]].value;
	}
	json_end(j);
	json_key(j, "startValue"), json_u64(j, 0);
	json_key(j, "endValue"), json_u64(j, total);
	json_end(j);
	return total;
}

static int by_profile(const void *a, const void *b, void *tree)
{
	const struct export_tree *t = tree;
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	const struct export_sample *x = &t->samples.v[i], *y = &t->samples.v[k];

	if (x->event != y->event)
		return x->event < y->event ? -1 : 1;
	if (x->thread != y->thread)
		return x->thread < y->thread ? -1 : 1;
	return i < k ? -1 : i > k;
}

/* Returns the index of the one to show first. */
static uint64_t put_profiles(struct speedscope *s)
{
	const struct export_tree *t = s->t;
	size_t n = t->samples.n;
	uint64_t index = 0, best = 0, best_total = 0;

	json_key(&s->j, "profiles");
	json_begin_array(&s->j);
	for (size_t from = 0, to; from < n; from = to, index++) {
		const struct export_sample *first = &t->samples.v[s->order[from]];

		for (to = from + 1; to < n && t->samples.v[s->order[to]].thread == first->thread &&
				    t->samples.v[s->order[to]].event == first->event; to++)
			;

		uint64_t total = put_profile(s, from, to);

		if (first->event == 0 && total > best_total) {
			best_total = total;
			best = index;
		}
	}
	json_end(&s->j);
	return best;
}

static void put_all(struct speedscope *s)
{
	struct json *j = &s->j;

	json_begin_object(j);
	json_key(j, "$schema"), json_str(j, "https://www.speedscope.app/file-format-schema.json");
	json_key(j, "exporter"), json_str(j, "sonde " SONDE_VERSION);
	json_key(j, "name"), json_str(j, s->t->command);
	json_key(j, "shared");
	json_begin_object(j);
	put_frames(s);
	json_end(j);

	uint64_t active = put_profiles(s);

	json_key(j, "activeProfileIndex"), json_u64(j, active);
	json_end(j);
}

static struct err *speedscope_export(const struct export_input *input, FILE *out)
{
	struct speedscope s = { 0 };
	struct export_tree *tree;

	TRY(export_tree_create(input, &tree));
	s.t = tree;
	s.order = mem_alloc((tree->samples.n + 1) * sizeof(*s.order));
	for (size_t i = 0; i < tree->samples.n; i++)
		s.order[i] = (uint32_t)i;
	qsort_r(s.order, tree->samples.n, sizeof(*s.order), by_profile, tree);
	json_init_file(&s.j, out, 0);
	put_all(&s);
	fputc('\n', out);
	free(s.order);
	vec_deinit(&s.path);
	export_tree_destroy(tree);
	return export_flush(out, "speedscope profile");
}

const struct exporter exporter_speedscope = {
	.name = "speedscope",
	.summary = "JSON for speedscope.app, a profile for each thread",
	.takes = EXPORT_EITHER,
	.write = speedscope_export,
};
