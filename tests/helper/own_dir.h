/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_TESTS_OWN_DIR_H
#define SONDE_TESTS_OWN_DIR_H
/* A directory of a test's own, in which it works, and which is gone afterwards. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* TEMPLATE: "/tmp/sonde-test-...XXXXXX", which becomes the name.  0: done (what a cmocka set-up returns). */
static inline int own_dir_enter(char *template)
{
	return mkdtemp(template) == NULL || chdir(template) != 0;
}

static inline int own_dir_leave(const char *dir)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return chdir("/") != 0 || system(command) != 0;
}

#endif
