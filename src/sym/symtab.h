/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_SYMTAB_H
#define SONDE_SYM_SYMTAB_H
/* The functions in the symbol tables of one module, by address. */
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct module;
struct symtab;

/* Reads .symtab, .dynsym, .gnu_debugdata and PLT stubs of the image and of its debug
 * file.  Never fails for what is in the files: what can't be read has no symbols. */
struct symtab *symtab_create(const struct module *m);
void symtab_destroy(struct symtab *t); /* NULL-safe */

/* The mangled name of the function at this ELF address, without a symbol version; NULL:
 * no symbol covers it.  Valid while T lives. */
const char *symtab_find(const struct symtab *t, uint64_t vaddr);
/* Where that function begins, an ELF address; 0: no symbol covers VADDR. */
uint64_t symtab_start(const struct symtab *t, uint64_t vaddr);
/* Is NAME (mangled) another name of that function? */
bool symtab_is_alias(const struct symtab *t, uint64_t vaddr, const char *name);
/* False: only exported functions are known, the rest was stripped. */
bool symtab_is_full(const struct symtab *t);
bool symtab_is_empty(const struct symtab *t);

#endif
