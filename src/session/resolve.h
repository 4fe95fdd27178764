/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_RESOLVE_H
#define SONDE_SESSION_RESOLVE_H
/*
 * Give names to the frames of a recording that ends, on the machine that has the files.
 *
 * How inlined calls are written down.  The stacks refer to one frame row an address, X.
 * Where the compiler inlined calls there, X becomes the innermost of them, and each row
 * names in `outer` the one that it is inlined into:
 *
 *   X   inlined 1  outer Y   innermost inlined call; file:line is the address itself
 *   Y   inlined 1  outer Z   new row; file:line is where the call before it stands
 *   Z   inlined 0  outer 0   new row; the function that holds the code
 *
 * Without inlining X itself has inlined 0 and outer 0.  All rows of a chain have the
 * module, offset, kind and exact of X.  So to walk a stack: for each stack node, follow
 * frame, then frame.outer until it is 0, then go to the parent node.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct recorder;
struct track;

struct resolve_totals {
	uint64_t frames, resolved, inlined_added;
};
/* For each `frame` row without a function: symbolize it, put the row again with its
 * names, and rows for the functions around it (linked by `outer`, see above).  Modules
 * that give no names get a `note`; those without a build-id get that of their file. */
struct err *resolve_frames(struct recorder *r, const struct track *t, struct resolve_totals *totals);

/* The same of what ran elsewhere: kernel addresses are those of KERNEL. */
struct import_kernel;
struct resolve_kernel {
	const struct import_kernel *kernel;
	bool is_local;        /* the processes were this machine's */
	const char *vmlinux;  /* the file that the user named; NULL: to be looked for by build-id */
	const char *kallsyms; /* a list of its symbols (a copy of /proc/kallsyms, System.map); NULL: none */
};
/* ERR_FORMAT when VMLINUX is another build's, or KALLSYMS no list of a kernel. */
struct err *resolve_imported(struct recorder *r, const struct track *t, const struct resolve_kernel *kernel,
			     struct resolve_totals *totals);

#endif
