/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_KERNEL_LOG_H
#define SONDE_SESSION_KERNEL_LOG_H
/*
 * Kernel logs as a stream of bytes: a file or standard input (both unpacked as they are
 * read where they are gzip, xz or zstd), or the running kernel's own (/dev/kmsg, else syslog(2)).  Used by oops and dmesg.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct kernel_log_options {
	const char *path; /* NULL: the running kernel's log; "-": standard input */
	const char *command; /* the subcommand that hints name: "oops", "dmesg" */
	bool follow;      /* wait for more until a signal comes (files: as tail -f) */
	bool after_clear; /* of the running kernel: only what came after it was last cleared (dmesg -C) */
	bool only_new;    /* of the running kernel: only what comes from now on */
	/* Following: nothing came for KERNEL_LOG_QUIET_MS, so what was being said is said.  Once a silence; may be NULL. */
	void (*quiet)(void *user);
};
enum { KERNEL_LOG_QUIET_MS = 2000 };

/* BYTES are valid during the call.  SIZE 0: nothing new for the moment (following). */
typedef struct err *kernel_log_fn(void *user, const void *bytes, size_t size_bytes);

/* Until the end, an error of the callback, or (following) SIGINT or SIGTERM.  Without
 * permission the error says which setting forbids it and what helps.  What is no text (UTF-16,
 * compressed where it can't be unpacked) is an error that says what helps; other binary data
 * is read as it is, with a warning. */
struct err *kernel_log_read(const struct kernel_log_options *options, kernel_log_fn *callback, void *user);

/* Is standard input a pipe or a file that has something?  A pipe is given two seconds for its first byte. */
bool kernel_log_is_piped(void);

#endif
