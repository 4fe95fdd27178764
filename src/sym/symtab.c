/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All function symbols of a module in one sorted list, made once.
 *
 * Sources: .symtab where there is one (of the image or of its debug file), else .dynsym
 * and .gnu_debugdata (the xz-packed little symbol table that Fedora ships: "MiniDebugInfo"
 * in the GDB manual); and the stubs of the procedure linkage table, named func@plt after
 * the GOT slot that they jump through.
 *
 * Several names for one address: the one that a person would write wins (a sized function
 * before a label, global before local, few leading underscores).  A sized symbol covers
 * its size, and the smaller of two nested ones counts.  A symbol without size (assembler)
 * reaches to the next one, but only where the table is full: in a stripped file the next
 * exported symbol may be far away, and to blame a wrong function is worse than to say
 * that there is no name.
 */
#include "sym/symtab.h"

#include "base/arena.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/radix.h"
#include "base/vec.h"
#include "format/elf.h"
#include "module/module.h"
#include "sym/intervals.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES_MAX = 3 };

struct symbol {
	uint64_t addr, size_bytes;
	uint64_t limit;   /* end of its section */
	const char *name; /* in the ELF data, or in the arena */
	uint8_t rank;     /* higher is better */
};

/* A file, or what was packed into one; owns the names of its symbols. */
struct image {
	struct io_map map;
	struct elf_data unpacked;
	struct elf_file elf;
};

struct symtab {
	VEC(struct symbol) symbols;
	struct intervals index; /* value: index of the symbol */
	struct arena names;
	struct image images[IMAGES_MAX];
	size_t image_count;
	bool full;
};

/* --- reading one table ------------------------------------------------------------------ */

static uint8_t rank_of(const struct elf_symbol *sym)
{
	unsigned underscores = 0;
	uint8_t rank = 0;

	while (sym->name[underscores] == '_' && underscores < 3)
		underscores++;
	if (sym->size_bytes > 0)
		rank += 64;
	if (sym->type != STT_NOTYPE)
		rank += 32;
	if (sym->bind != STB_LOCAL)
		rank += 16;
	rank += (uint8_t)((3 - underscores) * 4);
	if (sym->bind == STB_GLOBAL)
		rank += 1;
	return rank;
}

/* Where the code section of a symbol ends; false: it is not in code. */
static bool code_limit(const struct elf_file *f, const struct elf_symbol *sym, uint64_t addr, uint64_t *limit)
{
	const struct elf_section *s = sym->section < f->section_count ? &f->sections[sym->section] : NULL;

	if (sym->section == SHN_UNDEF || s == NULL || !(s->flags & SHF_EXECINSTR))
		return false;
	*limit = s->addr + s->size_bytes;
	return addr - s->addr < s->size_bytes;
}

static void add_symbol(struct symtab *t, const struct elf_file *f, const struct elf_symbol *sym)
{
	struct symbol s = { .addr = elf_symbol_addr(f, sym), .size_bytes = sym->size_bytes, .name = sym->name };

	if ((sym->type != STT_FUNC && sym->type != STT_GNU_IFUNC && sym->type != STT_NOTYPE) ||
	    s.name[0] == '\0' || elf_is_mapping_symbol(s.name))
		return;
	if (f->machine == EM_ARM && sym->type != STT_NOTYPE)
		s.addr &= ~(uint64_t)1; /* Thumb */
	if (!code_limit(f, sym, s.addr, &s.limit))
		return;
	if (s.size_bytes > s.limit - s.addr)
		s.size_bytes = s.limit - s.addr;
	s.rank = rank_of(sym);
	vec_push(&t->symbols, s);
}

static bool add_table(struct symtab *t, const struct elf_file *f, uint32_t type)
{
	for (size_t i = 1; i < f->section_count; i++) {
		if (f->sections[i].type != type)
			continue;

		struct elf_symbols symbols = elf_symbols(f, i);
		struct elf_symbol sym;

		for (size_t k = 1; elf_symbol_get(&symbols, k, &sym); k++)
			add_symbol(t, f, &sym);
		return symbols.count > 1;
	}
	return false;
}

/* --- images ------------------------------------------------------------------------------ */

/* NULL when it can't be read. */
static const struct elf_file *open_image(struct symtab *t, int fd)
{
	struct image *image = &t->images[t->image_count];
	struct err *err = fd >= 0 ? io_map_fd(fd, "the file", &image->map) : NULL;

	if (err == NULL)
		err = elf_init(&image->elf, (struct bytes){ image->map.data, image->map.size_bytes });
	if (err != NULL) {
		io_map_deinit(&image->map);
		err_destroy(err);
		return NULL;
	}
	t->image_count++;
	elf_place_sections(&image->elf);
	return &image->elf;
}

static bool add_mini_debug(struct symtab *t, const struct elf_file *packed)
{
	struct image *image = &t->images[t->image_count];
	CLEANUP(err_destroyp) struct err *err = elf_minidebug(packed, &image->unpacked);

	if (err == NULL)
		err = elf_init(&image->elf, image->unpacked.bytes);
	if (err != NULL) {
		elf_data_deinit(&image->unpacked);
		return false;
	}
	t->image_count++;
	return add_table(t, &image->elf, SHT_SYMTAB);
}

/* --- PLT stubs (x86-64) ---------------------------------------------------------------------- */

struct slot {
	uint64_t addr;
	const char *name;
};
struct slots {
	VEC(struct slot) all;
};

static int slot_compare(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

/* GOT slots that the relocations of one section (Elf64_Rela) fill with a function's address. */
static void add_slots(const struct elf_file *f, size_t section, struct slots *slots)
{
	struct elf_symbols symbols = elf_symbols(f, f->sections[section].link);
	struct cursor c = cursor_of(elf_raw(f, section), f->big_endian);

	while (cursor_left(&c) >= sizeof(Elf64_Rela)) {
		uint64_t slot = cursor_u64(&c), info = cursor_u64(&c);
		struct elf_symbol sym;

		cursor_u64(&c); /* addend */
		if ((ELF64_R_TYPE(info) == R_X86_64_JUMP_SLOT || ELF64_R_TYPE(info) == R_X86_64_GLOB_DAT) &&
		    elf_symbol_get(&symbols, ELF64_R_SYM(info), &sym) && sym.name[0] != '\0')
			vec_push(&slots->all, ((struct slot){ slot, sym.name }));
	}
}

/* The GOT slot that the 16 bytes of code at ADDR jump through: "jmp *disp32(%rip)". */
static bool stub_target(const uint8_t *code, uint64_t addr, uint64_t *slot)
{
	for (size_t i = 0; i + 6 <= 16; i++) {
		if (code[i] == 0xff && code[i + 1] == 0x25) {
			int32_t displacement;

			memcpy(&displacement, code + i + 2, 4);
			*slot = addr + i + 6 + (uint64_t)(int64_t)displacement;
			return true;
		}
	}
	return false;
}

static void add_stubs(struct symtab *t, const struct elf_file *f, size_t section, const struct slots *slots)
{
	const struct elf_section *s = &f->sections[section];
	struct bytes code_bytes = elf_raw(f, section);
	size_t step = s->entry_bytes == 8 ? 8 : 16;

	for (size_t at = 0; at + step <= code_bytes.size_bytes; at += step) {
		uint8_t code[16] = { 0 };
		struct slot wanted, *found;

		memcpy(code, code_bytes.data + at, step);
		if (!stub_target(code, s->addr + at, &wanted.addr))
			continue;
		found = bsearch(&wanted, slots->all.v, slots->all.n, sizeof(wanted), slot_compare);
		if (found != NULL)
			vec_push(&t->symbols,
				 ((struct symbol){ s->addr + at, step, s->addr + s->size_bytes,
						   arena_printf(&t->names, "%.1000s@plt", found->name), 255 }));
	}
}

static void add_plt(struct symtab *t, const struct elf_file *f)
{
	static const char *const names[] = { ".plt", ".plt.sec", ".plt.got" };
	struct slots slots = { 0 };

	if (f->machine != EM_X86_64 || !f->is_64 || f->type == ET_REL)
		return;
	for (size_t i = 1; i < f->section_count; i++)
		if (f->sections[i].type == SHT_RELA)
			add_slots(f, i, &slots);
	vec_sort(&slots.all, slot_compare);
	for (size_t i = 0; slots.all.n > 0 && i < sizeof(names) / sizeof(names[0]); i++) {
		size_t section = elf_section_named(f, names[i]);

		if (section != 0 && f->sections[section].type == SHT_PROGBITS)
			add_stubs(t, f, section, &slots);
	}
	vec_deinit(&slots.all);
}

/* --- the index ------------------------------------------------------------------------------- */

/* By address; at one address the best first. */
static int symbol_compare(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* By number, in a few passes over all of them; then those few that share an address. */
static void sort_symbols(struct symtab *t)
{
	size_t count = t->symbols.n, end;
	struct radix_item *order = mem_calloc(count + 1, sizeof(*order));
	struct symbol *sorted = mem_calloc(count + 1, sizeof(*sorted));

	for (size_t i = 0; i < count; i++)
		order[i] = (struct radix_item){ .key = t->symbols.v[i].addr, .index = i };
	radix_sort(order, count);
	for (size_t i = 0; i < count; i++)
		sorted[i] = t->symbols.v[order[i].index];
	for (size_t i = 0; i < count; i = end) {
		for (end = i + 1; end < count && sorted[end].addr == sorted[i].addr;)
			end++;
		if (end - i > 1)
			qsort(&sorted[i], end - i, sizeof(*sorted), symbol_compare);
	}
	free(order);
	free(t->symbols.v);
	t->symbols.v = sorted;
	t->symbols.cap = count + 1;
}

/* The first symbol after those that share the address of symbol I. */
static size_t group_end(const struct symtab *t, size_t i)
{
	uint64_t addr = t->symbols.v[i].addr;

	while (i < t->symbols.n && t->symbols.v[i].addr == addr)
		i++;
	return i;
}

static void build_index(struct symtab *t)
{
	struct interval *ranges = mem_calloc(t->symbols.n + 1, sizeof(*ranges));
	uint64_t covered = 0;
	size_t count = 0, next;

	sort_symbols(t);
	for (size_t i = 0; i < t->symbols.n; i = next) {
		const struct symbol *s = &t->symbols.v[i];
		uint64_t end = s->addr + s->size_bytes;

		next = group_end(t, i);
		if (s->size_bytes == 0 && t->full && s->addr >= covered) {
			end = next < t->symbols.n ? t->symbols.v[next].addr : s->limit;
			end = end < s->limit ? end : s->limit;
		}
		if (s->size_bytes > 0 && end > covered)
			covered = end;
		ranges[count++] = (struct interval){ s->addr, end, (uint32_t)i, (uint32_t)i };
	}
	intervals_build(ranges, count, &t->index);
	free(ranges);
}

static void add_image(struct symtab *t, const struct module *m)
{
	const struct elf_file *f = open_image(t, module_borrow_fd(m));

	if (f == NULL)
		return;
	t->full = add_table(t, f, SHT_SYMTAB);
	if (!t->full) {
		add_table(t, f, SHT_DYNSYM);
		t->full = add_mini_debug(t, f);
	}
	add_plt(t, f);
}

struct symtab *symtab_create(const struct module *m)
{
	struct symtab *t = mem_calloc(1, sizeof(*t));

	arena_init(&t->names);
	add_image(t, m);

	const struct elf_file *debug = t->full ? NULL : open_image(t, module_borrow_debug_fd(m));

	if (debug != NULL)
		t->full = add_table(t, debug, SHT_SYMTAB);
	build_index(t);
	return t;
}

void symtab_destroy(struct symtab *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->image_count; i++) {
		elf_deinit(&t->images[i].elf);
		elf_data_deinit(&t->images[i].unpacked);
		io_map_deinit(&t->images[i].map);
	}
	vec_deinit(&t->symbols);
	intervals_deinit(&t->index);
	arena_deinit(&t->names);
	free(t);
}

const char *symtab_find(const struct symtab *t, uint64_t vaddr)
{
	const struct interval *found = intervals_find(&t->index, vaddr);

	return found ? t->symbols.v[found->value].name : NULL;
}

uint64_t symtab_start(const struct symtab *t, uint64_t vaddr)
{
	const struct interval *found = intervals_find(&t->index, vaddr);

	return found ? t->symbols.v[found->value].addr : 0;
}

bool symtab_is_alias(const struct symtab *t, uint64_t vaddr, const char *name)
{
	const struct interval *found = intervals_find(&t->index, vaddr);

	if (found == NULL)
		return false;
	for (size_t i = found->value, end = group_end(t, i); i < end; i++)
		if (strcmp(t->symbols.v[i].name, name) == 0)
			return true;
	return false;
}

bool symtab_is_full(const struct symtab *t) { return t->full; }
bool symtab_is_empty(const struct symtab *t) { return t->symbols.n == 0; }
