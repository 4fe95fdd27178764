/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of the gABI's and GNU's numbers (elf.h), as readelf prints them. */
#include "format/elf_dynamic.h"

#include <elf.h>

struct name {
	uint64_t number;
	const char *text;
};

static const struct name types[] = {
	{ 0, "NONE" }, { 1, "REL" }, { 2, "EXEC" }, { 3, "DYN" }, { 4, "CORE" },
};
static const struct name section_types[] = {
	{ 0, "NULL" }, { 1, "PROGBITS" }, { 2, "SYMTAB" }, { 3, "STRTAB" }, { 4, "RELA" },
	{ 5, "HASH" }, { 6, "DYNAMIC" }, { 7, "NOTE" }, { 8, "NOBITS" }, { 9, "REL" },
	{ 10, "SHLIB" }, { 11, "DYNSYM" }, { 14, "INIT_ARRAY" }, { 15, "FINI_ARRAY" },
	{ 16, "PREINIT_ARRAY" }, { 17, "GROUP" }, { 18, "SYMTAB SECTION INDICES" }, { 19, "RELR" },
	{ 0x6ffffff5, "GNU_ATTRIBUTES" }, { 0x6ffffff6, "GNU_HASH" },
	{ 0x6ffffff7, "GNU_LIBLIST" }, { 0x6ffffffd, "VERDEF" }, { 0x6ffffffe, "VERNEED" },
	{ 0x6fffffff, "VERSYM" }, { 0x70000001, "X86_64_UNWIND" },
};
static const struct name segment_types[] = {
	{ 0, "NULL" }, { 1, "LOAD" }, { 2, "DYNAMIC" }, { 3, "INTERP" }, { 4, "NOTE" },
	{ 5, "SHLIB" }, { 6, "PHDR" }, { 7, "TLS" }, { 0x6474e550, "GNU_EH_FRAME" },
	{ 0x6474e551, "GNU_STACK" }, { 0x6474e552, "GNU_RELRO" }, { 0x6474e553, "GNU_PROPERTY" },
};
static const struct name dynamic_tags[] = {
	{ 0, "NULL" }, { 1, "NEEDED" }, { 2, "PLTRELSZ" }, { 3, "PLTGOT" }, { 4, "HASH" },
	{ 5, "STRTAB" }, { 6, "SYMTAB" }, { 7, "RELA" }, { 8, "RELASZ" }, { 9, "RELAENT" },
	{ 10, "STRSZ" }, { 11, "SYMENT" }, { 12, "INIT" }, { 13, "FINI" }, { 14, "SONAME" },
	{ 15, "RPATH" }, { 16, "SYMBOLIC" }, { 17, "REL" }, { 18, "RELSZ" }, { 19, "RELENT" },
	{ 20, "PLTREL" }, { 21, "DEBUG" }, { 22, "TEXTREL" }, { 23, "JMPREL" }, { 24, "BIND_NOW" },
	{ 25, "INIT_ARRAY" }, { 26, "FINI_ARRAY" }, { 27, "INIT_ARRAYSZ" }, { 28, "FINI_ARRAYSZ" },
	{ 29, "RUNPATH" }, { 30, "FLAGS" }, { 32, "PREINIT_ARRAY" }, { 33, "PREINIT_ARRAYSZ" },
	{ 34, "SYMTAB_SHNDX" }, { 35, "RELRSZ" }, { 36, "RELR" }, { 37, "RELRENT" },
	{ 0x6ffffdf5, "GNU_PRELINKED" }, { 0x6ffffdf6, "GNU_CONFLICTSZ" },
	{ 0x6ffffdf7, "GNU_LIBLISTSZ" }, { 0x6ffffdf8, "CHECKSUM" }, { 0x6ffffdf9, "PLTPADSZ" },
	{ 0x6ffffdfa, "MOVEENT" }, { 0x6ffffdfb, "MOVESZ" }, { 0x6ffffdfc, "FEATURE_1" },
	{ 0x6ffffdfd, "POSFLAG_1" }, { 0x6ffffdfe, "SYMINSZ" }, { 0x6ffffdff, "SYMINENT" },
	{ 0x6ffffef5, "GNU_HASH" }, { 0x6ffffef6, "TLSDESC_PLT" }, { 0x6ffffef7, "TLSDESC_GOT" },
	{ 0x6ffffef8, "GNU_CONFLICT" }, { 0x6ffffef9, "GNU_LIBLIST" }, { 0x6ffffefa, "CONFIG" },
	{ 0x6ffffefb, "DEPAUDIT" }, { 0x6ffffefc, "AUDIT" }, { 0x6ffffefd, "PLTPAD" },
	{ 0x6ffffefe, "MOVETAB" }, { 0x6ffffeff, "SYMINFO" }, { 0x6ffffff0, "VERSYM" },
	{ 0x6ffffff9, "RELACOUNT" }, { 0x6ffffffa, "RELCOUNT" }, { 0x6ffffffb, "FLAGS_1" },
	{ 0x6ffffffc, "VERDEF" }, { 0x6ffffffd, "VERDEFNUM" }, { 0x6ffffffe, "VERNEED" },
	{ 0x6fffffff, "VERNEEDNUM" }, { 0x7ffffffd, "AUXILIARY" }, { 0x7fffffff, "FILTER" },
};
static const struct name symbol_types[] = {
	{ 0, "NOTYPE" }, { 1, "OBJECT" }, { 2, "FUNC" }, { 3, "SECTION" }, { 4, "FILE" },
	{ 5, "COMMON" }, { 6, "TLS" }, { 10, "IFUNC" },
};
static const struct name symbol_binds[] = {
	{ 0, "LOCAL" }, { 1, "GLOBAL" }, { 2, "WEAK" }, { 10, "UNIQUE" },
};
static const struct name visibilities[] = {
	{ 0, "DEFAULT" }, { 1, "INTERNAL" }, { 2, "HIDDEN" }, { 3, "PROTECTED" },
};

#define LOOK_UP(table, number) look_up(table, sizeof(table) / sizeof((table)[0]), number)

static const char *look_up(const struct name *table, size_t count, uint64_t number)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].number == number)
			return table[i].text;
	return NULL;
}

const char *elf_type_name(uint16_t type) { return LOOK_UP(types, type); }
const char *elf_section_type_name(uint32_t type) { return LOOK_UP(section_types, type); }
const char *elf_segment_type_name(uint32_t type) { return LOOK_UP(segment_types, type); }
const char *elf_dynamic_tag_name(uint64_t tag) { return LOOK_UP(dynamic_tags, tag); }
const char *elf_symbol_type_name(unsigned type) { return LOOK_UP(symbol_types, type); }
const char *elf_symbol_bind_name(unsigned bind) { return LOOK_UP(symbol_binds, bind); }
const char *elf_symbol_visibility_name(unsigned other) { return LOOK_UP(visibilities, other & 3); }

void elf_section_flags_text(uint64_t flags, char *text)
{
	static const struct {
		uint64_t flag;
		char letter;
	} letters[] = { { SHF_WRITE, 'W' }, { SHF_ALLOC, 'A' }, { SHF_EXECINSTR, 'X' }, { SHF_MERGE, 'M' },
			{ SHF_STRINGS, 'S' }, { SHF_INFO_LINK, 'I' }, { SHF_LINK_ORDER, 'L' },
			{ SHF_OS_NONCONFORMING, 'O' }, { SHF_GROUP, 'G' }, { SHF_TLS, 'T' },
			{ SHF_COMPRESSED, 'C' }, { SHF_GNU_RETAIN, 'R' }, { SHF_EXCLUDE, 'E' } };

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (flags & letters[i].flag)
			*text++ = letters[i].letter;
	*text = '\0';
}
