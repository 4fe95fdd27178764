/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_FORMAT_THRIFT_H
#define SONDE_FORMAT_THRIFT_H
/*
 * Thrift's compact protocol, as far as Parquet's metadata needs it.
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum thrift_type {
	THRIFT_STOP = 0,
	THRIFT_TRUE = 1, /* in a field header the type is the value */
	THRIFT_FALSE = 2,
	THRIFT_I8 = 3,
	THRIFT_I16 = 4,
	THRIFT_I32 = 5,
	THRIFT_I64 = 6,
	THRIFT_DOUBLE = 7,
	THRIFT_BINARY = 8,
	THRIFT_LIST = 9,
	THRIFT_SET = 10,
	THRIFT_MAP = 11,
	THRIFT_STRUCT = 12,
};

/* --- writing: fields of a struct in rising order of id ------------------------------ */

enum { THRIFT_DEPTH_MAX = 8 };
struct thrift_writer {
	struct str *out;
	int16_t last_id[THRIFT_DEPTH_MAX];
	unsigned depth;
};
void thrift_write_init(struct thrift_writer *w, struct str *out);
void thrift_write_i32(struct thrift_writer *w, int16_t id, int32_t value);
void thrift_write_i64(struct thrift_writer *w, int16_t id, int64_t value);
void thrift_write_binary(struct thrift_writer *w, int16_t id, const void *bytes, size_t length);
void thrift_write_struct(struct thrift_writer *w, int16_t id); /* then its fields, then _end */
void thrift_write_list(struct thrift_writer *w, int16_t id, enum thrift_type item, size_t count);
/* Items of a list: structs between item_begin and end; numbers and bytes as they are. */
void thrift_write_item_struct(struct thrift_writer *w);
void thrift_write_item_i32(struct thrift_writer *w, int32_t value);
void thrift_write_item_binary(struct thrift_writer *w, const void *bytes, size_t length);
void thrift_write_end(struct thrift_writer *w); /* of a struct, also of the outermost */

/* --- reading -------------------------------------------------------------------------- */

/* `bad` is set by the first thing that is not Thrift or runs past the end; from then
 * on all reads give nothing and all loops end. */
struct thrift_reader {
	const uint8_t *p, *end;
	bool bad;
};
struct thrift_field {
	int16_t id; /* 0 before the first */
	enum thrift_type type;
};
void thrift_read_init(struct thrift_reader *r, const void *data, size_t size_bytes);
/* The next field of a struct: `struct thrift_field f = { 0 }; while (thrift_next(r, &f))`.
 * The caller reads or skips the value. */
bool thrift_next(struct thrift_reader *r, struct thrift_field *f);
int64_t thrift_read_int(struct thrift_reader *r, const struct thrift_field *f); /* I8..I64, bool */
int64_t thrift_read_zigzag(struct thrift_reader *r);
uint64_t thrift_read_varint(struct thrift_reader *r);
/* Borrowed bytes. */
const uint8_t *thrift_read_binary(struct thrift_reader *r, size_t *length);
/* Items of a list; 0 when it is not one or claims more items than bytes left. */
size_t thrift_read_list(struct thrift_reader *r, const struct thrift_field *f,
			enum thrift_type *item);
void thrift_skip(struct thrift_reader *r, const struct thrift_field *f);

#endif
