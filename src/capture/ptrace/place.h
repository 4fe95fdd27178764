/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_PTRACE_PLACE_H
#define SONDE_CAPTURE_PTRACE_PLACE_H
/*
 * Tracer and tracee on one CPU, by moving the tracer: a stop then is a switch from one to the other, instead of
 * a CPU that goes to sleep and another one that is woken by an interrupt.  Nothing of the tracee is
 * changed, so nothing has to be given back to it, however we end.
 */
#include <sys/types.h>

struct place;

/* For the calling thread, which is the tracer.  NULL: it may not change its scheduling policy and change it back
 * (CAP_SYS_NICE, or a nice limit that allows it), or there is one CPU. */
struct place *place_create(void);
/* As it was before. */
void place_destroy(struct place *p);
/* That thread has stopped and goes on.  Looks at the machine each few dozen times only. */
void place_saw(struct place *p, pid_t pid, pid_t tid);

#endif
