/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_RESOLVE_H
#define SONDE_SESSION_RESOLVE_H
/* Give names to the frames of a recording that ends, on the machine that has the files. */
#include "base/err.h"

#include <stdint.h>

struct recorder;
struct track;

struct resolve_totals {
	uint64_t frames, resolved, inlined_added;
};
/* For each `frame` row without a function: symbolize it, put the row again with its
 * names, and rows for the calls inlined there (linked by `outer`).  Modules that give no
 * names get a `note`. */
struct err *resolve_frames(struct recorder *r, const struct track *t, struct resolve_totals *totals);

#endif
