/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CMD_DEBUGINFOD_OPT_H
#define SONDE_CMD_DEBUGINFOD_OPT_H
/* --debuginfod, the same wherever names are looked up. */
#include <stdlib.h>

#define DEBUGINFOD_OPT(type, member)                                                                        \
	{ .name = "debuginfod", .kind = OPT_CHOICE, .value = "WHEN", \
	  .choices = (const char *const[]){ "auto", "always", "never", NULL },                                \
	  .help = "auto, always or never ask the servers in DEBUGINFOD_URLS for what is not on this machine\n" \
		  "auto asks only where standard error is a terminal; SONDE_DEBUGINFOD=always or never changes that.", \
	  .offset = offsetof(type, member) }

/* For all that is looked up from now on in this process: WHEN is the option's value, NULL: not given.  Before
 * there are threads. */
static inline void debuginfod_opt_apply(const char *when)
{
	if (when)
		setenv("SONDE_DEBUGINFOD", when, 1);
}

#endif
