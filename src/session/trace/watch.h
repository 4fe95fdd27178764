/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_WATCH_H
#define SONDE_SESSION_TRACE_WATCH_H
/* Live tracing by the BPF engine. */
#include "base/err.h"
#include "session/trace/options.h"

/* Why the BPF engine can't do what is asked, in words; NULL: it can. */
const char *watch_lacks(const struct trace_options *options);
/* As session_trace().  *unavailable: nothing was begun, the ptrace engine may try. */
struct err *watch_trace(struct trace_options *options, int *status, bool *unavailable);

/* Can the BPF engine be had here?  And its stacks (Linux 6.1)? */
struct err *watch_probe(void);
bool watch_has_stacks(void);

#endif
