/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_FORMAT_DWARF_H
#define SONDE_FORMAT_DWARF_H
/*
 * DWARF 2 to 5 as bytes: units, abbreviations, attributes, ranges, line programs.  Pure:
 * the caller finds and maps the files and sections.  All bytes are hostile; every loop is
 * bounded by the bytes it reads.
 * DWARF 5 (https://dwarfstd.org), GNU extensions as gcc's dwarf2.def names them.
 *
 *   struct dwarf d = { .sections = { .info = ..., ... } };
 *   struct dwarf_unit u;
 *   for (uint64_t at = 0; dwarf_unit_read(&d, at, &u); at = u.end) {
 *           dwarf_unit_load(&u, &abbrevs);
 *           ...
 *   }
 */
#include "base/vec.h"
#include "format/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/dwarf_names.h"

struct dwarf_sections {
	struct bytes info, abbrev, line, str, line_str, str_offsets, addr, ranges, rnglists,
		aranges;
	struct bytes cu_index; /* .dwp */
};

struct dwarf {
	struct dwarf_sections sections;
	bool big_endian;
	bool is_dwo;		 /* sections are the .dwo ones */
	const struct dwarf *alt; /* dwz file; NULL: none */
};

/* --- abbreviations -------------------------------------------------------------------- */

/* What an index wants to know about a DIE before it looks at any attribute. */
enum dwarf_kind {
	DWARF_OTHER,	/* of no interest, nor are its children */
	DWARF_THROUGH,	/* of no interest itself, but look at the children */
	DWARF_FUNCTION, /* DW_TAG_subprogram */
	DWARF_INLINED,	/* DW_TAG_inlined_subroutine */
	DWARF_TYPE,	/* struct, class, union, enum ...: has functions only in some languages */
};

struct dwarf_spec {
	uint16_t name, form;
	int64_t implicit; /* DW_FORM_implicit_const */
};

struct dwarf_abbrev {
	uint64_t code;
	uint16_t tag;
	bool has_children;
	uint8_t kind;	       /* enum dwarf_kind */
	uint32_t first, count; /* specs */
	int32_t fixed_bytes;   /* of all attributes; -1: they vary */
	int32_t sibling;       /* which spec is DW_AT_sibling with a DW_FORM_ref4; -1: none */
	int32_t sibling_bytes; /* bytes before it; -1: they vary */
};

/* One table, kept from unit to unit and read again when the next has another. */
struct dwarf_abbrevs {
	const struct dwarf *dwarf;
	uint64_t offset;
	uint8_t address_bytes, offset_bytes, version;
	VEC(struct dwarf_abbrev) abbrevs; /* by code */
	VEC(struct dwarf_spec) specs;
	bool dense;	     /* abbrevs[i].code == i + 1 */
	uint64_t bytes_read; /* grows with each table */
};
void dwarf_abbrevs_deinit(struct dwarf_abbrevs *a);
const struct dwarf_abbrev *dwarf_abbrev_search(const struct dwarf_abbrevs *a, uint64_t code);

static inline const struct dwarf_abbrev *dwarf_abbrev_find(const struct dwarf_abbrevs *a,
							   uint64_t code)
{
	if (a->dense)
		return code - 1 < a->abbrevs.n ? &a->abbrevs.v[code - 1] : NULL;
	return dwarf_abbrev_search(a, code);
}

/* --- units ---------------------------------------------------------------------------- */

struct dwarf_unit {
	const struct dwarf *dwarf;
	uint64_t offset, end; /* in .debug_info */
	uint64_t first_die;
	uint64_t abbrev_offset;
	uint64_t signature; /* dwo_id or type signature; 0: none */
	uint16_t version;
	uint8_t type; /* DW_UT_ */
	uint8_t address_bytes, offset_bytes;

	/* by dwarf_unit_load() */
	const struct dwarf_abbrevs *abbrevs;
	uint16_t tag, language;
	const char *name, *comp_dir, *dwo_name, *producer; /* NULL: none */
	uint64_t low_pc, high_pc, ranges; /* ranges: offset or index, see ranges_form */
	uint16_t ranges_form;		  /* 0: none */
	bool has_low_pc, has_high_pc, has_line;
	uint64_t line_offset;
	uint64_t str_offsets_base, addr_base, rnglists_base;
	/* What a split unit takes from the skeleton's file and base. */
	const struct dwarf *addr_from, *ranges_from;
	uint64_t ranges_base; /* DW_AT_GNU_ranges_base */
	/* Where this unit's part of a .dwp section begins. */
	struct dwarf_contribution {
		uint64_t abbrev, line, str_offsets, rnglists;
	} part;
};

/* The header at OFFSET; false at the end or when it is broken.  Unknown versions are read
 * as far as their length: version 0 then says that there is nothing to see. */
bool dwarf_unit_read(const struct dwarf *d, uint64_t offset, struct dwarf_unit *ret);
/* Abbreviations and the attributes of the root DIE; false when it is broken. */
bool dwarf_unit_load(struct dwarf_unit *u, struct dwarf_abbrevs *abbrevs);
/* Make SPLIT (in a .dwo or .dwp) see the addresses and ranges of its skeleton; before
 * dwarf_unit_load(). */
void dwarf_unit_join(struct dwarf_unit *split, const struct dwarf_unit *skeleton);
/* The split unit of SIGNATURE in D: through .debug_cu_index when it is a .dwp, else by
 * looking at each. */
bool dwarf_unit_find_split(const struct dwarf *d, uint64_t signature, struct dwarf_unit *ret);

/* --- attributes ----------------------------------------------------------------------- */

struct dwarf_value {
	uint16_t form; /* DW_FORM_indirect resolved */
	uint64_t number;
	const uint8_t *data; /* DW_FORM_string, blocks */
};
/* Read one attribute.  A form that is not known makes the cursor bad. */
void dwarf_value_read(const struct dwarf_unit *u, const struct dwarf_spec *spec, struct cursor *c,
		      struct dwarf_value *ret);
void dwarf_value_skip(const struct dwarf_unit *u, const struct dwarf_spec *spec, struct cursor *c);
/* NULL: not a text, or out of bounds. */
const char *dwarf_value_text(const struct dwarf_unit *u, const struct dwarf_value *v);
/* An address; false: it is not one. */
bool dwarf_value_addr(const struct dwarf_unit *u, const struct dwarf_value *v, uint64_t *addr);
bool dwarf_addr_at(const struct dwarf_unit *u, uint64_t index, uint64_t *addr);

/* A DIE: an offset in .debug_info of D, which is this file or its dwz file. */
struct dwarf_ref {
	const struct dwarf *dwarf; /* NULL: none */
	uint64_t offset;
};
struct dwarf_ref dwarf_value_ref(const struct dwarf_unit *u, const struct dwarf_value *v);

/* Is it the value that a linker writes for code it left out?  All ones, or one less (which
 * keeps .debug_ranges readable). */
static inline bool dwarf_is_tombstone(const struct dwarf_unit *u, uint64_t addr)
{
	uint64_t max =
		u->address_bytes >= 8 ? UINT64_MAX : ((uint64_t)1 << 8 * u->address_bytes) - 1;

	return addr == max || addr == max - 1;
}

/* --- ranges --------------------------------------------------------------------------- */

struct dwarf_range {
	uint64_t low, high; /* high is not in it */
};
typedef VEC(struct dwarf_range) dwarf_ranges;
/* Append the list that a DW_AT_ranges value names; empty and tombstoned parts left out.
 * *bytes_read grows by what was looked at.  False when it is broken (what came before the
 * break was appended). */
bool dwarf_ranges_read(const struct dwarf_unit *u, uint16_t form, uint64_t number,
		       dwarf_ranges *ret, uint64_t *bytes_read);
/* The ranges of the whole unit; false when it does not say. */
bool dwarf_unit_ranges(const struct dwarf_unit *u, dwarf_ranges *ret, uint64_t *bytes_read);

/* .debug_aranges, entry by entry: `struct dwarf_aranges a = dwarf_aranges_begin(d); while
 * (dwarf_aranges_next(&a)) ... a.range, a.unit_offset`. */
struct dwarf_aranges {
	struct cursor all, set;
	uint64_t unit_offset;
	uint8_t address_bytes;
	struct dwarf_range range;
};
struct dwarf_aranges dwarf_aranges_begin(const struct dwarf *d);
bool dwarf_aranges_next(struct dwarf_aranges *a);

/* --- line programs -------------------------------------------------------------------- */

struct dwarf_file {
	const char *name;
	uint64_t dir;
};
struct dwarf_row {
	uint64_t addr;
	uint32_t file; /* as the program says: version 5 counts from 0 */
	uint32_t line;
	uint16_t column;
	bool end;	/* end of the sequence: addr is the first byte behind it */
	uint8_t flags;	/* DWARF_IS_STMT ... */
	uint32_t order; /* for who sorts rows; not set here */
	uint32_t discriminator, isa;
};
enum {
	DWARF_IS_STMT = 1,
	DWARF_BASIC_BLOCK = 2,
	DWARF_PROLOGUE_END = 4,
	DWARF_EPILOGUE_BEGIN = 8,
};
struct dwarf_lines {
	uint16_t version;
	VEC(const char *) dirs;	      /* [0] is the compilation directory */
	VEC(struct dwarf_file) files; /* index as in the rows: before version 5, [0] is none */
	VEC(struct dwarf_row) rows;
	uint64_t bytes_read;
	/* Sequences that are not wanted leave no rows; NULL: all are. */
	bool (*wants)(void *user, uint64_t low, uint64_t high);
	void *user;
};
/* Read the line program of U (rows appended in the order of the program).  False when
 * there is none or it is broken; then what came before the break is there. */
bool dwarf_lines_read(const struct dwarf_unit *u, struct dwarf_lines *ret);
/* Only directories and files (for DW_AT_call_file of a split unit). */
bool dwarf_lines_read_files(const struct dwarf_unit *u, struct dwarf_lines *ret);
void dwarf_lines_clear(struct dwarf_lines *l);
void dwarf_lines_deinit(struct dwarf_lines *l);
/* The parts of a file's path: each may be NULL; a path is the parts from the last absolute
 * one on, joined.  False: no such file. */
struct dwarf_path {
	const char *comp_dir, *dir, *name;
};
bool dwarf_lines_path(const struct dwarf_lines *l, const struct dwarf_unit *u, uint64_t file,
		      struct dwarf_path *ret);

#endif
