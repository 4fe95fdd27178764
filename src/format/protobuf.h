/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_FORMAT_PROTOBUF_H
#define SONDE_FORMAT_PROTOBUF_H
/*
 * Protocol buffers on the wire (protobuf.dev, "Encoding"): fields of a number and a value,
 * in any order.  What a message means its reader and writer know.
 */
#include "base/str.h"
#include "format/cursor.h"

#include <stdbool.h>
#include <stdint.h>

/* --- reading ---- */

enum protobuf_wire { PROTOBUF_VARINT = 0, PROTOBUF_FIXED64 = 1, PROTOBUF_BYTES = 2, PROTOBUF_FIXED32 = 5 };

struct protobuf_field {
	uint32_t number;
	enum protobuf_wire wire;
	uint64_t value;	    /* of numbers */
	struct bytes bytes; /* of texts, messages and packed numbers; borrowed */
};
/* The next field of a message; false at its end, or where it is broken (then c->bad). */
static inline bool protobuf_next(struct cursor *c, struct protobuf_field *f)
{
	if (cursor_done(c))
		return false;

	uint64_t key = cursor_uleb(c), size;

	*f = (struct protobuf_field){ .number = (uint32_t)(key >> 3), .wire = (enum protobuf_wire)(key & 7) };
	switch (f->wire) {
	case PROTOBUF_VARINT:
		f->value = cursor_uleb(c);
		break;
	case PROTOBUF_FIXED64:
		f->value = cursor_u64(c);
		break;
	case PROTOBUF_FIXED32:
		f->value = cursor_u32(c);
		break;
	case PROTOBUF_BYTES:
		size = cursor_uleb(c);
		f->bytes.data = cursor_take(c, size);
		f->bytes.size_bytes = f->bytes.data ? size : 0;
		break;
	default:
		cursor_fail(c);
	}
	if (f->number == 0 || key >> 32)
		cursor_fail(c);
	return !c->bad;
}

/* Numbers of a repeated field, which come one by one or packed: calls of this until it is false. */
static inline bool protobuf_repeated(const struct protobuf_field *f, struct cursor *packed, bool *started,
				     uint64_t *value)
{
	if (f->wire != PROTOBUF_BYTES) {
		*value = f->value;
		*started = !*started;
		return *started;
	}
	if (!*started)
		*packed = cursor_of(f->bytes, false);
	*started = true;
	if (cursor_done(packed))
		return false;
	*value = cursor_uleb(packed);
	return !packed->bad;
}

/* --- writing: fields are appended to a buffer ---- */

static inline void protobuf_put_varint(struct str *out, uint64_t value)
{
	char bytes[10];
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[n++] = (char)(value | 0x80);
	bytes[n++] = (char)value;
	str_add_n(out, bytes, n);
}

static inline void protobuf_put(struct str *out, uint32_t number, uint64_t value)
{
	protobuf_put_varint(out, (uint64_t)number << 3 | PROTOBUF_VARINT);
	protobuf_put_varint(out, value);
}

/* As above, and nothing for 0, which is what a missing field means. */
static inline void protobuf_put_set(struct str *out, uint32_t number, uint64_t value)
{
	if (value)
		protobuf_put(out, number, value);
}

static inline void protobuf_put_bytes(struct str *out, uint32_t number, const void *data, size_t size_bytes)
{
	protobuf_put_varint(out, (uint64_t)number << 3 | PROTOBUF_BYTES);
	protobuf_put_varint(out, size_bytes);
	str_add_n(out, data, size_bytes);
}

static inline void protobuf_put_text(struct str *out, uint32_t number, const char *text)
{
	protobuf_put_bytes(out, number, text, strlen(text));
}

/* A message made in a buffer of its own, which is empty afterwards. */
static inline void protobuf_put_message(struct str *out, uint32_t number, struct str *message)
{
	protobuf_put_bytes(out, number, str_text(message), message->length);
	str_clear(message);
}

#endif
