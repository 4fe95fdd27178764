/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * One frame by all that CFI says.  The FDE is found through .eh_frame_hdr, else by looking at
 * one after the other; its program is run as far as the pc; then the CFA is computed and each
 * register is taken from where its rule says.
 *
 * What a rule does not mention stays as it is if the ABI wants functions to keep it, and is
 * not known in the caller otherwise: a debugger has to say so rather than show a stale value.
 */
#include "format/cfi.h"
#include "unwind/expression.h"
#include "unwind/unwind.h"

_Static_assert((int)UNWIND_REGISTERS >= (int)CFI_REGISTERS, "a rule for each register has room");

bool unwind_read_word(const struct unwind_machine *m, const struct unwind_memory *memory, uint64_t addr,
		      uint64_t *ret)
{
	uint32_t narrow;

	if (m->word_bytes == 8)
		return memory->read(memory->user, addr, ret, 8);
	if (!memory->read(memory->user, (uint32_t)addr, &narrow, 4))
		return false;
	*ret = narrow;
	return true;
}

/* --- finding the rules ----------------------------------------------------------------------- */

static bool find_by_header(struct cfi_reader *r, const struct cfi_header *h, uint64_t pc,
			   struct cfi_fde *ret)
{
	uint64_t vaddr;

	return cfi_header_find(h, r->section->big_endian, pc, &vaddr) && vaddr >= r->section->vaddr &&
	       cfi_read_at(r, vaddr - r->section->vaddr, ret) && pc >= ret->start && pc < ret->end;
}

static bool find_one_by_one(struct cfi_reader *r, uint64_t pc, struct cfi_fde *ret)
{
	while (cfi_next(r, ret))
		if (pc >= ret->start && pc < ret->end)
			return true;
	return false;
}

/* The row for PC (as in the file), and the reader that its CIE is in. */
static bool find_row(const struct unwind_place *place, uint64_t pc, struct cfi_reader *r,
		     struct cfi_row *row)
{
	struct cfi_fde fde;

	for (size_t i = 0; i < place->section_count; i++) {
		const struct cfi_header *h = i == 0 && place->sections[0].is_eh ? place->header : NULL;
		bool found;

		cfi_reader_init(r, &place->sections[i]);
		if (h && h->count)
			found = find_by_header(r, h, pc, &fde);
		else
			found = find_one_by_one(r, pc, &fde);
		if (found && cfi_load_cie(r, fde.cie_offset) && cfi_row_at(r, &fde, pc, row))
			return true;
	}
	return false;
}

bool unwind_goes_over(const struct unwind_machine *m, const struct unwind_place *place, uint64_t pc)
{
	struct cfi_reader r;
	struct cfi_row row;

	return (m->arch == UNWIND_ARCH_X86_64 || m->arch == UNWIND_ARCH_AARCH64) &&
	       find_row(place, pc - place->bias, &r, &row) && !r.cie.is_signal && row.rules[0].kind == CFI_OFFSET &&
	       row.rules[1].kind == CFI_OFFSET;
}

/* --- applying them ------------------------------------------------------------------------------ */

struct full {
	const struct unwind_machine *m;
	const struct unwind_memory *memory;
	const struct unwind_place *place;
	const struct cfi_section *section;
	const struct unwind_full *from;
	struct unwind_full to;
	uint64_t cfa;
	enum unwind_why why;
};

static bool known(const struct unwind_full *regs, uint64_t reg)
{
	return reg < UNWIND_REGISTERS && (regs->known >> reg & 1);
}

static bool evaluate(struct full *f, const struct cfi_rule *rule, bool has_cfa, uint64_t *ret)
{
	struct unwind_expression e = {
		.code = bytes_slice(f->section->bytes, (uint64_t)rule->number, rule->size_bytes),
		.big_endian = f->section->big_endian,
		.machine = f->m,
		.regs = f->from,
		.memory = f->memory,
		.bias = f->place->bias,
		.has_initial = has_cfa,
		.initial = f->cfa,
	};

	return unwind_expression_run(&e, ret, &f->why);
}

static bool compute_cfa(struct full *f, const struct cfi_row *row)
{
	if (row->cfa_is_expression)
		return evaluate(f, &row->cfa, false, &f->cfa);
	if (!known(f->from, row->cfa_register)) {
		f->why = UNWIND_WHY_REGISTERS;
		return false;
	}
	f->cfa = f->from->value[row->cfa_register] + (uint64_t)row->cfa_offset;
	return true;
}

static void set(struct full *f, unsigned reg, uint64_t value)
{
	f->to.value[reg] = f->m->word_bytes == 4 ? (uint32_t)value : value;
	f->to.known |= UINT64_C(1) << reg;
}

static void set_from_memory(struct full *f, unsigned reg, uint64_t addr)
{
	uint64_t value;

	if (unwind_read_word(f->m, f->memory, addr, &value))
		set(f, reg, value);
	else if (known(f->from, f->m->sp) && addr < f->from->value[f->m->sp] && known(f->from, reg))
		set(f, reg, f->from->value[reg]); /* popped again: stack.c, read_saved() */
	else
		f->why = UNWIND_WHY_MEMORY;
}

static void set_from_register(struct full *f, unsigned reg, uint64_t from)
{
	if (known(f->from, from))
		set(f, reg, f->from->value[from]);
	else if (reg == f->m->ra)
		f->why = UNWIND_WHY_REGISTERS;
}

static void apply_rule(struct full *f, unsigned reg, const struct cfi_rule *rule)
{
	uint64_t value;

	switch (rule->kind) {
	case CFI_UNSPECIFIED:
		if (reg == f->m->sp)
			set(f, reg, f->cfa);
		else if (f->m->callee_saved >> reg & 1 || (f->m->has_lr && reg == f->m->ra))
			set_from_register(f, reg, reg);
		break;
	case CFI_SAME:
		set_from_register(f, reg, reg);
		break;
	case CFI_OFFSET:
		set_from_memory(f, reg, f->cfa + (uint64_t)rule->number);
		break;
	case CFI_VAL_OFFSET:
		set(f, reg, f->cfa + (uint64_t)rule->number);
		break;
	case CFI_REGISTER:
		set_from_register(f, reg, (uint64_t)rule->number);
		break;
	case CFI_EXPRESSION:
		if (evaluate(f, rule, true, &value))
			set_from_memory(f, reg, value);
		break;
	case CFI_VAL_EXPRESSION:
		if (evaluate(f, rule, true, &value))
			set(f, reg, value);
		break;
	}
}

/* The return address is the caller's pc.  On machines where it has a register of its own
 * that register is not the caller's any more. */
static bool take_pc(struct full *f, uint64_t column, bool is_signal)
{
	if (column >= UNWIND_REGISTERS || !(f->to.known >> column & 1))
		return false;

	uint64_t pc = f->to.value[column] & f->m->address_mask;

	if (f->m->has_lr && !is_signal)
		f->to.known &= ~(UINT64_C(1) << column);
	set(f, f->m->pc, pc);
	return true;
}

static enum unwind_step failed(enum unwind_why why, enum unwind_why *ret)
{
	*ret = why == UNWIND_WHY_NONE ? UNWIND_WHY_REGISTERS : why;
	return UNWIND_FAILED;
}

enum unwind_step unwind_full_step(const struct unwind_machine *m, const struct unwind_place *place,
				  const struct unwind_memory *memory, struct unwind_full *regs,
				  bool *exact, enum unwind_why *ret_why)
{
	struct full f = { .m = m, .memory = memory, .place = place, .from = regs };
	struct cfi_reader r;
	struct cfi_row row;

	if (!known(regs, m->pc))
		return failed(UNWIND_WHY_REGISTERS, ret_why);
	if (!find_row(place, regs->value[m->pc] - place->bias - !*exact, &r, &row))
		return UNWIND_NO_RULE;
	f.section = r.section;
	if (row.rules[r.cie.ra_column].kind == CFI_UNDEFINED)
		return UNWIND_OUTERMOST;
	if (!compute_cfa(&f, &row))
		return failed(f.why, ret_why);
	for (unsigned reg = 0; reg < m->registers && reg < CFI_REGISTERS; reg++)
		apply_rule(&f, reg, &row.rules[reg]);
	/* one register that can't be had is no reason to stop; the pc is */
	if (!take_pc(&f, r.cie.ra_column, r.cie.is_signal))
		return failed(f.why, ret_why);
	*regs = f.to;
	*exact = r.cie.is_signal;
	return UNWIND_STEPPED;
}
