/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two binary searches and two short decodes an address: no part of the file is read that
 * the answer does not need, so that a single question costs a few page faults.
 */
#include "sym/index_file.h"

#include "base/io.h"
#include "base/mem.h"
#include "module/index_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

enum { BYTE_ORDER_MARK = 0x01020304, FRAMES_MAX = 4096, FRAMES_LOCAL = 24 };

uint32_t index_check(const void *page, size_t size_bytes)
{
	return (uint32_t)XXH3_64bits(page, size_bytes);
}

/* --- open -------------------------------------------------------------------------------- */

static bool part_ok(struct bytes image, const struct index_part *p, size_t item_bytes)
{
	return p->offset <= image.size_bytes && p->size_bytes <= image.size_bytes - p->offset &&
	       p->offset % 8 == 0 && p->size_bytes % item_bytes == 0;
}

static struct bytes part_bytes(struct bytes image, const struct index_part *p)
{
	return (struct bytes){ image.data + p->offset, (size_t)p->size_bytes };
}

static const char *header_trouble(struct bytes image, const struct index_header *h, uint64_t key)
{
	if (memcmp(h->magic, INDEX_MAGIC, sizeof(h->magic)) != 0)
		return "not an index";
	if (h->check != XXH3_64bits(h, offsetof(struct index_header, check)))
		return "damaged";
	if (h->key != key)
		return "of another file";
	if (h->file_bytes != image.size_bytes)
		return "cut short";
	if (!part_ok(image, &h->blobs, 1) || !part_ok(image, &h->strings, 1) ||
	    !part_ok(image, &h->functions, sizeof(struct index_interval)) ||
	    !part_ok(image, &h->lines, sizeof(struct index_interval)) ||
	    !part_ok(image, &h->files, sizeof(struct index_path)) || !part_ok(image, &h->checks, 4) ||
	    h->checks.offset < INDEX_HEADER_BYTES ||
	    h->checks.size_bytes / 4 != (h->checks.offset - 1) / INDEX_PAGE_BYTES ||
	    h->checks_hash != XXH3_64bits(image.data + h->checks.offset, h->checks.size_bytes))
		return "damaged";
	return NULL;
}

static bool is_of_another_version(struct bytes image, const struct index_header *h)
{
	return image.size_bytes >= INDEX_HEADER_BYTES && memcmp(h->magic, INDEX_MAGIC, sizeof(h->magic)) == 0 &&
	       (h->byte_order != BYTE_ORDER_MARK || h->version != INDEX_VERSION);
}

struct err *index_file_open_bytes(struct bytes image, uint64_t key, struct index_file *ret)
{
	const struct index_header *h = (const void *)image.data;
	const char *trouble;

	*ret = (struct index_file){ .image = image, .header = h };
	if (is_of_another_version(image, h))
		return err_new(ERR_UNSUPPORTED, "the index is of another version");
	trouble = image.size_bytes < INDEX_HEADER_BYTES ? "cut short" : header_trouble(image, h, key);
	if (trouble != NULL)
		return err_new(ERR_FORMAT, "the index is %s", trouble);
	ret->blobs = part_bytes(image, &h->blobs);
	ret->strings = part_bytes(image, &h->strings);
	ret->functions = (const void *)(image.data + h->functions.offset);
	ret->lines = (const void *)(image.data + h->lines.offset);
	ret->files = (const void *)(image.data + h->files.offset);
	ret->function_count = (size_t)(h->functions.size_bytes / sizeof(*ret->functions));
	ret->line_count = (size_t)(h->lines.size_bytes / sizeof(*ret->lines));
	ret->file_count = (size_t)(h->files.size_bytes / sizeof(*ret->files));
	ret->checks = (const void *)(image.data + h->checks.offset);
	ret->page_count = (size_t)(h->checks.size_bytes / 4);
	ret->checked = mem_calloc(ret->page_count / 64 + 2, sizeof(*ret->checked));
	return NULL;
}

struct err *index_file_open_fd(int fd, uint64_t key, struct index_file *ret)
{
	struct io_map map;
	struct err *err;

	*ret = (struct index_file){ 0 };
	TRY(io_map_fd(fd, "the index", &map));
	err = index_file_open_bytes((struct bytes){ map.data, map.size_bytes }, key, ret);
	ret->map = map;
	if (err != NULL)
		index_file_close(ret);
	return err;
}

struct err *index_file_open(const char *path, uint64_t key, struct index_file *ret)
{
	CLEANUP(io_closep) int fd = -1;

	*ret = (struct index_file){ 0 };
	TRY(index_cache_open(path, &fd));
	return err_wrap(index_file_open_fd(fd, key, ret), "%s", path);
}

void index_file_close(struct index_file *f)
{
	io_map_deinit(&f->map);
	free((void *)f->checked);
	*f = (struct index_file){ 0 };
}

/* --- finding ----------------------------------------------------------------------------- */

static _Atomic uint64_t *damage_word(const struct index_file *f) { return &f->checked[f->page_count / 64 + 1]; }

bool index_file_is_damaged(const struct index_file *f)
{
	return atomic_load_explicit(damage_word(f), memory_order_relaxed) != 0;
}

/* For `return`: what was asked for is not to be had. */
static bool damaged(const struct index_file *f)
{
	atomic_store_explicit(damage_word(f), 1, memory_order_relaxed);
	return false;
}

static bool check_page(const struct index_file *f, size_t page)
{
	_Atomic uint64_t *word = &f->checked[page / 64];
	uint64_t bit = (uint64_t)1 << page % 64;
	uint64_t from = (page + 1) * (uint64_t)INDEX_PAGE_BYTES, to = f->header->checks.offset;

	if (atomic_load_explicit(word, memory_order_relaxed) & bit)
		return true;
	if (to - from > INDEX_PAGE_BYTES)
		to = from + INDEX_PAGE_BYTES;
	if (f->checks[page] != index_check(f->image.data + from, (size_t)(to - from)))
		return damaged(f);
	atomic_fetch_or_explicit(word, bit, memory_order_relaxed);
	return true;
}

static bool pages_are_sound(const struct index_file *f, uint64_t at, size_t size_bytes)
{
	if (f->checks == NULL)
		return true;
	if (at < INDEX_PAGE_BYTES || size_bytes == 0)
		return false;
	for (uint64_t page = at / INDEX_PAGE_BYTES - 1; page <= (at + size_bytes - 1) / INDEX_PAGE_BYTES - 1; page++)
		if (page >= f->page_count || !check_page(f, (size_t)page))
			return damaged(f);
	return true;
}

/* Are these bytes of the image as they were written? */
static inline bool is_sound(const struct index_file *f, const void *bytes, size_t size_bytes)
{
	return f->is_checked || pages_are_sound(f, (uint64_t)((const uint8_t *)bytes - f->image.data), size_bytes);
}

/* All texts end, and none is longer than a reader would believe. */
static bool strings_are_sound(const struct index_file *f)
{
	size_t length = 0;

	for (uint64_t at = 0; at < f->strings.size_bytes; at += length + 1)
		if (bytes_text_length(f->strings, at, &length) == NULL)
			return damaged(f);
	return true;
}

void index_file_check(struct index_file *f)
{
	if (f->is_checked)
		return;
	/* One call instead of a fault for every few pages; where it can't be had, those. */
	madvise((void *)(uintptr_t)f->image.data, f->image.size_bytes, MADV_POPULATE_READ);
	for (size_t page = 0; f->checks != NULL && page < f->page_count; page++)
		if (!check_page(f, page))
			return;
	f->is_checked = strings_are_sound(f);
}

/* NULL for 0, and for what is damaged. */
static const char *string_at(const struct index_file *f, uint64_t id)
{
	size_t length;

	if (f->is_checked)
		return id != 0 && id < f->strings.size_bytes ? (const char *)f->strings.data + id : NULL;

	const char *text = id == 0 ? NULL : bytes_text_length(f->strings, id, &length);

	if (id != 0 && text == NULL)
		damaged(f);
	return text != NULL && is_sound(f, text, length + 1) ? text : NULL;
}

static void path_at(const struct index_file *f, uint64_t id, struct dwarf_path *ret)
{
	*ret = (struct dwarf_path){ NULL, NULL, NULL };
	if (id >= f->file_count)
		damaged(f);
	if (id == 0 || id >= f->file_count || !is_sound(f, &f->files[id], sizeof(f->files[id])))
		return;
	ret->comp_dir = string_at(f, f->files[id].comp_dir);
	ret->dir = string_at(f, f->files[id].dir);
	ret->name = string_at(f, f->files[id].name);
}

static const struct index_interval *find_interval(const struct index_file *f, const struct index_interval *v,
						  size_t count, uint64_t addr)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (!is_sound(f, &v[middle], sizeof(*v)))
			return NULL;
		if (v[middle].low <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && addr < v[low - 1].high ? &v[low - 1] : NULL;
}

/* The payload of a blob; bad when it is damaged. */
static struct cursor open_blob(const struct index_file *f, uint64_t offset)
{
	struct cursor c = cursor_at(f->blobs, offset, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	const uint8_t *from = c.at;
	uint32_t size_bytes = cursor_u32(&c);

	if (c.bad || size_bytes > cursor_left(&c) || !is_sound(f, from, 4) ||
	    !is_sound(f, from, 4 + (size_t)size_bytes)) {
		damaged(f);
		cursor_fail(&c);
	} else {
		c.end = c.at + size_bytes;
	}
	return c;
}

struct line_answer {
	bool found;
	uint64_t file;
	uint32_t line, column, discriminator;
};

static struct line_answer find_line(const struct index_file *f, uint64_t addr)
{
	const struct index_interval *in = find_interval(f, f->lines, f->line_count, addr);
	struct line_answer row = { 0 }, best = { 0 };

	if (in == NULL)
		return best;

	struct cursor c = open_blob(f, in->blob);
	uint64_t at = cursor_uleb(&c);

	while (!cursor_done(&c)) {
		uint64_t advance = cursor_uleb(&c);

		at += advance >> 3;
		row.line += (uint32_t)cursor_sleb(&c);
		if (advance & 2)
			row.file = cursor_uleb(&c);
		if (advance & 1)
			row.column = (uint32_t)cursor_uleb(&c);
		if (advance & 4)
			row.discriminator = (uint32_t)cursor_uleb(&c);
		if (c.bad || at > addr)
			break;
		best = row;
		best.found = true;
	}
	return best;
}

/* Of the record that is innermost at ADDR: its offset plus 1; 0: the function itself. */
static uint64_t find_record(struct cursor *c, uint64_t addr, uint64_t base)
{
	uint64_t marks = cursor_uleb(c), at = base, record = 0, skip = 0, from_addr = base, from_record = 0, from_skip = 0;

	for (; marks > 0 && !c->bad; marks--) {
		at += cursor_uleb(c);
		skip += cursor_uleb(c);
		record += (uint64_t)cursor_sleb(c);
		if (at > addr)
			continue;
		from_addr = at;
		from_record = record;
		from_skip = skip;
	}
	cursor_skip(c, from_skip);
	at = from_addr;
	record = from_record;
	while (!cursor_done(c)) {
		uint64_t next;

		at += cursor_uleb(c);
		next = record + (uint64_t)cursor_sleb(c);
		if (c->bad || at > addr)
			break;
		record = next;
	}
	return record;
}

struct frames {
	struct arena *arena;
	struct index_frame *v;
	size_t n, cap;
	struct index_frame local[FRAMES_LOCAL]; /* not initialised */
};

/* Innermost first.  Few chains are deeper than FRAMES_LOCAL: those grow by doubling. */
static struct index_frame *add_frame(struct frames *f)
{
	if (f->n == f->cap) {
		struct index_frame *more = ARENA_ARRAY(f->arena, struct index_frame, f->cap * 2);

		memcpy(more, f->v, f->n * sizeof(*more));
		f->v = more;
		f->cap *= 2;
	}
	f->v[f->n] = (struct index_frame){ 0 };
	return &f->v[f->n++];
}

/* The calls from RECORD outwards; each frame's place is in the record of the one before it. */
static void add_calls(const struct index_file *f, struct bytes records, uint64_t record, struct frames *frames)
{
	struct dwarf_path place = { NULL, NULL, NULL };
	uint32_t line = 0, column = 0;

	while (record > 0 && frames->n + 1 < FRAMES_MAX) {
		struct cursor c = cursor_at(records, record - 1, false);
		uint64_t back = cursor_uleb(&c);
		struct index_frame *frame = add_frame(frames);

		frame->path = place;
		frame->line = line;
		frame->column = column;
		frame->inlined = true;
		frame->function = string_at(f, cursor_uleb(&c));
		path_at(f, cursor_uleb(&c), &place);
		line = (uint32_t)cursor_uleb(&c);
		column = (uint32_t)cursor_uleb(&c);
		record = c.bad || back == 0 || back >= record ? 0 : record - back;
	}

	struct index_frame *function = add_frame(frames);

	function->path = place;
	function->line = line;
	function->column = column;
}

static void read_function(const struct index_file *f, const struct index_interval *in, uint64_t addr,
			  struct frames *frames)
{
	struct cursor c = open_blob(f, in->blob);
	uint64_t base = cursor_uleb(&c), name = cursor_uleb(&c), record = 0, size_bytes;
	struct bytes records = { 0 };

	if (c.bad)
		return;
	if (!cursor_done(&c)) {
		size_bytes = cursor_uleb(&c);
		records = (struct bytes){ c.at, size_bytes < cursor_left(&c) ? (size_t)size_bytes : cursor_left(&c) };
		cursor_skip(&c, size_bytes);
		record = find_record(&c, addr, base);
	}
	add_calls(f, records, record, frames);
	vec_last(frames)->function = string_at(f, name);
}

void index_file_find(const struct index_file *f, uint64_t addr, struct arena *a, struct index_chain *ret)
{
	const struct index_interval *in = find_interval(f, f->functions, f->function_count, addr);
	struct line_answer line = find_line(f, addr);
	struct frames frames;

	*ret = (struct index_chain){ 0 };
	frames.arena = a;
	frames.v = frames.local;
	frames.n = 0;
	frames.cap = FRAMES_LOCAL;
	if (in != NULL)
		read_function(f, in, addr, &frames);
	if (frames.n == 0 && !line.found)
		return;
	if (frames.n == 0)
		add_frame(&frames);
	if (line.found) {
		struct index_frame *innermost = &frames.v[0];

		path_at(f, line.file, &innermost->path);
		innermost->line = line.line;
		innermost->column = line.column;
		innermost->discriminator = line.discriminator;
	}
	ret->count = frames.n;
	ret->frames = arena_alloc(a, frames.n * sizeof(*ret->frames));
	memcpy(ret->frames, frames.v, frames.n * sizeof(*ret->frames));
}
