/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_FORMAT_JITDUMP_H
#define SONDE_FORMAT_JITDUMP_H
/*
 * jit-PID.dump: what just-in-time compilers (V8, OpenJDK's agent, LLVM, .NET, Wasmtime) write
 * about their code, record by record, with source lines.
 * Linux, tools/perf/Documentation/jitdump-specification.txt, version 1.
 */
#include "base/err.h"
#include "format/cursor.h"

#include <stdbool.h>
#include <stdint.h>

enum jitdump_kind {
	JITDUMP_LOAD = 0,
	JITDUMP_MOVE = 1,
	JITDUMP_DEBUG = 2,
	JITDUMP_CLOSE = 3,
	JITDUMP_UNWINDING = 4,
};

struct jitdump_reader {
	struct cursor c;
	uint32_t machine, pid; /* EM_..., as the process knows itself */
};
/* ERR_FORMAT when IMAGE is no jitdump of version 1. */
struct err *jitdump_begin(struct bytes image, struct jitdump_reader *ret);

struct jitdump_record {
	enum jitdump_kind kind;
	uint64_t time_ns;
	uint64_t addr, size_bytes, old_addr, index; /* JITDUMP_LOAD, JITDUMP_MOVE; addr: JITDUMP_DEBUG */
	const char *name;                           /* JITDUMP_LOAD */
	struct bytes code;                          /* the same */
	uint64_t entries;                           /* JITDUMP_DEBUG: claimed count */
	struct bytes lines;                         /* its entries */
};
/* The next whole record; false: there is none (the writer may be at it). */
bool jitdump_next(struct jitdump_reader *r, struct jitdump_record *ret);

/* The lines of a JITDUMP_DEBUG record: `struct jitdump_lines l = { .c = cursor_of(bytes, be) };
 * while (jitdump_line_next(&l)) ...`.  Entries are in the order of the file. */
struct jitdump_lines {
	struct cursor c;
	uint64_t addr;
	uint32_t line, discriminator;
	const char *file; /* NULL before the first */
};
bool jitdump_line_next(struct jitdump_lines *l);

#endif
