/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_LOOKUP_H
#define SONDE_SESSION_LOOKUP_H
/*
 * Addresses of one file, without a process or a recording: what `sonde addr2line` asks.
 * Addresses are as the ELF file writes them.  In a relocatable file, where all sections
 * begin at 0, each gets a place of its own in the order of the file (as elfutils does).
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "module/module.h"
#include "session/lookup_space.h"
#include "sym/index_frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lookup;

struct lookup_options {
	bool no_cache, build_index;
	bool direct; /* no index: only the units have the flags of rows */
	bool gnu_symbols; /* of symbols at one address the one that GNU's addr2line takes, and its file by the symbol table */
	unsigned thread_count; /* 0: one a CPU */
	enum debuginfod_when debuginfod;
	void (*progress)(void *user, uint64_t done, uint64_t total); /* may be NULL */
	void *user;
};
/* For --debuginfod=WHEN. */
enum debuginfod_when lookup_debuginfod_when(const char *choice); /* NULL: auto */

/* Open FILE, and its separate debug file where there is one. */
struct err *lookup_open(const char *file, const struct lookup_options *options, struct lookup **ret);
/* As if SONDE_DEBUG_PATH were PATH (module/debug_path.h): for all that is opened from now on, in this process
 * and what it starts.  Before there are threads. */
void lookup_set_debug_path(const char *path);

/* The vmlinux of RELEASE (NULL: of the running kernel), where distributions put it. */
struct err *lookup_open_kernel(const char *release, const struct lookup_options *options, struct lookup **ret);
/* Addresses of a whole process, core or kernel instead of a file's (lookup_space.h): only
 * lookup_find() and what it needs work then, names are not addresses. */
struct err *lookup_open_space(enum lookup_space_kind kind, const char *what, enum debuginfod_when debuginfod,
			      struct lookup **ret);
void lookup_destroy(struct lookup *l); /* NULL-safe */

/* COUNT addresses in all will be asked for, in pieces: so many may be worth an index first. */
struct err *lookup_expect(struct lookup *l, size_t count);
/* ANSWERS[i] is for ADDRS[i], count 0: nothing is known about it; valid until lookup_clear() or lookup_destroy(). */
struct err *lookup_find(struct lookup *l, const uint64_t *addrs, size_t count,
			struct index_chain *answers);
/* File, line and inlined calls of one address, from DWARF alone: symbols are not read to name what DWARF doesn't know. */
struct err *lookup_find_line(struct lookup *l, uint64_t addr, struct index_chain *answer);
void lookup_clear(struct lookup *l);
/* Append the path, from the last absolute part on, or its last part alone; false: it is not
 * known. */
bool lookup_add_path(const struct index_frame *f, bool basename_only, struct str *text);
/* The same function always has the same pointer.  Thread-safe, as lookup_symbol() and
 * lookup_add_path() are between two calls of others. */
const char *lookup_demangle(struct lookup *l, const char *name);

/* The address of "symbol", "symbol+0x12", "(.text)+0x12"; ERR_NOT_FOUND. */
struct err *lookup_address(struct lookup *l, const char *expression, uint64_t *addr);
/* Where the function NAME begins that is SIZE bytes long as the kernel counts ("name+0x1/SIZE": up
 * to the next symbol); with several of that name the size chooses.  *known is its size, 0: not known.  ERR_NOT_FOUND: no such
 * symbol; ERR_FORMAT: none of them has that size, *known is what it would be here. */
struct err *lookup_function(struct lookup *l, const char *name, uint64_t size_bytes, uint64_t *addr, uint64_t *known);
/* lookup_function() will be asked for NAME, and perhaps for NAMES: if NAME wasn't asked for before, all are looked for
 * in one pass over the symbol table. */
void lookup_expect_functions(struct lookup *l, const char *name, const char *const *names, size_t count);
/* Where section NAME begins. */
struct err *lookup_section(struct lookup *l, const char *name, uint64_t *addr);
/* The symbol at ADDR, global ones first, and how far into it; NULL: none.  *section is the name of the section
 * that holds ADDR (NULL: none), *section_offset how far into that. */
const char *lookup_symbol(struct lookup *l, uint64_t addr, uint64_t *offset, const char **section,
			  uint64_t *section_offset);
unsigned lookup_address_digits(const struct lookup *l); /* 8 or 16 */
/* One sentence when something was not there ("no debug information ..."); else NULL. */
const char *lookup_borrow_note(const struct lookup *l);

#endif
