/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_MINE_H
#define SONDE_SESSION_MINE_H
/* What a user who may not look at the whole machine can look at. */
#include "base/arena.h"
#include "capture/source.h"

/* NULL: the default source can sample the whole machine with this REQUEST; else why not. */
struct err *mine_may_see_all(const struct capture_request *request);
/* Set REQUEST's pids to all processes of this user but our own.  ERR_NOT_FOUND: there are
 * none. */
struct err *mine_processes(struct arena *arena, struct capture_request *request);

#endif
