/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#ifndef SONDE_UNWIND_MACHINE_H
#define SONDE_UNWIND_MACHINE_H
/* What the unwinder knows of a machine: its registers by their DWARF numbers (each
 * machine's psABI), and where its kernel puts them for a signal handler. */
#include "unwind/table.h"

enum unwind_arch { /* values of a machine's `arch` */
	UNWIND_ARCH_NATIVE, /* the one that this was compiled for */
	UNWIND_ARCH_X86_64,
	UNWIND_ARCH_I386,
	UNWIND_ARCH_AARCH64,
	UNWIND_ARCH_ARM,
	UNWIND_ARCH_RISCV64,
	UNWIND_ARCH_COUNT,
};

struct unwind_machine {
	uint8_t arch;
	uint8_t word_bytes;
	uint8_t sp, fp, ra;      /* numbers; ra: the column that its compilers use */
	uint8_t pc;              /* number under which the full unwinder keeps the pc */
	uint8_t registers;       /* numbers below this are kept by the full unwinder */
	bool has_lr;             /* calls leave the return address in a register, not on the stack */
	int8_t pair_at;          /* the frame pointer's pair (caller's FP, return address) lies
				    that many words from where it points */
	uint64_t callee_saved;   /* bits: what "unspecified" leaves as it is */
	struct unwind_signal_frame signal;
	int16_t signal_sp;       /* rt_sigreturn: words from SP to the saved SP; 0: not known */
	uint8_t stack_at;        /* ... words from uc_stack, a stack_t of three words, to the saved SP */
	uint64_t address_mask;   /* bits of a code address (AArch64 signs in the others) */
};

/* NULL: not a machine that we unwind. */
const struct unwind_machine *unwind_machine(enum unwind_arch arch);
/* By ELF's e_machine and class; NULL as above. */
const struct unwind_machine *unwind_machine_of_elf(uint16_t e_machine, bool is_64);

/* The code that returns from a handler, where it has no CFI (musl, AArch64's vDSO): its bytes
 * and how many.  NULL: not known. */
const uint8_t *unwind_sigreturn_code(const struct unwind_machine *m, size_t *size_bytes);

#endif
