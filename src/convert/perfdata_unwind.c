/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stacks of perf record --call-graph dwarf: a sample has the user registers and a copy of the
 * stack, and is unwound here by the CFI of the files that have the recorded build-ids.
 *
 * The kernel numbers registers by bits of its own for each machine (arch/.../uapi/asm/perf_regs.h);
 * the unwinder knows DWARF's numbers.
 */
#include "convert/perfdata_in.h"

#include "base/str.h"
#include "capture/track.h"
#include "unwind/unwind.h"

#include <string.h>
#include <sys/utsname.h>

enum { ABI_32 = 1, FRAMES_MAX = 1024, NO_REGISTER = 0xff };

/* Bit -> DWARF number. */
static const uint8_t x86_64_numbers[] = { 0, 3, 2, 1, 4, 5, 6, 7, 16, NO_REGISTER, NO_REGISTER, NO_REGISTER,
					  NO_REGISTER, NO_REGISTER, NO_REGISTER, NO_REGISTER,
					  8, 9, 10, 11, 12, 13, 14, 15 };
static const uint8_t i386_numbers[] = { 0, 3, 1, 2, 6, 7, 5, 4, 8 };

static uint8_t dwarf_number(enum unwind_arch arch, unsigned bit)
{
	switch (arch) {
	case UNWIND_ARCH_X86_64:
		return bit < sizeof(x86_64_numbers) ? x86_64_numbers[bit] : NO_REGISTER;
	case UNWIND_ARCH_I386:
		return bit < sizeof(i386_numbers) ? i386_numbers[bit] : NO_REGISTER;
	case UNWIND_ARCH_AARCH64:
		return bit <= 32 ? (uint8_t)bit : NO_REGISTER;
	case UNWIND_ARCH_ARM:
		return bit <= 15 ? (uint8_t)bit : NO_REGISTER;
	case UNWIND_ARCH_RISCV64: /* the pc has bit 0, x0 is none */
		return bit == 0 ? 32 : bit <= 31 ? (uint8_t)bit : NO_REGISTER;
	default:
		return NO_REGISTER;
	}
}

/* UNWIND_ARCH_NATIVE: none that we unwind. */
static enum unwind_arch arch_of(const struct perfdata_import *p, bool is_32bit)
{
	const char *arch = perfdata_header(p->file)->arch;
	struct utsname here;

	if (!*arch && uname(&here) == 0) /* a killed perf's: from here, most likely */
		arch = here.machine;
	if (str_eq(arch, "x86_64"))
		return is_32bit ? UNWIND_ARCH_I386 : UNWIND_ARCH_X86_64;
	if (str_eq(arch, "aarch64"))
		return is_32bit ? UNWIND_ARCH_ARM : UNWIND_ARCH_AARCH64;
	if (str_eq(arch, "riscv64"))
		return UNWIND_ARCH_RISCV64;
	if (arch[0] == 'i' && str_ends(arch, "86"))
		return UNWIND_ARCH_I386;
	return str_starts(arch, "arm") ? UNWIND_ARCH_ARM : UNWIND_ARCH_NATIVE;
}

static void read_registers(const struct perfdata_import *p, const struct perfdata_sample *s,
			   enum unwind_arch arch, struct unwind_full *all)
{
	uint64_t index = 0;

	*all = (struct unwind_full){ 0 };
	for (unsigned bit = 0; bit < 64; bit++) {
		if (!(s->user_mask >> bit & 1))
			continue;

		uint64_t value = perfdata_word(p->file, s->user_regs, index++);
		uint8_t number = dwarf_number(arch, bit);

		if (number >= UNWIND_REGISTERS)
			continue;
		all->value[number] = s->user_abi == ABI_32 ? (uint32_t)value : value;
		all->known |= UINT64_C(1) << number;
	}
}

static bool registers_of(const struct unwind_full *all, enum unwind_arch arch, struct unwind_regs *ret)
{
	const struct unwind_machine *m = unwind_machine(arch);

	if (!m || !(all->known >> m->pc & 1) || !(all->known >> m->sp & 1))
		return false;
	*ret = (struct unwind_regs){ .pc = all->value[m->pc], .sp = all->value[m->sp], .fp = all->value[m->fp],
				     .lr = m->has_lr ? all->value[m->ra] : 0, .arch = (uint8_t)arch,
				     .is_32bit = m->word_bytes == 4, .all = all };
	return true;
}

bool perfdata_unwind(struct perfdata_import *p, const struct perfdata_sample *s, uint8_t *flags)
{
	enum unwind_arch arch = arch_of(p, s->user_abi == ABI_32);
	struct unwind_copy copy = { .bytes = s->user_stack.data, .size_bytes = s->user_stack.size_bytes,
				    .limit_bytes = UINT64_MAX / 2 };
	struct unwind_memory memory = { unwind_copy_read, &copy };
	struct unwind_full all;
	struct unwind_regs regs;
	struct unwind_result result;
	struct track_unwind unwind;

	if (!s->user_regs || arch == UNWIND_ARCH_NATIVE || perfdata_header(p->file)->big_endian)
		return false;
	read_registers(p, s, arch, &all);
	if (!registers_of(&all, arch, &regs))
		return false;
	copy.sp = regs.sp;
	track_unwind_begin(p->out->track, s->pid, &unwind);
	vec_reserve(&p->addrs, p->addrs.n + FRAMES_MAX);
	unwind_stack(&regs, &memory, &unwind.space, 0, p->addrs.v + p->addrs.n, FRAMES_MAX, &result);
	p->addrs.n += result.count;
	p->unwound_broken += result.end == UNWIND_BROKEN;
	if (result.by_table)
		*flags |= SAMPLE_STACK_CFI;
	if (result.end == UNWIND_CUT)
		*flags |= SAMPLE_STACK_CUT;
	if (result.end == UNWIND_BROKEN)
		*flags |= SAMPLE_STACK_BROKEN;
	return true;
}
