/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_INDEX_FILE_H
#define SONDE_SYM_INDEX_FILE_H
/*
 * The index of one file's DWARF, as it lies in the cache: address -> function with its
 * inlined calls, address -> line.
 *
 *   header        one page, see struct index_header
 *   blobs         one a function, one for each run of up to 32 line rows: u32 size, payload
 *   functions     struct index_interval, disjoint and sorted by low
 *   lines         the same
 *   files         struct index_path
 *   strings       each NUL-terminated; the first is ""; referred to by offset
 *   checks        u32 for each page (4 KiB) before them but the header: low half of XXH3-64
 *
 * Payloads are LEB128 numbers (s: signed):
 *   function      lowest address, name; and if calls were inlined into it: size of the records,
 *                 records, number of marks, marks, steps (index_tree.c says why so)
 *   record        of a call: bytes back to the record of the one that it is inlined into, 0: into the
 *                 function; name, call file, call line, call column
 *   step          address advance (the first: from the lowest), s advance of the record that is innermost from
 *                 there on: its offset in records plus 1, 0: the function itself (as before the first)
 *   mark          the same, and between the two the size, of each 32 steps together
 *   line run      base address, rows: address advance * 8 + 4 if the discriminator changes
 *                 + 2 if the file does + 1 if the column does, s line advance, [file],
 *                 [column], [discriminator]
 *
 * The file is of our own making, but whoever can write to the cache can write anything: one that
 * another user owns or may write to is refused, and each number is checked where it is used.
 * Against accidents (a full disk, a crash, a bad sector) each page is checked when it is first
 * read: what is damaged is not found, and index_file_is_damaged() tells, so that who asks can take
 * the answer from the debug information instead.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "sym/unit_reader.h"

enum { INDEX_VERSION = 7, INDEX_HEADER_BYTES = 4096, INDEX_ROWS_MAX = 32, INDEX_PAGE_BYTES = 4096 };
#define INDEX_MAGIC "sondeidx"

struct index_interval {
	uint64_t low, high, blob; /* high is not in it; blob: offset in blobs */
};
struct index_path {
	uint32_t comp_dir, dir, name; /* strings; 0: none */
};
struct index_part {
	uint64_t offset, size_bytes; /* in the file */
};
struct index_header {
	char magic[8];
	uint32_t version, byte_order; /* 0x01020304 as the writer's machine stores it */
	uint64_t file_bytes, key;     /* key: XXH3-64 of what names the source */
	struct index_part blobs, functions, lines, files, strings, checks;
	uint64_t checks_hash;         /* XXH3-64 of the checks */
	uint64_t check;               /* XXH3-64 of the header before it */
};

struct index_file {
	struct io_map map; /* none over the caller's bytes */
	struct bytes image;
	const struct index_header *header;
	struct bytes blobs, strings;
	const struct index_interval *functions, *lines;
	const struct index_path *files;
	size_t function_count, line_count, file_count;
	const uint32_t *checks;    /* NULL: pages are not checked */
	size_t page_count;
	_Atomic uint64_t *checked; /* a bit a page: it was right; behind them a word: not 0 when one was not */
	bool is_checked;           /* all pages and all texts were */
};

/* Map the index at PATH.  ERR_NOT_FOUND when there is none, ERR_UNSUPPORTED when it is another
 * version's, ERR_PERMISSION when others may have written it, ERR_FORMAT when it is damaged. */
struct err *index_file_open(const char *path, uint64_t key, struct index_file *ret);
struct err *index_file_open_fd(int fd, uint64_t key, struct index_file *ret);
/* The same over bytes that stay the caller's and are aligned to 8. */
struct err *index_file_open_bytes(struct bytes image, uint64_t key, struct index_file *ret);
void index_file_close(struct index_file *f);

/* Check all of it now: before many questions, which then need not look again and again. */
void index_file_check(struct index_file *f);
/* Something that was looked at, by index_file_check() or to find an answer, was not as it was
 * written: what the answers lack is not known.  Thread-safe. */
bool index_file_is_damaged(const struct index_file *f);

/* What is at ADDR; texts live in the mapping.  Thread-safe. */
void index_file_find(const struct index_file *f, uint64_t addr, struct arena *a, struct index_chain *ret);

/* The check of a page, or of what is left for the last. */
uint32_t index_check(const void *page, size_t size_bytes);

#endif
