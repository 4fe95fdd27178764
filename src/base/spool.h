/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_SPOOL_H
#define SONDE_BASE_SPOOL_H
/*
 * Lines for a reader that may be slow, whose writer must not wait: a terminal over ssh, a pager,
 * a pipe into a script, at the other end of rings that run full meanwhile.
 *
 *   spool_add(s, text, bytes);   never waits: what the reader doesn't take at once is kept, in order
 *   spool_write(s);              ... and written when there is room: poll spool_fd() for POLLOUT
 *   spool_finish(s, ...);        waits, until all is written or somebody has had enough
 *
 * It is kept in memory first, then in a file without a name in $TMPDIR.  When both are full whole
 * lines are dropped, counted, and a line where they would stand says so.
 */
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spool;

struct spool_options {
	size_t memory_bytes;   /* what may wait in memory; 0: 64 MiB */
	uint64_t file_bytes;   /* and in the file; 0: 4 GiB, and at most half of what is free there */
	/* The line that stands for LINES that are missing; NULL: none. */
	void (*add_gap)(void *user, uint64_t lines, struct str *out);
	void *user;
};

struct spool_totals {
	uint64_t waiting_bytes, waiting_lines;
	uint64_t lost_bytes, lost_lines; /* exactly; what spool_drop() dropped, too */
};

/* May writing to FD take as long as somebody else likes: a pipe, a socket, a terminal? */
bool spool_is_for(int fd);
/* FD is borrowed, and stays as it is: others may hold it, who expect to wait. */
struct spool *spool_create(int fd, const struct spool_options *options);
void spool_destroy(struct spool *s); /* NULL-safe; what waits is gone */
/* An error is the descriptor's (EPIPE, EIO), never that there was no room. */
struct err *spool_add(struct spool *s, const void *text, size_t size_bytes);
struct err *spool_write(struct spool *s);
int spool_fd(const struct spool *s); /* to be polled for POLLOUT; -1: nothing waits */
/* Write until nothing waits; STOP (may be NULL) is asked ten times a second, and ends it. */
struct err *spool_finish(struct spool *s, bool (*stop)(void *user), void *user);
/* What waits is counted as lost and forgotten. */
void spool_drop(struct spool *s);
void spool_get_totals(const struct spool *s, struct spool_totals *ret);

#endif
