/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_UNIT_READER_H
#define SONDE_SYM_UNIT_READER_H
/*
 * Reads one DWARF unit after the other: its functions, its line rows, the names of
 * functions and the paths of files.  One reader a thread, over a shared debug_file.
 */
#include "base/arena.h"
#include "base/map.h"
#include "sym/debug_file.h"
#include "sym/functions.h"
#include "sym/index_frame.h"

enum { FOREIGN_UNITS = 64 };

/* A unit that a name was looked up in, with abbreviations of its own. */
struct foreign_unit {
	struct dwarf_unit unit;
	struct dwarf_abbrevs abbrevs;
	bool valid;
};

struct line_sequence {
	uint64_t low, high;   /* of its rows; high is not in it */
	size_t first, count;  /* rows, without the end */
};
struct unit_span {
	const struct dwarf *dwarf;
	uint64_t offset, end;
};
struct unit_reader {
	struct debug_file *file;
	struct dwarf_abbrevs abbrevs, split_abbrevs;
	struct dwarf_unit unit;       /* in the file itself */
	struct dwarf_unit split;      /* where its DIEs are; the same when it is not split */
	bool is_split;
	struct functions functions;
	struct dwarf_lines lines;     /* rows sorted by sequence, see below */
	struct dwarf_lines split_files;
	bool lines_read, split_files_read;
	const uint64_t *wanted;       /* sorted; rows of sequences without these are not kept */
	size_t wanted_count;          /* 0: all are */
	VEC(struct line_sequence) sequences;

	uint64_t line_budget, abbrev_budget; /* bytes that may still be read */
	struct foreign_unit foreign[FOREIGN_UNITS];
	size_t foreign_next;
	VEC(struct unit_span) spans;                     /* of the files that names were looked up in */
};

void unit_reader_init(struct unit_reader *r, struct debug_file *file);
void unit_reader_deinit(struct unit_reader *r);

/* Load the unit at OFFSET and find its functions.  False: there is nothing there. */
bool unit_reader_load(struct unit_reader *r, uint64_t offset, enum functions_mode mode);
/* Read its line program: rows of each sequence sorted by address, one row an address. */
void unit_reader_read_lines(struct unit_reader *r);
/* Only its files; the rows count as read then. */
void unit_reader_read_files(struct unit_reader *r);

/* The linkage name of the function that a DIE describes, else its plain name; NULL: none.
 * Valid while the debug file lives. */
const char *unit_reader_name(struct unit_reader *r, struct dwarf_ref die);
/* The name of function INDEX of the loaded unit. */
const char *unit_reader_function_name(struct unit_reader *r, size_t index);
/* A file of the line table, as rows number them (SPLIT: as DW_AT_call_file does). */
bool unit_reader_path(struct unit_reader *r, uint64_t file, bool call, struct dwarf_path *ret);

/* What is at ADDR in the loaded unit. */
void unit_reader_find(struct unit_reader *r, uint64_t addr, struct arena *a, struct index_chain *ret);

#endif
