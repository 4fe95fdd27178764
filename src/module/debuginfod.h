/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_MODULE_DEBUGINFOD_H
#define SONDE_MODULE_DEBUGINFOD_H
/*
 * Files by build-id from the servers in DEBUGINFOD_URLS, through libdebuginfod where that is
 * installed (it keeps what it got in ~/.cache/debuginfod_client, as gdb does).
 *
 * DEBUGINFOD_AUTO asks only if standard error is a terminal, so that no script and no service
 * talks to a server that nobody knows of.  SONDE_DEBUGINFOD=always or never decides instead.
 * A server has 10 s for its first byte and for each next one (DEBUGINFOD_TIMEOUT), a file 2 GiB
 * (DEBUGINFOD_MAXSIZE); Ctrl-C gives up on this file and all others.
 */
#include "module/module.h"

enum debuginfod_file { DEBUGINFOD_DEBUGINFO, DEBUGINFOD_EXECUTABLE };

/* A descriptor, or -1 with a sentence in *why (the caller's to free; NULL: there was nothing
 * to ask: no servers, or not now).  NAME is for the progress line. */
int debuginfod_fetch(const struct build_id *id, enum debuginfod_file file, enum debuginfod_when when,
		     const char *name, char **why);

#endif
