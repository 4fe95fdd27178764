/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Relative to the program, so that a moved tree and a DESTDIR work. */
#include "base/libexec.h"

#include "base/err.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *libexec_find(const char *name)
{
	static const char *const places[] = { "../libexec/sonde/", "../lib/sonde/", "../lib/", "" };
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n <= 0)
		return NULL;
	exe[n] = '\0';

	char *slash = strrchr(exe, '/');

	if (slash == NULL)
		return NULL;
	slash[1] = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		CLEANUP(mem_freep) char *path = mem_printf("%s%s%s", exe, places[i], name);
		char *real = realpath(path, NULL);

		if (real != NULL && access(real, R_OK) == 0)
			return real;
		free(real);
	}
	return NULL;
}
