/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The views.  A new one is its file and two lines here. */
#include "view/view.h"

#include <string.h>

extern const struct view view_profile;

const struct view *const view_table[] = {
	&view_profile,
	NULL,
};

const struct view *view_find(const char *name)
{
	for (size_t i = 0; view_table[i]; i++)
		if (strcmp(view_table[i]->name, name) == 0)
			return view_table[i];
	return NULL;
}
