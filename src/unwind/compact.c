/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Of all that CFI can say, code says little: the CFA is a register and an offset, or a word
 * near one; the frame pointer is saved near the CFA, SP or FP; the return address is in its
 * usual place or beside the frame pointer.  The few expressions that compilers, linkers and
 * hand-written assembly use are known by their shape:
 *
 *   breg R n, deref                     gcc's realigned stacks; signal frames of libc
 *   breg R n, deref, plus_uconst 8      perlasm (OpenSSL)
 *   breg SP 8, breg PC 0, lit15, and, lit N, ge, lit3, shl, plus      PLT stubs
 */
#include "unwind/compact.h"

enum { OP_DEREF = 0x06, OP_PLUS_UCONST = 0x23, OP_BREG0 = 0x70, OP_BREG31 = 0x8f, OP_LIT0 = 0x30 };
enum { SAVED_MAX = UINT8_MAX };

/* breg R n ... */
struct shape {
	uint32_t reg;
	int64_t offset;
	bool deref;
	uint64_t plus;
};

static struct cursor expression(const struct cfi_section *s, const struct cfi_rule *rule)
{
	return cursor_of(bytes_slice(s->bytes, (uint64_t)rule->number, rule->size_bytes), s->big_endian);
}

static bool parse_shape(const struct cfi_section *s, const struct cfi_rule *rule, struct shape *ret)
{
	struct cursor c = expression(s, rule);
	uint8_t op = cursor_u8(&c);

	if (op < OP_BREG0 || op > OP_BREG31)
		return false;
	*ret = (struct shape){ .reg = op - OP_BREG0, .offset = cursor_sleb(&c) };
	if (c.bad || cursor_done(&c))
		return !c.bad;
	if (cursor_u8(&c) != OP_DEREF)
		return false;
	ret->deref = true;
	if (cursor_done(&c))
		return true;
	if (cursor_u8(&c) != OP_PLUS_UCONST)
		return false;
	ret->plus = cursor_uleb(&c);
	return !c.bad && cursor_done(&c);
}

/* The threshold of a PLT stub's expression, 0 when it is none. */
static unsigned parse_plt(const struct cfi_section *s, const struct cfi_rule *rule)
{
	static const uint8_t before[] = { 0x77, 8, 0x80, 0, 0x3f, 0x1a }, after[] = { 0x2a, 0x33, 0x24, 0x22 };
	struct cursor c = expression(s, rule);
	const uint8_t *p = cursor_take(&c, sizeof(before) + 1 + sizeof(after));

	if (p == NULL || !cursor_done(&c))
		return 0;
	for (size_t i = 0; i < sizeof(before); i++)
		if (p[i] != before[i])
			return 0;
	for (size_t i = 0; i < sizeof(after); i++)
		if (p[sizeof(before) + 1 + i] != after[i])
			return 0;

	unsigned lit = p[sizeof(before)];

	return lit > OP_LIT0 && lit <= OP_LIT0 + 15 ? lit - OP_LIT0 : 0;
}

static bool in_words(const struct unwind_machine *m, int64_t bytes, int64_t min, int64_t max, int64_t *words)
{
	*words = bytes / m->word_bytes;
	return bytes % m->word_bytes == 0 && *words >= min && *words <= max;
}

/* --- the CFA ---------------------------------------------------------------------------------- */

struct compact {
	const struct cfi_section *section;
	const struct unwind_machine *m;
	const struct cfi_row *row;
	enum unwind_cfa kind;
	int64_t cfa;           /* words */
	uint32_t reg;          /* of UNWIND_CFA_REG */
	enum unwind_base base;
	enum unwind_what what;
	int64_t saved;
};

static enum unwind_cfa kind_of_shape(const struct compact *k, const struct shape *shape)
{
	if (!shape->deref)
		return shape->reg == k->m->sp ? UNWIND_CFA_SP : shape->reg == k->m->fp ? UNWIND_CFA_FP
										       : UNWIND_CFA_REG;
	if (shape->reg == k->m->fp && shape->plus == 0)
		return UNWIND_CFA_FP_DEREF;
	if (shape->reg == k->m->sp && shape->plus == 0)
		return UNWIND_CFA_SP_DEREF;
	if (shape->reg == k->m->sp && shape->plus == k->m->word_bytes)
		return UNWIND_CFA_SP_DEREF_PLUS;
	return UNWIND_CFA_UNSUPPORTED;
}

static void compact_cfa(struct compact *k)
{
	struct shape shape = { .reg = k->row->cfa_register, .offset = k->row->cfa_offset };
	unsigned plt = 0;

	if (k->row->cfa_is_expression && !parse_shape(k->section, &k->row->cfa, &shape)) {
		if (k->m->arch == UNWIND_ARCH_X86_64)
			plt = parse_plt(k->section, &k->row->cfa);
		k->kind = plt ? UNWIND_CFA_PLT : UNWIND_CFA_UNSUPPORTED;
		k->cfa = plt;
		return;
	}
	k->kind = shape.reg < k->m->registers ? kind_of_shape(k, &shape) : UNWIND_CFA_UNSUPPORTED;
	k->reg = shape.reg;
	if (!in_words(k->m, shape.offset, INT16_MIN, INT16_MAX, &k->cfa))
		k->kind = UNWIND_CFA_UNSUPPORTED;
}

/* A trampoline saves everything; where SP lies says where the rest is. */
static void compact_signal(struct compact *k)
{
	struct shape shape;

	k->kind = UNWIND_CFA_SIGNAL;
	k->cfa = k->m->signal_sp;
	if (k->row->cfa_is_expression && parse_shape(k->section, &k->row->cfa, &shape) && shape.deref &&
	    shape.reg == k->m->sp && shape.plus == 0 &&
	    in_words(k->m, shape.offset, INT16_MIN, INT16_MAX, &k->cfa))
		return;
	k->cfa = k->m->signal_sp;
	if (k->cfa == 0)
		k->kind = UNWIND_CFA_UNSUPPORTED;
}

/* --- what is saved ------------------------------------------------------------------------------ */

/* Where a register is saved, as base and words. */
static bool place_of(const struct compact *k, const struct cfi_rule *rule, enum unwind_base *base,
		     int64_t *words)
{
	struct shape shape;
	const struct cfi_row *row = k->row;

	if (rule->kind == CFI_EXPRESSION) {
		if (!parse_shape(k->section, rule, &shape) || shape.deref ||
		    (shape.reg != k->m->sp && shape.reg != k->m->fp))
			return false;
		*base = shape.reg == k->m->sp ? UNWIND_BASE_SP : UNWIND_BASE_FP;
		return in_words(k->m, shape.offset, 0, SAVED_MAX, words);
	}
	if (rule->kind != CFI_OFFSET)
		return false;
	*base = UNWIND_BASE_CFA;
	if (in_words(k->m, -rule->number, 0, SAVED_MAX, words))
		return true;
	/* Big frames save at their lower end: count from the register that the CFA counts from. */
	if (k->kind != UNWIND_CFA_SP && k->kind != UNWIND_CFA_FP)
		return false;
	*base = k->kind == UNWIND_CFA_SP ? UNWIND_BASE_SP : UNWIND_BASE_FP;
	return in_words(k->m, row->cfa_offset + rule->number, 0, SAVED_MAX, words);
}

static bool is_unchanged(const struct cfi_rule *rule)
{
	return rule->kind == CFI_UNSPECIFIED || rule->kind == CFI_SAME;
}

static bool ra_is_usual(const struct compact *k, const struct cfi_rule *ra, uint64_t column)
{
	if (k->m->has_lr)
		return is_unchanged(ra) && column == k->m->ra;
	return ra->kind == CFI_OFFSET && ra->number == -(int64_t)k->m->word_bytes;
}

static void fp_lost(struct compact *k)
{
	k->base = UNWIND_BASE_NONE;
	k->what = UNWIND_WHAT_RA_FP_LOST;
}

/* The return address is where it always is: only FP needs a place. */
static void compact_fp(struct compact *k, const struct cfi_rule *fp)
{
	if (is_unchanged(fp))
		return;
	if (!place_of(k, fp, &k->base, &k->saved))
		fp_lost(k);
}

static void compact_both(struct compact *k, const struct cfi_rule *fp, const struct cfi_rule *ra)
{
	enum unwind_base fp_base;
	int64_t fp_at;

	if (!place_of(k, ra, &k->base, &k->saved)) {
		k->kind = UNWIND_CFA_UNSUPPORTED;
		return;
	}
	k->what = UNWIND_WHAT_RA;
	if (is_unchanged(fp))
		return;
	k->what = UNWIND_WHAT_RA_FP_LOST;
	if (!place_of(k, fp, &fp_base, &fp_at) || fp_base != k->base)
		return;
	/* "saved" counts downwards from the CFA, upwards from a register */
	if (fp_at != (fp_base == UNWIND_BASE_CFA ? k->saved + 1 : k->saved - 1))
		return;
	k->what = UNWIND_WHAT_FP_RA;
	k->saved = fp_at;
}

/* `saved` holds the register's number: of FP it can only be said that it is at FP + 0. */
static void compact_register(struct compact *k, const struct cfi_rule *fp)
{
	if (k->what != UNWIND_WHAT_FP) {
		if (k->base != UNWIND_BASE_NONE)
			k->kind = UNWIND_CFA_UNSUPPORTED;
	} else if (!is_unchanged(fp) && (k->base != UNWIND_BASE_FP || k->saved != 0)) {
		fp_lost(k);
	}
	k->saved = k->reg;
}

static void compact_row(struct compact *k, uint64_t column)
{
	const struct cfi_rule *fp = &k->row->rules[k->m->fp], *ra = &k->row->rules[column];

	compact_cfa(k);
	if (ra_is_usual(k, ra, column))
		compact_fp(k, fp);
	else
		compact_both(k, fp, ra);
	if (k->kind == UNWIND_CFA_REG)
		compact_register(k, fp);
}

void unwind_compact(const struct cfi_section *section, const struct cfi_cie *cie,
		    const struct cfi_row *row, const struct unwind_machine *machine,
		    struct unwind_row *ret)
{
	struct compact k = { .section = section, .m = machine, .row = row };

	if (cie->is_signal)
		compact_signal(&k);
	else if (row->rules[cie->ra_column].kind == CFI_UNDEFINED)
		k.kind = UNWIND_CFA_OUTERMOST;
	else
		compact_row(&k, cie->ra_column);
	if (k.kind == UNWIND_CFA_UNSUPPORTED || k.kind == UNWIND_CFA_OUTERMOST)
		k = (struct compact){ .kind = k.kind };
	ret->how = unwind_row_how(k.kind, k.base, k.what);
	ret->saved = (uint8_t)k.saved;
	ret->cfa = (int16_t)k.cfa;
}
