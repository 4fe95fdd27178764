/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_REPLAY_H
#define SONDE_SESSION_TRACE_REPLAY_H
/* Printing a recording's system calls as lines, with the filters of live tracing. */
#include "base/err.h"
#include "session/trace/options.h"
#include "view/calls/calls.h"

struct recording;

/* Is WORD a recording, a directory with meta.json, or meant to be one: NAME.sonde that is no file, of which
 * recording_open() says what is wrong?  (NAME for NAME.sonde is not taken here: it
 * may be a command.)  Then *path is where (heap), else NULL. */
bool replay_is_recording(const char *word, char **path);
/* Do the filters (-e, -P, -p, -z, -Z) of OPTIONS, a struct trace_options, want this call? */
bool replay_wants(void *options, const struct calls_row *row);
/* ERR_NOT_FOUND: -p asks for processes of which none is in it. */
struct err *replay_check_pids(const struct trace_options *options, struct recording *recording);
/* To standard output, or -o; *status is 1 when that takes no more, which was said.  -p keeps these processes only. */
struct err *replay_trace(const struct trace_options *options, const char *path, int *status);

#endif
