/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_PTRACE_STOP_INFO_H
#define SONDE_CAPTURE_PTRACE_STOP_INFO_H
/*
 * What a thread that stopped at a system call is about: PTRACE_GET_SYSCALL_INFO (Linux
 * 5.3), and where that isn't had, the registers.
 */
#include <stdbool.h>
#include <sys/types.h>

struct ptrace_syscall_info; /* <linux/ptrace.h>, which wants <sys/ptrace.h> before it */

/* EVENT: the stop's, PTRACE_EVENT_SECCOMP or 0.  IN_CALL: we saw the call's entry.  False: the thread
 * is gone, or its registers can't be had. */
bool stop_info_read(pid_t tid, int event, bool in_call, struct ptrace_syscall_info *ret);
/* Does this kernel have PTRACE_GET_SYSCALL_INFO?  Asked with a child of its own. */
bool stop_info_is_told(void);

#endif
