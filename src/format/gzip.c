/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* zlib does it; here are its loops, with a bound on what may come out. */
#include "format/gzip.h"

#include <inttypes.h>
#include <zlib.h>

enum { PIECE_BYTES = 64 << 10, GZIP_WINDOW = 15 + 16 };

bool gzip_probe(const void *head, size_t size_bytes)
{
	const uint8_t *p = head;

	return size_bytes > 18 && p[0] == 0x1f && p[1] == 0x8b && p[2] == 8;
}

static struct err *unpack_member(z_stream *z, uint64_t max_bytes, struct str *out)
{
	int status = Z_OK;

	while (status != Z_STREAM_END) {
		str_reserve(out, PIECE_BYTES);
		z->next_out = (uint8_t *)out->text + out->length;
		z->avail_out = PIECE_BYTES;
		status = inflate(z, Z_NO_FLUSH);
		out->length += PIECE_BYTES - z->avail_out;
		if (status != Z_OK && status != Z_STREAM_END)
			return err_new(ERR_FORMAT, "a damaged gzip stream: %s", z->msg ? z->msg : "it is cut short");
		if (out->length > max_bytes)
			return err_new(ERR_LIMIT, "a gzip stream of more than %" PRIu64 " bytes", max_bytes);
	}
	return NULL;
}

struct err *gzip_unpack(struct bytes packed, uint64_t max_bytes, struct str *out)
{
	z_stream z = { .next_in = (uint8_t *)packed.data };
	struct err *err = NULL;

	if (packed.size_bytes > UINT32_MAX)
		return err_new(ERR_LIMIT, "a gzip stream of %zu bytes", packed.size_bytes);
	z.avail_in = (unsigned)packed.size_bytes;
	if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		return err_nomem();
	do {
		err = unpack_member(&z, max_bytes, out);
	} while (!err && z.avail_in > 18 && inflateReset(&z) == Z_OK);
	inflateEnd(&z);
	str_add_n(out, "", 0);
	if (out->text)
		out->text[out->length] = '\0';
	return err;
}

struct err *gzip_pack(struct bytes plain, struct str *out)
{
	z_stream z = { .next_in = (uint8_t *)plain.data };

	if (plain.size_bytes > UINT32_MAX)
		return err_new(ERR_LIMIT, "cannot pack %zu bytes", plain.size_bytes);
	z.avail_in = (unsigned)plain.size_bytes;
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return err_nomem();

	size_t bound = deflateBound(&z, z.avail_in);

	str_reserve(out, bound);
	z.next_out = (uint8_t *)out->text + out->length;
	z.avail_out = (unsigned)bound;

	int status = deflate(&z, Z_FINISH);

	out->length += bound - z.avail_out;
	out->text[out->length] = '\0';
	deflateEnd(&z);
	return status == Z_STREAM_END ? NULL : err_new(ERR_INTERNAL, "zlib could not pack");
}
