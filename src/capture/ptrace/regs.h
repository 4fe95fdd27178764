/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_PTRACE_REGS_H
#define SONDE_CAPTURE_PTRACE_REGS_H
/* Registers of a stopped thread: changing the call that it is about to make and what it returned, and all
 * of them for the unwinder. */
#include "unwind/unwind.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* At a call's entry: make call NUMBER (-1: none) instead. */
bool regs_set_call(pid_t tid, int64_t number);
/* At a call's exit. */
bool regs_set_result(pid_t tid, int64_t result);


/* All general registers, by their DWARF numbers; for unwind_regs_from().  False: not to be had. */
bool regs_read(pid_t tid, struct unwind_full *regs, bool *is_32bit);

#endif
