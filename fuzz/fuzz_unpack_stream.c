/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packed logs as they come.  The first byte: how, the second: in pieces of what size.  Bytes of any kind are fed whole and
 * in pieces, and the same has to come out; what was packed here comes out as it was, and is whole.
 */
#include "base/str.h"
#include "module/unpack_stream.h"

#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUTPUT_MAX = 4 << 20, ROOM_BYTES = 1 << 18 };

struct unpacked {
	struct str text;
	bool broken, whole;
};

static struct err *take(void *user, char *bytes, size_t size_bytes)
{
	struct str *text = user;

	str_add_n(text, bytes, size_bytes);
	memset(bytes - UNPACK_STREAM_SLACK, 'x', size_bytes + UNPACK_STREAM_SLACK); /* they are ours to change */
	return text->length > OUTPUT_MAX ? err_new(ERR_LIMIT, "enough") : NULL;
}

/* False: it begins like nothing that we know. */
static bool unpack(const uint8_t *data, size_t size, size_t piece, struct unpacked *ret)
{
	struct unpack_stream *s = unpack_stream_create(data, size);

	*ret = (struct unpacked){ 0 };
	str_init(&ret->text);
	if (!s)
		return false;
	for (size_t at = 0; at < size && !ret->broken; at += piece) {
		struct err *err = unpack_stream_feed(s, data + at, size - at < piece ? size - at : piece, take, &ret->text);

		ret->broken = err != NULL;
		err_destroy(err);
	}
	ret->whole = !ret->broken && unpack_stream_is_whole(s);
	unpack_stream_destroy(s);
	return true;
}

static void any_bytes(const uint8_t *data, size_t size, size_t piece)
{
	struct unpacked at_once, in_pieces;
	size_t both;

	if (unpack(data, size, size, &at_once) != unpack(data, size, piece, &in_pieces))
		abort();
	if (at_once.broken != in_pieces.broken || at_once.whole != in_pieces.whole)
		abort();
	both = at_once.text.length < in_pieces.text.length ? at_once.text.length : in_pieces.text.length;
	if ((both && memcmp(at_once.text.text, in_pieces.text.text, both) != 0) ||
	    (!at_once.broken && at_once.text.length != in_pieces.text.length))
		abort();
	str_deinit(&at_once.text);
	str_deinit(&in_pieces.text);
}

static size_t pack(unsigned how, const char *text, size_t size, uint8_t *to, size_t room)
{
	z_stream gzip = { 0 };
	size_t n = 0;

	if (how % 3 == 0) {
		if (deflateInit2(&gzip, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
			abort();
		gzip.next_in = (Bytef *)(uintptr_t)text, gzip.avail_in = (uInt)size;
		gzip.next_out = to, gzip.avail_out = (uInt)room;
		if (deflate(&gzip, Z_FINISH) != Z_STREAM_END)
			abort();
		n = gzip.total_out;
		deflateEnd(&gzip);
	} else if (how % 3 == 1) {
		if (lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, (const uint8_t *)text, size, to, &n, room) != LZMA_OK)
			abort();
	} else {
		n = ZSTD_compress(to, room, text, size, 1);
		if (ZSTD_isError(n))
			abort();
	}
	return n;
}

/* The text again and again, up to about the room that the unpacker has, or its multiple: its borders. */
static void round_trip(unsigned how, const uint8_t *data, size_t size, size_t piece)
{
	size_t length = ROOM_BYTES * (size_t)(1 + how / 16 % 2) - 2 + how / 4 % 4;
	size_t room = length + length / 8 + 1024, n;
	char *text = malloc(length);
	uint8_t *packed = malloc(2 * room);
	struct unpacked u;

	for (size_t i = 0; i < length; i++)
		text[i] = size ? (char)data[i % size] : 'a';
	n = pack(how, text, length, packed, room);
	n += pack(how, text, size, packed + n, room); /* and a second member */
	if (!unpack(packed, n, piece, &u) || u.broken || !u.whole || u.text.length != length + size ||
	    memcmp(u.text.text, text, length) != 0)
		abort();
	str_deinit(&u.text);
	/* the first alone, which ends where the room does */
	n = pack(how, text, length, packed, room);
	if (!unpack(packed, n, n, &u) || u.broken || !u.whole || u.text.length != length)
		abort();
	str_deinit(&u.text);
	free(packed);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3 || size > 1 << 16)
		return 0;
	if (data[0] < 32)
		round_trip(data[0], data + 2, size - 2, 1 + (size_t)data[1] * 64);
	else
		any_bytes(data + 2, size - 2, 1 + data[1]);
	return 0;
}
