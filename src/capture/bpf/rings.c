/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * BPF ring buffers, read in place.
 *
 * The kernel maps a ring as: a page with our position (which we write), a page with its own,
 * then the data twice in a row, so that no record wraps (kernel/bpf/ringbuf.c).  A record is
 * preceded by 8 bytes: its length, with a bit for "still being written" and one for "thrown
 * away".  One that is still being written holds up all behind it, for the moment it takes.
 *
 * Rings grow under load: see grow().
 *
 * Lanes are read in the same way: their positions lie before their data.  They don't grow: what finds no room there
 * goes to the ring.
 *
 * poll() on a ring says "readable" whenever anything is in it, which would be a wake-up an
 * event all over again.  Edge-triggered epoll says it when the program has asked for it.
 */
#include "capture/bpf/rings.h"

#include "base/log.h"
#include "base/mem.h"
#include "capture/bpf/map_fill.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

struct reader {
	int fd, cpu;
	uint64_t *consumer;       /* ours, a page of its own */
	const uint64_t *producer; /* the kernel's, a page and then the data */
	const uint8_t *data;
	uint64_t at;              /* where we read; *consumer is where the kernel may write up to */
	uint64_t end;             /* what we saw of the kernel's position */
	const struct bpf_record *next; /* NULL: none waits */
	uint32_t next_bytes;
	size_t bytes;             /* of the ring */
	bool small;               /* it was found an eighth full */
	bool left;                /* programs write to a larger one; or it can't grow */
	bool is_lane;
};

/* A ring that is found an eighth full is followed by one of twice its size, so often: what comes in
 * bursts on one CPU of many does not make all of them large. */
enum { GENERATIONS = 4, RING_BYTES_MOST = 64 << 20 };
enum { LANE_BYTES_MOST = 4 << 20, LANE_BYTES_LEAST = 128 << 10, LANES_BYTES_MOST = 16 << 20 };

struct bpf_rings {
	struct reader *readers;   /* the first `cpus` are where programs began to write, by CPU */
	size_t cpus, count, room;
	int map_fd;               /* from CPU to ring */
	struct reader **heap;     /* those that have a record, the earliest first */
	size_t heap_count;
	size_t page_bytes;
	int epoll_fd;
	struct bpf_ring_state *states; /* mapped */
	size_t states_bytes;
	uint64_t (*seen)[BPF_LOST_KINDS]; /* losses that were told, by CPU */
	uint8_t *lanes;           /* mapped; NULL: there are none */
	size_t lane_step, lanes_bytes;
	size_t lost_at;           /* where bpf_rings_lost() goes on looking */
};

/* --- one ring --------------------------------------------------------------------------------- */

/* Drop what was discarded; leave `next` at the first whole record.  A length that can't be is
 * the kernel's fault: nothing more is read from that ring. */
static void load_next(struct reader *ring)
{
	ring->next = NULL;
	while (ring->at < ring->end) {
		const uint8_t *head = ring->data + (ring->at & (ring->bytes - 1));
		uint32_t length = __atomic_load_n((const uint32_t *)(const void *)head, __ATOMIC_ACQUIRE);

		if (length & BPF_RINGBUF_BUSY_BIT)
			return;

		uint32_t size = length & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (size > ring->bytes - BPF_RINGBUF_HDR_SZ)
			return;
		ring->at += (BPF_RINGBUF_HDR_SZ + (uint64_t)size + 7) / 8 * 8;
		if (!(length & BPF_RINGBUF_DISCARD_BIT) && size >= sizeof(struct bpf_record)) {
			ring->next = (const void *)(head + BPF_RINGBUF_HDR_SZ);
			ring->next_bytes = size;
			return;
		}
	}
}

static struct err *reader_open(struct bpf_rings *r, struct reader *ring, int cpu, size_t ring_bytes)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };

	*ring = (struct reader){ .cpu = cpu, .bytes = ring_bytes };
	ring->fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "sonde_ring", 0, 0, (uint32_t)ring_bytes, NULL);
	if (ring->fd < 0)
		return err_errno(-ring->fd, "cannot make a BPF ring of %zu bytes for CPU %d", ring_bytes, cpu);

	void *consumer = mmap(NULL, r->page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);

	if (consumer == MAP_FAILED)
		return err_errno(errno, "cannot map the BPF ring of CPU %d", cpu);
	ring->consumer = consumer;

	void *producer = mmap(NULL, r->page_bytes + 2 * ring->bytes, PROT_READ, MAP_SHARED, ring->fd,
			      (off_t)r->page_bytes);

	if (producer == MAP_FAILED)
		return err_errno(errno, "cannot map the BPF ring of CPU %d", cpu);
	ring->producer = producer;
	ring->data = (const uint8_t *)producer + r->page_bytes;
	if (epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, ring->fd, &event) != 0)
		return err_errno(errno, "cannot poll the BPF ring of CPU %d", cpu);
	return NULL;
}

static void reader_close(const struct bpf_rings *r, struct reader *ring)
{
	if (ring->is_lane) /* they are mapped together */
		return;
	if (ring->producer)
		munmap((void *)ring->producer, r->page_bytes + 2 * ring->bytes);
	if (ring->consumer)
		munmap(ring->consumer, r->page_bytes);
	if (ring->fd >= 0)
		close(ring->fd);
}

/* --- all of them --------------------------------------------------------------------------------- */

size_t bpf_rings_bytes(void)
{
	int cpus = libbpf_num_possible_cpus();
	size_t bytes = 8 << 20;

	while (bytes > 1 << 20 && cpus > 0 && bytes * (size_t)cpus > 128 << 20)
		bytes /= 2;
	return bytes;
}

struct err *bpf_rings_prepare(struct bpf_map *rings, struct bpf_map *states, size_t ring_bytes,
			      volatile const uint32_t *wake_bytes)
{
	int cpus = libbpf_num_possible_cpus();
	int failed = cpus < 0 ? cpus : bpf_map__set_max_entries(rings, (uint32_t)cpus);

	if (!failed)
		failed = bpf_map__set_max_entries(states, (uint32_t)cpus);
	*(volatile uint32_t *)wake_bytes = (uint32_t)(ring_bytes / 4);
	if (cpus < 0)
		return err_fix(err_errno(-cpus, "BPF: how many CPUs there are can't be told"), "is there a /sys? mount -t sysfs sysfs /sys");
	return failed ? err_errno(-failed, "cannot size the BPF rings") : NULL;
}

static struct err *make_rings(struct bpf_rings *r, size_t ring_bytes)
{
	if (r->epoll_fd < 0)
		r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll_fd < 0)
		return err_errno(errno, "cannot poll BPF rings");
	for (; r->count < r->cpus; r->count++) {
		struct err *err = reader_open(r, &r->readers[r->count], (int)r->count, ring_bytes);

		if (err)
			reader_close(r, &r->readers[r->count]);
		TRY(err);
	}
	return NULL;
}

static struct bpf_rings *create(size_t cpus)
{
	struct bpf_rings *r = mem_calloc(1, sizeof(*r));

	r->epoll_fd = -1;
	r->cpus = cpus;
	r->room = r->cpus * (2 + GENERATIONS); /* the first are enlarged by bpf_rings_settle(), maybe; lanes */
	r->readers = mem_calloc(r->room, sizeof(*r->readers));
	r->heap = mem_calloc(r->room, sizeof(*r->heap));
	r->seen = mem_calloc(r->cpus, sizeof(*r->seen));
	r->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	r->states_bytes = (r->cpus * sizeof(*r->states) + r->page_bytes - 1) / r->page_bytes * r->page_bytes;
	return r;
}

struct bpf_rings *bpf_rings_begin(size_t ring_bytes)
{
	int cpus = libbpf_num_possible_cpus();
	struct bpf_rings *r = cpus > 0 ? create((size_t)cpus) : NULL;

	if (r)
		err_destroy(make_rings(r, ring_bytes)); /* told by who tries it again */
	return r;
}

static struct err *open_parts(struct bpf_rings *r, struct bpf_map *rings, struct bpf_map *states, size_t ring_bytes)
{
	void *mapped = mmap(NULL, r->states_bytes, PROT_READ, MAP_SHARED, bpf_map__fd(states), 0);

	if (mapped == MAP_FAILED)
		return err_errno(errno, "cannot map the counts of the BPF rings");
	r->states = mapped;
	TRY(make_rings(r, ring_bytes));

	CLEANUP(mem_freep) int *fds = mem_calloc(r->cpus, sizeof(*fds));

	for (size_t i = 0; i < r->cpus; i++)
		fds[i] = r->readers[i].fd;
	r->map_fd = bpf_map__fd(rings);
	return bpf_map_fill(r->map_fd, 0, fds, r->cpus);
}

struct err *bpf_rings_open(struct bpf_map *rings, struct bpf_map *states, size_t ring_bytes,
			   struct bpf_rings **ret)
{
	struct bpf_rings *r = *ret ? *ret : create(bpf_map__max_entries(rings));
	struct err *err = open_parts(r, rings, states, ring_bytes);

	if (err) {
		bpf_rings_close(r);
		r = NULL;
	}
	*ret = r;
	return err;
}

void bpf_rings_close(struct bpf_rings *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++)
		reader_close(r, &r->readers[i]);
	if (r->lanes)
		munmap(r->lanes, r->lanes_bytes);
	if (r->states)
		munmap(r->states, r->states_bytes);
	if (r->epoll_fd >= 0)
		close(r->epoll_fd);
	free(r->readers);
	free(r->heap);
	free(r->seen);
	free(r);
}

/* --- lanes ------------------------------------------------------------------------------------- */

/* All of them together cost less than the rings.  (Small ones, which would stay in a CPU's cache, are no better: writer and
 * reader have the same lines more often.  bench/README.md has the numbers.) */
static uint32_t lane_bytes_of(int cpus)
{
	uint32_t bytes = LANE_BYTES_MOST;

	while (bytes > LANE_BYTES_LEAST && cpus > 0 && (size_t)bytes * (size_t)cpus > LANES_BYTES_MOST)
		bytes /= 2;
	return bytes;
}

static uint32_t lane_step(uint32_t lane_bytes) { return (uint32_t)sizeof(struct bpf_lane) + lane_bytes + BPF_LANE_SLACK; }

/* Of this kernel, major * 1000 + minor; UINT_MAX: not known. */
static unsigned kernel_version(void)
{
	struct utsname name;
	unsigned major, minor;

	return uname(&name) == 0 && sscanf(name.release, "%u.%u", &major, &minor) == 2 ? major * 1000 + minor : UINT_MAX;
}

/* May a program be preempted?  Since Linux 7.0 tracepoints don't forbid it. */
static bool may_be_preempted(void) { return kernel_version() > 6018; }

/* Their map: now, while the kernel's types are looked up in a thread.  Where that fails libbpf tries once more, and says so. */
static void make_lanes(struct bpf_map *lanes)
{
	struct bpf_map_create_opts options = { .sz = sizeof(options), .map_flags = bpf_map__map_flags(lanes) };
	int fd = bpf_map_create(bpf_map__type(lanes), bpf_map__name(lanes), bpf_map__key_size(lanes), bpf_map__value_size(lanes),
				bpf_map__max_entries(lanes), &options);

	if (fd < 0)
		return;
	if (bpf_map__reuse_fd(lanes, fd) != 0)
		log_debug("the lanes' map is made twice: %s", strerror(errno));
	close(fd);
}

struct err *bpf_lanes_prepare(struct bpf_map *lanes, volatile const uint32_t *lane_bytes, volatile const uint8_t *lane_preempted)
{
	int cpus = libbpf_num_possible_cpus();
	uint32_t bytes = lane_bytes_of(cpus);
	int failed = cpus < 0 ? cpus : bpf_map__set_max_entries(lanes, (uint32_t)cpus);

	if (!failed)
		failed = bpf_map__set_value_size(lanes, lane_step(bytes));
	*(volatile uint32_t *)lane_bytes = bytes;
	*(volatile uint8_t *)lane_preempted = may_be_preempted();
	if (!failed)
		make_lanes(lanes);
	return failed ? err_errno(-failed, "cannot size the lanes of system calls") : NULL;
}

static struct bpf_lane *lane_of(const struct bpf_rings *r, size_t cpu) { return (void *)(r->lanes + cpu * r->lane_step); }

struct err *bpf_lanes_open(struct bpf_rings *r, struct bpf_map *lanes, uint32_t lane_bytes)
{
	size_t bytes = (r->cpus * lane_step(lane_bytes) + r->page_bytes - 1) / r->page_bytes * r->page_bytes;
	void *mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(lanes), 0);

	if (mapped == MAP_FAILED)
		return err_errno(errno, "cannot map the lanes of system calls");
	r->lanes = mapped;
	r->lanes_bytes = bytes;
	r->lane_step = lane_step(lane_bytes);
	for (size_t cpu = 0; cpu < r->cpus; cpu++) {
		struct bpf_lane *lane = lane_of(r, cpu);

		r->readers[r->count++] = (struct reader){ .fd = -1, .cpu = (int)cpu, .consumer = &lane->consumer,
							  .producer = &lane->producer, .data = lane->data, .bytes = lane_bytes,
							  .left = true, .is_lane = true };
	}
	return NULL;
}

size_t bpf_rings_cpus(const struct bpf_rings *r) { return r->cpus; }

struct bpf_record *bpf_lanes_unfinished(struct bpf_rings *r, size_t cpu, uint32_t *size_bytes)
{
	const struct bpf_lane *lane = r->lanes && cpu < r->cpus ? lane_of(r, cpu) : NULL;
	const uint64_t *owner = lane ? &lane->owner : NULL;
	size_t lane_bytes = r->lane_step - sizeof(*lane) - BPF_LANE_SLACK;
	struct bpf_record *copy;

	if (!lane || !__atomic_load_n(owner, __ATOMIC_ACQUIRE))
		return NULL;
	*size_bytes = BPF_LANE_SLACK - BPF_RINGBUF_HDR_SZ;
	copy = mem_alloc(*size_bytes);
	memcpy(copy, lane->data + (lane->producer & (lane_bytes - 1)) + BPF_RINGBUF_HDR_SZ, *size_bytes);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (__atomic_load_n(owner, __ATOMIC_RELAXED))
		return copy;
	free(copy); /* it was made whole after all */
	return NULL;
}

int bpf_rings_fd(const struct bpf_rings *r) { return r->epoll_fd; }

/* A larger one behind RING, which is still read until it is empty (and kept: a program that was just
 * about to write to it may).  Where there is no memory for that it stays as it is. */
static void grow(struct bpf_rings *r, struct reader *ring, size_t bytes)
{
	struct reader *larger = &r->readers[r->count];
	struct err *err = reader_open(r, larger, ring->cpu, bytes);

	if (!err)
		err = bpf_map_fill(r->map_fd, (uint32_t)ring->cpu, &larger->fd, 1);
	if (err) {
		log_debug("%s", err_message(err));
		err_destroy(err);
		reader_close(r, larger);
		return;
	}
	ring->left = true;
	r->count++;
}

void bpf_rings_acknowledge(struct bpf_rings *r)
{
	struct epoll_event events[16];

	while (epoll_wait(r->epoll_fd, events, 16, 0) == 16)
		;
	for (size_t i = 0; i < r->count; i++) {
		struct reader *ring = &r->readers[i];
		uint64_t waits = __atomic_load_n(ring->producer, __ATOMIC_RELAXED) - *ring->consumer;

		ring->small = ring->small || waits > ring->bytes / 8;
	}
}

void bpf_rings_grow(struct bpf_rings *r)
{
	for (size_t i = 0, count = r->count; i < count && r->count < r->room; i++) {
		struct reader *ring = &r->readers[i];

		if (ring->small && !ring->left && ring->bytes < RING_BYTES_MOST)
			grow(r, ring, ring->bytes * 2);
		ring->small = false;
	}
}

bool bpf_rings_settle(struct bpf_rings *r, size_t ring_bytes)
{
	for (size_t i = 0; i < r->cpus; i++) {
		struct reader *ring = &r->readers[i];

		if (ring->left || ring->bytes >= ring_bytes || r->count == r->room)
			continue;
		grow(r, ring, ring_bytes);
		return ring->left; /* else there is no memory for it */
	}
	return false;
}

/* --- the merge --------------------------------------------------------------------------------------- */

static void sift_down(struct bpf_rings *r, size_t i)
{
	struct reader **heap = r->heap, *item = heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= r->heap_count)
			break;
		if (child + 1 < r->heap_count && heap[child + 1]->next->time_ns < heap[child]->next->time_ns)
			child++;
		if (heap[child]->next->time_ns >= item->next->time_ns)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = item;
}

/* See what the kernel wrote meanwhile. */
static void refresh(struct bpf_rings *r)
{
	r->heap_count = 0;
	for (size_t i = 0; i < r->count; i++) {
		struct reader *ring = &r->readers[i];

		ring->end = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);
		if (!ring->next)
			load_next(ring);
		if (ring->next)
			r->heap[r->heap_count++] = ring;
	}
	for (size_t i = r->heap_count / 2; i-- > 0;)
		sift_down(r, i);
}

uint64_t bpf_rings_peek_time(struct bpf_rings *r)
{
	if (r->heap_count == 0)
		refresh(r);
	return r->heap_count ? r->heap[0]->next->time_ns : UINT64_MAX;
}

const struct bpf_record *bpf_rings_next(struct bpf_rings *r, uint64_t cutoff_ns, uint32_t *size_bytes)
{
	uint64_t time_ns = bpf_rings_peek_time(r);

	if (time_ns == UINT64_MAX || time_ns > cutoff_ns)
		return NULL;

	struct reader *ring = r->heap[0];
	const struct bpf_record *record = ring->next;

	*size_bytes = ring->next_bytes;
	load_next(ring);
	if (!ring->next)
		r->heap[0] = r->heap[--r->heap_count];
	if (r->heap_count)
		sift_down(r, 0);
	return record;
}

void bpf_rings_commit(struct bpf_rings *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct reader *ring = &r->readers[i];
		/* the one that waits in `next` was not taken */
		uint64_t done = ring->next ? ring->at - (BPF_RINGBUF_HDR_SZ + (uint64_t)ring->next_bytes + 7) / 8 * 8
					   : ring->at;

		__atomic_store_n(ring->consumer, done, __ATOMIC_RELEASE);
	}
	refresh(r);
}

bool bpf_rings_pressed(const struct bpf_rings *r)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct reader *ring = &r->readers[i];

		if (__atomic_load_n(ring->producer, __ATOMIC_RELAXED) - *ring->consumer > ring->bytes / 2)
			return true;
	}
	return false;
}

/* --- losses ----------------------------------------------------------------------------------------- */

bool bpf_rings_lost(struct bpf_rings *r, int *cpu, unsigned *kind, uint64_t *count)
{
	for (; r->lost_at < r->cpus * BPF_LOST_KINDS; r->lost_at++) {
		size_t i = r->lost_at / BPF_LOST_KINDS, k = r->lost_at % BPF_LOST_KINDS;
		uint64_t now = __atomic_load_n(&r->states[i].lost[k], __ATOMIC_RELAXED);

		if (now == r->seen[i][k])
			continue;
		*cpu = (int)i;
		*kind = (unsigned)k;
		*count = now - r->seen[i][k];
		r->seen[i][k] = now;
		return true;
	}
	r->lost_at = 0;
	return false;
}
