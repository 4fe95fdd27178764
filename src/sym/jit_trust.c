/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * perf-PID.map and jit-PID.dump stand in /tmp or in a home directory.  Everybody can write
 * into /tmp, so a file of a fourth party is not believed.
 */
#include "sym/jit_trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void jit_read_status(int pid, int *inner_pid, uid_t *uid)
{
	char name[64], line[256];

	snprintf(name, sizeof(name), "/proc/%d/status", pid);

	FILE *status = fopen(name, "re");

	if (status == NULL)
		return;
	while (fgets(line, sizeof(line), status) != NULL) {
		const char *last = strrchr(line, '\t');

		if (strncmp(line, "NSpid:", 6) == 0 && last != NULL)
			*inner_pid = atoi(last + 1);
		if (strncmp(line, "Uid:", 4) == 0)
			*uid = (uid_t)strtoul(line + 4, NULL, 10);
	}
	fclose(status);
}

bool jit_is_trusted(int fd, int pid)
{
	uid_t uid = geteuid();
	struct stat st;
	int inner_pid;

	jit_read_status(pid, &inner_pid, &uid);
	return fstat(fd, &st) == 0 && (st.st_uid == 0 || st.st_uid == geteuid() || st.st_uid == uid);
}
