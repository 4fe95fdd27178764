/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The user part of a stack, from the registers and the copy of the stack that the kernel puts
 * into a sample (PERF_SAMPLE_REGS_USER, PERF_SAMPLE_STACK_USER).  It is unwound at once by the
 * tables of the modules; the copy is gone when its record is.
 *
 * A copy has a fixed size for each event: what the stack does not fill is room in the ring
 * for nothing, what it has more is missing.  So there are several events for each CPU which
 * differ in that size alone, one of them enabled, and a CPU moves up when its stacks come near
 * it, and down again when a smaller size would have done for a while.  Where events
 * follow threads instead of CPUs there is one middle size: descriptors are dear there.
 */
#include "capture/perf/perf.h"

#include "base/log.h"
#include "capture/track.h"
#include "unwind/unwind.h"

#include <asm/perf_regs.h>
#include <string.h>
#include <sys/ioctl.h>

enum {
	WINDOW_SAMPLES = 256,   /* of one CPU, between two decisions to go down */
	SAME_STACK_BYTES = 8 << 20, /* what is wanted further away is another stack's */
};

static const uint32_t level_bytes[PERF_STACK_LEVELS] = { 8192, 16384, 65528 };

/* --- registers ---------------------------------------------------------------------------------- */

/* The kernel's numbers in the order of its bits -> DWARF's. */
#if defined(__x86_64__)
static const uint8_t perf_to_dwarf[] = { 0, 3, 2, 1, 4, 5, 6, 7, 16, 8, 9, 10, 11, 12, 13, 14, 15 };
#define REGS_MASK (UINT64_C(0x1ff) | UINT64_C(0xff) << PERF_REG_X86_R8)
/* A 32-bit program's: eax ebx ecx edx esi edi ebp esp eip */
static const uint8_t perf_to_dwarf_32[] = { 0, 3, 1, 2, 6, 7, 5, 4, 8 };
#elif defined(__aarch64__)
static const uint8_t perf_to_dwarf[] = { 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16,
					 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32 };
#define REGS_MASK (((uint64_t)1 << PERF_REG_ARM64_MAX) - 1)
static const uint8_t perf_to_dwarf_32[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
#elif defined(__riscv) && __riscv_xlen == 64
static const uint8_t perf_to_dwarf[] = { 32, 1,	 2,  3,	 4,  5,	 6,  7,	 8,  9,	 10, 11, 12, 13, 14, 15,
					 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 };
#define REGS_MASK (((uint64_t)1 << PERF_REG_RISCV_MAX) - 1)
static const uint8_t perf_to_dwarf_32[] = { 0 };
#else
static const uint8_t perf_to_dwarf[] = { 0 };
#define REGS_MASK UINT64_C(0)
static const uint8_t perf_to_dwarf_32[] = { 0 };
#endif

uint64_t perf_user_regs_mask(void) { return REGS_MASK; }

/* The registers at P by their DWARF numbers. */
static void read_regs(const uint8_t *p, bool is_32bit, struct unwind_full *all)
{
	const uint8_t *numbers = is_32bit ? perf_to_dwarf_32 : perf_to_dwarf;
	size_t count = is_32bit ? sizeof(perf_to_dwarf_32) : sizeof(perf_to_dwarf);

	*all = (struct unwind_full){ 0 };
	for (size_t i = 0; i < count; i++) {
		uint64_t value;

		memcpy(&value, p + 8 * i, 8);
		all->value[numbers[i]] = is_32bit ? (uint32_t)value : value;
		all->known |= UINT64_C(1) << numbers[i];
	}
}

/* --- levels ----------------------------------------------------------------------------------------- */

uint32_t perf_stack_bytes(const struct perf_session *s, unsigned level)
{
	return level_bytes[s->stack_levels > 1 ? level : PERF_STACK_LEVELS / 2];
}

static void switch_level(struct perf_session *s, struct perf_cpu *cpu, unsigned level)
{
	log_debug("stack copies of CPU %d: %u bytes from now on", cpu->cpu, perf_stack_bytes(s, level));
	for (size_t i = 0; i < s->fds.n; i++)
		if (s->fds.v[i].cpu == cpu->cpu && s->fds.v[i].level == level)
			ioctl(s->fds.v[i].fd, PERF_EVENT_IOC_ENABLE, 0);
	for (size_t i = 0; i < s->fds.n; i++)
		if (s->fds.v[i].cpu == cpu->cpu && s->fds.v[i].level == cpu->level)
			ioctl(s->fds.v[i].fd, PERF_EVENT_IOC_DISABLE, 0);
	cpu->level = level;
	cpu->level_samples = 0;
	cpu->level_depth_bytes = 0;
}

/* A sample of CPU had a copy of C.  Going down, only: up is perf_stacks_look_ahead()'s. */
static void adapt_level(struct perf_session *s, struct perf_cpu *cpu, const struct unwind_copy *c)
{
	if (s->stack_levels < 2)
		return;
	if (c->size_bytes > cpu->level_depth_bytes)
		cpu->level_depth_bytes = c->size_bytes;
	if (++cpu->level_samples < WINDOW_SAMPLES * (cpu->level + 1))
		return;
	if (cpu->level > 0 && cpu->level_depth_bytes <= perf_stack_bytes(s, cpu->level - 1) / 2)
		switch_level(s, cpu, cpu->level - 1);
	cpu->level_samples = 0;
	cpu->level_depth_bytes = 0;
}

/* A copy is as large as the stack is deep; one that fills three quarters of its room says that the
 * next may be too deep for it. */
static bool is_nearly_full(uint64_t copied_bytes, uint32_t room_bytes)
{
	return copied_bytes >= room_bytes / 4 * 3;
}

/* A sample of ours: [identifier], ip, pid and tid. */
static bool is_of_ours(const struct perf_session *s, const struct perf_ring_glance *seen)
{
	uint64_t ids = seen->first[s->setup.count > 1 ? 2 : 1];
	uint32_t pid;

	memcpy(&pid, &ids, sizeof(pid));
	return seen->header.type == PERF_RECORD_SAMPLE && (!s->filter || map_find(&s->filter_pids, pid) != NULL);
}

/* Before a record's turn comes in the merge, 10 ms later, in which dozens of stacks would lose their
 * callers.  The first time, what one CPU learns holds for all: threads move.  Strangers' stacks don't count: the
 * room is in their samples, too. */
void perf_stacks_look_ahead(struct perf_session *s, struct perf_cpu *cpu)
{
	struct perf_ring_glance seen;
	unsigned level = cpu->level;

	if (s->stack_levels < 2 || level + 1 >= s->stack_levels)
		return;
	while (level == cpu->level && perf_ring_look(&cpu->ring, &cpu->looked_at, &seen))
		level += seen.last <= UINT16_MAX && is_nearly_full(seen.last, perf_stack_bytes(s, cpu->level)) && is_of_ours(s, &seen);
	for (size_t i = 0; !s->has_deep_stacks && level > cpu->level && i < s->cpu_count; i++)
		if (&s->cpus[i] != cpu && s->cpus[i].fd >= 0 && s->cpus[i].level < level)
			switch_level(s, &s->cpus[i], level);
	if (level == cpu->level)
		return;
	s->has_deep_stacks = true;
	switch_level(s, cpu, level);
}

/* --- one sample --------------------------------------------------------------------------------------- */

static uint64_t load_u64(const uint8_t *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

/* abi, registers if any; size, bytes and how many of them are real, if any. */
static bool parse(const uint8_t *p, const uint8_t *end, uint64_t *abi, const uint8_t **regs, struct unwind_copy *c)
{
	*c = (struct unwind_copy){ .limit_bytes = SAME_STACK_BYTES };
	if (end - p < 8)
		return false;
	*abi = load_u64(p);
	*regs = p + 8;
	p += 8 + (*abi ? sizeof(perf_to_dwarf) * 8 : 0);
	if (*abi == PERF_SAMPLE_REGS_ABI_NONE || p > end || end - p < 8)
		return false;

	uint64_t size_bytes = load_u64(p);

	p += 8;
	if (size_bytes == 0)
		return true;
	if (size_bytes > (uint64_t)(end - p) || (uint64_t)(end - p) - size_bytes < 8)
		return false;
	c->bytes = p;
	c->size_bytes = load_u64(p + size_bytes);
	if (c->size_bytes > size_bytes)
		c->size_bytes = size_bytes;
	return true;
}

size_t perf_user_stack(struct perf_session *s, struct perf_cpu *cpu, pid_t pid, const uint8_t *p,
		       const uint8_t *end, uint64_t *addrs, size_t max_frames, uint8_t *flags)
{
	struct unwind_copy copy;
	struct unwind_full all;
	struct unwind_regs regs;
	struct unwind_memory memory = { unwind_copy_read, &copy };
	struct unwind_result result;
	struct track_unwind unwind;
	const uint8_t *at;
	uint64_t abi;

	if (!parse(p, end, &abi, &at, &copy) || max_frames == 0)
		return 0;

	bool is_32bit = abi == PERF_SAMPLE_REGS_ABI_32 && sizeof(void *) == 8;

	read_regs(at, is_32bit, &all);
	if (!unwind_regs_from(&all, is_32bit, &regs))
		return 0;
	copy.sp = regs.sp;
	track_unwind_begin(s->capture.track, pid, &unwind);
	unwind_stack(&regs, &memory, &unwind.space,
		     s->capture.request->stacks == CAPTURE_STACK_DWARF ? UNWIND_NO_GUESS : 0, addrs,
		     max_frames, &result);
	stack_counts_add(&s->stack_counts, &result, &copy, flags);
	/* the largest copies are where the kernel may warn (setup.c): not for these */
	if (!is_32bit)
		adapt_level(s, cpu, &copy);
	return result.count;
}

void perf_user_stacks_note(struct perf_session *s)
{
	if (s->setup.copies_stack)
		stack_counts_note(&s->stack_counts, s->capture.recorder, "cpu.stacks", "64 KiB");
}
