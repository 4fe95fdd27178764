/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_RECORD_H
#define SONDE_SESSION_TRACE_RECORD_H
/* System calls into a recording: by BPF, as any source (session_record()), or by the ptrace engine. */
#include "session/session.h"
#include "session/trace/options.h"

/* By whichever engine can do what OPTIONS ask: tampering needs ptrace, and stacks (-k) do before Linux 6.1.  What is recorded and where is in
 * RECORD.  *status is the command's, as a shell gives it. */
struct err *session_trace_record(struct trace_options *options, const struct record_session_options *record,
				 int *status);

#endif
