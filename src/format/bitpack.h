/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_FORMAT_BITPACK_H
#define SONDE_FORMAT_BITPACK_H
/*
 * The two packed encodings of Parquet for whole numbers, from
 * https://github.com/apache/parquet-format/blob/master/Encodings.md:
 *   hybrid   runs and bit-packed groups of 8 (RLE), for dictionary indices
 *   delta    DELTA_BINARY_PACKED, for times and other things that grow
 * Decoders take hostile bytes: they return false and never read or write out of bounds.
 */
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits that hold VALUE: 0 for 0, 64 for UINT64_MAX. */
static inline unsigned bits_needed(uint64_t value)
{
	return value ? 64 - (unsigned)__builtin_clzll(value) : 0;
}

/* Append COUNT indices, each below 2^WIDTH (1..32).  The array has room for 8 more items
 * after the last, which are overwritten. */
void hybrid_encode(uint32_t *indices, size_t count, unsigned width, struct str *out);
/* Exactly COUNT indices. */
bool hybrid_decode(const uint8_t *data, size_t size_bytes, unsigned width, uint32_t *indices,
		   size_t count);

/* Append COUNT values.  The 32-bit ones have to be below 2^31 (their deltas have to fit
 * into 32 bits with every reader). */
void delta_encode_u64(const uint64_t *values, size_t count, struct str *out);
void delta_encode_u32(const uint32_t *values, size_t count, struct str *out);
/* Bytes that delta encoding takes, from stretches of the values; an estimate. */
size_t delta_estimate_u64(const uint64_t *values, size_t count);
size_t delta_estimate_u32(const uint32_t *values, size_t count);
bool delta_decode_u64(const uint8_t *data, size_t size_bytes, uint64_t *values, size_t count);
bool delta_decode_u32(const uint8_t *data, size_t size_bytes, uint32_t *values, size_t count);

#endif
