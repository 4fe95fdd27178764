/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_SYM_H
#define SONDE_SYM_SYM_H
/*
 * Addresses <-> names.  A symbolizer asks a chain of finders (DWARF and ELF symbol
 * tables, kallsyms, perf maps); each answers or passes on.  To add one: one file with
 * a `struct sym_finder_ops` and one line in finders.c (docs/HOWTO_ADD_TARGET_FINDER.md).
 */
#include "base/arena.h"
#include "base/err.h"
#include "module/module.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbolizer;

/* One function at an address.  Text lives in the arena that was passed in. */
struct sym_frame {
	const char *function; /* demangled (unless raw_names); NULL: not known */
	const char *file;     /* NULL: not known */
	uint32_t line, column; /* 0: not known */
	bool inlined;         /* this call was inlined into the next frame */
	/* function stands for one without a name, by where it begins: "[cc1+0x401230]", the
	 * file and the ELF address (sonde elf --disasm takes it).  `why` says why. */
	bool nameless;
};
/* Innermost first: inlined calls, then the function that holds the code. */
struct sym_chain {
	struct sym_frame *frames;
	size_t count;         /* 0: not resolved */
	const char *why;      /* when count is 0, or the outer frame is nameless: "no symbols", ...; static or in the arena */
	uint64_t start;       /* where the outer function's symbol begins, an ELF address; 0: not known */
};

/* A kernel that isn't the running one as it runs now: that of another machine or boot. */
struct kernel_elsewhere {
	const char *symbol;   /* "_text" or "_stext"; "": not known */
	uint64_t symbol_addr; /* where that was when it ran; 0: not known, it was where its file says */
};

struct symbolizer_options {
	bool no_inlines;  /* functions only */
	bool no_lines;    /* no file:line */
	bool raw_names;   /* not demangled */
	const char *kallsyms; /* the kernel's symbols; NULL: /proc/kallsyms */
	const struct kernel_elsewhere *elsewhere; /* kernel addresses are this one's; NULL: the running one's */
	enum debuginfod_when debuginfod; /* for what is not on this machine */
};
struct err *symbolizer_create(const struct symbolizer_options *options, struct symbolizer **ret);
void symbolizer_destroy(struct symbolizer *s);

/* OFFSET: file offset in the module; the address itself for the kernel and for JIT
 * memory (then PID names the process).  For a return address pass offset - 1.
 * Errors are for us (no memory); "not found" is an empty chain with `why`. */
struct err *symbolize(struct symbolizer *s, struct module *m, int pid, uint64_t offset,
		      struct arena *a, struct sym_chain *ret);

/* M is about to end: drop what was kept for it. */
void symbolizer_forget(struct symbolizer *s, const struct module *m);

/* Demangle C++, Rust and D; returns NAME itself when it is none of them. */
const char *sym_demangle(const char *name, struct arena *a);

/* --- what a finder implements ------------------------------------------------------ */
struct sym_finder_ops {
	const char *name; /* "elf", "kallsyms", "perf-map" */
	struct err *(*create)(const struct symbolizer_options *options, void **ret);
	/* Fill *ret, or leave count 0 (with `why`, if it has something to say) to pass on. */
	struct err *(*find)(void *self, struct module *m, int pid, uint64_t offset,
			    struct arena *a, struct sym_chain *ret);
	/* A module ends; may be NULL when nothing is kept for modules. */
	void (*forget)(void *self, const struct module *m);
	void (*destroy)(void *self);
};
extern const struct sym_finder_ops *const sym_finder_table[]; /* ended by NULL; asked in order */

#endif
