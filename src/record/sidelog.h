/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RECORD_SIDELOG_H
#define SONDE_RECORD_SIDELOG_H
/*
 * The journal of everything that is not an event row: strings, types, side rows, notes.
 * Appended through a mapping, never compacted before the end; the last row of an id
 * counts.  Not thread-safe but for sidelog_header(): the recorder has the lock.
 */
#include "base/err.h"
#include "event/event.h"
#include "record/journal_format.h"

struct sidelog;

struct err *sidelog_create(int dirfd, struct sidelog **ret);
void sidelog_destroy(struct sidelog *l); /* leaves the file */
/* Its counters are atomic; valid until the next sidelog_add*, which may move it: so
 * the heartbeat and the lost counters live in a page of their own mapping. */
struct side_header *sidelog_header(struct sidelog *l);

/* One record of two parts.  False: the disk is full (errno in sidelog_errno). */
bool sidelog_add(struct sidelog *l, enum side_kind kind, const void *head, size_t head_bytes,
		 const void *body, size_t body_bytes);
bool sidelog_add_type(struct sidelog *l, unsigned number, const struct event_type *type);
int sidelog_errno(const struct sidelog *l);
void sidelog_shrink(struct sidelog *l); /* cut the file down to what it holds */

#endif
