/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#ifndef SONDE_FORMAT_CURSOR_H
#define SONDE_FORMAT_CURSOR_H
/*
 * A place in a range of foreign bytes.  Reading past the end gives zeros and sets `bad`,
 * which stays set: read a whole structure, then ask once.  A bad cursor stands at its end,
 * so that a loop "until the end" ends.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Borrowed bytes. */
struct bytes {
	const uint8_t *data;
	size_t size_bytes;
};

struct cursor {
	const uint8_t *at, *end;
	bool big_endian;
	bool bad;
};

static inline struct cursor cursor_of(struct bytes b, bool big_endian)
{
	static const uint8_t nothing[1];
	const uint8_t *data = b.data ? b.data : nothing;

	return (struct cursor){ data, data + b.size_bytes, big_endian, false };
}

/* At OFFSET of B; bad when that is outside. */
static inline struct cursor cursor_at(struct bytes b, uint64_t offset, bool big_endian)
{
	struct cursor c = cursor_of(b, big_endian);

	if (offset > b.size_bytes) {
		c.at = c.end;
		c.bad = true;
	} else {
		c.at += offset;
	}
	return c;
}

static inline size_t cursor_left(const struct cursor *c) { return (size_t)(c->end - c->at); }
static inline bool cursor_done(const struct cursor *c) { return c->at >= c->end; }

static inline void cursor_fail(struct cursor *c)
{
	c->bad = true;
	c->at = c->end;
}

static inline void cursor_skip(struct cursor *c, uint64_t count)
{
	if (count > cursor_left(c))
		cursor_fail(c);
	else
		c->at += count;
}

/* The next COUNT bytes; NULL (and bad) when there are fewer. */
static inline const uint8_t *cursor_take(struct cursor *c, uint64_t count)
{
	const uint8_t *at = c->at;

	cursor_skip(c, count);
	return c->bad ? NULL : at;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	if (c->at >= c->end) {
		cursor_fail(c);
		return 0;
	}
	return *c->at++;
}

static inline uint16_t cursor_u16(struct cursor *c)
{
	uint16_t v;

	if (cursor_left(c) < sizeof(v)) {
		cursor_fail(c);
		return 0;
	}
	memcpy(&v, c->at, sizeof(v));
	c->at += sizeof(v);
	return c->big_endian == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) ? v : __builtin_bswap16(v);
}

static inline uint32_t cursor_u32(struct cursor *c)
{
	uint32_t v;

	if (cursor_left(c) < sizeof(v)) {
		cursor_fail(c);
		return 0;
	}
	memcpy(&v, c->at, sizeof(v));
	c->at += sizeof(v);
	return c->big_endian == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) ? v : __builtin_bswap32(v);
}

static inline uint64_t cursor_u64(struct cursor *c)
{
	uint64_t v;

	if (cursor_left(c) < sizeof(v)) {
		cursor_fail(c);
		return 0;
	}
	memcpy(&v, c->at, sizeof(v));
	c->at += sizeof(v);
	return c->big_endian == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) ? v : __builtin_bswap64(v);
}

/* 1 to 8 bytes, also the odd sizes. */
static inline uint64_t cursor_unsigned(struct cursor *c, unsigned size_bytes)
{
	switch (size_bytes) {
	case 1:
		return cursor_u8(c);
	case 2:
		return cursor_u16(c);
	case 4:
		return cursor_u32(c);
	case 8:
		return cursor_u64(c);
	}

	const uint8_t *p = size_bytes < 8 ? cursor_take(c, size_bytes) : NULL;
	uint64_t v = 0;

	if (p == NULL) {
		cursor_fail(c);
		return 0;
	}
	for (unsigned i = 0; i < size_bytes; i++)
		v |= (uint64_t)p[i] << 8 * (c->big_endian ? size_bytes - 1 - i : i);
	return v;
}

/* LEB128.  Bits past the 64th are dropped, as every reader does. */
static inline uint64_t cursor_uleb(struct cursor *c)
{
	uint64_t v = 0;

	if (c->at < c->end && *c->at < 0x80)
		return *c->at++;
	for (unsigned shift = 0; c->at < c->end; shift += 7) {
		uint8_t byte = *c->at++;

		if (shift < 64)
			v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return v;
	}
	cursor_fail(c);
	return 0;
}

static inline int64_t cursor_sleb(struct cursor *c)
{
	uint64_t v = 0;

	if (c->at < c->end && *c->at < 0x80)
		return (int64_t)((uint64_t)*c->at++ << 57) >> 57;
	for (unsigned shift = 0; c->at < c->end;) {
		uint8_t byte = *c->at++;

		if (shift < 64)
			v |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
		if (byte < 0x80) {
			if (shift < 64 && (byte & 0x40))
				v |= ~(uint64_t)0 << shift;
			return (int64_t)v;
		}
	}
	cursor_fail(c);
	return 0;
}

static inline void cursor_skip_leb(struct cursor *c)
{
	while (c->at < c->end)
		if (*c->at++ < 0x80)
			return;
	cursor_fail(c);
}

/* A NUL-terminated text inside the bytes; "" (and bad) when it has no end. */
static inline const char *cursor_text(struct cursor *c)
{
	const uint8_t *at = c->at, *nul = memchr(at, 0, cursor_left(c));

	if (cursor_left(c) == 0 || nul == NULL) {
		cursor_fail(c);
		return "";
	}
	c->at = nul + 1;
	return (const char *)at;
}

/* Longer texts are not believed: a file could make us read them again and again. */
enum { BYTES_TEXT_MAX = 64 << 10 };

/* The text at OFFSET of a string section and its length; NULL when there is none. */
static inline const char *bytes_text_length(struct bytes b, uint64_t offset, size_t *length)
{
	size_t left = offset < b.size_bytes ? b.size_bytes - (size_t)offset : 0;

	if (left > BYTES_TEXT_MAX)
		left = BYTES_TEXT_MAX;

	const uint8_t *nul = left > 0 ? memchr(b.data + offset, 0, left) : NULL;

	if (nul == NULL)
		return NULL;
	*length = (size_t)(nul - b.data) - (size_t)offset;
	return (const char *)b.data + offset;
}
static inline const char *bytes_text(struct bytes b, uint64_t offset)
{
	size_t length;

	return bytes_text_length(b, offset, &length);
}

/* SIZE bytes from OFFSET on, cut at the end. */
static inline struct bytes bytes_slice(struct bytes b, uint64_t offset, uint64_t size_bytes)
{
	if (b.data == NULL || offset > b.size_bytes)
		return (struct bytes){ NULL, 0 };
	if (size_bytes > b.size_bytes - offset)
		size_bytes = b.size_bytes - offset;
	return (struct bytes){ b.data + offset, size_bytes };
}

#endif
