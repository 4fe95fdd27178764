/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recording that was given no name has that of what it is of, and a number where that is taken: what was
 * recorded before is never overwritten by chance.
 */
#include "session/record_name.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NAMES_MAX = 10000 };

static void read_comm(pid_t pid, char *name, size_t size)
{
	CLEANUP(str_deinit) struct str comm = { 0 };

	if (io_read_comm(pid, pid, &comm))
		snprintf(name, size, "%s-%d", comm.text, pid);
	else
		snprintf(name, size, "%d", pid);
}

static void base_name(const char *path, char *name, size_t size)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;

	size_t from = length;

	while (from > 0 && path[from - 1] != '/')
		from--;
	snprintf(name, size, "%.*s", (int)(length - from), path + from);
}

static void default_name(const struct record_session_options *o, char *name, size_t size)
{
	snprintf(name, size, "machine");
	if (o->command)
		base_name(o->command[0], name, size);
	else if (o->request.target == CAPTURE_CGROUP)
		base_name(o->request.cgroup_path, name, size);
	else if (o->request.pid_count)
		read_comm(o->request.pids[0], name, size);
	for (char *p = name; *p; p++)
		if (*p == '/' || (unsigned char)*p <= ' ')
			*p = '_';
	if (name[0] == '.' || name[0] == '\0')
		name[0] = '_';
}

char *record_name_choose(const struct record_session_options *o)
{
	char name[200];

	if (o->path)
		return mem_strdup(o->path);
	default_name(o, name, sizeof(name));
	for (unsigned i = 1; i < NAMES_MAX; i++) {
		char *path = i == 1 ? mem_printf("%s.sonde", name) : mem_printf("%s-%u.sonde", name, i);
		struct stat st;

		if (o->overwrite || lstat(path, &st) != 0)
			return path;
		free(path);
	}
	return mem_printf("%s.sonde", name);
}
