/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause OR MIT */
#ifndef SONDE_UNWIND_TABLE_H
#define SONDE_UNWIND_TABLE_H
/*
 * The compact unwind table of a module: what its CFI (.eh_frame, .debug_frame) says about
 * the stack pointer, the frame pointer and the return address, in rows of 8 bytes sorted by
 * address.  Made by unwind_table_build() (unwind/build.h).
 *
 * No includes but the integer types and the permissive licences, because the in-kernel
 * unwinder (bpf/) and the preloaded agents read the same rows.
 *
 * A word is 8 bytes on 64-bit machines and 4 on 32-bit ones.  The CFA is the stack pointer
 * of the caller at its call.  One step, for all machines:
 *
 *     row = unwind_row_find(rows, count, pc - base)        pc: of a return address, minus 1
 *     cfa = by unwind_row_cfa(row), below
 *     at  = by unwind_row_base(row): CFA - word * saved, SP + word * saved or FP + word * saved
 *     fp  = what unwind_row_what(row) says lies there
 *     pc  = x86: word at CFA - word; others: LR (of the innermost frame only, else the row
 *           is wrong); or as unwind_row_what() says
 *     sp  = cfa
 */
#ifndef __bpf__
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

struct unwind_row {
	uint32_t pc;   /* the rule holds from here to the next row's pc */
	uint8_t how;   /* enum unwind_cfa | enum unwind_base << 4 | enum unwind_what << 6 */
	uint8_t saved; /* words from the base to where it is saved */
	int16_t cfa;   /* words; what for says enum unwind_cfa */
};

enum unwind_cfa {
	UNWIND_CFA_NONE,           /* no CFI covers this: data, padding, assembly without it */
	UNWIND_CFA_SP,             /* SP + cfa */
	UNWIND_CFA_FP,             /* FP + cfa */
	UNWIND_CFA_FP_DEREF,       /* word at FP + cfa (realigned stacks: gcc's DRAP) */
	UNWIND_CFA_SP_DEREF,       /* word at SP + cfa */
	UNWIND_CFA_SP_DEREF_PLUS,  /* word at SP + cfa, and one word more (perlasm) */
	UNWIND_CFA_PLT,            /* x86-64: SP + 8, and 8 more when (pc & 15) >= cfa */
	UNWIND_CFA_SIGNAL,         /* a signal trampoline: SP + cfa is where the interrupted
				      SP is saved; the other registers beside it, as
				      struct unwind_signal_frame says.  Its pc is exact. */
	UNWIND_CFA_REG,            /* register number `saved` (DWARF) + cfa.  FP: the same with
				      UNWIND_BASE_NONE, at FP + 0 with UNWIND_BASE_FP. */
	UNWIND_CFA_OUTERMOST,      /* no caller: the stack is complete */
	UNWIND_CFA_UNSUPPORTED,    /* CFI that needs all registers: unwind_cfi_step() */
};

enum unwind_base {
	UNWIND_BASE_NONE, /* nothing is saved: FP is as it is */
	UNWIND_BASE_CFA,  /* at CFA - saved */
	UNWIND_BASE_SP,   /* at SP + saved */
	UNWIND_BASE_FP,   /* at FP + saved */
};

enum unwind_what {
	UNWIND_WHAT_FP,         /* FP lies there */
	UNWIND_WHAT_FP_RA,      /* FP, and the return address a word above */
	UNWIND_WHAT_RA,         /* the return address; FP is as it is */
	UNWIND_WHAT_RA_FP_LOST, /* the return address (with UNWIND_BASE_NONE: nothing lies
				   there, it is where it always is); FP isn't known any more */
};

static inline enum unwind_cfa unwind_row_cfa(const struct unwind_row *row)
{
	return (enum unwind_cfa)(row->how & 15);
}

static inline enum unwind_base unwind_row_base(const struct unwind_row *row)
{
	return (enum unwind_base)(row->how >> 4 & 3);
}

static inline enum unwind_what unwind_row_what(const struct unwind_row *row)
{
	return (enum unwind_what)(row->how >> 6);
}

static inline uint8_t unwind_row_how(enum unwind_cfa cfa, enum unwind_base base, enum unwind_what what)
{
	return (uint8_t)((unsigned)cfa | (unsigned)base << 4 | (unsigned)what << 6);
}

/* Words from the place of the saved SP to those of the others (the kernels' sigcontext:
 * arch/X/include/uapi/asm/sigcontext.h, ucontext.h). */
struct unwind_signal_frame {
	int8_t pc, fp, lr; /* lr 0: the machine has none */
};
#define UNWIND_SIGNAL_X86_64 { 1, -5, 0 }
#define UNWIND_SIGNAL_I386 { 7, -1, 0 }
#define UNWIND_SIGNAL_AARCH64 { 1, -2, -1 }
#define UNWIND_SIGNAL_ARM { 2, -2, 1 }
#define UNWIND_SIGNAL_RISCV64 { -2, 6, -1 }

#ifndef __bpf__
/* The row that holds for PC (counted from the table's base), NULL when it is before the
 * first.  ROWS are sorted, COUNT may be 0. */
static inline const struct unwind_row *unwind_row_find(const struct unwind_row *rows, size_t count,
						       uint32_t pc)
{
	const struct unwind_row *row = rows;

	if (count == 0 || pc < rows[0].pc)
		return NULL;
	while (count > 1) {
		size_t half = count / 2;

		row += row[half].pc <= pc ? half : 0;
		count -= half;
	}
	return row;
}
#endif

#endif
