/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SESSION_COMMAND_H
#define SONDE_SESSION_COMMAND_H
/* A command that is recorded: started, held before its exec until the sources are
 * ready, waited for. */
#include "base/err.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	COMMAND_FAILED = 125,         /* sonde itself failed before the command ran */
	COMMAND_NOT_EXECUTABLE = 126,
	COMMAND_NOT_FOUND = 127,
};

struct command {
	pid_t pid;         /* 0: not started */
	int go_fd;         /* a byte lets it exec; closed without one, it ends */
	int result_fd;     /* closed by a successful exec; else its errno */
	bool ended;
	int wait_status;   /* once ended */
	uint64_t cpu_ns;   /* once ended: its own and its waited-for children's */
};

/* Is there such a program?  If not *status says which way, as a shell does. */
struct err *command_check(char *const *argv, int *status);

/* In the child, before its exec, whose arguments somebody may look at from inside the kernel: its pages are there, but on
 * an arm64 CPU that doesn't keep their accessed flags (Cortex-A72) each faults once more after a fork, and who looks can't
 * take that fault. */
void command_touch(char *const *list);
/* Fork.  ENV: NULL-terminated.  MASK: the signal mask to give it back. */
struct err *command_spawn(struct command *c, char *const *argv, char *const *env,
			  const sigset_t *mask);
/* Let it exec; returns when it did or could not. */
struct err *command_go(struct command *c, const char *name, int *status);
/* See whether it ended; waits for it when BLOCK. */
void command_reap(struct command *c, bool block);
/* End it before it exec'ed; closes what is open.  Leaves a running command alone. */
void command_deinit(struct command *c);
/* As a shell says it: 128 + the signal that killed it. */
int command_exit_status(int wait_status);

#endif
