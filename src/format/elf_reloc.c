/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Relocations of debug sections and .eh_frame in relocatable files.  Only the kinds that
 * assemblers put there: absolute and pc-relative ones of 32 and 64 bits, and the pairs that add and subtract on machines
 * whose linker relaxes code (RISC-V, LoongArch).  Numbers from each processor's ABI
 * supplement (the names are those of <elf.h>).  Unknown ones leave the bytes alone.
 */
#include "format/elf.h"

#include <elf.h>

enum action { NOTHING, SET, SET_PC, ADD, SUB, SUB6, SET6, ULEB_SET, ULEB_SUB };

struct reloc_kind {
	uint16_t machine;
	uint32_t type;
	uint8_t size_bytes;
	enum action action;
};

static const struct reloc_kind kinds[] = {
	{ EM_X86_64, R_X86_64_64, 8, SET },
	{ EM_X86_64, R_X86_64_32, 4, SET },
	{ EM_X86_64, R_X86_64_32S, 4, SET },
	{ EM_X86_64, R_X86_64_DTPOFF32, 4, NOTHING },
	{ EM_X86_64, R_X86_64_PC32, 4, SET_PC },
	{ EM_X86_64, R_X86_64_PC64, 8, SET_PC },
	{ EM_386, R_386_32, 4, SET },
	{ EM_386, R_386_PC32, 4, SET_PC },
	{ EM_AARCH64, R_AARCH64_ABS64, 8, SET },
	{ EM_AARCH64, R_AARCH64_ABS32, 4, SET },
	{ EM_AARCH64, R_AARCH64_PREL64, 8, SET_PC },
	{ EM_AARCH64, R_AARCH64_PREL32, 4, SET_PC },
	{ EM_ARM, R_ARM_ABS32, 4, SET },
	{ EM_PPC, R_PPC_ADDR32, 4, SET },
	{ EM_PPC, R_PPC_UADDR32, 4, SET },
	{ EM_PPC64, R_PPC64_ADDR64, 8, SET },
	{ EM_PPC64, R_PPC64_UADDR64, 8, SET },
	{ EM_PPC64, R_PPC64_ADDR32, 4, SET },
	{ EM_PPC64, R_PPC64_UADDR32, 4, SET },
	{ EM_S390, R_390_64, 8, SET },
	{ EM_S390, R_390_32, 4, SET },
	{ EM_MIPS, R_MIPS_32, 4, SET },
	{ EM_MIPS, R_MIPS_64, 8, SET },
	{ EM_SPARCV9, R_SPARC_UA64, 8, SET },
	{ EM_SPARCV9, R_SPARC_UA32, 4, SET },
	{ EM_SPARCV9, R_SPARC_64, 8, SET },
	{ EM_SPARCV9, R_SPARC_32, 4, SET },
	{ EM_SPARC, R_SPARC_UA32, 4, SET },
	{ EM_SPARC, R_SPARC_32, 4, SET },
	{ EM_BPF, 2 /* R_BPF_64_ABS64 */, 8, SET },
	{ EM_BPF, 3 /* R_BPF_64_ABS32 */, 4, SET },
	{ EM_BPF, 4 /* R_BPF_64_NODYLD32 */, 4, SET },
	{ EM_RISCV, R_RISCV_32, 4, SET },
	{ EM_RISCV, R_RISCV_64, 8, SET },
	{ EM_RISCV, 57 /* 32_PCREL */, 4, SET_PC },
	{ EM_RISCV, R_RISCV_ADD8, 1, ADD },
	{ EM_RISCV, R_RISCV_ADD16, 2, ADD },
	{ EM_RISCV, R_RISCV_ADD32, 4, ADD },
	{ EM_RISCV, R_RISCV_ADD64, 8, ADD },
	{ EM_RISCV, R_RISCV_SUB8, 1, SUB },
	{ EM_RISCV, R_RISCV_SUB16, 2, SUB },
	{ EM_RISCV, R_RISCV_SUB32, 4, SUB },
	{ EM_RISCV, R_RISCV_SUB64, 8, SUB },
	{ EM_RISCV, R_RISCV_SUB6, 1, SUB6 },
	{ EM_RISCV, R_RISCV_SET6, 1, SET6 },
	{ EM_RISCV, R_RISCV_SET8, 1, SET },
	{ EM_RISCV, R_RISCV_SET16, 2, SET },
	{ EM_RISCV, R_RISCV_SET32, 4, SET },
	{ EM_RISCV, 60 /* SET_ULEB128 */, 0, ULEB_SET },
	{ EM_RISCV, 61 /* SUB_ULEB128 */, 0, ULEB_SUB },
	{ 258 /* LOONGARCH */, 1 /* 32 */, 4, SET },
	{ 258, 2 /* 64 */, 8, SET },
	{ 258, 47 /* ADD8 */, 1, ADD },
	{ 258, 48, 2, ADD },
	{ 258, 50, 4, ADD },
	{ 258, 51, 8, ADD },
	{ 258, 52 /* SUB8 */, 1, SUB },
	{ 258, 53, 2, SUB },
	{ 258, 55, 4, SUB },
	{ 258, 56, 8, SUB },
	{ 258, 105 /* ADD6 */, 1, NOTHING },
	{ 258, 106 /* SUB6 */, 1, SUB6 },
	{ 258, 107 /* ADD_ULEB128 */, 0, ULEB_SET },
	{ 258, 108 /* SUB_ULEB128 */, 0, ULEB_SUB },
};

struct reloc {
	uint64_t offset, addend;
	uint32_t symbol, type;
	bool has_addend;
};

static const struct reloc_kind *kind_of(uint16_t machine, uint32_t type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].machine == machine && kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

/* MIPS64 has its own r_info: symbol, special symbol, three types of one byte each. */
static void split_info(const struct elf_file *f, uint64_t info, struct reloc *r)
{
	if (!f->is_64) {
		r->symbol = (uint32_t)info >> 8;
		r->type = info & 0xff;
	} else if (f->machine == EM_MIPS && !f->big_endian) {
		r->symbol = (uint32_t)info;
		r->type = (uint32_t)(info >> 56);
	} else {
		r->symbol = (uint32_t)(info >> 32);
		r->type = f->machine == EM_MIPS || f->machine == EM_SPARCV9 ? info & 0xff
									    : (uint32_t)info;
	}
}

static bool reloc_read(const struct elf_file *f, struct cursor *c, bool rela, struct reloc *r)
{
	uint64_t info;

	r->has_addend = rela;
	r->addend = 0;
	if (f->is_64) {
		r->offset = cursor_u64(c);
		info = cursor_u64(c);
		if (rela)
			r->addend = cursor_u64(c);
	} else {
		r->offset = cursor_u32(c);
		info = cursor_u32(c);
		if (rela)
			r->addend = (uint64_t)(int32_t)cursor_u32(c);
	}
	split_info(f, info, r);
	return !c->bad;
}

static void store(uint8_t *at, unsigned size_bytes, bool big_endian, uint64_t value)
{
	for (unsigned i = 0; i < size_bytes; i++)
		at[big_endian ? size_bytes - 1 - i : i] = (uint8_t)(value >> 8 * i);
}

/* Rewrite a ULEB128 in the bytes it has. */
static void store_uleb(uint8_t *at, const uint8_t *end, bool subtract, uint64_t value)
{
	struct cursor c = { at, end, false, false };
	uint64_t old = cursor_uleb(&c);
	size_t length = (size_t)(c.at - at);

	if (c.bad)
		return;
	if (subtract)
		value = old - value;
	for (size_t i = 0; i < length; i++, value >>= 7)
		at[i] = (uint8_t)((value & 0x7f) | (i + 1 < length ? 0x80 : 0));
}

static void apply(const struct elf_file *f, const struct reloc *r, const struct reloc_kind *kind,
		  uint64_t symbol_addr, uint64_t section_addr, uint8_t *data, size_t size_bytes)
{
	if (r->offset > size_bytes || kind->size_bytes > size_bytes - r->offset ||
	    r->offset == size_bytes)
		return;

	uint8_t *at = data + r->offset;
	struct cursor c = { at, data + size_bytes, f->big_endian, false };
	uint64_t old = kind->size_bytes ? cursor_unsigned(&c, kind->size_bytes) : 0;
	uint64_t value = symbol_addr + r->addend;

	if (kind->action == SET_PC)
		value -= section_addr + r->offset;
	switch (kind->action) {
	case SET:
	case SET_PC:
		store(at, kind->size_bytes, f->big_endian, r->has_addend ? value : value + old);
		break;
	case ADD:
		store(at, kind->size_bytes, f->big_endian, old + value);
		break;
	case SUB:
		store(at, kind->size_bytes, f->big_endian, old - value);
		break;
	case SUB6:
		*at = (uint8_t)((old & 0xc0) | ((old - value) & 0x3f));
		break;
	case SET6:
		*at = (uint8_t)((old & 0xc0) | (value & 0x3f));
		break;
	case ULEB_SET:
	case ULEB_SUB:
		store_uleb(at, data + size_bytes, kind->action == ULEB_SUB, value);
		break;
	case NOTHING:
		break;
	}
}

void elf_relocate(const struct elf_file *f, size_t relocs, uint8_t *data, size_t size_bytes)
{
	const struct elf_section *s = &f->sections[relocs];
	struct elf_data table;
	uint64_t section_addr = s->info < f->section_count ? f->sections[s->info].addr : 0;
	bool rela = s->type == SHT_RELA;

	if (s->link == 0 || s->link >= f->section_count)
		return;

	struct err *err = elf_data(f, relocs, &table);

	if (err != NULL) {
		err_destroy(err);
		return;
	}

	struct elf_symbols symbols = elf_symbols(f, s->link);
	struct cursor c = cursor_of(table.bytes, f->big_endian);
	struct reloc r;
	size_t entry_bytes = (f->is_64 ? 16 : 8) + (rela ? (f->is_64 ? 8 : 4) : 0);

	while (cursor_left(&c) >= entry_bytes && reloc_read(f, &c, rela, &r)) {
		const struct reloc_kind *kind = kind_of(f->machine, r.type);
		struct elf_symbol symbol = { 0 };

		if (kind == NULL || (r.symbol != 0 && !elf_symbol_get(&symbols, r.symbol, &symbol)))
			continue;
		apply(f, &r, kind, elf_symbol_addr(f, &symbol), section_addr, data, size_bytes);
	}
	elf_data_deinit(&table);
}
