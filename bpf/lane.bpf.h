/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SONDE_BPF_LANE_H
#define SONDE_BPF_LANE_H
/*
 * The fast way of a call: a ring of the CPU's own, without a lock and without a copy.
 *
 * A call's record is written at its entry where it will be read, at the end of the lane, and completed and shown to
 * the reader at its exit, by moving the lane's end behind it.  In between nobody else writes there: whoever runs on
 * this CPU next is seen by the program on sched_switch, which takes a record that is not complete into its thread's
 * storage; then, as with all that is not simple, the call goes the long way (finish.bpf.h).  So does one that finds
 * the lane full, or whose memory can't be read at once.
 *
 * Why it may be written without a lock: these programs run with migration off, and interrupts' programs write to the
 * ring.  Before Linux 7.0 nobody else runs on the CPU before one has ended.  Since then it may be preempted: there
 * `busy` sends the others the long way, and who has taken the lane looks again whether it is still his: the program on
 * sched_switch, which is never preempted, forgets `known` and takes what `owner` began.
 *
 * The lane also remembers the thread that was found to be looked at, until the next switch.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "copy.bpf.h"
#include "event/bpf_calls.h"
#include "ring.bpf.h"

/* Set before loading.  Of one lane, a power of two; 0: there are none. */
const volatile __u32 lane_bytes = 0;

/* Set before loading: programs may be preempted. */
const volatile __u8 lane_preempted = 1;

/* A path of the greatest length, and as much for what comes at exit. */
enum { LANE_PIECE_MOST = 4104, LANE_PIECE_MASK = 8191 & ~7, LANE_USED_MOST = LANE_PIECE_MOST + sizeof(struct bpf_calls_piece) };

_Static_assert(8 + sizeof(struct bpf_call) + LANE_USED_MOST + sizeof(struct bpf_calls_piece) + LANE_PIECE_MASK + 8 <= BPF_LANE_SLACK,
	       "a record fits behind the lane's last byte, also for a verifier that knows no more than the mask");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* as many as CPUs, when loaded */
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct bpf_lane)); /* and lane_bytes, and BPF_LANE_SLACK */
} lanes SEC(".maps");

static __always_inline struct bpf_lane *lane_of_cpu(void)
{
	__u32 cpu;

	if (!lane_bytes)
		return NULL;
	cpu = bpf_get_smp_processor_id();
	return bpf_map_lookup_elem(&lanes, &cpu);
}

/* To be the only one that works on it; false: somebody is, who was preempted.  What may have changed before is to be read
 * again. */
static __always_inline bool lane_take(struct bpf_lane *lane)
{
	if (lane_preempted)
		return !__sync_lock_test_and_set(&lane->busy, 1);
	if (lane->busy)
		return false;
	lane->busy = 1;
	return true;
}

static __always_inline void lane_give(struct bpf_lane *lane)
{
	__asm__ volatile("" ::: "memory");
	*(volatile __u32 *)&lane->busy = 0;
}

/* WHO: `known` or `owner`, which others change. */
static __always_inline bool lane_is(const __u64 *who, const struct task_struct *task)
{
	return *(const volatile __u64 *)who == (__u64)task;
}

/* The running thread, which NOW is of, is looked at. */
static __always_inline void lane_learn(struct bpf_lane *lane, const struct task_struct *task, const struct call_now *now)
{
	if (!lane_take(lane))
		return;
	lane->owner = 0;
	lane->pid = now->call.pid;
	lane->tid = now->call.head.tid;
	lane->known = (__u64)task;
	lane_give(lane);
}

/* Where the next record goes, whole or not. */
static __always_inline struct bpf_call *lane_record(struct bpf_lane *lane)
{
	__u32 at = (__u32)lane->producer & (lane_bytes - 1);

	return (struct bpf_call *)(lane->data + at + 8);
}

static __always_inline bool lane_has_room(struct bpf_lane *lane)
{
	__u64 end = lane->producer + BPF_LANE_SLACK;

	if (end <= lane->room)
		return true;
	lane->room = *(volatile __u64 *)&lane->consumer + lane_bytes;
	return end <= lane->room;
}

/* The bytes behind N up to the next word are zero: who remembers texts of calls (capture/call_memo.h) compares whole words. */
static __always_inline void lane_pad(__u8 *data, __u32 n)
{
	__u32 rest = n & 7;

	__asm__ volatile("" : "+r"(n)); /* for the verifier: masked where it is used, whatever else is known of it */
	if (rest)
		*(__u64 *)(data + (n & LANE_PIECE_MASK)) &= ~0ULL >> (64 - 8 * rest);
}

/* A word goes by the stack: a check of where the kernel copies to is cheapest there. */
static __always_inline bool lane_read(__u64 *to, __u32 size, const void *from)
{
	__u64 word[2] = { 0 }; /* the second is for the verifier */
	bool is_word = size <= sizeof(*word);

	__asm__ volatile("" : "+r"(size)); /* as in lane_pad() */
	if (!is_word) {
		if (bpf_probe_read_user(to, size & (LANE_PIECE_MASK | 7), from))
			return false;
		lane_pad((__u8 *)to, size);
		return true;
	}
	if (bpf_probe_read_user(word, size & (sizeof(word) - 1), from))
		return false;
	*to = *word;
	return true;
}

/* fcntl() and its like: what the call refers to isn't memory with every command, and registers that are no argument
 * hold anything. */
static __always_inline bool lane_refers(const struct bpf_calls_plan *plan, const struct bpf_call *call)
{
	return !plan->plain || call->args[1] >= 16 || !(plan->plain >> call->args[1] & 1);
}

/* A step's memory, behind what CALL has already; false: it takes the long way. */
static __always_inline bool lane_copy(struct bpf_call *call, const struct bpf_calls_step *step, __u16 phase)
{
	__u64 addr = pointer(call, step->arg), limit, size;
	__u32 used = call->data_bytes;
	struct bpf_calls_piece *piece;
	__u16 flags = 0;
	long n;

	if (addr < WORD_PAGE) /* NULL, or a number */
		return true;
	if (used > LANE_USED_MOST)
		return false;
	__asm__ volatile("" : "+r"(used)); /* what was checked is used: Linux 6.1's verifier forgets it of copies on the stack */
	piece = (void *)((__u8 *)(call + 1) + used);
	if (step->kind == BPF_STEP_STRING) {
		size = step->limit ? step->limit : calls_string_limit + 1;
		if (size > LANE_PIECE_MOST)
			return false;
		n = bpf_probe_read_user_str(piece + 1, (__u32)size, (void *)addr);
		if (n < 0)
			return false;
		if (n == (long)size) { /* the last byte is a NUL of the helper's: the text goes on */
			n--;
			flags = BPF_PIECE_CUT;
		}
		lane_pad((__u8 *)(piece + 1), (__u32)n);
	} else {
		size = step_bytes(call, step, &limit);
		if (size == 0)
			return true;
		if (size > limit) {
			size = limit;
			flags = BPF_PIECE_CUT;
		}
		if (size > LANE_PIECE_MOST)
			return false;
		if (!lane_read((__u64 *)(piece + 1), (__u32)size, (const void *)addr))
			return false;
		n = (long)size;
	}
	piece->addr = addr;
	piece->size_bytes = (__u32)n;
	piece->phase = phase;
	piece->flags = flags;
	call->data_bytes = used + sizeof(*piece) + (((__u32)n + 7) & ~7U);
	return true;
}

/* The reader is woken by the ring, which has such a thing. */
static __always_inline void lane_wake(__u64 time_ns)
{
	struct bpf_record nothing = { .time_ns = time_ns };
	void *ring = ring_of_cpu();

	if (ring)
		bpf_ringbuf_output(ring, &nothing, sizeof(nothing), BPF_RB_FORCE_WAKEUP);
}

/* CALL, which is lane_record(), is whole. */
static __always_inline void lane_commit(struct bpf_lane *lane, struct bpf_call *call)
{
	__u32 size = sizeof(*call) + call->data_bytes;
	__u64 before = lane->producer, after = before + 8 + size;

	*(__u64 *)((__u8 *)call - 8) = size;
	lane->owner = 0;
#if defined(__TARGET_ARCH_x86)
	__asm__ volatile("" ::: "memory"); /* stores are seen in their order */
	*(volatile __u64 *)&lane->producer = after;
#else
	__sync_lock_test_and_set(&lane->producer, after);
#endif
	if ((before ^ after) & ~(__u64)(lane_bytes / 4 - 1))
		lane_wake(call->head.time_ns);
}

/* What was begun of a call goes on in its thread's storage. */
static __always_inline void lane_spill(struct bpf_lane *lane, struct call_now *now)
{
	struct bpf_call *call = lane_record(lane);
	__u32 used = call->data_bytes;

	lane->owner = 0;
	if (used > LANE_USED_MOST)
		used = 0;
	__builtin_memcpy(&now->call, call, sizeof(*call));
	if (used)
		bpf_probe_read_kernel(now->data, used, call + 1);
	now->call.data_bytes = used;
	now->late = 0;
	now->parts = 0;
	now->netlink = 0;
	now->in_call = 1;
}

#endif
