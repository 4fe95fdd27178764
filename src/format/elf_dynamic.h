/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_FORMAT_ELF_DYNAMIC_H
#define SONDE_FORMAT_ELF_DYNAMIC_H
/*
 * What the dynamic loader reads of an ELF file, and notes.  By segments where there are any,
 * as it does itself: sections may have been stripped.
 * System V gABI, "Dynamic Section", "Note Section".
 */
#include "base/vec.h"
#include "format/elf.h"

struct elf_dynamic_entry {
	uint64_t tag, value;
};
struct elf_dynamic {
	VEC(struct elf_dynamic_entry) entries; /* without DT_NULL */
	struct bytes strings;
};
void elf_dynamic_read(const struct elf_file *f, struct elf_dynamic *ret);
void elf_dynamic_deinit(struct elf_dynamic *d);
/* The value of the first entry TAG; false: none. */
bool elf_dynamic_find(const struct elf_dynamic *d, uint64_t tag, uint64_t *value);
/* NULL: not in the strings. */
const char *elf_dynamic_text(const struct elf_dynamic *d, uint64_t offset);

/* The bytes that are loaded at VADDR, to the end of their segment; none: 0 bytes. */
struct bytes elf_loaded(const struct elf_file *f, uint64_t vaddr);
/* PT_INTERP; NULL: none. */
const char *elf_interpreter(const struct elf_file *f);

/* All notes: `struct elf_notes n = { .file = f }; while (elf_note_next(&n)) ...`. */
struct elf_notes {
	const struct elf_file *file;
	struct cursor c;
	size_t section; /* of the current one; in a file without sections: segment */
	uint64_t align;
	bool started;
	const char *name; /* never NULL */
	uint32_t type;
	struct bytes desc;
};
bool elf_note_next(struct elf_notes *n);

/* --- names; NULL: not one that is known (elf_names.c) -------------------------------------- */
const char *elf_type_name(uint16_t type);           /* "DYN" */
const char *elf_section_type_name(uint32_t type);   /* "PROGBITS" */
const char *elf_segment_type_name(uint32_t type);   /* "LOAD" */
const char *elf_dynamic_tag_name(uint64_t tag);     /* "NEEDED" */
const char *elf_symbol_type_name(unsigned type);    /* "FUNC" */
const char *elf_symbol_bind_name(unsigned bind);    /* "GLOBAL" */
const char *elf_symbol_visibility_name(unsigned other);
/* Letters of section flags as readelf writes them ("WAX"); TEXT has room for 24. */
void elf_section_flags_text(uint64_t flags, char *text);

#endif
