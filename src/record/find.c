/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which recording does the user mean? */
#include "base/mem.h"
#include "base/str.h"
#include "record/recording.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_recording(const char *path, struct timespec *changed)
{
	CLEANUP(mem_freep) char *meta = mem_printf("%s/meta.json", path);
	struct stat st;

	if (stat(meta, &st) < 0)
		return false;
	*changed = st.st_mtim;
	return true;
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

static struct err *find_newest(char **ret)
{
	DIR *dir = opendir(".");
	struct timespec newest = { 0 }, changed;
	char *found = NULL;

	if (dir == NULL)
		return err_errno(errno, "cannot look for recordings in the current directory");
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		if (!str_ends(e->d_name, ".sonde") || !is_recording(e->d_name, &changed) ||
		    (found && !is_later(&changed, &newest)))
			continue;
		free(found);
		found = mem_strdup(e->d_name);
		newest = changed;
	}
	closedir(dir);
	if (found == NULL)
		return err_fix(err_new(ERR_NOT_FOUND,
				       "there is no recording (*.sonde) in the current directory"),
			       "name one, or make one with: sonde record -- COMMAND");
	*ret = found;
	return NULL;
}

struct err *recording_find_path(const char *operand, char **ret)
{
	struct timespec changed;

	if (operand == NULL)
		return find_newest(ret);

	char *path = mem_strdup(operand);

	while (strlen(path) > 1 && path[strlen(path) - 1] == '/')
		path[strlen(path) - 1] = '\0';
	if (!is_recording(path, &changed) && !str_ends(path, ".sonde")) {
		char *longer = mem_printf("%s.sonde", path);

		if (is_recording(longer, &changed)) {
			free(path);
			path = longer;
		} else {
			free(longer);
		}
	}
	*ret = path; /* recording_open() says what is there when it is none */
	return NULL;
}
