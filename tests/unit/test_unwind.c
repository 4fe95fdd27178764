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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_chain), cmocka_unit_test(test_broken) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
