/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_SESSION_H
#define SONDE_SESSION_TRACE_SESSION_H
/* Live tracing from start to end. */
#include "base/err.h"
#include "session/trace/options.h"

/* *status: the command's; 256 + N: a signal ended it, and so it should us.  OPTIONS are
 * complete (trace_options_finish). */
struct err *session_trace(struct trace_options *options, int *status);

/* The ptrace engine, telling another sink than the printer.  *wait_status: of the command, as wait() gives it; -1: none. */
struct call_sink;
struct err *trace_by_ptrace_into(struct trace_options *options, const struct call_sink *sink, void *sink_self, int *status,
				 int *wait_status);

/* That it is ptrace, because BPF can't do LACKS ("stacks (-k)"), where it would be BPF otherwise. */
void trace_say_engine(const struct trace_options *options, const char *lacks);

#endif
