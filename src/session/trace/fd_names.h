/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_TRACE_FD_NAMES_H
#define SONDE_SESSION_TRACE_FD_NAMES_H
/* -y and -yy: what a descriptor of a running process refers to. */
#include "capture/calls.h"

#include <stdint.h>

struct fd_names;
struct pid_names;

/* FDS: enum trace_fds.  Fills the hooks of LOOKUP.  PIDS is borrowed and may be NULL. */
struct fd_names *fd_names_create(uint32_t fds, const struct syscall_style *style, struct pid_names *pids, struct syscall_lookup *lookup);
/* The call that is printed next, at that phase: what its engine kept of descriptors goes before what
 * /proc says now.  PIECES may be NULL. */
void fd_names_look_at(struct fd_names *f, const struct syscall_pieces *pieces, enum syscall_phase phase);
/* Where what a virtual CPU's descriptor shares with the kernel is mapped, and its NUMBER (-1: not known); 0: nowhere. */
uint64_t fd_names_vcpu(void *user, int pid, int fd, int *number);
void fd_names_destroy(struct fd_names *f); /* NULL-safe */
/* The same for who records (capture/call_rows.h). */
void fd_names_for_rows(struct fd_names *f, struct call_names *ret);

#endif
