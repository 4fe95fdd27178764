/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A chunk goes round: free -> current (blocks are opened in it) -> retired (full; streams
 * close their last blocks) -> stored by the writer thread -> free.  The lock is taken once a block
 * (some thousand rows) by producers, and shortly by the writer thread.
 *
 * Rows become visible by a release store of the block's count; the writer thread and
 * a reader in another process load it with acquire and read no further.  The files are
 * preallocated, so that a store into the mapping can't meet a full disk (SIGBUS); and
 * they are used again rather than made anew, because faulting in fresh pages costs more
 * than the copy of the row.
 */
#include "record/journal.h"

#include "base/io.h"
#include "base/mem.h"
#include "record/journal_format.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
	CHUNK_BYTES_LARGEST = 4 << 20,
	CHUNK_BYTES_SMALLEST = 256 << 10,
	BLOCKS = 64, /* in a chunk, the header's included */
};

struct journal_chunk {
	uint8_t *map;
	unsigned slot; /* names the file */
	uint64_t sequence;
	unsigned used_blocks; /* from 1: block 0 is the header; under the lock */
	_Atomic bool retired;
	atomic_uint open;	 /* blocks that a stream may still write to */
	uint32_t stored[BLOCKS]; /* rows; the writer thread's */
};

struct journal {
	int dirfd;
	uint64_t max_bytes;
	uint32_t chunk_bytes, block_bytes;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool woken;
	VEC(struct journal_chunk *) chunks; /* all but the free */
	VEC(struct journal_chunk *) free;
	struct journal_chunk *current; /* also in `chunks`; NULL at first and when full */
	uint64_t next_sequence;
	unsigned next_slot;
	uint64_t retired_total, seen_total; /* chunks, ever; when journal_wait() last returned */
	atomic_int grow_errno;
};

static struct chunk_header *header_of(const struct journal_chunk *c)
{
	return (struct chunk_header *)c->map;
}

static struct block_header *block_of(const struct journal *j, const struct journal_chunk *c,
				     unsigned block)
{
	return (struct block_header *)(c->map + (size_t)block * j->block_bytes);
}

/* --- making and ending chunks ---------------------------------------------------------------- */

static void slot_name(unsigned slot, char name[24]) { snprintf(name, 24, "%04u.chunk", slot); }

/* Blocks on the disk, so that a store can't fail; then pages in the cache, by writing zeros: that
 * costs a third of what faulting in each page of an empty extent does. */
static int preallocate(int fd, uint32_t size_bytes)
{
	static const char zeros[256 << 10];
	int error = fallocate(fd, 0, 0, size_bytes) == 0 ? 0 : errno;

	if (error && error != EOPNOTSUPP && error != ENOSYS)
		return error;
	for (uint32_t at = 0; at < size_bytes; at += sizeof(zeros)) {
		ssize_t n = pwrite(fd, zeros, sizeof(zeros), at);

		if (n != (ssize_t)sizeof(zeros))
			return n < 0 ? errno : ENOSPC;
	}
	return 0;
}

/* 0 or errno.  It has its name when it has its size: a shorter one is damaged, whenever we were killed. */
static int map_chunk(struct journal *j, struct journal_chunk *c)
{
	char name[24], unfinished[32];
	int error;

	slot_name(c->slot, name);
	snprintf(unfinished, sizeof(unfinished), "%s.tmp", name);
	int fd = openat(j->dirfd, unfinished, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		return errno;
	error = preallocate(fd, j->chunk_bytes);
	if (error == 0) {
		c->map = mmap(NULL, j->chunk_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		error = c->map == MAP_FAILED ? errno : 0;
	}
	close(fd);
	if (error == 0 && renameat(j->dirfd, unfinished, j->dirfd, name) != 0) {
		error = errno;
		munmap(c->map, j->chunk_bytes);
	}
	if (error)
		unlinkat(j->dirfd, unfinished, 0);
	return error;
}

/* Under the lock, except for the file's making: *SLOT is taken before. */
static struct journal_chunk *make_chunk(struct journal *j, unsigned slot)
{
	struct journal_chunk *c = mem_calloc(1, sizeof(*c));

	c->slot = slot;
	int error = map_chunk(j, c);

	atomic_store(&j->grow_errno, error);
	if (error) {
		free(c);
		return NULL;
	}
	*header_of(c) = (struct chunk_header){ .magic = JOURNAL_CHUNK_MAGIC,
					       .version = JOURNAL_VERSION,
					       .chunk_bytes = j->chunk_bytes,
					       .block_bytes = j->block_bytes };
	return c;
}

static void end_chunk(struct journal *j, struct journal_chunk *c, bool delete_file)
{
	char name[24];

	slot_name(c->slot, name);
	munmap(c->map, j->chunk_bytes);
	if (delete_file)
		unlinkat(j->dirfd, name, 0);
	free(c);
}

static bool may_grow(const struct journal *j)
{
	return (j->chunks.n + j->free.n + 1) * (uint64_t)j->chunk_bytes <= j->max_bytes;
}

struct err *journal_create(int dirfd, uint64_t max_bytes, struct journal **ret)
{
	struct journal *j = mem_calloc(1, sizeof(*j));
	pthread_condattr_t attributes;

	j->dirfd = dirfd;
	j->chunk_bytes = CHUNK_BYTES_LARGEST;
	while (j->chunk_bytes > CHUNK_BYTES_SMALLEST && (uint64_t)j->chunk_bytes * 16 > max_bytes)
		j->chunk_bytes /= 2;
	j->block_bytes = j->chunk_bytes / BLOCKS;
	j->max_bytes =
		max_bytes < (uint64_t)j->chunk_bytes * 2 ? (uint64_t)j->chunk_bytes * 2 : max_bytes;
	j->next_sequence = 1;
	pthread_mutex_init(&j->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&j->wake, &attributes);
	pthread_condattr_destroy(&attributes);

	struct journal_chunk *first = make_chunk(j, j->next_slot++);

	if (first == NULL) {
		struct err *err =
			err_errno(atomic_load(&j->grow_errno),
				  "cannot make the journal's first %u KiB", j->chunk_bytes / 1024);

		journal_destroy(j);
		return err;
	}
	vec_push(&j->free, first);
	*ret = j;
	return NULL;
}

void journal_destroy(struct journal *j)
{
	if (j == NULL)
		return;
	for (size_t i = 0; i < j->chunks.n; i++)
		end_chunk(j, j->chunks.v[i], false);
	for (size_t i = 0; i < j->free.n; i++)
		end_chunk(j, j->free.v[i], false);
	vec_deinit(&j->chunks);
	vec_deinit(&j->free);
	pthread_cond_destroy(&j->wake);
	pthread_mutex_destroy(&j->lock);
	free(j);
}

/* --- producers ---------------------------------------------------------------------------------
 */

static void retire_current(struct journal *j)
{
	if (j->current == NULL)
		return;
	atomic_store(&j->current->retired, true);
	j->current = NULL;
	j->retired_total++;
	pthread_cond_signal(&j->wake);
}

/* A new current chunk from the pool, or a new file; under the lock. */
static bool next_current(struct journal *j)
{
	retire_current(j);
	if (j->free.n == 0) {
		struct journal_chunk *c = may_grow(j) ? make_chunk(j, j->next_slot) : NULL;

		if (c == NULL)
			return false;
		j->next_slot++;
		vec_push(&j->free, c);
	}
	struct journal_chunk *c = vec_pop(&j->free);

	c->sequence = j->next_sequence++;
	c->used_blocks = 1;
	atomic_store(&c->retired, false);
	atomic_store_explicit(&header_of(c)->sequence, c->sequence, memory_order_release);
	vec_push(&j->chunks, c);
	j->current = c;
	return true;
}

bool journal_open_block(struct journal *j, unsigned type, uint32_t row_bytes,
			struct journal_block *b)
{
	bool there;

	pthread_mutex_lock(&j->lock);
	there = (j->current && j->current->used_blocks < BLOCKS) || next_current(j);
	if (there) {
		struct journal_chunk *c = j->current;
		struct block_header *h = block_of(j, c, c->used_blocks++);

		h->type = type;
		h->row_bytes = row_bytes;
		atomic_fetch_add(&c->open, 1);
		b->chunk = c;
		b->count = &h->count;
		b->rows = 0;
		b->row_bytes = row_bytes;
		b->next = (uint8_t *)h + JOURNAL_BLOCK_ROWS_AT;
		b->end = b->next + (j->block_bytes - JOURNAL_BLOCK_ROWS_AT) / row_bytes * row_bytes;
	}
	pthread_mutex_unlock(&j->lock);
	return there;
}

void journal_close_block(struct journal *j, struct journal_block *b)
{
	if (b->chunk)
		atomic_fetch_sub_explicit(&b->chunk->open, 1, memory_order_release);
	*b = (struct journal_block){ .row_bytes = b->row_bytes };
}

bool journal_is_retired(const struct journal_block *b)
{
	return b->chunk && atomic_load_explicit(&b->chunk->retired, memory_order_relaxed);
}

/* --- the writer thread
 * ---------------------------------------------------------------------------- */

static struct timespec deadline(uint64_t timeout_ns)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	uint64_t ns = (uint64_t)t.tv_nsec + timeout_ns;

	t.tv_sec += (time_t)(ns / 1000000000);
	t.tv_nsec = (long)(ns % 1000000000);
	return t;
}

void journal_wait(struct journal *j, uint64_t size_bytes, uint64_t timeout_ns)
{
	struct timespec until = deadline(timeout_ns);
	int error = 0;

	pthread_mutex_lock(&j->lock);
	while (!j->woken && (j->retired_total - j->seen_total) * j->chunk_bytes < size_bytes &&
	       error == 0)
		error = pthread_cond_timedwait(&j->wake, &j->lock, &until);
	j->woken = false;
	j->seen_total = j->retired_total;
	pthread_mutex_unlock(&j->lock);
}

void journal_wake(struct journal *j)
{
	pthread_mutex_lock(&j->lock);
	j->woken = true;
	pthread_cond_signal(&j->wake);
	pthread_mutex_unlock(&j->lock);
}

void journal_prepare(struct journal *j)
{
	pthread_mutex_lock(&j->lock);
	bool wanted = j->free.n == 0 && j->current && may_grow(j);
	unsigned slot = j->next_slot;

	j->next_slot += wanted;
	pthread_mutex_unlock(&j->lock);
	if (!wanted)
		return;

	struct journal_chunk *c = make_chunk(j, slot);

	if (c == NULL)
		return;
	pthread_mutex_lock(&j->lock);
	vec_push(&j->free, c);
	pthread_mutex_unlock(&j->lock);
}

/* What a chunk was under the lock.  Only of one that was retired then are these all its blocks. */
struct seen_chunk {
	struct journal_chunk *chunk;
	unsigned used_blocks;
	bool retired;
};

static int by_sequence(const void *a, const void *b)
{
	uint64_t s = ((const struct seen_chunk *)a)->chunk->sequence;
	uint64_t t = ((const struct seen_chunk *)b)->chunk->sequence;

	return s < t ? -1 : s > t;
}

static void collect_chunk(struct journal *j, const struct seen_chunk *seen,
			  struct journal_runs *ret)
{
	struct journal_chunk *c = seen->chunk;
	/* In this order: when no block is open, no count changes any more. */
	bool whole = seen->retired && atomic_load_explicit(&c->open, memory_order_acquire) == 0;

	for (unsigned b = 1; b < seen->used_blocks; b++) {
		const struct block_header *h = block_of(j, c, b);
		uint32_t count = atomic_load_explicit(&h->count, memory_order_acquire);

		if (count == c->stored[b])
			continue;
		struct journal_run run = { .type = h->type,
					   .row_bytes = h->row_bytes,
					   .from = c->stored[b],
					   .count = count - c->stored[b],
					   .block = b,
					   .whole_chunk = whole,
					   .sequence = c->sequence,
					   .chunk = c };

		run.rows = (const uint8_t *)h + JOURNAL_BLOCK_ROWS_AT +
			   (size_t)run.from * h->row_bytes;
		ret->bytes += (uint64_t)run.count * run.row_bytes;
		vec_push(&ret->runs, run);
	}
}

void journal_collect(struct journal *j, uint64_t max_bytes, struct journal_runs *ret)
{
	VEC(struct seen_chunk) seen = { 0 };

	vec_clear(&ret->runs);
	ret->bytes = 0;
	pthread_mutex_lock(&j->lock);
	for (size_t i = 0; i < j->chunks.n; i++) {
		struct journal_chunk *c = j->chunks.v[i];

		vec_push(&seen, ((struct seen_chunk){ c, c->used_blocks, atomic_load(&c->retired) }));
	}
	pthread_mutex_unlock(&j->lock);
	vec_sort(&seen, by_sequence);
	for (size_t i = 0; i < seen.n && ret->bytes < max_bytes; i++)
		collect_chunk(j, &seen.v[i], ret);
	vec_deinit(&seen);
}

void journal_stored(const struct journal_run *run)
{
	run->chunk->stored[run->block] = run->from + run->count;
}

static bool is_done(struct journal *j, const struct journal_chunk *c)
{
	if (!atomic_load(&c->retired) || atomic_load_explicit(&c->open, memory_order_acquire) != 0)
		return false;
	for (unsigned b = 1; b < c->used_blocks; b++)
		if (atomic_load_explicit(&block_of(j, c, b)->count, memory_order_acquire) !=
		    c->stored[b])
			return false;
	return true;
}

static void clear_chunk(struct journal *j, struct journal_chunk *c)
{
	atomic_store_explicit(&header_of(c)->sequence, 0, memory_order_release);
	for (unsigned b = 1; b < c->used_blocks; b++)
		atomic_store_explicit(&block_of(j, c, b)->count, 0, memory_order_release);
	memset(c->stored, 0, sizeof(c->stored));
}

void journal_recycle(struct journal *j)
{
	pthread_mutex_lock(&j->lock);
	for (size_t i = 0; i < j->chunks.n;) {
		struct journal_chunk *c = j->chunks.v[i];

		if (!is_done(j, c)) {
			i++;
			continue;
		}
		clear_chunk(j, c);
		vec_remove(&j->chunks, i);
		vec_push(&j->free, c);
	}
	pthread_mutex_unlock(&j->lock);
}

void journal_trim(struct journal *j)
{
	pthread_mutex_lock(&j->lock);
	while (j->free.n > 0)
		end_chunk(j, vec_pop(&j->free), true);
	pthread_mutex_unlock(&j->lock);
}

void journal_shrink(struct journal *j)
{
	char name[24];

	journal_trim(j);
	for (size_t i = 0; i < j->chunks.n; i++) {
		const struct journal_chunk *c = j->chunks.v[i];

		slot_name(c->slot, name);
		CLEANUP(io_closep) int fd = openat(j->dirfd, name, O_RDWR | O_CLOEXEC);

		if (fd >= 0 && ftruncate(fd, (off_t)c->used_blocks * j->block_bytes) < 0)
			continue; /* it stays longer than it has to be */
	}
}

int journal_errno(const struct journal *j) { return atomic_load(&j->grow_errno); }
