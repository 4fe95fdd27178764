/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recording's rows, or stacks of a text, as the tree that exporters write.
 *
 * A stack row of a recording is a frame under its caller's row; a frame with inlined calls
 * becomes a node for each call, the function that holds the code outermost.  Only rows that
 * samples refer to become nodes.  Stacks of a text are a tree already.
 */
#include "convert/export_tree.h"

#include "base/mem.h"
#include "base/str.h"
#include "event/types.h"
#include "record/recording.h"
#include "record/stacks.h"

#include <errno.h>
#include <string.h>

enum { DEPTH_MAX = 4096 };

struct builder {
	struct export_tree *t;
	const struct export_input *input;
	struct recording *r;
	struct map nodes;   /* parent << 32 | place -> node */
	struct map stacks;  /* stack id -> node + 1 */
	struct map frames;  /* frame id -> first place + 1 */
	struct map modules; /* module id -> index + 1 */
	struct map threads, events; /* id -> index + 1 */
	struct map process_names;   /* pid -> name */
	VEC(uint32_t) path;
};

struct err *export_flush(FILE *out, const char *what)
{
	if (fflush(out) != 0 || ferror(out))
		return err_errno(errno, "cannot write the %s", what);
	return NULL;
}

/* --- texts -------------------------------------------------------------------------------------------- */

static const char *string_of(const struct builder *b, uint32_t id)
{
	const char *text = id ? recording_string(b->r, id) : NULL;

	return text ? text : "";
}

static const char *or_empty(const char *text) { return text ? text : ""; }

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static const char *unnamed(struct export_tree *t, const char *module)
{
	const char *base = base_name(module);

	if (!*base)
		return "[unknown]";
	return *base == '[' ? arena_strdup(&t->arena, base) : arena_printf(&t->arena, "[%s]", base);
}

/* --- places --------------------------------------------------------------------------------------------- */

static uint8_t kind_of(uint8_t module_kind, bool inlined)
{
	static const uint8_t kinds[] = {
		[MODULE_UNKNOWN] = STACKS_UNKNOWN, [MODULE_KERNEL] = STACKS_KERNEL,
		[MODULE_KERNEL_MODULE] = STACKS_KERNEL_MODULE, [MODULE_PROGRAM] = STACKS_USER,
		[MODULE_SHARED] = STACKS_LIBRARY, [MODULE_VDSO] = STACKS_LIBRARY, [MODULE_ANON] = STACKS_JIT,
	};

	if (inlined)
		return STACKS_INLINED;
	return module_kind < sizeof(kinds) ? kinds[module_kind] : STACKS_UNKNOWN;
}

static uint32_t module_of(struct builder *b, uint32_t id, const struct export_frame *f)
{
	bool is_new;
	uint64_t *index = map_get(&b->modules, id, &is_new);
	const struct row_module *row;

	if (!is_new)
		return (uint32_t)*index - 1;
	row = recording_side_find(b->r, TYPE_module, id);
	vec_push(&b->t->modules, ((struct export_module){ arena_strdup(&b->t->arena, f->module_path),
							  row ? string_of(b, row->build_id) : "",
							  f->module_kind }));
	*index = b->t->modules.n;
	return (uint32_t)*index - 1;
}

/* The places of a frame are neighbours, the innermost call first.  Returns the first; *count
 * how many. */
static uint32_t places_of(struct builder *b, uint32_t frame, uint32_t *count)
{
	const struct row_frame *row = recording_side_find(b->r, TYPE_frame, frame);
	struct export_frame f = { .module_path = "", .call_count = 0 };
	bool is_new, known = row && b->input->frame(b->input->user, frame, &f);
	uint64_t *first = map_get(&b->frames, frame, &is_new);

	*count = known && f.call_count ? f.call_count : 1;
	if (!is_new)
		return (uint32_t)*first - 1;
	*first = b->t->places.n + 1;

	uint32_t place = (uint32_t)*first - 1, module = module_of(b, row ? row->module : 0, &f);

	for (uint32_t i = 0; i < *count; i++) {
		struct export_call call = { 0 };
		const char *path = b->t->modules.v[module].path;

		if (known)
			b->input->call(b->input->user, frame, i, &call);
		vec_push(&b->t->places, ((struct export_place){
						.function = call.function ? call.function : unnamed(b->t, path),
						.named = call.function != NULL,
						.module = path,
						.module_index = module,
						.file = or_empty(call.file),
						.line = call.line,
						.address = f.offset,
						.frame = frame,
						.call = i,
						.inlined = call.inlined,
						.kind = kind_of(f.module_kind, call.inlined),
					}));
	}
	return place;
}

/* --- nodes ------------------------------------------------------------------------------------------------ */

static uint32_t child(struct builder *b, uint32_t parent, uint32_t place)
{
	bool is_new;
	uint64_t *node = map_get(&b->nodes, (uint64_t)parent << 32 | place, &is_new);

	if (is_new) {
		*node = b->t->nodes.n;
		vec_push(&b->t->nodes, ((struct export_node){ parent, place }));
	}
	return (uint32_t)*node;
}

static uint32_t add_frame(struct builder *b, uint32_t parent, uint32_t frame)
{
	struct export_frame f;
	uint32_t count, first;

	if (b->input->frame(b->input->user, frame, &f) && f.left_out)
		return parent;
	first = places_of(b, frame, &count);

	while (count-- > 0)
		parent = child(b, parent, first + count);
	return parent;
}

/* Up to the nearest stack that has a node, and back down. */
static uint32_t node_of(struct builder *b, uint32_t stack)
{
	const uint64_t *known = NULL;
	uint32_t node = 0;

	vec_clear(&b->path);
	while (stack && b->path.n < DEPTH_MAX && !(known = map_find(&b->stacks, stack))) {
		const struct row_stack *row = recording_side_find(b->r, TYPE_stack, stack);

		if (!row)
			break;
		vec_push(&b->path, stack);
		stack = row->parent;
	}
	if (known)
		node = (uint32_t)*known - 1;
	while (b->path.n > 0) {
		uint32_t id = vec_pop(&b->path);
		const struct row_stack *row = recording_side_find(b->r, TYPE_stack, id);

		node = add_frame(b, node, row->frame);
		*map_get(&b->stacks, id, NULL) = node + UINT64_C(1);
	}
	return node;
}

/* --- threads and events --------------------------------------------------------------------------------------- */

static struct err *load_threads(struct builder *b)
{
	const struct row_thread *threads;
	size_t count;
	const void *rows;

	TRY(recording_side_rows(b->r, TYPE_thread, &rows, &count));
	threads = rows;
	for (size_t i = 0; i < count; i++) {
		const struct row_thread *t = &threads[i];

		if (t->tid == t->pid)
			*map_get(&b->process_names, t->pid, NULL) = (uintptr_t)string_of(b, t->comm);
	}
	for (size_t i = 0; i < count; i++) {
		const struct row_thread *t = &threads[i];
		uint64_t *process = map_find(&b->process_names, t->pid);
		const char *name = string_of(b, t->comm);

		vec_push(&b->t->threads, ((struct export_thread){
						 .pid = t->pid, .tid = t->tid, .id = t->id, .name = name,
						 .process = process ? (const char *)(uintptr_t)*process : name,
						 .start_ns = t->start_ns, .end_ns = t->end_ns }));
		*map_get(&b->threads, t->id, NULL) = b->t->threads.n;
	}
	return NULL;
}

/* What a sample is worth, as far as it is the same for all: clocks by frequency tick evenly. */
static uint64_t period_of(const struct row_event *e, const char *unit)
{
	if (!e->period && e->frequency_hz && str_eq(unit, "ns"))
		return 1000000000 / e->frequency_hz;
	return e->period;
}

static struct err *load_events(struct builder *b)
{
	const struct row_event *events;
	size_t count;
	const void *rows;

	TRY(recording_side_rows(b->r, TYPE_event, &rows, &count));
	events = rows;
	for (size_t i = 0; i < count; i++) {
		const char *name = string_of(b, events[i].name);

		if (b->input->event && !str_eq(b->input->event, name))
			continue;
		vec_push(&b->t->events, ((struct export_event){ .name = name, .unit = string_of(b, events[i].unit),
								.period = period_of(&events[i], string_of(b, events[i].unit)),
								.id = events[i].id }));
		*map_get(&b->events, events[i].id, NULL) = b->t->events.n;
	}
	if (b->t->events.n == 0)
		return err_fix(err_new(ERR_NOT_FOUND, "the recording has no event \"%s\"",
				       b->input->event ? b->input->event : ""),
			       "sonde report lists its events");
	return NULL;
}

/* --- samples ---------------------------------------------------------------------------------------------------- */

enum { TIME, PERIOD, THREAD, STACK, EVENT, CPU };

static void add_row(struct builder *b, const union column *c, size_t i)
{
	const uint64_t *event = map_find(&b->events, c[EVENT].u32[i]);
	const uint64_t *thread = map_find(&b->threads, c[THREAD].u32[i]);

	if (!event || !b->input->wants(b->input->user, c[THREAD].u32[i], c[STACK].u32[i], c[TIME].u64[i]))
		return;

	struct export_event *e = &b->t->events.v[*event - 1];
	struct export_sample s = { .time_ns = c[TIME].u64[i], .value = c[PERIOD].u64[i],
				   .thread = thread ? (uint32_t)*thread - 1 : 0,
				   .event = (uint32_t)*event - 1, .cpu = c[CPU].u32[i] };

	s.node = node_of(b, c[STACK].u32[i]);
	e->samples++;
	e->total += s.value;
	vec_push(&b->t->samples, s);
}

static int by_time(const void *a, const void *b)
{
	const struct export_sample *x = a, *y = b;

	return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

static struct err *load_samples(struct builder *b)
{
	static const char *const columns[] = { "time_ns", "period", "thread", "stack", "event", "cpu", NULL };
	struct scan *scan;
	struct batch batch;
	bool more, in_order = true;
	struct err *err;

	TRY(scan_create(b->r, "sample", &(struct scan_options){ .columns = columns }, &scan));
	while (!(err = scan_next(scan, &batch, &more)) && more)
		for (size_t i = 0; i < batch.rows; i++)
			add_row(b, batch.columns, i);
	scan_destroy(scan);
	for (size_t i = 1; in_order && i < b->t->samples.n; i++)
		in_order = b->t->samples.v[i - 1].time_ns <= b->t->samples.v[i].time_ns;
	if (!in_order)
		vec_sort(&b->t->samples, by_time);
	return err;
}

static struct err *load_recording(struct builder *b)
{
	const struct recording_meta *m = recording_borrow_meta(b->r);
	struct export_tree *t = b->t;

	t->timed = true;
	t->start_ns = m->start_ns;
	t->end_ns = m->end_ns;
	t->wall_offset_ns = m->wall_offset_ns;
	t->command = or_empty(m->command);
	t->host = or_empty(m->host);
	t->kernel = or_empty(m->kernel);
	t->arch = or_empty(m->arch);
	t->cpus = m->cpus;
	TRY(load_threads(b));
	if (recording_find_table(b->r, "sample")) /* else it is of system calls alone */
		TRY(load_events(b));
	if (t->threads.n == 0)
		vec_push(&t->threads, ((struct export_thread){ .name = "", .process = "" }));
	return recording_find_table(b->r, "sample") ? load_samples(b) : NULL;
}

/* --- stacks of a text ----------------------------------------------------------------------------------------------- */

static void load_text(struct builder *b)
{
	const struct stacks *s = b->input->stacks;
	struct export_tree *t = b->t;
	struct export_event event = { .name = "samples", .unit = s->unit ? s->unit : "samples", .id = 1 };

	t->command = or_empty(b->input->title);
	t->host = t->kernel = t->arch = "";
	vec_push(&t->modules, ((struct export_module){ "", "", MODULE_UNKNOWN }));
	for (size_t i = 0; i < s->symbols.n; i++) {
		const struct stacks_symbol *symbol = &s->symbols.v[i];

		vec_push(&t->places, ((struct export_place){
					     .function = symbol->name, .named = symbol->resolved,
					     .module = symbol->module, .file = symbol->file,
					     .line = symbol->line, .frame = (uint32_t)i + 1,
					     .inlined = symbol->kind == STACKS_INLINED, .kind = symbol->kind }));
	}
	vec_push(&t->threads, ((struct export_thread){ .name = t->command, .process = t->command }));
	for (size_t i = 0; i < s->nodes.n; i++) {
		const struct stacks_node *n = &s->nodes.v[i];

		if (i > 0)
			vec_push(&t->nodes, ((struct export_node){ n->parent, n->symbol }));
		if (!n->self)
			continue;
		event.samples++;
		event.total += n->self;
		vec_push(&t->samples, ((struct export_sample){ .value = n->self, .node = (uint32_t)i,
							       .cpu = SAMPLE_NO_CPU }));
	}
	vec_push(&t->events, event);
}

/* --- the whole ---------------------------------------------------------------------------------------------------------- */

struct err *export_tree_create(const struct export_input *input, struct export_tree **ret)
{
	struct builder b = { .t = mem_calloc(1, sizeof(*b.t)), .input = input, .r = input->recording };
	struct map *const maps[] = { &b.nodes,	 &b.stacks, &b.frames,	      &b.modules,
				     &b.threads, &b.events, &b.process_names, NULL };
	struct err *err = NULL;

	arena_init(&b.t->arena);
	vec_push(&b.t->nodes, ((struct export_node){ 0, 0 }));
	for (int i = 0; maps[i]; i++)
		map_init(maps[i]);
	if (b.r)
		err = load_recording(&b);
	else
		load_text(&b);
	for (int i = 0; maps[i]; i++)
		map_deinit(maps[i]);
	vec_deinit(&b.path);
	if (err) {
		export_tree_destroy(b.t);
		return err;
	}
	*ret = b.t;
	return NULL;
}

void export_tree_destroy(struct export_tree *t)
{
	if (!t)
		return;
	vec_deinit(&t->places);
	vec_deinit(&t->modules);
	vec_deinit(&t->nodes);
	vec_deinit(&t->threads);
	vec_deinit(&t->events);
	vec_deinit(&t->samples);
	arena_deinit(&t->arena);
	free(t);
}
