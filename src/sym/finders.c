/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The finders, in the order in which they are asked. */
#include "sym/finders.h"

#include <stddef.h>

const struct sym_finder_ops *const sym_finder_table[] = {
	&sym_finder_elf,
	&sym_finder_kallsyms,
	&sym_finder_jitdump, &sym_finder_perf_map,
	NULL,
};
