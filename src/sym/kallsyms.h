/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_KALLSYMS_H
#define SONDE_SYM_KALLSYMS_H
/* The kernel's own symbol list: lines "address type name [module]", proc(5). */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kallsyms;

struct err *kallsyms_load(const char *path, struct kallsyms **ret);
/* The running kernel's, from what was kept of it if that is there: without modules then, see kallsyms_covers(). */
struct err *kallsyms_load_running(struct kallsyms **ret);
/* Can K answer for ADDR?  Else all of the list has to be loaded. */
bool kallsyms_covers(const struct kallsyms *k, uint64_t addr);
void kallsyms_destroy(struct kallsyms *k); /* NULL-safe */
/* All addresses read as zero: kptr_restrict hides them from this user. */
bool kallsyms_is_hidden(const struct kallsyms *k);
/* "do_fsync", or "nf_hook [nf_tables]" for a module's function; NULL: none there.
 * Valid while K lives. */
const char *kallsyms_find(const struct kallsyms *k, uint64_t addr);
/* The same, and where it begins. */
const char *kallsyms_find_start(const struct kallsyms *k, uint64_t addr, uint64_t *start);
/* Where NAME is, of whatever kind; 0: not in the list, or more than once. */
uint64_t kallsyms_addr(const struct kallsyms *k, const char *name);

#endif
