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
#include "base/mem.h"
#include "base/vec.h"
#include "module/elf_open.h"
#include "module/module.h"
#include "sym/intervals.h"

#include <lzma.h>
#include <stdlib.h>
#include <string.h>

enum { ELFS_MAX = 3, UNPACKED_MAX_BYTES = 256 << 20 };

struct symbol {
	uint64_t addr, size_bytes;
	uint64_t limit;   /* end of its section */
	const char *name; /* in the ELF data, or in the arena */
	uint8_t rank;     /* higher is better */
};

struct symtab {
	VEC(struct symbol) symbols;
	struct intervals index; /* value: index of the symbol */
	struct arena names;
	Elf *elfs[ELFS_MAX];    /* own the symbol names */
	size_t elf_count;
	uint8_t *unpacked;      /* .gnu_debugdata */
	bool full;
};

/* --- reading one table ------------------------------------------------------------------ */

static bool is_mapping_symbol(const char *name)
{
	/* ARM, AArch64, RISC-V: $a, $t, $d, $x, perhaps with ".suffix". */
	return name[0] == '$' && name[1] != '\0' && (name[2] == '\0' || name[2] == '.' || name[1] == 'x');
}

static uint8_t rank_of(const GElf_Sym *sym, const char *name)
{
	unsigned underscores = 0;
	uint8_t rank = 0;

	while (name[underscores] == '_' && underscores < 3)
		underscores++;
	if (sym->st_size > 0)
		rank += 64;
	if (GELF_ST_TYPE(sym->st_info) != STT_NOTYPE)
		rank += 32;
	if (GELF_ST_BIND(sym->st_info) != STB_LOCAL)
		rank += 16;
	rank += (uint8_t)((3 - underscores) * 4);
	if (GELF_ST_BIND(sym->st_info) == STB_GLOBAL)
		rank += 1;
	return rank;
}

struct table {
	Elf *elf;
	uint16_t machine;
	size_t strings; /* section index */
};

/* Where the code section of a symbol ends; false: it is not in code. */
static bool code_limit(const struct table *t, const GElf_Sym *sym, uint64_t *limit)
{
	GElf_Shdr section;
	Elf_Scn *scn = sym->st_shndx < SHN_LORESERVE ? elf_getscn(t->elf, sym->st_shndx) : NULL;

	if (scn == NULL || gelf_getshdr(scn, &section) == NULL || !(section.sh_flags & SHF_EXECINSTR))
		return false;
	*limit = section.sh_addr + section.sh_size;
	return sym->st_value - section.sh_addr < section.sh_size;
}

static void add_symbol(struct symtab *t, const struct table *table, const GElf_Sym *sym)
{
	unsigned type = GELF_ST_TYPE(sym->st_info);
	struct symbol s = { .addr = sym->st_value, .size_bytes = sym->st_size };

	if (sym->st_shndx == SHN_UNDEF ||
	    (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE))
		return;
	s.name = elf_strptr(table->elf, table->strings, sym->st_name);
	if (s.name == NULL || s.name[0] == '\0' || is_mapping_symbol(s.name))
		return;
	if (table->machine == EM_ARM && type != STT_NOTYPE)
		s.addr &= ~(uint64_t)1; /* Thumb */
	if (!code_limit(table, sym, &s.limit))
		return;
	if (s.size_bytes > s.limit - s.addr)
		s.size_bytes = s.limit - s.addr;
	s.rank = rank_of(sym, s.name);
	vec_push(&t->symbols, s);
}

static bool add_table(struct symtab *t, Elf *elf, unsigned type)
{
	GElf_Ehdr ehdr;
	GElf_Shdr header;
	GElf_Sym sym;

	if (gelf_getehdr(elf, &ehdr) == NULL)
		return false;
	for (Elf_Scn *s = elf_nextscn(elf, NULL); s != NULL; s = elf_nextscn(elf, s)) {
		if (gelf_getshdr(s, &header) == NULL || header.sh_type != type)
			continue;

		Elf_Data *data = elf_getdata(s, NULL);
		size_t count = data && header.sh_entsize ? data->d_size / header.sh_entsize : 0;
		struct table table = { elf, ehdr.e_machine, header.sh_link };

		for (size_t i = 1; i < count && i < INT32_MAX; i++)
			if (gelf_getsym(data, (int)i, &sym) != NULL)
				add_symbol(t, &table, &sym);
		return count > 1;
	}
	return false;
}

/* --- .gnu_debugdata ------------------------------------------------------------------------ */

/* Unpack an xz stream of unknown size; NULL when it is bad or too large. */
static uint8_t *unpack(const uint8_t *packed, size_t packed_bytes, size_t *size_bytes)
{
	for (size_t cap = 4 * packed_bytes + 65536; cap <= UNPACKED_MAX_BYTES; cap *= 2) {
		uint64_t memory_limit = 512 << 20;
		size_t in = 0, out = 0;
		uint8_t *data = mem_alloc(cap);
		lzma_ret ret = lzma_stream_buffer_decode(&memory_limit, 0, NULL, packed, &in, packed_bytes,
							 data, &out, cap);

		if (ret == LZMA_OK) {
			*size_bytes = out;
			return data;
		}
		free(data);
		if (ret != LZMA_BUF_ERROR)
			break;
	}
	return NULL;
}

static void keep_elf(struct symtab *t, Elf *elf) { t->elfs[t->elf_count++] = elf; }

static bool add_mini_debug(struct symtab *t, Elf *image)
{
	Elf_Scn *s = elf_find_section(image, ".gnu_debugdata", NULL);
	Elf_Data *packed = s ? elf_rawdata(s, NULL) : NULL;
	size_t size_bytes;

	if (packed == NULL || packed->d_buf == NULL)
		return false;
	t->unpacked = unpack(packed->d_buf, packed->d_size, &size_bytes);
	if (t->unpacked == NULL)
		return false;

	Elf *elf = elf_memory((char *)t->unpacked, size_bytes);

	if (elf == NULL)
		return false;
	keep_elf(t, elf);
	return add_table(t, elf, SHT_SYMTAB);
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

/* GOT slots that the relocations of one section fill with a function's address. */
static void add_slots(Elf *elf, Elf_Scn *scn, const GElf_Shdr *header, struct slots *slots)
{
	Elf_Scn *symbols = elf_getscn(elf, header->sh_link);
	Elf_Data *sym_data = symbols ? elf_getdata(symbols, NULL) : NULL, *data = elf_getdata(scn, NULL);
	GElf_Shdr sym_header;
	GElf_Rela rela;
	GElf_Sym sym;

	if (sym_data == NULL || data == NULL || header->sh_entsize == 0 ||
	    gelf_getshdr(symbols, &sym_header) == NULL)
		return;
	for (size_t i = 0; i < data->d_size / header->sh_entsize && i < INT32_MAX; i++) {
		if (gelf_getrela(data, (int)i, &rela) == NULL ||
		    (GELF_R_TYPE(rela.r_info) != R_X86_64_JUMP_SLOT &&
		     GELF_R_TYPE(rela.r_info) != R_X86_64_GLOB_DAT) ||
		    gelf_getsym(sym_data, (int)GELF_R_SYM(rela.r_info), &sym) == NULL)
			continue;

		const char *name = elf_strptr(elf, sym_header.sh_link, sym.st_name);

		if (name != NULL && name[0] != '\0')
			vec_push(&slots->all, ((struct slot){ rela.r_offset, name }));
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

static void add_stubs(struct symtab *t, Elf_Scn *scn, const GElf_Shdr *header, const struct slots *slots)
{
	Elf_Data *data = elf_rawdata(scn, NULL);
	size_t step = header->sh_entsize == 8 ? 8 : 16;

	if (data == NULL || data->d_buf == NULL)
		return;
	for (size_t at = 0; at + step <= data->d_size; at += step) {
		uint8_t code[16] = { 0 };
		struct slot wanted, *found;

		memcpy(code, (const uint8_t *)data->d_buf + at, step);
		if (!stub_target(code, header->sh_addr + at, &wanted.addr))
			continue;
		found = bsearch(&wanted, slots->all.v, slots->all.n, sizeof(wanted), slot_compare);
		if (found == NULL)
			continue;

		struct symbol s = { header->sh_addr + at, step, header->sh_addr + header->sh_size,
				    arena_printf(&t->names, "%.1000s@plt", found->name), 255 };

		vec_push(&t->symbols, s);
	}
}

static void add_plt(struct symtab *t, Elf *elf)
{
	struct slots slots = { 0 };
	GElf_Ehdr ehdr;
	GElf_Shdr header;
	Elf_Scn *s = NULL;
	static const char *const names[] = { ".plt", ".plt.sec", ".plt.got" };

	if (gelf_getehdr(elf, &ehdr) == NULL || ehdr.e_machine != EM_X86_64)
		return;
	while ((s = elf_nextscn(elf, s)) != NULL)
		if (gelf_getshdr(s, &header) != NULL && header.sh_type == SHT_RELA)
			add_slots(elf, s, &header, &slots);
	vec_sort(&slots.all, slot_compare);
	for (size_t i = 0; slots.all.n > 0 && i < sizeof(names) / sizeof(names[0]); i++) {
		s = elf_find_section(elf, names[i], &header);
		if (s != NULL && header.sh_type == SHT_PROGBITS)
			add_stubs(t, s, &header, &slots);
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

	vec_sort(&t->symbols, symbol_compare);
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
	Elf *elf = elf_open(module_borrow_fd(m));

	if (elf == NULL)
		return;
	keep_elf(t, elf);
	if (add_table(t, elf, SHT_SYMTAB))
		t->full = true;
	if (!t->full) {
		add_table(t, elf, SHT_DYNSYM);
		t->full = add_mini_debug(t, elf);
	}
	add_plt(t, elf);
}

struct symtab *symtab_create(const struct module *m)
{
	struct symtab *t = mem_calloc(1, sizeof(*t));

	arena_init(&t->names);
	add_image(t, m);

	Elf *debug = t->full ? NULL : elf_open(module_borrow_debug_fd(m));

	if (debug != NULL) {
		keep_elf(t, debug);
		t->full = add_table(t, debug, SHT_SYMTAB);
	}
	build_index(t);
	return t;
}

void symtab_destroy(struct symtab *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->elf_count; i++)
		elf_end(t->elfs[i]);
	vec_deinit(&t->symbols);
	intervals_deinit(&t->index);
	arena_deinit(&t->names);
	free(t->unpacked);
	free(t);
}

const char *symtab_find(const struct symtab *t, uint64_t vaddr)
{
	const struct interval *found = intervals_find(&t->index, vaddr);

	return found ? t->symbols.v[found->value].name : NULL;
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
