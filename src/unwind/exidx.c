/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * An entry is two words: the function's address, counted from that word, and either the rule itself,
 * the place of it in .ARM.extab, or 1 for "can't be unwound".  A rule is a program of one or
 * two bytes an instruction (section 10.3), which a debugger would run on registers: it adds to a stack
 * pointer of its own and pops registers from there.  Here it is run on offsets: what is
 * known at its end is how far the CFA is from SP or from the register that the stack pointer
 * was taken from, and where r11 and the return address were popped.  That is a compact row.
 */
#include "unwind/exidx.h"

#include "unwind/machine.h"

enum { FP = 11, SP = 13, LR = 14, PC = 15, CANT_UNWIND = 1, WORD = 4, CODE_MAX = 1 + 4 * 255 };

struct program {
	uint32_t base;       /* the register that offsets count from */
	int64_t offset;      /* bytes from there to the stack pointer as it is by now */
	int64_t fp_at, ra_at; /* where they were popped, as `offset` */
	bool has_fp, has_ra;
	bool unsupported;
};

/* --- instructions ----------------------------------------------------------------------------- */

static void pop(struct program *p, unsigned reg)
{
	if (reg == FP) {
		p->fp_at = p->offset;
		p->has_fp = true;
	}
	if (reg == PC || (reg == LR && !p->has_ra)) {
		p->ra_at = p->offset;
		p->has_ra = true;
	}
	p->unsupported |= reg == SP;
	p->offset += WORD;
}

/* Registers from FIRST on, a bit each. */
static void pop_mask(struct program *p, unsigned mask, unsigned first)
{
	for (unsigned reg = first; mask; reg++, mask >>= 1)
		if (mask & 1)
			pop(p, reg);
}

/* What was popped before counts from another register: that is more than a row can say. */
static void set_base(struct program *p, unsigned reg)
{
	p->unsupported |= reg == SP || reg == PC || p->has_fp || p->has_ra;
	p->base = reg;
	p->offset = 0;
}

static void run_b(struct program *p, unsigned op, struct cursor *c)
{
	unsigned operand;

	switch (op) {
	case 0xb1: /* r0 to r3 */
		operand = cursor_u8(c);
		p->unsupported |= operand == 0 || operand > 15;
		pop_mask(p, operand & 15, 0);
		return;
	case 0xb2:
		p->offset += 0x204 + (int64_t)(cursor_uleb(c) & 0xffffff) * 4;
		return;
	case 0xb3: /* VFP registers as FSTMX saves them: a word more */
		p->offset += ((cursor_u8(c) & 15) + 1) * 8 + WORD;
		return;
	case 0xb4: /* the return address code (PAC) of newer machines: it lies there, and does not move */
		p->offset += WORD;
		return;
	default:
		if (op >= 0xb8)
			p->offset += ((op & 7) + 1) * 8 + WORD;
		else
			p->unsupported = true;
	}
}

static void run_c(struct program *p, unsigned op, struct cursor *c)
{
	if (op == 0xc8 || op == 0xc9)
		p->offset += ((cursor_u8(c) & 15) + 1) * 8;
	else if (op >= 0xd0 && op < 0xd8)
		p->offset += ((op & 7) + 1) * 8;
	else
		p->unsupported = true; /* iWMMXt, or spare */
}

static void run_pop(struct program *p, unsigned op, struct cursor *c)
{
	unsigned mask;

	if (op < 0x90) {
		mask = (op & 15) << 8 | cursor_u8(c);
		p->unsupported |= mask == 0; /* "refuse to unwind" */
		pop_mask(p, mask, 4);
	} else if (op < 0xa0) {
		set_base(p, op & 15);
	} else {
		pop_mask(p, (2u << (op & 7)) - 1, 4);
		if (op & 8)
			pop(p, LR);
	}
}

static void run(struct program *p, struct cursor *c)
{
	while (!cursor_done(c) && !p->unsupported) {
		unsigned op = cursor_u8(c);

		if (op == 0xb0)
			return;
		if (op < 0x40)
			p->offset += (op & 63) * 4 + 4;
		else if (op < 0x80)
			p->offset -= (op & 63) * 4 + 4;
		else if (op < 0xb0)
			run_pop(p, op, c);
		else if (op < 0xc0)
			run_b(p, op, c);
		else
			run_c(p, op, c);
	}
}

/* --- the row -------------------------------------------------------------------------------------- */

static struct unwind_row unsupported(void)
{
	return (struct unwind_row){ .how = unwind_row_how(UNWIND_CFA_UNSUPPORTED, UNWIND_BASE_NONE, UNWIND_WHAT_FP) };
}

static struct unwind_row row_of(const struct program *p)
{
	enum unwind_cfa cfa = p->base == SP ? UNWIND_CFA_SP : p->base == FP ? UNWIND_CFA_FP : UNWIND_CFA_REG;
	int64_t words = p->offset / WORD, fp = (p->offset - p->fp_at) / WORD, ra = (p->offset - p->ra_at) / WORD;
	enum unwind_base base = UNWIND_BASE_CFA;
	enum unwind_what what = UNWIND_WHAT_FP;
	int64_t saved = fp;

	if (p->unsupported || p->offset % WORD || words < INT16_MIN || words > INT16_MAX)
		return unsupported();
	if (!p->has_fp && !p->has_ra) {
		base = UNWIND_BASE_NONE;
		saved = 0;
	} else if (p->has_ra) {
		what = !p->has_fp ? UNWIND_WHAT_RA : ra == fp - 1 ? UNWIND_WHAT_FP_RA : UNWIND_WHAT_RA_FP_LOST;
		saved = what == UNWIND_WHAT_FP_RA ? fp : ra;
	}
	if (saved < 0 || saved > UINT8_MAX || (cfa == UNWIND_CFA_REG && base != UNWIND_BASE_NONE))
		return unsupported();
	return (struct unwind_row){ .how = unwind_row_how(cfa, base, what), .cfa = (int16_t)words,
				    .saved = (uint8_t)(cfa == UNWIND_CFA_REG ? p->base : (uint32_t)saved) };
}

/* --- entries ---------------------------------------------------------------------------------------- */

/* 31 bits, counted from where they lie. */
static uint64_t place(uint64_t vaddr, uint32_t word)
{
	return (uint32_t)(vaddr + (uint64_t)(int64_t)((int32_t)(word << 1) >> 1));
}

/* Bytes of the program into CODE: instructions come with the high byte of a word first. */
static size_t take_word(uint8_t *code, uint32_t word, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		code[i] = (uint8_t)(word >> 8 * (count - 1 - i));
	return count;
}

/* C stands behind FIRST, the first word of a compact rule, or of what follows a personality routine. */
static size_t take_code(struct cursor *c, uint32_t first, bool is_compact, uint8_t *code)
{
	bool has_count = !is_compact || (first >> 24 & 15) != 0;
	unsigned more = !has_count ? 0 : is_compact ? first >> 16 & 255 : first >> 24;
	size_t n = take_word(code, first, has_count && is_compact ? 2 : 3);

	for (unsigned i = 0; i < more && !c->bad; i++)
		n += take_word(code + n, cursor_u32(c), 4);
	return c->bad ? 0 : n;
}

static struct unwind_row row_at(const struct unwind_exidx *e, uint64_t vaddr, uint32_t word)
{
	struct cursor c = cursor_of((struct bytes){ NULL, 0 }, e->big_endian);
	struct program p = { .base = SP };
	bool is_compact = word >> 31;
	uint8_t code[CODE_MAX + 3];
	uint32_t first = word;

	if (!is_compact) {
		c = cursor_at(e->segment, place(vaddr, word) - e->segment_vaddr, e->big_endian);
		first = cursor_u32(&c);
		is_compact = first >> 31;
		if (!is_compact) /* a personality routine of the language's; its rule comes next */
			first = cursor_u32(&c);
	}

	size_t n = c.bad || (is_compact && (first >> 24 & 15) > 2) ? 0 : take_code(&c, first, is_compact, code);
	struct cursor program = cursor_of((struct bytes){ code, n }, false);

	if (n == 0)
		return unsupported();
	run(&p, &program);
	p.unsupported |= program.bad;
	return row_of(&p);
}

bool unwind_exidx_get(const struct unwind_exidx *e, size_t index, uint64_t *start, struct unwind_row *row)
{
	uint64_t vaddr = e->index_vaddr + 8 * (uint64_t)index;
	struct cursor c = cursor_at(e->segment, vaddr - e->segment_vaddr, e->big_endian);
	uint32_t function = cursor_u32(&c), word = cursor_u32(&c);

	if (c.bad || index >= e->count || function >> 31)
		return false;
	*start = place(vaddr, function) & ~UINT64_C(1);
	*row = word == CANT_UNWIND ? (struct unwind_row){ 0 } : row_at(e, vaddr + 4, word);
	return true;
}
