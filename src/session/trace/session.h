/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_SESSION_H
#define SONDE_SESSION_TRACE_SESSION_H
/* Live tracing from start to end. */
#include "base/err.h"
#include "session/trace/options.h"

/* *status: the command's; 256 + N: a signal ended it, and so it should us.  OPTIONS are
 * complete (trace_options_finish). */
struct err *session_trace(struct trace_options *options, int *status);

#endif
