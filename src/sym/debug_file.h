/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_DEBUG_FILE_H
#define SONDE_SYM_DEBUG_FILE_H
/*
 * A file with DWARF, and the files that it needs: the common one that dwz made, and the
 * .dwo and .dwp files of split DWARF.  All mapped, sections decompressed and relocated.
 */
#include "base/io.h"
#include "base/map.h"
#include "format/dwarf.h"
#include "format/elf.h"
#include "sym/symbol_list.h"

#include <pthread.h>

enum { DEBUG_SECTIONS = 11 };

struct debug_file {
	struct io_map map; /* none over the caller's bytes */
	struct bytes image;
	bool loaded;
	char *path; /* "" when not known */
	struct elf_file elf;
	struct dwarf dwarf;
	struct elf_data data[DEBUG_SECTIONS];
	dwarf_ranges code;    /* where executable sections are, sorted; empty: not known */

	struct debug_file *alt; /* dwz */
	/* Split DWARF, opened when first asked for; under the lock. */
	pthread_mutex_t lock;
	bool looked_for_dwp;
	struct debug_file *dwp;
	struct strmap dwos;   /* path -> struct debug_file *, or 0 when it can't be had */
	bool have_symbols;
	struct symbol_list symbols;
	uint64_t missing;     /* companions that were asked for and not found */
};

/* Map it.  FD stays the caller's.  PATH (may be NULL) is where companions are looked for.
 * ERR_NOT_FOUND when the file has no DWARF. */
struct err *debug_file_open(int fd, const char *path, struct debug_file **ret);
/* The same over bytes that stay the caller's; companions are not looked for. */
struct err *debug_file_open_bytes(struct bytes image, struct debug_file **ret);
/* Decompress and relocate sections, open the dwz file: now f->dwarf can be used.  A second
 * call does nothing. */
struct err *debug_file_load(struct debug_file *f);
void debug_file_destroy(struct debug_file *f); /* NULL-safe */

/* The unit that SKELETON (loaded) stands for, ready for dwarf_unit_load(); false: its
 * file is missing.  Thread-safe. */
bool debug_file_split(struct debug_file *f, const struct dwarf_unit *skeleton, struct dwarf_unit *ret);

/* The symbol of the function that begins at ADDR; NULL: none.  Thread-safe. */
const char *debug_file_symbol(struct debug_file *f, uint64_t addr);
/* Bytes of the file and of what was decompressed. */
uint64_t debug_file_bytes(const struct debug_file *f);
/* Is it code?  True for all but 0 where that is not known. */
bool debug_file_is_code(const struct debug_file *f, uint64_t addr);
/* Tell the kernel that these bytes of the file will not be needed soon. */
void debug_file_forget(const struct debug_file *f, struct bytes b);

#endif
