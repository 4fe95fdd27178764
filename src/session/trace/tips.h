/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_TIPS_H
#define SONDE_SESSION_TRACE_TIPS_H
/* --tips: a hint in a box, behind the trace. */
#include "base/str.h"

#include <stdbool.h>

/* NUMBER: which, round and round; -1: any.  FULL: with the number and how to see another. */
void tips_add(struct str *out, int number, bool full);

#endif
