/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_BPF_NARROW_H
#define SONDE_CAPTURE_BPF_NARROW_H
/*
 * A few system calls, each by its own tracepoint (syscalls:sys_enter_NAME) instead of by the one that all calls go
 * through: of the others the kernel then looks up a bit, and no program is run.
 */
#include "capture/calls.h"

struct bpf_program;
struct bpf_narrow;

/* Are these few enough, and has each a tracepoint of its own here?  Those tracepoints tell of the machine's native
 * calls only. */
bool bpf_narrow_can(const struct call_set *wanted);
/* Attach PROGRAM to the entry of each.  NULL: that failed, and nothing is attached. */
struct bpf_narrow *bpf_narrow_attach(struct bpf_program *program, const struct call_set *wanted);
void bpf_narrow_detach(struct bpf_narrow *n); /* NULL-safe */

#endif
