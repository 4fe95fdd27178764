/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#ifndef SONDE_UNWIND_COMPACT_H
#define SONDE_UNWIND_COMPACT_H
/* A row of CFI -> a compact row.  Freestanding. */
#include "format/cfi.h"
#include "unwind/machine.h"
#include "unwind/table.h"

/* ret->pc is left alone.  Rules that do not fit become UNWIND_CFA_UNSUPPORTED or "FP lost":
 * a compact row is never wrong, it only says less. */
void unwind_compact(const struct cfi_section *section, const struct cfi_cie *cie,
		    const struct cfi_row *row, const struct unwind_machine *machine,
		    struct unwind_row *ret);

#endif
