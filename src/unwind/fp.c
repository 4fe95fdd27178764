/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Stacks by frame pointers.  A function that keeps one starts with "save the caller's
 * frame pointer, save the return address beside it, point the frame pointer here", so
 * the saved pairs are a linked list up the stack.
 *
 *   x86-64, i386   fp -> caller's fp, return address     (psABI, "The Stack Frame")
 *   AArch64        fp -> caller's fp, return address     (AAPCS64, 6.4.6)
 *   RISC-V         the pair lies below: fp-2w caller's fp, fp-w return address (psABI)
 *   ARM            fp -> caller's fp, return address     (as compilers do for Thumb and clang for ARM)
 *
 * Code without frame pointers uses the register for other things; what is read then is
 * no list.  The walk believes a pair only if its place is aligned and the next one lies
 * above it, within a sane distance; so it always ends.
 *
 * No libc in here: the preloaded agent runs it in a signal handler of any program.
 */
#include "unwind/unwind.h"

enum { FRAME_MAX_BYTES = 64 << 20 };

#if defined(__riscv)
enum { PAIR_BELOW = 2 };
#else
enum { PAIR_BELOW = 0 };
#endif

static unsigned word_of(const struct unwind_regs *regs)
{
	return regs->is_32bit ? 4 : (unsigned)sizeof(void *);
}

static bool read_pair(const struct unwind_memory *memory, uint64_t fp, unsigned word, uint64_t pair[2])
{
	uint64_t at = fp - (uint64_t)PAIR_BELOW * word;
	uint32_t narrow[2];

	if (word == 8)
		return memory->read(memory->user, at, pair, 16);
	if (!memory->read(memory->user, at, narrow, 8))
		return false;
	pair[0] = narrow[0];
	pair[1] = narrow[1];
	return true;
}

enum unwind_end unwind_frame_pointers(const struct unwind_regs *regs,
				      const struct unwind_memory *memory, uint64_t *pcs,
				      size_t max_frames, size_t *count)
{
	unsigned word = word_of(regs);
	uint64_t fp = regs->fp, floor = regs->sp, pair[2];
	size_t n = 0;

	*count = 0;
	if (max_frames == 0)
		return UNWIND_CUT;
	pcs[n++] = regs->pc;
	for (;;) {
		*count = n;
		if (fp == 0)
			return UNWIND_COMPLETE;
		if (fp % word != 0 || fp < floor || fp - floor > FRAME_MAX_BYTES)
			return UNWIND_BROKEN;
		if (!read_pair(memory, fp, word, pair))
			return UNWIND_BROKEN;
		if (pair[1] == 0)
			return UNWIND_COMPLETE;
		if (n == max_frames)
			return UNWIND_CUT;
		pcs[n++] = pair[1];
		floor = fp + 1;
		fp = pair[0];
	}
}
