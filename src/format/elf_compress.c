/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compressed sections.  A header names the size before a byte is decompressed, so a small
 * file can ask for a great deal of memory; debug information compresses to a third or a
 * tenth, strings at best to a fiftieth, and what claims more than 64 times its size is not
 * believed past 64 MiB.  Memory is mapped, so that pages which never get written cost
 * nothing.
 */
#include "format/elf.h"

#include "format/gzip.h"

#include <lzma.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { RATIO_MAX = 64 };
static const uint64_t SMALL_BYTES = 64 << 20;

/* zlib counts in 32 bits: in pieces. */
static bool inflate_all(struct bytes in, uint8_t *out, uint64_t out_bytes)
{
	z_stream z = { 0 };
	uint64_t in_left = in.size_bytes, out_left = out_bytes;
	int status;

	if (inflateInit(&z) != Z_OK)
		return false;
	z.next_in = (uint8_t *)in.data;
	z.next_out = out;
	do {
		uInt in_now = in_left > 1 << 30 ? 1 << 30 : (uInt)in_left;
		uInt out_now = out_left > 1 << 30 ? 1 << 30 : (uInt)out_left;

		z.avail_in = in_now;
		z.avail_out = out_now;
		status = inflate(&z, Z_NO_FLUSH);
		in_left -= in_now - z.avail_in;
		out_left -= out_now - z.avail_out;
		/* Linkers may concatenate streams. */
		if (status == Z_STREAM_END && out_left > 0 && in_left > 0)
			status = inflateReset(&z);
		if (in_now - z.avail_in == 0 && out_now - z.avail_out == 0)
			break;
	} while (status == Z_OK && out_left > 0);
	inflateEnd(&z);
	return out_left == 0 && (status == Z_OK || status == Z_STREAM_END);
}

static struct err *decode_xz(struct bytes in, struct elf_data *ret)
{
	lzma_stream xz = LZMA_STREAM_INIT;
	uint64_t room = in.size_bytes * RATIO_MAX;

	if (room < SMALL_BYTES)
		room = SMALL_BYTES;
	if (lzma_stream_decoder(&xz, 256 << 20, 0) != LZMA_OK)
		return err_nomem();

	struct err *err = elf_data_alloc(room, ret);

	if (err != NULL) {
		lzma_end(&xz);
		return err;
	}
	xz.next_in = in.data;
	xz.avail_in = in.size_bytes;
	xz.next_out = ret->owned;
	xz.avail_out = (size_t)room;

	lzma_ret status = lzma_code(&xz, LZMA_FINISH);

	ret->bytes.size_bytes = (size_t)(room - xz.avail_out);
	lzma_end(&xz);
	if (status == LZMA_STREAM_END)
		return NULL;
	elf_data_deinit(ret);
	return err_new(ERR_FORMAT, "broken xz data (lzma error %d)", (int)status);
}

struct err *elf_decompress(enum elf_compression how, struct bytes in, uint64_t out_bytes,
			   struct elf_data *ret)
{
	bool ok;

	*ret = (struct elf_data){ 0 };
	if (how == ELF_XZ)
		return decode_xz(in, ret);
	if (out_bytes > SMALL_BYTES && out_bytes / RATIO_MAX > in.size_bytes)
		return err_new(ERR_LIMIT, "%zu compressed bytes claim to hold %llu", in.size_bytes,
			       (unsigned long long)out_bytes);
	TRY(elf_data_alloc(out_bytes, ret));
	if (out_bytes == 0)
		return NULL;
	if (how == ELF_ZLIB)
		ok = inflate_all(in, ret->owned, out_bytes);
	else
		ok = ZSTD_decompress(ret->owned, (size_t)out_bytes, in.data, in.size_bytes) ==
		     out_bytes;
	if (ok)
		return NULL;
	elf_data_deinit(ret);
	return err_new(ERR_FORMAT, "broken %s data", how == ELF_ZLIB ? "zlib" : "zstd");
}

/* --- whole files ------------------------------------------------------------------------- */

static struct err *unpack_gzip(struct bytes in, uint64_t room, struct elf_data *ret)
{
	struct str plain = { 0 };
	struct err *err = gzip_unpack(in, room, &plain);

	if (err == NULL)
		err = elf_data_alloc(plain.length, ret);
	if (err == NULL && plain.length > 0)
		memcpy(ret->owned, plain.text, plain.length);
	str_deinit(&plain);
	return err;
}

static bool inflate_zstd(struct bytes in, uint8_t *out, size_t room, size_t *used)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	ZSTD_inBuffer from = { in.data, in.size_bytes, 0 };
	ZSTD_outBuffer to = { out, room, 0 };
	size_t left = 1;

	while (z != NULL && left != 0 && from.pos < from.size && to.pos < to.size) {
		left = ZSTD_decompressStream(z, &to, &from);
		if (ZSTD_isError(left))
			break;
	}
	ZSTD_freeDStream(z);
	*used = to.pos;
	return left == 0;
}

struct err *elf_unpack(struct bytes in, struct elf_data *ret)
{
	static const uint8_t xz[] = { 0xfd, '7', 'z', 'X', 'Z', 0 }, zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
	uint64_t room = in.size_bytes * RATIO_MAX;
	size_t used = 0;
	bool ok;

	*ret = (struct elf_data){ 0 };
	room = room < SMALL_BYTES ? SMALL_BYTES : room;
	if (in.size_bytes >= 6 && memcmp(in.data, xz, 6) == 0)
		return decode_xz(in, ret);
	if (gzip_probe(in.data, in.size_bytes))
		return unpack_gzip(in, room, ret);
	if (in.size_bytes < 4 || memcmp(in.data, zstd, 4) != 0)
		return err_new(ERR_NOT_FOUND, "not compressed");
	TRY(elf_data_alloc(room, ret));
	ok = inflate_zstd(in, ret->owned, room, &used);
	ret->bytes.size_bytes = used;
	if (ok)
		return NULL;
	elf_data_deinit(ret);
	return err_new(ERR_FORMAT, "broken zstd data");
}
