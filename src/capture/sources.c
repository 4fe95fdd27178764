/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sources.  A new one is its file, a line in sources.h and a line here. */
#include "capture/sources.h"

#include <string.h>

const struct source_ops *const source_table[] = {
	&source_cpu,
	&source_cpu_timer,
	NULL,
};

const struct source_ops *source_find(const char *name)
{
	for (size_t i = 0; source_table[i]; i++)
		if (strcmp(source_table[i]->name, name) == 0)
			return source_table[i];
	return NULL;
}
