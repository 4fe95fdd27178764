/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_CALLS_H
#define SONDE_CAPTURE_CALLS_H
/*
 * What an engine that sees system calls tells to whoever wants to know: the live
 * printer, the counter, the recorder.  One engine, one sink; all calls come from the
 * engine's thread, in the order in which things happened.
 *
 * Whichever engine it is, a sink sees the same: enter and leave of each wanted call with
 * a reader of the caller's memory at that moment, signals, stops and ends.
 */
#include "syscall/memory.h"
#include "syscall/multiplex.h"
#include "syscall/print.h"
#include "syscall/table.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* One thread that is traced.  Made by the engine; valid until `ended`. */
struct call_thread {
	pid_t pid, tid;
	struct syscall_call call; /* the one it is in, else its last one */
	bool in_call;             /* between enter and leave, of any call */
	uint64_t ip;              /* user instruction pointer at entry */
	uint64_t signal_ip;       /* where a signal came in, while it is told; 0: not known */
	uint64_t enter_ns;        /* CLOCK_MONOTONIC; at leave the time of the entry is still there */
	uint64_t leave_ns;
	uint64_t event_ns;        /* of what is being told, where that is not now; 0: now */
	uint64_t system_ns;       /* CPU time in the kernel so far, if call_options.system_time */
	pid_t parent_tid, parent_pid; /* who made it; 0: not known */
	bool whole;               /* enter and leave are told at once, with the same memory, which is
				     a struct syscall_pieces */
	const struct syscall_pieces *pieces; /* while an entry or an exit is told: what its memory is made
				     of, with what was kept of descriptors; NULL: a process that stands still */
	bool entry_unseen;        /* enter_ns is that of the exit: how long it took isn't known */
	bool end_lost;            /* at detached: it has ended; when and how was lost */
	char comm[16];            /* the name that its last exec gave it, where the engine tells (BPF); else empty */
	uint8_t tampered;         /* enum call_tampered: what was done to this call */
	uint32_t stack;           /* at leave and signal: its user stack (track_stack()), where the engine took it; 0: none */
	void *user;               /* the sink's own */
};

enum call_tampered { CALL_INJECTED = 1, CALL_POKED = 2, CALL_DELAYED = 4 };

enum call_begin {
	CALL_BEGIN_COMMAND,  /* the command that we started */
	CALL_BEGIN_ATTACHED, /* asked for by -p */
	CALL_BEGIN_FOLLOWED, /* a fork, vfork or clone of a traced one */
};

/* What a sink wants to happen after it was told of an event. */
enum call_verdict {
	CALL_GO,
	CALL_DETACH, /* let this thread go, untouched */
};

/* Complete: no hook may be NULL. */
struct call_sink {
	void (*begin)(void *self, struct call_thread *t, enum call_begin how);
	/* The sink may say CALL_DETACH: then it is let go at the call's entry. */
	enum call_verdict (*enter)(void *self, struct call_thread *t, const struct syscall_memory *memory);
	/* Only for calls whose entry was told. */
	void (*leave)(void *self, struct call_thread *t, const struct syscall_memory *memory);
	/* The thread is on its way out, in a call that will not return or in none. */
	void (*leaving)(void *self, struct call_thread *t);
	void (*execed)(void *self, struct call_thread *t);
	/* A signal is about to be delivered.  SIGINFO is the kernel's, of the tracer's ABI; NULL
	 * where it could not be read. */
	void (*signal)(void *self, struct call_thread *t, int number, const siginfo_t *siginfo);
	void (*stopped)(void *self, struct call_thread *t, int number); /* group stop */
	/* The thread T is gone because BY, of the same process, has exec'ed and has its id now. */
	void (*superseded)(void *self, struct call_thread *t, pid_t by);
	void (*ended)(void *self, struct call_thread *t, int wait_status); /* T is freed then */
	void (*detached)(void *self, struct call_thread *t);               /* T is freed then; it runs on, or `end_lost` */
	/* Nothing happens at the moment, or time passed: show what was held back. */
	void (*idle)(void *self);
};

/* What texts are made with beside a call's memory: names of descriptors, protocols of netlink sockets. */
struct call_names {
	struct syscall_lookup lookup;
	/* The call that is printed next, at that phase; PIECES as in call_thread. */
	void (*look_at)(void *user, const struct syscall_pieces *pieces, enum syscall_phase phase);
	void *user;
	bool files; /* descriptors are named (-y): the engine is to keep what they are */
};

/* Which calls an engine is to report: a bit a call. */
enum { CALL_SET_MAX = 1024 };
struct call_set {
	uint64_t bits[SYSCALL_ABI_COUNT][CALL_SET_MAX / 64];
	bool others; /* calls that no table knows */
};

static inline bool call_set_has(const struct call_set *s, enum syscall_abi abi, uint32_t number)
{
	if (number >= CALL_SET_MAX)
		return s->others;
	return s->bits[abi][number / 64] >> (number % 64) & 1;
}

/* Is any of the calls wanted that i386's ipc stands for? */
static inline bool call_set_wants_ipc(const struct call_set *s)
{
	for (unsigned i = 0; i < SYSCALL_IPC_COUNT; i++)
		if (syscall_ipcs[i].number && call_set_has(s, SYSCALL_ABI_I386, syscall_ipcs[i].number))
			return true;
	return false;
}

/* Is any of the calls wanted that i386's socketcall stands for? */
static inline bool call_set_wants_socketcall(const struct call_set *s)
{
	for (unsigned i = 0; i < SYSCALL_SOCKETCALL_COUNT; i++)
		if (syscall_socketcalls[i].number && call_set_has(s, SYSCALL_ABI_I386, syscall_socketcalls[i].number))
			return true;
	return false;
}

#endif
