/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Summing up samples.
 *
 * 1. One scan over the columns of `sample`.  A row only adds to a slot for its (group,
 *    stack): no stack is looked at yet.  120,000 samples have some ten thousand such
 *    slots.
 * 2. For each slot the stack's chain of parents is walked until one is met whose place
 *    in the tree is known, and back down, a frame a step, with the inlined calls of a
 *    frame as steps of their own.  So each distinct stack node is visited once.
 * 3. What the report says about lines, modules and threads is added up on the way.
 *
 * Everything that the recording refers to by id is looked up with care: a recording may
 * be cut anywhere, or made by someone who wishes us ill.
 */
#include "view/profile_impl.h"

#include "base/mem.h"
#include "base/str.h"
#include "view/frames.h"
#include "view/rows.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what is wanted ------------------------------------------------------------------------ */

/* A number is an id, anything else a name; shell patterns work. */
static bool matches(const char *wanted, uint32_t id, const char *name, const char *path)
{
	char *end;
	unsigned long number = strtoul(wanted, &end, 10);

	if (*wanted && !*end)
		return number == id;
	return fnmatch(wanted, name, 0) == 0 ||
	       (*path &&
		(fnmatch(wanted, path, 0) == 0 || fnmatch(wanted, stacks_base_name(path), 0) == 0));
}

static void choose_threads(struct profile_builder *b)
{
	const struct profile_options *o = b->options;

	struct profile_choice *choice = &b->p->choice;

	choice->threads = b->threads;
	choice->thread_count = b->thread_count;
	choice->by_thread = o->thread || o->process;
	choice->thread_wanted = mem_calloc(b->thread_count + 1, sizeof(*choice->thread_wanted));
	b->thread_group = mem_alloc((b->thread_count + 1) * sizeof(*b->thread_group));
	for (size_t i = 0; i < b->thread_count; i++) {
		const struct row_thread *t = &b->threads[i];
		const char *comm = profile_string(b, t->comm), *exe = profile_string(b, t->exe);

		b->thread_group[i] = UINT32_MAX;
		choice->thread_wanted[i] = (!o->thread || matches(o->thread, t->tid, comm, "")) &&
					   (!o->process || matches(o->process, t->pid, comm, exe));
	}
}

/* A pprof profile has a row for each stack: what was sampled there follows from the sum, where the period
 * is known, or where events are counted one by one. */
static uint64_t value_of_sample(const struct profile_builder *b, const struct row_event *event)
{
	const struct recording_meta *meta = recording_borrow_meta(b->r);
	const char *unit = profile_string(b, event->unit);

	for (size_t i = 0; i < meta->note_count; i++)
		if (str_eq(meta->notes[i].key, "pprof.form"))
			return event->period ? event->period : str_eq(unit, "count") || str_eq(unit, "samples");
	return 0;
}

static uint64_t samples_of(const struct profile_builder *b, uint64_t value)
{
	return b->sample_value ? (value + b->sample_value / 2) / b->sample_value : 1;
}

static struct err *choose_event(struct profile_builder *b)
{
	const void *rows;
	size_t count;
	const struct row_event *events;
	struct str known = { 0 };
	struct err *err = NULL;

	TRY(recording_side_rows(b->r, TYPE_event, &rows, &count));
	events = rows;
	b->p->event = "samples";
	b->p->unit = "";
	b->event_id = 0;
	for (size_t i = 0; i < count; i++) {
		const char *name = profile_string(b, events[i].name);

		str_printf(&known, "%s%s", i ? ", " : "", name);
		if (b->event_id || (b->options->event && !str_eq(b->options->event, name)))
			continue;
		b->event_id = events[i].id;
		b->p->event = name;
		b->p->unit = profile_string(b, events[i].unit);
		b->p->frequency_hz = events[i].frequency_hz;
		b->p->period = events[i].period;
		b->sample_value = value_of_sample(b, &events[i]);
	}
	if (b->options->event && !b->event_id)
		err = err_fix(err_new(ERR_NOT_FOUND, "the recording has no event \"%s\"",
				      b->options->event),
			      "it has: %s", str_text(&known));
	b->p->is_time = str_eq(b->p->unit, "ns");
	str_deinit(&known);
	return err;
}

/* Innermost frames that the module filter lets pass. */
static void choose_modules(struct profile_builder *b)
{
	const struct frames *f = b->p->frames;
	struct profile_choice *choice = &b->p->choice;

	choice->stacks = b->stacks;
	choice->stack_count = b->stack_count;
	if (!b->options->module)
		return;
	choice->module_wanted = mem_calloc(frames_count(f) + 1, sizeof(*choice->module_wanted));
	for (size_t i = 0; i < frames_count(f); i++) {
		const char *path = frames_at(f, i)->module;

		choice->module_wanted[i] = fnmatch(b->options->module, path, 0) == 0 ||
					   fnmatch(b->options->module, stacks_base_name(path), 0) == 0;
	}
}

/* --- groups ------------------------------------------------------------------------------------
 */

static uint32_t group_of(struct profile_builder *b, size_t thread)
{
	if (thread != SIZE_MAX && b->thread_group[thread] != UINT32_MAX)
		return b->thread_group[thread];

	char name[64 + 256];
	bool is_new;

	if (thread == SIZE_MAX) {
		snprintf(name, sizeof(name), "[unknown]");
	} else {
		const struct row_thread *t = &b->threads[thread];
		const char *comm = profile_string(b, t->comm);

		if (!*comm)
			comm = "[unknown]";
		if (b->options->group == PROFILE_BY_THREAD)
			snprintf(name, sizeof(name), "%.250s (tid %u)", comm, t->tid);
		else if (b->options->group == PROFILE_BY_PROCESS)
			snprintf(name, sizeof(name), "%.250s (pid %u)", comm, t->pid);
		else
			snprintf(name, sizeof(name), "%.250s", comm);
	}

	uint64_t *group = strmap_get(&b->group_names, name, strlen(name), &is_new);

	if (is_new) {
		*group = b->group_symbols.n;
		vec_push(&b->group_symbols,
			 stacks_symbol(&b->p->stacks, name, strlen(name), "", STACKS_GROUP));
	}
	if (thread != SIZE_MAX)
		b->thread_group[thread] = (uint32_t)*group;
	return (uint32_t)*group;
}

/* --- the scan -------------------------------------------------------------------------------- */

enum {
	COLUMN_TIME,
	COLUMN_PERIOD,
	COLUMN_THREAD,
	COLUMN_STACK,
	COLUMN_EVENT,
	COLUMN_MODE,
	COLUMN_FLAGS
};
static const char *const sample_columns[] = { "time_ns", "period", "thread", "stack",
					      "event",	 "mode",   "flags",  NULL };

static bool in_time(const struct profile_choice *c, uint64_t time_ns)
{
	return time_ns >= c->from_ns && (!c->to_ns || time_ns < c->to_ns);
}

/* Is the innermost frame of this stack in the wanted module? */
static bool stack_wanted(const struct profile *p, uint32_t stack)
{
	const struct profile_choice *c = &p->choice;

	if (!c->module_wanted)
		return true;

	size_t s = rows_find(c->stacks, sizeof(*c->stacks), c->stack_count, stack);
	size_t f = s == SIZE_MAX ? SIZE_MAX : frames_index(p->frames, c->stacks[s].frame);

	return f != SIZE_MAX && c->module_wanted[f];
}

/* THREAD: its row, SIZE_MAX: none is known. */
static bool is_wanted(const struct profile *p, size_t thread, uint32_t stack, uint64_t time_ns)
{
	const struct profile_choice *c = &p->choice;

	return in_time(c, time_ns) && (thread == SIZE_MAX ? !c->by_thread : c->thread_wanted[thread]) &&
	       stack_wanted(p, stack);
}

bool profile_wants(const struct profile *p, uint32_t thread, uint32_t stack, uint64_t time_ns)
{
	const struct profile_choice *c = &p->choice;

	return !p->recording ||
	       is_wanted(p, rows_find(c->threads, sizeof(*c->threads), c->thread_count, thread), stack, time_ns);
}

static void add_to_thread(struct profile_builder *b, size_t thread, uint64_t time_ns, uint64_t value)
{
	struct profile_thread *t = &b->p->threads.v[thread];

	if (t->samples == 0 || time_ns < t->first_ns)
		t->first_ns = time_ns;
	t->samples += samples_of(b, value);
	if (time_ns > t->last_ns)
		t->last_ns = time_ns;
	t->value += value;
}

static void add_to_slot(struct profile_builder *b, uint32_t group, uint32_t stack, uint64_t value)
{
	bool is_new;
	uint64_t *index = map_get(&b->slot_index, (uint64_t)group << 32 | stack, &is_new);

	if (is_new) {
		*index = b->slots.n;
		*vec_add(&b->slots) = (struct profile_slot){ .group = group, .stack = stack };
	}
	b->slots.v[*index].value += value;
	b->slots.v[*index].samples += samples_of(b, value);
}

static void on_sample(struct profile_builder *b, const union column *c, size_t i)
{
	struct profile *p = b->p;
	uint64_t time_ns = c[COLUMN_TIME].u64[i];
	size_t thread = rows_find(b->threads, sizeof(*b->threads), b->thread_count,
				  c[COLUMN_THREAD].u32[i]);
	uint32_t stack = c[COLUMN_STACK].u32[i], flags = c[COLUMN_FLAGS].u32[i];

	uint64_t value = c[COLUMN_PERIOD].u64[i], samples = samples_of(b, value);

	if (!is_wanted(p, thread, stack, time_ns)) {
		p->left_out += samples;
		return;
	}
	if (p->samples == 0 || time_ns < p->first_ns)
		p->first_ns = time_ns;
	p->samples += samples;
	if (time_ns > p->last_ns)
		p->last_ns = time_ns;
	p->value += value;
	if (c[COLUMN_MODE].u32[i] == SAMPLE_KERNEL)
		p->kernel += value;
	p->no_stack += stack == 0 ? samples : 0;
	p->cut_stack += flags & SAMPLE_STACK_CUT ? samples : 0;
	p->no_user_stack += flags & SAMPLE_NO_USER_STACK ? samples : 0;
	p->broken_stack += flags & SAMPLE_STACK_BROKEN ? samples : 0;
	if (thread != SIZE_MAX)
		add_to_thread(b, thread, time_ns, value);
	add_to_slot(b, group_of(b, thread), stack, value);
}

static struct err *scan_samples(struct profile_builder *b)
{
	const struct scan_options options = {
		.columns = sample_columns,
		.from_ns = b->p->choice.from_ns,
		.to_ns = b->p->choice.to_ns,
	};
	struct scan *scan;
	struct batch batch;
	bool more;
	struct err *err;

	TRY(scan_create(b->r, "sample", &options, &scan));
	while (!(err = scan_next(scan, &batch, &more)) && more)
		for (size_t i = 0; i < batch.rows; i++) {
			uint32_t event = batch.columns[COLUMN_EVENT].u32[i];

			if (event == b->event_id || !b->event_id)
				on_sample(b, batch.columns, i);
			else
				*map_get(&b->events, event, NULL) += batch.columns[COLUMN_PERIOD].u64[i] != 0;
		}
	scan_destroy(scan);
	return err;
}

/* --- frames to symbols ---------------------------------------------------------------------------
 */

static enum stacks_kind kind_of(uint8_t module_kind, bool inlined)
{
	switch (module_kind) {
	case MODULE_KERNEL:
		return STACKS_KERNEL;
	case MODULE_KERNEL_MODULE:
		return STACKS_KERNEL_MODULE;
	case MODULE_PROGRAM:
		return inlined ? STACKS_INLINED : STACKS_USER;
	case MODULE_SHARED:
	case MODULE_VDSO:
		return inlined ? STACKS_INLINED : STACKS_LIBRARY;
	case MODULE_ANON:
		return STACKS_JIT;
	default:
		return inlined ? STACKS_INLINED : STACKS_UNKNOWN;
	}
}

/* A symbol for code without a name: its module stands for it, as in flame graphs of
 * perf's output. */
static uint32_t unnamed_symbol(struct stacks *s, const struct frame *frame)
{
	char name[320];
	const char *base = stacks_base_name(frame->module);

	if (!*base)
		snprintf(name, sizeof(name), "[unknown]");
	else if (base[0] == '[')
		snprintf(name, sizeof(name), "%.310s", base);
	else
		snprintf(name, sizeof(name), "[%.310s]", base);

	uint32_t id = stacks_symbol(s, name, strlen(name), frame->module, STACKS_UNKNOWN);

	s->symbols.v[id].resolved = false;
	return id;
}

static uint32_t call_symbol(struct profile_builder *b, const struct frame *frame,
			    const struct frame_call *call)
{
	struct stacks *s = &b->p->stacks;

	if (!call->function)
		return unnamed_symbol(s, frame);

	uint32_t id = stacks_symbol(s, call->function, strlen(call->function), frame->module,
				    kind_of(frame->kind, call->inlined));
	struct stacks_symbol *symbol = &s->symbols.v[id];

	symbol->resolved = !stacks_is_stand_in(call->function);
	if (!*symbol->file && call->file) {
		symbol->file = call->file; /* lives as long as the recording and its frames */
		symbol->line = call->line;
	}
	return id;
}

static bool is_kernel(uint8_t kind)
{
	return kind == MODULE_KERNEL || kind == MODULE_KERNEL_MODULE;
}

/* The symbols of a frame, outermost first. */
static struct profile_frame_symbols symbols_of(struct profile_builder *b, size_t index)
{
	struct profile_frame_symbols *k = &b->symbols[index];

	if (k->count != UINT32_MAX)
		return *k;

	const struct frame *frame = frames_at(b->p->frames, index);
	const struct frame_call *calls = frames_calls(b->p->frames, frame);
	bool left_out = is_kernel(frame->kind) ? b->options->no_kernel : b->options->no_user;

	k->from = (uint32_t)b->symbol_ids.n;
	k->count = 0;
	for (uint32_t i = frame->call_count; i-- > 0 && !left_out;) {
		if (calls[i].inlined && b->options->no_inlines)
			continue;
		vec_push(&b->symbol_ids, call_symbol(b, frame, &calls[i]));
		k->count++;
	}
	return *k;
}

/* --- stacks to nodes
 * ------------------------------------------------------------------------------ */

/* The node where a group's stack ends. */
static uint32_t node_of(struct profile_builder *b, uint32_t group, uint32_t stack)
{
	struct stacks *s = &b->p->stacks;
	uint32_t node = stacks_child(s, 0, b->group_symbols.v[group]);
	uint32_t id = stack;

	vec_clear(&b->chain);
	/* a chain longer than the table is a cycle: what is above it is left out */
	while (id && b->chain.n <= b->stack_count) {
		uint64_t *known = map_find(&b->nodes, (uint64_t)group << 32 | id);
		size_t row;

		if (known) {
			node = (uint32_t)*known;
			break;
		}
		row = rows_find(b->stacks, sizeof(*b->stacks), b->stack_count, id);
		if (row == SIZE_MAX)
			break;
		vec_push(&b->chain, (uint32_t)row);
		id = b->stacks[row].parent;
	}
	while (b->chain.n > 0) {
		const struct row_stack *row = &b->stacks[vec_pop(&b->chain)];
		size_t frame = frames_index(b->p->frames, row->frame);

		if (frame != SIZE_MAX) {
			struct profile_frame_symbols k = symbols_of(b, frame);

			for (uint32_t i = 0; i < k.count; i++)
				node = stacks_child(s, node, b->symbol_ids.v[k.from + i]);
		}
		*map_get(&b->nodes, (uint64_t)group << 32 | row->id, NULL) = node;
	}
	return node;
}

static void add_address(struct profile_builder *b, size_t frame, uint32_t symbol,
			const struct profile_slot *slot)
{
	bool is_new;
	uint64_t *index = map_get(&b->leaves, frame, &is_new);

	if (is_new) {
		*index = b->p->leaves.n;
		vec_push(&b->p->leaves, ((struct profile_leaf){ (uint32_t)frame, symbol, 0, 0 }));
	}
	b->p->leaves.v[*index].value += slot->value;
	b->p->leaves.v[*index].samples += slot->samples;
}

static void add_line(struct profile_builder *b, uint32_t symbol, const struct frame_call *call,
		     uint64_t value)
{
	bool is_new;
	uint64_t *index = map_get(&b->lines, (uint64_t)symbol << 32 | call->line, &is_new);

	if (is_new) {
		struct profile_line *line = vec_add(&b->p->lines);

		*index = b->p->lines.n - 1;
		line->symbol = symbol;
		line->line = call->line;
		line->file = call->file ? call->file : "";
	}
	b->p->lines.v[*index].self += value;
}

static void add_unresolved(struct profile_builder *b, const struct frame *frame, const struct profile_slot *slot)
{
	bool is_new;
	uint64_t *index = map_get(&b->module_index, frame->module_id, &is_new);

	if (is_new) {
		struct profile_module *m = vec_add(&b->p->modules);

		*index = b->p->modules.n - 1;
		m->id = frame->module_id;
		m->path = frame->module;
		m->kind = frame->kind;
	}
	b->p->modules.v[*index].unresolved += slot->value;
	b->p->modules.v[*index].unresolved_samples += slot->samples;
	b->p->unresolved += slot->value;
	b->p->unresolved_samples += slot->samples;
}

/* What the innermost frame of a slot tells. */
static void add_leaf(struct profile_builder *b, const struct profile_slot *slot)
{
	size_t row = rows_find(b->stacks, sizeof(*b->stacks), b->stack_count, slot->stack);
	size_t index =
		row == SIZE_MAX ? SIZE_MAX : frames_index(b->p->frames, b->stacks[row].frame);

	if (index == SIZE_MAX)
		return;

	const struct frame *frame = frames_at(b->p->frames, index);
	const struct frame_call *call = frames_calls(b->p->frames, frame);

	if (!call->function || stacks_is_stand_in(call->function))
		add_unresolved(b, frame, slot);
	if (b->options->no_inlines)
		call += frame->call_count - 1;

	uint32_t symbol = call_symbol(b, frame, call);

	add_line(b, symbol, call, slot->value);
	add_address(b, index, symbol, slot);
}

static void build_tree(struct profile_builder *b)
{
	size_t frames = frames_count(b->p->frames);

	b->symbols = mem_alloc((frames + 1) * sizeof(*b->symbols));
	for (size_t i = 0; i < frames; i++)
		b->symbols[i].count = UINT32_MAX;
	for (size_t i = 0; i < b->slots.n; i++) {
		const struct profile_slot *slot = &b->slots.v[i];
		uint32_t node = node_of(b, slot->group, slot->stack);

		b->p->stacks.nodes.v[node].self += slot->value;
		b->p->stacks.nodes.v[node].listed = true;
		add_leaf(b, slot);
	}
	b->p->stacks.unit = b->p->is_time ? "ns" : b->p->event;
	b->p->stacks.grouped = true;
	stacks_finish(&b->p->stacks);
}

/* A function's line is the hottest one seen. */
static void place_symbols(struct profile_builder *b)
{
	uint64_t *most = mem_calloc(b->p->stacks.symbols.n + 1, sizeof(*most));

	for (size_t i = 0; i < b->p->lines.n; i++) {
		const struct profile_line *line = &b->p->lines.v[i];
		struct stacks_symbol *symbol = &b->p->stacks.symbols.v[line->symbol];

		if (line->self < most[line->symbol] || !*line->file)
			continue;
		most[line->symbol] = line->self;
		symbol->file = line->file;
		symbol->line = line->line;
	}
	free(most);
}

/* --- the whole -----------------------------------------------------------------------------------
 */

static struct err *load_side(struct profile_builder *b)
{
	const void *rows;

	TRY(recording_side_rows(b->r, TYPE_stack, &rows, &b->stack_count));
	b->stacks = rows;
	TRY(recording_side_rows(b->r, TYPE_thread, &rows, &b->thread_count));
	b->threads = rows;
	return frames_create(b->r, true, b->options->cache, &b->p->frames);
}

static struct err *build(struct profile_builder *b)
{
	const struct recording_meta *meta = recording_borrow_meta(b->r);
	const struct profile_options *o = b->options;

	if (!recording_find_table(b->r, "sample") && recording_find_table(b->r, "syscall"))
		return err_fix(err_new(ERR_NOT_FOUND, "this recording has system calls, but no samples"),
			       "sonde trace REC prints them, sonde trace REC --waits says what took time");
	if (!recording_find_table(b->r, "sample"))
		return err_fix(err_new(ERR_NOT_FOUND, "this recording has no samples"),
			       "sonde info says what could not be had; and a program has to run for "
			       "more than a few milliseconds");
	b->p->choice.from_ns = o->from_ns ? meta->start_ns + o->from_ns : 0;
	b->p->choice.to_ns = o->to_ns ? meta->start_ns + o->to_ns : 0;
	TRY(load_side(b));
	TRY(choose_event(b));
	choose_threads(b);
	choose_modules(b);
	profile_list_threads(b);
	TRY(scan_samples(b));
	build_tree(b);
	place_symbols(b);
	profile_sum_processes(b);
	TRY(profile_list_events(b));
	return losses_read(b->r, &b->p->losses);
}

static void builder_init(struct profile_builder *b)
{
	strmap_init(&b->group_names);
	map_init(&b->slot_index);
	map_init(&b->events);
	map_init(&b->lines);
	map_init(&b->leaves);
	map_init(&b->module_index);
	map_init(&b->nodes);
}

static void builder_deinit(struct profile_builder *b)
{
	free(b->thread_group);
	free(b->symbols);
	vec_deinit(&b->group_symbols);
	strmap_deinit(&b->group_names);
	vec_deinit(&b->slots);
	map_deinit(&b->slot_index);
	map_deinit(&b->events);
	map_deinit(&b->lines);
	map_deinit(&b->leaves);
	map_deinit(&b->module_index);
	vec_deinit(&b->symbol_ids);
	map_deinit(&b->nodes);
	vec_deinit(&b->chain);
}

struct err *profile_create(struct recording *r, const struct profile_options *options,
			   struct profile **ret)
{
	struct profile *p = mem_calloc(1, sizeof(*p));
	struct profile_builder b = { .p = p, .options = options, .r = r };

	p->recording = r;
	stacks_init(&p->stacks);
	builder_init(&b);

	struct err *err = build(&b);

	builder_deinit(&b);
	if (err) {
		profile_destroy(p);
		return err;
	}
	*ret = p;
	return NULL;
}

void profile_destroy(struct profile *p)
{
	if (!p)
		return;
	stacks_deinit(&p->stacks);
	frames_destroy(p->frames);
	vec_deinit(&p->threads);
	vec_deinit(&p->processes);
	vec_deinit(&p->lines);
	vec_deinit(&p->leaves);
	vec_deinit(&p->modules);
	losses_deinit(&p->losses);
	vec_deinit(&p->events);
	free(p->choice.thread_wanted);
	free(p->choice.module_wanted);
	free(p);
}

struct profile *profile_of_stacks(struct stacks *stacks)
{
	struct profile *p = mem_calloc(1, sizeof(*p));

	p->stacks = *stacks;
	stacks_init(stacks);
	stacks_finish(&p->stacks);
	p->is_time = str_eq(p->stacks.unit, "ns");
	p->unit = p->event = p->stacks.unit;
	p->value = p->samples = p->stacks.nodes.v[0].total;
	return p;
}
