/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RECORD_RECORDING_IMPL_H
#define SONDE_RECORD_RECORDING_IMPL_H
/* Inside of a recording that is read: for recording.c, meta.c, fold.c, scan.c, side.c and sql*.c.
 */
#include "base/arena.h"
#include "base/io.h"
#include "base/map.h"
#include "base/vec.h"
#include "format/parquet.h"
#include "record/recording.h"

enum { SIDE_ROWS_MAX = 16 << 20 };

struct table_segment {
	struct io_map map; /* a file, or ... */
	struct str buffer; /* ... one that was made of the journal's rows in memory */
	struct parquet_file *file;
	bool *bad;    /* by row group: it is damaged, and left out */
	int *columns; /* by field of the table's type: column in the file, -1: it has none */
};

struct table {
	struct table_info info;
	VEC(struct table_segment) segments;
	/* side tables, decoded on first use (side.c) */
	bool has_side_rows;
	uint8_t *side_rows;
	size_t side_count;
	bool side_is_dense; /* row i has id i + 1 */
};

struct recording {
	char *path;
	int dirfd;
	struct arena arena; /* meta and types */
	struct recording_meta meta;
	VEC(struct recording_note) notes;
	VEC(struct recording_missing) missing;
	VEC(struct recording_damage) damage;
	size_t damage_told; /* so many of them were */
	VEC(const struct event_type *) types; /* declared in meta.json or the journal */
	VEC(unsigned) segments; /* by place in `types`: files that meta.json says a table has; of the first ones */
	VEC(struct table *) tables;
	struct strmap strings;
	VEC(const char *) texts; /* by id; 0 is "" */
	uint64_t text_bytes;
	struct parquet_scratch scratch;
};

/* --- meta.c ---------------------------------------------------------------------------- */
struct err *meta_read(struct recording *r);

/* --- recording.c ------------------------------------------------------------------------ */
const struct event_type *recording_find_type(const struct recording *r, const char *name);
const struct event_type *recording_copy_type(struct recording *r, const struct event_type *type);
/* Map the segment files of a type's table, *COUNT of them. */
struct err *recording_open_segments(struct recording *r, const struct event_type *type, size_t *count);
/* ... and those of all types. */
struct err *recording_open_tables(struct recording *r);
/* The table of a type, made if it is not there. */
struct table *recording_get_table(struct recording *r, const struct event_type *type);
/* Takes over map or buffer, also when it fails. */
struct err *table_add_segment(struct recording *r, struct table *t, struct io_map *map,
			      struct str *buffer, const char *name);
void table_remove_segments(struct table *t);
int table_find_field(const struct table *t, const char *name); /* -1: none */
/* A column of a row group, widened, into OUT (room for its rows). */
struct err *table_read(struct recording *r, const struct table *t, size_t segment, size_t group,
		       unsigned field, void *out);
struct table *table_of(const struct table_info *info);

/* --- damage.c ---------------------------------------------------------------------------- */
/* ERR, if it is that a file is damaged, is noted, and NULL is returned; others are returned.
 * ROWS of it are missing, 0: not known. */
struct err *damage_note(struct recording *r, struct err *err, uint64_t rows);
/* The same for what reading a row group said, which is left out from now on. */
struct err *damage_skip_group(struct recording *r, const struct table *t, size_t segment, size_t group, struct err *err);
/* Tell what nobody has told. */
void damage_log(struct recording *r);

/* --- fold.c ------------------------------------------------------------------------------ */
struct err *fold_journal(struct recording *r);

#endif
