/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * Stacks that were copied to be unwound later.
 *
 * A handler may run on a stack of its own (sigaltstack(2)); its callers lie on the one that was interrupted, which
 * whoever copies has to find without unwinding.  The kernel's frame for such a handler says it all: beside the
 * registers stands which alternate stack the thread has, so a frame is known by lying on the stack that
 * it names, with a saved SP that does not.
 */
#include "unwind/unwind.h"

#include <string.h>

enum { DISABLED = 2 /* SS_DISABLE */, ALTERNATE_MAX_BYTES = 1 << 30 };

bool unwind_copy_read(void *copy, uint64_t addr, void *buffer, size_t size_bytes)
{
	struct unwind_copy *c = copy;
	uint64_t at = addr - c->sp;
	bool lacks = at > c->size_bytes || c->size_bytes - at < size_bytes;

	if (addr < c->sp || (lacks && at >= c->limit_bytes))
		return false;
	c->is_short |= lacks;
	if (at + size_bytes > c->needed_bytes)
		c->needed_bytes = at + size_bytes;
	if (lacks)
		return false;
	memcpy(buffer, c->bytes + at, size_bytes);
	return true;
}

bool unwind_copies_read(void *copies, uint64_t addr, void *buffer, size_t size_bytes)
{
	struct unwind_copies *c = copies;
	struct unwind_copy *nearest = &c->parts[0];

	for (unsigned i = 1; i < c->count; i++) {
		struct unwind_copy *p = &c->parts[i];

		if (p->sp <= addr && (nearest->sp > addr || p->sp > nearest->sp))
			nearest = p;
	}
	return unwind_copy_read(nearest, addr, buffer, size_bytes);
}

struct unwind_copy unwind_copies_sum(const struct unwind_copies *copies)
{
	struct unwind_copy sum = copies->parts[0];

	for (unsigned i = 1; i < copies->count; i++) {
		const struct unwind_copy *p = &copies->parts[i];

		sum.size_bytes += p->size_bytes;
		sum.is_short |= p->is_short;
		if (p->needed_bytes > sum.needed_bytes)
			sum.needed_bytes = p->needed_bytes;
	}
	return sum;
}

/* --- alternate stacks --------------------------------------------------------------------------- */

static uint64_t word_at(const struct unwind_machine *m, const struct unwind_copy *c, uint64_t at)
{
	uint64_t wide;
	uint32_t narrow;

	if (m->word_bytes == 8) {
		memcpy(&wide, c->bytes + at, 8);
		return wide;
	}
	memcpy(&narrow, c->bytes + at, 4);
	return narrow;
}

/* stack_t at AT of the copy: ss_sp, ss_flags, ss_size, a word each. */
static bool lies_on(const struct unwind_machine *m, const struct unwind_copy *c, uint64_t at, uint64_t *start,
		    uint64_t *size_bytes)
{
	uint64_t here = c->sp + at;

	*start = word_at(m, c, at);
	if (*start > here || here - *start >= ALTERNATE_MAX_BYTES)
		return false;
	*size_bytes = word_at(m, c, at + 2 * m->word_bytes);
	return here - *start < *size_bytes && !(word_at(m, c, at + m->word_bytes) & DISABLED);
}

bool unwind_copy_interrupted(const struct unwind_machine *m, const struct unwind_copy *copy, uint64_t *sp)
{
	uint64_t to_sp = (uint64_t)m->stack_at * m->word_bytes, start, size_bytes;

	if (m->stack_at == 0)
		return false;
	for (uint64_t at = 0; at + to_sp + m->word_bytes <= copy->size_bytes; at += m->word_bytes) {
		if (!lies_on(m, copy, at, &start, &size_bytes))
			continue;
		*sp = word_at(m, copy, at + to_sp);
		if (*sp - start >= size_bytes && *sp % m->word_bytes == 0 && *sp)
			return true;
	}
	return false;
}
