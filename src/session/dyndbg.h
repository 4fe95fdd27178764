/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_DYNDBG_H
#define SONDE_SESSION_DYNDBG_H
/* Dynamic debug: the kernel's pr_debug() lines, switched on and off while it runs
 * (Documentation/admin-guide/dynamic-debug-howto.rst). */
#include "base/err.h"

#include <stdio.h>

/* A query as the kernel takes it: "file drivers/x.c +p", "module nfs -p".  ERR_UNSUPPORTED: this kernel was built
 * without CONFIG_DYNAMIC_DEBUG. */
struct err *dyndbg_query(const char *query);
/* The places there are: PATTERN is part of the file, module or function; NULL: all that are on. */
struct err *dyndbg_list(const char *pattern, FILE *out);

#endif
