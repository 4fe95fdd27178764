/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RECORD_STORE_H
#define SONDE_RECORD_STORE_H
/* The files of a recording's directory: written to a temporary name and renamed, so that
 * a reader sees all of a file or nothing. */
#include "base/err.h"
#include "record/recording.h"

/* TABLE/NNNNNN.parquet, making the directories. */
struct err *store_segment(int dirfd, const char *table, unsigned number, const void *data,
			  size_t size_bytes);
enum { STORE_NAME_BYTES = 600 };
void store_segment_name(char name[STORE_NAME_BYTES], const char *table, unsigned number);
/* Segment numbers of a table, sorted; the caller frees them.  0 without the directory.
 * Unfinished temporary files are no segments. */
size_t store_list_segments(int dirfd, const char *table, unsigned **numbers);
/* NAME and all below it; what isn't there is no error. */
struct err *store_remove(int dirfd, const char *name);
/* Bytes of all files below NAME. */
uint64_t store_bytes(int dirfd, const char *name);

/* meta.json.  TYPES: those that have a table, or may get one. */
struct err *store_meta(int dirfd, const struct recording_meta *meta,
		       const struct event_type *const *types, size_t type_count);
/* Names of kinds and units in meta.json, in the order of their enums. */
extern const char *const store_kind_names[];
extern const char *const store_unit_names[];
enum { STORE_KINDS = FIELD_STR + 1, STORE_UNITS = UNIT_ENUM + 1 };

#endif
