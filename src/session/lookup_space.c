/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each address is a module and an offset in it, and modules are asked as those of a recording are
 * (sym/batch.h): files in the process's own mount namespace, checked by build-id or inode, JIT code
 * by its perf map, the kernel by kallsyms and its debug file.
 *
 * What a module could not say is said once: a replaced file, one without symbols.
 */
#include "session/lookup_space.h"

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "module/space.h"
#include "sym/batch.h"

#include <stdlib.h>
#include <string.h>

struct lookup_space {
	struct space space;
	struct sym_batch batch;
	struct arena frames;
	struct strmap told; /* notes */
	enum debuginfod_when debuginfod;
};

static struct err *open_process(const char *what, struct space *ret)
{
	uint64_t pid;

	TRY(str_to_u64(what, "process id", 1, INT32_MAX, &pid));
	return space_of_process((int)pid, ret);
}

static struct err *open_space(enum lookup_space_kind kind, const char *what, struct space *ret)
{
	switch (kind) {
	case LOOKUP_PROCESS:
		return open_process(what, ret);
	case LOOKUP_MAPS:
		return space_of_maps(what, ret);
	case LOOKUP_CORE:
		return space_of_core(what, ret);
	default:
		return space_of_kernel(ret);
	}
}

struct err *lookup_space_open(enum lookup_space_kind kind, const char *what, enum debuginfod_when debuginfod,
			      struct lookup_space **ret)
{
	struct lookup_space *s = mem_calloc(1, sizeof(*s));
	struct err *err = open_space(kind, what, &s->space);

	if (err != NULL) {
		free(s);
		return err;
	}
	s->debuginfod = debuginfod;
	arena_init(&s->frames);
	strmap_init(&s->told);
	*ret = s;
	return NULL;
}

void lookup_space_clear(struct lookup_space *s)
{
	free(s->batch.modules);
	free(s->batch.addresses);
	sym_batch_deinit(&s->batch);
	s->batch = (struct sym_batch){ 0 };
	arena_deinit(&s->frames);
}

void lookup_space_destroy(struct lookup_space *s)
{
	if (s == NULL)
		return;
	lookup_space_clear(s);
	space_deinit(&s->space);
	strmap_deinit(&s->told);
	free(s);
}

/* --- answers -------------------------------------------------------------------------------------- */

static void tell(struct lookup_space *s, const char *path, const char *note)
{
	bool is_new;

	strmap_get(&s->told, note, strlen(note), &is_new);
	if (is_new && strstr(note, path) != NULL)
		log_warn("%s", note);
	else if (is_new)
		log_warn("%s: %s", path, note);
}

static void to_answer(struct lookup_space *s, const struct sym_chain *chain, struct index_chain *ret)
{
	ret->count = chain->count;
	ret->frames = ARENA_ARRAY(&s->frames, struct index_frame, chain->count);
	for (size_t i = 0; i < chain->count; i++) {
		const struct sym_frame *f = &chain->frames[i];

		ret->frames[i] = (struct index_frame){ .function = f->function,
						       .path = { .name = f->file },
						       .line = f->line,
						       .column = f->column,
						       .inlined = f->inlined };
	}
}

/* Only the modules that are asked take part: to open a file costs milliseconds. */
static void ask_for(struct lookup_space *s, const uint64_t *addrs, size_t count, uint64_t *places)
{
	struct sym_batch *b = &s->batch;
	uint32_t *index = mem_calloc(s->space.modules.n + 1, sizeof(*index)), module;

	b->modules = mem_calloc(s->space.modules.n + 1, sizeof(*b->modules));
	b->addresses = mem_calloc(count + 1, sizeof(*b->addresses));
	for (size_t i = 0; i < count; i++) {
		uint64_t offset;

		places[i] = UINT64_MAX;
		if (!space_find(&s->space, addrs[i], &module, &offset))
			continue;
		if (index[module] == 0) {
			b->modules[b->module_count].key = s->space.modules.v[module];
			index[module] = (uint32_t)++b->module_count;
		}
		places[i] = b->address_count;
		b->addresses[b->address_count++] =
			(struct sym_batch_address){ .module = index[module] - 1, .exact = true, .offset = offset };
	}
	free(index);
}

struct err *lookup_space_find(struct lookup_space *s, const uint64_t *addrs, size_t count, struct index_chain *answers)
{
	CLEANUP(mem_freep) uint64_t *places = mem_calloc(count + 1, sizeof(*places));

	lookup_space_clear(s);
	s->batch.options = (struct symbolizer_options){ .raw_names = true, .debuginfod = s->debuginfod };
	ask_for(s, addrs, count, places);
	TRY(sym_batch_run(&s->batch));
	for (size_t i = 0; i < count; i++)
		if (places[i] != UINT64_MAX)
			to_answer(s, &s->batch.addresses[places[i]].chain, &answers[i]);
	for (size_t i = 0; i < s->batch.module_count; i++)
		if (s->batch.modules[i].note != NULL)
			tell(s, s->batch.modules[i].key.path, s->batch.modules[i].note);
	return NULL;
}
