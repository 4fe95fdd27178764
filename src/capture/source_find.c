/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A source by its name; apart from the table, which sonde-agent has its own of. */
#include "capture/source.h"

#include <string.h>

const struct source_ops *source_find(const char *name)
{
	for (size_t i = 0; source_table[i]; i++)
		if (strcmp(source_table[i]->name, name) == 0)
			return source_table[i];
	return NULL;
}
