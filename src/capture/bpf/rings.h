/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_BPF_RINGS_H
#define SONDE_CAPTURE_BPF_RINGS_H
/*
 * The reader of bpf/ring.bpf.h: one BPF ring buffer a CPU, merged by time.
 *
 *	bpf_rings_prepare(skel->maps.rings, skel->maps.ring_states, bytes, &skel->rodata->ring_wake_bytes);
 *	... load ...
 *	err = bpf_rings_open(skel->maps.rings, skel->maps.ring_states, bytes, &rings);
 *	... attach ...
 *	while ((record = bpf_rings_next(rings, cutoff_ns, &size)))   // in drain()
 *		...;
 *	bpf_rings_commit(rings);
 *
 * A record is valid until bpf_rings_commit(), which gives the room back to the kernel.
 * Records of one CPU are in the order of their reservation, so their times are in order but
 * for what an interrupt put between; records of all CPUs are merged by time, and one
 * stamped before the last may still come: leave what is younger than a few milliseconds.
 */
#include "base/err.h"
#include "event/bpf_ring.h"

#include <stddef.h>
#include <stdint.h>

struct bpf_map;
struct bpf_rings;

/* What to begin with on this machine: a CPU whose records come faster than they are read gets
 * larger rings, up to 64 MiB. */
size_t bpf_rings_bytes(void);
/* Before loading: sizes.  RING_BYTES (of one CPU) is a power of two of at least a page;
 * WAKE_BYTES is the program's ring_wake_bytes. */
struct err *bpf_rings_prepare(struct bpf_map *rings, struct bpf_map *states, size_t ring_bytes,
			      volatile const uint32_t *wake_bytes);
/* Before that already, by who has time then: makes the rings, or as many of them as it can; NULL: no use trying. */
struct bpf_rings *bpf_rings_begin(size_t ring_bytes);
/* After loading, before attaching: makes the rings, or the rest of them.  *ret is NULL before, or of bpf_rings_begin(); where
 * this fails it is closed. */
struct err *bpf_rings_open(struct bpf_map *rings, struct bpf_map *states, size_t ring_bytes,
			   struct bpf_rings **ret);
void bpf_rings_close(struct bpf_rings *r); /* NULL-safe */

/* Lanes (bpf/lane.bpf.h) beside them, whose records are merged with the rings'.  Before loading: makes their map, and sets the
 * program's lane_bytes (else there are none, and the map has next to no bytes) and lane_preempted; after
 * bpf_rings_open(), before attaching: they are read from there on. */
struct err *bpf_lanes_prepare(struct bpf_map *lanes, volatile const uint32_t *lane_bytes, volatile const uint8_t *lane_preempted);
struct err *bpf_lanes_open(struct bpf_rings *r, struct bpf_map *lanes, uint32_t lane_bytes);
/* Nobody writes any more: a copy of the record that was begun last on a CPU and is not whole, below `cpus`; NULL: none
 * was.  To be freed. */
struct bpf_record *bpf_lanes_unfinished(struct bpf_rings *r, size_t cpu, uint32_t *size_bytes);
size_t bpf_rings_cpus(const struct bpf_rings *r);

/* A descriptor that is readable when a quarter of a ring has been filled since the last time.
 * bpf_rings_acknowledge() makes it quiet again: at the start of a drain. */
int bpf_rings_fd(const struct bpf_rings *r);
void bpf_rings_acknowledge(struct bpf_rings *r);
/* At the end of a drain, when there is room: a ring that had much to drain gets one of twice its size
 * (64 MiB at most) behind it.  Takes some ms. */
void bpf_rings_grow(struct bpf_rings *r);
/* One of the rings that were opened with less than RING_BYTES gets one of that size behind it; false: there was none
 * (more).  Takes some ms. */
bool bpf_rings_settle(struct bpf_rings *r, size_t ring_bytes);

/* The earliest record not taken yet whose time is at most CUTOFF_NS; NULL: none.  Its size is
 * at least that of struct bpf_record. */
const struct bpf_record *bpf_rings_next(struct bpf_rings *r, uint64_t cutoff_ns, uint32_t *size_bytes);
/* The time of the record that bpf_rings_next() would give, UINT64_MAX: none. */
uint64_t bpf_rings_peek_time(struct bpf_rings *r);
/* Give what was taken back to the kernel. */
void bpf_rings_commit(struct bpf_rings *r);
/* Is one of the rings more than half full?  Then don't wait for a cutoff. */
bool bpf_rings_pressed(const struct bpf_rings *r);

/* What has been lost since the last call, by CPU and kind; false: nothing (more) was.
 * Call until it says so. */
bool bpf_rings_lost(struct bpf_rings *r, int *cpu, unsigned *kind, uint64_t *count);

#endif
