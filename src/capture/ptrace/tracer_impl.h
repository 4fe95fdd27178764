/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_PTRACE_TRACER_IMPL_H
#define SONDE_CAPTURE_PTRACE_TRACER_IMPL_H
/* Shared by tracer*.c only. */
#include "base/map.h"
#include "base/vec.h"
#include "capture/ptrace/place.h"
#include "capture/ptrace/remote.h"
#include "capture/ptrace/tracer.h"

#include <sys/ptrace.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <time.h>

/* One thread; the sink sees `shown`. */
struct tracee {
	struct call_thread shown; /* first */
	bool begun;               /* the sink knows of it */
	bool hidden;              /* our own child until its execve: nobody wants to see that */
	bool tried_exec;          /* ... but that it failed */
	bool has_filter;          /* only wanted calls stop it, so it runs by PTRACE_CONT */
	bool told;                /* the sink was told of the entry of the call it is in */
	bool tampered;            /* `tampering` is for the call it is in */
	bool interrupted;         /* PTRACE_INTERRUPT is on its way */
	bool detach;              /* let go at its next stop */
	int injected_signal;      /* to be delivered when it goes on from a call's entry */
	struct tracer_tampering *tampering; /* heap; kept for the next call */
};

struct tracer_delayed {
	uint64_t due_ns;
	pid_t tid;
};

struct tracer {
	struct tracer_options options;
	struct map tracees; /* tid -> struct tracee * */
	struct remote remote;
	struct place *place; /* NULL: the tracer runs anywhere */
	VEC(struct tracer_delayed) delayed;
	pid_t last_tid; /* whose stop the last one was, ... */
	unsigned alone; /* ... and how many in a row were, nobody else having stopped meanwhile */
	pid_t command;  /* 0: none */
	int command_status;
	bool command_ended, stop;
	unsigned long seize_options;
	timer_t timer;
	bool has_timer;
};

/* What wait(2) says of a thread. */
struct tracer_happened {
	pid_t tid;
	int status;
	uint64_t system_ns; /* CPU time in the kernel; 0 unless options.system_time */
	bool is_signal;     /* about to be delivered; it is seen again until the thread goes on */
};
/* FLAGS: 0 or WNOHANG.  False: none, with errno. */
bool tracer_wait(struct tracer *t, struct tracer_happened *h, int flags);

struct tracee *tracer_find(const struct tracer *t, pid_t tid);
void tracer_note(struct tracer *t, enum tracer_note what, pid_t pid, const char *text);
struct tracee *tracer_add(struct tracer *t, pid_t pid, pid_t tid);
void tracer_forget(struct tracer *t, struct tracee *e);
/* Let it go on from its stop, with SIGNAL if that is not 0. */
void tracer_resume(struct tracer *t, struct tracee *e, int signal);
/* Detach from a thread that is stopped as STATUS says. */
void tracer_let_go(struct tracer *t, struct tracee *e, int status);

/* tracer_call.c: stops at a call's entry and exit. */
void tracer_call_stop(struct tracer *t, struct tracee *e, int status);
void tracer_call_go_on(struct tracer *t, struct tracee *e); /* after its delay */

#endif
