/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The side log is read first and gives the types; then every chunk is looked through block
 * by block.  A count is taken once, checked against the block, and used from there on:
 * a live recorder may raise it meanwhile.
 *
 * A live chunk may be recycled while it is copied.  Its sequence number is read before and
 * after; when it changed, the rows are in segments by now, and the copy is dropped.
 */
#include "record/journal_read.h"

#include "base/mem.h"
#include "record/check.h"
#include "record/journal_format.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK_FILES_MAX = 65536, LOST_TEXTS_MAX = 1 << 20 };

static struct err *bad(const char *what)
{
	return err_new(ERR_FORMAT, "its journal is damaged: %s", what);
}

/* A part of it can't be read, the rest can: the first such part is told. */
static struct err *go_on_without(struct journal_view *v, struct err *err)
{
	if (!err_is(err, ERR_FORMAT))
		return err;
	if (v->damage)
		err_destroy(err);
	else
		v->damage = err;
	return NULL;
}

/* --- side log ------------------------------------------------------------------------------------
 */

/* NUL-terminated texts one after the other in a record. */
struct texts {
	const char *p, *end;
	bool bad;
};

static const char *next_text(struct texts *t)
{
	const char *text = t->p,
		   *nul = t->p < t->end ? memchr(t->p, 0, (size_t)(t->end - t->p)) : NULL;

	if (nul == NULL) {
		t->bad = true;
		return "";
	}
	t->p = nul + 1;
	return text;
}

static uint32_t load_u32(const uint8_t *p)
{
	uint32_t n;

	memcpy(&n, p, 4);
	return n;
}

static void read_field(struct journal_view *v, struct texts *t, struct event_field *f)
{
	f->kind = (enum field_kind)strtoul(next_text(t), NULL, 10);
	f->unit = (enum field_unit)strtoul(next_text(t), NULL, 10);
	unsigned long offset = strtoul(next_text(t), NULL, 10);

	if (offset > UINT16_MAX)
		t->bad = true;
	f->offset = (uint16_t)offset;
	f->name = arena_strdup(&v->arena, next_text(t));
	f->ref = arena_strdup(&v->arena, next_text(t));
	f->prose = arena_strdup(&v->arena, next_text(t));
	if (f->ref[0] == '\0')
		f->ref = NULL;
}

static struct err *read_type(struct journal_view *v, const uint8_t *p, size_t bytes)
{
	struct event_type *type = ARENA_NEW(&v->arena, struct event_type);
	struct texts t = { (const char *)p + 16, (const char *)p + bytes, false };

	if (bytes < 16 || load_u32(p) > TYPE_MAX || load_u32(p + 4) > UINT16_MAX ||
	    load_u32(p + 12) > bytes / 6)
		return bad("an event type cannot be read");
	type->row_bytes = (uint16_t)load_u32(p + 4);
	type->side = load_u32(p + 8) != 0;
	type->field_count = (uint16_t)load_u32(p + 12);
	type->name = arena_strdup(&v->arena, next_text(&t));
	type->prose = arena_strdup(&v->arena, next_text(&t));

	struct event_field *fields = ARENA_ARRAY(&v->arena, struct event_field, type->field_count);

	for (unsigned i = 0; i < type->field_count && !t.bad; i++)
		read_field(v, &t, &fields[i]);
	type->fields = fields;
	if (t.bad)
		return bad("an event type cannot be read");
	struct err *err = check_type(type);

	if (err != NULL) {
		struct err *damage = bad(err_message(err));

		err_destroy(err);
		return damage;
	}
	v->types[load_u32(p)] = type;
	return NULL;
}

static struct err *read_string(struct journal_view *v, const uint8_t *p, size_t bytes)
{
	struct journal_text text = { (const char *)p + 8, bytes - 8 };

	if (bytes < 8 || load_u32(p) < v->texts.n)
		return bad("its strings are not in order");
	/* On a full disk a long one may have found no room where a short one did: it is empty here. */
	v->lost_texts += load_u32(p) - v->texts.n;
	if (v->lost_texts > LOST_TEXTS_MAX)
		return bad("too many of its strings are missing");
	while (v->texts.n < load_u32(p))
		vec_push(&v->texts, ((struct journal_text){ "", 0 }));
	vec_push(&v->texts, text);
	return NULL;
}

static struct err *read_side_row(struct journal_view *v, const uint8_t *p, size_t bytes)
{
	unsigned type = bytes >= 8 ? load_u32(p) : UINT32_MAX;

	if (type > TYPE_MAX || v->types[type] == NULL || !v->types[type]->side ||
	    v->types[type]->row_bytes != bytes - 8)
		return bad("a side row is of no known type");
	vec_push(&v->side, ((struct journal_side_row){ type, p + 8 }));
	return NULL;
}

static struct err *read_note(struct journal_view *v, const uint8_t *p, size_t bytes)
{
	struct texts t = { (const char *)p, (const char *)p + bytes, false };
	struct recording_note note;

	note.key = next_text(&t);
	note.value = next_text(&t);
	if (t.bad)
		return bad("a note cannot be read");
	if (strcmp(note.key, "command") == 0)
		v->command = note.value;
	else
		vec_push(&v->notes, note);
	return NULL;
}

static const char *null_if_empty(const char *text) { return text[0] ? text : NULL; }

static struct err *read_missing(struct journal_view *v, const uint8_t *p, size_t bytes)
{
	struct texts t = { (const char *)p, (const char *)p + bytes, false };
	struct recording_missing missing;

	missing.what = next_text(&t);
	missing.why = null_if_empty(next_text(&t));
	missing.fix = null_if_empty(next_text(&t));
	if (t.bad)
		return bad("a note cannot be read");
	vec_push(&v->missing, missing);
	return NULL;
}

static struct err *read_record(struct journal_view *v, uint32_t kind, const uint8_t *p,
			       size_t bytes)
{
	switch (kind) {
	case SIDE_STRING:
		return read_string(v, p, bytes);
	case SIDE_TYPE:
		return read_type(v, p, bytes);
	case SIDE_ROW:
		return read_side_row(v, p, bytes);
	case SIDE_NOTE:
		return read_note(v, p, bytes);
	case SIDE_MISSING:
		return read_missing(v, p, bytes);
	case SIDE_EXIT:
		if (bytes != 4)
			return bad("an exit status cannot be read");
		v->exit_status = (int)load_u32(p);
		return NULL;
	default:
		return NULL; /* of a later version */
	}
}

static struct err *read_side_header(struct journal_view *v, uint64_t *used)
{
	const struct side_header *h = (const struct side_header *)v->side_bytes.text;

	if (v->side_bytes.length < sizeof(*h) || h->magic != JOURNAL_SIDE_MAGIC)
		return bad("the side log has no header");
	if (h->version != JOURNAL_VERSION)
		return err_fix(err_new(ERR_UNSUPPORTED,
				       "its journal is of version %u, and we read %d", h->version,
				       JOURNAL_VERSION),
			       "open it with the sonde that recorded it");
	*used = h->used_bytes;
	if (*used < sizeof(*h))
		return bad("the side log has no header");
	if (*used > v->side_bytes.length) {
		TRY(go_on_without(v, bad("the side log is cut short")));
		*used = v->side_bytes.length;
	}
	v->alive_ns = h->alive_ns;
	v->lost_first_ns = h->lost_first_ns;
	v->lost_unreported = h->lost_rows > h->lost_reported ? h->lost_rows - h->lost_reported : 0;
	return NULL;
}

static struct err *read_side(struct journal_view *v, int dirfd)
{
	CLEANUP(io_closep) int fd = openat(dirfd, "journal/side", O_RDONLY | O_CLOEXEC);
	uint64_t used = 0;

	if (fd < 0 && errno == ENOENT && !v->copied)
		return bad("it has no side log");
	if (fd < 0)
		return err_errno(errno, "cannot open journal/side");
	TRY(io_read_fd(fd, "journal/side", JOURNAL_SIDE_BYTES_MAX, &v->side_bytes));
	TRY(read_side_header(v, &used));

	const uint8_t *p = (const uint8_t *)v->side_bytes.text + sizeof(struct side_header);
	const uint8_t *end = (const uint8_t *)v->side_bytes.text + used;

	vec_push(&v->texts, ((struct journal_text){ "", 0 }));
	while (end - p >= (ptrdiff_t)sizeof(struct side_record)) {
		uint32_t kind = load_u32(p), bytes = load_u32(p + 4);
		uint64_t padded = ((uint64_t)bytes + 7) & ~7ULL;

		p += sizeof(struct side_record);
		if (padded > (uint64_t)(end - p))
			return go_on_without(v, bad("the side log is cut short"));
		TRY(go_on_without(v, read_record(v, kind, p, bytes)));
		p += padded;
	}
	return NULL;
}

/* --- chunks
 * ------------------------------------------------------------------------------------------- */

static struct err *read_block(struct journal_view *v, const uint8_t *block, uint32_t block_bytes,
			      uint64_t sequence, uint32_t number)
{
	const struct block_header *h = (const struct block_header *)block;
	uint32_t count = atomic_load_explicit((_Atomic uint32_t *)&h->count, memory_order_acquire);
	struct journal_rows rows = { .type = h->type,
				     .count = count,
				     .rows = block + JOURNAL_BLOCK_ROWS_AT,
				     .sequence = sequence,
				     .block = number };

	if (count == 0)
		return NULL;
	if (h->type > TYPE_MAX || v->types[h->type] == NULL || v->types[h->type]->side ||
	    v->types[h->type]->row_bytes != h->row_bytes)
		return bad("a block is of no known type");
	if (count > (block_bytes - JOURNAL_BLOCK_ROWS_AT) / h->row_bytes)
		return bad("a block has more rows than fit into it");
	vec_push(&v->rows, rows);
	return NULL;
}

static bool is_blank(const struct io_map *map)
{
	return map->data[0] == 0 && memcmp(map->data, map->data + 1, map->size_bytes - 1) == 0;
}

static struct err *read_chunk(struct journal_view *v, const struct io_map *map)
{
	const struct chunk_header *h = (const struct chunk_header *)map->data;

	if (map->size_bytes < sizeof(*h))
		return bad("a chunk is cut short");
	if (h->magic == 0 && is_blank(map))
		return NULL; /* made and not used yet */
	if (h->magic != JOURNAL_CHUNK_MAGIC || h->version != JOURNAL_VERSION)
		return bad("a chunk has no header");
	if (h->sequence == 0)
		return NULL;

	uint32_t block_bytes = h->block_bytes;
	size_t blocks = block_bytes ? map->size_bytes / block_bytes : 0;

	if (block_bytes < 128 || block_bytes % 8 != 0 || blocks > JOURNAL_BLOCKS_MAX)
		return bad("a chunk's header makes no sense");
	for (uint32_t b = 1; b < blocks; b++)
		TRY(go_on_without(v, read_block(v, map->data + (size_t)b * block_bytes, block_bytes, h->sequence, b)));
	if (map->size_bytes >= h->chunk_bytes)
		return NULL;
	v->trimmed = true;
	return map->size_bytes % block_bytes ? bad("a chunk is cut short") : NULL;
}

static uint64_t sequence_of(int fd)
{
	uint64_t sequence = 0;
	ssize_t n = pread(fd, &sequence, sizeof(sequence), offsetof(struct chunk_header, sequence));

	return n == (ssize_t)sizeof(sequence) ? sequence : 0;
}

/* A copy of the chunk as it stands; size_bytes 0 when it was recycled meanwhile. */
static struct err *copy_chunk(int dirfd, const char *name, struct io_map *map)
{
	CLEANUP(io_closep) int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	struct str bytes = { 0 };

	*map = (struct io_map){ 0 };
	if (fd < 0)
		return errno == ENOENT ? NULL : err_errno(errno, "cannot open journal/%s", name);

	uint64_t sequence = sequence_of(fd);
	struct err *err = sequence ? io_read_fd(fd, name, JOURNAL_CHUNK_BYTES_MAX, &bytes) : NULL;

	if (err == NULL && sequence && sequence_of(fd) == sequence) {
		map->data = (const uint8_t *)bytes.text;
		map->size_bytes = bytes.length;
		return NULL;
	}
	str_deinit(&bytes);
	return err;
}

static struct err *load_chunk(struct journal_view *v, int dirfd, const char *name)
{
	struct io_map map;

	if (v->copied)
		TRY(copy_chunk(dirfd, name, &map));
	else
		TRY(io_map_file(dirfd, name, &map));
	if (map.data == NULL) /* a live one is written anew, else it had its size from the start */
		return v->copied ? NULL : go_on_without(v, bad("a chunk is empty"));
	vec_push(&v->maps, map);
	return go_on_without(v, read_chunk(v, &map));
}

static int by_place(const void *a, const void *b)
{
	const struct journal_rows *m = a, *n = b;

	if (m->sequence != n->sequence)
		return m->sequence < n->sequence ? -1 : 1;
	return m->block < n->block ? -1 : m->block > n->block;
}

static struct err *read_chunks(struct journal_view *v, int recording_dirfd)
{
	int fd = openat(recording_dirfd, "journal", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct err *err = NULL;

	if (dir == NULL) {
		err = err_errno(errno, "cannot open the journal");
		io_closep(&fd);
		return err;
	}
	for (struct dirent *e; err == NULL && (e = readdir(dir)) != NULL;)
		if (str_ends(e->d_name, ".chunk") && v->maps.n < CHUNK_FILES_MAX)
			err = load_chunk(v, dirfd(dir), e->d_name);
	closedir(dir);
	vec_sort(&v->rows, by_place);
	return err;
}

struct err *journal_load(int recording_dirfd, bool live, struct journal_view **ret)
{
	struct journal_view *v = mem_calloc(1, sizeof(*v));

	v->exit_status = -1;
	v->copied = live;

	struct err *err = read_side(v, recording_dirfd);

	if (err == NULL)
		err = read_chunks(v, recording_dirfd);
	if (err != NULL)
		journal_unload(v);
	else
		*ret = v;
	return err;
}

void journal_unload(struct journal_view *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < v->maps.n; i++)
		if (v->copied)
			free((void *)v->maps.v[i].data);
		else
			io_map_deinit(&v->maps.v[i]);
	vec_deinit(&v->maps);
	vec_deinit(&v->texts);
	vec_deinit(&v->side);
	vec_deinit(&v->notes);
	vec_deinit(&v->missing);
	vec_deinit(&v->rows);
	str_deinit(&v->side_bytes);
	arena_deinit(&v->arena);
	err_destroy(v->damage);
	free(v);
}

const char *journal_view_text(void *view, uint32_t id, size_t *length)
{
	const struct journal_view *v = view;

	*length = id < v->texts.n ? v->texts.v[id].length : 0;
	return id < v->texts.n ? v->texts.v[id].text : "";
}

/* --- coverage
 * ------------------------------------------------------------------------------------------- */

static uint64_t number(const char **p)
{
	char *end;
	uint64_t n = strtoull(*p, &end, 10);

	*p = end;
	return n;
}

static const char *add_item(struct coverage *c, const char *p)
{
	uint64_t first = number(&p), last = first;

	if (*p == '.') {
		p++;
		uint64_t block = number(&p);
		uint64_t rows = *p == '=' ? (p++, number(&p)) : 0;
		uint64_t *slot = map_get(
			&c->blocks, first * JOURNAL_BLOCKS_MAX + block % JOURNAL_BLOCKS_MAX, NULL);

		*slot = rows > *slot ? rows : *slot;
		return p;
	}
	if (*p == '-')
		p++, last = number(&p);
	vec_push(&c->chunks, ((struct chunk_range){ first, last }));
	return p;
}

void coverage_add(struct coverage *c, const char *note)
{
	for (const char *p = note; *p;)
		p = *p >= '0' && *p <= '9' ? add_item(c, p) : p + 1;
}

uint32_t coverage_rows(const struct coverage *c, uint64_t sequence, uint32_t block, uint32_t count)
{
	for (size_t i = 0; i < c->chunks.n; i++)
		if (sequence >= c->chunks.v[i].first && sequence <= c->chunks.v[i].last)
			return count;

	const uint64_t *rows = map_find(&c->blocks, sequence * JOURNAL_BLOCKS_MAX + block);

	return rows == NULL ? 0 : *rows < count ? (uint32_t)*rows : count;
}

void coverage_deinit(struct coverage *c)
{
	vec_deinit(&c->chunks);
	map_deinit(&c->blocks);
}
