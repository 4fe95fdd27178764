/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where each architecture has the number of the call (at entry) and its result (at exit).
 * On arm64 the number is a register set of its own; on riscv64 a7 and a0 as seen.
 */
#include "capture/ptrace/regs.h"

#include <elf.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#if defined(__x86_64__)
bool regs_set_call(pid_t tid, int64_t number)
{
	return ptrace(PTRACE_POKEUSER, tid, (void *)offsetof(struct user_regs_struct, orig_rax), (void *)number) == 0;
}

bool regs_set_result(pid_t tid, int64_t result)
{
	return ptrace(PTRACE_POKEUSER, tid, (void *)offsetof(struct user_regs_struct, rax), (void *)result) == 0;
}
#elif defined(__aarch64__)
bool regs_set_call(pid_t tid, int64_t number)
{
	int call = (int)number;
	struct iovec io = { &call, sizeof(call) };

	return ptrace(PTRACE_SETREGSET, tid, (void *)NT_ARM_SYSTEM_CALL, &io) == 0;
}

bool regs_set_result(pid_t tid, int64_t result)
{
	struct user_regs_struct regs;
	struct iovec io = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &io) != 0)
		return false;
	regs.regs[0] = (uint64_t)result;
	return ptrace(PTRACE_SETREGSET, tid, (void *)NT_PRSTATUS, &io) == 0;
}
#elif defined(__riscv)
static bool set(pid_t tid, bool call, int64_t value)
{
	struct user_regs_struct regs;
	struct iovec io = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &io) != 0)
		return false;
	*(call ? &regs.a7 : &regs.a0) = (unsigned long)value;
	return ptrace(PTRACE_SETREGSET, tid, (void *)NT_PRSTATUS, &io) == 0;
}

bool regs_set_call(pid_t tid, int64_t number) { return set(tid, true, number); }
bool regs_set_result(pid_t tid, int64_t result) { return set(tid, false, result); }
#else
bool regs_set_call(pid_t tid, int64_t number) { return false; }
bool regs_set_result(pid_t tid, int64_t result) { return false; }
#endif
