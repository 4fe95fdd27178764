/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* unwind/unwind.h: hostile tables, CFI and memory.  The walk ends, stays within its room, and reads
 * nothing but what the reader gives. */
#include "format/cfi.h"
#include "unwind/unwind.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CODE = 0x10000, STACK = 0x200000, FRAMES = 64 };

struct input {
	struct bytes memory;
	struct unwind_row rows[32];
	size_t row_count;
	struct cfi_section section;
	bool has_section;
};

static bool read_memory(void *user, uint64_t addr, void *buffer, size_t size_bytes)
{
	const struct input *in = user;

	if (addr < STACK || addr - STACK > in->memory.size_bytes ||
	    in->memory.size_bytes - (addr - STACK) < size_bytes)
		return false;
	memcpy(buffer, in->memory.data + (addr - STACK), size_bytes);
	return true;
}

static bool find(void *user, uint64_t pc, struct unwind_place *ret)
{
	const struct input *in = user;

	if (pc < CODE || pc >= CODE + 0x10000)
		return false;
	*ret = (struct unwind_place){ .start = CODE, .end = CODE + 0x10000, .base = CODE, .rows = in->rows,
				      .row_count = in->row_count };
	if (in->has_section) {
		ret->sections = &in->section;
		ret->section_count = 1;
		ret->bias = CODE;
	}
	return true;
}

static int compare_rows(const void *a, const void *b)
{
	const struct unwind_row *x = a, *y = b;

	return x->pc < y->pc ? -1 : x->pc > y->pc;
}

/* arch, flags, rows, length of the CFI; then rows, registers, CFI, and memory is the rest */
static void walk(struct cursor *c, const uint8_t head[4])
{
	static const uint8_t zero[8];
	struct input in = { .row_count = head[2] % 33, .has_section = head[1] & 1 };
	struct unwind_full all = { .known = UINT64_MAX };
	struct unwind_regs regs = { .arch = head[0] % UNWIND_ARCH_COUNT, .is_32bit = head[1] & 2 };
	struct unwind_memory memory = { read_memory, &in };
	struct unwind_space space = { find, &in };
	struct unwind_result result;
	uint64_t pcs[FRAMES + 1];

	for (size_t i = 0; i < in.row_count; i++)
		in.rows[i] = (struct unwind_row){ cursor_u16(c), cursor_u8(c), cursor_u8(c), (int16_t)cursor_u16(c) };
	qsort(in.rows, in.row_count, sizeof(in.rows[0]), compare_rows);
	for (size_t i = 0; i < UNWIND_REGISTERS; i++)
		all.value[i] = cursor_u16(c) + (i % 2 ? STACK : CODE);
	regs.pc = CODE + cursor_u16(c);
	regs.sp = STACK + cursor_u16(c);
	regs.fp = STACK + cursor_u16(c);
	regs.lr = CODE + cursor_u16(c);
	regs.all = head[1] & 4 ? &all : NULL;

	const uint8_t *cfi = cursor_take(c, head[3]);

	in.section = (struct cfi_section){ .bytes = { cfi ? cfi : zero, cfi ? head[3] : 0 }, .address_bytes = 8,
					   .is_eh = head[1] & 8 };
	in.memory = (struct bytes){ c->at, cursor_left(c) };
	pcs[FRAMES] = 0x5555;
	unwind_stack(&regs, &memory, &space, head[1] & 16 ? UNWIND_NO_GUESS : 0, pcs, FRAMES, &result);
	if (result.count > FRAMES || pcs[FRAMES] != 0x5555)
		abort();
	if (result.end == UNWIND_CUT && result.count != FRAMES)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of((struct bytes){ data, size }, false);
	const uint8_t *head = cursor_take(&c, 4);

	if (head)
		walk(&c, head);
	return 0;
}
