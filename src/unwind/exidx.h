/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#ifndef SONDE_UNWIND_EXIDX_H
#define SONDE_UNWIND_EXIDX_H
/*
 * .ARM.exidx, which 32-bit ARM has in place of .eh_frame ("Exception Handling ABI for the Arm
 * Architecture", ihi0038): one rule for all of a function.  It holds at its calls, and so for
 * return addresses; in a prologue or an epilogue it is not what holds just there.  Freestanding.
 */
#include "format/cursor.h"
#include "unwind/table.h"

struct unwind_exidx {
	struct bytes segment;  /* what is loaded where the index lies; its .ARM.extab lies there too */
	uint64_t segment_vaddr, index_vaddr;
	size_t count;
	bool big_endian;
};

/* Entry INDEX (below count): the function's address, and its row without the pc; a row of
 * UNWIND_CFA_NONE where it says that there is nothing to be known.  False: the index is broken. */
bool unwind_exidx_get(const struct unwind_exidx *e, size_t index, uint64_t *start, struct unwind_row *row);

#endif
