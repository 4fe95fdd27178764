/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SONDE_BPF_UNWIND_H
#define SONDE_BPF_UNWIND_H
/*
 * User stacks of code without frame pointers, unwound in the kernel.
 *
 *	struct unwind *u = unwind_begin(ids);        // this CPU's room; NULL: taken by what we interrupted
 *
 *	if (!u)
 *		return 0;
 *	unwind_kernel(u, ctx);                       // may be: kernel addresses first
 *	if (unwind_task_regs(u))                     // or a sample's own, into u->regs
 *		unwind_user(u, max_frames);
 *	hash = unwind_send(u, &lost);                // for a record of the caller's own
 *	unwind_end(u);
 *
 * Where an address lies: the mappings of a process are a maple tree (since Linux 6.1), which is
 * walked here, reading only.  So there is no copy of them to be kept right: a process that
 * has just been forked or has just mapped a library is unwound as well as any other.  Its file
 * leads to the table; a file that was never seen is told of, and user space prepares it within
 * moments, for all processes.
 *
 * A step: the bucket of the address, a binary search for its row among a few, the rule of that
 * row, one or two words of the user's stack.  Where no table covers an address (JIT code, files
 * without CFI) the frame pointer is followed for that step.
 *
 * Steps are made by bpf_loop(), so the verifier looks at one of them only.  Reads of user
 * memory don't fault pages in: a stack that is swapped out ends there.
 *
 * User space: src/capture/bpf/tables.h makes the tables that are wanted, src/capture/bpf/stacks.h keeps the
 * stacks that are sent.  Any program type that may read the current task will do; the perf event's (cpu.bpf.c)
 * is one of them, a raw tracepoint takes unwind_task_regs() and no unwind_kernel() where that isn't wanted.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "event/bpf_unwind.h"
#include "ring.bpf.h"
#include "unwind/table.h"

/* The kind of a struct bpf_stack_record, where the program hasn't another. */
#ifndef UNWIND_RECORD_STACK
#define UNWIND_RECORD_STACK 0x101
#endif

enum {
	UNWIND_MASK = BPF_UNWIND_FRAMES - 1,
	UNWIND_TREE_DEPTH = 8,   /* of mappings: 10^8 leaves */
	UNWIND_VM_EXEC = 4,
	UNWIND_TASK_KTHREAD = 0x00200000, /* PF_KTHREAD */
	UNWIND_PAGE_SHIFT = 12,
	UNWIND_SEEN = 1 << 16,
	UNWIND_RECENT = 1 << 10,
	UNWIND_KERNEL = 127,     /* kernel addresses of one stack */
};

const volatile __u8 unwind_no_frame_pointers = 0; /* 1: a stack that needs them is broken */

struct unwind_shard {
	struct unwind_row rows[BPF_UNWIND_SHARD_CELLS];
};
struct unwind_shard_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, 4); /* by size: clang 14 forgets the types of a map within a map */
	__uint(value_size, sizeof(struct unwind_shard));
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, BPF_UNWIND_SHARDS);
	__type(key, __u32);
	__array(values, struct unwind_shard_map);
} unwind_shards SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BPF_UNWIND_FILES);
	__type(key, struct bpf_unwind_file);
	__type(value, struct bpf_unwind_module);
} unwind_files SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} unwind_wants SEC(".maps");

struct unwind {
	/* the frame that is looked at */
	__u64 pc, sp, fp, lr;
	bool exact;       /* pc is where it was interrupted, not a return address */
	bool innermost;   /* regs hold */
	bool fp_known;
	bool lr_holds;    /* behind a signal frame */
	bool is_32, busy;
	__u32 pid, tid;
	__u64 mm;
	/* the mapping that an address was found in last, [start, end) */
	__u64 vma_start, vma_end;
	__u64 vma_offset; /* file offset of an address is address + this */
	struct bpf_unwind_module module;
	struct unwind_row row;
	/* the result */
	__u32 kernel_count, count, max;
	__u8 end;         /* enum bpf_unwind_end */
	__u8 by_fp, by_table;
	__u64 regs[40];   /* struct user_regs */
	__u64 pivots[16];
	/* rows that were found, by their place in the tables: those do not change */
	struct {
		__u64 key;
		struct unwind_row row;
	} recent[UNWIND_RECENT];
	struct {
		__u64 time_ns; /* as struct bpf_stack_record */
		__u16 kind, cpu;
		__u32 tid;
		__u64 hash;
		__u32 pid;
		__u16 count, kernel_count;
		__u8 end, by_fp;
		__u8 reserved[6];
		__u64 addrs[BPF_UNWIND_FRAMES];
	} stack;
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct unwind);
} unwind_rooms SEC(".maps");

static __always_inline struct unwind *unwind_room(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&unwind_rooms, &zero);
}

/* --- where an address lies ------------------------------------------------------------------- */

/* 1 or 0; the compiler must not know that this is a comparison, or it makes a branch of it. */
static __always_inline __u64 unwind_is_negative(__s64 x)
{
	asm volatile("" : "+r"(x));
	return (__u64)x >> 63;
}

/* How many of the COUNT pivots in u->pivots lie below ADDR: the slot to go on with.  Unused ones
 * are 0.  Without a branch, because each would double what the verifier has to look at. */
#define UNWIND_SLOT(u, addr, count)                                                               \
	({                                                                                        \
		__s64 key_ = (__s64)(addr) - 1;                                                   \
		__u64 slot_ = 0;                                                                  \
		_Pragma("unroll") for (int i_ = 0; i_ < (count); i_++)                            \
			slot_ += unwind_is_negative((__s64)(((u)->pivots[i_] - 1) & ~(1ULL << 63)) - key_); \
		slot_;                                                                            \
	})

enum { MAPLE_LEAF = 1, MAPLE_RANGE = 2, MAPLE_ARANGE = 3 };

/* The entry of the tree that covers ADDR: a mapping, or 0.  lib/maple_tree.c: a node's
 * address has its type in bits 3 to 6 and is aligned to 256 bytes; bit 1 marks the root. */
static __always_inline __u64 unwind_find_vma(struct unwind *u, __u64 addr)
{
	__u64 entry = 0;

	bpf_probe_read_kernel(&entry, sizeof(entry),
			      (void *)(u->mm + bpf_core_field_offset(struct mm_struct, mm_mt.ma_root)));
	for (int depth = 0; depth < UNWIND_TREE_DEPTH; depth++) {
		__u64 node = entry & ~255ULL, type = entry >> 3 & 15, slot, slots;

		if (depth == 0 && (entry & 3) != 2)
			return entry; /* a tree of one mapping has no nodes */
		if (type == MAPLE_ARANGE) {
			if (bpf_probe_read_kernel(u->pivots, 9 * 8,
						  (void *)(node + bpf_core_field_offset(struct maple_arange_64, pivot))))
				return 0;
			slot = UNWIND_SLOT(u, addr, 9);
			slots = node + bpf_core_field_offset(struct maple_arange_64, slot);
		} else {
			if (bpf_probe_read_kernel(u->pivots, 15 * 8,
						  (void *)(node + bpf_core_field_offset(struct maple_range_64, pivot))))
				return 0;
			slot = UNWIND_SLOT(u, addr, 15);
			slots = node + bpf_core_field_offset(struct maple_range_64, slot);
		}
		if (bpf_probe_read_kernel(&entry, sizeof(entry), (void *)(slots + (slot & 15) * 8)))
			return 0;
		if (type <= MAPLE_LEAF)
			return entry;
	}
	return 0;
}

#ifdef UNWIND_TELLS_MAPPINGS
int unwind_tell_mapping(struct unwind *u, __u64 vma); /* the includer's: what lies there, for names */
#endif

/* Tell user space of a file.  Its entry keeps others from doing so too. */
static __always_inline void unwind_want(struct unwind *u, const struct bpf_unwind_file *file, __u64 addr)
{
	struct bpf_unwind_module wanted = { .state = BPF_UNWIND_WANTED };
	struct bpf_unwind_wanted *w;

	if (bpf_map_update_elem(&unwind_files, file, &wanted, BPF_NOEXIST))
		return;
	w = bpf_ringbuf_reserve(&unwind_wants, sizeof(*w), 0);
	if (!w) {
		bpf_map_delete_elem(&unwind_files, file); /* the next stack asks again */
		return;
	}
	w->pid = u->pid;
	w->reserved = 0;
	w->addr = addr;
	w->file = *file;
	bpf_ringbuf_submit(w, BPF_RB_FORCE_WAKEUP);
}

/* The file behind a mapping; false: it has none. */
static __always_inline bool unwind_file_of(struct unwind *u, struct vm_area_struct *vma, struct bpf_unwind_file *file)
{
	struct file *f = BPF_CORE_READ(vma, vm_file);

	__builtin_memset(file, 0, sizeof(*file));
	if (f) {
		struct inode *inode = BPF_CORE_READ(f, f_inode);

		file->inode = BPF_CORE_READ(inode, i_ino);
		file->device = BPF_CORE_READ(inode, i_sb, s_dev);
		u->vma_offset = (BPF_CORE_READ(vma, vm_pgoff) << UNWIND_PAGE_SHIFT) - u->vma_start;
		return true;
	}
	struct mm_struct___vdso *mm = (struct mm_struct___vdso *)u->mm;

	u->vma_offset = -u->vma_start;
	return (__u64)BPF_CORE_READ(mm, context.vdso) == u->vma_start;
}

/* Make ADDR's mapping the one that is known; false: nothing is there, or no code. */
__noinline int unwind_locate(struct unwind *u, __u64 addr)
{
	struct vm_area_struct *vma;
	struct bpf_unwind_file file;
	struct bpf_unwind_module *module;

	if (!u)
		return false;
	if (addr >= u->vma_start && addr < u->vma_end)
		return true;
	u->vma_end = 0;
	vma = (struct vm_area_struct *)unwind_find_vma(u, addr);
	if (!vma)
		return false;
	u->vma_start = BPF_CORE_READ(vma, vm_start);
	if (addr < u->vma_start || addr >= BPF_CORE_READ(vma, vm_end) || !(BPF_CORE_READ(vma, vm_flags) & UNWIND_VM_EXEC))
		return false;
	u->vma_end = BPF_CORE_READ(vma, vm_end);
#ifdef UNWIND_TELLS_MAPPINGS
	unwind_tell_mapping(u, (__u64)vma);
#endif
	u->module.state = BPF_UNWIND_NO_TABLE;
	if (!unwind_file_of(u, vma, &file))
		return true;
	module = bpf_map_lookup_elem(&unwind_files, &file);
	if (module) {
		u->module = *module;
		return true;
	}
	u->module.state = BPF_UNWIND_WANTED;
	unwind_want(u, &file, addr);
	return true;
}

/* --- the row --------------------------------------------------------------------------------- */

static __always_inline struct unwind_shard *unwind_shard_of(__u32 cell)
{
	__u32 shard = cell / BPF_UNWIND_SHARD_CELLS, zero = 0;
	void *map = bpf_map_lookup_elem(&unwind_shards, &shard);

	return map ? bpf_map_lookup_elem(map, &zero) : NULL;
}

/* The rule for the code at OFFSET of the file into u->row; UNWIND_CFA_NONE where there is none. */
__noinline int unwind_find_row(struct unwind *u, __u64 offset)
{
	struct unwind_shard *shard;
	struct bpf_unwind_bucket where;
	__u32 cell, low, count;
	__u64 bucket;
	__s64 key = (__s64)offset;

	if (!u)
		return 0;
	__builtin_memset(&u->row, 0, sizeof(u->row));
	bucket = (offset >> BPF_UNWIND_BUCKET_SHIFT) - u->module.first_bucket;
	if (bucket >= u->module.bucket_count)
		return 0;
	cell = u->module.buckets + (__u32)bucket;
	shard = unwind_shard_of(cell);
	if (!shard)
		return 0;
	__builtin_memcpy(&where, &shard->rows[cell & (BPF_UNWIND_SHARD_CELLS - 1)], sizeof(where));
	if (where.count == 0)
		return 0;
	shard = unwind_shard_of(where.first);
	if (!shard)
		return 0;
	low = where.first & (BPF_UNWIND_SHARD_CELLS - 1);
	count = where.count;
	for (int i = 0; i < 9 && count > 1; i++) { /* 256 rows and one before at most */
		__u32 half = count / 2;
		__s64 pc = shard->rows[(low + half) & (BPF_UNWIND_SHARD_CELLS - 1)].pc;

		low += half * (__u32)unwind_is_negative(pc - key - 1);
		count -= half;
	}
	u->row = shard->rows[low & (BPF_UNWIND_SHARD_CELLS - 1)];
	return 1;
}

/* --- one step -------------------------------------------------------------------------------- */

static __always_inline bool unwind_read(void *to, __u32 size, __u64 addr)
{
	return bpf_probe_read_user(to, size, (void *)addr) == 0;
}

/* Registers by their DWARF numbers, and what the kernel saves for a signal handler. */
#if defined(__TARGET_ARCH_x86)
#define UNWIND_HAS_LR 0
#define UNWIND_ADDRESS(pc) (pc)
#define UNWIND_SIGNAL ((struct unwind_signal_frame)UNWIND_SIGNAL_X86_64)
/* rax rdx rcx rbx rsi rdi rbp rsp r8 ... r15: where they stand in struct pt_regs.  (Not static:
 * libbpf 1.1 loses the place of static data.) */
const volatile __u8 unwind_places[16] = { 10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0 };

static __always_inline __u64 unwind_register(const struct unwind *u, __u32 number)
{
	return u->regs[unwind_places[number & 15] & 31];
}

static __always_inline void unwind_start_regs(struct unwind *u)
{
	u->pc = u->regs[16];
	u->sp = u->regs[19];
	u->fp = u->regs[4];
	u->lr = 0;
	u->is_32 = (u->regs[17] & 0xffff) == 0x23; /* __USER32_CS */
}
#else
#define UNWIND_HAS_LR 1
#define UNWIND_ADDRESS(pc) ((pc) & ((1ULL << 48) - 1)) /* others may be signed (PAC) */
#define UNWIND_SIGNAL ((struct unwind_signal_frame)UNWIND_SIGNAL_AARCH64)

static __always_inline __u64 unwind_register(const struct unwind *u, __u32 number)
{
	return u->regs[number & 31];
}

static __always_inline void unwind_start_regs(struct unwind *u)
{
	u->pc = u->regs[32];
	u->sp = u->regs[31];
	u->fp = u->regs[29];
	u->lr = u->regs[30];
	u->is_32 = (u->regs[33] >> 4 & 1) != 0; /* PSR_MODE32_BIT */
}
#endif

/* The frame that FP points to: the caller's FP and the return address. */
static __always_inline bool unwind_by_fp(struct unwind *u)
{
	__u64 pair[2];

	u->by_fp = 1;
	/* for what was interrupted user space has guesses, too */
	u->end = u->innermost || u->exact ? BPF_UNWIND_BROKEN : BPF_UNWIND_NO_CFI;
	if (unwind_no_frame_pointers)
		return false;
	if (u->fp == 0 && u->fp_known && !u->innermost) {
		u->end = BPF_UNWIND_COMPLETE;
		return false;
	}
	if (!u->fp_known || (u->fp & 7) || u->fp < u->sp || !unwind_read(pair, sizeof(pair), u->fp))
		return false;
	u->sp = u->fp + 16;
	u->fp = pair[0];
	u->pc = UNWIND_ADDRESS(pair[1]);
	u->exact = false;
	return true;
}

/* A 32-bit program: its words are of 4 bytes. */
static __always_inline bool unwind_by_fp_32(struct unwind *u)
{
	__u32 pair[2];

	u->by_fp = 1;
	u->end = u->fp ? BPF_UNWIND_BROKEN : BPF_UNWIND_COMPLETE;
	if (u->fp < (__u32)u->sp || !unwind_read(pair, sizeof(pair), u->fp))
		return false;
	u->sp = u->fp + 8;
	u->fp = pair[0];
	u->pc = pair[1];
	u->exact = false;
	return true;
}

/* What was interrupted by a signal, from the frame that the kernel made for the handler. */
static __always_inline bool unwind_signal_frame(struct unwind *u, __u64 at)
{
	__u64 sp = 0, pc = 0, fp = 0, lr = 0;

	if (!unwind_read(&sp, 8, at) || !unwind_read(&pc, 8, at + UNWIND_SIGNAL.pc * 8LL) ||
	    !unwind_read(&fp, 8, at + UNWIND_SIGNAL.fp * 8LL))
		return false;
	if (UNWIND_HAS_LR && !unwind_read(&lr, 8, at + UNWIND_SIGNAL.lr * 8LL))
		return false;
	u->pc = pc;
	u->sp = sp;
	u->fp = fp;
	u->lr = lr;
	u->exact = u->fp_known = true;
	return true;
}

/* The CFA by ROW; 0: not to be had. */
static __always_inline __u64 unwind_cfa_of(struct unwind *u, const struct unwind_row *row)
{
	__s64 offset = row->cfa * 8LL;
	__u64 word = 0;

	switch (unwind_row_cfa(row)) {
	case UNWIND_CFA_SP:
		return u->sp + offset;
	case UNWIND_CFA_FP:
		return u->fp_known ? u->fp + offset : 0;
	case UNWIND_CFA_FP_DEREF:
		return u->fp_known && unwind_read(&word, 8, u->fp + offset) ? word : 0;
	case UNWIND_CFA_SP_DEREF:
		return unwind_read(&word, 8, u->sp + offset) ? word : 0;
	case UNWIND_CFA_SP_DEREF_PLUS:
		return unwind_read(&word, 8, u->sp + offset) ? word + 8 : 0;
	case UNWIND_CFA_PLT:
		return u->sp + 8 + ((__s64)(u->pc & 15) >= row->cfa ? 8 : 0);
	case UNWIND_CFA_REG:
		return u->innermost ? unwind_register(u, row->saved) + offset : 0;
	default:
		return 0;
	}
}

/* The caller's pc and fp, once the CFA is known. */
static __always_inline bool unwind_restore(struct unwind *u, const struct unwind_row *row, __u64 cfa)
{
	enum unwind_base base = unwind_row_base(row);
	enum unwind_what what = unwind_row_what(row);
	__u64 saved = unwind_row_cfa(row) == UNWIND_CFA_REG ? 0 : row->saved * 8ULL;
	__u64 at = base == UNWIND_BASE_CFA ? cfa - saved : (base == UNWIND_BASE_SP ? u->sp : u->fp) + saved;
	__u64 pair[2] = { 0, 0 };

	if (base == UNWIND_BASE_FP && !u->fp_known)
		return false;
	if (base == UNWIND_BASE_NONE) {
		if (what == UNWIND_WHAT_RA_FP_LOST)
			u->fp_known = false;
	} else if (what == UNWIND_WHAT_FP_RA || (!UNWIND_HAS_LR && what == UNWIND_WHAT_FP && at == cfa - 16)) {
		/* both in one read: what compilers do most */
		if (!unwind_read(pair, sizeof(pair), at))
			return false;
		u->fp = pair[0];
		u->pc = UNWIND_ADDRESS(pair[1]);
		u->fp_known = true;
		return true;
	} else if (what == UNWIND_WHAT_FP) {
		if (!unwind_read(&u->fp, 8, at))
			return false;
		u->fp_known = true;
	} else {
		if (what == UNWIND_WHAT_RA_FP_LOST)
			u->fp_known = false;
		if (!unwind_read(&u->pc, 8, at))
			return false;
		u->pc = UNWIND_ADDRESS(u->pc);
		return true;
	}
	if (UNWIND_HAS_LR) {
		if (!u->innermost && !u->lr_holds)
			return false;
		u->pc = UNWIND_ADDRESS(u->lr);
		return true;
	}
	return unwind_read(&u->pc, 8, cfa - 8);
}

/* To the caller by u->row; false: u->end says why not. */
__noinline int unwind_apply(struct unwind *u)
{
	struct unwind_row *row;
	enum unwind_cfa kind;
	__u64 cfa;

	if (!u)
		return false;
	row = &u->row;
	kind = unwind_row_cfa(row);
	if (u->is_32)
		return unwind_by_fp_32(u);
	if (kind == UNWIND_CFA_NONE)
		return unwind_by_fp(u);
	u->end = kind == UNWIND_CFA_OUTERMOST ? BPF_UNWIND_COMPLETE
		 : kind == UNWIND_CFA_UNSUPPORTED || (kind == UNWIND_CFA_REG && !u->innermost) ? BPF_UNWIND_UNSUPPORTED
		 : BPF_UNWIND_BROKEN;
	if (u->end != BPF_UNWIND_BROKEN)
		return false;
	if (kind == UNWIND_CFA_SIGNAL) {
		u->lr_holds = true;
		return unwind_signal_frame(u, u->sp + row->cfa * 8LL);
	}
	u->by_table = 1;
	cfa = unwind_cfa_of(u, row);
	/* a stack grows to lower addresses: that, and max, is why this ends */
	if (cfa < u->sp || (cfa == u->sp && !(UNWIND_HAS_LR && (u->innermost || u->lr_holds))) ||
	    !unwind_restore(u, row, cfa))
		return false;
	u->sp = cfa;
	u->lr_holds = false;
	u->exact = false;
	return true;
}

/* The rule for ADDR, a recent one or by search. */
static __always_inline void unwind_look_up(struct unwind *u, __u64 addr)
{
	__u64 key = (__u64)u->module.buckets << 32 | (__u32)(addr + u->vma_offset);
	__u32 at = ((__u32)(key ^ key >> 32) * 0x9e3779b1U >> 16) & (UNWIND_RECENT - 1);

	if (u->recent[at].key == key) {
		u->row = u->recent[at].row;
	} else if (unwind_find_row(u, addr + u->vma_offset)) {
		u->recent[at].key = key;
		u->recent[at].row = u->row;
	}
}

/* One more address.  All but the first are looked up one byte before, inside the call; what a signal
 * interrupted, and its trampoline, which nobody called, are told one byte later. */
static __always_inline void unwind_tell(struct unwind *u)
{
	__u64 pc = u->pc + ((u->exact && !u->innermost) || (!u->exact && unwind_row_cfa(&u->row) == UNWIND_CFA_SIGNAL));

	u->stack.addrs[u->count & UNWIND_MASK] = pc;
	u->count++;
	u->stack.hash = (u->stack.hash ^ pc) * 0xff51afd7ed558ccdULL;
	u->stack.hash ^= u->stack.hash >> 32;
}

static long unwind_step(__u32 index, void *unused)
{
	struct unwind *u = unwind_room();
	__u64 addr;

	if (!u)
		return 1;
	if (u->pc == 0 && !u->innermost) {
		u->end = BPF_UNWIND_COMPLETE;
		return 1;
	}
	addr = u->exact ? u->pc : u->pc - 1;
	u->end = BPF_UNWIND_BROKEN;
	if (!unwind_locate(u, addr) && !u->innermost)
		return 1;
	if (u->count >= u->max) {
		u->end = BPF_UNWIND_CUT;
		return 1;
	}
	*(__u64 *)&u->row = 0; /* UNWIND_CFA_NONE */
	if (u->vma_end && u->module.state == BPF_UNWIND_READY)
		unwind_look_up(u, addr);
	unwind_tell(u);
	if (u->vma_end && u->module.state == BPF_UNWIND_WANTED && !u->is_32) {
		u->end = BPF_UNWIND_NOT_YET;
		return 1;
	}
	if (!unwind_apply(u))
		return 1;
	u->innermost = false;
	return 0;
}

/* --- the whole ------------------------------------------------------------------------------- */

/* Kernel addresses of the thread that runs: the first ones of the stack. */
#define unwind_kernel(u, ctx)                                                                        \
	do {                                                                                         \
		long bytes_ = bpf_get_stack((ctx), (u)->stack.addrs, UNWIND_KERNEL * 8, 0);          \
		(u)->kernel_count = (u)->count = bytes_ > 0 ? (__u32)bytes_ / 8 : 0;                 \
		(u)->stack.hash = (u)->pid;                                                          \
		for (__u32 i_ = 0; i_ < UNWIND_KERNEL && i_ < (u)->kernel_count; i_++) {             \
			(u)->stack.hash = ((u)->stack.hash ^ (u)->stack.addrs[i_]) * 0xff51afd7ed558ccdULL; \
			(u)->stack.hash ^= (u)->stack.hash >> 32;                                    \
		}                                                                                    \
	} while (0)

/* This CPU's room, for the thread that runs; NULL: a program that this one interrupted has it. */
static __always_inline struct unwind *unwind_begin(__u64 ids)
{
	struct unwind *u = unwind_room();

	if (!u || u->busy)
		return NULL;
	u->busy = true;
	u->pid = (__u32)(ids >> 32);
	u->tid = (__u32)ids;
	u->count = u->kernel_count = 0;
	u->by_fp = u->by_table = 0;
	u->stack.hash = u->pid;
	u->end = BPF_UNWIND_NO_USER;
	u->vma_end = 0;
	return u;
}

static __always_inline void unwind_end(struct unwind *u) { u->busy = false; }

/* The user registers of the thread that runs, wherever in the kernel it is, into u->regs; false: it
 * has none. */
static __always_inline bool unwind_task_regs(struct unwind *u)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (task->flags & UNWIND_TASK_KTHREAD)
		return false;
	return bpf_probe_read_kernel(u->regs, sizeof(struct user_regs), (void *)bpf_task_pt_regs(task)) == 0;
}

/* Unwind from u->regs.  What is in u->stack.addrs already (u->kernel_count of them) stays in front;
 * at most MAX addresses in all. */
static __always_inline void unwind_user(struct unwind *u, __u32 max)
{
	struct task_struct *task = bpf_get_current_task_btf();

	/* not task->mm: for a pointer's type the verifier goes through all names of the kernel's types, a millisecond each */
	u->mm = (__u64)BPF_CORE_READ(task, mm);
	if (!u->mm || (task->flags & UNWIND_TASK_KTHREAD))
		return;
	unwind_start_regs(u);
	u->exact = u->innermost = u->fp_known = true;
	u->lr_holds = false;
	u->count = u->kernel_count;
	u->max = max > BPF_UNWIND_FRAMES ? BPF_UNWIND_FRAMES : max;
	u->end = BPF_UNWIND_CUT;
	bpf_loop(BPF_UNWIND_FRAMES + 1, unwind_step, NULL, 0);
}

/* --- stacks by their hash ------------------------------------------------------------------------ */

/* What has been sent, by the low bits of its hash: a newer stack takes an older one's place. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, UNWIND_SEEN);
	__type(key, __u32);
	__type(value, __u64);
} unwind_seen SEC(".maps");
__u64 unwind_epoch = 0; /* user space counts it up: everything is sent again */

/* The hash that stands for u's stack in the caller's record, 0: none.  A stack that user space does not
 * know is sent to it first; if there is no room for it the caller's record is lost too: *lost. */
static __always_inline __u64 unwind_send(struct unwind *u, bool *lost)
{
	__u64 hash = u->stack.hash | 1, mark = hash + unwind_epoch * 0x9e3779b97f4a7c15ULL;
	__u32 slot = (__u32)(mark >> 20) % UNWIND_SEEN, size;
	__u64 *seen = bpf_map_lookup_elem(&unwind_seen, &slot);

	*lost = false;
	if (u->count == 0 || !seen)
		return 0;
	if (*seen == mark)
		return hash;
	ring_head((struct bpf_record *)&u->stack, UNWIND_RECORD_STACK, u->tid);
	u->stack.hash = hash;
	u->stack.pid = u->pid;
	u->stack.count = (__u16)u->count;
	u->stack.kernel_count = (__u16)u->kernel_count;
	u->stack.end = u->end;
	u->stack.by_fp = u->by_fp;
	size = u->count * 8;
	if (size > sizeof(u->stack.addrs))
		size = sizeof(u->stack.addrs);
	if (ring_output(&u->stack, sizeof(struct bpf_stack_record) + size)) {
		*lost = true;
		return 0;
	}
	*seen = mark; /* after it has been written: who sees this mark has a later time */
	return hash;
}

#endif
