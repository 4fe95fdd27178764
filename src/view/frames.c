/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frames with names.
 *
 * The rows of a recording's frame table become one `struct frame` each, with their
 * chain of inlined calls laid out flat (row_frame.outer is followed once, here).
 *
 * Names are looked up now for modules of which the recording has not one name and no
 * note why: those were never tried.  A module that was tried and had nothing has its
 * note, and asking again would only cost time.
 */
#include "view/frames.h"

#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/str.h"
#include "base/vec.h"
#include "event/types.h"
#include "record/recording.h"
#include "sym/batch.h"
#include "view/rows.h"

#include <stdlib.h>
#include <string.h>

#define ELSEWHERE "another machine or boot" /* in a module's note */
#define FIX_KPTR "record as root, or with kernel.kptr_restrict=0, to read the kernel's symbols"

enum { CALLS_MAX = 128 }; /* inlined into each other at one address */

struct frames_cache {
	struct map calls; /* frame id -> index in chains */
	VEC(struct sym_chain) chains;
	struct arena arena;
};

struct frames {
	struct recording *recording;
	struct frames_cache *cache;
	const struct row_frame *rows;
	size_t count;
	const struct row_module *modules;
	size_t module_count;
	struct frame *frames;
	VEC(struct frame_call) calls;

	/* names looked up now */
	struct sym_batch batch;
	bool this_boot;		  /* the recording's kernel addresses are those of now */
	const char **batch_notes; /* by index in `modules`; NULL: none */
	struct frames_resolved resolved;
	struct arena arena;
};

/* --- rows ------------------------------------------------------------------------------ */

size_t frames_index(const struct frames *f, uint32_t id)
{
	return rows_find(f->rows, sizeof(*f->rows), f->count, id);
}

static size_t module_index(const struct frames *f, uint32_t id)
{
	return rows_find(f->modules, sizeof(*f->modules), f->module_count, id);
}

static const char *text_or_null(const struct frames *f, uint32_t string)
{
	const char *text = string ? recording_string(f->recording, string) : NULL;

	return text && *text ? text : NULL;
}

static void add_calls(struct frames *f, struct frame *frame, const struct row_frame *row)
{
	frame->first_call = (uint32_t)f->calls.n;
	for (;;) {
		struct frame_call *call = vec_add(&f->calls);

		call->function = text_or_null(f, row->function);
		call->file = text_or_null(f, row->file);
		call->line = row->line;
		call->inlined = row->inlined != 0;
		frame->call_count++;
		if (!row->outer || frame->call_count >= CALLS_MAX)
			return;

		size_t outer = frames_index(f, row->outer);

		if (outer == SIZE_MAX)
			return;
		row = &f->rows[outer];
	}
}

static void load_rows(struct frames *f)
{
	f->frames = mem_calloc(f->count + 1, sizeof(*f->frames));
	for (size_t i = 0; i < f->count; i++) {
		const struct row_frame *row = &f->rows[i];
		struct frame *frame = &f->frames[i];
		const char *module = text_or_null(f, row->module_path);
		size_t index = module_index(f, row->module);

		if (!module && index != SIZE_MAX)
			module = text_or_null(f, f->modules[index].path);
		frame->module = module ? module : "";
		frame->module_id = row->module;
		frame->kind = row->kind		  ? row->kind
			      : index != SIZE_MAX ? f->modules[index].kind
						  : MODULE_UNKNOWN;
		frame->offset = row->offset;
		add_calls(f, frame, row);
	}
}

/* --- names, now ------------------------------------------------------------------------- */

/* Kernel addresses are those of one boot of one machine. */
static bool is_this_boot(const struct frames *f)
{
	const struct recording_meta *meta = recording_borrow_meta(f->recording);
	struct str now;
	bool same = false;

	str_init(&now);
	struct err *err = io_read_file("/proc/sys/kernel/random/boot_id", 64, &now);

	for (size_t i = 0; !err && i < meta->note_count; i++)
		if (strcmp(meta->notes[i].key, RECORDING_NOTE_BOOT) == 0)
			same = now.length > 1 && str_starts(now.text, meta->notes[i].value);
	err_destroy(err);
	str_deinit(&now);
	return same;
}

static bool is_kernel(const struct row_module *m)
{
	return m->kind == MODULE_KERNEL || m->kind == MODULE_KERNEL_MODULE;
}

/* Which modules were never tried: for each, its index in the batch, else UINT32_MAX. */
static uint32_t *untried_modules(struct frames *f, size_t *count)
{
	uint32_t *place = mem_calloc(f->module_count + 1, sizeof(*place));
	bool *named = mem_calloc(f->module_count + 1, sizeof(*named));
	bool *unnamed = mem_calloc(f->module_count + 1, sizeof(*unnamed));

	for (size_t i = 0; i < f->count; i++) {
		size_t m = module_index(f, f->rows[i].module);

		if (m == SIZE_MAX)
			continue;
		if (f->rows[i].function)
			named[m] = true;
		else
			unnamed[m] = true;
	}
	*count = 0;
	for (size_t m = 0; m < f->module_count; m++) {
		bool try = unnamed[m] && !named[m] && !f->modules[m].note &&
			   f->modules[m].kind != MODULE_ANON;

		if (try && is_kernel(&f->modules[m]) && !f->this_boot) {
			f->batch_notes[m] = "the kernel of another machine or boot: its names were "
					    "not recorded";
			try = false;
		}
		place[m] = try ? (uint32_t)(*count)++ : UINT32_MAX;
	}
	free(named);
	free(unnamed);
	return place;
}

static void fill_modules(struct frames *f, const uint32_t *place)
{
	for (size_t m = 0; m < f->module_count; m++) {
		if (place[m] == UINT32_MAX)
			continue;

		struct module_key *key = &f->batch.modules[place[m]].key;
		const char *path = text_or_null(f, f->modules[m].path);
		const char *build_id = text_or_null(f, f->modules[m].build_id);

		key->kind = f->modules[m].kind;
		key->path = path ? path : "";
		key->fd = -1;
		if (build_id)
			build_id_parse(build_id, &key->build_id);
	}
}

static void take_chain(struct frames *f, struct frame *frame, const struct sym_chain *chain)
{
	frame->first_call = (uint32_t)f->calls.n;
	frame->call_count = (uint32_t)(chain->count < CALLS_MAX ? chain->count : CALLS_MAX);
	for (uint32_t i = 0; i < frame->call_count; i++) {
		struct frame_call *call = vec_add(&f->calls);

		call->function = chain->frames[i].function;
		call->file = chain->frames[i].file;
		call->line = chain->frames[i].line;
		call->inlined = chain->frames[i].inlined;
	}
}

/* Was it looked up before, be it in vain? */
static bool take_cached(struct frames *f, size_t i)
{
	uint64_t *index = f->cache ? map_find(&f->cache->calls, f->rows[i].id) : NULL;

	if (index && f->cache->chains.v[*index].count)
		take_chain(f, &f->frames[i], &f->cache->chains.v[*index]);
	return index != NULL;
}

static void put_cached(struct frames *f, size_t i, const struct sym_chain *chain)
{
	struct frames_cache *c = f->cache;
	struct sym_chain copy = { .count = chain->count };

	if (!c)
		return;
	copy.frames = ARENA_ARRAY(&c->arena, struct sym_frame, chain->count + 1);
	for (size_t k = 0; k < chain->count; k++) {
		const struct sym_frame *from = &chain->frames[k];

		copy.frames[k] = *from;
		copy.frames[k].function = from->function ? arena_strdup(&c->arena, from->function) : NULL;
		copy.frames[k].file = from->file ? arena_strdup(&c->arena, from->file) : NULL;
	}
	*map_get(&c->calls, f->rows[i].id, NULL) = c->chains.n;
	vec_push(&c->chains, copy);
}

/* Fill the addresses; WHICH[k] is the frame of address k. */
static size_t fill_addresses(struct frames *f, const uint32_t *place, uint32_t *which)
{
	size_t n = 0;

	for (size_t i = 0; i < f->count; i++) {
		const struct row_frame *row = &f->rows[i];
		size_t m = module_index(f, row->module);

		if (m == SIZE_MAX || place[m] == UINT32_MAX || row->function || take_cached(f, i))
			continue;
		which[n] = (uint32_t)i;
		f->batch.addresses[n++] = (struct sym_batch_address){
			.module = place[m],
			.exact = row->exact != 0,
			.offset = row->offset,
		};
	}
	return n;
}

static struct err *resolve(struct frames *f)
{
	size_t modules;

	f->batch_notes = mem_calloc(f->module_count + 1, sizeof(*f->batch_notes));
	f->this_boot = is_this_boot(f);

	uint32_t *place = untried_modules(f, &modules);
	uint32_t *which = mem_alloc((f->count + 1) * sizeof(*which));
	struct err *err = NULL;

	if (modules > 0) {
		f->batch.modules = ARENA_ARRAY(&f->arena, struct sym_batch_module, modules);
		f->batch.module_count = modules;
		f->batch.addresses = ARENA_ARRAY(&f->arena, struct sym_batch_address, f->count);
		fill_modules(f, place);
		f->batch.address_count = fill_addresses(f, place, which);
		f->resolved.asked = f->batch.address_count;

		struct progress *progress = progress_create("naming functions", f->batch.address_count);

		f->batch.progress = progress_report;
		f->batch.user = progress;
		err = f->batch.address_count ? sym_batch_run(&f->batch) : NULL;
		progress_destroy(progress);
		for (size_t k = 0; !err && k < f->batch.address_count; k++) {
			const struct sym_chain *chain = &f->batch.addresses[k].chain;

			put_cached(f, which[k], chain);
			if (chain->count == 0)
				continue;
			f->resolved.found++;
			take_chain(f, &f->frames[which[k]], chain);
		}
		for (size_t m = 0; m < f->module_count; m++)
			if (place[m] != UINT32_MAX)
				f->batch_notes[m] = f->batch.modules[place[m]].note;
	}
	free(place);
	free(which);
	return err_wrap(err, "cannot look up the recording's functions");
}

/* --- the whole -------------------------------------------------------------------------- */

struct frames_cache *frames_cache_create(void)
{
	struct frames_cache *c = mem_calloc(1, sizeof(*c));

	map_init(&c->calls);
	arena_init(&c->arena);
	return c;
}

void frames_cache_destroy(struct frames_cache *c)
{
	if (!c)
		return;
	map_deinit(&c->calls);
	vec_deinit(&c->chains);
	arena_deinit(&c->arena);
	free(c);
}

struct err *frames_create(struct recording *r, bool look_up, struct frames_cache *cache,
			  struct frames **ret)
{
	struct frames *f = mem_calloc(1, sizeof(*f));
	const void *rows;
	struct err *err = recording_side_rows(r, TYPE_frame, &rows, &f->count);

	f->recording = r;
	f->cache = cache;
	arena_init(&f->arena);
	if (!err) {
		f->rows = rows;
		err = recording_side_rows(r, TYPE_module, &rows, &f->module_count);
	}
	if (!err) {
		f->modules = rows;
		load_rows(f);
		if (look_up)
			err = resolve(f);
	}
	if (err) {
		frames_destroy(f);
		return err;
	}
	*ret = f;
	return NULL;
}

void frames_destroy(struct frames *f)
{
	if (!f)
		return;
	sym_batch_deinit(&f->batch);
	vec_deinit(&f->calls);
	arena_deinit(&f->arena);
	free(f->batch_notes);
	free(f->frames);
	free(f);
}

size_t frames_count(const struct frames *f) { return f->count; }

const struct frame *frames_at(const struct frames *f, size_t index) { return &f->frames[index]; }

const struct frame_call *frames_calls(const struct frames *f, const struct frame *frame)
{
	return &f->calls.v[frame->first_call];
}

bool frame_is_kernel(const struct frame *frame)
{
	return frame->kind == MODULE_KERNEL || frame->kind == MODULE_KERNEL_MODULE;
}

struct frames_resolved frames_resolved(const struct frames *f) { return f->resolved; }

/* What helps, by what the note says: debug symbols for a file that is there, the file
 * for one that is not. */
static const char *fix_for(uint8_t kind, const char *why)
{
	switch (kind) {
	case MODULE_KERNEL:
		if (why && strstr(why, ELSEWHERE))
			return "name that file or a list of its symbols: sonde import --vmlinux FILE, --kallsyms FILE; or let "
			       "debuginfod have it (DEBUGINFOD_URLS)";
		return FIX_KPTR;
	case MODULE_KERNEL_MODULE:
		if (why && strstr(why, ELSEWHERE))
			return "put it below lib/modules/RELEASE of a directory in SONDE_DEBUG_PATH, or name a list of that boot: "
			       "sonde import --kallsyms FILE";
		return FIX_KPTR;
	case MODULE_ANON:
		return "have the JIT write /tmp/perf-PID.map (node --perf-basic-prof, java with "
		       "perf-map-agent)";
	default:
		if (why && strstr(why, "no symbols"))
			return "install its debug symbols (the -dbgsym package), or build it "
			       "unstripped";
		return NULL;
	}
}

void frames_module_trouble(const struct frames *f, uint32_t module_id, const char **why,
			   const char **fix)
{
	size_t m = module_index(f, module_id);

	*why = *fix = NULL;
	if (m == SIZE_MAX)
		return;
	*why = text_or_null(f, f->modules[m].note);
	if (!*why && f->batch_notes)
		*why = f->batch_notes[m];
	*fix = fix_for(f->modules[m].kind, *why);
}
