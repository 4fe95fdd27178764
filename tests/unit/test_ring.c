/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* capture/preload: what comes through the agents' ring, in order, and what a program that
 * writes nonsense into it can do (nothing). */
#include "capture/preload/ring_reader.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

static char path[64];

static struct agent_header *map_ring(void)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);

	void *ring = mmap(NULL, AGENT_RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	close(fd);
	assert_ptr_not_equal(ring, MAP_FAILED);
	return ring;
}

static struct ring_reader *make_reader(void)
{
	struct ring_config config = { .period_ns = 10000000, .max_frames = 16 };
	struct ring_reader *r;

	assert_null(ring_reader_create(path, &config, &r));
	return r;
}

/* --- what a good agent writes ----------------------------------------------------------- */

static void put_log(struct agent_header *ring, uint64_t index, uint32_t kind, uint64_t time_ns)
{
	struct agent_log_entry *e =
		(struct agent_log_entry *)((uint8_t *)ring + AGENT_LOG_OFFSET) + index % AGENT_LOG_ENTRIES;

	*e = (struct agent_log_entry){ .time_ns = time_ns, .kind = kind, .pid = (uint32_t)getpid(),
				       .ppid = 1, .tid = (uint32_t)getpid() };
	strcpy(e->comm, "program");
	atomic_store(&e->sequence, index + 1);
	atomic_store(&ring->log_next, index + 1);
}

/* A chunk with one sample a pair of numbers: {time, pcs}. */
static void put_samples(struct agent_header *ring, uint32_t chunk, uint32_t state, const uint64_t *times,
			size_t count)
{
	struct agent_owner *owner = (struct agent_owner *)((uint8_t *)ring + AGENT_OWNERS_OFFSET) + chunk;
	uint8_t *bytes = (uint8_t *)ring + AGENT_CHUNKS_OFFSET + (size_t)chunk * AGENT_CHUNK_BYTES;
	uint32_t used = 0;

	owner->pid = owner->tid = (uint32_t)getpid();
	owner->image_ns = 100;
	for (size_t i = 0; i < count; i++) {
		struct agent_sample *s = (struct agent_sample *)(bytes + used);

		*s = (struct agent_sample){ .record = { .size_bytes = sizeof(*s) + 16, .kind = AGENT_SAMPLE,
							.tid = (uint32_t)getpid(), .time_ns = times[i] },
					    .count = 1, .pc_count = 2 };
		s->pcs[0] = times[i];
		s->pcs[1] = 7;
		used += s->record.size_bytes;
	}
	atomic_store(&owner->used_bytes, used);
	atomic_store(&owner->state, state);
	if (atomic_load(&ring->chunks_touched) <= chunk)
		atomic_store(&ring->chunks_touched, chunk + 1);
}

struct seen {
	uint64_t times[64];
	enum ring_item_kind kinds[64];
	size_t n;
};

static void on_item(void *user, const struct ring_item *item)
{
	struct seen *seen = user;

	assert_true(seen->n < 64);
	if (item->kind == RING_SAMPLE)
		assert_int_equal(item->sample->pcs[0], item->time_ns);
	seen->kinds[seen->n] = item->kind;
	seen->times[seen->n++] = item->time_ns;
}

static void test_order(void **state)
{
	struct ring_reader *r = make_reader();
	struct agent_header *ring = map_ring();
	struct seen seen = { 0 };
	struct ring_losses losses;
	struct agent_owner *owners = (struct agent_owner *)((uint8_t *)ring + AGENT_OWNERS_OFFSET);

	assert_int_equal(ring->magic, AGENT_RING_MAGIC);
	put_log(ring, 0, AGENT_LOG_START, 100);
	put_samples(ring, 0, AGENT_CHUNK_OWNED, (uint64_t[]){ 110, 130, 150 }, 3);
	put_samples(ring, 1, AGENT_CHUNK_CLOSED, (uint64_t[]){ 100, 120 }, 2);
	ring_reader_drain(r, on_item, &seen);
	assert_int_equal(seen.n, 6);
	assert_int_equal(seen.kinds[0], RING_LOG);
	for (size_t i = 1; i < seen.n; i++)
		assert_true(seen.times[i - 1] <= seen.times[i] && seen.kinds[i] == RING_SAMPLE);
	assert_int_equal(atomic_load(&owners[0].state), AGENT_CHUNK_OWNED);
	assert_int_equal(atomic_load(&owners[1].state), AGENT_CHUNK_FREE);

	/* Only what is new comes again; a later program under the pid ends the chunk. */
	put_samples(ring, 0, AGENT_CHUNK_OWNED, (uint64_t[]){ 110, 130, 150, 170 }, 4);
	put_log(ring, 1, AGENT_LOG_START, 180);
	seen.n = 0;
	ring_reader_drain(r, on_item, &seen);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.times[0], 170);
	assert_int_equal(atomic_load(&owners[0].state), AGENT_CHUNK_FREE);
	ring_reader_losses(r, &losses);
	assert_int_equal(losses.malformed, 0);
	munmap(ring, AGENT_RING_BYTES);
	ring_reader_destroy(r);
	assert_int_not_equal(access(path, F_OK), 0);
}

/* --- copies of stacks ------------------------------------------------------------------------ */

/* One with COUNT words of stack in its two parts. */
static void put_copy(struct agent_header *ring, uint64_t first_bytes, uint64_t second_bytes, uint16_t size_bytes)
{
	struct agent_owner *owner = (struct agent_owner *)((uint8_t *)ring + AGENT_OWNERS_OFFSET);
	struct agent_copy *c = (struct agent_copy *)((uint8_t *)ring + AGENT_CHUNKS_OFFSET);

	owner->pid = owner->tid = (uint32_t)getpid();
	*c = (struct agent_copy){ .record = { .size_bytes = size_bytes, .kind = AGENT_SAMPLE, .flags = AGENT_STACK_COPIED,
					      .tid = (uint32_t)getpid(), .time_ns = 100 },
				  .count = 1, .parts = { { 0x1000, first_bytes }, { 0x9000, second_bytes } } };
	memset(c->bytes, 7, size_bytes > sizeof(*c) ? size_bytes - sizeof(*c) : 0);
	atomic_store(&owner->used_bytes, size_bytes);
	atomic_store(&owner->state, AGENT_CHUNK_CLOSED);
	atomic_store(&ring->chunks_touched, 1);
}

struct copies {
	struct ring_reader *reader;
	unsigned seen;
	uint64_t needed_bytes;
};

static void on_copy(void *user, const struct ring_item *item)
{
	struct copies *copies = user;
	const struct agent_copy *c = (const struct agent_copy *)item->sample;

	assert_int_equal(item->kind, RING_SAMPLE);
	assert_true(c->record.flags & AGENT_STACK_COPIED);
	assert_int_equal(c->bytes[c->parts[0].size_bytes + c->parts[1].size_bytes - 1], 7);
	copies->seen++;
	ring_reader_needed(copies->reader, item, copies->needed_bytes);
}

static void test_copies(void **state)
{
	struct ring_reader *r = make_reader();
	struct agent_header *ring = map_ring();
	struct agent_owner *owner = (struct agent_owner *)((uint8_t *)ring + AGENT_OWNERS_OFFSET);
	struct copies copies = { .reader = r, .needed_bytes = 640 };
	struct ring_losses losses;

	put_copy(ring, 64, 32, sizeof(struct agent_copy) + 96);
	ring_reader_drain(r, on_copy, &copies);
	assert_int_equal(copies.seen, 1);
	assert_int_equal(atomic_load(&owner->needed_bytes), 640);
	copies.needed_bytes = 64; /* what was needed once is remembered for a while */
	put_copy(ring, 64, 32, sizeof(struct agent_copy) + 96);
	ring_reader_drain(r, on_copy, &copies);
	assert_int_equal(atomic_load(&owner->needed_bytes), 630);
	copies.needed_bytes = UINT64_MAX;
	put_copy(ring, 8, 0, sizeof(struct agent_copy) + 8);
	ring_reader_drain(r, on_copy, &copies);
	assert_int_equal(atomic_load(&owner->needed_bytes), AGENT_STACK_MAX_BYTES);

	/* parts that are not there, or wrap around */
	put_copy(ring, 64, 40, sizeof(struct agent_copy) + 96);
	ring_reader_drain(r, on_copy, &copies);
	put_copy(ring, UINT64_MAX - 31, 128, sizeof(struct agent_copy) + 96);
	ring_reader_drain(r, on_copy, &copies);
	put_copy(ring, 0, 0, sizeof(struct agent_copy) - 8);
	ring_reader_drain(r, on_copy, &copies);
	assert_int_equal(copies.seen, 3);
	ring_reader_losses(r, &losses);
	assert_int_equal(losses.malformed, 3);
	munmap(ring, AGENT_RING_BYTES);
	ring_reader_destroy(r);
}

/* --- what a bad one writes ----------------------------------------------------------------- */

static uint64_t next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static void touch_item(void *user, const struct ring_item *item)
{
	uint64_t *sum = user;

	if (item->kind == RING_SAMPLE && (item->sample->record.flags & AGENT_STACK_COPIED))
		*sum += item->sample->record.size_bytes;
	else if (item->kind == RING_SAMPLE)
		for (size_t i = 0; i < item->sample->pc_count; i++)
			*sum += item->sample->pcs[i];
	else if (item->kind == RING_MODULE)
		*sum += strlen(item->module->path) + item->module->build_id[item->module->build_id_size / 2];
	else
		*sum += strlen(item->log->comm) + strlen(item->log->exe);
}

static void scribble(struct agent_header *ring, uint64_t *random)
{
	uint64_t *words = (uint64_t *)ring;
	size_t owners = AGENT_OWNERS_OFFSET / 8, chunks = AGENT_CHUNKS_OFFSET / 8;

	for (unsigned i = 0; i < 8; i++) {
		uint64_t value = next_random(random);

		value = value % 3 ? value % 64 * (value % 5 ? 1 : 0x100000001) : value;
		switch (next_random(random) % 4) {
		case 0:
			words[6 + next_random(random) % 10] = value; /* behind the limits */
			break;
		case 1:
			words[AGENT_LOG_OFFSET / 8 + next_random(random) % 4096] = value;
			break;
		case 2:
			words[owners + next_random(random) % 64] = value;
			break;
		default:
			words[chunks + next_random(random) % 8192] = value;
		}
	}
}

static void test_nonsense(void **state)
{
	struct ring_reader *r = make_reader();
	struct agent_header *ring = map_ring();
	struct ring_losses losses;
	uint64_t random = 99, sum = 0;

	for (unsigned round = 0; round < 3000; round++) {
		if (round % 16 == 0) {
			put_log(ring, atomic_load(&ring->log_read) % (UINT64_MAX / 2), AGENT_LOG_FORK, round);
			put_samples(ring, round / 16 % 8, AGENT_CHUNK_OWNED, (uint64_t[]){ round, round + 1 }, 2);
			atomic_store(&ring->chunks_touched, 8);
		}
		scribble(ring, &random);
		ring_reader_drain(r, touch_item, &sum);
	}
	ring_reader_losses(r, &losses);
	assert_int_not_equal(losses.malformed, 0);
	munmap(ring, AGENT_RING_BYTES);
	ring_reader_destroy(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_order), cmocka_unit_test(test_copies),
					     cmocka_unit_test(test_nonsense) };

	snprintf(path, sizeof(path), "/tmp/sonde-ring-%06d", (int)getpid() % 1000000);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
