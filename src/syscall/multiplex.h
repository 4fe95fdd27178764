/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYSCALL_MULTIPLEX_H
#define SONDE_SYSCALL_MULTIPLEX_H
/*
 * i386's ipc(2) is twelve calls whose arguments come in another order (ipc/syscall.c), two of them partly from memory;
 * semop and semtimedop have numbers of our own.  socketcall(2) is twenty calls whose arguments lie in memory.  They are shown as those, with the numbers that
 * i386 has for them since Linux 4.3; accept, send and recv, which never got one, have numbers of our own, beyond all others
 * (tools/gen-syscalls).
 */
#include "syscall/memory.h"
#include "syscall/print.h"

enum { SYSCALL_SOCKETCALL = 102, SYSCALL_SOCKETCALL_COUNT = 21 };

struct syscall_part {
	uint16_t number; /* 0: there is no such call */
	uint8_t args;
};
/* How one of ipc's calls gets its arguments: ORDER[i] is that of ipc's for argument i. */
enum { SYSCALL_IPC_CALL = 117, SYSCALL_IPC_COUNT = 25 };
enum syscall_ipc_memory {
	SYSCALL_IPC_DIRECT,
	SYSCALL_IPC_UNION, /* argument 3 is in the memory that it points to */
	SYSCALL_IPC_PAIR,  /* so are arguments 1 and 3, by argument 1, but for callers of version 1 */
};
struct syscall_ipc_part {
	uint16_t number; /* 0: there is no such call */
	uint8_t order[5], memory;
};
extern const struct syscall_ipc_part syscall_ipcs[SYSCALL_IPC_COUNT];
/* In argument 5 of a call that was ipc: no program can set this bit. */
#define SYSCALL_WAS_IPC (UINT64_C(1) << 32)

/* shmat's address, which ipc writes where argument 3 points; true: *result was replaced. */
bool syscall_ipc_result(const struct syscall_call *call, const struct syscall_memory *memory, int64_t *result);

/* By socketcall's first argument. */
extern const struct syscall_part syscall_socketcalls[SYSCALL_SOCKETCALL_COUNT];

/* Make CALL the call that it stands for.  It stays as it is where it stands for none, or where its arguments can't be
 * read. */
void syscall_demultiplex(struct syscall_call *call, const struct syscall_memory *memory);

#endif
