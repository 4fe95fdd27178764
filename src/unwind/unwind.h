/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#ifndef SONDE_UNWIND_UNWIND_H
#define SONDE_UNWIND_UNWIND_H
/*
 * Registers + a memory reader -> frames.  Freestanding: no allocation, no libc, so
 * that the preloaded agents and a crash handler can use it inside other programs.
 *
 *   unwind_frame_pointers()  by frame pointers alone: no tables, three registers
 *   unwind_stack()           by the tables of the modules (unwind/table.h), by all of CFI where
 *                            a table does not suffice, by frame pointers where there is
 *                            no CFI: decided anew for each frame
 *   unwind_full_step()       one frame with all registers, for debuggers
 */
#include "unwind/machine.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cfi_section;
struct cfi_header;

enum { UNWIND_REGISTERS = 40 };

/* All registers, by their DWARF numbers; the pc under machine->pc. */
struct unwind_full {
	uint64_t value[UNWIND_REGISTERS];
	uint64_t known; /* bits */
};

struct unwind_regs {
	uint64_t pc, sp, fp;
	uint64_t lr;    /* link register where the architecture has one, else 0 */
	bool is_32bit;  /* a 32-bit program looked at by a 64-bit one */
	uint8_t arch;   /* enum unwind_arch; 0: as this was compiled, and is_32bit */
	const struct unwind_full *all; /* NULL: only the above are known */
};

/* Read SIZE bytes at ADDR into BUFFER; false when that memory is not there. */
struct unwind_memory {
	bool (*read)(void *user, uint64_t addr, void *buffer, size_t size_bytes);
	void *user;
};

/* What is mapped at an address.  It must stay as it is while a stack is unwound. */
struct unwind_place {
	uint64_t start, end;    /* holds for [start, end) */
	uint64_t base;          /* the address of row pc 0 */
	const struct unwind_row *rows;
	size_t row_count;       /* 0: code without CFI */
	/* For the full unwinder; NULL: the rows alone. */
	const struct cfi_section *sections;
	size_t section_count;
	const struct cfi_header *header; /* of sections[0]; NULL or count 0: search one by one */
	uint64_t bias;          /* address minus the address in the file */
};

/* Fills RET for the executable memory at PC; false: there is none. */
struct unwind_space {
	bool (*find)(void *user, uint64_t pc, struct unwind_place *ret);
	void *user;
};

enum unwind_end {
	UNWIND_COMPLETE,  /* reached the outermost frame */
	UNWIND_CUT,       /* max_frames reached */
	UNWIND_BROKEN,    /* memory or a frame that can't be */
};

/* Why a stack is broken. */
enum unwind_why {
	UNWIND_WHY_NONE,
	UNWIND_WHY_MEMORY,     /* the stack's memory can't be read (a copy that is too short) */
	UNWIND_WHY_NO_CODE,    /* a return address that leads to no code */
	UNWIND_WHY_NO_CFI,     /* code without CFI, and without a frame pointer */
	UNWIND_WHY_REGISTERS,  /* CFI that needs registers that are not known */
	UNWIND_WHY_FRAME,      /* a frame that is not above the one before */
};

struct unwind_result {
	size_t count;           /* frames in pcs */
	uint8_t end, why;       /* enum unwind_end, unwind_why */
	bool has_full;          /* all of CFI was needed */
	bool outermost;         /* complete where CFI says that nobody called, not where a pc or frame pointer was 0 */
	uint16_t by_table, by_fp, by_guess, by_signal; /* steps, by what served */
};

enum unwind_flags {
	UNWIND_NO_GUESS = 1,    /* where there is no CFI the stack ends, broken */
};

/* PCs innermost first (the first is regs->pc, the others return addresses). */
enum unwind_end unwind_frame_pointers(const struct unwind_regs *regs,
				      const struct unwind_memory *memory, uint64_t *pcs,
				      size_t max_frames, size_t *count);

/* As above.  The pc that a signal interrupted, and that of its trampoline, are no return
 * addresses: they are told plus one, so that one byte before lies in the instruction, as with all
 * others. */
void unwind_stack(const struct unwind_regs *regs, const struct unwind_memory *memory,
		  const struct unwind_space *space, unsigned flags, uint64_t *pcs, size_t max_frames,
		  struct unwind_result *ret);

enum unwind_step {
	UNWIND_STEPPED,   /* the registers are the caller's */
	UNWIND_OUTERMOST, /* there is no caller */
	UNWIND_NO_RULE,   /* no CFI there */
	UNWIND_FAILED,    /* ret_why says why */
};

/* From a frame's registers to its caller's, by CFI: what it says is saved is read, what must
 * be as before stays, everything else is not known any more.  *EXACT: the pc is not a return
 * address; set for the caller of a signal frame. */
enum unwind_step unwind_full_step(const struct unwind_machine *m, const struct unwind_place *place,
				  const struct unwind_memory *memory, struct unwind_full *regs,
				  bool *exact, enum unwind_why *ret_why);

/* Does the function at PC go on in another one than its caller (gcc's __builtin_eh_return)?  Such
 * functions, libgcc's _Unwind_RaiseException() and the like, save the registers that they hand over data in,
 * which nobody else does. */
bool unwind_goes_over(const struct unwind_machine *m, const struct unwind_place *place, uint64_t pc);

/* A word of the machine's size; false: not there. */
bool unwind_read_word(const struct unwind_machine *m, const struct unwind_memory *memory, uint64_t addr,
		      uint64_t *ret);
/* The machine of REGS; NULL: none that we know. */
const struct unwind_machine *unwind_machine_of(const struct unwind_regs *regs);
/* The registers of a thread of this machine; RET points to ALL.  False: not a machine that we know. */
bool unwind_regs_from(const struct unwind_full *all, bool is_32bit, struct unwind_regs *ret);

/* A copy of a stack as a struct unwind_memory.  Reading beyond it says how much it lacks. */
struct unwind_copy {
	const uint8_t *bytes;
	uint64_t sp, size_bytes; /* [sp, sp + size) */
	uint64_t limit_bytes;    /* what is asked for further up is another stack's, and not counted */
	uint64_t needed_bytes;   /* up to the highest byte that was read, or wanted */
	bool is_short;           /* more was wanted than there is */
};
bool unwind_copy_read(void *copy, uint64_t addr, void *buffer, size_t size_bytes);

enum { UNWIND_COPIES = 4 };

/* Copies of several stacks of one thread as one memory: parts[0] is the one that it ran on, the others
 * those that handlers on stacks of their own interrupted.  None goes on where another one begins. */
struct unwind_copies {
	struct unwind_copy parts[UNWIND_COPIES];
	unsigned count;
};
bool unwind_copies_read(void *copies, uint64_t addr, void *buffer, size_t size_bytes);
/* All of them as one, for who counts: sizes added, needed_bytes of the part that needed most, is_short if any is. */
struct unwind_copy unwind_copies_sum(const struct unwind_copies *copies);

/* Does COPY reach the frame that the kernel made for a signal handler on an alternate stack?  Then *SP is where
 * the stack goes on that was interrupted.  What looks like one is taken for one: it says what else to copy,
 * and not what the stack is. */
bool unwind_copy_interrupted(const struct unwind_machine *m, const struct unwind_copy *copy, uint64_t *sp);

#endif
