/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_ARCH_DISASM_IMPL_H
#define SONDE_ARCH_DISASM_IMPL_H
/* A decoder: one library behind disasm.h.  One file and one line in disasm.c. */
#include "arch/disasm.h"

struct disasm_ops {
	const char *name; /* "Zydis" */
	const char *fix;  /* what to do when the library is missing */
	bool (*can)(const struct disasm_options *options);
	/* ERR_UNSUPPORTED when the library, or this machine in it, is missing. */
	struct err *(*create)(const struct disasm_options *options, void **ret);
	/* Fill all but addr; false: no instruction here. */
	bool (*one)(void *self, const uint8_t *bytes, size_t size_bytes, struct disasm_insn *insn);
	void (*destroy)(void *self);
};

extern const struct disasm_ops disasm_zydis, disasm_capstone;

/* Load NAME and fill COUNT function pointers with its symbols; ERR_UNSUPPORTED when it is
 * not installed or is another version.  Handles stay open as long as the process. */
struct disasm_symbol {
	const char *name;
	void **function;
};
struct err *disasm_load(const char *library, const struct disasm_symbol *symbols, size_t count);

#endif
