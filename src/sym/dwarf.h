/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_DWARF_H
#define SONDE_SYM_DWARF_H
/* Functions, inlined calls and source lines of one module, from its DWARF. */
#include "sym/sym.h"

struct module;
struct dwarf_info;

/* NULL when the module and its debug file have no DWARF that can be read. */
struct dwarf_info *dwarf_info_create(const struct module *m, const struct symbolizer_options *options);
void dwarf_info_destroy(struct dwarf_info *d); /* NULL-safe */

/* The chain at an ELF address.  The last frame's function is FALLBACK (may be NULL) where
 * DWARF has lines but no function, as for assembler.  Count 0: not in this DWARF.
 * *mangled is the last frame's name as DWARF writes it, or NULL. */
void dwarf_info_find(struct dwarf_info *d, uint64_t vaddr, const char *fallback, struct arena *a,
		     struct sym_chain *ret, const char **mangled);

#endif
