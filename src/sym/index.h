/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_INDEX_H
#define SONDE_SYM_INDEX_H
/*
 * Answers from one file's DWARF: from the index in the cache when there is one; else for
 * a few addresses straight from the units that hold them; and when many are asked for, an
 * index is made first, and kept.
 *
 * The cache is ${XDG_CACHE_HOME:-~/.cache}/sonde/index/, one file a build-id; it can be
 * deleted at any time.
 */
#include "base/str.h"
#include "sym/unit_reader.h"

#include <stdbool.h>

struct sym_index;

struct sym_index_options {
	bool no_cache;         /* neither read nor write it */
	bool direct;           /* ask the units themselves always: for what an index leaves out */
	bool build;            /* make the index now, however few addresses come */
	unsigned thread_count; /* 0: one a CPU */
	/* Called now and then while an index is made; may be NULL. */
	void (*progress)(void *user, uint64_t done, uint64_t total);
	void *user;
};

/* FD stays the caller's; PATH (may be NULL) is where .dwo, .dwp and dwz files are looked for.
 * ERR_NOT_FOUND when the file has no DWARF, ERR_FORMAT when it is broken. */
struct err *sym_index_open(int fd, const char *path, const struct sym_index_options *options,
			   struct sym_index **ret);
void sym_index_destroy(struct sym_index *ix); /* NULL-safe */

/* What is at ADDR (as ELF and DWARF write addresses).  Texts live as long as IX and A. */
struct err *sym_index_find(struct sym_index *ix, uint64_t addr, struct arena *a,
			   struct index_chain *ret);
/* COUNT addresses will be asked for: make the index first when they are worth it. */
struct err *sym_index_expect(struct sym_index *ix, size_t count);
/* The same for many, in threads; CHAINS[i] is that of ADDRS[i].  ARENAS has room for
 * SYM_INDEX_THREADS_MAX; each is initialised, and the caller's to end. */
enum { SYM_INDEX_THREADS_MAX = 16 };
struct err *sym_index_find_many(struct sym_index *ix, const uint64_t *addrs, size_t count,
				struct arena *arenas, struct index_chain *chains);

/* Append a path, from the last absolute part on, or its last part alone; false: it is not known. */
bool index_add_path(const struct dwarf_path *path, bool basename_only, struct str *text);

/* The ELF file, for its sections and symbols. */
const struct elf_file *sym_index_borrow_elf(const struct sym_index *ix);

#endif
