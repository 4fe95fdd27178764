/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_KERNEL_LOG_H
#define SONDE_SESSION_KERNEL_LOG_H
/*
 * Kernel logs as a stream of bytes: a file, standard input, or the running kernel's own
 * (/dev/kmsg, else syslog(2)).  Used by oops and dmesg.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct kernel_log_options {
	const char *path; /* NULL: the running kernel's log; "-": standard input */
	bool follow;      /* wait for more until a signal comes (files: as tail -f) */
	bool only_new;    /* of the running kernel: only what comes from now on */
};

/* BYTES are valid during the call.  SIZE 0: nothing new for the moment (following). */
typedef struct err *kernel_log_fn(void *user, const void *bytes, size_t size_bytes);

/* Until the end, an error of the callback, or (following) SIGINT or SIGTERM.  Without
 * permission the error says which setting forbids it and what helps. */
struct err *kernel_log_read(const struct kernel_log_options *options, kernel_log_fn *callback, void *user);

#endif
