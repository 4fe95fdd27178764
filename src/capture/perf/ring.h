/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_PERF_RING_H
#define SONDE_CAPTURE_PERF_RING_H
/* A perf ring buffer: the kernel writes records at its head, we read at its tail
 * (include/uapi/linux/perf_event.h, struct perf_event_mmap_page). */
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* perf_event_header.size has 16 bits. */
enum { PERF_RECORD_BYTES_MAX = 65536 };

struct perf_ring {
	struct perf_event_mmap_page *page; /* NULL: not mapped */
	uint8_t *data;
	uint64_t size_bytes;    /* a power of two */
	uint64_t head, tail;    /* what we saw of the kernel's head; where we read */
	uint64_t committed;     /* the tail the kernel knows */
	uint8_t *scratch;       /* for a record that wraps around; PERF_RECORD_BYTES_MAX */
};

/* Map PAGES (a power of two) data pages of FD.  False with errno. */
bool perf_ring_map(struct perf_ring *ring, int fd, size_t pages);
void perf_ring_unmap(struct perf_ring *ring);

/* See what the kernel wrote meanwhile; returns the bytes that wait. */
uint64_t perf_ring_refresh(struct perf_ring *ring);
/* The next record, NULL when there is none.  Valid until it is popped.  Whatever is in
 * the ring, the record lies whole inside [header, header + header->size). */
const struct perf_event_header *perf_ring_peek(struct perf_ring *ring);
/* Look at records without taking them: that at *AT (or the first one that waits, if it lies behind), the first
 * words behind its header (0 where it has fewer) and its last one; moves *AT on.  False: there is none. */
struct perf_ring_glance {
	struct perf_event_header header;
	uint64_t first[3], last;
};
bool perf_ring_look(const struct perf_ring *ring, uint64_t *at, struct perf_ring_glance *ret);
void perf_ring_pop(struct perf_ring *ring, const struct perf_event_header *record);
/* Give what was popped back to the kernel. */
void perf_ring_commit(struct perf_ring *ring);

#endif
