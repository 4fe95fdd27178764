/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* format/parquet.h: what is written is read back, over every kind, encoding and edge;
 * what is damaged is refused. */
#include "format/parquet.h"

#include "base/map.h"
#include "base/mem.h"
#include "format/bitpack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* --- shapes of columns --------------------------------------------------------------- */

enum shape { CONSTANT, COUNTING, JITTER, FEW, MANY, RUNS, EXTREME, NEGATIVE, RANDOM, SHAPES };

static uint64_t random_u64(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return hash_u64(*seed);
}

static uint64_t shape_value(enum shape shape, size_t i, uint64_t *seed)
{
	static const uint64_t extremes[] = { 0,		 UINT64_MAX, 1ULL << 63, (1ULL << 63) - 1,
					     0x80000000, 0x7fffffff, 0xffffffff, 1 };

	switch (shape) {
	case CONSTANT:
		return 42;
	case COUNTING:
		return i + 1;
	case JITTER:
		return 1000000 + i * 1000 + random_u64(seed) % 400;
	case FEW:
		return 0x7f0000001000 + random_u64(seed) % 300 * 4096;
	case MANY:
		return 0x7f0000001000 + random_u64(seed) % 70000 * 4096;
	case RUNS:
		return i / 100 % 7;
	case EXTREME:
		return extremes[random_u64(seed) % 8];
	case NEGATIVE:
		return (uint64_t)(-(int64_t)(random_u64(seed) % 4096));
	default:
		return random_u64(seed);
	}
}

static uint64_t fit(enum parquet_kind kind, uint64_t value)
{
	if (kind == PARQUET_U8)
		return value & 0xff;
	if (kind == PARQUET_U16)
		return value & 0xffff;
	return parquet_kind_is_wide(kind) ? value : value & 0xffffffff;
}

static const char *text_of(void *user, uint32_t id, size_t *length)
{
	static char text[4][32];
	char *t = text[id % 4];

	*length = id == 0 ? 0 : (size_t)snprintf(t, 32, "string %u", id);
	return t;
}

struct pool {
	struct strmap map;
};

static struct err *pool_intern(void *user, const char *text, size_t length, uint32_t *id)
{
	struct pool *pool = user;

	*id = 0;
	for (size_t i = strlen("string "); i < length; i++)
		*id = *id * 10 + (uint32_t)(text[i] - '0');
	*strmap_get(&pool->map, text, length, NULL) = *id;
	return NULL;
}

static void fill(enum parquet_kind kind, enum shape shape, size_t rows, void *out)
{
	uint64_t seed = (uint64_t)kind * 1000 + shape;

	for (size_t i = 0; i < rows; i++) {
		uint64_t value = fit(kind, shape_value(shape, i, &seed));

		if (kind == PARQUET_STR)
			((uint32_t *)out)[i] = (uint32_t)(value % 100000);
		else if (parquet_kind_is_wide(kind))
			((uint64_t *)out)[i] = value;
		else
			((uint32_t *)out)[i] = (uint32_t)value;
	}
}

static void check_range(const struct parquet_file *f, enum parquet_kind kind, size_t column,
			const void *values, size_t rows)
{
	uint64_t min, max;

	if (kind == PARQUET_STR) {
		assert_false(parquet_range(f, 0, column, &min, &max));
		return;
	}
	assert_true(parquet_range(f, 0, column, &min, &max));
	for (size_t i = 0; i < rows; i++) {
		if (kind == PARQUET_I64)
			assert_true(((const int64_t *)values)[i] >= (int64_t)min &&
				    ((const int64_t *)values)[i] <= (int64_t)max);
		else if (kind == PARQUET_I32)
			assert_true(((const int32_t *)values)[i] >= (int64_t)min &&
				    ((const int32_t *)values)[i] <= (int64_t)max);
		else if (kind == PARQUET_U64)
			assert_true(((const uint64_t *)values)[i] >= min &&
				    ((const uint64_t *)values)[i] <= max);
		else
			assert_true(((const uint32_t *)values)[i] >= min &&
				    ((const uint32_t *)values)[i] <= max);
	}
}

/* Every kind with one shape a file, ROWS rows. */
static void round_trip(enum shape shape, size_t rows)
{
	enum { KINDS = PARQUET_STR + 1 };
	static const char *const names[KINDS] = { "u8", "u16", "u32", "u64", "i32", "i64", "str" };
	struct parquet_column columns[KINDS];
	void *values[KINDS];
	struct str out = { 0 };
	struct parquet_scratch scratch = { 0 };
	struct pool pool;
	struct parquet_file *f;
	uint64_t *back = mem_alloc((rows + 8) * 8);

	strmap_init(&pool.map);
	for (unsigned k = 0; k < KINDS; k++) {
		columns[k] = (struct parquet_column){ names[k], (enum parquet_kind)k };
		values[k] = mem_calloc(rows + 8, 8);
		fill((enum parquet_kind)k, shape, rows, values[k]);
	}
	struct parquet_text text = { text_of, NULL };
	struct parquet_writer *w = parquet_writer_create(columns, KINDS, &text, &out);

	if (rows)
		parquet_write_rows(w, (const void *const *)values, rows);
	parquet_write_note(w, "key", "value");
	parquet_writer_finish(w);
	parquet_writer_destroy(w);

	assert_null(parquet_open((const uint8_t *)out.text, out.length, "test", &f));
	assert_int_equal(parquet_rows(f), rows);
	assert_int_equal(parquet_column_count(f), KINDS);
	assert_int_equal(parquet_row_group_count(f), rows ? 1 : 0);
	assert_string_equal(parquet_note(f, "key"), "value");
	for (unsigned k = 0; k < KINDS && rows; k++) {
		struct parquet_intern intern = { pool_intern, &pool };

		assert_string_equal(parquet_file_column(f, k)->name, names[k]);
		assert_int_equal(parquet_file_column(f, k)->kind, k);
		assert_null(parquet_read_column(f, 0, k, &intern, &scratch, back));
		assert_memory_equal(back, values[k],
				    rows * (parquet_kind_is_wide(columns[k].kind) ? 8 : 4));
		check_range(f, columns[k].kind, k, values[k], rows);
	}
	parquet_close(f);
	parquet_scratch_deinit(&scratch);
	strmap_deinit(&pool.map);
	for (unsigned k = 0; k < KINDS; k++)
		free(values[k]);
	free(back);
	str_deinit(&out);
}

static void test_round_trip(void **state)
{
	static const size_t sizes[] = { 0,   1,	  2,   7,    8,	   31,	  33,	127,
					128, 129, 130, 1000, 4099, 65535, 65536 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		for (int shape = 0; shape < SHAPES; shape++)
			round_trip((enum shape)shape, sizes[i]);
}

/* Each width of both packed encodings, with the input cut at its last byte, so that a sanitizer
 * sees a read beyond it. */
static void test_widths(void **state)
{
	static const size_t sizes[] = { 1, 5, 8, 31, 32, 33, 129, 500, 504, 505, 1100 };
	uint64_t wide[1100 + 8], wide_back[1100];
	uint32_t narrow[1100 + 8], narrow_back[1100], copy[1100];
	uint64_t seed = 1;

	for (unsigned width = 1; width <= 64; width++)
		for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
			struct str out = { 0 };
			size_t n = sizes[s];

			for (size_t i = 0; i < n; i++) {
				wide[i] = random_u64(&seed) >> (64 - width);
				narrow[i] =
					(uint32_t)(random_u64(&seed) % 3 ? wide[i]
									 : narrow[i ? i - 1 : 0]);
			}
			delta_encode_u64(wide, n, &out);
			uint8_t *exact = mem_alloc(out.length);

			memcpy(exact, out.text, out.length);
			assert_true(delta_decode_u64(exact, out.length, wide_back, n));
			assert_memory_equal(wide, wide_back, n * 8);
			free(exact);
			str_clear(&out);
			if (width <= 32) {
				for (size_t i = 0; i < n; i++)
					narrow[i] &= (uint32_t)(0xffffffffu >> (32 - width));
				memcpy(copy, narrow, n * 4);
				hybrid_encode(narrow, n, width, &out);
				exact = mem_alloc(out.length);
				memcpy(exact, out.text, out.length);
				assert_true(
					hybrid_decode(exact, out.length, width, narrow_back, n));
				assert_memory_equal(copy, narrow_back, n * 4);
				free(exact);
			}
			str_deinit(&out);
		}
}

static const char *bad_text(void *user, uint32_t id, size_t *length)
{
	static const char text[] = "a\xff\xc3\xa9\xed\xa0\x80";

	*length = sizeof(text) - 1;
	return text;
}

static struct err *expect_text(void *user, const char *text, size_t length, uint32_t *id)
{
	static const char expected[] = "a\\xff\xc3\xa9\\xed\\xa0\\x80";

	assert_int_equal(length, sizeof(expected) - 1);
	assert_memory_equal(text, expected, length);
	*id = 77;
	return NULL;
}

/* A name that is not UTF-8 must not make the file unreadable for others. */
static void test_bad_utf8(void **state)
{
	struct parquet_column column = { "s", PARQUET_STR };
	uint32_t ids[9] = { 1 }, back[1];
	const void *columns[] = { ids };
	struct str out = { 0 };
	struct parquet_text text = { bad_text, NULL };
	struct parquet_writer *w = parquet_writer_create(&column, 1, &text, &out);
	struct parquet_intern intern = { expect_text, NULL };
	struct parquet_scratch scratch = { 0 };
	struct parquet_file *f;

	parquet_write_rows(w, columns, 1);
	parquet_writer_finish(w);
	parquet_writer_destroy(w);
	assert_null(parquet_open((const uint8_t *)out.text, out.length, "test", &f));
	assert_null(parquet_read_column(f, 0, 0, &intern, &scratch, back));
	assert_int_equal(back[0], 77);
	parquet_close(f);
	parquet_scratch_deinit(&scratch);
	str_deinit(&out);
}

struct heard {
	struct pool pool;
	uint64_t hash;
};

static struct err *hear(void *user, const char *text, size_t length, uint32_t *id)
{
	struct heard *h = user;

	h->hash = hash_bytes(text, length) + 31 * h->hash;
	return pool_intern(&h->pool, text, length, id);
}

static struct err *read_column(struct parquet_file *f, size_t group, size_t column,
			       struct heard *heard, struct parquet_scratch *scratch, void *out)
{
	struct parquet_intern intern = { hear, heard };
	bool wide = parquet_kind_is_wide(parquet_file_column(f, column)->kind);

	TRY(parquet_read_column(f, group, column, &intern, scratch, out));
	heard->hash = heard->hash * 31 +
		      hash_bytes(out, parquet_row_group_rows(f, group) * (wide ? 8 : 4));
	return NULL;
}

/* *HASH is of all values. */
static struct err *read_all(const uint8_t *data, size_t size, uint64_t *hash)
{
	struct parquet_scratch scratch = { 0 };
	struct heard heard = { .hash = 1 };
	struct parquet_file *f;

	TRY(parquet_open(data, size, "test", &f));
	strmap_init(&heard.pool.map);
	struct err *err = NULL;

	for (size_t g = 0; g < parquet_row_group_count(f) && !err; g++) {
		uint64_t *out = mem_alloc(parquet_row_group_rows(f, g) * 8 + 8);

		for (size_t c = 0; c < parquet_column_count(f) && !err; c++)
			err = read_column(f, g, c, &heard, &scratch, out);
		free(out);
	}
	parquet_close(f);
	strmap_deinit(&heard.pool.map);
	parquet_scratch_deinit(&scratch);
	*hash = heard.hash;
	return err;
}

static void test_damaged(void **state)
{
	struct parquet_column columns[] = { { "t", PARQUET_U64 }, { "s", PARQUET_STR } };
	uint64_t times[208];
	uint32_t ids[208];
	const void *values[] = { times, ids };
	struct str out = { 0 };
	struct parquet_text text = { text_of, NULL };
	struct parquet_writer *w = parquet_writer_create(columns, 2, &text, &out);

	fill(PARQUET_U64, JITTER, 200, times);
	fill(PARQUET_STR, RUNS, 200, ids);
	parquet_write_rows(w, values, 200);
	parquet_writer_finish(w);
	parquet_writer_destroy(w);
	uint64_t hash, damaged_hash;

	assert_null(read_all((const uint8_t *)out.text, out.length, &hash));
	for (size_t cut = 0; cut < out.length; cut++) { /* every truncation is refused */
		uint8_t *copy = mem_alloc(cut);

		memcpy(copy, out.text, cut);
		struct err *err = read_all(copy, cut, &damaged_hash);

		assert_non_null(err);
		err_destroy(err);
		free(copy);
	}
	for (size_t at = 0; at < out.length; at++) /* a flipped bit is refused, or changes nothing */
		for (int bit = 0; bit < 8; bit += 3) {
			uint8_t *copy = mem_alloc(out.length);

			memcpy(copy, out.text, out.length);
			copy[at] ^= (uint8_t)(1 << bit);
			struct err *err = read_all(copy, out.length, &damaged_hash);

			assert_true(err || damaged_hash == hash);
			err_destroy(err);
			free(copy);
		}
	str_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_widths),
		cmocka_unit_test(test_bad_utf8),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests_name("parquet", tests, NULL, NULL);
}
