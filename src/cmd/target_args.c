/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words to a target. */
#include "cmd/target_args.h"

#include "base/str.h"

#include <limits.h>
#include <string.h>

static struct err *parse_pids(const struct opt_list *words, const char *what, struct arena *arena,
			      struct capture_request *request)
{
	pid_t *pids = arena_calloc(arena, words->count, sizeof(*pids));

	for (size_t i = 0; i < words->count; i++) {
		uint64_t pid;

		TRY(str_to_u64(words->words[i], what, 1, INT_MAX, &pid));
		pids[i] = (pid_t)pid;
	}
	request->pids = pids;
	request->pid_count = words->count;
	return NULL;
}

struct err *target_parse(const struct target_args *args, struct arena *arena,
			 struct record_session_options *o)
{
	bool command = args->command.count > 0 && !args->all;
	int targets = command + (args->pids.count > 0) + (args->tids.count > 0) +
		      (args->cgroup != NULL) + args->all;

	if (targets != 1)
		return err_fix(err_new(ERR_USAGE, targets ? "more than one target: a command, -p, -t, --cgroup or -a"
							   : "nothing to record"),
			       "sonde record -- CMD, or -p PID, -t TID, --cgroup PATH, or -a for the whole machine");
	if (args->cgroup && !args->cgroup[0])
		return err_fix(err_new(ERR_USAGE, "the control group has no name"),
			       "for the whole machine: sonde record -a");
	if (args->pids.count) {
		o->request.target = CAPTURE_PIDS;
		return parse_pids(&args->pids, "the process id", arena, &o->request);
	}
	if (args->tids.count) {
		o->request.target = CAPTURE_TIDS;
		return parse_pids(&args->tids, "the thread id", arena, &o->request);
	}
	o->request.cgroup_path = args->cgroup;
	o->request.target = args->cgroup ? CAPTURE_CGROUP : args->all ? CAPTURE_ALL : CAPTURE_COMMAND;
	if (args->command.count) { /* execvp() wants a NULL behind the last word */
		o->command = arena_calloc(arena, args->command.count + 1, sizeof(*o->command));
		memcpy(o->command, args->command.words, args->command.count * sizeof(*o->command));
	}
	return NULL;
}
