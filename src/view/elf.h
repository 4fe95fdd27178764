/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_ELF_H
#define SONDE_VIEW_ELF_H
/* What a binary is made of, as a document: `sonde elf`. */
#include "base/err.h"
#include "module/module.h"

#include <stdbool.h>

struct doc;

struct elf_view {
	bool headers, segments, sections, symbols, dynamic_symbols, dynamic, needed, notes;
	bool demangle, intel;
	const char *disasm; /* a function's name, or an address; NULL: none */
	enum debuginfod_when debuginfod;
};
/* Without any part: what matters for debugging.  ERR_FORMAT when PATH is no ELF file,
 * ERR_NOT_FOUND when it has no such function. */
struct err *view_elf(const char *path, const struct elf_view *view, struct doc *d);

#endif
