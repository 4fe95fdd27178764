/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One block an ABI, chosen by the architecture that the kernel passes; in a block one
 * comparison pair for each run of wanted numbers, in ascending order:
 *
 *	if number > last: next run      if number < first: allow      trace
 *
 * The kernel keeps which numbers are always allowed in a bitmap, so the length of the
 * program hardly matters to the calls that nobody wants.
 */
#include "capture/ptrace/filter.h"

#include "base/vec.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PROGRAM_MAX = 4000 };
#define X32_BIT 0x40000000U

#define STOP (SECCOMP_RET_TRACE | FILTER_DATA)

typedef VEC(struct sock_filter) instructions;

static void add(instructions *p, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	struct sock_filter f = { code, jt, jf, k };

	vec_push(p, f);
}

static void add_run(instructions *p, uint32_t first, uint32_t last, uint32_t base)
{
	add(p, BPF_JMP | BPF_JGE | BPF_K, base + last + 1, 3, 0);
	add(p, BPF_JMP | BPF_JGE | BPF_K, base + first, 0, 1);
	add(p, BPF_RET | BPF_K, STOP, 0, 0);
	add(p, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static void add_runs(instructions *p, const struct call_set *wanted, enum syscall_abi abi, uint32_t base)
{
	uint32_t first = 0;
	bool in = false;

	for (uint32_t n = 0; n <= CALL_SET_MAX; n++) {
		bool has = n < CALL_SET_MAX && call_set_has(wanted, abi, n);

		if (has && !in)
			first = n;
		if (!has && in)
			add_run(p, first, n - 1, base);
		in = has;
	}
	add(p, BPF_RET | BPF_K, wanted->others ? STOP : SECCOMP_RET_ALLOW, 0, 0);
}

/* Jump over what comes until end_block() unless the value is K. */
static size_t begin_block(instructions *p, uint16_t compare, uint32_t k)
{
	add(p, compare, k, 1, 0);
	add(p, BPF_JMP | BPF_JA, 0, 0, 0);
	return p->n - 1;
}

static void end_block(instructions *p, size_t at) { p->v[at].k = (uint32_t)(p->n - at - 1); }

static void add_abi(instructions *p, const struct call_set *wanted, uint32_t arch, enum syscall_abi abi)
{
	size_t block = begin_block(p, BPF_JMP | BPF_JEQ | BPF_K, arch);

	add(p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	if (abi == SYSCALL_ABI_X86_64) {
		size_t x32 = begin_block(p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT);

		add_runs(p, wanted, SYSCALL_ABI_X32, X32_BIT);
		end_block(p, x32);
	}
	add_runs(p, wanted, abi, 0);
	end_block(p, block);
}

bool filter_is_vain(const struct call_set *wanted)
{
	for (uint32_t n = 0; n < 300; n++)
		if (!call_set_has(wanted, SYSCALL_ABI_NATIVE, n))
			return false;
	return true;
}

bool filter_make(const struct call_set *asked, struct sock_fprog *ret)
{
	struct call_set parts = *asked, *wanted = &parts;
	instructions p = { 0 };

	if (filter_is_vain(asked))
		return false;
	if (call_set_wants_ipc(asked))
		parts.bits[SYSCALL_ABI_I386][SYSCALL_IPC_CALL / 64] |= UINT64_C(1) << SYSCALL_IPC_CALL % 64;
	if (call_set_wants_socketcall(asked))
		parts.bits[SYSCALL_ABI_I386][SYSCALL_SOCKETCALL / 64] |= UINT64_C(1) << SYSCALL_SOCKETCALL % 64;
	add(&p, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
#if defined(__x86_64__)
	add_abi(&p, wanted, AUDIT_ARCH_X86_64, SYSCALL_ABI_X86_64);
	add_abi(&p, wanted, AUDIT_ARCH_I386, SYSCALL_ABI_I386);
#elif defined(__aarch64__)
	add_abi(&p, wanted, AUDIT_ARCH_AARCH64, SYSCALL_ABI_ARM64);
	add_abi(&p, wanted, AUDIT_ARCH_ARM, SYSCALL_ABI_ARM);
#elif defined(__riscv)
	add_abi(&p, wanted, AUDIT_ARCH_RISCV64, SYSCALL_ABI_RISCV64);
#elif defined(__arm__)
	add_abi(&p, wanted, AUDIT_ARCH_ARM, SYSCALL_ABI_ARM);
#endif
	add(&p, BPF_RET | BPF_K, STOP, 0, 0); /* an ABI we don't know */
	if (p.n > PROGRAM_MAX) {
		vec_deinit(&p);
		return false;
	}
	*ret = (struct sock_fprog){ (unsigned short)p.n, p.v };
	return true;
}

bool filter_can(void)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) < 0 && errno == EFAULT;
}

/* Without the no-new-privileges bit where we may: the command is to see nothing of us. */
int filter_install(const struct sock_fprog *program)
{
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) == 0)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return errno;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) == 0 ? 0 : errno;
}
