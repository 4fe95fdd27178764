/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The other side of the memory belongs to programs that may be broken or hostile.  So
 * each chunk is copied out first and read from the copy, which nobody changes meanwhile;
 * a record with an impossible length ends its chunk and is counted.
 *
 * A chunk is given back when its owner closed it, or can't write any more: the process is
 * gone, or runs another program by now (a later START under its pid).
 *
 * One drain collects what the log and all chunks have, sorts it by time, and hands it on.
 */
#include "capture/preload/ring_reader.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOG_PATIENCE_NS UINT64_C(1000000000)

typedef VEC(struct ring_item) item_vec;

struct ring_reader {
	char *path; /* of the link */
	int fd;     /* of the memory */
	struct agent_header *header;
	struct agent_log_entry *log;
	struct agent_owner *owners;
	uint8_t *chunks;
	uint64_t log_read, log_waiting_ns; /* since when the next entry is not finished */
	uint32_t *cursors;                 /* bytes read, a chunk */
	struct map images;                 /* pid -> image_ns of its latest program */
	struct map alive;                  /* pid -> 1 gone, 2 there; of one drain */
	struct arena text;                 /* copies of one drain */
	item_vec items;
	uint64_t malformed;
};

/* --- making it ------------------------------------------------------------------------------ */

/* The memory has no name that other programs could open but /proc/PID/fd/N of ours; the
 * link in the recording leads there.  When we die it leads nowhere, and the memory ends
 * with the last program that has it mapped. */
static struct err *make_link(const char *path, int fd)
{
	char target[64];

	snprintf(target, sizeof(target), "/proc/%d/fd/%d", (int)getpid(), fd);
	unlink(path);
	if (symlink(target, path) != 0)
		return err_errno(errno, "cannot make %s", path);
	return NULL;
}

static struct err *make_memory(int *fd, struct agent_header **ret)
{
	void *ring = MAP_FAILED;

	*fd = memfd_create("sonde-cpu-timer", MFD_CLOEXEC);
	if (*fd >= 0 && ftruncate(*fd, (off_t)AGENT_RING_BYTES) == 0)
		ring = mmap(NULL, AGENT_RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (ring != MAP_FAILED) {
		*ret = ring;
		return NULL;
	}

	struct err *err = err_errno(errno, "cannot make %llu MiB of shared memory",
				    (unsigned long long)AGENT_RING_BYTES >> 20);

	io_closep(fd);
	return err;
}

static void fill_header(struct agent_header *h, const struct ring_config *config)
{
	struct stat st;

	h->version = AGENT_RING_VERSION;
	h->max_frames = config->max_frames;
	h->copies_stacks = config->copies_stacks;
	h->period_ns = config->period_ns;
	h->pid_namespace = stat("/proc/self/ns/pid", &st) == 0 ? (uint64_t)st.st_ino : 0;
	atomic_store(&h->alive_ns, clock_now_ns());
	h->magic = AGENT_RING_MAGIC;
}

struct err *ring_reader_create(const char *path, const struct ring_config *config,
			       struct ring_reader **ret)
{
	struct ring_reader *r = mem_calloc(1, sizeof(*r));
	struct err *err = make_memory(&r->fd, &r->header);

	if (!err && (err = make_link(path, r->fd)) != NULL) {
		munmap(r->header, AGENT_RING_BYTES);
		close(r->fd);
	}
	if (err) {
		free(r);
		return err;
	}

	uint8_t *base = (uint8_t *)r->header;

	r->path = mem_strdup(path);
	r->log = (struct agent_log_entry *)(base + AGENT_LOG_OFFSET);
	r->owners = (struct agent_owner *)(base + AGENT_OWNERS_OFFSET);
	r->chunks = base + AGENT_CHUNKS_OFFSET;
	r->cursors = mem_calloc(AGENT_CHUNKS, sizeof(*r->cursors));
	map_init(&r->images);
	map_init(&r->alive);
	arena_init(&r->text);
	fill_header(r->header, config);
	*ret = r;
	return NULL;
}

void ring_reader_destroy(struct ring_reader *r)
{
	if (r == NULL)
		return;
	atomic_store(&r->header->stopped, 1);
	munmap(r->header, AGENT_RING_BYTES);
	close(r->fd);
	unlink(r->path);
	free(r->path);
	free(r->cursors);
	map_deinit(&r->images);
	map_deinit(&r->alive);
	arena_deinit(&r->text);
	vec_deinit(&r->items);
	free(r);
}

void ring_reader_stop(struct ring_reader *r) { atomic_store(&r->header->stopped, 1); }

void ring_reader_losses(const struct ring_reader *r, struct ring_losses *ret)
{
	ret->samples = atomic_load(&r->header->samples_lost);
	ret->log_entries = atomic_load(&r->header->log_lost);
	ret->threads_missed = atomic_load(&r->header->threads_missed);
	ret->malformed = r->malformed;
}

/* --- the log ----------------------------------------------------------------------------------- */

static void add_log_entry(struct ring_reader *r, const struct agent_log_entry *shared)
{
	struct agent_log_entry *e = arena_alloc(&r->text, sizeof(*e));

	memcpy(e, shared, sizeof(*e));
	e->comm[sizeof(e->comm) - 1] = '\0';
	e->exe[sizeof(e->exe) - 1] = '\0';
	if (e->pid == 0 || e->pid > INT32_MAX || e->tid == 0 || e->tid > INT32_MAX) {
		r->malformed++;
		return;
	}
	if (e->kind != AGENT_LOG_EXIT) {
		uint64_t *image = map_get(&r->images, e->pid, NULL);

		if (e->time_ns > *image)
			*image = e->time_ns;
	}
	vec_push(&r->items, ((struct ring_item){ .kind = RING_LOG, .time_ns = e->time_ns, .pid = e->pid,
						 .tid = e->tid, .log = e }));
}

/* An entry that was reserved and is not finished: its writer is at it, or was killed. */
static bool wait_for_entry(struct ring_reader *r)
{
	if (r->log_waiting_ns == 0)
		r->log_waiting_ns = clock_now_ns();
	return clock_now_ns() - r->log_waiting_ns < LOG_PATIENCE_NS;
}

static void read_log(struct ring_reader *r)
{
	uint64_t next = atomic_load(&r->header->log_next);

	if (next - r->log_read > AGENT_LOG_ENTRIES) { /* can't be, unless somebody wrote nonsense */
		r->malformed++;
		r->log_read = next;
	}
	while (r->log_read < next) {
		const struct agent_log_entry *e = &r->log[r->log_read % AGENT_LOG_ENTRIES];

		if (atomic_load_explicit(&e->sequence, memory_order_acquire) != r->log_read + 1) {
			if (wait_for_entry(r))
				break;
			r->malformed++;
		} else {
			add_log_entry(r, e);
		}
		r->log_waiting_ns = 0;
		r->log_read++;
	}
	atomic_store(&r->header->log_read, r->log_read);
}

/* --- chunks --------------------------------------------------------------------------------------- */

static bool copy_is_sane(const struct agent_record *record)
{
	const struct agent_copy *c = (const struct agent_copy *)record;

	return record->size_bytes >= sizeof(*c) && c->count > 0 && c->pc_count == 0 &&
	       c->parts[0].size_bytes <= AGENT_STACK_MAX_BYTES && c->parts[1].size_bytes <= AGENT_STACK_MAX_BYTES &&
	       record->size_bytes == sizeof(*c) + c->parts[0].size_bytes + c->parts[1].size_bytes;
}

static bool sample_is_sane(const struct agent_record *record)
{
	const struct agent_sample *s = (const struct agent_sample *)record;

	if (record->flags & AGENT_STACK_COPIED)
		return copy_is_sane(record);
	return record->size_bytes >= sizeof(*s) && s->count > 0 &&
	       s->pc_count <= AGENT_MAX_FRAMES &&
	       record->size_bytes == sizeof(*s) + s->pc_count * sizeof(s->pcs[0]);
}

static bool module_is_sane(const struct agent_record *record)
{
	const struct agent_module *m = (const struct agent_module *)record;

	return record->size_bytes >= sizeof(*m) && m->path_bytes > 0 &&
	       m->path_bytes <= record->size_bytes - sizeof(*m) && m->path[m->path_bytes - 1] == '\0' &&
	       m->build_id_size <= AGENT_BUILD_ID_BYTES && m->addr + m->size_bytes >= m->addr;
}

/* False: nothing behind it can be trusted. */
static bool add_record(struct ring_reader *r, const struct agent_record *record, size_t left,
		       uint32_t pid, uint32_t chunk)
{
	struct ring_item item = { .time_ns = record->time_ns, .pid = pid, .tid = record->tid, .chunk = chunk };

	if (record->size_bytes < sizeof(*record) || record->size_bytes > left || record->size_bytes % 8)
		return false;
	if (record->tid == 0 || record->tid > INT32_MAX)
		return false;
	if (record->kind == AGENT_SAMPLE && sample_is_sane(record)) {
		item.kind = RING_SAMPLE;
		item.sample = (const struct agent_sample *)record;
	} else if (record->kind == AGENT_MODULE && module_is_sane(record)) {
		item.kind = RING_MODULE;
		item.module = (const struct agent_module *)record;
	} else {
		return false;
	}
	vec_push(&r->items, item);
	return true;
}

static void read_records(struct ring_reader *r, uint32_t index, uint32_t from, uint32_t to, uint32_t pid)
{
	uint8_t *copy = arena_alloc(&r->text, to - from);

	memcpy(copy, r->chunks + (size_t)index * AGENT_CHUNK_BYTES + from, to - from);
	for (uint32_t at = 0; at < to - from;) {
		const struct agent_record *record = (const struct agent_record *)(copy + at);
		uint32_t left = to - from - at;

		if (left < sizeof(*record) || !add_record(r, record, left, pid, index)) {
			r->malformed++;
			return;
		}
		at += record->size_bytes;
	}
}

static bool is_gone(struct ring_reader *r, uint32_t pid)
{
	bool is_new;
	uint64_t *slot = map_get(&r->alive, pid, &is_new);

	if (is_new)
		*slot = kill((pid_t)pid, 0) != 0 && errno == ESRCH ? 1 : 2;
	return *slot == 1;
}

/* Can its owner write no more?  Asked before its length is read. */
static bool is_finished(struct ring_reader *r, const struct agent_owner *owner, uint32_t state, uint32_t pid)
{
	const uint64_t *image = map_find(&r->images, pid);

	return state == AGENT_CHUNK_CLOSED || is_gone(r, pid) || (image && owner->image_ns < *image);
}

/* True when the chunk is free afterwards. */
static bool read_chunk(struct ring_reader *r, uint32_t index)
{
	struct agent_owner *owner = &r->owners[index];
	uint32_t state = atomic_load_explicit(&owner->state, memory_order_acquire), pid = owner->pid;

	if (state != AGENT_CHUNK_OWNED && state != AGENT_CHUNK_CLOSED)
		return state == AGENT_CHUNK_FREE;
	if (pid == 0 || pid > INT32_MAX) {
		r->malformed++;
		atomic_store(&owner->state, AGENT_CHUNK_FREE);
		return true;
	}

	bool finished = is_finished(r, owner, state, pid);
	uint32_t used = atomic_load_explicit(&owner->used_bytes, memory_order_acquire);
	uint32_t *cursor = &r->cursors[index];

	if (used > AGENT_CHUNK_BYTES || used < *cursor || used % 8 != 0)
		r->malformed++;
	else if (used > *cursor)
		read_records(r, index, *cursor, used, pid);
	*cursor = used;
	if (!finished)
		return false;
	*cursor = 0;
	atomic_store_explicit(&owner->state, AGENT_CHUNK_FREE, memory_order_release);
	return true;
}

static void read_chunks(struct ring_reader *r)
{
	uint32_t touched = atomic_load(&r->header->chunks_touched), lowest_free = AGENT_CHUNKS;

	for (uint32_t i = 0; i < touched && i < AGENT_CHUNKS; i++)
		if (read_chunk(r, i) && lowest_free == AGENT_CHUNKS)
			lowest_free = i;
	if (lowest_free == AGENT_CHUNKS && touched < AGENT_CHUNKS)
		lowest_free = touched;
	/* Stay dense: pages that were used are used again. */
	atomic_store(&r->header->chunk_hint, lowest_free % AGENT_CHUNKS);
}

void ring_reader_needed(struct ring_reader *r, const struct ring_item *item, uint64_t bytes)
{
	_Atomic uint32_t *needed = &r->owners[item->chunk].needed_bytes;
	uint32_t before = atomic_load_explicit(needed, memory_order_relaxed);

	if (r->owners[item->chunk].tid != item->tid)
		return; /* freed, and another's by now */
	before = before <= AGENT_STACK_MAX_BYTES ? before - before / 64 : 0; /* deep ones are remembered for a while */
	if (bytes > AGENT_STACK_MAX_BYTES)
		bytes = AGENT_STACK_MAX_BYTES;
	atomic_store_explicit(needed, bytes > before ? (uint32_t)bytes : before, memory_order_relaxed);
}

/* --- the drain --------------------------------------------------------------------------------------- */

/* Records of one time in one chunk keep their order: it is that of their addresses. */
static int item_compare(const void *a, const void *b)
{
	const struct ring_item *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return ((uintptr_t)x->log > (uintptr_t)y->log) - ((uintptr_t)x->log < (uintptr_t)y->log);
}

void ring_reader_drain(struct ring_reader *r, ring_item_fn *callback, void *user)
{
	atomic_store(&r->header->alive_ns, clock_now_ns());
	map_clear(&r->alive);
	read_log(r);
	read_chunks(r);
	vec_sort(&r->items, item_compare);
	for (size_t i = 0; i < r->items.n; i++)
		callback(user, &r->items.v[i]);
	vec_clear(&r->items);
	arena_deinit(&r->text);
}
