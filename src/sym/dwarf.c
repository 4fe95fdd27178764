/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the answers of our index (sym/index.h) to the frames of a chain: names demangled,
 * paths joined, all text copied, so that a chain outlives the index.
 *
 * Demangling is dear and the same functions come again and again: each name is demangled
 * once.  Names are told apart by their address, which the index keeps.
 */
#include "sym/dwarf.h"

#include "base/map.h"
#include "base/mem.h"
#include "module/module.h"
#include "sym/index.h"

#include <stdio.h>
#include <stdlib.h>

struct dwarf_info {
	struct symbolizer_options options;
	struct sym_index *index;
	struct map demangled; /* address of a raw name -> demangled */
	struct arena names;
	struct arena scratch; /* of one question */
	struct str path;
};

static const char *demangled(struct dwarf_info *d, const char *name)
{
	bool is_new;
	uint64_t *slot;

	if (name == NULL || name[0] == '\0')
		return NULL;
	if (d->options.raw_names)
		return name;
	slot = map_get(&d->demangled, (uintptr_t)name, &is_new);
	if (is_new)
		*slot = (uintptr_t)sym_demangle(name, &d->names);
	return (const char *)(uintptr_t)*slot;
}

/* Text that views may keep: all from the caller's arena. */
static const char *copy(const char *text, struct arena *a) { return text ? arena_strdup(a, text) : NULL; }

static void set_place(struct dwarf_info *d, const struct index_frame *from, struct arena *a,
		      struct sym_frame *to)
{
	str_clear(&d->path);
	if (d->options.no_lines || !index_add_path(&from->path, false, &d->path))
		return;
	to->file = arena_strndup(a, d->path.text, d->path.length);
	to->line = from->line;
	to->column = from->column;
}

static void fill_chain(struct dwarf_info *d, const struct index_chain *chain, struct arena *a,
		       struct sym_chain *ret, const char **mangled)
{
	const struct index_frame *last = &chain->frames[chain->count - 1];

	ret->count = d->options.no_inlines ? 1 : chain->count;
	ret->frames = ARENA_ARRAY(a, struct sym_frame, ret->count);
	for (size_t i = 0; i < ret->count; i++) {
		const struct index_frame *from = &chain->frames[i];

		set_place(d, from, a, &ret->frames[i]);
		ret->frames[i].function = copy(demangled(d, d->options.no_inlines ? last->function : from->function), a);
		ret->frames[i].inlined = i + 1 < ret->count;
	}
	*mangled = copy(last->function, a);
}

void dwarf_info_find(struct dwarf_info *d, uint64_t vaddr, const char *fallback, struct arena *a,
		     struct sym_chain *ret, const char **mangled)
{
	struct index_chain chain = { 0 };
	struct err *err = sym_index_find(d->index, vaddr, &d->scratch, &chain);

	*mangled = NULL;
	/* An index that cannot be made answers nothing: symbols do then. */
	err_destroy(err);
	/* Lines without a function belong to somebody only when there is a symbol. */
	if (err == NULL && chain.count > 0 &&
	    (fallback != NULL || chain.frames[chain.count - 1].function != NULL)) {
		fill_chain(d, &chain, a, ret, mangled);
		if (ret->frames[ret->count - 1].function == NULL)
			ret->frames[ret->count - 1].function = copy(fallback, a);
	}
	arena_deinit(&d->scratch);
}

/* --- opening ------------------------------------------------------------------------------- */

/* Companions (.dwo, dwz) are looked for beside the file, which is known by its descriptor. */
static struct sym_index *open_index(int fd)
{
	struct sym_index_options options = { 0 };
	struct sym_index *index = NULL;
	char link[64];

	if (fd < 0)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);

	CLEANUP(mem_freep) char *path = realpath(link, NULL);

	err_destroy(sym_index_open(fd, path, &options, &index));
	return index;
}

struct dwarf_info *dwarf_info_create(const struct module *m, const struct symbolizer_options *options)
{
	struct sym_index *index = NULL;

	if (!options->no_lines || !options->no_inlines)
		index = open_index(module_borrow_fd(m));
	if (index == NULL && (!options->no_lines || !options->no_inlines))
		index = open_index(module_borrow_debug_fd(m));
	if (index == NULL)
		return NULL;

	struct dwarf_info *d = mem_calloc(1, sizeof(*d));

	d->options = *options;
	d->index = index;
	map_init(&d->demangled);
	arena_init(&d->names);
	arena_init(&d->scratch);
	str_init(&d->path);
	return d;
}

void dwarf_info_destroy(struct dwarf_info *d)
{
	if (d == NULL)
		return;
	sym_index_destroy(d->index);
	map_deinit(&d->demangled);
	arena_deinit(&d->names);
	arena_deinit(&d->scratch);
	str_deinit(&d->path);
	free(d);
}
