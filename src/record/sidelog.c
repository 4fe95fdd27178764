/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file grows in steps by fallocate() and is mapped again when it did; the header has a
 * mapping of its own that never moves.  A record is written whole, then used_bytes says so.
 */
#include "record/sidelog.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FIRST_BYTES = 256 << 10, STEP_LARGEST = 16 << 20, HEADER_MAP_BYTES = 4096 };

struct sidelog {
	int fd;
	struct side_header *header;
	uint8_t *map;
	size_t size_bytes, used_bytes;
	int error;
};

static int extend(int fd, size_t from, size_t to)
{
	int error = fallocate(fd, 0, (off_t)from, (off_t)(to - from)) == 0 ? 0 : errno;

	if (error != EOPNOTSUPP && error != ENOSYS)
		return error;
	return posix_fallocate(fd, (off_t)from, (off_t)(to - from));
}

static bool grow(struct sidelog *l, size_t need)
{
	size_t step = l->size_bytes < STEP_LARGEST ? l->size_bytes : STEP_LARGEST;
	size_t size = l->size_bytes + (step < need ? need : step);

	if (size > JOURNAL_SIDE_BYTES_MAX)
		l->error = EFBIG;
	else
		l->error = extend(l->fd, l->size_bytes, size);
	if (l->error) /* the disk is nearly full: a little may still fit */
		size = l->size_bytes + (need + 65535) / 65536 * 65536;
	if (l->error == ENOSPC)
		l->error = extend(l->fd, l->size_bytes, size);
	if (l->error)
		return false;

	void *map = mremap(l->map, l->size_bytes, size, MREMAP_MAYMOVE);

	if (map == MAP_FAILED) {
		l->error = errno;
		return false;
	}
	l->map = map;
	l->size_bytes = size;
	return true;
}

static struct err *map_first(struct sidelog *l)
{
	l->error = extend(l->fd, 0, FIRST_BYTES);
	if (l->error)
		return err_errno(l->error, "cannot make the recording's side journal");
	l->header = mmap(NULL, HEADER_MAP_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, l->fd, 0);
	l->map = mmap(NULL, FIRST_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, l->fd, 0);
	if (l->header == MAP_FAILED || l->map == MAP_FAILED)
		return err_errno(errno, "cannot map the recording's side journal");
	l->size_bytes = FIRST_BYTES;
	l->used_bytes = sizeof(*l->header);
	l->header->magic = JOURNAL_SIDE_MAGIC;
	l->header->version = JOURNAL_VERSION;
	atomic_store(&l->header->used_bytes, l->used_bytes);
	return NULL;
}

struct err *sidelog_create(int dirfd, struct sidelog **ret)
{
	struct sidelog *l = mem_calloc(1, sizeof(*l));

	l->header = MAP_FAILED;
	l->map = MAP_FAILED;
	l->fd = openat(dirfd, "side", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	struct err *err = l->fd < 0 ? err_errno(errno, "cannot make the recording's side journal")
				    : map_first(l);

	if (err != NULL)
		sidelog_destroy(l);
	else
		*ret = l;
	return err;
}

void sidelog_destroy(struct sidelog *l)
{
	if (l == NULL)
		return;
	if (l->header != MAP_FAILED)
		munmap(l->header, HEADER_MAP_BYTES);
	if (l->map != MAP_FAILED)
		munmap(l->map, l->size_bytes);
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}

struct side_header *sidelog_header(struct sidelog *l) { return l->header; }
int sidelog_errno(const struct sidelog *l) { return l->error; }

bool sidelog_add(struct sidelog *l, enum side_kind kind, const void *head, size_t head_bytes,
		 const void *body, size_t body_bytes)
{
	size_t bytes = head_bytes + body_bytes;
	size_t need = sizeof(struct side_record) + ((bytes + 7) & ~(size_t)7);

	if (l->used_bytes + need > l->size_bytes && !grow(l, need))
		return false;

	uint8_t *p = l->map + l->used_bytes;
	struct side_record record = { .kind = kind, .bytes = (uint32_t)bytes };

	memcpy(p, &record, sizeof(record));
	memcpy(p + sizeof(record), head, head_bytes);
	if (body_bytes)
		memcpy(p + sizeof(record) + head_bytes, body, body_bytes);
	l->used_bytes += need;
	atomic_store_explicit(&l->header->used_bytes, l->used_bytes, memory_order_release);
	return true;
}

static void add_text(struct str *s, const char *text)
{
	str_add(s, text ? text : "");
	str_add_char(s, '\0');
}

bool sidelog_add_type(struct sidelog *l, unsigned number, const struct event_type *type)
{
	uint32_t head[4] = { number, type->row_bytes, type->side, type->field_count };
	struct str body = { 0 };

	add_text(&body, type->name);
	add_text(&body, type->prose);
	for (unsigned i = 0; i < type->field_count; i++) {
		const struct event_field *f = &type->fields[i];

		str_printf(&body, "%u%c%u%c%u%c", f->kind, 0, f->unit, 0, f->offset, 0);
		add_text(&body, f->name);
		add_text(&body, f->ref);
		add_text(&body, f->prose);
	}
	bool added = sidelog_add(l, SIDE_TYPE, head, sizeof(head), body.text, body.length);

	str_deinit(&body);
	return added;
}

void sidelog_shrink(struct sidelog *l)
{
	if (ftruncate(l->fd, (off_t)l->used_bytes) < 0)
		l->error = errno; /* it stays longer than it has to be */
}
