/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CONVERT_FOLDED_H
#define SONDE_CONVERT_FOLDED_H
/*
 * Folded stacks: one line a stack, `main;parse;read_line 31`, outermost frame first,
 * frames between ';', then a space and the value.  A second number makes it a
 * difference: `main;parse 31 56` was 31 and is 56.  (Brendan Gregg's FlameGraph,
 * README.md, "Fold stacks" and difffolded.pl.)
 */
#include "base/err.h"

#include <stdio.h>

struct stacks;
struct text_options;

/* Sorted by byte value of the stack, as `sort` in the C locale orders the lines of
 * each stack.  Finished stacks only; two columns when s->diff. */
struct err *folded_write(const struct stacks *s, FILE *out);

/* A recording's stacks with the names that its `perf script` text would come to: without
 * argument lists, marked as OPTIONS say.  Into an empty DST, not finished. */
void folded_names(const struct stacks *src, const struct text_options *options, struct stacks *dst);

#endif
