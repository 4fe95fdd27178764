/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_BACKGROUND_H
#define SONDE_SESSION_BACKGROUND_H
/*
 * A recording that a child process makes in a temporary directory, for its parent to read
 * while it grows (sonde top).  When the parent dies in whatever way, the child ends the
 * recording and removes it; nothing is left.
 */
#include "session/session.h"

struct background;

/* OPTIONS: path, quiet and no_symbols are set here; all that it points to has to live until
 * background_stop().  A command's output is discarded.  ROTATE_NS: without a command, begin a
 * new recording so often, so that it does not grow for ever. */
struct err *background_start(const struct record_session_options *options, uint64_t rotate_ns,
			     struct background **ret);

/* The recording that is being written, or was last; NULL: there is none yet. */
const char *background_path(struct background *b);
/* Has it ended by itself: the command is done, or it failed?  *why is what it had to say,
 * "" for nothing; valid while B lives. */
bool background_has_ended(struct background *b, const char **why);
/* Ends it (a command gets SIGINT, as by Ctrl-C) and removes the recording.  NULL-safe. */
void background_stop(struct background *b);

#endif
