/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_FADDR2LINE_H
#define SONDE_SESSION_FADDR2LINE_H
/* "func+0x12/0x340" to functions, files and lines, as the kernel's script faddr2line prints them. */
#include "base/err.h"
#include "session/lookup.h"

#include <stdbool.h>
#include <stdio.h>

struct faddr2line_options {
	bool list;      /* the source around each line */
	bool basenames;
	const char *file; /* its name: whether "[module]" behind an expression fits; NULL: not checked */
	bool separate;  /* an empty line in front: something was printed before */
	struct str prefix; /* of the kernel's sources, left out in front of paths: faddr2line_find_prefix() */
};

/* Where vmlinux was built: what stands before "init/main.c" of start_kernel's line; "" where that can't be told. */
void faddr2line_find_prefix(struct lookup *l, struct str *prefix);

/* One EXPRESSION.  ERR_NOT_FOUND: no such symbol; ERR_FORMAT: it has another size here;
 * ERR_USAGE: it doesn't read "func+0x1[/0x2]", lies beyond the function's end, or is another module's. */
struct err *faddr2line_print(struct lookup *l, const char *expression, const struct faddr2line_options *options, FILE *out);

#endif
