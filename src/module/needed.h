/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_MODULE_NEEDED_H
#define SONDE_MODULE_NEEDED_H
/*
 * Which libraries a program would be loaded with, found as ld.so finds them, without running
 * anything (ldd runs the program's loader): DT_NEEDED in breadth-first order; RPATH,
 * LD_LIBRARY_PATH, RUNPATH with $ORIGIN and $LIB, ld.so.cache, the default directories.  Only
 * files for the program's own machine count.
 * ld.so(8).  Left out: variants for newer CPUs (glibc-hwcaps), which are the same library.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"

#include <stdint.h>

struct needed_library {
	const char *name;   /* as DT_NEEDED has it */
	const char *path;   /* NULL: not found */
	const char *how;    /* "ld.so.cache", "RUNPATH of ...", static or in the arena */
	const char *by;     /* base name of what needs it */
	unsigned depth;     /* 1: the program itself needs it */
};
typedef VEC(struct needed_library) needed_list;

/* Of the file at PATH; texts live in A.  A file without a dynamic segment needs nothing. */
struct err *needed_read(const char *path, struct arena *a, needed_list *ret);

#endif
