/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One data page a column chunk, and the encoding that a cheap trial finds smallest:
 *
 *   dictionary   where values repeat: a hash table gives each its index.  Given up as soon
 *                as it holds too many.  Narrow ranges use an array instead of the hash.
 *   delta        where values grow or lie near each other; its size is estimated from eight
 *                stretches of the column before it is chosen.
 *   plain        the rest.
 *
 * zstd level 1 goes over the result where it pays; a column that didn't pay is left
 * alone for the next few row groups.
 *
 * Each page carries the format's CRC-32 of its body.  The format has none for the footer:
 * ours stands in eight bytes before it (parquet_format.h), where no reader looks.
 */
#include "format/parquet.h"

#include "base/mem.h"
#include "base/vec.h"
#include "format/bitpack.h"
#include "format/parquet_format.h"
#include "format/thrift.h"

#include <stdio.h>
#include <zstd.h>

enum {
	DICTIONARY_MAX = 16384,
	TABLE_SLOTS = DICTIONARY_MAX * 2,
	DIRECT_RANGE = 65536,
	ZSTD_LEVEL = 1,
	ZSTD_SMALLEST = 64,    /* bytes below which a frame's header eats the gain */
	ZSTD_REST_GROUPS = 15, /* how long a column that doesn't compress is left alone */
};

struct chunk_meta {
	uint64_t offset, dictionary_offset, raw_bytes, stored_bytes, rows;
	uint64_t min, max;
	uint8_t codec, encoding;
	bool has_dictionary, has_range;
};

struct column_state {
	unsigned zstd_rest; /* row groups that are not tried */
	unsigned dictionary_rest;
};

struct table_slot {
	uint64_t value;
	uint32_t index;
	uint32_t round; /* slot is in use when it is the table's round */
};

struct parquet_writer {
	const struct parquet_column *columns;
	size_t column_count;
	struct parquet_text text;
	struct str *out;
	size_t start; /* of the file in `out` */
	uint64_t rows;
	VEC(struct chunk_meta) chunks; /* column_count a row group */
	VEC(char *) notes;	       /* key, value ... */
	struct column_state *states;
	struct table_slot *table; /* TABLE_SLOTS */
	uint32_t *direct;	  /* DIRECT_RANGE: round << 16 | index */
	uint32_t round;
	uint64_t *dictionary; /* DICTIONARY_MAX */
	size_t dictionary_count;
	uint32_t *indices; /* PARQUET_ROW_GROUP_ROWS + 8 */
	struct str page, dictionary_page, compressed, compressed_dictionary;
	ZSTD_CCtx *zstd;
};

static const char MAGIC[] = "PAR1";

struct parquet_writer *parquet_writer_create(const struct parquet_column *columns, size_t count,
					     const struct parquet_text *text, struct str *out)
{
	struct parquet_writer *w = mem_calloc(1, sizeof(*w));

	w->columns = columns;
	w->column_count = count;
	if (text)
		w->text = *text;
	w->out = out;
	w->start = out->length;
	w->states = mem_calloc(count, sizeof(*w->states));
	w->table = mem_calloc(TABLE_SLOTS, sizeof(*w->table));
	w->direct = mem_calloc(DIRECT_RANGE, sizeof(*w->direct));
	w->dictionary = mem_alloc(DICTIONARY_MAX * sizeof(*w->dictionary));
	w->indices = mem_alloc((PARQUET_ROW_GROUP_ROWS + 8) * sizeof(*w->indices));
	w->zstd = ZSTD_createCCtx();
	if (w->zstd == NULL)
		mem_fail(0);
	str_add_n(out, MAGIC, 4);
	return w;
}

void parquet_writer_destroy(struct parquet_writer *w)
{
	if (w == NULL)
		return;
	for (size_t i = 0; i < w->notes.n; i++)
		free(w->notes.v[i]);
	vec_deinit(&w->notes);
	vec_deinit(&w->chunks);
	free(w->states);
	free(w->table);
	free(w->direct);
	free(w->dictionary);
	free(w->indices);
	str_deinit(&w->page);
	str_deinit(&w->dictionary_page);
	str_deinit(&w->compressed);
	str_deinit(&w->compressed_dictionary);
	ZSTD_freeCCtx(w->zstd);
	free(w);
}

void parquet_write_note(struct parquet_writer *w, const char *key, const char *value)
{
	vec_push(&w->notes, mem_strdup(key));
	vec_push(&w->notes, mem_strdup(value));
}

/* --- dictionary --------------------------------------------------------------------------- */

static inline uint64_t value_at(const void *values, bool wide, size_t i)
{
	return wide ? ((const uint64_t *)values)[i] : ((const uint32_t *)values)[i];
}

static void next_round(struct parquet_writer *w)
{
	w->dictionary_count = 0;
	if (++w->round < 65536)
		return;
	w->round = 1;
	memset(w->table, 0, TABLE_SLOTS * sizeof(*w->table));
	memset(w->direct, 0, DIRECT_RANGE * sizeof(*w->direct));
}

/* Values MIN .. MIN + DIRECT_RANGE - 1.  False: more than LIMIT different ones. */
static inline __attribute__((always_inline)) bool index_direct(struct parquet_writer *w,
							       const void *values, bool wide,
							       size_t rows, uint64_t min,
							       size_t limit)
{
	uint32_t round = w->round << 16;
	size_t n = 0;

	for (size_t i = 0; i < rows; i++) {
		uint64_t value = value_at(values, wide, i);
		uint32_t *slot = &w->direct[(uint32_t)(value - min) & (DIRECT_RANGE - 1)];

		if ((*slot & 0xffff0000) != round) {
			if (n == limit)
				return false;
			*slot = round | (uint32_t)n;
			w->dictionary[n++] = value;
		}
		w->indices[i] = *slot & 0xffff;
	}
	w->dictionary_count = n;
	return true;
}

static inline uint32_t slot_of(uint64_t value)
{
	return (uint32_t)((value * 0x9e3779b97f4a7c15ULL) >> 49) & (TABLE_SLOTS - 1);
}

static inline __attribute__((always_inline)) bool
index_hashed(struct parquet_writer *w, const void *values, bool wide, size_t rows, size_t limit)
{
	uint64_t before = ~value_at(values, wide, 0);
	uint32_t index = 0, round = w->round;
	size_t n = 0;

	for (size_t i = 0; i < rows; i++) {
		uint64_t value = value_at(values, wide, i);

		if (value != before) {
			uint32_t at = slot_of(value);

			while (w->table[at].round == round && w->table[at].value != value)
				at = (at + 1) & (TABLE_SLOTS - 1);
			if (w->table[at].round != round) {
				if (n == limit)
					return false;
				w->table[at] = (struct table_slot){ value, (uint32_t)n, round };
				w->dictionary[n++] = value;
			}
			index = w->table[at].index;
			before = value;
		}
		w->indices[i] = index;
	}
	w->dictionary_count = n;
	return true;
}

static bool index_values(struct parquet_writer *w, const void *values, bool wide, size_t rows,
			 uint64_t min, uint64_t max, size_t limit)
{
	next_round(w);
	if (max - min < DIRECT_RANGE)
		return wide ? index_direct(w, values, true, rows, min, limit)
			    : index_direct(w, values, false, rows, min, limit);
	return wide ? index_hashed(w, values, true, rows, limit)
		    : index_hashed(w, values, false, rows, limit);
}

static unsigned index_width(const struct parquet_writer *w)
{
	unsigned width = bits_needed(w->dictionary_count - 1);

	return width ? width : 1;
}

static void emit_indices(struct parquet_writer *w, size_t rows)
{
	str_clear(&w->page);
	str_add_char(&w->page, (char)index_width(w));
	hybrid_encode(w->indices, rows, index_width(w), &w->page);
}

static void emit_number_dictionary(struct parquet_writer *w, bool wide)
{
	str_clear(&w->dictionary_page);
	for (size_t i = 0; i < w->dictionary_count; i++)
		str_add_n(&w->dictionary_page, &w->dictionary[i], wide ? 8 : 4);
}

/* --- numbers --------------------------------------------------------------------------------- */

static void find_range(enum parquet_kind kind, const void *values, size_t rows, uint64_t *min,
		       uint64_t *max)
{
#define RANGE(type)                                                                                \
	do {                                                                                       \
		const type *v = values;                                                            \
		type low = v[0], high = v[0];                                                      \
		for (size_t i = 1; i < rows; i++) {                                                \
			low = v[i] < low ? v[i] : low;                                             \
			high = v[i] > high ? v[i] : high;                                          \
		}                                                                                  \
		*min = (uint64_t)low;                                                              \
		*max = (uint64_t)high;                                                             \
	} while (0)
	if (kind == PARQUET_U64)
		RANGE(uint64_t);
	else if (kind == PARQUET_I64)
		RANGE(int64_t);
	else if (kind == PARQUET_I32)
		RANGE(int32_t);
	else
		RANGE(uint32_t);
#undef RANGE
}

/* memcmp() is faster than any loop of ours. */
static bool is_constant(const void *values, bool wide, size_t rows)
{
	size_t width = wide ? 8 : 4;

	return memcmp(values, (const char *)values + width, (rows - 1) * width) == 0;
}

/* A dictionary of one, and one run. */
static void emit_constant(struct parquet_writer *w, struct chunk_meta *m, bool wide, size_t rows)
{
	m->encoding = ENCODING_RLE_DICTIONARY;
	m->has_dictionary = true;
	w->dictionary[0] = m->min;
	w->dictionary_count = 1;
	memset(w->indices, 0, rows * sizeof(*w->indices));
	emit_indices(w, rows);
	emit_number_dictionary(w, wide);
}

/* Deltas have to fit into the width with every reader, also those that add in signed numbers. */
static bool delta_fits(bool wide, uint64_t min, uint64_t max)
{
	return min <= max && max < (wide ? 1ULL << 62 : 1ULL << 31);
}

static size_t estimate_delta(const void *values, bool wide, size_t rows)
{
	return wide ? delta_estimate_u64(values, rows) : delta_estimate_u32(values, rows);
}

/* Do the first values repeat enough for a dictionary to be worth a try? */
static bool looks_repetitive(struct parquet_writer *w, const void *values, bool wide, size_t rows,
			     const struct chunk_meta *m)
{
	size_t trial = rows < 2048 ? rows : 2048;

	return index_values(w, values, wide, trial, m->min, m->max,
			    rows < 2048 ? rows : trial * 3 / 4);
}

static size_t try_dictionary(struct parquet_writer *w, const void *values, bool wide, size_t rows,
			     struct column_state *state, const struct chunk_meta *m)
{
	size_t limit = rows / 2 < DICTIONARY_MAX ? rows / 2 + 1 : DICTIONARY_MAX;

	if (state->dictionary_rest > 0) {
		state->dictionary_rest--;
		return SIZE_MAX;
	}
	if (!looks_repetitive(w, values, wide, rows, m) ||
	    !index_values(w, values, wide, rows, m->min, m->max, limit)) {
		state->dictionary_rest = rows == PARQUET_ROW_GROUP_ROWS ? 7 : 0;
		return SIZE_MAX;
	}
	return rows * index_width(w) / 8 + w->dictionary_count * (wide ? 8 : 4) + 32;
}

static void encode_numbers(struct parquet_writer *w, enum parquet_kind kind, const void *values,
			   size_t rows, struct column_state *state, struct chunk_meta *m)
{
	bool wide = parquet_kind_is_wide(kind);
	size_t plain = rows * (wide ? 8 : 4), delta = SIZE_MAX, dictionary;

	if (is_constant(values, wide, rows))
		find_range(kind, values, 1, &m->min, &m->max);
	else
		find_range(kind, values, rows, &m->min, &m->max);
	m->has_range = true;
	if (m->min == m->max) {
		emit_constant(w, m, wide, rows);
		return;
	}
	if (delta_fits(wide, m->min, m->max))
		delta = estimate_delta(values, wide, rows);
	dictionary =
		delta < plain / 16 ? SIZE_MAX : try_dictionary(w, values, wide, rows, state, m);
	if (dictionary <= delta && dictionary < plain) {
		m->encoding = ENCODING_RLE_DICTIONARY;
		m->has_dictionary = true;
		emit_indices(w, rows);
		emit_number_dictionary(w, wide);
		return;
	}
	str_clear(&w->page);
	m->encoding = delta < plain ? ENCODING_DELTA_BINARY_PACKED : ENCODING_PLAIN;
	if (m->encoding == ENCODING_PLAIN)
		str_add_n(&w->page, values, plain);
	else if (wide)
		delta_encode_u64(values, rows, &w->page);
	else
		delta_encode_u32(values, rows, &w->page);
}

/* --- text --------------------------------------------------------------------------------------
 */

/* Length of the UTF-8 sequence at S, 0 when it is malformed (RFC 3629, section 4). */
static size_t utf8_length(const unsigned char *s, size_t left)
{
	unsigned char c = s[0];
	size_t length = c < 0x80		? 1
			: c >= 0xc2 && c < 0xe0 ? 2
			: (c & 0xf0) == 0xe0	? 3
			: c >= 0xf0 && c < 0xf5 ? 4
						: 0;

	if (length == 0 || length > left)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((c == 0xe0 && s[1] < 0xa0) || (c == 0xed && s[1] > 0x9f) ||
	    (c == 0xf0 && s[1] < 0x90) || (c == 0xf4 && s[1] > 0x8f))
		return 0;
	return length;
}

static void add_utf8(struct str *out, const char *text, size_t length)
{
	size_t from = 0, i = 0;

	while (i < length) {
		size_t n = utf8_length((const unsigned char *)text + i, length - i);

		if (n == 0) {
			str_add_n(out, text + from, i - from);
			str_printf(out, "\\x%02x", (unsigned char)text[i]);
			from = i + 1;
		}
		i += n ? n : 1;
	}
	str_add_n(out, text + from, length - from);
}

/* BYTE_ARRAY, plain: a 32-bit length, then the bytes. */
static void add_text(struct parquet_writer *w, struct str *out, uint32_t id)
{
	size_t length = 0, at = out->length;
	const char *text = w->text.text(w->text.user, id, &length);

	str_add_n(out, "\0\0\0\0", 4);
	add_utf8(out, text, length);

	uint32_t stored = (uint32_t)(out->length - at - 4);

	memcpy(out->text + at, &stored, 4);
}

static void encode_text(struct parquet_writer *w, const uint32_t *ids, size_t rows,
			struct chunk_meta *m)
{
	uint64_t min, max;

	find_range(PARQUET_U32, ids, rows, &min, &max);
	if (index_values(w, ids, false, rows, min, max, DICTIONARY_MAX)) {
		m->encoding = ENCODING_RLE_DICTIONARY;
		m->has_dictionary = true;
		emit_indices(w, rows);
		str_clear(&w->dictionary_page);
		for (size_t i = 0; i < w->dictionary_count; i++)
			add_text(w, &w->dictionary_page, (uint32_t)w->dictionary[i]);
		return;
	}
	m->encoding = ENCODING_PLAIN;
	str_clear(&w->page);
	for (size_t i = 0; i < rows; i++)
		add_text(w, &w->page, ids[i]);
}

/* --- pages -------------------------------------------------------------------------------------
 */

static void put_page(struct parquet_writer *w, const struct str *body, size_t raw_bytes,
		     int page_type, size_t values, int encoding)
{
	struct thrift_writer t;

	thrift_write_init(&t, w->out);
	thrift_write_i32(&t, 1, page_type);
	thrift_write_i32(&t, 2, (int32_t)raw_bytes);
	thrift_write_i32(&t, 3, (int32_t)body->length);
	thrift_write_i32(&t, 4, (int32_t)parquet_crc(body->text, body->length));
	thrift_write_struct(&t, page_type == PAGE_DATA ? 5 : 7);
	thrift_write_i32(&t, 1, (int32_t)values);
	thrift_write_i32(&t, 2, encoding);
	if (page_type == PAGE_DATA) {
		thrift_write_i32(&t, 3, ENCODING_RLE);
		thrift_write_i32(&t, 4, ENCODING_RLE);
	}
	thrift_write_end(&t);
	thrift_write_end(&t);
	str_add_n(w->out, body->text, body->length);
}

/* Compressed bytes in OUT. */
static size_t pack(struct parquet_writer *w, const struct str *body, struct str *out)
{
	size_t bound = ZSTD_compressBound(body->length);

	str_clear(out);
	str_reserve(out, bound);
	size_t n =
		ZSTD_compressCCtx(w->zstd, out->text, bound, body->text, body->length, ZSTD_LEVEL);

	if (ZSTD_isError(n)) /* the only cause would be no memory */
		mem_fail(bound);
	return out->length = n;
}

/* Is zstd worth it?  All pages of a chunk share the codec.  When it is, the results are in
 * `compressed`. */
static bool try_zstd(struct parquet_writer *w, struct column_state *state,
		     const struct chunk_meta *m)
{
	size_t raw = w->page.length + (m->has_dictionary ? w->dictionary_page.length : 0), stored;

	if (state->zstd_rest > 0) {
		state->zstd_rest--;
		return false;
	}
	if (raw < ZSTD_SMALLEST)
		return false;
	stored = pack(w, &w->page, &w->compressed);
	if (m->has_dictionary)
		stored += pack(w, &w->dictionary_page, &w->compressed_dictionary);
	if (stored < raw - raw / 16)
		return true;
	state->zstd_rest = ZSTD_REST_GROUPS;
	return false;
}

static void store_page(struct parquet_writer *w, const struct str *raw,
		       const struct str *compressed, struct chunk_meta *m, int page_type,
		       size_t values, int encoding)
{
	const struct str *body = m->codec == CODEC_ZSTD ? compressed : raw;
	size_t before = w->out->length;

	put_page(w, body, raw->length, page_type, values, encoding);
	m->stored_bytes += w->out->length - before;
	m->raw_bytes += w->out->length - before - body->length + raw->length;
}

static void write_chunk(struct parquet_writer *w, size_t column, const void *values, size_t rows)
{
	struct column_state *state = &w->states[column];
	enum parquet_kind kind = w->columns[column].kind;
	struct chunk_meta m = { .rows = rows };

	if (kind == PARQUET_STR)
		encode_text(w, values, rows, &m);
	else
		encode_numbers(w, kind, values, rows, state, &m);
	m.codec = try_zstd(w, state, &m) ? CODEC_ZSTD : CODEC_UNCOMPRESSED;
	if (m.has_dictionary) {
		m.dictionary_offset = w->out->length - w->start;
		store_page(w, &w->dictionary_page, &w->compressed_dictionary, &m, PAGE_DICTIONARY,
			   w->dictionary_count, ENCODING_PLAIN);
	}
	m.offset = w->out->length - w->start;
	store_page(w, &w->page, &w->compressed, &m, PAGE_DATA, rows, m.encoding);
	vec_push(&w->chunks, m);
}

void parquet_write_rows(struct parquet_writer *w, const void *const *columns, size_t rows)
{
	for (size_t i = 0; i < w->column_count; i++)
		write_chunk(w, i, columns[i], rows);
	w->rows += rows;
}

/* --- footer --------------------------------------------------------------------------------------
 */

static const struct {
	int physical, converted;
} kinds[] = {
	[PARQUET_U8] = { PHYSICAL_INT32, CONVERTED_UINT_8 },
	[PARQUET_U16] = { PHYSICAL_INT32, CONVERTED_UINT_16 },
	[PARQUET_U32] = { PHYSICAL_INT32, CONVERTED_UINT_32 },
	[PARQUET_U64] = { PHYSICAL_INT64, CONVERTED_UINT_64 },
	[PARQUET_I32] = { PHYSICAL_INT32, CONVERTED_INT_32 },
	[PARQUET_I64] = { PHYSICAL_INT64, CONVERTED_INT_64 },
	[PARQUET_STR] = { PHYSICAL_BYTE_ARRAY, CONVERTED_UTF8 },
};

static void put_schema(struct parquet_writer *w, struct thrift_writer *t)
{
	thrift_write_list(t, 2, THRIFT_STRUCT, w->column_count + 1);
	thrift_write_item_struct(t);
	thrift_write_binary(t, 4, "row", 3);
	thrift_write_i32(t, 5, (int32_t)w->column_count);
	thrift_write_end(t);
	for (size_t i = 0; i < w->column_count; i++) {
		const struct parquet_column *c = &w->columns[i];

		thrift_write_item_struct(t);
		thrift_write_i32(t, 1, kinds[c->kind].physical);
		thrift_write_i32(t, 3, REPETITION_REQUIRED);
		thrift_write_binary(t, 4, c->name, strlen(c->name));
		thrift_write_i32(t, 6, kinds[c->kind].converted);
		thrift_write_end(t);
	}
}

static void put_statistics(struct thrift_writer *t, const struct chunk_meta *m, bool wide)
{
	thrift_write_struct(t, 12);
	thrift_write_i64(t, 3, 0);
	thrift_write_binary(t, 5, &m->max, wide ? 8 : 4);
	thrift_write_binary(t, 6, &m->min, wide ? 8 : 4);
	thrift_write_end(t);
}

static void put_chunk(struct thrift_writer *t, const struct parquet_column *c,
		      const struct chunk_meta *m)
{
	thrift_write_item_struct(t);
	thrift_write_i64(t, 2, 0);
	thrift_write_struct(t, 3);
	thrift_write_i32(t, 1, kinds[c->kind].physical);
	thrift_write_list(t, 2, THRIFT_I32, m->has_dictionary ? 2 : 1);
	thrift_write_item_i32(t, m->encoding);
	if (m->has_dictionary)
		thrift_write_item_i32(t, ENCODING_PLAIN);
	thrift_write_list(t, 3, THRIFT_BINARY, 1);
	thrift_write_item_binary(t, c->name, strlen(c->name));
	thrift_write_i32(t, 4, m->codec);
	thrift_write_i64(t, 5, (int64_t)m->rows);
	thrift_write_i64(t, 6, (int64_t)m->raw_bytes);
	thrift_write_i64(t, 7, (int64_t)m->stored_bytes);
	thrift_write_i64(t, 9, (int64_t)m->offset);
	if (m->has_dictionary)
		thrift_write_i64(t, 11, (int64_t)m->dictionary_offset);
	if (m->has_range)
		put_statistics(t, m, parquet_kind_is_wide(c->kind));
	thrift_write_end(t);
	thrift_write_end(t);
}

static void put_row_group(struct parquet_writer *w, struct thrift_writer *t,
			  const struct chunk_meta *chunks)
{
	uint64_t raw = 0;

	thrift_write_item_struct(t);
	thrift_write_list(t, 1, THRIFT_STRUCT, w->column_count);
	for (size_t i = 0; i < w->column_count; i++) {
		put_chunk(t, &w->columns[i], &chunks[i]);
		raw += chunks[i].raw_bytes;
	}
	thrift_write_i64(t, 2, (int64_t)raw);
	thrift_write_i64(t, 3, (int64_t)chunks[0].rows);
	thrift_write_end(t);
}

static void put_notes(struct parquet_writer *w, struct thrift_writer *t)
{
	if (w->notes.n == 0)
		return;
	thrift_write_list(t, 5, THRIFT_STRUCT, w->notes.n / 2);
	for (size_t i = 0; i < w->notes.n; i += 2) {
		thrift_write_item_struct(t);
		thrift_write_binary(t, 1, w->notes.v[i], strlen(w->notes.v[i]));
		thrift_write_binary(t, 2, w->notes.v[i + 1], strlen(w->notes.v[i + 1]));
		thrift_write_end(t);
	}
}

/* Close the footer that begins at FOOTER: its check, its length, the end. */
static void end_footer(struct str *out, size_t footer)
{
	uint32_t length = (uint32_t)(out->length - footer);
	uint32_t crc = parquet_crc(out->text + footer, length);

	memcpy(out->text + footer - 4, &crc, 4);
	str_add_n(out, &length, 4);
	str_add_n(out, MAGIC, 4);
}

void parquet_writer_finish(struct parquet_writer *w)
{
	static const char creator[] = "sonde version " SONDE_VERSION;
	struct thrift_writer t;

	str_add_n(w->out, FOOTER_CHECK, FOOTER_CHECK_BYTES);

	size_t footer = w->out->length;

	thrift_write_init(&t, w->out);
	thrift_write_i32(&t, 1, 1);
	put_schema(w, &t);
	thrift_write_i64(&t, 3, (int64_t)w->rows);
	thrift_write_list(&t, 4, THRIFT_STRUCT, w->chunks.n / w->column_count);
	for (size_t i = 0; i < w->chunks.n; i += w->column_count)
		put_row_group(w, &t, &w->chunks.v[i]);
	put_notes(w, &t);
	thrift_write_binary(&t, 6, creator, sizeof(creator) - 1);
	thrift_write_list(&t, 7, THRIFT_STRUCT, w->column_count);
	for (size_t i = 0; i < w->column_count;
	     i++) { /* ColumnOrder: TYPE_ORDER, an empty struct */
		thrift_write_item_struct(&t);
		thrift_write_struct(&t, 1);
		thrift_write_end(&t);
		thrift_write_end(&t);
	}
	thrift_write_end(&t);
	end_footer(w->out, footer);
}
