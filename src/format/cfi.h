/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#ifndef SONDE_FORMAT_CFI_H
#define SONDE_FORMAT_CFI_H
/*
 * Call frame information as bytes: .eh_frame and .debug_frame, which say for each
 * instruction where the caller's registers are.  Freestanding: no allocation, no libc; the
 * caller finds the sections.  All bytes are hostile; each loop is bounded by the bytes it
 * reads, and all programs together by a number of steps that grows with the section.
 * DWARF 5, 6.4; Linux Standard Base Core 5.0, 10.6 (.eh_frame, .eh_frame_hdr).
 *
 *   struct cfi_reader r;
 *   struct cfi_fde fde;
 *   cfi_reader_init(&r, &section);
 *   while (cfi_next(&r, &fde))
 *           cfi_run(&r, &fde, on_row, user);
 */
#include "format/cursor.h"

struct cfi_section {
	struct bytes bytes;
	uint64_t vaddr;         /* where the bytes lie: pc-relative pointers count from here */
	uint64_t text_vaddr, data_vaddr; /* what DW_EH_PE_textrel and _datarel count from */
	uint8_t address_bytes;  /* 4 or 8 */
	bool big_endian;
	bool is_eh;             /* .eh_frame; else .debug_frame */
	bool ends_at_zero;      /* what follows a zero length is something else */
};

struct cfi_cie {
	uint64_t offset;
	uint64_t code_align;
	int64_t data_align;
	uint64_t ra_column;     /* register number that stands for the return address */
	uint8_t version, address_bytes, fde_encoding;
	bool has_augmentation;  /* 'z' */
	bool is_signal;         /* 'S': its pc was interrupted, it is not that of a call */
	struct bytes program;
};

struct cfi_fde {
	uint64_t offset, cie_offset;
	uint64_t start, end;    /* [start, end): addresses as in the file */
	struct bytes program;
};

/* --- rules: what a program says about each register ------------------------------------- */

enum cfi_rule_kind {
	CFI_UNSPECIFIED, /* callee-saved registers: as they are; others: unknown */
	CFI_SAME,
	CFI_UNDEFINED,
	CFI_OFFSET,      /* saved at CFA + number */
	CFI_VAL_OFFSET,  /* is CFA + number */
	CFI_REGISTER,    /* is in register `number` */
	CFI_EXPRESSION,  /* saved at what the expression gives (CFA is on its stack) */
	CFI_VAL_EXPRESSION,
};

struct cfi_rule {
	uint8_t kind;
	uint32_t size_bytes; /* of the expression */
	int64_t number;      /* offset, register, or where the expression lies in the section */
};

enum { CFI_REGISTERS = 40, CFI_REMEMBER_MAX = 8 };

/* One row of the table that a program makes: it holds for [start, next row's start). */
struct cfi_row {
	uint64_t start;
	bool cfa_is_expression;
	uint32_t cfa_register;
	int64_t cfa_offset;
	struct cfi_rule cfa;    /* the expression */
	/* Registers by their DWARF numbers; higher ones (vector registers) are not kept. */
	struct cfi_rule rules[CFI_REGISTERS];
};

struct cfi_reader {
	const struct cfi_section *section;
	uint64_t offset;        /* of the next entry */
	/* The CIE last met, and the row that its program leaves. */
	struct cfi_cie cie;
	struct cfi_row initial;
	bool has_cie;
	uint64_t steps_left;    /* of all programs together */
};

void cfi_reader_init(struct cfi_reader *r, const struct cfi_section *section);
/* The next FDE; false at the end.  Broken entries are left out. */
bool cfi_next(struct cfi_reader *r, struct cfi_fde *ret);
/* The FDE at OFFSET of the section, as a search table says. */
bool cfi_read_at(struct cfi_reader *r, uint64_t offset, struct cfi_fde *ret);
/* The CIE of an FDE is then r->cie; false when it is broken. */
bool cfi_load_cie(struct cfi_reader *r, uint64_t cie_offset);

/* Called with each row, in the order of addresses; false stops.  END: where the row ends. */
typedef bool cfi_row_fn(void *user, const struct cfi_row *row, uint64_t end);
/* False: the program is broken; the rows that were told before hold. */
bool cfi_run(struct cfi_reader *r, const struct cfi_fde *fde, cfi_row_fn *on_row, void *user);
/* The row that holds for PC. */
bool cfi_row_at(struct cfi_reader *r, const struct cfi_fde *fde, uint64_t pc, struct cfi_row *ret);

/* --- .eh_frame_hdr ------------------------------------------------------------------------ */

struct cfi_header {
	uint64_t eh_frame_vaddr;
	struct bytes table;     /* pairs of (address, FDE's vaddr) sorted by address */
	uint64_t vaddr;         /* of the header: the pairs count from it */
	size_t count;           /* 0: no table, or one in an encoding that can't be searched */
};
/* VADDR: where the bytes lie. */
bool cfi_header_read(struct bytes bytes, uint64_t vaddr, uint8_t address_bytes, bool big_endian,
		     struct cfi_header *ret);
/* The vaddr of the FDE that may hold PC; false: none. */
bool cfi_header_find(const struct cfi_header *h, bool big_endian, uint64_t pc, uint64_t *fde_vaddr);

#endif
