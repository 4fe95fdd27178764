/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A header that says how long it is, then records that say how long they are: what is not
 * known is stepped over, and a record that is not whole ends the reading, since run-times
 * append while we look.
 */
#include "format/jitdump.h"

enum { HEADER_BYTES = 40, RECORD_BYTES = 16, MAGIC = 0x4a695444, SWAPPED = 0x4454694a };

struct err *jitdump_begin(struct bytes image, struct jitdump_reader *ret)
{
	struct cursor c = cursor_of(image, false);
	uint32_t magic = cursor_u32(&c), version, header_bytes;

	if (magic != MAGIC && magic != SWAPPED)
		return err_new(ERR_FORMAT, "not a jitdump file");
	c.big_endian = magic == SWAPPED;
	version = cursor_u32(&c);
	header_bytes = cursor_u32(&c);
	ret->machine = cursor_u32(&c);
	cursor_u32(&c); /* pad */
	ret->pid = cursor_u32(&c);
	cursor_u64(&c); /* time */
	cursor_u64(&c); /* flags */
	if (c.bad || version != 1 || header_bytes < HEADER_BYTES)
		return err_new(ERR_FORMAT, "a jitdump file of version %u", version);
	cursor_skip(&c, header_bytes - HEADER_BYTES);
	ret->c = c;
	return NULL;
}

static void read_code(struct cursor *c, struct jitdump_record *r)
{
	cursor_u64(c); /* pid, tid */
	cursor_u64(c); /* vma */
	if (r->kind == JITDUMP_MOVE)
		r->old_addr = cursor_u64(c);
	r->addr = cursor_u64(c);
	r->size_bytes = cursor_u64(c);
	r->index = cursor_u64(c);
	if (r->kind != JITDUMP_LOAD)
		return;
	r->name = cursor_text(c);
	r->code = (struct bytes){ c->at, cursor_left(c) };
}

static bool read_record(struct cursor *c, struct jitdump_record *r)
{
	switch (r->kind) {
	case JITDUMP_LOAD:
	case JITDUMP_MOVE:
		read_code(c, r);
		return !c->bad && r->addr + r->size_bytes >= r->addr;
	case JITDUMP_DEBUG:
		r->addr = cursor_u64(c);
		r->entries = cursor_u64(c);
		r->lines = (struct bytes){ c->at, cursor_left(c) };
		return !c->bad;
	default:
		return true;
	}
}

bool jitdump_next(struct jitdump_reader *r, struct jitdump_record *ret)
{
	while (cursor_left(&r->c) >= RECORD_BYTES) {
		struct cursor in = r->c;
		uint32_t kind = cursor_u32(&in), size_bytes = cursor_u32(&in);

		*ret = (struct jitdump_record){ .kind = kind, .time_ns = cursor_u64(&in) };
		if (size_bytes < RECORD_BYTES || size_bytes > cursor_left(&r->c))
			return false;
		in.end = r->c.at + size_bytes;
		r->c.at += size_bytes;
		if (kind <= JITDUMP_UNWINDING && read_record(&in, ret))
			return true;
	}
	return false;
}

bool jitdump_line_next(struct jitdump_lines *l)
{
	const char *name;

	l->addr = cursor_u64(&l->c);
	l->line = cursor_u32(&l->c);
	l->discriminator = cursor_u32(&l->c);
	name = cursor_text(&l->c);
	if (l->c.bad)
		return false;
	/* "\xff": the file of the entry before */
	if ((uint8_t)name[0] != 0xff || name[1] != '\0')
		l->file = name;
	return true;
}
