/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_PTRACE_REGS_H
#define SONDE_CAPTURE_PTRACE_REGS_H
/* Changing the call that a stopped thread is about to make, and what it returned. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* At a call's entry: make call NUMBER (-1: none) instead. */
bool regs_set_call(pid_t tid, int64_t number);
/* At a call's exit. */
bool regs_set_result(pid_t tid, int64_t result);

#endif
