/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The head is read with acquire order, so that the records before it are there; the tail
 * is stored with release order, so that the kernel overwrites only what we are done
 * with.  Both are 64-bit words that one side writes.  Where a long has 32 bits, only the
 * low half of the head is read, which is whole in any case (a 32-bit kernel keeps no
 * more than that): rings are smaller than 4 GiB, so the high half follows from our tail.
 *
 * Records are read where they lie; only one that wraps around the end is copied, or one
 * that lies askew.
 */
#include "capture/perf/ring.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

bool perf_ring_map(struct perf_ring *ring, int fd, size_t pages)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	void *base = mmap(NULL, (pages + 1) * page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (base == MAP_FAILED)
		return false;
	*ring = (struct perf_ring){
		.page = base, .data = (uint8_t *)base + page_bytes, .size_bytes = pages * page_bytes,
		.scratch = mem_alloc(PERF_RECORD_BYTES_MAX),
	};
	return true;
}

void perf_ring_unmap(struct perf_ring *ring)
{
	if (!ring->page)
		return;
	munmap(ring->page, (size_t)(ring->data - (uint8_t *)ring->page) + ring->size_bytes);
	free(ring->scratch);
	ring->page = NULL;
}

uint64_t perf_ring_refresh(struct perf_ring *ring)
{
	unsigned long head = __atomic_load_n((unsigned long *)(void *)&ring->page->data_head,
					     __ATOMIC_ACQUIRE);

	/* unsigned long arithmetic wraps as the kernel's does */
	ring->head = ring->tail + (unsigned long)(head - (unsigned long)ring->tail);
	return ring->head - ring->tail;
}

static void copy_out(const struct perf_ring *ring, uint64_t from, void *to, size_t count)
{
	size_t at = from & (ring->size_bytes - 1), room = ring->size_bytes - at;
	size_t first = count < room ? count : room;

	memcpy(to, ring->data + at, first);
	memcpy((uint8_t *)to + first, ring->data, count - first);
}

/* Records are multiples of 8 bytes and their headers never wrap, but for a flaw of the kernel
 * (setup.c, warns_of_copies()): after one that is not, all others lie askew. */
const struct perf_event_header *perf_ring_peek(struct perf_ring *ring)
{
	uint64_t waiting = ring->head - ring->tail;
	uint64_t at = ring->tail & (ring->size_bytes - 1), room = ring->size_bytes - at;
	struct perf_event_header header;

	if (waiting < sizeof(header))
		return NULL;
	copy_out(ring, ring->tail, &header, sizeof(header));
	if (header.size < sizeof(header) || header.size > waiting) {
		ring->tail = ring->head; /* can't be: the kernel wrote it */
		return NULL;
	}
	if (header.size <= room && at % 8 == 0)
		return (const void *)(ring->data + at);
	copy_out(ring, ring->tail, ring->scratch, header.size);
	return (const void *)ring->scratch;
}

bool perf_ring_look(const struct perf_ring *ring, uint64_t *at, struct perf_ring_glance *ret)
{
	const struct perf_event_header *h = &ret->header;
	size_t body;

	*ret = (struct perf_ring_glance){ 0 };
	if (*at - ring->tail > ring->head - ring->tail)
		*at = ring->tail;
	if (ring->head - *at < sizeof(*h))
		return false;
	copy_out(ring, *at, &ret->header, sizeof(*h));
	if (h->size < sizeof(*h) || h->size > ring->head - *at)
		return false;
	body = h->size - sizeof(*h);
	copy_out(ring, *at + sizeof(*h), ret->first, body < sizeof(ret->first) ? body : sizeof(ret->first));
	copy_out(ring, *at + h->size - sizeof(ret->last), &ret->last, sizeof(ret->last));
	*at += h->size;
	return true;
}

void perf_ring_pop(struct perf_ring *ring, const struct perf_event_header *record)
{
	ring->tail += record->size;
	if (ring->tail - ring->committed > ring->size_bytes / 4)
		perf_ring_commit(ring);
}

void perf_ring_commit(struct perf_ring *ring)
{
	if (ring->committed == ring->tail)
		return;
	ring->committed = ring->tail;
	if (sizeof(long) == 8) {
		__atomic_store_n((unsigned long *)(void *)&ring->page->data_tail,
				 (unsigned long)ring->tail, __ATOMIC_RELEASE);
		return;
	}
	__atomic_thread_fence(__ATOMIC_RELEASE);
	((volatile struct perf_event_mmap_page *)ring->page)->data_tail = ring->tail;
}
