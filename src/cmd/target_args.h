/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CMD_TARGET_ARGS_H
#define SONDE_CMD_TARGET_ARGS_H
/* What is to be recorded, in the same words for every command that records. */
#include "base/arena.h"
#include "base/opt.h"
#include "session/session.h"

struct target_args {
	struct opt_list pids, tids, command;
	const char *cgroup;
	bool all;
};

/* Fill in target, pids and command; ERR_USAGE unless there is exactly one.  All memory is
 * ARENA's, or the words'. */
struct err *target_parse(const struct target_args *args, struct arena *arena,
			 struct record_session_options *o);

#endif
