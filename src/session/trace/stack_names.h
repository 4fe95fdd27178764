/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_STACK_NAMES_H
#define SONDE_SESSION_TRACE_STACK_NAMES_H
/*
 * -k with the BPF engine: stacks come as ids of a tracker's, and each is made text once.  Also what a
 * frame looks like, whichever engine took it:
 *
 *	 > /usr/lib/libc.so.6(__write+0x10) [0xf8350]
 *	 > /usr/bin/loop(main+0x9) [0x1158] loop.c:12
 */
#include "base/str.h"
#include "module/module.h"

#include <stdbool.h>
#include <stdint.h>

struct stack_names;
struct symbolizer;
struct track;

/* LINES: with source lines, where there is debug information.  FRAME_LIMIT: as many of a stack, of one more; 0: all. */
struct stack_names *stack_names_create(bool lines, unsigned frame_limit);
void stack_names_destroy(struct stack_names *n); /* NULL-safe */
/* The tracker to be given to the engine. */
struct track *stack_names_borrow_track(struct stack_names *n);
/* Lines of stack ID; nothing for 0. */
void stack_names_print(struct stack_names *n, uint32_t id, struct str *out);

/* A frame's line.  MODULE (of PATH) and S may be NULL.  OFFSET: in the file; EXACT: not a return address. */
void stack_names_frame(struct symbolizer *s, struct module *module, const char *path, int pid, uint64_t offset, bool exact,
		       struct str *out);
/* In place of those that a limit leaves out. */
void stack_names_more(struct str *out);
/* One of which it isn't known what it lies in. */
void stack_names_unknown(uint64_t addr, struct str *out);

#endif
