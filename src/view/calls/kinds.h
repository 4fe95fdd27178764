/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_CALLS_KINDS_H
#define SONDE_VIEW_CALLS_KINDS_H
/*
 * What a system call does as far as views of recordings care: which descriptors it makes and
 * ends, whether it moves bytes, whether it waits.  What its arguments are comes from the
 * decoder's tables; this adds what those don't say.
 */
#include "syscall/table.h"

enum call_makes {
	CALL_MAKES_NOTHING,
	CALL_MAKES_FILE,    /* a descriptor of the path it was given */
	CALL_MAKES_SOCKET,
	CALL_MAKES_ACCEPT,
	CALL_MAKES_PAIR,    /* pipe, socketpair: two */
	CALL_MAKES_COPY,    /* dup */
	CALL_MAKES_FCNTL,   /* perhaps a copy */
	CALL_MAKES_OTHER,   /* any other descriptor: epoll, timerfd ... */
	CALL_MAKES_FORK,    /* a copy of all, or none of its own */
	CALL_MAKES_EXEC,    /* ends those with close-on-exec */
	CALL_MAKES_RECEIVED, /* perhaps some that were sent through a socket */
	CALL_ENDS_ONE,      /* close */
	CALL_ENDS_RANGE,    /* close_range */
	CALL_NAMES_PEER,    /* connect */
	CALL_NAMES_OWN,     /* bind, and getsockname, which tells the port that bind left open */
	CALL_MOVES_CWD,     /* chdir, fchdir */
	CALL_REGISTERS,     /* epoll_ctl: what stands for a descriptor in events */
};
enum call_moves { CALL_READS = 1, CALL_WRITES = 2 }; /* bytes, its result says how many */
enum call_waits {
	CALL_WAITS_NOT,
	CALL_WAITS_MAYBE,    /* for what its descriptor refers to: read, write, connect, fsync */
	CALL_WAITS_POLL,     /* for one of many descriptors: its result says which */
	CALL_WAITS_EPOLL,
	CALL_WAITS_FUTEX,
	CALL_WAITS_CHILD,
	CALL_WAITS_TIMER,
	CALL_WAITS_SIGNAL,
	CALL_WAITS_ACCEPT,
	CALL_WAITS_IPC,      /* of System V */
};

struct call_kind {
	const struct syscall_entry *entry; /* NULL: not in our tables */
	struct syscall_roles roles;
	enum call_makes makes;
	uint8_t moves;                     /* enum call_moves */
	enum call_waits waits;
	bool known;                        /* private */
};

/* Kinds by number, found once each. */
struct call_kinds;
struct call_kinds *call_kinds_create(void);
void call_kinds_destroy(struct call_kinds *k); /* NULL-safe */
/* ABI below SYSCALL_ABI_COUNT.  Valid until the next call. */
const struct call_kind *call_kinds_get(struct call_kinds *k, enum syscall_abi abi, uint32_t number);
/* It is made to wait, and nobody is surprised when it does: poll, futex, wait4. */
static inline bool call_kind_is_wait(const struct call_kind *k) { return k->waits > CALL_WAITS_MAYBE; }

#endif
