/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_SESSION_H
#define SONDE_SESSION_TRACE_SESSION_H
/* Live tracing from start to end. */
#include "base/err.h"
#include "session/trace/options.h"

/* *status: the command's; 256 + N: a signal ended it, and so it should us.  OPTIONS are
 * complete (trace_options_finish). */
struct err *session_trace(struct trace_options *options, int *status);

/* What ends the trace, and what became of the command. */
struct trace_command {
	bool (*is_over)(void *user); /* asked now and then; NULL: it goes on until all have ended */
	void *user;
	pid_t pid;        /* 0: there was none, or it could not be started */
	bool ended;       /* else it goes on, untraced */
	int wait_status;  /* as wait() gives it, if it ended */
	bool signalled;   /* a signal for us ended the trace, and was passed on */
};
/* The ptrace engine, telling another sink than the printer.  Of *COMMAND the caller sets is_over and user, and zeroes the rest. */
struct call_sink;
struct err *trace_by_ptrace_into(struct trace_options *options, const struct call_sink *sink, void *sink_self, int *status,
				 struct trace_command *command);

/* That it is ptrace, because BPF can't do LACKS ("stacks (-k)"), where it would be BPF otherwise. */
void trace_say_engine(const struct trace_options *options, const char *lacks);

#endif
