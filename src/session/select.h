/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_SELECT_H
#define SONDE_SESSION_SELECT_H
/* Which sources a recording has, and which events each of them. */
#include "base/vec.h"
#include "capture/source.h"
#include "session/session.h"

struct chosen_source {
	const struct source_ops *ops;
	const struct source_ops *instead_of; /* what this machine can't do; NULL */
	char *why;                           /* it can't, and the fix (may be NULL); heap */
	char *fix;
	struct capture_request request;      /* its own: the events are its own */
	const char **events;                 /* heap; what request.events points to */
	void *self;                          /* made by create */
};

struct chosen_sources {
	struct chosen_source *v;
	size_t n, cap;
};

/* By name and by event; ERR_USAGE with the nearest known word for an unknown one.  Then
 * each is probed, and replaced by its fallback where that can and it can't. */
struct err *select_sources(const struct record_session_options *options,
			   struct chosen_sources *ret);
void select_deinit(struct chosen_sources *chosen); /* the sources are destroyed by now */

#endif
