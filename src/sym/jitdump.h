/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_JITDUMP_H
#define SONDE_SYM_JITDUMP_H
/* Functions and lines of one process's just-in-time code, from its jit-PID.dump. */
#include "base/err.h"
#include "format/cursor.h"

#include <stdbool.h>
#include <stdint.h>

struct jitdump;

/* Over bytes that stay the caller's while it lives. */
struct err *jitdump_create(struct bytes image, struct jitdump **ret);
void jitdump_destroy(struct jitdump *j); /* NULL-safe */

struct jitdump_place {
	const char *function, *file; /* in the image; file NULL: not known */
	uint32_t line;
};
/* What was at ADDR last; false: nothing was. */
bool jitdump_find(const struct jitdump *j, uint64_t addr, struct jitdump_place *ret);

/* Is this the name of a dump: ".../jit-123.dump"? */
bool jitdump_is_name(const char *path);

#endif
