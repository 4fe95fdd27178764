/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_LOSSES_H
#define SONDE_VIEW_LOSSES_H
/* What a recording lacks: events that its sources lost, an end that was cut off, files that are damaged. */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct doc;
struct recording;

struct loss {
	const char *source, *reason; /* valid while the recording lives */
	uint64_t count;
	bool unknown; /* at least one row did not know how many */
};
struct losses { /* a VEC() */
	struct loss *v;
	size_t n, cap;
};

/* Summed by source and reason. */
struct err *losses_read(struct recording *r, struct losses *ret);
void losses_deinit(struct losses *l);

/* Warnings for a document: those losses; that the recording is running, was cut or is damaged. */
void losses_emit(struct doc *doc, const struct losses *l);
void losses_emit_state(struct doc *doc, struct recording *r);
/* Both, read now. */
void losses_say(struct doc *doc, struct recording *r);
/* The same for what prints lines and has no document: on standard error. */
void losses_log(struct recording *r);

#endif
