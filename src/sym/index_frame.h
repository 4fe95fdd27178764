/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_INDEX_FRAME_H
#define SONDE_SYM_INDEX_FRAME_H
/* What DWARF says about an address, as it says it: names mangled, paths in parts. */
#include "format/dwarf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One frame, raw.  Texts live in the debug file, the index, or the arena. */
struct index_frame {
	const char *function;         /* mangled; NULL: not known */
	struct dwarf_path path;       /* name NULL: not known */
	uint32_t line, column;
	uint32_t discriminator;       /* of the innermost frame's row; 0: none */
	uint8_t isa, flags;           /* the same; only from the units themselves */
	bool inlined;
};
struct index_chain {
	struct index_frame *frames;
	size_t count; /* 0: not in this DWARF; the last one's function may be NULL */
};

#endif
