/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables into the kernel.
 *
 * Cells are handed out from the start of the space and never taken back: a recording sees some
 * hundreds of files, and their tables stay right as long as it lasts.  The rows of a file are
 * written in the order of its buckets; a bucket that would run over the end of a shard starts
 * a new one, with the row that holds at its start written once more.
 *
 * Shards are mapped here, so filling them is copying; the kernel looks at none before the
 * file's entry says READY.  They are made several at a time (see map_fill.c).
 */
#include "capture/bpf/tables.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "capture/bpf/map_fill.h"
#include "capture/track.h"
#include "format/elf.h"
#include "module/module.h"
#include "unwind/build.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { SHARDS_AT_ONCE = 8, SHARD_BYTES = BPF_UNWIND_SHARD_CELLS * 8, ROWS_OF_BUCKET_MAX = 257 };
enum { LOOK_AGAIN_NS = 12000000, TRIES = 50 };
_Static_assert(sizeof(struct unwind_row) == 8 && sizeof(struct bpf_unwind_bucket) == 8, "cells");

/* Asked for, and not found yet. */
struct pending {
	struct bpf_unwind_wanted wanted;
	unsigned tries;
};

struct bpf_tables {
	int shards_fd, files_fd;
	struct ring_buffer *wants;
	int timer_fd, poll_fd;
	VEC(struct pending) pending;
	VEC(struct unwind_row *) shards; /* mapped */
	uint64_t next_cell;
	struct map modules;              /* tracker's module id -> index + 1 in `known` */
	VEC(struct bpf_unwind_module) known;
	struct bpf_tables_totals totals;
};

/* --- cells --------------------------------------------------------------------------------------- */

static struct err *add_shards(struct bpf_tables *t)
{
	int fds[SHARDS_AT_ONCE], count = 0;
	LIBBPF_OPTS(bpf_map_create_opts, create, .map_flags = BPF_F_MMAPABLE);
	struct err *err = NULL;
	size_t first = t->shards.n;

	if (first + SHARDS_AT_ONCE > BPF_UNWIND_SHARDS)
		return err_new(ERR_LIMIT, "unwind tables take more than %d MiB in the kernel",
			       BPF_UNWIND_SHARDS / 1024 * SHARD_BYTES / 1024);
	for (; count < SHARDS_AT_ONCE && !err; count++) {
		fds[count] = bpf_map_create(BPF_MAP_TYPE_ARRAY, "sonde_unwind", 4, SHARD_BYTES, 1, &create);

		void *mapped = fds[count] < 0 ? MAP_FAILED
					      : mmap(NULL, SHARD_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fds[count], 0);

		if (mapped == MAP_FAILED)
			err = err_errno(errno, "cannot make room for unwind tables in the kernel");
		else
			vec_push(&t->shards, mapped);
	}
	if (!err)
		err = bpf_map_fill(t->shards_fd, first, fds, SHARDS_AT_ONCE);
	for (int i = 0; i < count; i++)
		io_closep(&fds[i]); /* the outer map holds them */
	return err;
}

static struct unwind_row *cell(const struct bpf_tables *t, uint64_t at)
{
	return &t->shards.v[at / BPF_UNWIND_SHARD_CELLS][at % BPF_UNWIND_SHARD_CELLS];
}

static struct err *reserve_up_to(struct bpf_tables *t, uint64_t end)
{
	while (end > (uint64_t)t->shards.n * BPF_UNWIND_SHARD_CELLS)
		TRY(add_shards(t));
	return NULL;
}

/* --- one file --------------------------------------------------------------------------------------- */

struct layout {
	struct bpf_tables *t;
	const struct unwind_table *table;
	struct bpf_unwind_module module;
	size_t last_row;    /* the row that was written last, SIZE_MAX: none */
	uint64_t last_cell; /* where */
};

/* Index of the row that holds at VADDR; SIZE_MAX: it is before the first. */
static size_t row_at(const struct unwind_table *table, uint64_t vaddr)
{
	size_t low = 0, high = table->row_count;

	if (vaddr < table->base_vaddr)
		return SIZE_MAX;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->rows[middle].pc <= vaddr - table->base_vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : SIZE_MAX;
}

/* The same for a VADDR behind that of ROW: the table is gone over once. */
static size_t row_further_on(const struct unwind_table *table, size_t row, uint64_t vaddr)
{
	while (row + 1 < table->row_count && table->base_vaddr + table->rows[row + 1].pc <= vaddr) /* SIZE_MAX + 1 is 0 */
		row++;
	return row;
}

/* Write ROW with its pc as file offset.  The first row of a bucket is never compared: its pc
 * may lie anywhere before. */
static void put_row(struct layout *l, size_t row, const struct elf_load *segment)
{
	struct unwind_row out = { 0 }; /* nothing is known before the first row */

	if (row != SIZE_MAX) {
		uint64_t vaddr = l->table->base_vaddr + l->table->rows[row].pc;

		out = l->table->rows[row];
		out.pc = vaddr < segment->vaddr ? 0 : (uint32_t)(vaddr - segment->vaddr + segment->offset);
	}
	*cell(l->t, l->t->next_cell) = out;
	l->last_row = row;
	l->last_cell = l->t->next_cell++;
	l->t->totals.rows++;
}

/* FIRST holds at the bucket's start, those up to LAST begin inside. */
static struct err *put_bucket(struct layout *l, uint64_t bucket, size_t first, size_t last,
			      const struct elf_load *segment)
{
	size_t more = last == SIZE_MAX ? 0 : last - first; /* SIZE_MAX + 1 is 0 */
	uint64_t left = BPF_UNWIND_SHARD_CELLS - l->t->next_cell % BPF_UNWIND_SHARD_CELLS;
	bool shared = l->last_row == first && l->last_cell + 1 == l->t->next_cell && left < BPF_UNWIND_SHARD_CELLS &&
		      more <= left;

	if (more >= ROWS_OF_BUCKET_MAX)
		more = ROWS_OF_BUCKET_MAX - 1;
	TRY(reserve_up_to(l->t, l->t->next_cell + left + more + 1));
	if (!shared) {
		if (more + 1 > left)
			l->t->next_cell += left;
		put_row(l, first, segment);
	}

	struct bpf_unwind_bucket where = { .first = (uint32_t)l->last_cell, .count = (uint32_t)more + 1 };

	for (size_t i = 0; i < more; i++)
		put_row(l, first + 1 + i, segment);
	memcpy(cell(l->t, l->module.buckets + bucket), &where, sizeof(where));
	return NULL;
}

static struct err *put_segment(struct layout *l, const struct elf_load *segment)
{
	uint64_t end = segment->offset + segment->file_bytes;
	size_t first = row_at(l->table, segment->vaddr), last;

	l->last_row = SIZE_MAX;
	l->last_cell = UINT64_MAX - 1;
	for (uint64_t b = segment->offset >> BPF_UNWIND_BUCKET_SHIFT; b << BPF_UNWIND_BUCKET_SHIFT < end; b++) {
		uint64_t from = b << BPF_UNWIND_BUCKET_SHIFT, to = (b + 1) << BPF_UNWIND_BUCKET_SHIFT;

		if (from < segment->offset)
			from = segment->offset;
		if (to > end)
			to = end;

		first = row_further_on(l->table, first, from - segment->offset + segment->vaddr);
		last = row_further_on(l->table, first, to - 1 - segment->offset + segment->vaddr);
		TRY(put_bucket(l, b - l->module.first_bucket, first, last, segment));
		first = last;
	}
	return NULL;
}

static bool is_code(const struct elf_load *s)
{
	return s->type == PT_LOAD && (s->flags & PF_X) && s->file_bytes && s->offset < UINT32_MAX &&
	       s->file_bytes < UINT32_MAX - s->offset;
}

/* Where the code of the file lies, in buckets; false: it has none. */
static bool span_of(const struct elf_file *f, struct bpf_unwind_module *module)
{
	uint64_t from = UINT64_MAX, to = 0;

	for (size_t i = 0; i < f->segment_count; i++) {
		const struct elf_load *s = &f->segments[i];

		if (!is_code(s))
			continue;
		from = s->offset < from ? s->offset : from;
		to = s->offset + s->file_bytes > to ? s->offset + s->file_bytes : to;
	}
	if (from >= to)
		return false;
	module->first_bucket = (uint32_t)(from >> BPF_UNWIND_BUCKET_SHIFT);
	module->bucket_count = (uint32_t)((to - 1) >> BPF_UNWIND_BUCKET_SHIFT) - module->first_bucket + 1;
	return true;
}

static struct err *put_table(struct bpf_tables *t, const struct elf_file *f, const struct unwind_table *table,
			     struct bpf_unwind_module *ret)
{
	struct layout l = { .t = t, .table = table };

	if (!span_of(f, &l.module))
		return NULL;
	TRY(reserve_up_to(t, t->next_cell + l.module.bucket_count));
	l.module.buckets = (uint32_t)t->next_cell;
	t->next_cell += l.module.bucket_count;
	for (size_t i = 0; i < f->segment_count; i++)
		if (is_code(&f->segments[i]))
			TRY(put_segment(&l, &f->segments[i]));
	l.module.state = BPF_UNWIND_READY;
	*ret = l.module;
	return NULL;
}

/* The tracker has the table, for stacks that are unwound here; FD tells where in the file it holds. */
static struct err *build(struct bpf_tables *t, const struct unwind_table *table, int fd, const char *name,
			 struct bpf_unwind_module *ret)
{
	struct io_map map = { 0 };
	struct elf_file f = { 0 };

	TRY(io_map_fd(fd, name, &map));

	struct err *err = elf_init(&f, (struct bytes){ map.data, map.size_bytes });

	if (!err) {
		err = put_table(t, &f, table, ret);
		elf_deinit(&f);
	}
	io_map_deinit(&map);
	return err;
}

/* --- the interface ------------------------------------------------------------------------------------- */

static struct bpf_unwind_module prepare_module(struct bpf_tables *t, struct track *track, uint32_t id)
{
	struct bpf_unwind_module module = { .state = BPF_UNWIND_NO_TABLE };
	struct module_key key;
	uint64_t start_ns = clock_now_ns();
	bool is_new;
	uint64_t *index = map_get(&t->modules, id, &is_new);

	if (!is_new)
		return t->known.v[*index];
	*index = t->known.n;

	const struct unwind_table *table = id ? track_unwind_table(track, id) : NULL;

	if (table && table->row_count && track_module_key(track, id, &key) && key.fd >= 0) {
		struct err *err = build(t, table, key.fd, key.path, &module);

		if (err)
			log_debug("no unwind table of %s in the kernel: %s", key.path, err_message(err));
		err_destroy(err);
	}
	vec_push(&t->known, module);
	t->totals.files += module.state == BPF_UNWIND_READY;
	t->totals.without += module.state != BPF_UNWIND_READY;
	t->totals.build_ns += clock_now_ns() - start_ns;
	return module;
}

/* False: the tracker has not heard of that mapping yet. */
static bool prepare(struct bpf_tables *t, const struct bpf_unwind_wanted *wanted, struct track *track, bool last_try)
{
	uint32_t id = track_module_at(track, (pid_t)wanted->pid, wanted->addr);

	if (id == 0 && !last_try)
		return false;

	struct bpf_unwind_module module = id ? prepare_module(t, track, id)
					     : (struct bpf_unwind_module){ .state = BPF_UNWIND_NO_TABLE };
	int failed = id ? bpf_map_update_elem(t->files_fd, &wanted->file, &module, BPF_ANY)
			: bpf_map_delete_elem(t->files_fd, &wanted->file); /* who maps it next asks again */

	if (failed)
		log_debug("cannot announce an unwind table: %s", strerror(-failed));
	return true;
}

static int take_wanted(void *user, void *data, size_t size_bytes)
{
	struct bpf_tables *t = user;
	struct pending p = { 0 };

	if (size_bytes >= sizeof(p.wanted)) {
		memcpy(&p.wanted, data, sizeof(p.wanted));
		vec_push(&t->pending, p);
	}
	return 0;
}

/* Mappings are told of a moment (the slack of who merges the rings) after they were made. */
static void look_again(const struct bpf_tables *t, bool later)
{
	struct itimerspec when = { .it_value.tv_nsec = later ? LOOK_AGAIN_NS : 0 };

	timerfd_settime(t->timer_fd, 0, &when, NULL);
}

void bpf_tables_prepare(struct bpf_tables *t, struct track *track)
{
	size_t left = 0;
	bool waited = t->pending.n > 0;

	ring_buffer__consume(t->wants);
	for (size_t i = 0; i < t->pending.n; i++) {
		struct pending p = t->pending.v[i];

		if (!prepare(t, &p.wanted, track, ++p.tries > TRIES))
			t->pending.v[left++] = p;
	}
	t->pending.n = left;
	if (left || waited)
		look_again(t, left > 0);
}

int bpf_tables_fd(const struct bpf_tables *t) { return t->poll_fd; }

void bpf_tables_get_totals(const struct bpf_tables *t, struct bpf_tables_totals *ret)
{
	*ret = t->totals;
	ret->bytes = (uint64_t)t->shards.n * SHARD_BYTES;
}

static struct err *poll_also(const struct bpf_tables *t, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(t->poll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? NULL : err_errno(errno, "cannot poll");
}

static struct err *open_parts(struct bpf_tables *t, const struct bpf_table_maps *maps)
{
	t->wants = ring_buffer__new(bpf_map__fd(maps->wants), take_wanted, t, NULL);
	if (!t->wants)
		return err_errno(errno, "cannot read which unwind tables are wanted");
	t->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	t->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	TRY(poll_also(t, ring_buffer__epoll_fd(t->wants)));
	TRY(poll_also(t, t->timer_fd));
	return add_shards(t);
}

struct err *bpf_tables_open(const struct bpf_table_maps *maps, struct bpf_tables **ret)
{
	struct bpf_tables *t = mem_calloc(1, sizeof(*t));

	t->timer_fd = t->poll_fd = -1;
	t->shards_fd = bpf_map__fd(maps->shards);
	t->files_fd = bpf_map__fd(maps->files);
	map_init(&t->modules);

	struct err *err = open_parts(t, maps);

	if (err) {
		bpf_tables_close(t);
		t = NULL;
	}
	*ret = t;
	return err;
}

void bpf_tables_close(struct bpf_tables *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->shards.n; i++)
		munmap(t->shards.v[i], SHARD_BYTES);
	ring_buffer__free(t->wants);
	io_closep(&t->timer_fd);
	io_closep(&t->poll_fd);
	vec_deinit(&t->shards);
	vec_deinit(&t->pending);
	vec_deinit(&t->known);
	map_deinit(&t->modules);
	free(t);
}
