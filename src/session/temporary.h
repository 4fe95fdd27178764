/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TEMPORARY_H
#define SONDE_SESSION_TEMPORARY_H
/* A recording that is only made to be looked at once: an import, a view of a command. */
#include "base/err.h"

/* A path in a new directory below $TMPDIR.  *path is the caller's (free()). */
struct err *session_temporary(char **path);
/* Removes the recording at PATH, if one was made, and the directory. */
void session_temporary_discard(const char *path);

#endif
