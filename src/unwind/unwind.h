/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#ifndef SONDE_UNWIND_UNWIND_H
#define SONDE_UNWIND_UNWIND_H
/*
 * Registers + a memory reader -> frames.  Freestanding: no allocation, no libc, so
 * that the preloaded agents and a crash handler can use it inside other programs.
 * Several methods stand behind one interface; this far: frame pointers.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unwind_regs {
	uint64_t pc, sp, fp;
	uint64_t lr; /* link register where the architecture has one, else 0 */
	bool is_32bit; /* a 32-bit program looked at by a 64-bit one */
};

/* Read SIZE bytes at ADDR into BUFFER; false when that memory is not there. */
struct unwind_memory {
	bool (*read)(void *user, uint64_t addr, void *buffer, size_t size_bytes);
	void *user;
};

enum unwind_end {
	UNWIND_COMPLETE,  /* reached the outermost frame */
	UNWIND_CUT,       /* max_frames reached */
	UNWIND_BROKEN,    /* memory or a frame that can't be */
};

/* PCs innermost first (the first is regs->pc, the others return addresses). */
enum unwind_end unwind_frame_pointers(const struct unwind_regs *regs,
				      const struct unwind_memory *memory, uint64_t *pcs,
				      size_t max_frames, size_t *count);

#endif
