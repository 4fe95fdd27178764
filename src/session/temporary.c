/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recordings that are only made to be looked at once. */
#include "session/temporary.h"

#include "base/mem.h"
#include "record/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct err *session_temporary(char **path)
{
	const char *tmp = getenv("TMPDIR");
	CLEANUP(mem_freep) char *dir = mem_printf("%s/sonde-XXXXXX", tmp && *tmp ? tmp : "/tmp");

	if (!mkdtemp(dir))
		return err_fix(err_errno(errno, "cannot make a temporary directory %s", dir), "name another place in TMPDIR");
	*path = mem_printf("%s/temporary.sonde", dir);
	return NULL;
}

void session_temporary_discard(const char *path)
{
	CLEANUP(mem_freep) char *dir = mem_strndup(path, (size_t)(strrchr(path, '/') - path));

	err_destroy(store_remove(AT_FDCWD, path));
	rmdir(dir);
}
