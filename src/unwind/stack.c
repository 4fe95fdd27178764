/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * A whole stack.  Three registers suffice for nearly all code (pc, SP, FP, and LR on some
 * machines), so the walk begins with those and the compact rows.  Where a row needs a register
 * that they don't have (stack realigned through another register, hand-written assembly) and all
 * registers of the first frame are known, the walk begins anew with all of CFI.
 *
 * Code without CFI is walked by frame pointers, which is a guess: what is read then counts only
 * if it leads to code.  More guesses are made for the innermost frame alone: a pc where
 * nothing is mapped was called, so the return address lies on top; and so it does in the small
 * stubs without CFI of a file that otherwise has it.  Where the frame pointer lies on top, it has
 * just been pushed, and the return address lies above it.
 *
 * To go on in the function that catches an exception, libgcc first writes that one's return address and
 * registers over those in its own frame, and then leaves.  In between its caller seems to be that
 * function, with the wrong stack; or its caller's frame pointer is that function's already.  So where a walk breaks off,
 * or ends where no function begins, it is made once more, and behind such a frame the place is looked for where the
 * same return address lies once more: right below the frame of the function that catches.  Where it has
 * been written over too, places are tried from which a walk comes to where the program or thread began.
 *
 * A caller's frame lies above its callee's.  So the walk ends, whatever the memory holds; only a
 * signal handler may run on another stack, and max_frames bounds those.
 */
#include "unwind/unwind.h"

#define FRAME_MAX_BYTES (UINT64_C(64) << 20)
enum { GO_OVER_WORDS = 8192, GO_OVER_MAX = 4, GO_OVER_DEPTH = 4, TRIES_MAX = 64, TRY_FRAMES_MAX = 256 };

struct walk {
	const struct unwind_machine *m;
	const struct unwind_memory *memory;
	const struct unwind_space *space;
	struct unwind_place place;
	struct unwind_result *result;
	unsigned flags;
	uint64_t pc, sp, fp, lr;
	bool fp_known, lr_known;
	bool exact;             /* pc was interrupted, it is not a return address */
	bool first;
	unsigned again;         /* in a second walk: how often it may still go over */
};

enum outcome { STEPPED, COMPLETE, BROKEN };

static enum outcome broken(struct walk *w, enum unwind_why why)
{
	w->result->why = (uint8_t)why;
	return BROKEN;
}

static uint64_t words(const struct walk *w, int64_t count)
{
	return (uint64_t)(count * w->m->word_bytes);
}

static bool read_word(struct walk *w, uint64_t addr, uint64_t *ret)
{
	return unwind_read_word(w->m, w->memory, addr, ret);
}

/* What is mapped at PC.  Most frames lie where the one before did. */
static bool find_place(struct walk *w, uint64_t pc)
{
	if (pc >= w->place.start && pc < w->place.end)
		return true;
	if (w->space->find(w->space->user, pc, &w->place))
		return true;
	w->place = (struct unwind_place){ 0 };
	return false;
}

static uint64_t lookup_pc(const struct walk *w) { return w->pc - !w->exact; }

static const struct unwind_row *find_row(const struct walk *w)
{
	uint64_t pc = lookup_pc(w) - w->place.base;

	return pc <= UINT32_MAX ? unwind_row_find(w->place.rows, w->place.row_count, (uint32_t)pc) : NULL;
}

static bool leads_to_code(struct walk *w, uint64_t pc)
{
	struct unwind_place place = w->place;

	return pc != 0 && ((pc - 1 >= place.start && pc - 1 < place.end) ||
			   w->space->find(w->space->user, pc - 1, &place));
}

/* The caller's registers are these. */
static enum outcome step_to(struct walk *w, uint64_t pc, uint64_t sp)
{
	bool may_stay = w->m->has_lr && w->first; /* a leaf without a frame */

	if (sp < w->sp || (sp == w->sp && !may_stay))
		return broken(w, UNWIND_WHY_FRAME);
	w->pc = pc & w->m->address_mask;
	w->sp = sp;
	w->exact = w->first = false;
	return w->pc == 0 ? COMPLETE : STEPPED;
}

/* --- by a row ---------------------------------------------------------------------------------- */

/* Called code stands behind its call; the trampoline was never called, so it is told as what
 * was interrupted is. */
static void tell_trampoline(struct walk *w, uint64_t *told)
{
	if (!w->exact)
		*told = w->pc + 1;
}

static enum outcome step_signal(struct walk *w, const struct unwind_row *row)
{
	uint64_t at = w->sp + words(w, row->cfa), pc, sp, fp, lr = 0;
	const struct unwind_signal_frame *s = &w->m->signal;

	if (!read_word(w, at, &sp) || !read_word(w, at + words(w, s->pc), &pc) ||
	    !read_word(w, at + words(w, s->fp), &fp) ||
	    (s->lr && !read_word(w, at + words(w, s->lr), &lr)))
		return broken(w, UNWIND_WHY_MEMORY);
	w->pc = pc & w->m->address_mask;
	w->sp = sp;
	w->fp = fp;
	w->lr = lr;
	w->fp_known = true;
	w->lr_known = s->lr != 0;
	w->exact = true;
	w->first = true; /* as interrupted as the innermost one */
	w->result->by_signal++;
	return STEPPED;
}

static bool needs_fp(const struct unwind_row *row)
{
	enum unwind_cfa cfa = unwind_row_cfa(row);

	return cfa == UNWIND_CFA_FP || cfa == UNWIND_CFA_FP_DEREF || unwind_row_base(row) == UNWIND_BASE_FP;
}

/* False with the outcome in *FAILED. */
static bool compute_cfa(struct walk *w, const struct unwind_row *row, const struct unwind_full *all,
			uint64_t *cfa, enum outcome *failed)
{
	*failed = BROKEN;
	if (needs_fp(row) && !w->fp_known) {
		broken(w, UNWIND_WHY_REGISTERS);
		return false;
	}
	switch (unwind_row_cfa(row)) {
	case UNWIND_CFA_SP:
		*cfa = w->sp + words(w, row->cfa);
		return true;
	case UNWIND_CFA_FP:
		*cfa = w->fp + words(w, row->cfa);
		return true;
	case UNWIND_CFA_PLT:
		*cfa = w->sp + 8 + ((lookup_pc(w) & 15) >= (uint64_t)row->cfa ? 8 : 0);
		return true;
	case UNWIND_CFA_FP_DEREF:
	case UNWIND_CFA_SP_DEREF:
	case UNWIND_CFA_SP_DEREF_PLUS:
		if (!read_word(w, (unwind_row_cfa(row) == UNWIND_CFA_FP_DEREF ? w->fp : w->sp) +
					  words(w, row->cfa), cfa)) {
			broken(w, UNWIND_WHY_MEMORY);
			return false;
		}
		*cfa += unwind_row_cfa(row) == UNWIND_CFA_SP_DEREF_PLUS ? w->m->word_bytes : 0;
		return true;
	case UNWIND_CFA_REG:
		if (all && row->saved < UNWIND_REGISTERS && (all->known >> row->saved & 1)) {
			*cfa = all->value[row->saved] + words(w, row->cfa);
			return true;
		}
		break;
	default:
		break;
	}
	broken(w, UNWIND_WHY_REGISTERS);
	return false;
}

static uint64_t saved_at(const struct walk *w, const struct unwind_row *row, uint64_t cfa)
{
	unsigned saved = unwind_row_cfa(row) == UNWIND_CFA_REG ? 0 : row->saved;

	switch (unwind_row_base(row)) {
	case UNWIND_BASE_SP:
		return w->sp + words(w, saved);
	case UNWIND_BASE_FP:
		return w->fp + words(w, saved);
	default:
		return cfa - words(w, saved);
	}
}

/* What is saved at AT.  In an epilogue the CFI of popped registers still leads below SP: there
 * the value is in the register again, and a copy of the stack does not have that memory. */
static bool read_saved(struct walk *w, uint64_t at, uint64_t now, uint64_t *ret)
{
	if (read_word(w, at, ret))
		return true;
	*ret = now;
	return at < w->sp;
}

/* ALL: registers of the innermost frame, NULL in others. */
static enum outcome step_row(struct walk *w, const struct unwind_row *row, const struct unwind_full *all)
{
	enum unwind_what what = unwind_row_what(row);
	bool saved = unwind_row_base(row) != UNWIND_BASE_NONE;
	bool ra_there = saved && what != UNWIND_WHAT_FP, fp_there = saved && what <= UNWIND_WHAT_FP_RA;
	enum outcome outcome;
	uint64_t cfa, at, ra, fp = w->fp;

	if (!compute_cfa(w, row, all, &cfa, &outcome))
		return outcome;
	at = saved_at(w, row, cfa);
	if (fp_there && !read_saved(w, at, w->fp, &fp))
		return broken(w, UNWIND_WHY_MEMORY);
	if (!ra_there && w->m->has_lr) {
		if (!w->lr_known)
			return broken(w, UNWIND_WHY_REGISTERS);
		ra = w->lr;
	} else if (!read_word(w, !ra_there ? cfa - words(w, 1) : at + (what == UNWIND_WHAT_FP_RA ? words(w, 1) : 0),
			      &ra)) {
		return broken(w, UNWIND_WHY_MEMORY);
	}
	outcome = step_to(w, ra, cfa);
	if (outcome == BROKEN)
		return outcome;
	w->fp_known = fp_there || (w->fp_known && what != UNWIND_WHAT_RA_FP_LOST);
	w->fp = fp;
	w->lr_known = false;
	w->result->by_table++;
	return outcome;
}

static enum outcome step(struct walk *w, const struct unwind_full *all, uint64_t *told);

/* Does a walk that goes on like this come to where the program or thread began? */
static bool leads_home(const struct walk *from)
{
	struct unwind_result result = { 0 };
	struct walk w = *from;
	enum outcome outcome = STEPPED;
	uint64_t told;

	w.result = &result;
	w.again = 0;
	for (unsigned i = 0; i < TRY_FRAMES_MAX && outcome == STEPPED; i++)
		outcome = step(&w, NULL, &told);
	return result.outermost;
}

/* The address of the first word from AT on that is the pc; 0: none. */
static uint64_t find_pc_again(struct walk *w)
{
	uint64_t at = w->sp, word;

	for (unsigned i = 0; i < GO_OVER_WORDS && read_word(w, at, &word); i++, at += words(w, 1))
		if ((word & w->m->address_mask) == w->pc)
			return at;
	return 0;
}

/* AT holds what leads to code.  It may be the return address to the function that catches, or by now that of its
 * handler; or the one above where this frame's pointer should lead. */
static bool try_place(struct walk *w, uint64_t at)
{
	struct walk catching = *w, same = *w;

	catching.sp = at + words(w, 1);
	same.fp = at - words(w, 1);
	same.fp_known = true;
	if (leads_home(&catching))
		*w = catching;
	else if (leads_home(&same))
		*w = same;
	else
		return false;
	return true;
}

/* Behind a frame that goes over to another function. */
static void go_over(struct walk *w)
{
	uint64_t at = find_pc_again(w), word;

	if (at) {
		w->sp = at + words(w, 1);
		w->result->by_guess++;
		return;
	}
	if (leads_home(w))
		return;
	at = w->sp;
	for (unsigned i = 0, tries = 0; i < GO_OVER_WORDS && tries < TRIES_MAX && read_word(w, at, &word); i++, at += words(w, 1)) {
		if (!leads_to_code(w, word & w->m->address_mask))
			continue;
		tries++;
		if (!try_place(w, at))
			continue;
		w->result->by_guess++;
		return;
	}
}

static enum outcome step_row_again(struct walk *w, const struct unwind_row *row, const struct unwind_full *all)
{
	bool goes_over = w->place.sections && unwind_goes_over(w->m, &w->place, lookup_pc(w));
	enum outcome outcome = step_row(w, row, all);

	if (goes_over && outcome == STEPPED) {
		w->again--;
		go_over(w);
	}
	return outcome;
}

/* --- where there is no row ------------------------------------------------------------------------- */

/* The return address where a call puts it. */
static enum outcome step_as_called(struct walk *w)
{
	uint64_t ra = w->lr, sp = w->sp;

	if (!w->m->has_lr) {
		if (!read_word(w, w->sp, &ra))
			return broken(w, UNWIND_WHY_MEMORY);
		sp += words(w, 1);
	} else if (!w->lr_known) {
		return broken(w, UNWIND_WHY_NO_CODE);
	}
	if (!leads_to_code(w, ra & w->m->address_mask))
		return broken(w, UNWIND_WHY_NO_CODE);
	w->lr_known = false;
	w->result->by_guess++;
	return step_to(w, ra, sp);
}

static enum outcome step_frame_pointer(struct walk *w)
{
	uint64_t pair = w->fp + words(w, w->m->pair_at), fp, ra;

	if (!w->fp_known || (w->flags & UNWIND_NO_GUESS))
		return broken(w, UNWIND_WHY_NO_CFI);
	if (w->fp == 0)
		return COMPLETE; /* as the ABIs mark the outermost frame */
	if (w->fp % w->m->word_bytes != 0 || w->fp < w->sp || w->fp - w->sp > FRAME_MAX_BYTES)
		return broken(w, UNWIND_WHY_NO_CFI);
	if (!read_word(w, pair, &fp) || !read_word(w, pair + words(w, 1), &ra))
		return broken(w, UNWIND_WHY_MEMORY);
	ra &= w->m->address_mask;
	if (ra == 0)
		return COMPLETE;
	if (!leads_to_code(w, ra))
		return broken(w, UNWIND_WHY_NO_CFI);

	enum outcome outcome = step_to(w, ra, pair + words(w, 2));

	if (outcome == BROKEN)
		return outcome;
	w->fp = fp;
	w->lr_known = false;
	w->result->by_fp++;
	return outcome;
}

/* x86: between push %rbp and mov %rsp, %rbp. */
static enum outcome step_pushed(struct walk *w)
{
	uint64_t top, ra;

	if (w->m->has_lr || w->fp == 0 || !read_word(w, w->sp, &top) || top != w->fp ||
	    !read_word(w, w->sp + words(w, 1), &ra) || !leads_to_code(w, ra))
		return BROKEN;
	w->result->by_guess++;
	return step_to(w, ra, w->sp + words(w, 2));
}

/* TRY with everything as before if it fails. */
static bool guess(struct walk *w, enum outcome (*try)(struct walk *))
{
	struct walk before = *w;
	struct unwind_result result = *w->result;

	if (try(w) == STEPPED)
		return true;
	*w = before;
	*w->result = result;
	return false;
}

/* A stub in a file that has CFI for everything else, or code that has none at all. */
static enum outcome step_without_cfi(struct walk *w)
{
	bool may_guess = w->first && !(w->flags & UNWIND_NO_GUESS);

	if (may_guess && w->place.row_count && guess(w, step_as_called))
		return STEPPED;
	if (may_guess && guess(w, step_pushed))
		return STEPPED;
	return step_frame_pointer(w);
}

/* --- the walk ------------------------------------------------------------------------------------------ */

/* In the kernel, returning from a handler: the pc is behind the trampoline's last instruction. */
static const struct unwind_row *find_sigreturn(const struct walk *w)
{
	struct walk behind = *w;
	const struct unwind_row *row;

	behind.exact = false;
	row = w->first && w->exact ? find_row(&behind) : NULL;
	return row && unwind_row_cfa(row) == UNWIND_CFA_SIGNAL ? row : NULL;
}

/* TOLD: where this frame's pc was written. */
static enum outcome step(struct walk *w, const struct unwind_full *all, uint64_t *told)
{
	if (!find_place(w, lookup_pc(w)))
		return w->first ? step_as_called(w) : broken(w, UNWIND_WHY_NO_CODE);

	const struct unwind_row *row = find_row(w);

	if (row == NULL || unwind_row_cfa(row) == UNWIND_CFA_NONE)
		row = find_sigreturn(w);
	switch (row ? unwind_row_cfa(row) : UNWIND_CFA_NONE) {
	case UNWIND_CFA_NONE:
		return step_without_cfi(w);
	case UNWIND_CFA_OUTERMOST:
		w->result->outermost = true;
		return COMPLETE;
	case UNWIND_CFA_SIGNAL:
		tell_trampoline(w, told);
		return step_signal(w, row);
	case UNWIND_CFA_UNSUPPORTED:
		return broken(w, UNWIND_WHY_REGISTERS);
	default:
		return w->again ? step_row_again(w, row, all) : step_row(w, row, all);
	}
}

/* With all registers.  They are kept in ALL, and the three of the walk with them. */
static enum outcome step_full(struct walk *w, struct unwind_full *all, uint64_t *told)
{
	enum unwind_why why = UNWIND_WHY_NONE;
	uint64_t sp = w->sp;
	bool exact = w->exact;

	uint64_t pc = w->pc + !w->exact;
	const struct unwind_row *row;

	if (!find_place(w, lookup_pc(w)) || w->place.sections == NULL)
		return step(w, all, told);
	row = find_row(w);
	if (row && unwind_row_cfa(row) == UNWIND_CFA_SIGNAL && w->m->has_lr)
		return step(w, all, told); /* its CFI leads to LR, not to the pc */
	switch (unwind_full_step(w->m, &w->place, w->memory, all, &exact, &why)) {
	case UNWIND_OUTERMOST:
		w->result->outermost = true;
		return COMPLETE;
	case UNWIND_NO_RULE:
		return step(w, all, told);
	case UNWIND_FAILED:
		return broken(w, why);
	default:
		break;
	}
	w->sp = all->value[w->m->sp];
	w->pc = all->value[w->m->pc];
	w->fp = all->value[w->m->fp];
	w->fp_known = all->known >> w->m->fp & 1;
	w->lr = all->value[w->m->ra];
	w->lr_known = w->m->has_lr && (all->known >> w->m->ra & 1);
	if (exact) {
		*told = pc;
		w->result->by_signal++;
	} else if (w->sp < sp || (w->sp == sp && !w->first)) {
		/* the first may stay: with the return address in a register, or popped already */
		return broken(w, UNWIND_WHY_FRAME);
	} else {
		w->result->by_table++;
	}
	w->exact = w->first = exact;
	return w->pc == 0 ? COMPLETE : STEPPED;
}

/* After a step by three registers the others are not known any more. */
static void keep_full(const struct walk *w, struct unwind_full *all)
{
	if (all->value[w->m->pc] == w->pc && all->value[w->m->sp] == w->sp)
		return;
	all->known = 0;
	all->value[w->m->pc] = w->pc;
	all->value[w->m->sp] = w->sp;
	all->value[w->m->fp] = w->fp;
	all->known |= UINT64_C(1) << w->m->pc | UINT64_C(1) << w->m->sp;
	all->known |= (uint64_t)w->fp_known << w->m->fp;
	if (w->m->has_lr) {
		all->value[w->m->ra] = w->lr;
		all->known |= (uint64_t)w->lr_known << w->m->ra;
	}
}

static void begin(struct walk *w, const struct unwind_regs *regs)
{
	*w->result = (struct unwind_result){ 0 };
	w->place = (struct unwind_place){ 0 };
	w->pc = regs->pc;
	w->sp = regs->sp;
	w->fp = regs->fp;
	w->lr = regs->lr;
	w->fp_known = w->exact = w->first = true;
	w->lr_known = w->m->has_lr;
}

static void walk(struct walk *w, const struct unwind_regs *regs, struct unwind_full *all, uint64_t *pcs,
		 size_t max_frames)
{
	struct unwind_result *r = w->result;
	enum outcome outcome = STEPPED;

	begin(w, regs);
	r->end = UNWIND_CUT;
	r->has_full = all != NULL;
	while (r->count < max_frames) {
		uint64_t *told = &pcs[r->count];

		*told = w->pc + (w->exact && r->count > 0);
		r->count++;
		outcome = all ? step_full(w, all, told) : step(w, r->count == 1 ? regs->all : NULL, told);
		if (outcome != STEPPED)
			break;
		if (all)
			keep_full(w, all);
	}
	if (outcome == STEPPED)
		return;
	r->end = outcome == COMPLETE ? UNWIND_COMPLETE : UNWIND_BROKEN;
	/* A return address that leads nowhere is none. */
	if (r->why == UNWIND_WHY_NO_CODE && r->count > 1)
		r->count--;
}

const struct unwind_machine *unwind_machine_of(const struct unwind_regs *regs)
{
	const struct unwind_machine *m = unwind_machine((enum unwind_arch)regs->arch);

	if (m && regs->is_32bit && regs->arch == UNWIND_ARCH_NATIVE)
		return unwind_machine(m->arch == UNWIND_ARCH_X86_64    ? UNWIND_ARCH_I386
				      : m->arch == UNWIND_ARCH_AARCH64 ? UNWIND_ARCH_ARM
								       : (enum unwind_arch)m->arch);
	return m;
}

bool unwind_regs_from(const struct unwind_full *all, bool is_32bit, struct unwind_regs *ret)
{
	*ret = (struct unwind_regs){ .is_32bit = is_32bit, .all = all };

	const struct unwind_machine *m = unwind_machine_of(ret);

	if (m == NULL)
		return false;
	ret->pc = all->value[m->pc];
	ret->sp = all->value[m->sp];
	ret->fp = all->value[m->fp];
	ret->lr = m->has_lr ? all->value[m->ra] : 0;
	return true;
}

/* A call that goes over returns to no place that another call returns to: where both frames are the same
 * the first is not true. */
static bool is_twofold(struct walk *w, const uint64_t *pcs)
{
	struct unwind_place place;

	for (size_t i = 1; i + 1 < w->result->count; i++)
		if (pcs[i] == pcs[i + 1] && pcs[i - 1] != pcs[i] && w->space->find(w->space->user, pcs[i - 1] - 1, &place) &&
		    place.sections && unwind_goes_over(w->m, &place, pcs[i - 1] - 1))
			return true;
	return false;
}

/* Is one of the first functions one that goes over? */
static bool may_go_over(struct walk *w, const uint64_t *pcs)
{
	struct unwind_place place;

	for (size_t i = 0; i < GO_OVER_DEPTH && i < w->result->count; i++) {
		uint64_t pc = pcs[i] - (i > 0);

		if (w->space->find(w->space->user, pc, &place) && place.sections && unwind_goes_over(w->m, &place, pc))
			return true;
	}
	return false;
}

/* What looks as if it had gone over to another function meanwhile is walked again. */
static void walk_again(struct walk *w, const struct unwind_regs *regs, uint64_t *pcs, size_t max_frames)
{
	const struct unwind_result *r = w->result;
	bool broken = r->end == UNWIND_BROKEN && r->why != UNWIND_WHY_REGISTERS;
	bool ends_anywhere = r->end == UNWIND_COMPLETE && !r->outermost;

	if (r->count < 2 || !(broken || (ends_anywhere && may_go_over(w, pcs)) || is_twofold(w, pcs)))
		return;
	w->again = GO_OVER_MAX;
	walk(w, regs, NULL, pcs, max_frames);
	w->again = 0;
	if (!r->outermost)
		walk(w, regs, NULL, pcs, max_frames);
}

void unwind_stack(const struct unwind_regs *regs, const struct unwind_memory *memory,
		  const struct unwind_space *space, unsigned flags, uint64_t *pcs, size_t max_frames,
		  struct unwind_result *ret)
{
	struct walk w = { .m = unwind_machine_of(regs), .memory = memory, .space = space, .result = ret,
			  .flags = flags };
	struct unwind_full all;

	if (w.m == NULL) {
		*ret = (struct unwind_result){ .end = UNWIND_BROKEN, .why = UNWIND_WHY_REGISTERS };
		return;
	}
	walk(&w, regs, NULL, pcs, max_frames);
	walk_again(&w, regs, pcs, max_frames);
	if (ret->why != UNWIND_WHY_REGISTERS || regs->all == NULL)
		return;
	all = *regs->all;
	walk(&w, regs, &all, pcs, max_frames);
}
