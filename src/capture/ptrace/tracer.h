/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_PTRACE_TRACER_H
#define SONDE_CAPTURE_PTRACE_TRACER_H
/*
 * System calls by ptrace(2): the engine that needs no privilege, sees arguments as the
 * caller has them, and can tamper with calls.
 *
 * Everything happens on the thread that made the tracer (the kernel ties ptrace to
 * threads).  Threads are seized, never TRACEME'd, and options don't include EXITKILL
 * unless asked: should we die, the kernel lets all of them go on.
 */
#include "base/err.h"
#include "capture/calls.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct tracer;

enum { TRACER_POKES_MAX = 7 };
struct tracer_poke {
	uint8_t arg; /* 0..6: the argument that is the address */
	uint16_t size_bytes;
	const uint8_t *data; /* borrowed; NULL: none */
};
/* What is to be done to a call, decided at its entry. */
struct tracer_tampering {
	bool set_number, set_result;
	bool silent;             /* not to be called injected */
	uint32_t number;         /* the call to make instead; UINT32_MAX: none at all */
	bool fails;              /* `result` is an error, -4095..-1; else it is a value, whatever it is */
	int64_t result;
	int signal;              /* 0: none */
	uint64_t delay_enter_ns, delay_exit_ns;
	struct tracer_poke enter[TRACER_POKES_MAX], exit[TRACER_POKES_MAX];
};

enum tracer_note {
	TRACER_STRANGER_LET_GO, /* CLONE_PTRACE made us the tracer of somebody we were not asked for */
	TRACER_STRANGER_ENDED,  /* CLONE_PARENT, or such a one, ended as our child */
	TRACER_POKE_FAILED,     /* TEXT: why */
	TRACER_POKE_SHORT,      /* TEXT: what was written of how much, or what can be read of it */
	TRACER_STILL_HELD,      /* it is to be let go, but can't be stopped: it is in vfork(), or waits for a disk */
};

struct tracer_options {
	bool follow;      /* forks, vforks and clones too */
	bool seccomp;     /* commands carry a filter (capture/ptrace/filter.h): only wanted calls stop */
	bool system_time; /* fill call_thread.system_ns */
	bool detach_on_exec; /* let go what execs, but for the command's first time */
	bool exit_kill;   /* kill them when we die */
	uint64_t tick_ns; /* how often `tick` and the sink's `idle` are called, at least */
	const struct call_set *wanted; /* calls that the sink is told of; borrowed */
	const struct call_sink *sink;
	void *sink_self;
	/* May be NULL.  False: leave this call alone.  Asked before the sink is told of the entry. */
	bool (*tamper)(void *user, struct call_thread *t, const struct syscall_memory *memory,
		       struct tracer_tampering *what);
	void *tamper_user;
	/* May be NULL: what the sink has no word for. */
	void (*note)(void *user, enum tracer_note what, pid_t pid, const char *text);
	const bool *done; /* looked at after each event: end tracer_run() when it is set.  May be NULL. */
	/* May be NULL.  True: end tracer_run(). */
	bool (*tick)(void *user);
	void *tick_user;
};

struct err *tracer_create(const struct tracer_options *options, struct tracer **ret);
/* What is asked of the kernel for each thread: PTRACE_O_... */
unsigned long tracer_ptrace_options(const struct tracer *t);
/* Lets go of what it still holds, as the kernel does. */
void tracer_destroy(struct tracer *t);

/* Our child, not yet exec'ed: nothing is told of it until it calls execve. */
struct err *tracer_add_command(struct tracer *t, pid_t pid);
/* A running thread, and with `all_threads` its process.  *count: how many threads. */
struct err *tracer_attach(struct tracer *t, pid_t pid, bool all_threads, size_t *count);

/* Until nobody is left or `tick` says so. */
struct err *tracer_run(struct tracer *t);
/* Let all go, each as it is: running, stopped by the user, or with its signal.  Waits for those that can't be
 * stopped at once until `tick` says that it is enough; the kernel lets those go when we end. */
void tracer_detach_all(struct tracer *t);

/* The tid that is our command is reported here when it ended; -1 while it runs. */
bool tracer_wait_status(const struct tracer *t, pid_t pid, int *wait_status);

#endif
