/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#ifndef SONDE_UNWIND_EXPRESSION_H
#define SONDE_UNWIND_EXPRESSION_H
/* DWARF expressions as CFI uses them (DWARF 5, 2.5): on registers and memory, no locations. */
#include "format/cursor.h"
#include "unwind/unwind.h"

struct unwind_expression {
	struct bytes code;
	bool big_endian;
	const struct unwind_machine *machine;
	const struct unwind_full *regs;
	const struct unwind_memory *memory;
	uint64_t bias;          /* added to DW_OP_addr */
	bool has_initial;       /* INITIAL (the CFA) is on the stack at first */
	uint64_t initial;
};

/* The value on top at the end; false: *WHY says why. */
bool unwind_expression_run(const struct unwind_expression *e, uint64_t *ret, enum unwind_why *why);

#endif
