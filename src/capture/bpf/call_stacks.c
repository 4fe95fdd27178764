/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A copy of a stack is unwound when it comes, by the same tables as in the kernel and by all of CFI
 * where they don't suffice: mappings are those of that moment, because records come in order of time.
 */
#include "capture/bpf/call_stacks.h"

#include "base/mem.h"
#include "base/str.h"
#include "capture/bpf/file_piece.h"
#include "capture/bpf/stacks.h"
#include "capture/track.h"
#include "unwind/unwind.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

enum { FRAMES_MAX = 1023, SAME_STACK_BYTES = 8 << 20 };

struct call_stacks {
	struct track *track;
	struct bpf_tables *tables;
	struct bpf_stacks *stacks;
	struct call_stacks_totals totals;
	unsigned max_frames;
};

struct err *call_stacks_create(const struct bpf_table_maps *maps, unsigned long long *epoch, struct track *track, unsigned max_frames,
			       struct call_stacks **ret)
{
	struct call_stacks *s = mem_calloc(1, sizeof(*s));
	struct err *err = NULL;

	s->track = track;
	s->max_frames = max_frames < FRAMES_MAX ? max_frames : FRAMES_MAX;
	s->stacks = bpf_stacks_create(epoch);
	if (maps)
		err = bpf_tables_open(maps, &s->tables);
	if (err) {
		call_stacks_destroy(s);
		s = NULL;
	}
	*ret = s;
	return err;
}

void call_stacks_destroy(struct call_stacks *s)
{
	if (!s)
		return;
	bpf_stacks_destroy(s->stacks);
	bpf_tables_close(s->tables);
	free(s);
}

/* --- mappings -------------------------------------------------------------------------------- */

static void take_mapping(struct call_stacks *s, const struct bpf_calls_mapping *m, uint32_t size_bytes)
{
	struct track_mmap map = { .addr = m->addr, .size_bytes = m->size_bytes, .offset = m->offset,
				  .dev = makedev(m->device >> 20, m->device & 0xfffff), .is_library = !m->is_program };
	size_t head = offsetof(struct bpf_calls_mapping, file);
	struct bpf_calls_file file;
	struct str path;

	str_init(&path);
	if (m->kind != BPF_MAPPING_FILE)
		str_add(&path, m->kind == BPF_MAPPING_VDSO ? "[vdso]" : "//anon");
	else if (file_piece_take(&m->file, size_bytes - head, &file) == FILE_PIECE_FOUND && file_piece_path(&file, &path))
		map.inode = file.inode;
	map.path = str_text(&path);
	if (path.length)
		track_mmap(s->track, (pid_t)m->pid, &map, m->head.time_ns);
	str_deinit(&path);
}

/* --- copies ----------------------------------------------------------------------------------- */

#if defined(__x86_64__)
/* Where struct pt_regs has DWARF's registers. */
static const uint8_t places[] = { 10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16 };
static const uint8_t places_32[] = { 10, 11, 12, 5, 19, 4, 13, 14, 16 };
#elif defined(__aarch64__)
static const uint8_t places[] = { 0,  1,  2,  3,  4,  5,  6,	7,  8,	9,  10, 11, 12, 13, 14, 15, 16,
				  17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32 };
static const uint8_t places_32[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 32 };
#else
static const uint8_t places[] = { 0 };
static const uint8_t places_32[] = { 0 };
#endif

static void read_regs(const struct bpf_stack_copy *c, struct unwind_full *all)
{
	const uint8_t *from = c->is_32 ? places_32 : places;
	size_t count = c->is_32 ? sizeof(places_32) : sizeof(places);

	*all = (struct unwind_full){ 0 };
	for (size_t i = 0; i < count; i++) {
		all->value[i] = c->is_32 ? (uint32_t)c->regs[from[i]] : c->regs[from[i]];
		all->known |= UINT64_C(1) << i;
	}
}

static void take_copy(struct call_stacks *s, const struct bpf_stack_copy *c, uint32_t size_bytes)
{
	struct unwind_copy copy = { .bytes = (const uint8_t *)(c + 1), .sp = c->sp, .size_bytes = c->size_bytes, .limit_bytes = SAME_STACK_BYTES };
	struct unwind_memory memory = { unwind_copy_read, &copy };
	uint64_t addrs[FRAMES_MAX];
	struct unwind_result result;
	struct track_unwind unwind;
	struct unwind_regs regs;
	struct unwind_full all;

	if (c->size_bytes > size_bytes - sizeof(*c))
		return;
	read_regs(c, &all);
	if (!unwind_regs_from(&all, c->is_32, &regs))
		return;
	track_unwind_begin(s->track, (pid_t)c->pid, &unwind);
	unwind_stack(&regs, &memory, &unwind.space, 0, addrs, s->max_frames, &result);
	bpf_stacks_put(s->stacks, c->hash, addrs, result.count, 0);
	s->totals.copies++;
	s->totals.broken += result.end == UNWIND_BROKEN;
}

/* --- the interface ------------------------------------------------------------------------------ */

bool call_stacks_take(struct call_stacks *s, const struct bpf_record *r, uint32_t size_bytes)
{
	switch (r->kind) {
	case BPF_CALLS_STACK:
		bpf_stacks_keep(s->stacks, (const void *)r, size_bytes);
		return true;
	case BPF_CALLS_COPY:
		if (size_bytes >= sizeof(struct bpf_stack_copy))
			take_copy(s, (const void *)r, size_bytes);
		return true;
	case BPF_CALLS_MAPPING:
		if (size_bytes >= offsetof(struct bpf_calls_mapping, file))
			take_mapping(s, (const void *)r, size_bytes);
		return true;
	default:
		return false;
	}
}

uint32_t call_stacks_id(struct call_stacks *s, pid_t pid, uint64_t hash)
{
	const struct bpf_stack *stack = hash ? bpf_stacks_find(s->stacks, hash) : NULL;

	return stack && stack->count ? track_stack(s->track, pid, stack->addrs, stack->count, stack->kernel_count, true) : 0;
}

/* By pages, because a read that leads beyond the stack's end is no read at all. */
static size_t read_stack(pid_t pid, uint64_t sp, uint8_t *bytes)
{
	enum { PIECE_BYTES = 4096, PIECES = BPF_STACK_COPY_BYTES / PIECE_BYTES };
	struct iovec to = { bytes, BPF_STACK_COPY_BYTES }, from[PIECES];
	uint64_t at = sp, end = sp + BPF_STACK_COPY_BYTES;
	ssize_t n;
	size_t count = 0;

	for (; at < end && count < PIECES; count++) {
		uint64_t next = (at | (PIECE_BYTES - 1)) + 1;

		from[count] = (struct iovec){ (void *)(uintptr_t)at, (next < end ? next : end) - at };
		at = next;
	}
	n = process_vm_readv(pid, &to, 1, from, count, 0);
	return n > 0 ? (size_t)n : 0;
}

uint32_t call_stacks_of_waiting(struct call_stacks *s, pid_t pid, uint64_t ip, uint64_t sp)
{
	CLEANUP(mem_freep) uint8_t *bytes = mem_alloc(BPF_STACK_COPY_BYTES);
	struct unwind_regs regs = { .pc = ip, .sp = sp, .is_32bit = sizeof(long) == 8 && (sp >> 32) == 0 };
	struct unwind_copy copy = { .bytes = bytes, .sp = sp, .limit_bytes = SAME_STACK_BYTES };
	struct unwind_memory memory = { unwind_copy_read, &copy };
	uint64_t addrs[FRAMES_MAX];
	struct unwind_result result;
	struct track_unwind unwind;

	copy.size_bytes = read_stack(pid, sp, bytes);
	if (copy.size_bytes == 0)
		return 0;
	track_unwind_begin(s->track, pid, &unwind);
	unwind_stack(&regs, &memory, &unwind.space, 0, addrs, s->max_frames, &result);
	s->totals.copies++;
	s->totals.broken += result.end == UNWIND_BROKEN;
	return result.count ? track_stack(s->track, pid, addrs, result.count, 0, true) : 0;
}

void call_stacks_prepare(struct call_stacks *s)
{
	if (s->tables)
		bpf_tables_prepare(s->tables, s->track);
}

int call_stacks_fd(const struct call_stacks *s) { return bpf_tables_fd(s->tables); }

void call_stacks_get_totals(const struct call_stacks *s, struct call_stacks_totals *ret)
{
	*ret = s->totals;
	ret->stacks = bpf_stacks_count(s->stacks);
	if (s->tables)
		bpf_tables_get_totals(s->tables, &ret->tables);
}
