/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sorted by address.  A symbol that covers an address may begin well before others that
 * do not (functions in functions), so with each stands how far all before it reach.
 */
#include "sym/symbol_list.h"

#include <elf.h>
#include <stdlib.h>

/* Mapping symbols of ARM, AArch64 and RISC-V mark kinds of bytes ($a, $d, $x.rv64): not names. */
static bool is_mapping_symbol(const struct elf_file *f, const char *name)
{
	return name[0] == '$' && (f->machine == EM_ARM || f->machine == EM_AARCH64 || f->machine == EM_RISCV);
}

/* Does S count?  Then where it is. */
static bool place_of(const struct elf_file *f, const struct elf_symbol *s, uint64_t *addr)
{
	if (s->name[0] == '\0' || s->section == SHN_UNDEF || s->section == SHN_COMMON ||
	    s->type == STT_FILE || s->type == STT_SECTION || s->type == STT_TLS ||
	    is_mapping_symbol(f, s->name))
		return false;
	if (s->section < f->section_count && !(f->sections[s->section].flags & SHF_ALLOC))
		return false;
	*addr = elf_symbol_addr(f, s);
	if (f->machine == EM_ARM && s->type == STT_FUNC)
		*addr &= ~(uint64_t)1; /* Thumb */
	return true;
}

static struct elf_symbols table_of(const struct elf_file *f)
{
	size_t table = 0;

	for (size_t i = 1; i < f->section_count; i++) {
		if (f->sections[i].type == SHT_SYMTAB)
			table = i;
		else if (f->sections[i].type == SHT_DYNSYM && table == 0)
			table = i;
	}
	return elf_symbols(f, table);
}

void symbol_list_add(struct symbol_list *l, const struct elf_file *f) { symbol_list_add_some(l, f, NULL, NULL); }

/* Local symbols follow the name of their file; global ones come at the end, and are known to be of a file only
 * where there is no other. */
struct file_marks {
	const char *file;
	bool any, many;
};

static void see_mark(struct file_marks *m, const struct elf_symbol *s)
{
	if (s->type != STT_FILE) {
		m->any = true;
		return;
	}
	m->many |= m->any;
	m->file = s->name[0] != '\0' ? s->name : NULL;
}

void symbol_list_add_some(struct symbol_list *l, const struct elf_file *f, symbol_list_pick_fn *pick, void *user)
{
	struct elf_symbols symbols = table_of(f);
	struct file_marks marks = { 0 };
	struct elf_symbol s;
	uint64_t addr;

	for (size_t i = 1; i < symbols.count; i++) {
		size_t left = 0;
		const char *name = pick != NULL ? elf_symbol_name(&symbols, i, &left) : NULL;

		if (pick != NULL && (name == NULL || !pick(user, name, left)))
			continue;
		if (!elf_symbol_get(&symbols, i, &s))
			continue;
		see_mark(&marks, &s);
		if (place_of(f, &s, &addr))
			vec_push(&l->symbols,
				 ((struct listed_symbol){ addr, s.size_bytes, s.name,
							  s.bind == STB_LOCAL || !marks.many ? marks.file : NULL,
							  s.section, (uint32_t)i, s.type, s.bind }));
	}
}

void symbol_list_each_address(const struct elf_file *f, symbol_list_address_fn *callback, void *user)
{
	struct elf_symbols symbols = table_of(f);
	struct elf_symbol s;
	uint64_t addr;

	for (size_t i = 1; i < symbols.count; i++)
		if (elf_symbol_get(&symbols, i, &s) && place_of(f, &s, &addr))
			callback(user, addr);
}

static int bind_rank(const struct listed_symbol *s)
{
	return s->bind == STB_GLOBAL ? 2 : s->bind == STB_WEAK ? 1 : 0;
}

/* Of those that begin alike the best comes last: sized, smaller, global, first in the file
 * (without a size: last). */
static int symbol_compare(const void *a, const void *b)
{
	const struct listed_symbol *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if ((x->size_bytes > 0) != (y->size_bytes > 0))
		return x->size_bytes > 0 ? 1 : -1;
	if (x->size_bytes != y->size_bytes)
		return x->size_bytes > y->size_bytes ? -1 : 1;
	if (bind_rank(x) != bind_rank(y))
		return bind_rank(x) - bind_rank(y);
	if (x->size_bytes == 0)
		return (x->order > y->order) - (x->order < y->order);
	return (x->order < y->order) - (x->order > y->order);
}

void symbol_list_sort(struct symbol_list *l)
{
	uint64_t reach = 0;

	vec_sort(&l->symbols, symbol_compare);
	vec_clear(&l->ends);
	for (size_t i = 0; i < l->symbols.n; i++) {
		uint64_t end = l->symbols.v[i].addr + l->symbols.v[i].size_bytes;

		if (end > reach)
			reach = end;
		vec_push(&l->ends, reach);
	}
}

void symbol_list_deinit(struct symbol_list *l)
{
	vec_deinit(&l->symbols);
	vec_deinit(&l->ends);
}

/* An absolute symbol (a mark of the linker's, such as _etext) counts only where it stands. */
static bool may_be(const struct listed_symbol *s, uint64_t addr, bool global_only)
{
	if (global_only && s->bind == STB_LOCAL)
		return false;
	return s->section != SHN_ABS || s->addr == addr;
}

static const struct listed_symbol *find_at(const struct symbol_list *l, uint64_t addr, bool global_only)
{
	const struct listed_symbol *sizeless = NULL;
	size_t low = 0, high = l->symbols.n;
	uint64_t reach;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (l->symbols.v[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	/* How far sized symbols reach that begin at or before ADDR: one without a size only
	 * counts behind all of them. */
	reach = low > 0 ? l->ends.v[low - 1] : 0;
	for (size_t i = low; i-- > 0;) {
		const struct listed_symbol *s = &l->symbols.v[i];

		if (s->size_bytes > 0 && addr - s->addr < s->size_bytes && may_be(s, addr, global_only))
			return s;
		if (s->size_bytes == 0 && sizeless == NULL && s->addr >= reach && may_be(s, addr, global_only))
			sizeless = s;
		if (l->ends.v[i] <= addr && (sizeless != NULL || s->addr < reach))
			break;
	}
	return sizeless;
}

const struct listed_symbol *symbol_list_at(const struct symbol_list *l, uint64_t addr)
{
	return find_at(l, addr, false);
}

const struct listed_symbol *symbol_list_at_global(const struct symbol_list *l, uint64_t addr)
{
	const struct listed_symbol *global = find_at(l, addr, true);

	return global != NULL && global->size_bytes > 0 ? global : find_at(l, addr, false);
}

static bool is_better_alias(const struct listed_symbol *s, const struct listed_symbol *than)
{
	bool function = s->type == STT_FUNC || s->type == STT_GNU_IFUNC;
	bool other = than->type == STT_FUNC || than->type == STT_GNU_IFUNC;

	if (function != other)
		return function;
	return s->size_bytes != than->size_bytes ? s->size_bytes < than->size_bytes : s->order < than->order;
}

const struct listed_symbol *symbol_list_first_alias(const struct symbol_list *l, const struct listed_symbol *s)
{
	const struct listed_symbol *best = s, *first = s, *end = l->symbols.v + l->symbols.n;

	while (first > l->symbols.v && first[-1].addr == s->addr)
		first--;
	for (; first < end && first->addr == s->addr; first++)
		if (first->section == s->section && (first->size_bytes > 0) == (s->size_bytes > 0) &&
		    first->size_bytes >= s->size_bytes && is_better_alias(first, best))
			best = first;
	return best;
}

const struct listed_symbol *symbol_list_named(const struct symbol_list *l, const char *name)
{
	const struct listed_symbol *best = NULL;

	for (size_t i = 0; i < l->symbols.n; i++) {
		const struct listed_symbol *s = &l->symbols.v[i];

		if (strcmp(s->name, name) == 0 && (best == NULL || bind_rank(s) > bind_rank(best)))
			best = s;
	}
	return best;
}
