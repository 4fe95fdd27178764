/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_PROGRESS_H
#define SONDE_BASE_PROGRESS_H
/*
 * One line on the terminal for what takes longer than a second:
 *
 *   sonde: naming frames  ########............  42 %  3 s left
 *
 * Nothing shows before that second, when standard error is no terminal, or with --quiet.
 * The line is gone when the work ends.
 */
#include <stdint.h>

struct progress;

/* WHAT is copied ("naming frames").  TOTAL 0: not known, then only the count shows.  Never
 * NULL. */
struct progress *progress_create(const char *what, uint64_t total);
/* The same with another wait than a second (tests). */
struct progress *progress_create_after(const char *what, uint64_t total, uint64_t first_ns);
/* COUNT more are done.  Any thread; cheap enough for each item. */
void progress_add(struct progress *p, uint64_t count);
/* DONE of TOTAL are done, as the progress hooks of other rooms say it: PROGRESS is theirs to
 * hand back (`user`).  The line is gone when all are done.  One thread. */
void progress_report(void *progress, uint64_t done, uint64_t total);
/* Erases the line.  NULL-safe. */
void progress_destroy(struct progress *p);

#endif
