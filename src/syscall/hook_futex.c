/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* futex2's calls, and restartable sequences. */
#include "syscall/hooks.h"

#include <string.h>

/* A size, which is always said, and flags. */
void hook_futex2_flags(struct decoder *d, const struct sys_ref *ref)
{
	enum { SIZE_MASK = 3 };
	uint32_t v = (uint32_t)ref->value;
	struct dec_words words;

	if (!dec_words_begin(d, v, &words))
		return;
	dec_enum(d, XLAT_futex2_sizes, v & SIZE_MASK);
	if ((v & ~(uint32_t)SIZE_MASK) != 0) {
		str_add_char(d->out, '|');
		dec_flags_of(d, (const uint16_t[]){ XLAT_futex2_flags }, 1, v & ~(uint32_t)SIZE_MASK, NULL);
	}
	dec_words_end(d, &words);
}

void hook_futex_waitv(struct decoder *d, const struct sys_ref *ref)
{
	enum { MOST = 128 }; /* of which the kernel waits */
	uint32_t count = ref->param == 7 ? 2 : (uint32_t)d->args[ref->param];
	size_t start = d->out->length;

	dec_array_of(d, ref->value, count > MOST ? MOST : count, STRUCT_futex_waitv);
	if (count <= MOST || d->out->text[start] != '[' || d->out->text[d->out->length - 2] != '}')
		return; /* all of them, or cut short already */
	str_truncate(d->out, d->out->length - 1);
	dec_text(d, ", ...]");
}

/* ---- rseq ----------------------------------------------------------------------------- */

/* A number, or one of two that are negative. */
void hook_rseq_cpu(struct decoder *d, const struct sys_ref *ref)
{
	const char *name = dec_name(XLAT_rseq_cpus, ref->value);

	if (name == NULL)
		dec_uint(d, ref->value);
	else if (d->style->xlat == SYSCALL_XLAT_RAW)
		dec_int(d, (int32_t)ref->value);
	else if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_printf(d, "%d /* %s */", (int)(int32_t)ref->value, name);
	else
		dec_text(d, name);
}

/* The critical section that the thread is in: its address behind it. */
void hook_rseq_cs(struct decoder *d, const struct sys_ref *ref)
{
	enum { SIZE = 32 };
	uint64_t addr = d->word == 4 ? (uint32_t)ref->value : ref->value;
	uint8_t b[SIZE];

	if (addr == 0 || !dec_read(d, addr, b, SIZE)) {
		dec_addr(d, ref->value);
		return;
	}
	dec_struct_in(d, STRUCT_rseq_cs, b, SIZE, addr);
	dec_printf(d, " /* %#llx */", (unsigned long long)addr);
}

void hook_rseq(struct decoder *d, const struct sys_ref *ref)
{
	enum { ORIGINAL = 32, SIZE = 33 }; /* the kernel takes no less, and wants it aligned to that */
	uint32_t size = (uint32_t)d->args[1];
	uint8_t b[SIZE] = { 0 };

	if (size < ORIGINAL || ref->value % ORIGINAL != 0)
		dec_addr(d, ref->value);
	else if (dec_read_or_addr(d, ref->value, b, size < SIZE ? size : SIZE))
		dec_struct_in(d, STRUCT_rseq_area, b, SIZE, ref->value);
}
