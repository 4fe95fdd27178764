/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A kernel is not where vmlinux says (KASLR): it was moved as a whole, by as much as one of its symbols was.  Where that
 * one was is known from the list of its symbols, or from who recorded it (perf.data has the address of _text).
 *
 * A module's sections lie where there was room.  With a list an address in it is told by its function, whose name has to be
 * the only such one.  Without one, by where the module's code began: the kernel puts the sections with code there in the
 * order of the file, each as it is aligned (layout_sections() in kernel/module/main.c); those that are only for its
 * start lie elsewhere, and are gone.
 */
#include "sym/kernel_debug.h"

#include "base/io.h"
#include "base/mem.h"
#include "format/elf.h"
#include "sym/dwarf.h"
#include "sym/kallsyms.h"
#include "sym/symbol_list.h"
#include "sym/symtab.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

struct kernel_debug {
	const struct module *module;
	struct dwarf_info *dwarf; /* NULL: none */
	struct io_map map;
	struct elf_file elf;
	bool has_elf;
	struct symbol_list symbols;
	struct symtab *functions; /* made when asked for */
	bool has_slide;
	uint64_t slide;           /* running address - ELF address, of the kernel itself */
};

static const struct listed_symbol *only_symbol(const struct symbol_list *l, const char *name, size_t length)
{
	const struct listed_symbol *found = NULL;

	for (size_t i = 0; i < l->symbols.n; i++) {
		if (strncmp(l->symbols.v[i].name, name, length) != 0 || l->symbols.v[i].name[length] != '\0')
			continue;
		if (found != NULL)
			return NULL;
		found = &l->symbols.v[i];
	}
	return found;
}

static void find_slide(struct kernel_debug *d, const struct kernel_elsewhere *elsewhere, const struct kallsyms *list)
{
	bool moved = elsewhere != NULL && elsewhere->symbol_addr != 0;
	const char *name = moved ? elsewhere->symbol : "_text";
	uint64_t running = moved ? elsewhere->symbol_addr : list ? kallsyms_addr(list, name) : 0;
	const struct listed_symbol *symbol = only_symbol(&d->symbols, name, strlen(name));

	d->has_slide = running != 0 && symbol != NULL;
	if (d->has_slide)
		d->slide = running - symbol->addr;
	/* Recorded by something that didn't know of moved kernels. */
	else if (elsewhere != NULL && elsewhere->symbol_addr == 0)
		d->has_slide = true;
}

struct kernel_debug *kernel_debug_create(const struct symbolizer_options *options, struct module *m,
					 const struct kallsyms *list)
{
	struct kernel_debug *d = mem_calloc(1, sizeof(*d));
	bool lines = !options->no_lines || !options->no_inlines;
	struct err *err;
	int fd;

	d->module = m;
	if (!lines && options->elsewhere == NULL)
		return d;
	if (module_borrow_debug_fd(m) < 0)
		module_ask_debuginfod(m, options->debuginfod);
	fd = module_borrow_debug_fd(m) >= 0 ? module_borrow_debug_fd(m) : module_borrow_fd(m);
	d->dwarf = fd >= 0 && lines ? dwarf_info_create(m, options) : NULL;
	if (fd < 0 || (d->dwarf == NULL && options->elsewhere == NULL))
		return d;
	err = io_map_fd(fd, "the debug file", &d->map);
	if (err == NULL)
		err = elf_init(&d->elf, (struct bytes){ d->map.data, d->map.size_bytes });
	d->has_elf = err == NULL;
	if (err == NULL) {
		elf_place_sections(&d->elf);
		symbol_list_add(&d->symbols, &d->elf);
		symbol_list_sort(&d->symbols);
	}
	err_destroy(err);
	if (d->has_elf && module_borrow_kind(m) == MODULE_KERNEL)
		find_slide(d, options->elsewhere, list);
	return d;
}

void kernel_debug_destroy(struct kernel_debug *d)
{
	if (d == NULL)
		return;
	dwarf_info_destroy(d->dwarf);
	symtab_destroy(d->functions);
	symbol_list_deinit(&d->symbols);
	elf_deinit(&d->elf);
	io_map_deinit(&d->map);
	free(d);
}

/* The ELF address of what lay INTO bytes behind the beginning of a module's code. */
static bool find_in_sections(const struct elf_file *f, uint64_t into, uint64_t *vaddr)
{
	uint64_t at = 0;

	for (size_t i = 1; i < f->section_count; i++) {
		const struct elf_section *s = &f->sections[i];
		uint64_t align = s->align ? s->align : 1;

		if ((s->flags & (SHF_ALLOC | SHF_EXECINSTR)) != (SHF_ALLOC | SHF_EXECINSTR) ||
		    strncmp(s->name, ".init", 5) == 0 || (align & (align - 1)) != 0)
			continue;
		at = (at + align - 1) & ~(align - 1);
		if (into < at)
			return false;
		if (into - at < s->size_bytes) {
			*vaddr = s->addr + (into - at);
			return true;
		}
		at += s->size_bytes;
	}
	return false;
}

bool kernel_debug_addr(struct kernel_debug *d, uint64_t addr, const char *name, uint64_t start, uint64_t *vaddr)
{
	uint64_t load_addr = module_load_addr(d->module);
	const struct listed_symbol *s;

	if (!d->has_elf)
		return false;
	if (d->has_slide) {
		*vaddr = addr - d->slide;
		return true;
	}
	if (load_addr != 0)
		return addr >= load_addr && find_in_sections(&d->elf, addr - load_addr, vaddr);
	/* "function [module]" */
	s = name != NULL && strchr(name, ' ') ? only_symbol(&d->symbols, name, strcspn(name, " ")) : NULL;
	if (s == NULL || (s->size_bytes > 0 && addr - start >= s->size_bytes))
		return false;
	*vaddr = s->addr + (addr - start);
	return true;
}

const char *kernel_debug_name(struct kernel_debug *d, uint64_t vaddr)
{
	if (d->functions == NULL)
		d->functions = symtab_create(d->module);
	return symtab_find(d->functions, vaddr);
}

struct dwarf_info *kernel_debug_borrow_dwarf(const struct kernel_debug *d) { return d->dwarf; }
bool kernel_debug_has_file(const struct kernel_debug *d) { return d->has_elf; }
