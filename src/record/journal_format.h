/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RECORD_JOURNAL_FORMAT_H
#define SONDE_RECORD_JOURNAL_FORMAT_H
/*
 * What lies in NAME.sonde/journal/.  All little-endian; written through shared
 * mappings, so that what was stored outlives our own death.
 *
 *   lock        empty; the recorder holds a flock() on it while it lives
 *   side        one struct side_header, then records: strings, types, side rows, notes
 *   NNNN.chunk  event rows: block 0 begins with a struct chunk_header, every other block is
 *               a struct block_header and rows of one type
 *
 * A chunk is written from its second block on, and used again with a new sequence number once
 * its rows are in Parquet segments.  A segment's metadata says which rows it has
 * (JOURNAL_NOTE below), so that a reader takes from the journal what no segment has: no
 * row twice, none left out, whenever the recorder dies.
 */
#include <stdatomic.h>
#include <stdint.h>

enum {
	JOURNAL_VERSION = 1,
	JOURNAL_BLOCK_ROWS_AT = 64, /* offset of the rows in a block */
	JOURNAL_BLOCKS_MAX = 256,   /* in a chunk */
	JOURNAL_CHUNK_BYTES_MAX = 64 << 20,
	JOURNAL_SIDE_BYTES_MAX = 1 << 30,
};
#define JOURNAL_CHUNK_MAGIC 0x4b4e484345444e53ULL /* "SNDECHNK" */
#define JOURNAL_SIDE_MAGIC 0x4544495345444e53ULL  /* "SNDESIDE" */

/* Key in a segment's metadata.  Its value is a list of "S", "S-T" (all rows of the type in the
 * chunks with these sequence numbers) and "S.B=N" (the first N rows of block B of chunk S). */
#define JOURNAL_NOTE "sonde.journal"

struct chunk_header {
	uint64_t magic;
	uint32_t version;
	uint32_t chunk_bytes, block_bytes;
	uint32_t unused;
	_Atomic uint64_t sequence; /* from 1; 0: nothing in it */
};

struct block_header {
	uint32_t type;
	uint32_t row_bytes;
	_Atomic uint32_t count; /* rows that are there; stored after they are */
	uint32_t unused;
};

struct side_header {
	uint64_t magic;
	uint32_t version;
	uint32_t unused;
	_Atomic uint64_t used_bytes;	/* of the file, this header included */
	_Atomic uint64_t alive_ns;	/* last sign of life, CLOCK_MONOTONIC */
	_Atomic uint64_t lost_rows;	/* that found no room in the journal */
	_Atomic uint64_t lost_reported; /* of them, in `lost` rows */
	_Atomic uint64_t lost_first_ns; /* when the first was lost */
};

/* Records are 8-byte aligned; payload follows. */
enum side_kind {
	SIDE_STRING = 1,  /* u32 id, u32 0, bytes */
	SIDE_TYPE = 2,	  /* u32 number, u32 row_bytes, u32 side, u32 field count; then texts, each
			     ended by NUL: name, prose; a field: kind, unit, offset in decimal,
			     name, ref, prose */
	SIDE_ROW = 3,	  /* u32 type, u32 0, the row */
	SIDE_NOTE = 4,	  /* key NUL value NUL */
	SIDE_MISSING = 5, /* what NUL why NUL fix NUL */
	SIDE_EXIT = 6,	  /* i32 wait status */
};
struct side_record {
	uint32_t kind;
	uint32_t bytes; /* of the payload, without padding */
};

#endif
