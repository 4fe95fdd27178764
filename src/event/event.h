/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_EVENT_EVENT_H
#define SONDE_EVENT_EVENT_H
/*
 * What an event type is.  A type is a name, one line of prose and its fields; the
 * row of a built-in type is also a C struct, made from the same table
 * (event/types.h), so that a source fills a struct and everything else (journal,
 * Parquet columns, SQL, JSON names, documentation) reads the descriptor.
 *
 * A tracepoint or probe that a user names declares its type at run time: it fills
 * a `struct event_type` and hands it to the recorder, by the same door.
 *
 * Two sorts of table exist:
 *   event rows   happen at a time; field 0 is time_ns; appended, never changed.
 *   side rows    describe what the events refer to (threads, stacks, modules);
 *                field 0 is `id`, from 1 (0 means "none"); the last row put
 *                under an id counts.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a field lies in a row and in a column.  Little-endian in files. */
enum field_kind {
	FIELD_U8,
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,
	FIELD_I32,
	FIELD_I64,
	FIELD_STR, /* uint32_t: a string id of this recording; 0 is the empty string */
};

/* What a number means; views and SQL use it to print it. */
enum field_unit {
	UNIT_NONE,
	UNIT_TIME_NS,     /* CLOCK_MONOTONIC */
	UNIT_DURATION_NS,
	UNIT_BYTES,
	UNIT_COUNT,
	UNIT_ADDR,        /* printed in hex */
	UNIT_ID,          /* a reference to the side table named in `ref` */
	UNIT_PID,         /* a process or thread id in the recorder's PID namespace */
	UNIT_ENUM,        /* one of a few values, listed in `prose` */
};

struct event_field {
	const char *name;   /* column, SQL and JSON name; units stand in it: time_ns */
	enum field_kind kind;
	enum field_unit unit;
	const char *ref;    /* side table for UNIT_ID, else NULL */
	const char *prose;  /* one line */
	uint16_t offset;    /* of the value in the row, bytes */
};

struct event_type {
	const char *name;   /* table and directory name: lower case, '_' and '/' */
	const char *prose;  /* one line */
	bool side;          /* side table, see above */
	uint16_t row_bytes; /* a multiple of 8 */
	uint16_t field_count;
	const struct event_field *fields;
};

/* Bytes of a value of this kind in a row: 1, 2, 4 or 8. */
static inline unsigned field_kind_bytes(enum field_kind kind)
{
	switch (kind) {
	case FIELD_U8:
		return 1;
	case FIELD_U16:
		return 2;
	case FIELD_U64:
	case FIELD_I64:
		return 8;
	default:
		return 4;
	}
}

#endif
