/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_ARCH_DISASM_H
#define SONDE_ARCH_DISASM_H
/*
 * Machine code, an instruction at a time: its text, what it does to the flow of control,
 * and the memory it touches.
 *
 *   TRY(disasm_create(&(struct disasm_options){ .machine = EM_X86_64, .is_64 = true }, &d));
 *   for (size_t at = 0; at < size; at += insn.length)
 *           disasm_one(d, code + at, size - at, addr + at, &insn);
 *   disasm_destroy(d);
 *
 * x86 is decoded by Zydis, all others by Capstone; both are loaded here and nowhere else,
 * when the first struct disasm is made.  Where a library is missing the text is the bytes,
 * and disasm_borrow_note() says so.
 *
 * The text is that of objdump -d (x86: AT&T syntax unless asked otherwise): lower case, the
 * mnemonic in a column of its own, branch targets as bare hexadecimal digits.  What objdump
 * adds behind it, symbols, is the caller's to add from `target` and `memory`.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum disasm_syntax { DISASM_ATT, DISASM_INTEL }; /* x86 only */

struct disasm_options {
	uint16_t machine; /* e_machine of the ELF file */
	bool is_64;	  /* its class; x32 is EM_X86_64 with class 32 */
	bool big_endian;
	bool thumb;	  /* ARM: this code is Thumb */
	enum disasm_syntax syntax;
};

struct disasm;

/* Fails only for reasons of ours.  No library: see disasm_borrow_note(). */
struct err *disasm_create(const struct disasm_options *options, struct disasm **ret);
void disasm_destroy(struct disasm *d); /* NULL-safe */

/* One sentence when there is no decoder for this machine here and the text is bytes ("no
 * disassembler for aarch64: ..."), with what helps; else NULL.  Valid while D lives. */
const char *disasm_borrow_note(const struct disasm *d);
const char *disasm_borrow_fix(const struct disasm *d); /* NULL: none */

enum disasm_kind {
	DISASM_OTHER,
	DISASM_CALL,
	DISASM_JUMP,   /* always taken */
	DISASM_BRANCH, /* taken or not */
	DISASM_RETURN, /* from functions, interrupts, system calls */
	DISASM_TRAP,   /* int3, ud2, brk: does not go on */
	DISASM_BAD,    /* no instruction, or cut off by the end of the bytes */
};

/* BASE + INDEX * SCALE + DISPLACEMENT; the text of the registers is static, "" for none. */
struct disasm_memory {
	bool present, read, write;
	bool has_addr;	  /* the address is known from the code alone: PC-relative or absolute */
	uint64_t addr;
	const char *base, *index, *segment;
	uint8_t scale;
	int64_t displacement;
	uint16_t size_bytes; /* 0: not known */
};

enum { DISASM_TEXT_MAX = 160, DISASM_LENGTH_MAX = 16 };

struct disasm_insn {
	uint64_t addr;
	uint8_t length; /* at least 1; never more than the bytes there were */
	uint8_t kind;	/* enum disasm_kind */
	bool has_target; /* of a call, jump or branch to a place known from the code */
	uint64_t target;
	struct disasm_memory memory; /* the (first) memory operand; lea has it with neither
				      * read nor write */
	char text[DISASM_TEXT_MAX];
};

/* The instruction at the start of BYTES, which lie at ADDR.  SIZE_BYTES is at least 1.
 * What is no instruction comes out as DISASM_BAD, "(bad)", one byte (x86) or one unit
 * (others) long. */
void disasm_one(struct disasm *d, const uint8_t *bytes, size_t size_bytes, uint64_t addr,
		struct disasm_insn *ret);

#endif
