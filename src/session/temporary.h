/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TEMPORARY_H
#define SONDE_SESSION_TEMPORARY_H
/*
 * A directory below $TMPDIR for recordings that are only made to be looked at once: an import, a view
 * of a command, sonde top.  It goes when it is destroyed, and also when this process and all that it
 * forked meanwhile (without an exec) have died in whatever way, kill -9 included.
 */
#include "base/err.h"

struct temporary;

struct err *temporary_create(struct temporary **ret);
/* The directory, and a recording in it that may be made; valid while T lives. */
const char *temporary_directory(const struct temporary *t);
const char *temporary_recording(const struct temporary *t);
/* Removes the directory with all that is in it.  NULL-safe. */
void temporary_destroy(struct temporary *t);

#endif
