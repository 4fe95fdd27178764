/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * DWARF register numbers:
 *   x86-64   0 rax rdx rcx rbx rsi rdi rbp(6) rsp(7) r8 ... r15(15), return address 16
 *   i386     0 eax ecx edx ebx esp(4) ebp(5) esi edi, return address 8
 *   AArch64  x0 ... x30(30), sp(31); the return address is x30
 *   ARM      r0 ... r15; fp r11, sp r13, lr r14, pc r15
 *   RISC-V   x0 ... x31; ra x1, sp x2, s0 x8
 * Where a machine has no number for the pc, one behind the others is taken.
 *
 * A signal handler's frame, as the kernels lay it out: the handler returns to code that
 * finds SP at struct rt_sigframe (x86-64: behind its first word).
 */
#include "unwind/machine.h"

#define BIT(n) (UINT64_C(1) << (n))
#define BITS(from, to) (((BIT(to) - 1) | BIT(to)) & ~(BIT(from) - 1))

static const struct unwind_machine machines[UNWIND_ARCH_COUNT] = {
	[UNWIND_ARCH_X86_64] = {
		.arch = UNWIND_ARCH_X86_64, .word_bytes = 8, .sp = 7, .fp = 6, .ra = 16, .pc = 16,
		.registers = 17, .callee_saved = BIT(3) | BIT(6) | BITS(12, 15),
		.signal = UNWIND_SIGNAL_X86_64, .signal_sp = 20, .stack_at = 18,
		.address_mask = UINT64_MAX,
	},
	[UNWIND_ARCH_I386] = {
		.arch = UNWIND_ARCH_I386, .word_bytes = 4, .sp = 4, .fp = 5, .ra = 8, .pc = 8,
		.registers = 9, .callee_saved = BIT(3) | BITS(5, 7), .signal = UNWIND_SIGNAL_I386,
		.stack_at = 10, .address_mask = UINT32_MAX,
	},
	[UNWIND_ARCH_AARCH64] = {
		.arch = UNWIND_ARCH_AARCH64, .word_bytes = 8, .sp = 31, .fp = 29, .ra = 30, .pc = 32,
		.registers = 33, .has_lr = true, .callee_saved = BITS(19, 29),
		.signal = UNWIND_SIGNAL_AARCH64, .signal_sp = 70, .stack_at = 52,
		.address_mask = BIT(48) - 1,
	},
	[UNWIND_ARCH_ARM] = {
		.arch = UNWIND_ARCH_ARM, .word_bytes = 4, .sp = 13, .fp = 11, .ra = 14, .pc = 15,
		.registers = 16, .has_lr = true, .callee_saved = BITS(4, 11),
		.signal = UNWIND_SIGNAL_ARM, .stack_at = 19, .address_mask = UINT32_MAX - 1,
	},
	[UNWIND_ARCH_RISCV64] = {
		.arch = UNWIND_ARCH_RISCV64, .word_bytes = 8, .sp = 2, .fp = 8, .ra = 1, .pc = 32,
		.registers = 33, .has_lr = true, .pair_at = -2,
		.callee_saved = BITS(8, 9) | BITS(18, 27), .signal = UNWIND_SIGNAL_RISCV64,
		.signal_sp = 40, .stack_at = 22, .address_mask = UINT64_MAX,
	},
};

#if defined(__x86_64__)
enum { NATIVE = UNWIND_ARCH_X86_64 };
#elif defined(__i386__)
enum { NATIVE = UNWIND_ARCH_I386 };
#elif defined(__aarch64__)
enum { NATIVE = UNWIND_ARCH_AARCH64 };
#elif defined(__arm__)
enum { NATIVE = UNWIND_ARCH_ARM };
#elif defined(__riscv) && __riscv_xlen == 64
enum { NATIVE = UNWIND_ARCH_RISCV64 };
#else
enum { NATIVE = UNWIND_ARCH_NATIVE };
#endif

const struct unwind_machine *unwind_machine(enum unwind_arch arch)
{
	unsigned n = arch == UNWIND_ARCH_NATIVE ? (unsigned)NATIVE : (unsigned)arch;

	return n < UNWIND_ARCH_COUNT && machines[n].word_bytes ? &machines[n] : NULL;
}

const struct unwind_machine *unwind_machine_of_elf(uint16_t e_machine, bool is_64)
{
	switch (e_machine) {
	case 62: /* EM_X86_64; its 32-bit form, x32, has registers and a stack of 64 bits */
		return &machines[UNWIND_ARCH_X86_64];
	case 3: /* EM_386 */
		return &machines[UNWIND_ARCH_I386];
	case 183: /* EM_AARCH64 */
		return is_64 ? &machines[UNWIND_ARCH_AARCH64] : NULL;
	case 40: /* EM_ARM */
		return &machines[UNWIND_ARCH_ARM];
	case 243: /* EM_RISCV */
		return is_64 ? &machines[UNWIND_ARCH_RISCV64] : NULL;
	default:
		return NULL;
	}
}

const uint8_t *unwind_sigreturn_code(const struct unwind_machine *m, size_t *size_bytes)
{
	static const uint8_t x86_64[] = { 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05 }; /* mov $15,%rax; syscall */
	static const uint8_t aarch64[] = { 0x68, 0x11, 0x80, 0xd2, 0x01, 0, 0, 0xd4 };   /* mov x8,#139; svc #0 */
	static const uint8_t riscv64[] = { 0x93, 0x08, 0xb0, 0x08, 0x73, 0, 0, 0 };      /* li a7,139; ecall */

	switch (m->arch) {
	case UNWIND_ARCH_X86_64:
		*size_bytes = sizeof(x86_64);
		return x86_64;
	case UNWIND_ARCH_AARCH64:
		*size_bytes = sizeof(aarch64);
		return aarch64;
	case UNWIND_ARCH_RISCV64:
		*size_bytes = sizeof(riscv64);
		return riscv64;
	default:
		return NULL;
	}
}
