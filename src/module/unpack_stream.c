/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Three libraries with one way of working: some input, some room for output, a step.  A step here fills the room once at most and
 * says whether the input is at the end of a member.  What follows a member of gzip and is no other one (tapes' zeros) is ignored,
 * as gzip does.
 */
#include "module/unpack_stream.h"

#include "base/mem.h"

#include <lzma.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { ROOM_BYTES = 1 << 18, XZ_MEMORY_MAX = 256 << 20 };
enum packing { PACKED_GZIP, PACKED_XZ, PACKED_ZSTD };
static const char *const names[] = { "gzip", "xz", "zstd" };

struct unpack_stream {
	enum packing packing;
	bool at_end;     /* of a member: nothing is missing */
	bool is_over;    /* what follows is nothing of ours */
	z_stream gzip;
	lzma_stream xz;
	ZSTD_DStream *zstd;
	char room[UNPACK_STREAM_SLACK + ROOM_BYTES];
};

static bool has_magic(const void *head, size_t size_bytes, const char *magic, size_t length)
{
	return size_bytes >= length && memcmp(head, magic, length) == 0;
}

struct unpack_stream *unpack_stream_create(const void *head, size_t size_bytes)
{
	bool is_gzip = has_magic(head, size_bytes, "\x1f\x8b", 2), is_xz = has_magic(head, size_bytes, "\xfd" "7zXZ", 6);
	bool ok;

	if (!is_gzip && !is_xz && !has_magic(head, size_bytes, "\x28\xb5\x2f\xfd", 4))
		return NULL;
	struct unpack_stream *s = mem_calloc(1, sizeof(*s));

	s->packing = is_gzip ? PACKED_GZIP : is_xz ? PACKED_XZ : PACKED_ZSTD;
	if (is_gzip) {
		ok = inflateInit2(&s->gzip, 15 + 16) == Z_OK;
	} else if (is_xz) {
		s->xz = (lzma_stream)LZMA_STREAM_INIT;
		ok = lzma_stream_decoder(&s->xz, XZ_MEMORY_MAX, LZMA_CONCATENATED) == LZMA_OK;
	} else {
		s->zstd = ZSTD_createDStream();
		ok = s->zstd != NULL;
	}
	if (ok)
		return s;
	unpack_stream_destroy(s);
	return NULL;
}

/* --- a step each: *IN and *LEFT move on, *MADE bytes are in the room; false: broken -------------- */

static bool step_gzip(struct unpack_stream *s, const char **in, size_t *left, size_t *made)
{
	if (s->at_end) {
		s->is_over = *left > 0 && (unsigned char)**in != 0x1f;
		if (s->is_over || inflateReset(&s->gzip) != Z_OK)
			return s->is_over;
	}
	s->gzip.next_in = (Bytef *)(uintptr_t)*in;
	s->gzip.avail_in = (uInt)*left;
	s->gzip.next_out = (Bytef *)s->room + UNPACK_STREAM_SLACK;
	s->gzip.avail_out = ROOM_BYTES;
	int status = inflate(&s->gzip, Z_NO_FLUSH);

	*in += *left - s->gzip.avail_in;
	*left = s->gzip.avail_in;
	*made = ROOM_BYTES - s->gzip.avail_out;
	s->at_end = status == Z_STREAM_END;
	return status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR;
}

static bool step_xz(struct unpack_stream *s, const char **in, size_t *left, size_t *made, lzma_action action)
{
	s->xz.next_in = (const uint8_t *)*in;
	s->xz.avail_in = *left;
	s->xz.next_out = (uint8_t *)s->room + UNPACK_STREAM_SLACK;
	s->xz.avail_out = ROOM_BYTES;
	lzma_ret status = lzma_code(&s->xz, action);

	*in += *left - s->xz.avail_in;
	*left = s->xz.avail_in;
	*made = ROOM_BYTES - s->xz.avail_out;
	s->at_end = status == LZMA_STREAM_END;
	return status == LZMA_OK || status == LZMA_STREAM_END || status == LZMA_BUF_ERROR;
}

static bool step_zstd(struct unpack_stream *s, const char **in, size_t *left, size_t *made)
{
	ZSTD_inBuffer from = { *in, *left, 0 };
	ZSTD_outBuffer to = { s->room + UNPACK_STREAM_SLACK, ROOM_BYTES, 0 };
	size_t status = ZSTD_decompressStream(s->zstd, &to, &from);

	*in += from.pos;
	*left -= from.pos;
	*made = to.pos;
	s->at_end = status == 0;
	return !ZSTD_isError(status);
}

static bool step(struct unpack_stream *s, const char **in, size_t *left, size_t *made)
{
	*made = 0;
	switch (s->packing) {
	case PACKED_GZIP: return step_gzip(s, in, left, made);
	case PACKED_XZ: return step_xz(s, in, left, made, LZMA_RUN);
	case PACKED_ZSTD: return step_zstd(s, in, left, made);
	}
	return false;
}

/* --- the stream ------------------------------------------------------------------------------------ */

struct err *unpack_stream_feed(struct unpack_stream *s, const void *bytes, size_t size_bytes, unpack_stream_fn *fn, void *user)
{
	const char *in = bytes;
	size_t made = 0;

	/* A full room may have left something inside: once more, until it wasn't full, or the member ended with it. */
	while ((size_bytes > 0 || (made == ROOM_BYTES && !s->at_end)) && !s->is_over) {
		if (!step(s, &in, &size_bytes, &made))
			return err_new(ERR_FORMAT, "the %s data are broken", names[s->packing]);
		if (made > 0)
			TRY(fn(user, s->room + UNPACK_STREAM_SLACK, made));
		if (made == 0 && size_bytes > 0 && !s->at_end && s->packing != PACKED_GZIP)
			return err_new(ERR_FORMAT, "the %s data are broken", names[s->packing]);
	}
	return NULL;
}

bool unpack_stream_is_whole(struct unpack_stream *s)
{
	const char *in = "";
	size_t left = 0, made = 0;

	/* Of xz only the end of the file tells that no other stream follows. */
	if (s->packing == PACKED_XZ)
		(void)step_xz(s, &in, &left, &made, LZMA_FINISH);
	return s->at_end || s->is_over;
}

void unpack_stream_destroy(struct unpack_stream *s)
{
	if (s == NULL)
		return;
	if (s->packing == PACKED_GZIP)
		(void)inflateEnd(&s->gzip);
	if (s->packing == PACKED_XZ)
		lzma_end(&s->xz);
	(void)ZSTD_freeDStream(s->zstd);
	mem_freep(&s);
}
