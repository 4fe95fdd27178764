/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * A section is a list of entries.  A CIE holds what many functions have in common, an FDE
 * is one function's range and program.  A program is a table of rules written as the
 * differences from row to row; running it keeps one row and tells it each time that the
 * address moves on.
 *
 * Most functions of a file share one CIE, so the last one is kept with the row that its
 * program makes.
 *
 * .eh_frame differs from .debug_frame: FDEs point to their CIE by distance, addresses are
 * encoded (DW_EH_PE_), and a zero length may be an end or the join of two inputs.
 */
#include "format/cfi.h"

enum {
	PE_ABSPTR = 0x00, PE_ULEB = 0x01, PE_UDATA2 = 0x02, PE_UDATA4 = 0x03, PE_UDATA8 = 0x04,
	PE_SLEB = 0x09, PE_SDATA2 = 0x0a, PE_SDATA4 = 0x0b, PE_SDATA8 = 0x0c,
	PE_PCREL = 0x10, PE_TEXTREL = 0x20, PE_DATAREL = 0x30, PE_ALIGNED = 0x50,
	PE_OMIT = 0xff,
};

enum { STEPS_FREE = 1 << 16, STEPS_PER_BYTE = 16 };

/* --- pointers --------------------------------------------------------------------------------- */

/* The number as it stands there, by the low half of its encoding. */
static uint64_t read_number(struct cursor *c, uint8_t encoding, uint8_t address_bytes)
{
	switch (encoding & 0x0f) {
	case PE_ABSPTR:
		return cursor_unsigned(c, address_bytes);
	case PE_ULEB:
		return cursor_uleb(c);
	case PE_UDATA2:
		return cursor_u16(c);
	case PE_UDATA4:
		return cursor_u32(c);
	case PE_UDATA8:
	case PE_SDATA8:
		return cursor_u64(c);
	case PE_SLEB:
		return (uint64_t)cursor_sleb(c);
	case PE_SDATA2:
		return (uint64_t)(int64_t)(int16_t)cursor_u16(c);
	case PE_SDATA4:
		return (uint64_t)(int64_t)(int32_t)cursor_u32(c);
	}
	cursor_fail(c);
	return 0;
}

static uint64_t cut_address(const struct cfi_section *s, uint64_t value)
{
	return s->address_bytes == 4 ? (uint32_t)value : value;
}

/* Indirect pointers (0x80: personality routines) are read, and not followed. */
static uint64_t read_pointer(const struct cfi_section *s, struct cursor *c, uint8_t encoding,
			     uint8_t address_bytes)
{
	uint64_t here = s->vaddr + (uint64_t)(c->at - s->bytes.data);

	if ((encoding & 0x7f) == PE_ALIGNED) {
		cursor_skip(c, (0 - here) & (address_bytes - 1u));
		return cursor_unsigned(c, address_bytes);
	}

	uint64_t value = read_number(c, encoding, address_bytes);

	switch (encoding & 0x70) {
	case 0:
		break;
	case PE_PCREL:
		value += here;
		break;
	case PE_TEXTREL:
		value += s->text_vaddr;
		break;
	case PE_DATAREL:
		value += s->data_vaddr;
		break;
	default:
		cursor_fail(c);
	}
	return cut_address(s, value);
}

/* --- entries ------------------------------------------------------------------------------------ */

struct entry {
	uint64_t offset, next;
	uint64_t id_at, id;     /* the field that tells CIEs from FDEs */
	bool is_64;
	struct cursor c;        /* behind that field, up to the entry's end */
};

/* False at the end, or when the length is more than there is.  A zero length: id_at 0. */
static bool read_entry(const struct cfi_section *s, uint64_t offset, struct entry *e)
{
	struct cursor c = cursor_at(s->bytes, offset, s->big_endian);
	uint64_t length = cursor_u32(&c);

	*e = (struct entry){ .offset = offset };
	if (length == 0xffffffff) {
		e->is_64 = true;
		length = cursor_u64(&c);
	}
	if (c.bad || length > cursor_left(&c))
		return false;
	e->next = (uint64_t)(c.at - s->bytes.data) + length;
	if (length == 0)
		return true;
	c.end = c.at + length;
	e->id_at = (uint64_t)(c.at - s->bytes.data);
	/* In .eh_frame the field has 4 bytes whatever the length has (LSB). */
	e->id = e->is_64 && !s->is_eh ? cursor_u64(&c) : cursor_u32(&c);
	e->c = c;
	return !c.bad;
}

static bool is_cie(const struct cfi_section *s, const struct entry *e)
{
	if (s->is_eh)
		return e->id == 0;
	return e->id == (e->is_64 ? UINT64_MAX : UINT32_MAX);
}

static uint64_t cie_of(const struct cfi_section *s, const struct entry *e)
{
	if (!s->is_eh)
		return e->id;
	return e->id <= e->id_at ? e->id_at - e->id : UINT64_MAX;
}

/* The letters after 'z' say what its bytes are; letters that are not known end the reading,
 * the length leads past them. */
static void read_augmentation(const struct cfi_section *s, struct cursor *c, const char *letters,
			      struct cfi_cie *cie)
{
	uint64_t length = cursor_uleb(c);
	struct cursor data = *c;

	cursor_skip(c, length);
	if (c->bad)
		return;
	data.end = c->at;
	for (; *letters; letters++) {
		if (*letters == 'S')
			cie->is_signal = true;
		else if (*letters == 'R')
			cie->fde_encoding = cursor_u8(&data);
		else if (*letters == 'P') {
			uint8_t encoding = cursor_u8(&data);

			read_pointer(s, &data, encoding, cie->address_bytes);
		} else if (*letters == 'L')
			cursor_u8(&data);
		else if (*letters != 'B' && *letters != 'G') /* AArch64: pointers are signed; tagged */
			return;
	}
}

static bool version_is_known(const struct cfi_section *s, uint8_t version)
{
	return version == 1 || version == 3 || (version == 4 && !s->is_eh);
}

static bool read_cie(const struct cfi_section *s, uint64_t offset, struct cfi_cie *cie)
{
	struct entry e;

	if (!read_entry(s, offset, &e) || e.id_at == 0 || !is_cie(s, &e))
		return false;
	*cie = (struct cfi_cie){ .offset = offset, .address_bytes = s->address_bytes };
	cie->version = cursor_u8(&e.c);

	const char *letters = cursor_text(&e.c);

	if (!version_is_known(s, cie->version))
		return false;
	if (letters[0] == 'e' && letters[1] == 'h') { /* gcc 2: a pointer to its own table */
		cursor_skip(&e.c, s->address_bytes);
		letters += 2;
	}
	if (cie->version == 4) {
		cie->address_bytes = cursor_u8(&e.c);
		if (cursor_u8(&e.c) != 0) /* segments */
			return false;
	}
	if (cie->address_bytes != 4 && cie->address_bytes != 8)
		return false;
	cie->code_align = cursor_uleb(&e.c);
	cie->data_align = cursor_sleb(&e.c);
	cie->ra_column = cie->version == 1 ? cursor_u8(&e.c) : cursor_uleb(&e.c);
	if (letters[0] == 'z') {
		cie->has_augmentation = true;
		read_augmentation(s, &e.c, letters + 1, cie);
	} else if (letters[0] != '\0') {
		return false; /* what stands there can't be known */
	}
	cie->program = (struct bytes){ e.c.at, cursor_left(&e.c) };
	return !e.c.bad && cie->ra_column < CFI_REGISTERS;
}

/* --- programs ------------------------------------------------------------------------------------- */

struct machine {
	const struct cfi_section *section;
	const struct cfi_cie *cie;
	struct cursor c;
	struct cfi_row row;
	const struct cfi_row *initial; /* NULL in the CIE's own program */
	struct {
		bool cfa_is_expression;
		uint32_t cfa_register;
		int64_t cfa_offset;
		struct cfi_rule cfa;
		struct cfi_rule rules[CFI_REGISTERS];
	} remembered[CFI_REMEMBER_MAX];
	unsigned depth;
	uint64_t *steps_left;
	uint64_t end;
	cfi_row_fn *on_row;     /* NULL: addresses do not move */
	void *user;
	bool stopped;
};

static void set_rule(struct machine *m, uint64_t reg, uint8_t kind, int64_t number)
{
	if (reg < CFI_REGISTERS)
		m->row.rules[reg] = (struct cfi_rule){ .kind = kind, .number = number };
}

static struct cfi_rule read_expression(struct machine *m, uint8_t kind)
{
	uint64_t size_bytes = cursor_uleb(&m->c);
	const uint8_t *at = cursor_take(&m->c, size_bytes);

	if (at == NULL)
		return (struct cfi_rule){ .kind = CFI_UNDEFINED };
	return (struct cfi_rule){ .kind = kind, .size_bytes = (uint32_t)size_bytes,
				  .number = at - m->section->bytes.data };
}

static void advance_to(struct machine *m, uint64_t pc)
{
	if (m->on_row == NULL || pc == m->row.start)
		return;
	if (pc < m->row.start || pc >= m->end) { /* backwards, or past the function: no more rows */
		if (pc > m->row.start)
			pc = m->end;
		else
			cursor_fail(&m->c);
	}
	if (m->c.bad)
		return;
	m->stopped = !m->on_row(m->user, &m->row, pc);
	m->row.start = pc;
	if (pc >= m->end)
		m->stopped = true;
}

static void advance(struct machine *m, uint64_t count)
{
	uint64_t distance;

	if (__builtin_mul_overflow(count, m->cie->code_align, &distance) ||
	    distance > m->end - m->row.start)
		distance = m->end - m->row.start;
	advance_to(m, m->row.start + distance);
}

static int64_t scaled(const struct machine *m, int64_t factor)
{
	return (int64_t)((uint64_t)factor * (uint64_t)m->cie->data_align);
}

static void restore(struct machine *m, uint64_t reg)
{
	if (reg < CFI_REGISTERS && m->initial != NULL)
		m->row.rules[reg] = m->initial->rules[reg];
}

static void remember(struct machine *m)
{
	if (m->depth == CFI_REMEMBER_MAX) {
		cursor_fail(&m->c);
		return;
	}
	m->remembered[m->depth].cfa_is_expression = m->row.cfa_is_expression;
	m->remembered[m->depth].cfa_register = m->row.cfa_register;
	m->remembered[m->depth].cfa_offset = m->row.cfa_offset;
	m->remembered[m->depth].cfa = m->row.cfa;
	memcpy(m->remembered[m->depth++].rules, m->row.rules, sizeof(m->row.rules));
}

static void recall(struct machine *m)
{
	if (m->depth == 0) {
		cursor_fail(&m->c);
		return;
	}
	m->depth--;
	m->row.cfa_is_expression = m->remembered[m->depth].cfa_is_expression;
	m->row.cfa_register = m->remembered[m->depth].cfa_register;
	m->row.cfa_offset = m->remembered[m->depth].cfa_offset;
	m->row.cfa = m->remembered[m->depth].cfa;
	memcpy(m->row.rules, m->remembered[m->depth].rules, sizeof(m->row.rules));
}

static void define_cfa(struct machine *m, uint64_t reg, int64_t offset)
{
	m->row.cfa_is_expression = false;
	m->row.cfa_register = reg < CFI_REGISTERS ? (uint32_t)reg : CFI_REGISTERS;
	m->row.cfa_offset = offset;
}

/* Instructions that say how the CFA is found; false: OP is none of them. */
static bool run_cfa_op(struct machine *m, uint8_t op)
{
	struct cursor *c = &m->c;
	uint64_t reg;

	switch (op) {
	case 0x0c: /* def_cfa */
		reg = cursor_uleb(c);
		define_cfa(m, reg, (int64_t)cursor_uleb(c));
		return true;
	case 0x12: /* def_cfa_sf */
		reg = cursor_uleb(c);
		define_cfa(m, reg, scaled(m, cursor_sleb(c)));
		return true;
	case 0x0d: /* def_cfa_register */
		define_cfa(m, cursor_uleb(c), m->row.cfa_offset);
		return true;
	case 0x0e: /* def_cfa_offset */
		m->row.cfa_offset = (int64_t)cursor_uleb(c);
		return true;
	case 0x13: /* def_cfa_offset_sf */
		m->row.cfa_offset = scaled(m, cursor_sleb(c));
		return true;
	case 0x0f: /* def_cfa_expression */
		m->row.cfa = read_expression(m, CFI_VAL_EXPRESSION);
		m->row.cfa_is_expression = true;
		return true;
	default:
		return false;
	}
}

/* Instructions about one register, whose number comes first. */
static bool run_rule_op(struct machine *m, uint8_t op)
{
	struct cursor *c = &m->c;
	uint64_t reg = cursor_uleb(c);

	switch (op) {
	case 0x05: /* offset_extended */
		set_rule(m, reg, CFI_OFFSET, scaled(m, (int64_t)cursor_uleb(c)));
		return true;
	case 0x11: /* offset_extended_sf */
		set_rule(m, reg, CFI_OFFSET, scaled(m, cursor_sleb(c)));
		return true;
	case 0x2f: /* GNU_negative_offset_extended */
		set_rule(m, reg, CFI_OFFSET, scaled(m, -(int64_t)cursor_uleb(c)));
		return true;
	case 0x14: /* val_offset */
		set_rule(m, reg, CFI_VAL_OFFSET, scaled(m, (int64_t)cursor_uleb(c)));
		return true;
	case 0x15: /* val_offset_sf */
		set_rule(m, reg, CFI_VAL_OFFSET, scaled(m, cursor_sleb(c)));
		return true;
	case 0x06: /* restore_extended */
		restore(m, reg);
		return true;
	case 0x07:
		set_rule(m, reg, CFI_UNDEFINED, 0);
		return true;
	case 0x08:
		set_rule(m, reg, CFI_SAME, 0);
		return true;
	case 0x09:
		set_rule(m, reg, CFI_REGISTER, (int64_t)cursor_uleb(c));
		return true;
	case 0x10:
	case 0x16: {
		struct cfi_rule rule = read_expression(m, op == 0x10 ? CFI_EXPRESSION : CFI_VAL_EXPRESSION);

		if (reg < CFI_REGISTERS)
			m->row.rules[reg] = rule;
		return true;
	}
	default:
		return false;
	}
}

/* Instructions with nothing in their low bits. */
static void run_extended(struct machine *m, uint8_t op)
{
	struct cursor *c = &m->c;

	switch (op) {
	case 0x00: /* nop */
	case 0x2d: /* AARCH64_negate_ra_state: signatures are cut off anyway (GNU_window_save on SPARC) */
	case 0x2c: /* AARCH64_negate_ra_state_with_pc */
		return;
	case 0x01: /* set_loc */
		advance_to(m, read_pointer(m->section, c, m->cie->fde_encoding, m->cie->address_bytes));
		return;
	case 0x02:
		advance(m, cursor_u8(c));
		return;
	case 0x03:
		advance(m, cursor_u16(c));
		return;
	case 0x04:
		advance(m, cursor_u32(c));
		return;
	case 0x1d: /* MIPS_advance_loc8 */
		advance(m, cursor_u64(c));
		return;
	case 0x0a:
		remember(m);
		return;
	case 0x0b:
		recall(m);
		return;
	case 0x2e: /* GNU_args_size: for landing pads */
		cursor_uleb(c);
		return;
	}
	if (!run_cfa_op(m, op) && !run_rule_op(m, op))
		cursor_fail(c);
}

static void run_program(struct machine *m, struct bytes program)
{
	m->c = cursor_of(program, m->section->big_endian);
	while (!cursor_done(&m->c) && !m->stopped) {
		uint8_t op = cursor_u8(&m->c);

		if ((*m->steps_left)-- == 0) {
			*m->steps_left = 0;
			cursor_fail(&m->c);
			return;
		}
		if (op >> 6 == 1)
			advance(m, op & 0x3f);
		else if (op >> 6 == 2)
			set_rule(m, op & 0x3f, CFI_OFFSET, scaled(m, (int64_t)cursor_uleb(&m->c)));
		else if (op >> 6 == 3)
			restore(m, op & 0x3f);
		else
			run_extended(m, op);
	}
}

/* --- reading --------------------------------------------------------------------------------------- */

void cfi_reader_init(struct cfi_reader *r, const struct cfi_section *section)
{
	r->section = section;
	r->offset = 0;
	r->has_cie = false;
	r->steps_left = STEPS_FREE + section->bytes.size_bytes * STEPS_PER_BYTE;
}

bool cfi_load_cie(struct cfi_reader *r, uint64_t cie_offset)
{
	if (r->has_cie && r->cie.offset == cie_offset)
		return true;
	r->has_cie = false;
	if (!read_cie(r->section, cie_offset, &r->cie))
		return false;

	struct machine m;

	m.section = r->section;
	m.cie = &r->cie;
	m.initial = NULL;
	m.on_row = NULL;
	m.depth = 0;
	m.steps_left = &r->steps_left;
	m.stopped = false;
	m.end = 0;
	memset(&m.row, 0, sizeof(m.row));
	m.row.cfa_register = CFI_REGISTERS;
	run_program(&m, r->cie.program);
	if (m.c.bad)
		return false;
	r->initial = m.row;
	r->has_cie = true;
	return true;
}

static bool read_fde(struct cfi_reader *r, struct entry *e, struct cfi_fde *ret)
{
	const struct cfi_section *s = r->section;

	ret->offset = e->offset;
	ret->cie_offset = cie_of(s, e);
	if (!cfi_load_cie(r, ret->cie_offset) || r->cie.fde_encoding == PE_OMIT)
		return false;

	uint8_t address_bytes = r->cie.address_bytes;

	ret->start = read_pointer(s, &e->c, r->cie.fde_encoding, address_bytes);
	/* The length has the format of the pointer, and no base. */
	uint64_t length = read_number(&e->c, r->cie.fde_encoding, address_bytes);

	if (r->cie.has_augmentation)
		cursor_skip(&e->c, cursor_uleb(&e->c));
	ret->program = (struct bytes){ e->c.at, cursor_left(&e->c) };
	return !e->c.bad && length > 0 && !__builtin_add_overflow(ret->start, length, &ret->end);
}

bool cfi_next(struct cfi_reader *r, struct cfi_fde *ret)
{
	struct entry e;

	while (r->offset < r->section->bytes.size_bytes && read_entry(r->section, r->offset, &e)) {
		r->offset = e.next;
		if (e.id_at == 0) {
			if (r->section->ends_at_zero)
				return false;
			continue;
		}
		if (!is_cie(r->section, &e) && read_fde(r, &e, ret))
			return true;
	}
	return false;
}

bool cfi_read_at(struct cfi_reader *r, uint64_t offset, struct cfi_fde *ret)
{
	struct entry e;

	return read_entry(r->section, offset, &e) && e.id_at != 0 && !is_cie(r->section, &e) &&
	       read_fde(r, &e, ret);
}

bool cfi_run(struct cfi_reader *r, const struct cfi_fde *fde, cfi_row_fn *on_row, void *user)
{
	struct machine m;

	if (!cfi_load_cie(r, fde->cie_offset))
		return false;
	m.section = r->section;
	m.cie = &r->cie;
	m.row = r->initial;
	m.row.start = fde->start;
	m.initial = &r->initial;
	m.end = fde->end;
	m.depth = 0;
	m.steps_left = &r->steps_left;
	m.on_row = on_row;
	m.user = user;
	m.stopped = false;
	run_program(&m, fde->program);
	if (m.c.bad)
		return false;
	if (!m.stopped && m.row.start < m.end)
		on_row(user, &m.row, m.end);
	return true;
}

struct row_at {
	uint64_t pc;
	struct cfi_row *row;
	bool found;
};

static bool keep_row_at(void *user, const struct cfi_row *row, uint64_t end)
{
	struct row_at *at = user;

	if (at->pc >= end)
		return true;
	*at->row = *row;
	at->found = true;
	return false;
}

bool cfi_row_at(struct cfi_reader *r, const struct cfi_fde *fde, uint64_t pc, struct cfi_row *ret)
{
	struct row_at at = { pc, ret, false };

	if (pc < fde->start || pc >= fde->end)
		return false;
	cfi_run(r, fde, keep_row_at, &at);
	return at.found;
}

/* --- .eh_frame_hdr ------------------------------------------------------------------------------------ */

bool cfi_header_read(struct bytes bytes, uint64_t vaddr, uint8_t address_bytes, bool big_endian,
		     struct cfi_header *ret)
{
	struct cfi_section s = { .bytes = bytes, .vaddr = vaddr, .data_vaddr = vaddr,
				 .address_bytes = address_bytes, .big_endian = big_endian };
	struct cursor c = cursor_of(bytes, big_endian);
	uint8_t version = cursor_u8(&c), frame = cursor_u8(&c), count = cursor_u8(&c), table = cursor_u8(&c);

	*ret = (struct cfi_header){ .vaddr = vaddr };
	if (version != 1 || frame == PE_OMIT)
		return false;
	ret->eh_frame_vaddr = read_pointer(&s, &c, frame, address_bytes);
	if (c.bad)
		return false;
	if (count == PE_OMIT || table != (PE_DATAREL | PE_SDATA4))
		return true;

	uint64_t pairs = read_pointer(&s, &c, count, address_bytes);

	if (c.bad)
		return true;
	ret->table = (struct bytes){ c.at, cursor_left(&c) };
	ret->count = pairs < ret->table.size_bytes / 8 ? (size_t)pairs : ret->table.size_bytes / 8;
	return true;
}

static uint64_t pair_field(const struct cfi_header *h, bool big_endian, size_t index, unsigned field)
{
	struct cursor c = cursor_at(h->table, index * 8 + field * 4, big_endian);

	return h->vaddr + (uint64_t)(int64_t)(int32_t)cursor_u32(&c);
}

bool cfi_header_find(const struct cfi_header *h, bool big_endian, uint64_t pc, uint64_t *fde_vaddr)
{
	size_t low = 0, high = h->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pair_field(h, big_endian, middle, 0) <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	*fde_vaddr = pair_field(h, big_endian, low - 1, 1);
	return true;
}
