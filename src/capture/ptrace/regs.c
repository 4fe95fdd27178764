/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where each architecture has the number of the call (at entry) and its result (at exit).
 * On arm64 the number is a register set of its own; on riscv64 a7 and a0 as seen.
 * 32-bit programs have a set of registers of another size.
 */
#include "capture/ptrace/regs.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#if defined(__riscv)
#include <asm/ptrace.h> /* its user_regs_struct */
#endif

#if defined(__arm__)
typedef struct user_regs native_regs;
#else
typedef struct user_regs_struct native_regs;
#endif

#if defined(__aarch64__)
enum { NARROW_REGS = 18 }; /* r0-r15, cpsr, orig_r0: arch/arm/include/uapi/asm/ptrace.h */
#else
enum { NARROW_REGS = 17 }; /* i386's */
#endif

/* As the kernel gives them: which it is their size says. */
union any_regs {
	native_regs native;
	uint32_t narrow[NARROW_REGS];
};

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
	union any_regs r;
	struct iovec io = { &r, sizeof(r) };

	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &io) != 0)
		return false;
	if (io.iov_len == sizeof(r.narrow))
		r.narrow[0] = (uint32_t)result;
	else
		r.native.regs[0] = (uint64_t)result;
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

/* --- for unwinding ------------------------------------------------------------------------ */

#if defined(__x86_64__)
/* struct user_regs_struct32, arch/x86/include/asm/user32.h: ebx ecx edx esi edi ebp eax, 4 segments,
 * orig_eax, eip, cs, eflags, esp */
static void regs_of_32bit(const uint32_t *r, struct unwind_full *ret)
{
	*ret = (struct unwind_full){
		.value = { r[6], r[1], r[2], r[0], r[15], r[5], r[3], r[4], r[12] }, .known = (1 << 9) - 1,
	};
}

static void regs_of(const native_regs *r, struct unwind_full *ret)
{
	*ret = (struct unwind_full){
		.value = { r->rax, r->rdx, r->rcx, r->rbx, r->rsi, r->rdi, r->rbp, r->rsp, r->r8, r->r9, r->r10,
			   r->r11, r->r12, r->r13, r->r14, r->r15, r->rip },
		.known = (1 << 17) - 1,
	};
}
#elif defined(__aarch64__)
static void regs_of_32bit(const uint32_t *r, struct unwind_full *ret)
{
	*ret = (struct unwind_full){ .known = (1 << 16) - 1 };
	for (int i = 0; i < 16; i++)
		ret->value[i] = r[i];
}

static void regs_of(const native_regs *r, struct unwind_full *ret)
{
	*ret = (struct unwind_full){ .known = (UINT64_C(1) << 33) - 1 };
	for (int i = 0; i < 31; i++)
		ret->value[i] = r->regs[i];
	ret->value[31] = r->sp;
	ret->value[32] = r->pc;
}
#elif defined(__riscv) && __riscv_xlen == 64
static void regs_of(const native_regs *r, struct unwind_full *ret)
{
	const unsigned long *x = (const unsigned long *)r; /* pc, x1 ... x31 */

	*ret = (struct unwind_full){ .known = (UINT64_C(1) << 33) - 2 };
	for (int i = 1; i < 32; i++)
		ret->value[i] = x[i];
	ret->value[32] = x[0];
}
#else
static void regs_of(const native_regs *r, struct unwind_full *ret) { *ret = (struct unwind_full){ 0 }; }
#endif

bool regs_read(pid_t tid, struct unwind_full *regs, bool *is_32bit)
{
	union any_regs r;
	struct iovec io = { &r, sizeof(r) };

	memset(&r, 0, sizeof(r));
	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &io) != 0)
		return false;
#if defined(__x86_64__) || defined(__aarch64__)
	*is_32bit = io.iov_len == sizeof(r.narrow);
	if (*is_32bit) {
		regs_of_32bit(r.narrow, regs);
		return true;
	}
#endif
	regs_of(&r.native, regs);
	return regs->known != 0;
}
