/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sonde version: also as sonde --version. */
#include "cmd/cmd.h"

struct version_args {
	char none;
};

static struct err *version_run(void *args, struct arena *arena, int *status)
{
	printf(OPT_PROGRAM " %s\n", SONDE_VERSION);
	return NULL;
}

const struct cmd cmd_version = {
	.spec = {
		.name = "version",
		.summary = "print sonde's version",
		.see_also = "sonde(1)",
	},
	.group = CMD_ABOUT,
	.args_bytes = sizeof(struct version_args),
	.run = version_run,
};
