/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file is mapped, and with it its separate debug file, which has the symbols that were
 * stripped from it.  What the symbol list does not know, PLT stubs, symtab.h does.
 */
#include "sym/code.h"

#include "base/arena.h"
#include "base/io.h"
#include "base/mem.h"
#include "format/elf.h"
#include "module/module.h"
#include "sym/sym.h"
#include "sym/symbol_list.h"
#include "sym/symtab.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct code_file {
	struct bytes image;
	struct elf_file elf;
	struct elf_data minidebug;
};

struct code_relocation {
	uint64_t addr;
	int64_t addend;
	uint32_t symbol, type;
	size_t table; /* section of the symbols */
};

struct code {
	const struct module *module;
	bool have_relocations;
	VEC(struct code_relocation) relocations; /* by addr; of a relocatable file's code */
	struct code_file file, debug, mini;
	struct symbol_list symbols;
	struct symtab *symtab; /* made when first needed */
};

static struct err *map_fd(int fd, struct code_file *f)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || st.st_size <= 0)
		return err_errno(errno ? errno : ENODATA, "cannot read the program's file");

	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (p == MAP_FAILED)
		return err_errno(errno, "cannot map the program's file");
	f->image = (struct bytes){ p, (size_t)st.st_size };
	TRY(elf_init(&f->elf, f->image));
	elf_place_sections(&f->elf);
	return NULL;
}

static void file_deinit(struct code_file *f)
{
	elf_deinit(&f->elf);
	elf_data_deinit(&f->minidebug);
	if (f->image.data)
		munmap((void *)f->image.data, f->image.size_bytes);
}

static bool has_symtab(const struct elf_file *f)
{
	for (size_t i = 1; i < f->section_count; i++)
		if (f->sections[i].type == SHT_SYMTAB)
			return true;
	return false;
}

/* Those that were stripped are in the debug file, or in .gnu_debugdata. */
static void load_symbols(struct code *c)
{
	int fd = module_borrow_debug_fd(c->module);

	symbol_list_add(&c->symbols, &c->file.elf);
	if (!has_symtab(&c->file.elf)) {
		struct err *err = fd >= 0 ? map_fd(fd, &c->debug) : NULL;

		if (fd >= 0 && !err)
			symbol_list_add(&c->symbols, &c->debug.elf);
		err_destroy(err);
		err = elf_minidebug(&c->file.elf, &c->mini.minidebug);
		if (!err)
			err = elf_init(&c->mini.elf, c->mini.minidebug.bytes);
		if (!err)
			symbol_list_add(&c->symbols, &c->mini.elf);
		err_destroy(err);
	}
	symbol_list_sort(&c->symbols);
}

struct err *code_open(const struct module *m, struct code **ret)
{
	int fd = module_borrow_fd(m);
	const char *note = module_borrow_note(m);
	struct code *c;
	struct err *err;

	if (fd < 0)
		return err_new(ERR_NOT_FOUND, "%s", note ? note : "its file is not here");
	c = mem_calloc(1, sizeof(*c));
	c->module = m;
	err = map_fd(fd, &c->file);
	if (err) {
		code_destroy(c);
		return err;
	}
	load_symbols(c);
	*ret = c;
	return NULL;
}

void code_destroy(struct code *c)
{
	if (!c)
		return;
	symtab_destroy(c->symtab);
	vec_deinit(&c->relocations);
	symbol_list_deinit(&c->symbols);
	file_deinit(&c->mini);
	file_deinit(&c->debug);
	file_deinit(&c->file);
	free(c);
}

uint16_t code_machine(const struct code *c) { return c->file.elf.machine; }

bool code_is_64(const struct code *c) { return c->file.elf.is_64; }

bool code_big_endian(const struct code *c) { return c->file.elf.big_endian; }

/* --- ranges --------------------------------------------------------------------------------- */

/* The executable section that holds ADDR; 0: none. */
static size_t section_at(const struct code *c, uint64_t addr)
{
	for (size_t i = 1; i < c->file.elf.section_count; i++) {
		const struct elf_section *s = &c->file.elf.sections[i];

		if ((s->flags & SHF_ALLOC) && (s->flags & SHF_EXECINSTR) && s->type != SHT_NOBITS &&
		    addr >= s->addr && addr - s->addr < s->size_bytes)
			return i;
	}
	return 0;
}

/* Of SIZE bytes at OFFSET of the file, those that it has. */
static const uint8_t *bytes_at(const struct code *c, uint64_t offset, uint64_t size_bytes,
			       uint64_t *ret)
{
	const struct bytes *b = &c->file.image;

	if (offset >= b->size_bytes)
		return NULL;
	*ret = size_bytes < b->size_bytes - offset ? size_bytes : b->size_bytes - offset;
	return b->data + offset;
}

const uint8_t *code_bytes(const struct code *c, uint64_t addr, uint64_t *size_bytes)
{
	const struct elf_file *f = &c->file.elf;
	size_t section = section_at(c, addr);

	*size_bytes = 0;
	if (section) {
		const struct elf_section *s = &f->sections[section];

		return bytes_at(c, s->offset + (addr - s->addr), s->size_bytes - (addr - s->addr),
				size_bytes);
	}
	for (size_t i = 0; i < f->segment_count; i++) {
		const struct elf_load *l = &f->segments[i];

		if (l->type == PT_LOAD && (l->flags & PF_X) && addr >= l->vaddr &&
		    addr - l->vaddr < l->file_bytes)
			return bytes_at(c, l->offset + (addr - l->vaddr),
					l->file_bytes - (addr - l->vaddr), size_bytes);
	}
	return NULL;
}

/* Where the first symbol behind ADDR begins, UINT64_MAX: nowhere. */
static uint64_t next_symbol(const struct code *c, uint64_t addr)
{
	size_t low = vec_not_above(&c->symbols.symbols, addr, addr);

	return low < c->symbols.symbols.n ? c->symbols.symbols.v[low].addr : UINT64_MAX;
}

static bool range_of(struct code *c, const struct listed_symbol *s, uint64_t addr, struct code_range *ret)
{
	size_t section = s ? section_at(c, s->addr) : 0;
	uint64_t left, end;

	if (!s || !code_bytes(c, s->addr, &left) || addr - s->addr >= left)
		return false;
	end = s->addr + s->size_bytes;
	if (s->size_bytes == 0)
		end = next_symbol(c, addr);
	if (end <= addr || end - s->addr > left)
		end = s->addr + left;
	*ret = (struct code_range){ s->name, s->addr, end - s->addr, section ? c->file.elf.sections[section].name : "",
				    section ? c->file.elf.sections[section].addr : 0 };
	return true;
}

bool code_function_at(struct code *c, uint64_t addr, struct code_range *ret)
{
	return range_of(c, symbol_list_at(&c->symbols, addr), addr, ret);
}

bool code_function_named(struct code *c, const char *name, size_t index, struct code_range *ret)
{
	for (size_t i = 0; i < c->symbols.symbols.n; i++) {
		const struct listed_symbol *s = &c->symbols.symbols.v[i];

		if (strcmp(s->name, name) == 0 && range_of(c, s, s->addr, ret) && index-- == 0)
			return true;
	}
	return false;
}

/* Behind template arguments, where there are any. */
static const char *skip_arguments(const char *p)
{
	int depth = 0;

	if (*p != '<')
		return p;
	do
		depth += (*p == '<') - (*p == '>');
	while (*p++ != '\0' && depth > 0 && *p != '\0');
	return p;
}

/* Does a demangled name say NAME where its function is named, not among template arguments, parameters or what it returns? */
static bool names_function(const char *demangled, const char *name)
{
	static const char anonymous[] = "(anonymous namespace)";
	size_t length = strlen(name);
	int depth = 0;

	for (const char *p = demangled; *p != '\0'; p++) {
		bool starts = p == demangled || p[-1] == ' ' || p[-1] == ':';

		if (depth == 0 && starts && strncmp(p, name, length) == 0) {
			const char *behind = skip_arguments(p + length);

			if (*behind == '\0' || *behind == '(')
				return true;
		}
		if (strncmp(p, anonymous, sizeof(anonymous) - 1) == 0)
			p += sizeof(anonymous) - 2;
		else if (*p == '(' && depth == 0)
			return false;
		else
			depth += (*p == '<') - (*p == '>' && depth > 0);
	}
	return false;
}

bool code_function_in_source(struct code *c, const char *name, size_t index, struct code_range *ret)
{
	uint64_t before = UINT64_MAX;
	bool found = false;
	struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < c->symbols.symbols.n && !found; i++) {
		const struct listed_symbol *s = &c->symbols.symbols.v[i];

		if (s->type != STT_FUNC || s->addr == before || !names_function(sym_demangle(s->name, &a), name) ||
		    !range_of(c, s, s->addr, ret))
			continue;
		before = s->addr;
		found = index-- == 0;
		arena_deinit(&a);
	}
	arena_deinit(&a);
	return found;
}

/* --- relocations ------------------------------------------------------------------------------ */

static int relocation_compare(const void *a, const void *b)
{
	const struct code_relocation *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

/* Elf64_Rela: what the machines have whose objects and modules are looked at. */
static void read_relocations(struct code *c)
{
	const struct elf_file *f = &c->file.elf;

	c->have_relocations = true;
	for (size_t i = 1; f->type == ET_REL && f->is_64 && i < f->section_count; i++) {
		const struct elf_section *s = &f->sections[i];
		struct cursor in = cursor_of(elf_raw(f, i), f->big_endian);

		if (s->type != SHT_RELA || s->info >= f->section_count || !(f->sections[s->info].flags & SHF_EXECINSTR))
			continue;
		/* Each has bytes of its own: sections that share them are no reason for more. */
		while (cursor_left(&in) >= sizeof(Elf64_Rela) &&
		       c->relocations.n < f->image.size_bytes / sizeof(Elf64_Rela)) {
			uint64_t at = cursor_u64(&in), info = cursor_u64(&in);
			int64_t addend = (int64_t)cursor_u64(&in);

			vec_push(&c->relocations, ((struct code_relocation){ f->sections[s->info].addr + at, addend,
									      ELF64_R_SYM(info), ELF64_R_TYPE(info), s->link }));
		}
	}
	vec_sort(&c->relocations, relocation_compare);
}

static bool is_pc_relative(uint16_t machine, uint32_t type)
{
	return machine == EM_X86_64 && (type == R_X86_64_PC32 || type == R_X86_64_PLT32 || type == R_X86_64_PC8 ||
					type == R_X86_64_GOTPCREL || type == R_X86_64_GOTPCRELX || type == R_X86_64_REX_GOTPCRELX);
}

/* Static functions are meant by where they are in their section. */
static const char *in_section(const struct code *c, uint32_t section, int64_t *offset)
{
	const struct elf_section *s = &c->file.elf.sections[section];
	uint64_t addr = s->addr + (uint64_t)*offset;
	const struct listed_symbol *found = *offset >= 0 && (s->flags & SHF_ALLOC) ? symbol_list_at(&c->symbols, addr) : NULL;

	if (found == NULL || found->section != section)
		return s->name;
	*offset = (int64_t)(addr - found->addr);
	return found->name;
}

const char *code_relocation(struct code *c, uint64_t addr, uint64_t size_bytes, int64_t *offset)
{
	const struct elf_file *f = &c->file.elf;
	struct elf_symbol symbol;
	size_t low;

	if (!c->have_relocations)
		read_relocations(c);
	low = vec_below(&c->relocations, addr, addr);
	if (low == c->relocations.n || c->relocations.v[low].addr - addr >= size_bytes)
		return NULL;

	const struct code_relocation *r = &c->relocations.v[low];
	struct elf_symbols symbols = elf_symbols(f, r->table);

	if (!elf_symbol_get(&symbols, r->symbol, &symbol))
		return NULL;
	*offset = r->addend + (is_pc_relative(f->machine, r->type) ? (int64_t)(addr + size_bytes - r->addr) : 0);
	if (symbol.name[0] == '\0' && symbol.type == STT_SECTION && symbol.section < f->section_count)
		return in_section(c, symbol.section, offset);
	return symbol.name[0] != '\0' ? symbol.name : NULL;
}

const char *code_symbol(struct code *c, uint64_t addr, uint64_t *offset)
{
	const struct listed_symbol *s = symbol_list_at(&c->symbols, addr);

	*offset = 0;
	if (s && (s->size_bytes || s->addr == addr)) {
		*offset = addr - s->addr;
		return s->name;
	}
	if (!c->symtab)
		c->symtab = symtab_create(c->module);
	return symtab_find(c->symtab, addr);
}
