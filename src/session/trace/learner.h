/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_LEARNER_H
#define SONDE_SESSION_TRACE_LEARNER_H
/* Calls that our tables don't know are asked of the running kernel, when the first one is met. */
#include "syscall/print.h"

struct learner;

/* Fills the hooks of LOOKUP. */
struct learner *learner_create(struct syscall_lookup *lookup);
void learner_destroy(struct learner *l); /* NULL-safe */

#endif
