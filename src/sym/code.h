/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_CODE_H
#define SONDE_SYM_CODE_H
/*
 * The machine code of a module: its bytes, where functions begin and end, and names for the
 * places that instructions refer to.  Addresses are as the ELF file writes them.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct code;
struct module;

/* M stays the caller's and must live as long.  ERR_NOT_FOUND when its file is not here,
 * ERR_FORMAT when it is broken. */
struct err *code_open(const struct module *m, struct code **ret);
void code_destroy(struct code *c); /* NULL-safe */

uint16_t code_machine(const struct code *c); /* e_machine */
bool code_is_64(const struct code *c);
bool code_big_endian(const struct code *c);

struct code_range {
	const char *name; /* mangled; NULL: no symbol covers it.  Lives as long as C */
	uint64_t addr, size_bytes;
	const char *section; /* "" for none; the same */
	uint64_t section_addr;
};
/* The function at ADDR: by its symbol; one without a size ends where the next one, or its
 * section, does.  False: no symbol covers it. */
bool code_function_at(struct code *c, uint64_t addr, struct code_range *ret);

/* The symbol number INDEX of those called NAME (a file has several static functions of one name); false: there
 * are no more. */
bool code_function_named(struct code *c, const char *name, size_t index, struct code_range *ret);

/* The same by a name as its source has it: "work", "ns::S<int>::get"; without parameters, from any "::" on.  Functions at
 * different addresses only. */
bool code_function_in_source(struct code *c, const char *name, size_t index, struct code_range *ret);

/* The bytes from ADDR to the end of its executable section (or segment); NULL: none. */
const uint8_t *code_bytes(const struct code *c, uint64_t addr, uint64_t *size_bytes);

/* What the linker will put somewhere into the SIZE bytes at ADDR, of a relocatable file: the symbol's name, or its section's, and
 * how far from it; as seen from behind these bytes where it is relative to the program counter.  NULL: nothing. */
const char *code_relocation(struct code *c, uint64_t addr, uint64_t size_bytes, int64_t *offset);

/* The symbol at ADDR, code or data, and how far into it; PLT stubs by what they call.
 * NULL: none. */
const char *code_symbol(struct code *c, uint64_t addr, uint64_t *offset);

#endif
