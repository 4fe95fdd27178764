/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_FORMAT_PARQUET_H
#define SONDE_FORMAT_PARQUET_H
/*
 * Parquet files with flat, required columns of whole numbers and text: what a recording
 * consists of, and what every data engine opens.
 * https://github.com/apache/parquet-format (README.md, Encodings.md, parquet.thrift)
 *
 * Pure: bytes to bytes.  The reader takes hostile bytes.
 */
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum parquet_kind {
	PARQUET_U8, /* logical types on INT32 ... */
	PARQUET_U16,
	PARQUET_U32,
	PARQUET_U64, /* ... and INT64 */
	PARQUET_I32,
	PARQUET_I64,
	PARQUET_STR, /* BYTE_ARRAY, UTF8 */
};
/* Values lie in arrays of uint64_t (U64, I64) or uint32_t (all others; I32 as its bits). */
static inline bool parquet_kind_is_wide(enum parquet_kind kind)
{
	return kind == PARQUET_U64 || kind == PARQUET_I64;
}

enum { PARQUET_ROW_GROUP_ROWS = 65536, PARQUET_READ_ROWS_MAX = 1 << 20 };

/* --- writing -------------------------------------------------------------------------- */

struct parquet_column {
	const char *name;
	enum parquet_kind kind;
};
/* The text of string id ID: LENGTH bytes, of any content.  Bytes that are not UTF-8 are
 * written as \xNN, because readers refuse the file else. */
struct parquet_text {
	const char *(*text)(void *user, uint32_t id, size_t *length);
	void *user;
};

struct parquet_writer;
/* Appends to OUT, which the caller owns; COLUMNS live as long as the writer. */
struct parquet_writer *parquet_writer_create(const struct parquet_column *columns, size_t count,
					     const struct parquet_text *text, struct str *out);
/* One row group of 1 to PARQUET_ROW_GROUP_ROWS rows; arrays as above, with room for 8 more items
 * behind the last; PARQUET_STR columns hold ids. */
void parquet_write_rows(struct parquet_writer *w, const void *const *columns, size_t rows);
/* A string of the file's key-value metadata. */
void parquet_write_note(struct parquet_writer *w, const char *key, const char *value);
/* The footer; the file in OUT is complete then. */
void parquet_writer_finish(struct parquet_writer *w);
void parquet_writer_destroy(struct parquet_writer *w);

/* --- reading ---------------------------------------------------------------------------- */

struct parquet_file;
/* DATA stays the caller's and outlives the file; NAME is for messages.  ERR_FORMAT for what is
 * not Parquet or damaged, ERR_UNSUPPORTED for Parquet beyond the above (nested or
 * optional columns, other encodings). */
struct err *parquet_open(const uint8_t *data, size_t size_bytes, const char *name,
			 struct parquet_file **ret);
void parquet_close(struct parquet_file *f);

uint64_t parquet_rows(const struct parquet_file *f);
size_t parquet_column_count(const struct parquet_file *f);
const struct parquet_column *parquet_file_column(const struct parquet_file *f, size_t column);
size_t parquet_row_group_count(const struct parquet_file *f);
size_t parquet_row_group_rows(const struct parquet_file *f,
			      size_t group); /* <= PARQUET_READ_ROWS_MAX */
/* Smallest and largest value of a number column in a row group; 32-bit signed ones are
 * sign-extended.  False: not recorded. */
bool parquet_range(const struct parquet_file *f, size_t group, size_t column, uint64_t *min,
		   uint64_t *max);
const char *parquet_note(const struct parquet_file *f, const char *key); /* NULL: none */

/* Buffers that decoding reuses; one a thread. */
struct parquet_scratch {
	struct str page, dictionary;
	uint32_t *indices;
	size_t index_cap;
	uint64_t *values; /* of the dictionary */
	size_t value_cap;
	void *zstd;
};
void parquet_scratch_deinit(struct parquet_scratch *s);

/* Turns the distinct texts of a column into ids of the caller's. */
struct parquet_intern {
	struct err *(*intern)(void *user, const char *text, size_t length, uint32_t *id);
	void *user;
};
/* All values of a column in a row group into OUT (an array of the column's width, with
 * parquet_row_group_rows() items).  INTERN is for PARQUET_STR only. */
struct err *parquet_read_column(const struct parquet_file *f, size_t group, size_t column,
				const struct parquet_intern *intern, struct parquet_scratch *s,
				void *out);

#endif
