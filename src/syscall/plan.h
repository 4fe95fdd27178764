/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYSCALL_PLAN_H
#define SONDE_SYSCALL_PLAN_H
/*
 * What a BPF program has to copy of the caller's memory so that a call can be decoded
 * later: derived from the same argument descriptions as the text.  The steps are plain
 * data for a BPF map; the program knows no system call by name.
 */
#include "syscall/memory.h"
#include "syscall/table.h"

enum syscall_plan_kind {
	SYSCALL_PLAN_NONE,
	SYSCALL_PLAN_STRING,    /* NUL-terminated, at most `limit` bytes */
	SYSCALL_PLAN_BYTES,     /* `fixed` bytes + `scale` * value of argument or result `size_arg` */
	SYSCALL_PLAN_STRINGS,   /* argv: pointers up to NULL, and their strings */
	SYSCALL_PLAN_IOVEC,     /* array of `size_arg` iovecs and what they point to */
	SYSCALL_PLAN_MSGHDR,    /* struct msghdr: name, iovecs, control */
	SYSCALL_PLAN_MMSGHDR,   /* `size_arg` of them */
	SYSCALL_PLAN_POINTERS,  /* up to NULL; not what they point to */
	SYSCALL_PLAN_SOCKBUF,   /* as BYTES; of a netlink socket all of them */
	SYSCALL_PLAN_FOLLOW,    /* of what the words of the `fixed` bytes there point to, `limit` bytes each */
	SYSCALL_PLAN_LIST,      /* `size_arg` struct iocb *: the `fixed` bytes at each, as FOLLOW what those point to, and the buffers of PWRITEV */
	SYSCALL_PLAN_PTRACE,    /* as many bytes as argument 0 says, a request of ptrace(), and what the first word points to */
	SYSCALL_PLAN_IOCTL,     /* as many bytes as argument 1 says, an ioctl's number, and what they point to */
	SYSCALL_PLAN_FOLLOW_TWICE, /* with argument 0 being `scale`: of what the words point to that FOLLOW copies, `limit` bytes each */
};
enum { SYSCALL_PLAN_SIZE_RESULT = 6, SYSCALL_PLAN_SIZE_NONE = 7, SYSCALL_PLAN_STEPS = 10, SYSCALL_PLAN_STACK = 6, SYSCALL_PLAN_BITS = 3 << 12 };

struct syscall_plan_step {
	uint8_t kind;      /* enum syscall_plan_kind */
	uint8_t phase;     /* enum syscall_phase */
	uint8_t arg;       /* the argument that is the pointer: 0..5; SYSCALL_PLAN_STACK: the stack pointer */
	uint8_t size_arg;  /* 0..5, SYSCALL_PLAN_SIZE_RESULT, SYSCALL_PLAN_SIZE_NONE */
	uint16_t fixed;    /* bytes */
	uint16_t scale;    /* bytes an item; with SYSCALL_PLAN_BITS 8 items a byte */
	uint32_t limit;    /* most bytes to copy; 0: the reader's string limit (-s) */
};
struct syscall_plan {
	struct syscall_plan_step steps[SYSCALL_PLAN_STEPS]; /* up to the first NONE */
	/* where -y has descriptors to name */
	uint8_t files;     /* bit i: argument i is one; bit 6: the result is */
	uint8_t file_list; /* enum syscall_plan_files */
	uint16_t plain;    /* bit i: with argument 1, a command, being i nothing is in memory */
	uint8_t peek;      /* enum syscall_plan_peek: what argument 0 is matters to the text */
};
enum syscall_plan_peek {
	SYSCALL_PLAN_PEEK_NONE,
	SYSCALL_PLAN_PEEK_SOCKET,   /* a netlink socket's messages are decoded */
	SYSCALL_PLAN_PEEK_TERMINAL, /* with a command of SYSCALL_SHARED_FIRST ..., which sound has, too */
};
enum { SYSCALL_SHARED_FIRST = 0x5402, SYSCALL_SHARED_LAST = 0x5404 };
enum syscall_plan_files {
	SYSCALL_PLAN_FILES_NONE,
	SYSCALL_PLAN_FILES_POLLED, /* struct pollfd at argument 0, as many as argument 1 says */
	SYSCALL_PLAN_FILES_PAIR_0, /* two at argument 0, when the call has returned */
	SYSCALL_PLAN_FILES_PAIR_3, /* ... at argument 3 */
	SYSCALL_PLAN_FILES_SENT,     /* in the control messages of the struct msghdr at argument 1 */
	SYSCALL_PLAN_FILES_RECEIVED, /* ... when the call has returned */
	SYSCALL_PLAN_FILES_SENT_MANY,     /* ... of the struct mmsghdr [argument 2] */
	SYSCALL_PLAN_FILES_RECEIVED_MANY, /* ... as many as the result says */
	SYSCALL_PLAN_FILES_SETS,  /* three sets of argument 0 bits, at the next arguments */
	SYSCALL_PLAN_FILES_IOCBS, /* of the argument 1 struct iocb * at argument 2 */
};

/* All zero where nothing is to be copied or the call isn't known.  VERBOSE: for structures and
 * lists whole. */
void syscall_plan_entry(enum syscall_abi abi, const struct syscall_entry *entry, bool verbose, struct syscall_plan *ret);
void syscall_plan_get(enum syscall_abi abi, uint32_t number, bool verbose, struct syscall_plan *ret);

#endif
