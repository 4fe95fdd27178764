/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_INJECT_H
#define SONDE_SESSION_TRACE_INJECT_H
/*
 * Tampering: -e inject=SET:error=ENOSPC:when=3+2 ...  What is to be done to which call,
 * and when.  Invocations are counted for each thread and call.
 */
#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "capture/ptrace/tracer.h"
#include "session/trace/sets.h"

#include <stdbool.h>
#include <stdint.h>

struct injection {
	struct call_set calls;
	struct tracer_tampering what;
	char *syscall_name;           /* syscall=: resolved for the ABI of each call; may be NULL */
	uint32_t first, last, step;   /* when=; last UINT32_MAX: no end; step 0: only from first on */
	struct map counts;            /* (tid, call) -> how often it came */
	VEC(uint8_t *) data;          /* of pokes */
};

struct injections {
	VEC(struct injection *) v;
};

void injections_deinit(struct injections *s);
/* TEXT: "SET:...".  FAULT: the fault= spelling, whose error is ENOSYS if not said. */
struct err *injections_add(struct injections *s, const char *text, bool fault);
/* The retval= of the newest; 0: it has none. */
int64_t injections_last_retval(const struct injections *s);
bool injections_any(const struct injections *s);

/* For this entry of this thread; false: nothing.  The hook for tracer_options. */
bool injections_apply(struct injections *s, struct call_thread *t, struct tracer_tampering *what);
/* The thread is gone. */
void injections_forget(struct injections *s, pid_t tid);

/* "10" (us), "10ms", "1.5s", "200ns" -> ns; false: not a time. */
bool trace_parse_time(const char *text, uint64_t *ns);

#endif
