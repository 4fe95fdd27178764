/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packing keeps a 64-bit accumulator and stores it when it is full.  Unpacking loads
 * eight bytes at the bit's byte and shifts: no branch, any width up to 56; wider ones
 * take a second load.  The last few bytes of the input are copied to a padded buffer,
 * so that the loads never leave it.
 */
#include "format/bitpack.h"

#include <string.h>

enum { DELTA_BLOCK = 128, DELTA_MINI = 32, DELTA_MINIS = DELTA_BLOCK / DELTA_MINI };
enum { LITERAL_GROUPS_MAX = 63 }; /* so that a literal run's header is one byte */

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t n;

	memcpy(&n, p, 8);
	return n;
}

static inline void store64(uint8_t *p, uint64_t n) { memcpy(p, &n, 8); }

static inline uint64_t mask_of(unsigned width) { return width == 64 ? ~0ULL : (1ULL << width) - 1; }

/* Writes up to 7 bytes more than it returns; the caller has the room. */
static inline __attribute__((always_inline)) uint8_t *
pack(const void *values, bool wide, size_t count, unsigned width, uint8_t *out)
{
	uint64_t accumulator = 0;
	unsigned bits = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t v = wide ? ((const uint64_t *)values)[i] : ((const uint32_t *)values)[i];

		accumulator |= v << bits;
		bits += width;
		if (bits >= 64) {
			store64(out, accumulator);
			out += 8;
			bits -= 64;
			accumulator = bits ? v >> (width - bits) : 0;
		}
	}
	store64(out, accumulator);
	return out + (bits + 7) / 8;
}

static size_t put_varint(uint8_t *out, uint64_t n)
{
	size_t length = 0;

	while (n > 0x7f) {
		out[length++] = (uint8_t)(n | 0x80);
		n >>= 7;
	}
	out[length++] = (uint8_t)n;
	return length;
}

static bool get_varint(const uint8_t **p, const uint8_t *end, uint64_t *n)
{
	*n = 0;
	for (unsigned shift = 0; shift < 64 && *p < end; shift += 7) {
		uint8_t byte = *(*p)++;

		*n |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

/* --- hybrid --------------------------------------------------------------------------- */

static bool group_is_uniform(const uint32_t *g)
{
	uint32_t different = 0;

	for (unsigned i = 1; i < 8; i++)
		different |= g[i] ^ g[0];
	return different == 0;
}

static size_t run_length(const uint32_t *v, size_t from, size_t count)
{
	size_t i = from + 1;

	while (i < count && v[i] == v[from])
		i++;
	return i - from;
}

static uint8_t *put_literals(const uint32_t *v, size_t from, size_t to, unsigned width,
			     uint8_t *out)
{
	while (from < to) {
		size_t groups = (to - from + 7) / 8;

		if (groups > LITERAL_GROUPS_MAX)
			groups = LITERAL_GROUPS_MAX;
		*out++ = (uint8_t)(groups << 1 | 1);
		out = pack(v + from, false, groups * 8, width, out);
		from += groups * 8;
	}
	return out;
}

void hybrid_encode(uint32_t *indices, size_t count, unsigned width, struct str *out)
{
	size_t literal_from = 0, i = 0;

	memset(indices + count, 0, 8 * sizeof(*indices));
	str_reserve(out, count * width / 8 + count / 8 + 64);

	uint8_t *p = (uint8_t *)out->text + out->length;

	while (i < count) {
		size_t run = 0;

		if (i + 8 <= count && group_is_uniform(indices + i))
			run = run_length(indices, i, count);
		if (run < 24) {
			i += 8;
			continue;
		}
		p = put_literals(indices, literal_from, i, width, p);
		p += put_varint(p, (uint64_t)run << 1);
		memcpy(p, &indices[i], 4);
		p += (width + 7) / 8;
		i += run;
		literal_from = i;
	}
	if (literal_from < count)
		p = put_literals(indices, literal_from, count, width, p);
	out->length = (size_t)(p - (uint8_t *)out->text);
}

/* COUNT (a multiple of 8 but at the end) indices of a literal run; all bytes are there
 * for GROUPS of 8. */
static void unpack32(const uint8_t *data, size_t size_bytes, unsigned width, uint32_t *out,
		     size_t count)
{
	uint64_t mask = mask_of(width);
	size_t safe = size_bytes >= 8 ? (size_bytes - 8) * 8 / width : 0, i = 0;
	uint8_t tail[24] = { 0 };

	if (safe > count)
		safe = count;
	for (; i < safe; i++)
		out[i] = (uint32_t)(load64(data + i * width / 8) >> (i * width % 8) & mask);
	for (; i < count; i++) {
		size_t at = i * width / 8, left = size_bytes - at;

		memset(tail, 0, sizeof(tail));
		memcpy(tail, data + at, left < 8 ? left : 8);
		out[i] = (uint32_t)(load64(tail) >> (i * width % 8) & mask);
	}
}

bool hybrid_decode(const uint8_t *data, size_t size_bytes, unsigned width, uint32_t *indices,
		   size_t count)
{
	const uint8_t *p = data, *end = data + size_bytes;

	if (width > 32)
		return false;
	while (count > 0) {
		uint64_t header;

		if (!get_varint(&p, end, &header))
			return false;

		size_t n, bytes = (width + 7) / 8;
		uint32_t value = 0;

		if (header & 1) {
			uint64_t groups = header >> 1;

			n = groups * 8 < count && groups < SIZE_MAX / 8 ? groups * 8 : count;
			if (n == 0 || (n * width + 7) / 8 > (size_t)(end - p))
				return false;
			bytes = groups * width < (uint64_t)(end - p) ? groups * width
								     : (size_t)(end - p);
			if (width == 0)
				memset(indices, 0, n * sizeof(*indices));
			else
				unpack32(p, bytes, width, indices, n);
		} else {
			n = header >> 1 < count ? header >> 1 : count;
			if (n == 0 || bytes > (size_t)(end - p))
				return false;
			memcpy(&value, p, bytes);
			for (size_t i = 0; i < n; i++)
				indices[i] = value;
		}
		p += bytes;
		indices += n;
		count -= n;
	}
	return true;
}

/* --- delta ------------------------------------------------------------------------------ */

static inline uint64_t zigzag(int64_t n) { return ((uint64_t)n << 1) ^ (uint64_t)(n >> 63); }
static inline int64_t unzigzag(uint64_t n) { return (int64_t)(n >> 1) ^ -(int64_t)(n & 1); }

static inline uint64_t value_at(const void *values, bool wide, size_t i)
{
	return wide ? ((const uint64_t *)values)[i] : ((const uint32_t *)values)[i];
}

/* The deltas that end at values FROM .. FROM+n-1, less their minimum, zero-padded. */
static inline __attribute__((always_inline)) int64_t
block_deltas(const void *values, bool wide, size_t from, size_t n, uint64_t *deltas)
{
	int64_t min = INT64_MAX;

	for (size_t i = 0; i < n; i++) {
		deltas[i] = value_at(values, wide, from + i) - value_at(values, wide, from + i - 1);
		min = (int64_t)deltas[i] < min ? (int64_t)deltas[i] : min;
	}
	for (size_t i = 0; i < n; i++)
		deltas[i] -= (uint64_t)min;
	for (size_t i = n; i < DELTA_BLOCK; i++)
		deltas[i] = 0;
	return min;
}

static unsigned mini_width(const uint64_t *deltas)
{
	uint64_t all = 0;

	for (size_t i = 0; i < DELTA_MINI; i++)
		all |= deltas[i];
	return bits_needed(all);
}

static inline __attribute__((always_inline)) void delta_encode(const void *values, bool wide,
							       size_t count, struct str *out)
{
	uint64_t deltas[DELTA_BLOCK];

	str_reserve(out, count * 8 + (count / DELTA_BLOCK + 2) * 32 + 512);
	uint8_t *p = (uint8_t *)out->text + out->length;

	p += put_varint(p, DELTA_BLOCK);
	p += put_varint(p, DELTA_MINIS);
	p += put_varint(p, count);
	p += put_varint(p, zigzag(count ? (int64_t)value_at(values, wide, 0) : 0));
	for (size_t i = 1; i < count; i += DELTA_BLOCK) {
		size_t n = count - i < DELTA_BLOCK ? count - i : DELTA_BLOCK;
		int64_t min = block_deltas(values, wide, i, n, deltas);

		p += put_varint(p, zigzag(min));
		uint8_t *widths = p;

		p += DELTA_MINIS;
		for (size_t m = 0; m < DELTA_MINIS; m++) {
			widths[m] = (uint8_t)mini_width(deltas + m * DELTA_MINI);
			if (m * DELTA_MINI < n)
				p = pack(deltas + m * DELTA_MINI, true, DELTA_MINI, widths[m], p);
		}
	}
	out->length = (size_t)(p - (uint8_t *)out->text);
}

void delta_encode_u64(const uint64_t *values, size_t count, struct str *out)
{
	delta_encode(values, true, count, out);
}

void delta_encode_u32(const uint32_t *values, size_t count, struct str *out)
{
	delta_encode(values, false, count, out);
}

static inline size_t delta_estimate(const void *values, bool wide, size_t count)
{
	enum { STRETCHES = 8 };
	uint64_t deltas[DELTA_BLOCK];
	size_t bytes = 0, seen = 0,
	       step = count / STRETCHES > DELTA_BLOCK ? count / STRETCHES : DELTA_BLOCK;

	for (size_t from = 1; from < count; from += step) {
		size_t n = count - from < DELTA_BLOCK ? count - from : DELTA_BLOCK;

		block_deltas(values, wide, from, n, deltas);
		bytes += 2 + DELTA_MINIS;
		for (size_t m = 0; m * DELTA_MINI < n; m++)
			bytes += mini_width(deltas + m * DELTA_MINI) * DELTA_MINI / 8;
		seen += n;
	}
	return seen ? (size_t)((double)bytes / (double)seen * (double)count) + 16 : 16;
}

size_t delta_estimate_u64(const uint64_t *values, size_t count)
{
	return delta_estimate(values, true, count);
}

size_t delta_estimate_u32(const uint32_t *values, size_t count)
{
	return delta_estimate(values, false, count);
}

/* N deltas of WIDTH bits from DATA, SIZE_BYTES of which may be read; adds them up. */
static inline __attribute__((always_inline)) uint64_t
add_deltas(const uint8_t *data, size_t size_bytes, unsigned width, size_t n, uint64_t min,
	   uint64_t value, void *out, bool wide)
{
	uint64_t mask = mask_of(width);
	uint8_t padded[DELTA_MINI * 8 * 16 + 32];

	if (size_bytes < (n * width + 7) / 8 + 16) {
		memcpy(padded, data, size_bytes);
		memset(padded + size_bytes, 0, 16);
		data = padded;
	}
	for (size_t i = 0; i < n; i++) {
		size_t bit = i * width;
		uint64_t delta = load64(data + bit / 8) >> (bit % 8);

		if (width > 56 && bit % 8 != 0)
			delta |= (uint64_t)data[bit / 8 + 8] << (64 - bit % 8);
		value += (delta & mask) + min;
		if (wide)
			((uint64_t *)out)[i] = value;
		else
			((uint32_t *)out)[i] = (uint32_t)value;
	}
	return value;
}

struct delta_header {
	uint64_t block, minis, total, mini;
	uint64_t first;
};

static bool read_header(const uint8_t **p, const uint8_t *end, size_t count, struct delta_header *h)
{
	uint64_t first;

	if (!get_varint(p, end, &h->block) || !get_varint(p, end, &h->minis) ||
	    !get_varint(p, end, &h->total) || !get_varint(p, end, &first))
		return false;
	if (h->total != count || h->minis == 0 || h->block > 65536 || h->block % h->minis != 0)
		return false;
	h->mini = h->block / h->minis;
	h->first = (uint64_t)unzigzag(first);
	return h->mini >= 8 && h->mini % 8 == 0 && h->mini <= DELTA_MINI * 16;
}

static inline __attribute__((always_inline)) bool
delta_decode(const uint8_t *data, size_t size_bytes, void *values, bool wide, size_t count)
{
	const uint8_t *p = data, *end = data + size_bytes;
	struct delta_header h;
	uint64_t min;

	if (!read_header(&p, end, count, &h))
		return false;
	if (count == 0)
		return true;

	uint64_t value = h.first;
	size_t i = 1;

	if (wide)
		((uint64_t *)values)[0] = value;
	else
		((uint32_t *)values)[0] = (uint32_t)value;
	while (i < count) {
		if (!get_varint(&p, end, &min) || (uint64_t)(end - p) < h.minis)
			return false;
		const uint8_t *widths = p;

		p += h.minis;
		for (size_t m = 0; m < h.minis && i < count; m++) {
			size_t n = count - i < h.mini ? count - i : h.mini;
			size_t whole = h.mini * widths[m] / 8, left = (size_t)(end - p);

			if (widths[m] > 64 || (n * widths[m] + 7) / 8 > left)
				return false;
			void *out = (char *)values + i * (wide ? 8 : 4);

			value = add_deltas(p, left, widths[m], n, (uint64_t)unzigzag(min), value,
					   out, wide);
			p += whole < left ? whole : left;
			i += n;
		}
	}
	return true;
}

bool delta_decode_u64(const uint8_t *data, size_t size_bytes, uint64_t *values, size_t count)
{
	return delta_decode(data, size_bytes, values, true, count);
}

bool delta_decode_u32(const uint8_t *data, size_t size_bytes, uint32_t *values, size_t count)
{
	return delta_decode(data, size_bytes, values, false, count);
}
