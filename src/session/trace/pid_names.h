/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_PID_NAMES_H
#define SONDE_SESSION_TRACE_PID_NAMES_H
/* -Y and --decode-pids: names of processes, and ids of other pid namespaces in ours. */
#include "syscall/print.h"

#include <stdint.h>
#include <sys/types.h>

struct pid_names;

/* WORDS: enum trace_pids.  Fills the hook of LOOKUP, if there are any. */
struct pid_names *pid_names_create(uint32_t words, enum syscall_hex hex, struct syscall_lookup *lookup);
void pid_names_destroy(struct pid_names *p); /* NULL-safe */

/* What /proc calls the task that we call TID: another number where /proc is that of a namespace around ours.
 * 0: not known.  P NULL: ours is taken for /proc's. */
pid_t pid_names_in_proc(struct pid_names *p, pid_t tid);
/* What we call the task or group that TID calls ID; 0: not found.  P NULL: the same. */
int pid_names_translate(struct pid_names *p, pid_t tid, enum syscall_pid kind, int id);
/* Append "<name>" of a task by its id in our namespace, quoted as strace does; false: it is gone. */
bool pid_names_add_comm(struct pid_names *p, pid_t tid, struct str *out);

#endif
