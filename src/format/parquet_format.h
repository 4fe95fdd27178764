/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_FORMAT_PARQUET_FORMAT_H
#define SONDE_FORMAT_PARQUET_FORMAT_H
/* Numbers of the format, from parquet.thrift.  For parquet_*.c only. */
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

enum {
	PHYSICAL_INT32 = 1,
	PHYSICAL_INT64 = 2,
	PHYSICAL_BYTE_ARRAY = 6,

	CONVERTED_UTF8 = 0,
	CONVERTED_UINT_8 = 11,
	CONVERTED_UINT_16 = 12,
	CONVERTED_UINT_32 = 13,
	CONVERTED_UINT_64 = 14,
	CONVERTED_INT_32 = 17,
	CONVERTED_INT_64 = 18,

	REPETITION_REQUIRED = 0,

	ENCODING_PLAIN = 0,
	ENCODING_PLAIN_DICTIONARY = 2,
	ENCODING_RLE = 3,
	ENCODING_DELTA_BINARY_PACKED = 5,
	ENCODING_RLE_DICTIONARY = 8,

	CODEC_UNCOMPRESSED = 0,
	CODEC_ZSTD = 6,

	PAGE_DATA = 0,
	PAGE_DICTIONARY = 2,

	FOOTER_CHECK_BYTES = 8,
};

/* Four letters, then the CRC-32 of the footer that follows. */
#define FOOTER_CHECK "FCRC\0\0\0"

static inline uint32_t parquet_crc(const void *bytes, size_t size_bytes)
{
	return (uint32_t)crc32_z(0, bytes, size_bytes);
}
#endif
