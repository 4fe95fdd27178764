/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef SONDE_BPF_RING_H
#define SONDE_BPF_RING_H
/*
 * Records out of a program: one ring a CPU, no wake-up an event.
 *
 *   struct my_event *e = ring_reserve(sizeof(*e));
 *   if (!e) { ring_lost(0); return 0; }               // counted, exactly
 *   ring_head(&e->head, MY_KIND);
 *   ...
 *   ring_submit(e, sizeof(*e));
 *
 * The reader polls by time; it is woken when a quarter of a ring has been filled since it was
 * last woken, which costs one interrupt for thousands of records.  Reader:
 * src/capture/bpf/rings.h.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "event/bpf_ring.h"

/* Set before loading, by bpf_rings_prepare(). */
const volatile __u32 ring_wake_bytes = 256 << 10; /* a power of two */

struct ring_inner {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536); /* of the pattern; real ones are sized by the reader */
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1); /* as many as CPUs, when loaded */
	__type(key, __u32);
	__array(values, struct ring_inner);
} rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* as many as CPUs, when loaded */
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct bpf_ring_state);
} ring_states SEC(".maps");

static __always_inline struct bpf_ring_state *ring_state(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&ring_states, &cpu);
}

static __always_inline void *ring_of_cpu(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&rings, &cpu);
}

/* SIZE has to be a constant.  NULL: no room. */
#define ring_reserve(size)                                            \
	({                                                            \
		void *ring_ = ring_of_cpu();                          \
		ring_ ? bpf_ringbuf_reserve(ring_, (size), 0) : NULL; \
	})

/* Count a record that found no room, by what it was (0 to 3, the program's own).  Atomic: an
 * interrupt may count too. */
static __always_inline void ring_lost(__u32 what)
{
	struct bpf_ring_state *state = ring_state();

	if (state)
		__sync_fetch_and_add(&state->lost[what % BPF_LOST_KINDS], 1);
}

static __always_inline void ring_head(struct bpf_record *head, __u16 kind, __u32 tid)
{
	head->time_ns = bpf_ktime_get_ns();
	head->kind = kind;
	head->cpu = (__u16)bpf_get_smp_processor_id();
	head->tid = tid;
}

/* Whether the reader is to be woken for SIZE more bytes.  Of two that come at once one may
 * not count: then it wakes a little later, or by its clock. */
static __always_inline __u64 ring_wake_flag(__u32 size)
{
	struct bpf_ring_state *state = ring_state();

	if (!state)
		return BPF_RB_NO_WAKEUP;

	__u64 before = state->bytes, after = before + size + 8;

	state->bytes = after;
	return (before ^ after) & ~(__u64)(ring_wake_bytes - 1) ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

#define ring_submit(record, size) bpf_ringbuf_submit((record), ring_wake_flag(size))

/* As reserve, copy and submit, for a SIZE that isn't a constant.  0, or there is no room,
 * which is the caller's to count. */
static __always_inline long ring_output(void *record, __u32 size)
{
	void *ring = ring_of_cpu();

	return ring ? bpf_ringbuf_output(ring, record, size, ring_wake_flag(size)) : -1;
}

#endif
