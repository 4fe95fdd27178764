/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_SYMBOL_PICK_H
#define SONDE_SYM_SYMBOL_PICK_H
/*
 * The symbols of a few names out of large tables.  symbol_list.h sorts all symbols by address, which takes
 * tens of milliseconds for a kernel; a report asks for a hundred names, and one pass over the table finds these.
 *
 *   symbol_pick_want(p, "vfs_read"); ...             (all that are known to be needed: each pass costs)
 *   count = symbol_pick_named(p, "vfs_read", &first);
 *   symbol_pick_get(p, first), ... symbol_pick_get(p, first + count - 1)
 */
#include "format/elf.h"
#include "sym/symbol_list.h"

struct symbol_pick;

struct symbol_pick *symbol_pick_create(void);
void symbol_pick_destroy(struct symbol_pick *p); /* NULL-safe */
/* F must live as long.  At most SYMBOL_PICK_FILES_MAX; before the first symbol_pick_named(). */
enum { SYMBOL_PICK_FILES_MAX = 2 };
void symbol_pick_add_file(struct symbol_pick *p, const struct elf_file *f);

/* The next pass looks for NAME too.  False: it was asked for before. */
bool symbol_pick_want(struct symbol_pick *p, const char *name);
/* How many symbols are called NAME, which need not have been wanted before: *first and those that follow, in the order
 * of a symbol_list.  Valid until the next pass. */
size_t symbol_pick_named(struct symbol_pick *p, const char *name, size_t *first);
const struct listed_symbol *symbol_pick_get(const struct symbol_pick *p, size_t index);
/* Bytes from that symbol to the next one behind it, whatever its name, as kallsyms counts; its own size where none
 * follows.  The first question after a pass costs a pass over the tables. */
uint64_t symbol_pick_room(struct symbol_pick *p, size_t index);

#endif
