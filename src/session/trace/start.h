/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_START_H
#define SONDE_SESSION_TRACE_START_H
/* Starting the command that is to be traced, as strace does: -u, -E, -D. */
#include "base/err.h"
#include "session/trace/options.h"

#include <linux/filter.h>
#include <sys/types.h>

/* Shared with the command: why its exec failed, for whoever has lines to print before that is said. */
struct start_failure {
	_Atomic int errnum, said;
};

struct started {
	pid_t pid;
	struct start_failure *failure; /* the caller's, in shared memory; NULL: the command says it itself */
	int go_fd; /* a byte lets it exec; closed without one, it ends */
};

/* Held before its exec.  FILTER may be NULL.  With -D this returns in another process:
 * ours becomes the command. */
struct err *start_command(const struct trace_options *o, const struct sock_fprog *filter, struct started *ret);
/* Its exec comes now; once. */
void start_go(struct started *s);

#endif
