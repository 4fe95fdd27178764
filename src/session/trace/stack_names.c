/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tracker writes its rows into a recorder that keeps them in memory.  Frames are (module, offset),
 * so one text serves all processes; a stack's is kept whole, since a program makes its calls from
 * few places.
 */
#include "session/trace/stack_names.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "capture/track.h"
#include "event/types.h"
#include "record/recorder.h"
#include "sym/sym.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 1024, TEXTS_BYTES_MAX = 32 << 20 };

struct stack_names {
	struct recorder *recorder;
	struct track *track;
	struct symbolizer *symbolizer; /* NULL: addresses alone */
	struct map modules;            /* id -> struct module * */
	struct map frames, stacks;     /* id -> text, in the arena */
	struct arena arena;
	size_t bytes;
	unsigned frame_limit;
};

struct stack_names *stack_names_create(bool lines, unsigned frame_limit)
{
	struct symbolizer_options options = { .no_inlines = true, .no_lines = !lines };
	struct stack_names *n = mem_calloc(1, sizeof(*n));

	n->frame_limit = frame_limit && frame_limit < DEPTH_MAX ? frame_limit : DEPTH_MAX;
	n->recorder = recorder_create_unwritten();
	n->track = track_create(n->recorder);
	err_destroy(symbolizer_create(&options, &n->symbolizer));
	map_init(&n->modules);
	map_init(&n->frames);
	map_init(&n->stacks);
	arena_init(&n->arena);
	return n;
}

void stack_names_destroy(struct stack_names *n)
{
	const struct map_slot *slot;

	if (!n)
		return;
	for (size_t i = 0; (slot = map_next(&n->modules, &i)) != NULL;) {
		struct module *module = (struct module *)(uintptr_t)slot->value;

		if (module && n->symbolizer)
			symbolizer_forget(n->symbolizer, module);
		module_destroy(module);
	}
	symbolizer_destroy(n->symbolizer);
	track_destroy(n->track);
	recorder_destroy(n->recorder);
	map_deinit(&n->modules);
	map_deinit(&n->frames);
	map_deinit(&n->stacks);
	arena_deinit(&n->arena);
	free(n);
}

struct track *stack_names_borrow_track(struct stack_names *n) { return n->track; }

/* --- a frame's line --------------------------------------------------------------------------- */

/* " loop.c:12", where lines were asked for and are known. */
static void print_line(const struct sym_chain *chain, struct str *out)
{
	const struct sym_frame *f = chain->count ? &chain->frames[0] : NULL;

	if (f && f->file && f->line) {
		str_add_char(out, ' ');
		str_add_visible(out, f->file, strlen(f->file));
		str_printf(out, ":%u", f->line);
	}
}

/* "write+0x10"; nothing where it has no name. */
static void print_function(const struct sym_chain *chain, uint64_t vaddr, struct str *out)
{
	const struct sym_frame *f = chain->count ? &chain->frames[chain->count - 1] : NULL;

	if (!f || !f->function || f->nameless)
		return;
	str_add_visible(out, f->function, strlen(f->function));
	if (chain->start && chain->start <= vaddr)
		str_printf(out, "+0x%llx", (unsigned long long)(vaddr - chain->start));
}

void stack_names_frame(struct symbolizer *s, struct module *module, const char *path, int pid, uint64_t offset, bool exact,
		       struct str *out)
{
	struct sym_chain chain = { 0 };
	uint64_t vaddr = offset;
	struct arena arena;

	arena_init(&arena);
	if (module && s)
		err_destroy(symbolize(s, module, pid, offset - !exact, &arena, &chain));
	if (module)
		module_offset_to_vaddr(module, offset, &vaddr);
	str_add(out, " > ");
	str_add_visible(out, path, strlen(path));
	str_add_char(out, '(');
	print_function(&chain, vaddr, out);
	str_printf(out, ") [0x%llx]", (unsigned long long)vaddr);
	print_line(&chain, out);
	str_add_char(out, '\n');
	arena_deinit(&arena);
}

void stack_names_more(struct str *out) { str_add(out, " > too many stack frames\n"); }

void stack_names_unknown(uint64_t addr, struct str *out)
{
	str_printf(out, " > unexpected_backtracing_error [0x%llx]\n", (unsigned long long)addr);
}

/* --- stacks by their ids ------------------------------------------------------------------------ */

static struct module *module_of(struct stack_names *n, uint32_t id, const struct module_key *key)
{
	struct module *module = NULL;
	bool is_new;
	uint64_t *slot = map_get(&n->modules, id, &is_new);

	if (is_new) {
		err_destroy(module_create(key, &module));
		*slot = (uintptr_t)module;
	}
	return (struct module *)(uintptr_t)*slot;
}

static const char *keep(struct stack_names *n, const struct str *text)
{
	n->bytes += text->length + 1;
	return arena_strdup(&n->arena, str_text(text));
}

static const char *frame_text(struct stack_names *n, uint32_t id)
{
	uint64_t *known = map_find(&n->frames, id);
	const struct row_frame *found = known ? NULL : recorder_side_find(n->recorder, TYPE_frame, id);
	struct row_frame row = { 0 };
	struct module_key key;
	const char *text;
	struct str line;

	if (known)
		return (const char *)(uintptr_t)*known;
	if (found)
		row = *found;
	str_init(&line);
	if (track_module_key(n->track, row.module, &key) && key.kind != MODULE_ANON)
		stack_names_frame(n->symbolizer, module_of(n, row.module, &key), key.path, key.pid, row.offset, row.exact, &line);
	else
		stack_names_unknown(row.offset, &line);
	text = keep(n, &line);
	*map_get(&n->frames, id, NULL) = (uintptr_t)text;
	str_deinit(&line);
	return text;
}

static void forget_texts(struct stack_names *n)
{
	map_clear(&n->frames);
	map_clear(&n->stacks);
	arena_deinit(&n->arena);
	arena_init(&n->arena);
	n->bytes = 0;
}

void stack_names_print(struct stack_names *n, uint32_t id, struct str *out)
{
	uint64_t *known = map_find(&n->stacks, id);
	size_t begin = out->length;
	struct str text;

	if (known) {
		str_add(out, (const char *)(uintptr_t)*known);
		return;
	}
	if (n->bytes > TEXTS_BYTES_MAX)
		forget_texts(n);
	for (uint32_t node = id, depth = 0; node; depth++) {
		const struct row_stack *row = recorder_side_find(n->recorder, TYPE_stack, node);

		if (!row)
			break;
		if (depth == n->frame_limit) {
			stack_names_more(out);
			break;
		}
		node = row->parent;
		str_add(out, frame_text(n, row->frame));
	}
	str_init(&text);
	str_add_n(&text, str_text(out) + begin, out->length - begin);
	*map_get(&n->stacks, id, NULL) = (uintptr_t)keep(n, &text);
	str_deinit(&text);
}
