/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_FOLD_H
#define SONDE_SESSION_TRACE_FOLD_H
/*
 * --fold: repeating sequences of a thread's calls as one line.  The first two rounds are printed
 * whole, so nothing waits to be printed before it is known to repeat; what comes then is counted,
 * until another call comes: "... read+poll x 18,229 more, 2.1 s in them, 74.0 MiB".
 */
#include "base/str.h"
#include "syscall/print.h"

#include <stdbool.h>
#include <stdint.h>

enum { FOLD_PERIOD_MAX = 16 }; /* calls in a sequence */

struct fold;
struct fold *fold_create(void);
void fold_destroy(struct fold *f); /* NULL-safe; what is held is dropped: fold_end() each before */

struct fold_call {
	uint32_t tid;
	const struct syscall_call *call;
	const char *name;      /* of the call; valid while the fold lives */
	uint64_t duration_ns, now_ns;
	const char *line;      /* with its newline */
	size_t length;
};
/* A call of the thread returned: its line, or what was folded before it, is appended to OUT, or nothing.
 * Two calls are alike when they are the same, on the same descriptor, and both failed with one error,
 * both returned 0, or both more. */
void fold_add(struct fold *f, const struct fold_call *c, struct str *out);
/* Something else of this thread is about to be printed: what was folded goes to OUT. */
void fold_end(struct fold *f, uint32_t tid, struct str *out);
/* All threads'; those alone that made no call since BEFORE_NS, where that isn't 0. */
void fold_end_all(struct fold *f, uint64_t before_ns, struct str *out);

#endif
