/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_KERNEL_DEBUG_H
#define SONDE_SYM_KERNEL_DEBUG_H
/* The file with symbols and lines of a kernel (vmlinux) or of a kernel module (NAME.ko), and where it ran. */
#include "sym/sym.h"

struct dwarf_info;
struct kallsyms;
struct kernel_debug;

/* M is the kernel or a module of it; LIST its symbols as it ran, NULL: there is none.  Never fails: where there is no
 * file nothing is known.  OPTIONS, M and LIST have to live as long. */
struct kernel_debug *kernel_debug_create(const struct symbolizer_options *options, struct module *m,
					 const struct kallsyms *list);
void kernel_debug_destroy(struct kernel_debug *d); /* NULL-safe */

/* The ELF address of the running address ADDR, which lies in the function NAME ("function [module]", NULL: not known) that
 * begins at START; false: it cannot be told. */
bool kernel_debug_addr(struct kernel_debug *d, uint64_t addr, const char *name, uint64_t start, uint64_t *vaddr);
/* The function at an ELF address, mangled; NULL: none.  Valid while D lives. */
const char *kernel_debug_name(struct kernel_debug *d, uint64_t vaddr);
struct dwarf_info *kernel_debug_borrow_dwarf(const struct kernel_debug *d); /* NULL: none */
/* Is there any file? */
bool kernel_debug_has_file(const struct kernel_debug *d);

#endif
