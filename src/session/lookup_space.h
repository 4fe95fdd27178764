/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_LOOKUP_SPACE_H
#define SONDE_SESSION_LOOKUP_SPACE_H
/* Addresses as a process, a core, or the kernel has them: what `sonde addr2line --pid`, --core,
 * --linux-process-map and --kernel ask. */
#include "base/err.h"
#include "sym/index_frame.h"
#include "sym/sym.h"

struct lookup_space;

enum lookup_space_kind { LOOKUP_PROCESS, LOOKUP_MAPS, LOOKUP_CORE, LOOKUP_KERNEL };

/* WHAT: a process id, or a file's path; NULL for LOOKUP_KERNEL. */
struct err *lookup_space_open(enum lookup_space_kind kind, const char *what, enum debuginfod_when debuginfod,
			      struct lookup_space **ret);
void lookup_space_destroy(struct lookup_space *s); /* NULL-safe */

/* ANSWERS[i] is for ADDRS[i], count 0: nothing is known about it; names as the files have them.
 * Valid until lookup_space_clear() or the next question. */
struct err *lookup_space_find(struct lookup_space *s, const uint64_t *addrs, size_t count, struct index_chain *answers);
void lookup_space_clear(struct lookup_space *s);

#endif
