/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A processed profile of the Firefox Profiler (profiler.firefox.com, "Load a profile from
 * file"; github.com/firefox-devtools/profiler, docs-developer/CHANGELOG-formats.md and
 * src/types/profile.js), version 47, which Mozilla's own tools (mach, moz-phab, Taskcluster) write as well:
 * tables as arrays of columns, each thread with its own; the page upgrades it to its newest one.  It shows one event; samples of
 * clocks are weighted by their milliseconds, others by their counts.
 */
#include "convert/export_tree.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "event/types.h"
#include "record/stacks.h"

#include <stdlib.h>
#include <string.h>

enum { PROFILE_VERSION = 47, GECKO_VERSION = 27, RESOURCE_LIBRARY = 1 };

/* Categories, by enum stacks_kind. */
static const struct {
	const char *name, *color;
} categories[] = {
	[STACKS_USER] = { "Program", "yellow" },	   [STACKS_LIBRARY] = { "Library", "blue" },
	[STACKS_KERNEL] = { "Kernel", "orange" },	   [STACKS_KERNEL_MODULE] = { "Kernel module", "red" },
	[STACKS_INLINED] = { "Inlined", "green" },	   [STACKS_JIT] = { "JIT", "purple" },
	[STACKS_UNKNOWN] = { "Unknown", "grey" },	   [STACKS_GROUP] = { "Group", "transparent" },
};

struct firefox {
	const struct export_tree *t;
	struct json j;
	uint32_t event;
	/* of the thread at hand: */
	VEC(uint32_t) nodes, places, functions, modules; /* the rows of its tables */
	struct map node_rows, place_rows, module_rows; /* index -> row */
	struct strmap function_rows, string_rows;
	VEC(const char *) strings;
	struct str key;
};

/* --- the rows of a thread's tables ------------------------------------------------------------------- */

static uint32_t string_row(struct firefox *f, const char *text)
{
	bool is_new;
	const char *copy;
	uint64_t *row = strmap_intern(&f->string_rows, text, strlen(text), &is_new, &copy);

	if (is_new) {
		*row = f->strings.n;
		vec_push(&f->strings, copy);
	}
	return (uint32_t)*row;
}

#define ROW_OF(f, map, list, index)                               \
	({                                                        \
		bool row_is_new_;                                 \
		uint64_t *row_ = map_get(map, index, &row_is_new_); \
		if (row_is_new_) {                                \
			vec_push(list, index);                    \
			*row_ = (list)->n - 1;                    \
		}                                                 \
		(uint32_t)*row_;                                  \
	})

static uint32_t module_row(struct firefox *f, uint32_t module) { return ROW_OF(f, &f->module_rows, &f->modules, module); }

static uint32_t function_row(struct firefox *f, uint32_t place)
{
	const struct export_place *p = &f->t->places.v[place];
	bool is_new;

	str_clear(&f->key);
	str_add_n(&f->key, p->function, strlen(p->function) + 1);
	str_add_n(&f->key, p->file, strlen(p->file) + 1);
	str_add(&f->key, p->module);

	uint64_t *row = strmap_get(&f->function_rows, f->key.text, f->key.length, &is_new);

	if (is_new) {
		*row = f->functions.n;
		vec_push(&f->functions, place);
		module_row(f, p->module_index);
	}
	return (uint32_t)*row;
}

static uint32_t place_row(struct firefox *f, uint32_t place)
{
	function_row(f, place);
	return ROW_OF(f, &f->place_rows, &f->places, place);
}

/* Callers have rows before those that they call. */
static void add_node(struct firefox *f, uint32_t node)
{
	VEC(uint32_t) path = { 0 };

	for (; node && !map_find(&f->node_rows, node); node = f->t->nodes.v[node].parent)
		vec_push(&path, node);
	while (path.n > 0) {
		node = vec_pop(&path);
		place_row(f, f->t->nodes.v[node].place);
		(void)ROW_OF(f, &f->node_rows, &f->nodes, node);
	}
	vec_deinit(&path);
}

/* --- columns ------------------------------------------------------------------------------------------------ */

/* "key":[ value(i) ... ] */
#define COLUMN(j, name, count, put)                 \
	do {                                        \
		json_key(j, name);                  \
		json_begin_array(j);                \
		for (size_t i = 0; i < (count); i++) { \
			put;                        \
		}                                   \
		json_end(j);                        \
	} while (0)

static void begin_table(struct json *j, const char *name, size_t length)
{
	json_key(j, name);
	json_begin_object(j);
	json_key(j, "length"), json_u64(j, length);
}

static unsigned category_of(const struct firefox *f, uint32_t place)
{
	uint8_t kind = f->t->places.v[place].kind;

	return kind <= STACKS_GROUP ? kind : STACKS_UNKNOWN;
}

static void put_frame_table(struct firefox *f)
{
	const struct export_place *places = f->t->places.v;
	const uint32_t *rows = f->places.v;
	size_t n = f->places.n;
	struct json *j = &f->j;

	begin_table(j, "frameTable", n);
	COLUMN(j, "address", n, json_i64(j, places[rows[i]].address <= INT32_MAX ? (int64_t)places[rows[i]].address : -1));
	COLUMN(j, "inlineDepth", n, json_u64(j, 0));
	COLUMN(j, "category", n, json_u64(j, category_of(f, rows[i])));
	COLUMN(j, "subcategory", n, json_u64(j, 0));
	COLUMN(j, "func", n, json_u64(j, function_row(f, rows[i])));
	COLUMN(j, "nativeSymbol", n, json_null(j));
	COLUMN(j, "innerWindowID", n, json_u64(j, 0));
	COLUMN(j, "implementation", n, json_null(j));
	COLUMN(j, "line", n, places[rows[i]].line ? json_u64(j, places[rows[i]].line) : json_null(j));
	COLUMN(j, "column", n, json_null(j));
	json_end(j);
}

static void put_function_table(struct firefox *f)
{
	const struct export_place *places = f->t->places.v;
	const uint32_t *rows = f->functions.v;
	size_t n = f->functions.n;
	struct json *j = &f->j;

	begin_table(j, "funcTable", n);
	COLUMN(j, "name", n, json_u64(j, string_row(f, places[rows[i]].function)));
	COLUMN(j, "isJS", n, json_bool(j, false));
	COLUMN(j, "relevantForJS", n, json_bool(j, false));
	COLUMN(j, "resource", n, json_u64(j, module_row(f, places[rows[i]].module_index)));
	COLUMN(j, "fileName", n, *places[rows[i]].file ? json_u64(j, string_row(f, places[rows[i]].file)) : json_null(j));
	COLUMN(j, "lineNumber", n, json_null(j));
	COLUMN(j, "columnNumber", n, json_null(j));
	json_end(j);
}

static const char *module_name(const struct firefox *f, uint32_t module)
{
	const char *path = f->t->modules.v[module].path, *slash = strrchr(path, '/');

	return !*path ? "[unknown]" : slash && slash[1] ? slash + 1 : path;
}

static void put_resource_table(struct firefox *f)
{
	size_t n = f->modules.n;
	struct json *j = &f->j;

	begin_table(j, "resourceTable", n);
	COLUMN(j, "lib", n, json_u64(j, f->modules.v[i]));
	COLUMN(j, "name", n, json_u64(j, string_row(f, module_name(f, f->modules.v[i]))));
	COLUMN(j, "host", n, json_null(j));
	COLUMN(j, "type", n, json_u64(j, RESOURCE_LIBRARY));
	json_end(j);
}

static void put_stack_table(struct firefox *f)
{
	const struct export_node *nodes = f->t->nodes.v;
	const uint32_t *rows = f->nodes.v;
	size_t n = f->nodes.n;
	struct json *j = &f->j;

	begin_table(j, "stackTable", n);
	COLUMN(j, "frame", n, json_u64(j, place_row(f, nodes[rows[i]].place)));
	COLUMN(j, "prefix", n,
	       nodes[rows[i]].parent ? json_u64(j, *map_find(&f->node_rows, nodes[rows[i]].parent)) : json_null(j));
	COLUMN(j, "category", n, json_u64(j, category_of(f, nodes[rows[i]].place)));
	COLUMN(j, "subcategory", n, json_u64(j, 0));
	json_end(j);
}

static double milliseconds(uint64_t ns) { return (double)ns / 1e6; }

static void put_samples(struct firefox *f, const uint32_t *samples, size_t n)
{
	const struct export_sample *s = f->t->samples.v;
	bool is_time = str_eq(f->t->events.v[f->event].unit, "ns");
	struct json *j = &f->j;

	begin_table(j, "samples", n);
	COLUMN(j, "stack", n,
	       s[samples[i]].node ? json_u64(j, *map_find(&f->node_rows, s[samples[i]].node)) : json_null(j));
	COLUMN(j, "time", n, json_f64(j, milliseconds(s[samples[i]].time_ns - f->t->start_ns)));
	COLUMN(j, "weight", n,
	       is_time ? json_f64(j, milliseconds(s[samples[i]].value)) : json_u64(j, s[samples[i]].value));
	json_key(j, "weightType"), json_str(j, is_time ? "tracing-ms" : "samples");
	json_end(j);
}

static void put_empty_tables(struct json *j)
{
	static const char *const markers[] = { "category", "data", "endTime", "name", "phase", "startTime", NULL };
	static const char *const symbols[] = { "address", "functionSize", "libIndex", "name", NULL };

	begin_table(j, "markers", 0);
	for (int i = 0; markers[i]; i++)
		json_key(j, markers[i]), json_begin_array(j), json_end(j);
	json_end(j);
	begin_table(j, "nativeSymbols", 0);
	for (int i = 0; symbols[i]; i++)
		json_key(j, symbols[i]), json_begin_array(j), json_end(j);
	json_end(j);
	json_key(j, "pausedRanges"), json_begin_array(j), json_end(j);
}

/* --- threads -------------------------------------------------------------------------------------------------- */

static void put_thread_facts(struct firefox *f, const struct export_thread *thread)
{
	CLEANUP(mem_freep) char *pid = mem_printf("%u", thread->pid);
	CLEANUP(mem_freep) char *tid = mem_printf("%u", thread->tid);
	struct json *j = &f->j;
	uint64_t start_ns = thread->start_ns > f->t->start_ns ? thread->start_ns - f->t->start_ns : 0;

	json_key(j, "name"), json_str(j, thread->name);
	json_key(j, "isMainThread"), json_bool(j, thread->pid == thread->tid);
	json_key(j, "processType"), json_str(j, "default");
	json_key(j, "processName"), json_str(j, thread->process);
	json_key(j, "processStartupTime"), json_f64(j, milliseconds(start_ns));
	json_key(j, "processShutdownTime"), json_null(j);
	json_key(j, "registerTime"), json_f64(j, milliseconds(start_ns));
	json_key(j, "unregisterTime");
	if (thread->end_ns > f->t->start_ns)
		json_f64(j, milliseconds(thread->end_ns - f->t->start_ns));
	else
		json_null(j);
	json_key(j, "pid"), json_str(j, pid);
	json_key(j, "tid"), json_str(j, tid);
}

static void clear_thread(struct firefox *f)
{
	vec_clear(&f->nodes);
	vec_clear(&f->places);
	vec_clear(&f->functions);
	vec_clear(&f->modules);
	vec_clear(&f->strings);
	map_clear(&f->node_rows);
	map_clear(&f->place_rows);
	map_clear(&f->module_rows);
	strmap_deinit(&f->function_rows);
	strmap_deinit(&f->string_rows);
	strmap_init(&f->function_rows);
	strmap_init(&f->string_rows);
}

static void put_thread(struct firefox *f, uint32_t thread, const uint32_t *samples, size_t count)
{
	struct json *j = &f->j;

	clear_thread(f);
	for (size_t i = 0; i < count; i++)
		add_node(f, f->t->samples.v[samples[i]].node);
	json_begin_object(j);
	put_thread_facts(f, &f->t->threads.v[thread]);
	put_samples(f, samples, count);
	put_stack_table(f);
	put_frame_table(f);
	put_function_table(f);
	put_resource_table(f);
	put_empty_tables(j);
	COLUMN(j, "stringArray", f->strings.n, json_str(j, f->strings.v[i]));
	json_end(j);
}

static void put_threads(struct firefox *f)
{
	const struct export_tree *t = f->t;
	uint32_t *counts = mem_calloc(t->threads.n + 2, sizeof(*counts));
	uint32_t *samples = mem_alloc((t->samples.n + 1) * sizeof(*samples));

	for (size_t i = 0; i < t->samples.n; i++)
		counts[t->samples.v[i].thread + 2] += t->samples.v[i].event == f->event;
	for (size_t i = 2; i < t->threads.n + 2; i++)
		counts[i] += counts[i - 1];
	for (size_t i = 0; i < t->samples.n; i++) /* counts[thread + 1] runs from its first to its end */
		if (t->samples.v[i].event == f->event)
			samples[counts[t->samples.v[i].thread + 1]++] = (uint32_t)i;
	json_key(&f->j, "threads");
	json_begin_array(&f->j);
	for (size_t i = 0; i < t->threads.n; i++)
		if (counts[i + 1] > counts[i])
			put_thread(f, (uint32_t)i, samples + counts[i], counts[i + 1] - counts[i]);
	json_end(&f->j);
	free(counts);
	free(samples);
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

static void put_libraries(struct firefox *f)
{
	const struct export_tree *t = f->t;
	struct json *j = &f->j;

	json_key(j, "libs");
	json_begin_array(j);
	for (size_t i = 0; i < t->modules.n; i++) {
		const struct export_module *m = &t->modules.v[i];
		const char *name = module_name(f, (uint32_t)i);

		json_begin_object(j);
		json_key(j, "name"), json_str(j, name);
		json_key(j, "path"), json_str(j, m->path);
		json_key(j, "debugName"), json_str(j, name);
		json_key(j, "debugPath"), json_str(j, m->path);
		json_key(j, "breakpadId"), json_str(j, "");
		json_key(j, "codeId");
		*m->build_id ? json_str(j, m->build_id) : json_null(j);
		json_key(j, "arch"), json_str(j, t->arch);
		json_end(j);
	}
	json_end(j);
}

static void put_categories(struct json *j)
{
	json_key(j, "categories");
	json_begin_array(j);
	for (unsigned i = 0; i <= STACKS_GROUP; i++) {
		json_begin_object(j);
		json_key(j, "name"), json_str(j, categories[i].name);
		json_key(j, "color"), json_str(j, categories[i].color);
		json_key(j, "subcategories"), json_begin_array(j), json_str(j, "Other"), json_end(j);
		json_end(j);
	}
	json_end(j);
}

static void put_extensions(struct json *j)
{
	static const char *const columns[] = { "baseURL", "id", "name", NULL };

	begin_table(j, "extensions", 0);
	for (int i = 0; columns[i]; i++)
		json_key(j, columns[i]), json_begin_array(j), json_end(j);
	json_end(j);
}

static void put_meta(struct firefox *f)
{
	const struct export_tree *t = f->t;
	struct json *j = &f->j;

	json_key(j, "meta");
	json_begin_object(j);
	json_key(j, "preprocessedProfileVersion"), json_u64(j, PROFILE_VERSION);
	json_key(j, "version"), json_u64(j, GECKO_VERSION);
	json_key(j, "product"), json_str(j, *t->command ? t->command : "sonde");
	json_key(j, "importedFrom"), json_str(j, "sonde " SONDE_VERSION);
	json_key(j, "interval"), json_f64(j, t->events.v[f->event].period ? milliseconds(t->events.v[f->event].period) : 1);
	json_key(j, "startTime"), json_f64(j, milliseconds((uint64_t)((int64_t)t->start_ns + t->wall_offset_ns)));
	json_key(j, "processType"), json_u64(j, 0);
	json_key(j, "stackwalk"), json_u64(j, 1);
	json_key(j, "debug"), json_bool(j, false);
	json_key(j, "symbolicated"), json_bool(j, true);
	json_key(j, "usesOnlyOneStackType"), json_bool(j, true);
	json_key(j, "doesNotUseFrameImplementation"), json_bool(j, true);
	json_key(j, "sourceCodeIsNotOnSearchfox"), json_bool(j, true);
	json_key(j, "oscpu"), json_str(j, t->kernel);
	json_key(j, "logicalCPUs"), json_u64(j, t->cpus);
	json_key(j, "markerSchema"), json_begin_array(j), json_end(j);
	put_extensions(j);
	put_categories(j);
	json_end(j);
}

static void put_all(struct firefox *f)
{
	struct json *j = &f->j;

	json_begin_object(j);
	put_meta(f);
	put_libraries(f);
	json_key(j, "pages"), json_begin_array(j), json_end(j);
	json_key(j, "counters"), json_begin_array(j), json_end(j);
	json_key(j, "profilerOverhead"), json_begin_array(j), json_end(j);
	put_threads(f);
	json_end(j);
}

static struct err *firefox_export(const struct export_input *input, FILE *out)
{
	struct firefox f = { 0 };
	struct export_tree *tree;

	TRY(export_tree_create(input, &tree));
	f.t = tree;
	map_init(&f.node_rows);
	map_init(&f.place_rows);
	map_init(&f.module_rows);
	strmap_init(&f.function_rows);
	strmap_init(&f.string_rows);
	json_init_file(&f.j, out, 0);
	put_all(&f);
	fputc('\n', out);
	clear_thread(&f);
	vec_deinit(&f.nodes);
	vec_deinit(&f.places);
	vec_deinit(&f.functions);
	vec_deinit(&f.modules);
	vec_deinit(&f.strings);
	map_deinit(&f.node_rows);
	map_deinit(&f.place_rows);
	map_deinit(&f.module_rows);
	strmap_deinit(&f.function_rows);
	strmap_deinit(&f.string_rows);
	str_deinit(&f.key);
	export_tree_destroy(tree);
	return export_flush(out, "Firefox profile");
}

const struct exporter exporter_firefox = {
	.name = "firefox",
	.summary = "JSON for profiler.firefox.com, with its timeline of threads",
	.takes = EXPORT_EITHER,
	.write = firefox_export,
};
