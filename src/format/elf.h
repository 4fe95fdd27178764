/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_FORMAT_ELF_H
#define SONDE_FORMAT_ELF_H
/*
 * ELF files as bytes: headers, sections (also compressed ones), symbols, notes, links to
 * debug files.  Both classes and byte orders; all bytes are hostile.  Pure: the caller
 * maps the file and keeps it mapped while the elf_file lives.
 * System V gABI (https://gabi.xinuos.com), "Object Files".
 */
#include "base/err.h"
#include "format/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_section {
	const char *name; /* never NULL */
	uint32_t type;
	uint64_t flags, addr, offset, size_bytes;
	uint32_t link, info;
	uint64_t align, entry_bytes;
};

struct elf_load {
	uint32_t type, flags;
	uint64_t offset, vaddr, file_bytes, memory_bytes, align;
};

struct elf_file {
	struct bytes image;
	bool is_64, big_endian;
	uint16_t type, machine;
	uint8_t abi; /* e_ident[EI_OSABI] */
	uint32_t flags;
	uint64_t entry;
	struct elf_section *sections; /* [0] is the null section */
	size_t section_count;
	struct elf_load *segments;
	size_t segment_count;
	uint64_t headers_end; /* where the table of section headers ends, or is said to; 0: there is none */
};

/* ERR_FORMAT when it is no ELF file.  Headers that reach beyond the end are left out. */
struct err *elf_init(struct elf_file *f, struct bytes image);
void elf_deinit(struct elf_file *f);
/* Bytes that its headers speak of and that are missing at its end: 0 unless it was cut short. */
uint64_t elf_missing_bytes(const struct elf_file *f);

/* Section bytes, decompressed and relocated where necessary. */
struct elf_data {
	struct bytes bytes;
	void *owned;	     /* NULL: borrowed from the image */
	size_t mapped_bytes; /* owned is an anonymous mapping of so many bytes */
};
void elf_data_deinit(struct elf_data *d);
/* A whole file that was compressed by gzip, xz or zstd (kernel modules are): what was in it.
 * ERR_NOT_FOUND when it is none of them, ERR_FORMAT when it is broken or is 64 times its size
 * (and 64 MiB). */
struct err *elf_unpack(struct bytes in, struct elf_data *ret);
/* Room for SIZE bytes in a mapping of its own. */
struct err *elf_data_alloc(uint64_t size_bytes, struct elf_data *ret);

/* The first section NAME; ".debug_x" also finds ".zdebug_x" (old GNU compression).
 * 0: none. */
size_t elf_section_named(const struct elf_file *f, const char *name);
/* The bytes as they stand in the file; none for SHT_NOBITS. */
struct bytes elf_raw(const struct elf_file *f, size_t section);
/* The bytes as they are meant: zlib, zstd and .zdebug_ decompressed.  ERR_FORMAT for broken
 * ones, ERR_LIMIT when they claim to hold more than 64 times their size (and 64 MiB). */
struct err *elf_data(const struct elf_file *f, size_t section, struct elf_data *ret);
bool elf_is_compressed(const struct elf_file *f, size_t section);

/* For relocatable files: give each section with code or data an address of its own, as
 * libdwfl does, so that an address tells the section.  No-op for other types. */
void elf_place_sections(struct elf_file *f);
/* As elf_data(), and with the relocations of an ET_REL file applied.  Call
 * elf_place_sections() first. */
struct err *elf_relocated_data(const struct elf_file *f, size_t section, struct elf_data *ret);

struct elf_symbol {
	const char *name; /* never NULL */
	uint64_t value, size_bytes;
	uint8_t type, bind, other; /* STT_, STB_ */
	uint32_t section;	   /* SHN_XINDEX resolved; SHN_ABS, SHN_COMMON as they are */
};
struct elf_symbols {
	const struct elf_file *file;
	struct bytes table, names, extended;
	size_t count;
};
/* The symbols of a SHT_SYMTAB or SHT_DYNSYM section. */
struct elf_symbols elf_symbols(const struct elf_file *f, size_t section);
bool elf_symbol_get(const struct elf_symbols *s, size_t index, struct elf_symbol *ret);
/* Only where its name begins, for a search through them all: LEFT bytes of the table of names are there, at
 * least one, and whether the name ends within them is not known.  NULL: no such symbol or name. */
static inline const char *elf_symbol_name(const struct elf_symbols *s, size_t index, size_t *left)
{
	if (index >= s->count)
		return NULL;
	struct cursor c = cursor_at(s->table, index * (s->file->is_64 ? 24 : 16), s->file->big_endian);
	uint32_t name = cursor_u32(&c); /* st_name is the first member of both */

	if (c.bad || name >= s->names.size_bytes)
		return NULL;
	*left = s->names.size_bytes - name;
	return (const char *)s->names.data + name;
}

/* ARM, AArch64, RISC-V: $a, $t, $d, $x, perhaps with ".suffix": marks of code and data, which
 * name nothing. */
bool elf_is_mapping_symbol(const char *name);
/* The address of a symbol: value, plus its section in a placed ET_REL file. */
uint64_t elf_symbol_addr(const struct elf_file *f, const struct elf_symbol *s);

/* GNU build-id from sections or segments; none: 0 bytes. */
struct bytes elf_build_id(const struct elf_file *f);
/* .gnu_debuglink: name and CRC.  False: none. */
bool elf_debuglink(const struct elf_file *f, const char **name, uint32_t *crc);
/* .gnu_debugaltlink (dwz): name and build-id. */
bool elf_debugaltlink(const struct elf_file *f, const char **name, struct bytes *build_id);
/* .gnu_debugdata: another ELF file with symbols, xz-compressed; decompress it (free with
 * elf_data_deinit).  ERR_NOT_FOUND when there is none. */
struct err *elf_minidebug(const struct elf_file *f, struct elf_data *ret);

/* --- elf_compress.c ------------------------------------------------------------------ */
enum elf_compression { ELF_ZLIB, ELF_ZSTD, ELF_XZ };
/* Decompress IN to exactly OUT_BYTES (ELF_XZ: at most that; ret->bytes tells). */
struct err *elf_decompress(enum elf_compression how, struct bytes in, uint64_t out_bytes,
			   struct elf_data *ret);

/* --- elf_reloc.c --------------------------------------------------------------------- */
/* Apply the relocations in section RELOCS to DATA (a writable copy of its target). */
void elf_relocate(const struct elf_file *f, size_t relocs, uint8_t *data, size_t size_bytes);

#endif
