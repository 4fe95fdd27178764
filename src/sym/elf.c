/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The finder for programs, shared libraries and the vDSO: DWARF where the module or its
 * debug file has it, and the symbol tables for what DWARF does not cover.  What was read
 * from a module is kept until it is forgotten.
 */
#include "sym/finders.h"

#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "event/types.h"
#include "module/module.h"
#include "sym/dwarf.h"
#include "sym/function_starts.h"
#include "sym/symtab.h"

#include <stdlib.h>
#include <string.h>

struct elf_state {
	struct function_starts starts;
	bool have_starts;
	struct symtab *symtab;
	struct dwarf_info *dwarf;
	const char *last_name;  /* demangling is not cheap, and addresses come sorted */
	const char *last_demangled;
	struct arena names;
};

struct elf_finder {
	struct symbolizer_options options;
	struct map states; /* module pointer -> struct elf_state * */
};

static struct err *create(const struct symbolizer_options *options, void **ret)
{
	struct elf_finder *f = mem_calloc(1, sizeof(*f));

	f->options = *options;
	map_init(&f->states);
	*ret = f;
	return NULL;
}

static void read_files(struct elf_finder *f, struct elf_state *state, const struct module *m)
{
	state->symtab = symtab_create(m);
	state->dwarf = dwarf_info_create(m, &f->options);
}

static void drop_files(struct elf_state *state)
{
	symtab_destroy(state->symtab);
	dwarf_info_destroy(state->dwarf);
}

static bool is_lacking(const struct elf_finder *f, const struct elf_state *state)
{
	return !symtab_is_full(state->symtab) ||
	       (state->dwarf == NULL && !(f->options.no_lines && f->options.no_inlines));
}

static struct elf_state *state_of(struct elf_finder *f, struct module *m)
{
	bool is_new;
	uint64_t *slot = map_get(&f->states, (uintptr_t)m, &is_new);

	if (is_new) {
		struct elf_state *state = mem_calloc(1, sizeof(*state));

		arena_init(&state->names);
		read_files(f, state, m);
		if (is_lacking(f, state) && module_ask_debuginfod(m, f->options.debuginfod)) {
			drop_files(state);
			read_files(f, state, m);
		}
		*slot = (uintptr_t)state;
	}
	return (struct elf_state *)(uintptr_t)*slot;
}

static void state_destroy(struct elf_state *state)
{
	drop_files(state);
	function_starts_deinit(&state->starts);
	arena_deinit(&state->names);
	free(state);
}

/* "memcpy@@GLIBC_2.14" is memcpy; "memcpy@plt" stays. */
static const char *without_version(const char *name, struct arena *a)
{
	const char *at = strchr(name, '@');

	if (at == NULL || at == name || strcmp(at, "@plt") == 0)
		return name;
	return arena_strndup(a, name, (size_t)(at - name));
}

static const char *symbol_name(struct elf_state *state, uint64_t vaddr, bool raw)
{
	const char *name = symtab_find(state->symtab, vaddr);

	if (name == NULL)
		return NULL;
	if (name != state->last_name) {
		state->last_name = name;
		state->last_demangled = without_version(name, &state->names);
		if (!raw)
			state->last_demangled = sym_demangle(state->last_demangled, &state->names);
	}
	return state->last_demangled;
}

static const char *why_not(const struct elf_state *state, const struct module *m, struct arena *a)
{
	if (!symtab_is_full(state->symtab) && module_borrow_debuginfod_note(m) != NULL)
		return arena_printf(a, "stripped; %s", module_borrow_debuginfod_note(m));
	if (symtab_is_empty(state->symtab) && state->dwarf == NULL)
		return "no symbols (stripped); install its -dbgsym package";
	if (!symtab_is_full(state->symtab))
		return "stripped: only exported functions have names; install its -dbgsym package";
	return "no symbol covers this address";
}

static bool is_mangled(const char *name) { return name[0] == '_' && (name[1] == 'Z' || name[1] == 'R'); }

/* DWARF names the function as the compiler knew it.  The symbol table may have a better
 * known name for the same function (write for __GI___libc_write), or the full one of a
 * C++ function where DWARF has no linkage name (foo for Foo::foo(int)). */
static void use_known_name(struct elf_state *state, uint64_t vaddr, const char *name, const char *mangled,
			   struct arena *a, struct sym_frame *frame)
{
	const char *symbol = symtab_find(state->symtab, vaddr);

	if (symbol == NULL || mangled == NULL || strcmp(symbol, mangled) == 0)
		return;
	if (symtab_is_alias(state->symtab, vaddr, mangled) ||
	    (is_mangled(symbol) && !is_mangled(mangled) && name != symbol))
		frame->function = arena_strdup(a, name);
}

static void read_starts(struct elf_state *state, const struct module *m)
{
	struct elf_file f = { 0 };
	struct io_map map;
	struct err *err = io_map_fd(module_borrow_fd(m), "the file", &map);

	state->have_starts = true;
	if (err == NULL)
		err = elf_init(&f, (struct bytes){ map.data, map.size_bytes });
	if (err == NULL)
		function_starts_read(&f, &state->starts);
	err_destroy(err);
	elf_deinit(&f);
	io_map_deinit(&map);
}

/* In a stripped file unwinding tables still know where functions begin: samples of one are
 * counted together though nobody knows its name. */
static bool stand_in(struct elf_state *state, const struct module *m, uint64_t vaddr, struct arena *a,
		     struct sym_chain *ret)
{
	const char *path = module_borrow_path(m), *slash = strrchr(path, '/');
	struct dwarf_range range;

	if (!state->have_starts)
		read_starts(state, m);
	if (!function_starts_find(&state->starts, vaddr, &range))
		return false;
	ret->frames = ARENA_NEW(a, struct sym_frame);
	ret->frames[0].function =
		arena_printf(a, "[%.200s+0x%llx]", slash ? slash + 1 : path, (unsigned long long)range.low);
	ret->frames[0].nameless = true;
	ret->count = 1;
	return true;
}

static void answer(struct elf_state *state, const struct module *m, uint64_t vaddr, bool raw, struct arena *a,
		   struct sym_chain *ret)
{
	const char *name = symbol_name(state, vaddr, raw), *mangled = NULL;

	if (state->dwarf != NULL)
		dwarf_info_find(state->dwarf, vaddr, name, a, ret, &mangled);
	if (ret->count > 0 && ret->frames[ret->count - 1].function != NULL) {
		if (!raw)
			use_known_name(state, vaddr, name, mangled, a, &ret->frames[ret->count - 1]);
		return;
	}
	*ret = (struct sym_chain){ 0 };
	if (name == NULL) {
		if (!symtab_is_full(state->symtab))
			stand_in(state, m, vaddr, a, ret);
		ret->why = why_not(state, m, a);
		return;
	}
	ret->frames = ARENA_NEW(a, struct sym_frame);
	ret->frames[0].function = arena_strdup(a, name);
	ret->count = 1;
}

static struct err *find(void *self, struct module *m, int pid, uint64_t offset, struct arena *a,
			struct sym_chain *ret)
{
	uint64_t vaddr;

	switch (module_borrow_kind(m)) {
	case MODULE_KERNEL:
	case MODULE_KERNEL_MODULE:
	case MODULE_ANON:
		return NULL;
	default:
		break;
	}
	if (module_borrow_fd(m) < 0)
		module_ask_debuginfod(m, ((struct elf_finder *)self)->options.debuginfod);
	if (module_borrow_fd(m) < 0)
		ret->why = module_borrow_note(m);
	else if (!module_offset_to_vaddr(m, offset, &vaddr))
		ret->why = "outside of what the file maps";
	else
		answer(state_of(self, m), m, vaddr, ((struct elf_finder *)self)->options.raw_names, a, ret);
	if (ret->count > 0)
		ret->start = symtab_start(state_of(self, m)->symtab, vaddr);
	return NULL;
}

static void forget(void *self, const struct module *m)
{
	struct elf_finder *f = self;
	uint64_t *slot = map_find(&f->states, (uintptr_t)m);

	if (slot == NULL)
		return;
	state_destroy((struct elf_state *)(uintptr_t)*slot);
	map_remove(&f->states, (uintptr_t)m);
}

static void destroy(void *self)
{
	struct elf_finder *f = self;
	struct map_slot *slot;

	for (size_t i = 0; (slot = map_next(&f->states, &i)) != NULL;)
		state_destroy((struct elf_state *)(uintptr_t)slot->value);
	map_deinit(&f->states);
	free(f);
}

const struct sym_finder_ops sym_finder_elf = {
	.name = "elf",
	.create = create,
	.find = find,
	.forget = forget,
	.destroy = destroy,
};
