/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_PTRACE_REMOTE_H
#define SONDE_CAPTURE_PTRACE_REMOTE_H
/*
 * Another process's memory while it stands still, read in few calls: the pages of the last
 * answers are kept until the thread moves on.
 */
#include "syscall/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { REMOTE_WINDOWS = 4, REMOTE_WINDOW_BYTES = 4096 };

struct remote_window {
	uint64_t addr;
	size_t size_bytes;
	uint8_t bytes[REMOTE_WINDOW_BYTES];
};
struct remote {
	pid_t pid;
	unsigned count, next; /* windows in use, the next one to be replaced */
	struct remote_window windows[REMOTE_WINDOWS];
};

/* PID stands still from now on: forget what was kept. */
void remote_begin(struct remote *r, pid_t pid);
struct syscall_memory remote_memory(struct remote *r);
/* Write what can be written; returns how many bytes from the start could. */
size_t remote_write(pid_t pid, uint64_t addr, const void *data, size_t size_bytes);

#endif
