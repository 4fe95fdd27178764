/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A field header is one byte, delta of the id and type; numbers are zigzag varints.
 * The reader keeps one sticky flag instead of an error at each call, and skips what it
 * doesn't know with a bound on depth.
 */
#include "format/thrift.h"

#include <stdlib.h>
#include <string.h>

enum { SKIP_DEPTH_MAX = 16 };

static void put_varint(struct str *out, uint64_t n)
{
	char bytes[10];
	size_t length = 0;

	do {
		bytes[length] = (char)((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
		n >>= 7;
		length++;
	} while (n);
	str_add_n(out, bytes, length);
}

static uint64_t zigzag(int64_t n) { return ((uint64_t)n << 1) ^ (uint64_t)(n >> 63); }

static void put_header(struct thrift_writer *w, int16_t id, enum thrift_type type)
{
	int16_t delta = (int16_t)(id - w->last_id[w->depth]);

	if (delta > 0 && delta <= 15) {
		str_add_char(w->out, (char)(delta << 4 | (int)type));
	} else {
		str_add_char(w->out, (char)type);
		put_varint(w->out, zigzag(id));
	}
	w->last_id[w->depth] = id;
}

static void push(struct thrift_writer *w)
{
	if (++w->depth == THRIFT_DEPTH_MAX)
		abort();
	w->last_id[w->depth] = 0;
}

void thrift_write_init(struct thrift_writer *w, struct str *out)
{
	*w = (struct thrift_writer){ .out = out };
}

void thrift_write_i32(struct thrift_writer *w, int16_t id, int32_t value)
{
	put_header(w, id, THRIFT_I32);
	put_varint(w->out, zigzag(value));
}

void thrift_write_i64(struct thrift_writer *w, int16_t id, int64_t value)
{
	put_header(w, id, THRIFT_I64);
	put_varint(w->out, zigzag(value));
}

void thrift_write_binary(struct thrift_writer *w, int16_t id, const void *bytes, size_t length)
{
	put_header(w, id, THRIFT_BINARY);
	thrift_write_item_binary(w, bytes, length);
}

void thrift_write_struct(struct thrift_writer *w, int16_t id)
{
	put_header(w, id, THRIFT_STRUCT);
	push(w);
}

void thrift_write_list(struct thrift_writer *w, int16_t id, enum thrift_type item, size_t count)
{
	put_header(w, id, THRIFT_LIST);
	if (count < 15) {
		str_add_char(w->out, (char)(count << 4 | item));
	} else {
		str_add_char(w->out, (char)(0xf0 | item));
		put_varint(w->out, count);
	}
}

void thrift_write_item_struct(struct thrift_writer *w) { push(w); }
void thrift_write_item_i32(struct thrift_writer *w, int32_t value)
{
	put_varint(w->out, zigzag(value));
}

void thrift_write_item_binary(struct thrift_writer *w, const void *bytes, size_t length)
{
	put_varint(w->out, length);
	str_add_n(w->out, bytes, length);
}

void thrift_write_end(struct thrift_writer *w)
{
	str_add_char(w->out, THRIFT_STOP);
	if (w->depth > 0)
		w->depth--;
}

void thrift_read_init(struct thrift_reader *r, const void *data, size_t size_bytes)
{
	*r = (struct thrift_reader){ .p = data, .end = (const uint8_t *)data + size_bytes };
}

static void set_bad(struct thrift_reader *r)
{
	r->bad = true;
	r->p = r->end;
}

static uint8_t read_byte(struct thrift_reader *r)
{
	if (r->p == r->end) {
		set_bad(r);
		return 0;
	}
	return *r->p++;
}

uint64_t thrift_read_varint(struct thrift_reader *r)
{
	uint64_t n = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = read_byte(r);

		n |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return n;
	}
	set_bad(r);
	return 0;
}

int64_t thrift_read_zigzag(struct thrift_reader *r)
{
	uint64_t n = thrift_read_varint(r);

	return (int64_t)(n >> 1) ^ -(int64_t)(n & 1);
}

bool thrift_next(struct thrift_reader *r, struct thrift_field *f)
{
	uint8_t byte = read_byte(r);

	f->type = byte & 0x0f;
	if (r->bad || f->type == THRIFT_STOP)
		return false;
	f->id = (int16_t)(byte >> 4 ? f->id + (byte >> 4) : thrift_read_zigzag(r));
	return !r->bad;
}

int64_t thrift_read_int(struct thrift_reader *r, const struct thrift_field *f)
{
	switch (f->type) {
	case THRIFT_TRUE:
		return 1;
	case THRIFT_FALSE:
		return 0;
	case THRIFT_I8:
		return (int8_t)read_byte(r);
	case THRIFT_I16:
	case THRIFT_I32:
	case THRIFT_I64:
		return thrift_read_zigzag(r);
	default:
		set_bad(r);
		return 0;
	}
}

const uint8_t *thrift_read_binary(struct thrift_reader *r, size_t *length)
{
	uint64_t n = thrift_read_varint(r);
	const uint8_t *bytes = r->p;

	if (n > (uint64_t)(r->end - r->p)) {
		set_bad(r);
		n = 0;
		bytes = r->p;
	}
	r->p += n;
	*length = (size_t)n;
	return bytes;
}

size_t thrift_read_list(struct thrift_reader *r, const struct thrift_field *f,
			enum thrift_type *item)
{
	if (f->type != THRIFT_LIST && f->type != THRIFT_SET) {
		set_bad(r);
		return 0;
	}
	uint8_t byte = read_byte(r);
	uint64_t count = byte >> 4;

	*item = byte & 0x0f;
	if (count == 15)
		count = thrift_read_varint(r);
	if (count > (uint64_t)(r->end - r->p)) { /* an item is a byte at least */
		set_bad(r);
		count = 0;
	}
	return (size_t)count;
}

static void skip_bytes(struct thrift_reader *r, size_t count)
{
	if (count > (size_t)(r->end - r->p))
		set_bad(r);
	else
		r->p += count;
}

static void skip_value(struct thrift_reader *r, const struct thrift_field *f, bool in_list,
		       unsigned depth);

static void skip_items(struct thrift_reader *r, const struct thrift_field *f, unsigned depth)
{
	struct thrift_field item = { 0 };
	size_t count = thrift_read_list(r, f, &item.type);

	for (size_t i = 0; i < count && !r->bad; i++)
		skip_value(r, &item, true, depth);
}

static void skip_map(struct thrift_reader *r, unsigned depth)
{
	uint64_t count = thrift_read_varint(r);
	uint8_t types = count ? read_byte(r) : 0;
	struct thrift_field key = { .type = types >> 4 }, value = { .type = types & 0x0f };

	for (uint64_t i = 0; i < count && !r->bad; i++) {
		skip_value(r, &key, true, depth);
		skip_value(r, &value, true, depth);
	}
}

static void skip_value(struct thrift_reader *r, const struct thrift_field *f, bool in_list,
		       unsigned depth)
{
	size_t length;

	if (depth == SKIP_DEPTH_MAX) {
		set_bad(r);
		return;
	}
	switch (f->type) {
	case THRIFT_TRUE:
	case THRIFT_FALSE:
		skip_bytes(r, in_list);
		break;
	case THRIFT_I8:
		skip_bytes(r, 1);
		break;
	case THRIFT_I16:
	case THRIFT_I32:
	case THRIFT_I64:
		thrift_read_varint(r);
		break;
	case THRIFT_DOUBLE:
		skip_bytes(r, 8);
		break;
	case THRIFT_BINARY:
		thrift_read_binary(r, &length);
		break;
	case THRIFT_LIST:
	case THRIFT_SET:
		skip_items(r, f, depth + 1);
		break;
	case THRIFT_MAP:
		skip_map(r, depth + 1);
		break;
	case THRIFT_STRUCT:
		for (struct thrift_field inner = { 0 }; thrift_next(r, &inner);)
			skip_value(r, &inner, false, depth + 1);
		break;
	default:
		set_bad(r);
	}
}

void thrift_skip(struct thrift_reader *r, const struct thrift_field *f)
{
	skip_value(r, f, false, 0);
}
