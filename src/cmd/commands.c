/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands, sorted by name.  A new one is its file and two lines here. */
#include "cmd/cmd.h"

const struct cmd *const cmd_table[] = {
	NULL,
};
