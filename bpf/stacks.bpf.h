/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SONDE_BPF_STACKS_H
#define SONDE_BPF_STACKS_H
/*
 * The user stack of the thread that runs, for a record of the caller's own: its hash.
 *
 *	hash = stack_take(ids);
 *
 * It is unwound here (unwind.bpf.h).  What that can't do (a table that is not ready, CFI that needs all
 * registers, 32-bit programs) goes out as registers and the top of the stack; it, too, once for each
 * content, so that a loop does not fill the ring while a table is made.
 *
 * Nobody else tells of mappings here: code is told of when it is mapped (exec, mmap) or when a stack first
 * leads into it, with its file's name, once.
 *
 * Reader: src/capture/bpf/call_stacks.c.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define UNWIND_TELLS_MAPPINGS
#define UNWIND_RECORD_STACK BPF_CALLS_STACK

#include "event/bpf_calls.h"
#include "files.bpf.h"
#include "ring.bpf.h"
#include "unwind.bpf.h"

const volatile __u32 stack_max_frames = 256;

enum { STACK_MAPPINGS_SEEN = 1 << 12, STACK_PAGE = 4096, STACK_WORDS = BPF_STACK_COPY_BYTES / 8, STACK_LOST = 3 };

/* --- mappings -------------------------------------------------------------------------------- */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bpf_calls_mapping);
} stack_mapping_rooms SEC(".maps");

/* What was told, by the low bits of its mark; a newer one takes an older one's place. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, STACK_MAPPINGS_SEEN);
	__type(key, __u32);
	__type(value, __u64);
} stack_mappings_seen SEC(".maps");

static __always_inline __u64 stack_mix(__u64 hash, __u64 value)
{
	hash = (hash ^ value) * 0xff51afd7ed558ccdULL;
	return hash ^ hash >> 32;
}

static __always_inline __u32 stack_fill_mapping(struct bpf_calls_mapping *m, struct unwind *u, struct file *f)
{
	struct dentry *dentry = BPF_CORE_READ(f, f_path.dentry);
	struct mm_struct *mm = (struct mm_struct *)u->mm;

	m->kind = BPF_MAPPING_FILE;
	m->is_program = f == BPF_CORE_READ(mm, exe_file);
	m->device = BPF_CORE_READ(f, f_inode, i_sb, s_dev);
	describe(&m->file, dentry);
	name_path(&m->file, dentry, BPF_CORE_READ(f, f_path.mnt));
	return m->file.text_bytes;
}

/* The mapping in u->vma_start. */
int unwind_tell_mapping(struct unwind *u, __u64 vma_addr)
{
	struct vm_area_struct *vma = (struct vm_area_struct *)vma_addr;
	struct task_struct *task = bpf_get_current_task_btf();
	struct mm_struct___vdso *mm;
	struct bpf_calls_mapping *m;
	__u64 mark, *seen;
	__u32 zero = 0, slot, size;
	struct file *f;

	if (!u)
		return 0;
	mm = (struct mm_struct___vdso *)u->mm;
	f = BPF_CORE_READ(vma, vm_file);
	mark = stack_mix(stack_mix(stack_mix(u->mm, (__u64)u->pid << 32 | task->self_exec_id), u->vma_start), (__u64)f ^ u->vma_end) | 1;
	slot = (__u32)(mark >> 20) % STACK_MAPPINGS_SEEN;
	seen = bpf_map_lookup_elem(&stack_mappings_seen, &slot);
	m = bpf_map_lookup_elem(&stack_mapping_rooms, &zero);
	if (!seen || !m || *seen == mark)
		return 0;
	size = 0;
	m->is_program = 0;
	m->device = 0;
	m->reserved = 0;
	m->reserved2 = 0;
	__builtin_memset(&m->file, 0, __builtin_offsetof(struct bpf_calls_file, text));
	if (f)
		size = stack_fill_mapping(m, u, f);
	else
		m->kind = (__u64)BPF_CORE_READ(mm, context.vdso) == u->vma_start ? BPF_MAPPING_VDSO : BPF_MAPPING_ANON;
	ring_head(&m->head, BPF_CALLS_MAPPING, u->tid);
	m->pid = u->pid;
	m->addr = u->vma_start;
	m->size_bytes = u->vma_end - u->vma_start;
	m->offset = f ? BPF_CORE_READ(vma, vm_pgoff) << UNWIND_PAGE_SHIFT : 0;
	if (size > sizeof(m->file.text))
		size = sizeof(m->file.text);
	if (ring_output(m, __builtin_offsetof(struct bpf_calls_mapping, file.text) + size) == 0)
		*seen = mark;
	return 0;
}

/* What was just mapped at ADDR, if it is code. */
__noinline int stack_tell_at(struct unwind *u, __u64 addr)
{
	struct vm_area_struct *vma;

	if (!u)
		return 0;
	vma = (struct vm_area_struct *)unwind_find_vma(u, addr);
	if (!vma)
		return 0;
	u->vma_start = BPF_CORE_READ(vma, vm_start);
	u->vma_end = BPF_CORE_READ(vma, vm_end);
	if (addr >= u->vma_start && addr < u->vma_end && BPF_CORE_READ(vma, vm_flags) & UNWIND_VM_EXEC)
		unwind_tell_mapping(u, (__u64)vma);
	u->vma_end = 0;
	return 0;
}

static __always_inline void stack_saw_mmap(__u64 ids, __u64 addr)
{
	struct unwind *u = unwind_begin(ids);

	if (!u)
		return;
	u->mm = (__u64)bpf_get_current_task_btf()->mm;
	stack_tell_at(u, addr);
	unwind_end(u);
}

/* The program and its loader, whose tables will be wanted at once. */
static __always_inline void stack_saw_exec(__u64 ids)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct unwind *u = unwind_begin(ids);
	struct mm_struct *mm = task->mm;

	if (!u)
		return;
	u->mm = (__u64)mm;
	if (mm && unwind_task_regs(u)) {
		unwind_start_regs(u);
		unwind_locate(u, BPF_CORE_READ(mm, start_code));
		unwind_locate(u, u->pc);
	}
	unwind_end(u);
}

/* --- copies ----------------------------------------------------------------------------------- */

struct stack_room {
	struct bpf_stack_copy copy;
	__u8 bytes[BPF_STACK_COPY_BYTES + STACK_PAGE];
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct stack_room);
} stack_rooms SEC(".maps");

/* Up to the end of a page: the next one may not be there. */
static long stack_copy_page(__u32 i, void *user)
{
	struct stack_room *r = *(struct stack_room **)user;
	__u32 at = r->copy.size_bytes, take;
	__u64 addr = r->copy.sp + at;

	take = STACK_PAGE - ((__u32)addr & (STACK_PAGE - 1));
	if (at >= BPF_STACK_COPY_BYTES || bpf_probe_read_user(&r->bytes[at & (BPF_STACK_COPY_BYTES - 1)], take, (void *)addr))
		return 1;
	r->copy.size_bytes = at + take;
	return 0;
}

static long stack_hash_word(__u32 i, void *user)
{
	struct stack_room *r = *(struct stack_room **)user;

	r->copy.hash = stack_mix(r->copy.hash, *(__u64 *)&r->bytes[(i & (STACK_WORDS - 1)) * 8]);
	return 0;
}

/* More would push out what can't be done without. */
static __always_inline bool stack_has_room(void)
{
	void *ring = ring_of_cpu();

	return ring && bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) < bpf_ringbuf_query(ring, BPF_RB_RING_SIZE) / 2;
}

__noinline int stack_copy(struct unwind *u)
{
	__u32 zero = 0, slot, size;
	struct stack_room *r = bpf_map_lookup_elem(&stack_rooms, &zero);
	__u64 mark, *seen;

	if (!u || !r)
		return 0;
	__builtin_memcpy(r->copy.regs, u->regs, sizeof(r->copy.regs));
	unwind_start_regs(u);
	r->copy.sp = u->is_32 ? (__u32)u->sp : u->sp;
	r->copy.is_32 = u->is_32;
	r->copy.size_bytes = 0;
	bpf_loop(BPF_STACK_COPY_BYTES / STACK_PAGE + 1, stack_copy_page, &r, 0);
	r->copy.hash = stack_mix(stack_mix(stack_mix(u->pid, u->pc), u->sp), u->fp);
	size = r->copy.size_bytes;
	if (size > BPF_STACK_COPY_BYTES)
		size = BPF_STACK_COPY_BYTES;
	bpf_loop(size / 8, stack_hash_word, &r, 0);
	r->copy.hash |= 1;
	mark = r->copy.hash + unwind_epoch * 0x9e3779b97f4a7c15ULL;
	slot = (__u32)(mark >> 20) % UNWIND_SEEN;
	seen = bpf_map_lookup_elem(&unwind_seen, &slot);
	if (!seen)
		return 0;
	u->stack.hash = r->copy.hash;
	if (*seen == mark)
		return 1;
	if (!stack_has_room())
		return 0;
	ring_head((struct bpf_record *)&r->copy, BPF_CALLS_COPY, u->tid);
	r->copy.pid = u->pid;
	r->copy.end = u->end;
	r->copy.reserved = 0;
	r->copy.size_bytes = size;
	r->copy.reserved2 = 0;
	if (ring_output(&r->copy, sizeof(r->copy) + size))
		return 0;
	*seen = mark;
	return 1;
}

/* --- the whole ----------------------------------------------------------------------------------- */

/* 0: none, which was counted. */
static __always_inline __u64 stack_take(__u64 ids)
{
	struct unwind *u = unwind_begin(ids);
	bool lost = true;
	__u64 hash = 0;

	if (!u)
		return 0;
	u->is_32 = false;
	if (unwind_task_regs(u))
		unwind_user(u, stack_max_frames);
	if (u->end != BPF_UNWIND_NO_USER) {
		if (!u->is_32 && (u->end == BPF_UNWIND_COMPLETE || u->end == BPF_UNWIND_CUT))
			hash = unwind_send(u, &lost);
		else if (stack_copy(u))
			hash = u->stack.hash;
		if (!hash)
			ring_lost(STACK_LOST);
	}
	unwind_end(u);
	return hash;
}

#endif
