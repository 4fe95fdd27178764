/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unwind: frame pointers over a made-up stack, good and bad. */
#include "unwind/unwind.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

enum { BASE = 0x10000, WORDS = 64 };

struct stack {
	uint64_t words[WORDS];
};

static bool read_words(void *user, uint64_t addr, void *buffer, size_t size_bytes)
{
	const struct stack *s = user;

	if (addr < BASE || addr - BASE > sizeof(s->words) || sizeof(s->words) - (addr - BASE) < size_bytes)
		return false;
	memcpy(buffer, (const char *)s->words + (addr - BASE), size_bytes);
	return true;
}

#if defined(__riscv)
enum { PAIR = -2 };
#else
enum { PAIR = 0 };
#endif

/* A frame at word AT: the caller's frame pointer and the return address. */
static void put_frame(struct stack *s, int at, uint64_t caller_fp, uint64_t ret)
{
	s->words[at + PAIR] = caller_fp;
	s->words[at + PAIR + 1] = ret;
}

static enum unwind_end walk(struct stack *s, uint64_t fp, uint64_t *pcs, size_t max, size_t *count)
{
	struct unwind_regs regs = { .pc = 1, .sp = BASE, .fp = fp };
	struct unwind_memory memory = { read_words, s };

	return unwind_frame_pointers(&regs, &memory, pcs, max, count);
}

static void test_chain(void **state)
{
	struct stack s = { 0 };
	uint64_t pcs[8];
	size_t count;

	put_frame(&s, 4, BASE + 8 * 10, 2);
	put_frame(&s, 10, BASE + 8 * 20, 3);
	put_frame(&s, 20, 0, 4);
	assert_int_equal(walk(&s, BASE + 8 * 4, pcs, 8, &count), UNWIND_COMPLETE);
	assert_int_equal(count, 4);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(pcs[i], i + 1);
	assert_int_equal(walk(&s, BASE + 8 * 4, pcs, 2, &count), UNWIND_CUT);
	assert_int_equal(count, 2);
	assert_int_equal(walk(&s, BASE + 8 * 4, pcs, 0, &count), UNWIND_CUT);
	assert_int_equal(count, 0);
	assert_int_equal(walk(&s, 0, pcs, 8, &count), UNWIND_COMPLETE);
	assert_int_equal(count, 1);
}

static void test_broken(void **state)
{
	struct stack s = { 0 };
	uint64_t pcs[8];
	size_t count;

	put_frame(&s, 4, BASE + 8 * 4, 2); /* points to itself */
	assert_int_equal(walk(&s, BASE + 8 * 4, pcs, 8, &count), UNWIND_BROKEN);
	assert_int_equal(count, 2);
	put_frame(&s, 4, BASE + 8 * 3, 2); /* downwards */
	assert_int_equal(walk(&s, BASE + 8 * 4, pcs, 8, &count), UNWIND_BROKEN);
	put_frame(&s, 4, BASE + 8 * 5 + 1, 2); /* not aligned */
	assert_int_equal(walk(&s, BASE + 8 * 4, pcs, 8, &count), UNWIND_BROKEN);
	put_frame(&s, 4, BASE + 8 * 1000, 2); /* no memory there */
	assert_int_equal(walk(&s, BASE + 8 * 4, pcs, 8, &count), UNWIND_BROKEN);
	put_frame(&s, 4, UINT64_MAX - 7, 2);
	assert_int_equal(walk(&s, BASE + 8 * 4, pcs, 8, &count), UNWIND_BROKEN);
	assert_int_equal(walk(&s, BASE - 8, pcs, 8, &count), UNWIND_BROKEN); /* below the stack pointer */
	assert_int_equal(count, 1);
}

/* --- by tables ------------------------------------------------------------------------------- */

/* Code at CODE with a table; everything up to CODE + 0x1000 is mapped. */
enum { CODE = 0x400000 };

struct code {
	struct stack stack;
	const struct unwind_row *rows;
	size_t row_count;
};

static bool read_code_stack(void *user, uint64_t addr, void *buffer, size_t size_bytes)
{
	return read_words(&((struct code *)user)->stack, addr, buffer, size_bytes);
}

static bool find_code(void *user, uint64_t pc, struct unwind_place *ret)
{
	const struct code *c = user;

	if (pc < CODE || pc >= CODE + 0x1000)
		return false;
	*ret = (struct unwind_place){ .start = CODE, .end = CODE + 0x1000, .base = CODE, .rows = c->rows,
				      .row_count = c->row_count };
	return true;
}

static struct unwind_result unwind(struct code *c, const struct unwind_regs *regs, unsigned flags,
				   uint64_t pcs[16])
{
	struct unwind_memory memory = { read_code_stack, c };
	struct unwind_space space = { find_code, c };
	struct unwind_result result;

	unwind_stack(regs, &memory, &space, flags, pcs, 16, &result);
	return result;
}

#define ROW(at, kind, base, what, saved_words, cfa_words) \
	{ (at), unwind_row_how(UNWIND_CFA_##kind, UNWIND_BASE_##base, UNWIND_WHAT_##what), (saved_words), (cfa_words) }

/* A leaf, its caller that saved rbp, that one's caller by rbp, and the outermost. */
static void test_table_x86_64(void **state)
{
	const struct unwind_row rows[] = {
		ROW(0x000, SP, NONE, FP, 0, 1), ROW(0x100, SP, CFA, FP, 2, 3), ROW(0x200, FP, CFA, FP, 2, 2),
		ROW(0x300, OUTERMOST, NONE, FP, 0, 0), ROW(0x400, NONE, NONE, FP, 0, 0),
	};
	struct code c = { .rows = rows, .row_count = 5 };
	struct unwind_regs regs = { .pc = CODE + 0x10, .sp = BASE, .fp = 77, .arch = UNWIND_ARCH_X86_64 };
	uint64_t pcs[16];

	c.stack.words[0] = CODE + 0x150;
	c.stack.words[2] = BASE + 8 * 10; /* rbp, at CFA - 16 with CFA = BASE + 32 */
	c.stack.words[3] = CODE + 0x250;
	c.stack.words[10] = 99;
	c.stack.words[11] = CODE + 0x350;

	struct unwind_result r = unwind(&c, &regs, 0, pcs);

	assert_int_equal(r.end, UNWIND_COMPLETE);
	assert_int_equal(r.count, 4);
	assert_int_equal(pcs[1], CODE + 0x150);
	assert_int_equal(pcs[2], CODE + 0x250);
	assert_int_equal(pcs[3], CODE + 0x350);
	assert_int_equal(r.by_table, 3);
	c.stack.words[3] = BASE; /* leads to no code: told without it */
	r = unwind(&c, &regs, 0, pcs);
	assert_int_equal(r.end, UNWIND_BROKEN);
	assert_int_equal(r.why, UNWIND_WHY_NO_CODE);
	assert_int_equal(r.count, 2);
}

/* A leaf's return address is in LR, its caller's beside the frame pointer. */
static void test_table_aarch64(void **state)
{
	const struct unwind_row rows[] = {
		ROW(0x000, SP, NONE, FP, 0, 0), ROW(0x100, SP, CFA, FP_RA, 4, 4), ROW(0x200, OUTERMOST, NONE, FP, 0, 0),
	};
	struct code c = { .rows = rows, .row_count = 3 };
	struct unwind_regs regs = { .pc = CODE + 0x10, .sp = BASE, .lr = CODE + 0x150, .arch = UNWIND_ARCH_AARCH64 };
	uint64_t pcs[16];

	c.stack.words[1] = CODE + 0x250;
	c.stack.words[1] |= UINT64_C(0x2a) << 48; /* signed */

	struct unwind_result r = unwind(&c, &regs, 0, pcs);

	assert_int_equal(r.end, UNWIND_COMPLETE);
	assert_int_equal(r.count, 3);
	assert_int_equal(pcs[2], CODE + 0x250);
	regs.pc = CODE + 0x150; /* interrupted before the call: the same rows serve */
	r = unwind(&c, &regs, 0, pcs);
	assert_int_equal(r.count, 2);
	assert_int_equal(r.end, UNWIND_COMPLETE);
}

/* What a handler interrupted: any pc, any stack, told plus one. */
static void test_table_signal(void **state)
{
	const struct unwind_row rows[] = {
		ROW(0x000, SIGNAL, NONE, FP, 0, 20), ROW(0x100, SP, NONE, FP, 0, 1), ROW(0x200, OUTERMOST, NONE, FP, 0, 0),
	};
	struct code c = { .rows = rows, .row_count = 3 };
	struct unwind_regs regs = { .pc = CODE + 0x110, .sp = BASE, .arch = UNWIND_ARCH_X86_64 };
	uint64_t pcs[16];

	c.stack.words[0] = CODE + 0x10;
	c.stack.words[1 + 20] = BASE + 8 * 40; /* the interrupted rsp */
	c.stack.words[1 + 21] = CODE + 0x100;  /* at the first byte of a function */
	c.stack.words[40] = CODE + 0x250;

	struct unwind_result r = unwind(&c, &regs, 0, pcs);

	assert_int_equal(r.end, UNWIND_COMPLETE);
	assert_int_equal(r.by_signal, 1);
	assert_int_equal(r.count, 4);
	assert_int_equal(pcs[1], CODE + 0x11);
	assert_int_equal(pcs[2], CODE + 0x101);
	assert_int_equal(pcs[3], CODE + 0x250);
}

/* Code without CFI: frame pointers, unless that is not wanted. */
static void test_without_cfi(void **state)
{
	struct code c = { .row_count = 0 };
	struct unwind_regs regs = { .pc = CODE, .sp = BASE, .fp = BASE + 8 * 4, .arch = UNWIND_ARCH_X86_64 };
	uint64_t pcs[16];

	c.stack.words[4] = BASE + 8 * 10;
	c.stack.words[5] = CODE + 2;
	c.stack.words[11] = CODE + 3;

	struct unwind_result r = unwind(&c, &regs, 0, pcs);

	assert_int_equal(r.end, UNWIND_COMPLETE);
	assert_int_equal(r.count, 3);
	assert_int_equal(r.by_fp, 2);
	r = unwind(&c, &regs, UNWIND_NO_GUESS, pcs);
	assert_int_equal(r.end, UNWIND_BROKEN);
	assert_int_equal(r.why, UNWIND_WHY_NO_CFI);
	regs.pc = 0; /* a call of nothing: the return address lies on top */
	c.stack.words[0] = CODE + 2;
	r = unwind(&c, &regs, 0, pcs);
	assert_int_equal(r.by_guess, 1);
	assert_int_equal(pcs[1], CODE + 2);
	assert_int_equal(r.end, UNWIND_COMPLETE);
}

/* Registers that three do not tell: with all of them the innermost frame can be left. */
static void test_other_register(void **state)
{
	const struct unwind_row rows[] = {
		ROW(0x000, REG, NONE, FP, 3, 2), ROW(0x100, OUTERMOST, NONE, FP, 0, 0), ROW(0x200, UNSUPPORTED, NONE, FP, 0, 0),
	};
	struct code c = { .rows = rows, .row_count = 3 };
	struct unwind_full all = { .value = { [3] = BASE + 64 }, .known = 1 << 3 };
	struct unwind_regs regs = { .pc = CODE + 4, .sp = BASE, .arch = UNWIND_ARCH_X86_64 };
	uint64_t pcs[16];

	c.stack.words[9] = CODE + 0x150;

	struct unwind_result r = unwind(&c, &regs, 0, pcs);

	assert_int_equal(r.end, UNWIND_BROKEN);
	assert_int_equal(r.why, UNWIND_WHY_REGISTERS);
	regs.all = &all;
	r = unwind(&c, &regs, 0, pcs);
	assert_int_equal(r.end, UNWIND_COMPLETE);
	assert_int_equal(r.count, 2);
}

/* Popped, and the CFI still says where it was: below SP, where a copy of the stack has nothing. */
static void test_epilogue(void **state)
{
	const struct unwind_row rows[] = {
		ROW(0x000, SP, CFA, FP, 4, 2), ROW(0x100, FP, CFA, FP, 2, 2), ROW(0x200, OUTERMOST, NONE, FP, 0, 0),
	};
	struct code c = { .rows = rows, .row_count = 3 };
	struct unwind_regs regs = { .pc = CODE + 4, .sp = BASE, .fp = BASE + 8 * 8, .arch = UNWIND_ARCH_X86_64 };
	uint64_t pcs[16];

	c.stack.words[1] = CODE + 0x150;
	c.stack.words[9] = CODE + 0x250;

	struct unwind_result r = unwind(&c, &regs, 0, pcs);

	assert_int_equal(r.end, UNWIND_COMPLETE);
	assert_int_equal(r.count, 3);
	assert_int_equal(pcs[2], CODE + 0x250);
}

/* A handler on a stack of its own: the kernel's frame says where the interrupted one goes on. */
static void test_alternate_stack(void **state)
{
	enum { ALTERNATE = 0x1000, OWN = 0x800000, AT = 8 };
	const struct unwind_machine *m = unwind_machine(UNWIND_ARCH_X86_64);
	uint64_t words[64] = { 0 }, own[4] = { 11, 12, 13, 14 }, sp = 0, word = 0;
	struct unwind_copies c = { .parts = { { .bytes = (const uint8_t *)words, .sp = ALTERNATE + 64, .size_bytes = sizeof(words),
						.limit_bytes = 1 << 20 } }, .count = 1 };

	assert_false(unwind_copy_interrupted(m, &c.parts[0], &sp));
	words[AT] = ALTERNATE; /* uc_stack, and 18 words from it the saved SP */
	words[AT + 2] = 4096;
	words[AT + 18] = OWN;
	assert_true(unwind_copy_interrupted(m, &c.parts[0], &sp));
	assert_int_equal(sp, OWN);
	words[AT + 1] = 2; /* SS_DISABLE */
	assert_false(unwind_copy_interrupted(m, &c.parts[0], &sp));
	words[AT + 1] = 0;
	words[AT + 18] = ALTERNATE + 512; /* a handler interrupted by another one, on the same stack */
	assert_false(unwind_copy_interrupted(m, &c.parts[0], &sp));
	words[AT + 18] = OWN;
	words[AT] = ALTERNATE + 4096; /* it is not on that one */
	assert_false(unwind_copy_interrupted(m, &c.parts[0], &sp));
	c.parts[0].size_bytes = (AT + 18) * 8; /* cut before the SP */
	words[AT] = ALTERNATE;
	assert_false(unwind_copy_interrupted(m, &c.parts[0], &sp));

	c.parts[c.count++] = (struct unwind_copy){ .bytes = (const uint8_t *)own, .sp = OWN, .size_bytes = sizeof(own), .limit_bytes = 1 << 20 };
	assert_true(unwind_copies_read(&c, OWN + 16, &word, 8));
	assert_int_equal(word, 13);
	assert_true(unwind_copies_read(&c, ALTERNATE + 64 + 8 * AT, &word, 8));
	assert_int_equal(word, ALTERNATE);
	assert_false(unwind_copies_sum(&c).is_short);
	assert_false(unwind_copies_read(&c, OWN + 32, &word, 8));
	assert_true(unwind_copies_sum(&c).is_short);
	assert_int_equal(unwind_copies_sum(&c).needed_bytes, (AT + 1) * 8 > 40 ? (AT + 1) * 8 : 40);
	assert_int_equal(unwind_copies_sum(&c).size_bytes, (AT + 18) * 8 + sizeof(own));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_chain), cmocka_unit_test(test_broken),
		cmocka_unit_test(test_table_x86_64), cmocka_unit_test(test_table_aarch64),
		cmocka_unit_test(test_table_signal), cmocka_unit_test(test_without_cfi),
		cmocka_unit_test(test_other_register),
		cmocka_unit_test(test_epilogue), cmocka_unit_test(test_alternate_stack) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
