/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /proc tells who owns what. */
#include "session/mine.h"

#include "base/vec.h"
#include "session/session.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct err *mine_may_see_all(const struct capture_request *request)
{
	struct capture_request all = *request;

	all.target = CAPTURE_ALL;
	for (const struct source_ops *const *s = session_sources(); *s; s++)
		if ((*s)->by_default)
			return (*s)->probe(&all);
	return err_new(ERR_UNSUPPORTED, "there is no source of samples");
}

static bool is_mine(const char *pid)
{
	char path[300];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%s", pid);
	return stat(path, &st) == 0 && st.st_uid == geteuid() && atoi(pid) != getpid();
}

struct err *mine_processes(struct arena *arena, struct capture_request *request)
{
	VEC(pid_t) pids = { 0 };
	struct dirent *entry;
	DIR *proc = opendir("/proc");
	pid_t *copy;

	while (proc && (entry = readdir(proc)) != NULL)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && is_mine(entry->d_name))
			vec_push(&pids, (pid_t)atoi(entry->d_name));
	if (proc)
		closedir(proc);
	copy = arena_calloc(arena, pids.n + 1, sizeof(*copy));
	for (size_t i = 0; i < pids.n; i++)
		copy[i] = pids.v[i];
	request->pids = copy;
	request->pid_count = pids.n;
	vec_deinit(&pids);
	return request->pid_count ? NULL : err_new(ERR_NOT_FOUND, "no process of yours runs beside this one");
}
