/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_JIT_TRUST_H
#define SONDE_SYM_JIT_TRUST_H
/* Files that JITs leave in directories where everybody can write. */
#include <stdbool.h>
#include <sys/types.h>

/* The pid that a process knows itself by, and its user; what is not known (it is gone) stays. */
void jit_read_status(int pid, int *inner_pid, uid_t *uid);
/* Does the file belong to root, to us or to the user of process PID? */
bool jit_is_trusted(int fd, int pid);

#endif
