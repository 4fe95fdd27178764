/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a control group's directory is.  People name a group by its path ("/system.slice"),
 * as /proc/PID/cgroup shows it, or by the directory in some hierarchy; both are tried,
 * the second in each mounted hierarchy, version 2 and perf_event's own first.
 */
#include "capture/perf/perf.h"

#include "base/io.h"

#include <dirent.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 64 };

static bool is_group(const char *dir)
{
	char *path = mem_printf("%s/cgroup.procs", dir);
	bool is = access(path, F_OK) == 0;

	free(path);
	return is;
}

/* Which hierarchy to believe first: perf follows groups of version 2 and of its own. */
static int mount_rank(const struct mntent *m)
{
	if (strcmp(m->mnt_type, "cgroup2") == 0)
		return 2;
	if (strcmp(m->mnt_type, "cgroup") != 0)
		return 0;
	return hasmntopt(m, "perf_event") ? 3 : 1;
}

static char *find_in_hierarchies(const char *path)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *m;
	char *best = NULL;
	int best_rank = 0;

	while (mounts && (m = getmntent(mounts)) != NULL) {
		int rank = mount_rank(m);

		if (rank <= best_rank)
			continue;

		char *dir = mem_printf("%s/%s", m->mnt_dir, path + strspn(path, "/"));

		if (!is_group(dir)) {
			free(dir);
			continue;
		}
		free(best);
		best = dir;
		best_rank = rank;
	}
	if (mounts)
		endmntent(mounts);
	return best;
}

struct err *perf_cgroup_find(const char *path, char **ret)
{
	*ret = NULL;
	if (path[0] == '/' && is_group(path))
		*ret = mem_strdup(path);
	else if (path[0] != '\0')
		*ret = find_in_hierarchies(path);
	if (*ret)
		return NULL;
	return err_fix(err_new(ERR_NOT_FOUND, "no control group \"%s\" in any mounted hierarchy", path),
		       "cat /proc/PID/cgroup shows the groups of a process; systemd-cgls lists them all");
}

static void processes_below(const char *dir, unsigned depth, perf_cgroup_fn *callback, void *user)
{
	char *path = mem_printf("%s/cgroup.procs", dir);
	FILE *procs = fopen(path, "re");
	struct dirent *entry;
	int pid;

	free(path);
	while (procs && fscanf(procs, "%d", &pid) == 1)
		if (pid > 0)
			callback(user, pid);
	if (procs)
		fclose(procs);

	DIR *d = depth < DEPTH_MAX ? opendir(dir) : NULL;

	while (d && (entry = readdir(d)) != NULL) {
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		path = mem_printf("%s/%s", dir, entry->d_name);
		processes_below(path, depth + 1, callback, user);
		free(path);
	}
	if (d)
		closedir(d);
}

void perf_cgroup_processes(const char *dir, perf_cgroup_fn *callback, void *user)
{
	processes_below(dir, 0, callback, user);
}
