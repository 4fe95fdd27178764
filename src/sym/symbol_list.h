/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_SYMBOL_LIST_H
#define SONDE_SYM_SYMBOL_LIST_H
/*
 * The symbols of an ELF file by address and by name, data too: for looking things up in a
 * file, where symtab.h is for naming code in a profile.
 */
#include "base/vec.h"
#include "format/elf.h"

struct listed_symbol {
	uint64_t addr, size_bytes;
	const char *name;   /* lives as long as the file's bytes */
	const char *file;   /* the source file that the symbol table has it below, NULL: not known */
	uint32_t section;
	uint32_t order;     /* in the file */
	uint8_t type, bind;
};
struct symbol_list {
	VEC(struct listed_symbol) symbols; /* by addr */
	VEC(uint64_t) ends;                /* [i]: the furthest end of symbols[0 .. i] */
};
/* Append those of F's .symtab, or .dynsym where that is all there is. */
void symbol_list_add(struct symbol_list *l, const struct elf_file *f);
/* The same, only those that PICK wants by name: LEFT bytes are there from NAME on, which need not have an end. */
typedef bool symbol_list_pick_fn(void *user, const char *name, size_t left);
void symbol_list_add_some(struct symbol_list *l, const struct elf_file *f, symbol_list_pick_fn *pick, void *user);
/* Where each symbol is that symbol_list_add() would append, in the order of the file. */
typedef void symbol_list_address_fn(void *user, uint64_t addr);
void symbol_list_each_address(const struct elf_file *f, symbol_list_address_fn *callback, void *user);
void symbol_list_sort(struct symbol_list *l);
void symbol_list_deinit(struct symbol_list *l);

/* The symbol that covers ADDR: the one that begins last, a sized one before one that has no
 * size and only begins before ADDR; NULL: none. */
const struct listed_symbol *symbol_list_at(const struct symbol_list *l, uint64_t addr);
/* The same, a sized global one before local ones inside of it, as elfutils has it. */
const struct listed_symbol *symbol_list_at_global(const struct symbol_list *l, uint64_t addr);
/* Of all that begin where S does the one that GNU's tools take: a function, the smallest, the first in the file. */
const struct listed_symbol *symbol_list_first_alias(const struct symbol_list *l, const struct listed_symbol *s);
const struct listed_symbol *symbol_list_named(const struct symbol_list *l, const char *name);

#endif
