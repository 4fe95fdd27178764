/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_FINDERS_H
#define SONDE_SYM_FINDERS_H
/* One line for each file that has a finder; the table is in finders.c. */
#include "sym/sym.h"

extern const struct sym_finder_ops sym_finder_elf;      /* programs, libraries, the vDSO */
extern const struct sym_finder_ops sym_finder_kallsyms; /* the kernel and its modules */
extern const struct sym_finder_ops sym_finder_jitdump;  /* JIT memory, with lines */
extern const struct sym_finder_ops sym_finder_perf_map; /* JIT memory */

#endif
