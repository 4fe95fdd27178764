/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYSCALL_MULTIPLEX_H
#define SONDE_SYSCALL_MULTIPLEX_H
/*
 * i386's socketcall(2) is twenty calls whose arguments lie in memory.  They are shown as those, with the numbers that
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
/* By socketcall's first argument. */
extern const struct syscall_part syscall_socketcalls[SYSCALL_SOCKETCALL_COUNT];

/* Make CALL the call that it stands for.  It stays as it is where it stands for none, or where its arguments can't be
 * read. */
void syscall_demultiplex(struct syscall_call *call, const struct syscall_memory *memory);

#endif
