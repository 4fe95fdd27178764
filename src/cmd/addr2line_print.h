/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CMD_ADDR2LINE_PRINT_H
#define SONDE_CMD_ADDR2LINE_PRINT_H
/* The text of GNU's and elfutils' addr2line, for many answers at once in threads. */
#include "base/str.h"
#include "session/lookup.h"

struct addr2line_form {
	bool elfutils; /* eu-addr2line's form, else GNU's */
	bool addresses, functions, inlines, pretty, basenames, demangle;
	bool symbols, symbol_sections, relative, flags; /* elfutils only */
};

struct addr2line_item {
	uint64_t addr;
	const struct index_chain *answer; /* count 0: not known */
};

enum { ADDR2LINE_THREADS_MAX = 16 };
struct addr2line_printers {
	const struct addr2line_form *form;
	struct lookup *lookup;
	unsigned thread_count;
	struct str texts[ADDR2LINE_THREADS_MAX]; /* out: to be written one after the other */
};
/* Replaces what texts held. */
void addr2line_print(struct addr2line_printers *p, const struct addr2line_item *items, size_t count);
void addr2line_printers_deinit(struct addr2line_printers *p);

#endif
