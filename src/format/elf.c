/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Headers are decoded once into native structures; everything else is looked at in place.
 * Sizes and offsets are checked where bytes are handed out (bytes_slice), so a section
 * header may claim what it likes.
 *
 * More than 0xff00 sections: e_shnum, e_shstrndx and e_phnum are then in section header 0
 * (gABI, "ELF Header").
 */
#include "format/elf.h"

#include "base/mem.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* No real file comes near; a hostile one is bounded by its own size anyway. */
enum { HEADERS_MAX = 1 << 20 };

/* --- headers ----------------------------------------------------------------------------- */

static uint64_t read_word(struct cursor *c, bool is_64)
{
	return is_64 ? cursor_u64(c) : cursor_u32(c);
}

static bool read_section(const struct elf_file *f, uint64_t at, struct elf_section *s,
			 uint32_t *name)
{
	struct cursor c = cursor_at(f->image, at, f->big_endian);

	*name = cursor_u32(&c);
	s->type = cursor_u32(&c);
	s->flags = read_word(&c, f->is_64);
	s->addr = read_word(&c, f->is_64);
	s->offset = read_word(&c, f->is_64);
	s->size_bytes = read_word(&c, f->is_64);
	s->link = cursor_u32(&c);
	s->info = cursor_u32(&c);
	s->align = read_word(&c, f->is_64);
	s->entry_bytes = read_word(&c, f->is_64);
	s->name = "";
	return !c.bad;
}

static bool read_segment(const struct elf_file *f, uint64_t at, struct elf_load *s)
{
	struct cursor c = cursor_at(f->image, at, f->big_endian);

	s->type = cursor_u32(&c);
	if (f->is_64)
		s->flags = cursor_u32(&c);
	s->offset = read_word(&c, f->is_64);
	s->vaddr = read_word(&c, f->is_64);
	read_word(&c, f->is_64); /* p_paddr */
	s->file_bytes = read_word(&c, f->is_64);
	s->memory_bytes = read_word(&c, f->is_64);
	if (!f->is_64)
		s->flags = cursor_u32(&c);
	s->align = read_word(&c, f->is_64);
	return !c.bad;
}

struct header_places {
	uint64_t sections_at, segments_at, section_count, segment_count;
	uint32_t names_section;
};

/* How many of COUNT headers at AT the file has room for, HEADERS_MAX at most. */
static size_t headers_that_fit(const struct elf_file *f, uint64_t at, uint64_t count,
			       size_t entry_bytes)
{
	uint64_t room = at < f->image.size_bytes ? (f->image.size_bytes - at) / entry_bytes : 0;

	if (count > room)
		count = room;
	return count > HEADERS_MAX ? HEADERS_MAX : (size_t)count;
}

static void read_sections(struct elf_file *f, const struct header_places *p)
{
	size_t entry_bytes = f->is_64 ? 64 : 40;
	size_t count = headers_that_fit(f, p->sections_at, p->section_count, entry_bytes);

	f->sections = mem_calloc(count + 1, sizeof(*f->sections));
	f->sections[0].name = "";

	CLEANUP(mem_freep) uint32_t *names = mem_calloc(count + 1, sizeof(*names));

	for (size_t i = 0; i < count; i++)
		if (!read_section(f, p->sections_at + i * entry_bytes, &f->sections[i], &names[i]))
			break;
	f->section_count = count;
	if (p->names_section == 0 || p->names_section >= count)
		return;

	struct bytes text = elf_raw(f, p->names_section);

	for (size_t i = 1; i < count; i++) {
		const char *name = bytes_text(text, names[i]);

		if (name != NULL)
			f->sections[i].name = name;
	}
}

static void read_segments(struct elf_file *f, const struct header_places *p)
{
	size_t entry_bytes = f->is_64 ? 56 : 32;
	size_t count = headers_that_fit(f, p->segments_at, p->segment_count, entry_bytes);

	f->segments = mem_calloc(count + 1, sizeof(*f->segments));
	for (size_t i = 0; i < count; i++)
		if (!read_segment(f, p->segments_at + i * entry_bytes, &f->segments[i]))
			break;
	f->segment_count = count;
}

static uint64_t end_of(uint64_t offset, uint64_t size_bytes)
{
	return size_bytes > UINT64_MAX - offset ? UINT64_MAX : offset + size_bytes;
}

static uint64_t later(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* Counts that do not fit stand in section header 0. */
static void fix_counts(const struct elf_file *f, struct header_places *p)
{
	struct elf_section first = { 0 };
	uint32_t name;

	if (p->sections_at == 0 || !read_section(f, p->sections_at, &first, &name))
		return;
	if (p->section_count == 0)
		p->section_count = first.size_bytes;
	if (p->names_section == SHN_XINDEX)
		p->names_section = first.link;
	if (p->segment_count == PN_XNUM)
		p->segment_count = first.info;
}

static struct err *not_elf(struct bytes image)
{
	static const struct {
		const char *magic, *what;
	} known[] = {
		{ "MZ", "a Windows program (PE)" },	   { "#!", "a script" },
		{ "!<arch>\n", "an archive of object files: ar x takes them out" },
		{ "!<thin>\n", "a list of object files (thin archive): ar t shows them" },
		{ "\xcf\xfa\xed\xfe", "a program of macOS (Mach-O)" }, { "\xca\xfe\xba\xbe", "a Java class, or a program of macOS" },
		{ "BC\xc0\xde", "LLVM bitcode" },
	};

	if (image.size_bytes == 0)
		return err_new(ERR_FORMAT, "an empty file");
	if (image.size_bytes >= SELFMAG && memcmp(image.data, ELFMAG, SELFMAG) == 0)
		return err_new(ERR_FORMAT, "an ELF file that ends in its header");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (image.size_bytes >= strlen(known[i].magic) &&
		    memcmp(image.data, known[i].magic, strlen(known[i].magic)) == 0)
			return err_new(ERR_FORMAT, "not an ELF file, but %s", known[i].what);
	return err_new(ERR_FORMAT, "not an ELF file");
}

struct err *elf_init(struct elf_file *f, struct bytes image)
{
	*f = (struct elf_file){ .image = image };
	if (image.size_bytes < EI_NIDENT + 36 || memcmp(image.data, ELFMAG, SELFMAG) != 0)
		return not_elf(image);
	if (image.data[EI_CLASS] != ELFCLASS32 && image.data[EI_CLASS] != ELFCLASS64)
		return err_new(ERR_FORMAT, "an ELF file of unknown class %u", image.data[EI_CLASS]);
	f->is_64 = image.data[EI_CLASS] == ELFCLASS64;
	f->big_endian = image.data[EI_DATA] == ELFDATA2MSB;

	struct cursor c = cursor_at(image, EI_NIDENT, f->big_endian);
	struct header_places p;

	f->type = cursor_u16(&c);
	f->machine = cursor_u16(&c);
	cursor_u32(&c);		 /* e_version */
	f->entry = read_word(&c, f->is_64);
	f->abi = image.data[EI_OSABI];
	p.segments_at = read_word(&c, f->is_64);
	p.sections_at = read_word(&c, f->is_64);
	f->flags = cursor_u32(&c);
	cursor_u16(&c); /* e_ehsize */
	cursor_u16(&c); /* e_phentsize */
	p.segment_count = cursor_u16(&c);
	cursor_u16(&c); /* e_shentsize */
	p.section_count = cursor_u16(&c);
	p.names_section = cursor_u16(&c);
	if (c.bad)
		return err_new(ERR_FORMAT, "an ELF file cut short in its header");
	fix_counts(f, &p);
	if (p.sections_at != 0)
		f->headers_end = end_of(p.sections_at, p.section_count * (f->is_64 ? 64 : 40));
	read_sections(f, &p);
	read_segments(f, &p);
	return NULL;
}

/* Not segments where there are sections: those of a debug file describe the program's file. */
uint64_t elf_missing_bytes(const struct elf_file *f)
{
	uint64_t end = f->headers_end;

	for (size_t i = 1; i < f->section_count; i++)
		if (f->sections[i].type != SHT_NOBITS)
			end = later(end, end_of(f->sections[i].offset, f->sections[i].size_bytes));
	for (size_t i = 0; i < f->segment_count && f->headers_end == 0; i++)
		end = later(end, end_of(f->segments[i].offset, f->segments[i].file_bytes));
	return end > f->image.size_bytes ? end - f->image.size_bytes : 0;
}

void elf_deinit(struct elf_file *f)
{
	free(f->sections);
	free(f->segments);
	*f = (struct elf_file){ 0 };
}

/* --- sections ---------------------------------------------------------------------------- */

size_t elf_section_named(const struct elf_file *f, const char *name)
{
	bool debug = strncmp(name, ".debug_", 7) == 0;

	for (size_t i = 1; i < f->section_count; i++) {
		const char *n = f->sections[i].name;

		if (f->sections[i].type == SHT_NOBITS)
			continue;
		if (strcmp(n, name) == 0)
			return i;
		if (debug && strncmp(n, ".zdebug_", 8) == 0 && strcmp(n + 8, name + 7) == 0)
			return i;
	}
	return 0;
}

struct bytes elf_raw(const struct elf_file *f, size_t section)
{
	const struct elf_section *s = &f->sections[section];

	if (section == 0 || section >= f->section_count || s->type == SHT_NOBITS)
		return (struct bytes){ NULL, 0 };
	return bytes_slice(f->image, s->offset, s->size_bytes);
}

static bool is_zdebug(const struct elf_file *f, size_t section, struct bytes raw)
{
	return strncmp(f->sections[section].name, ".zdebug_", 8) == 0 && raw.size_bytes >= 12 &&
	       memcmp(raw.data, "ZLIB", 4) == 0;
}

bool elf_is_compressed(const struct elf_file *f, size_t section)
{
	return section != 0 && section < f->section_count &&
	       ((f->sections[section].flags & SHF_COMPRESSED) ||
		is_zdebug(f, section, elf_raw(f, section)));
}

static struct err *chdr_data(const struct elf_file *f, struct bytes raw, struct elf_data *ret)
{
	struct cursor c = cursor_of(raw, f->big_endian);
	uint32_t type = cursor_u32(&c);

	if (f->is_64)
		cursor_u32(&c); /* ch_reserved */

	uint64_t size_bytes = read_word(&c, f->is_64);

	read_word(&c, f->is_64); /* ch_addralign */
	if (c.bad)
		return err_new(ERR_FORMAT, "a compression header that is cut short");
	if (type != ELFCOMPRESS_ZLIB && type != 2 /* ELFCOMPRESS_ZSTD */)
		return err_new(ERR_FORMAT, "unknown compression %u", type);
	return elf_decompress(type == ELFCOMPRESS_ZLIB ? ELF_ZLIB : ELF_ZSTD,
			      (struct bytes){ c.at, cursor_left(&c) }, size_bytes, ret);
}

struct err *elf_data(const struct elf_file *f, size_t section, struct elf_data *ret)
{
	struct bytes raw = elf_raw(f, section);

	*ret = (struct elf_data){ .bytes = raw };
	if (section == 0 || section >= f->section_count)
		return NULL;

	const char *name = f->sections[section].name;

	if (f->sections[section].flags & SHF_COMPRESSED)
		return err_wrap(chdr_data(f, raw, ret), "section %s", name);
	if (is_zdebug(f, section, raw)) {
		struct cursor c = cursor_at(raw, 4, true);
		uint64_t size_bytes = cursor_u64(&c);

		return err_wrap(elf_decompress(ELF_ZLIB, (struct bytes){ c.at, cursor_left(&c) },
					       size_bytes, ret),
				"section %s", name);
	}
	return NULL;
}

/* As libdwfl: in the order of the sections, each aligned, from 0 on. */
void elf_place_sections(struct elf_file *f)
{
	uint64_t at = 0;

	if (f->type != ET_REL)
		return;
	for (size_t i = 1; i < f->section_count; i++) {
		struct elf_section *s = &f->sections[i];
		uint64_t align = s->align ? s->align : 1;

		if (!(s->flags & SHF_ALLOC) || s->addr != 0 || align > 1 << 24 ||
		    (align & (align - 1)))
			continue;
		at = (at + align - 1) & ~(align - 1);
		s->addr = at;
		at += s->size_bytes;
	}
}

/* Is section R the relocations of section TARGET? */
static bool relocates(const struct elf_file *f, size_t r, size_t target)
{
	return (f->sections[r].type == SHT_RELA || f->sections[r].type == SHT_REL) &&
	       f->sections[r].info == target;
}

struct err *elf_relocated_data(const struct elf_file *f, size_t section, struct elf_data *ret)
{
	TRY(elf_data(f, section, ret));
	if (f->type != ET_REL || ret->bytes.size_bytes == 0)
		return NULL;
	for (size_t i = 1; i < f->section_count; i++) {
		if (!relocates(f, i, section))
			continue;
		if (ret->owned == NULL) {
			struct bytes raw = ret->bytes;

			TRY(elf_data_alloc(raw.size_bytes, ret));
			memcpy(ret->owned, raw.data, raw.size_bytes);
		}
		elf_relocate(f, i, ret->owned, ret->bytes.size_bytes);
	}
	return NULL;
}

/* --- symbols ----------------------------------------------------------------------------- */

struct elf_symbols elf_symbols(const struct elf_file *f, size_t section)
{
	struct elf_symbols s = { .file = f, .table = elf_raw(f, section) };

	if (s.table.size_bytes == 0)
		return s;
	s.count = s.table.size_bytes / (f->is_64 ? 24 : 16);
	if (f->sections[section].link < f->section_count)
		s.names = elf_raw(f, f->sections[section].link);
	for (size_t i = 1; i < f->section_count; i++)
		if (f->sections[i].type == SHT_SYMTAB_SHNDX && f->sections[i].link == section)
			s.extended = elf_raw(f, i);
	return s;
}

bool elf_symbol_get(const struct elf_symbols *s, size_t index, struct elf_symbol *ret)
{
	bool is_64 = s->file->is_64, be = s->file->big_endian;

	if (index >= s->count)
		return false;

	struct cursor c = cursor_at(s->table, index * (is_64 ? 24 : 16), be);
	uint32_t name = cursor_u32(&c);
	uint8_t info = 0;

	if (is_64) {
		info = cursor_u8(&c);
		ret->other = cursor_u8(&c);
		ret->section = cursor_u16(&c);
		ret->value = cursor_u64(&c);
		ret->size_bytes = cursor_u64(&c);
	} else {
		ret->value = cursor_u32(&c);
		ret->size_bytes = cursor_u32(&c);
		info = cursor_u8(&c);
		ret->other = cursor_u8(&c);
		ret->section = cursor_u16(&c);
	}
	ret->type = info & 15;
	ret->bind = info >> 4;
	if (ret->section == SHN_XINDEX) {
		struct cursor x = cursor_at(s->extended, index * 4, be);

		ret->section = cursor_u32(&x);
	}
	ret->name = bytes_text(s->names, name);
	if (ret->name == NULL)
		ret->name = "";
	return !c.bad;
}

bool elf_is_mapping_symbol(const char *name)
{
	return name[0] == '$' && name[1] != '\0' && (name[2] == '\0' || name[2] == '.' || name[1] == 'x');
}

uint64_t elf_symbol_addr(const struct elf_file *f, const struct elf_symbol *s)
{
	if (f->type == ET_REL && s->section > 0 && s->section < f->section_count)
		return s->value + f->sections[s->section].addr;
	return s->value;
}

/* --- notes and links --------------------------------------------------------------------- */

static struct bytes build_id_in(struct bytes notes, uint64_t align, bool big_endian)
{
	struct cursor c = cursor_of(notes, big_endian);
	uint64_t mask = align == 8 ? 7 : 3;

	while (cursor_left(&c) >= 12) {
		uint32_t name_bytes = cursor_u32(&c), desc_bytes = cursor_u32(&c);
		uint32_t type = cursor_u32(&c);
		const uint8_t *name = cursor_take(&c, ((uint64_t)name_bytes + 3) & ~(uint64_t)3);

		if (mask == 7 && (12 + (uint64_t)((name_bytes + 3) & ~3u)) % 8)
			cursor_skip(&c, 4);

		const uint8_t *desc = cursor_take(&c, desc_bytes);

		if (name == NULL || desc == NULL)
			break;
		if (type == NT_GNU_BUILD_ID && name_bytes == 4 && memcmp(name, "GNU", 4) == 0)
			return (struct bytes){ desc, desc_bytes };

		uint64_t over = (0 - (uint64_t)desc_bytes) & mask;

		cursor_skip(&c, over < cursor_left(&c) ? over : cursor_left(&c));
	}
	return (struct bytes){ NULL, 0 };
}

struct bytes elf_build_id(const struct elf_file *f)
{
	struct bytes id = { NULL, 0 };

	for (size_t i = 1; i < f->section_count && id.size_bytes == 0; i++)
		if (f->sections[i].type == SHT_NOTE)
			id = build_id_in(elf_raw(f, i), f->sections[i].align, f->big_endian);
	for (size_t i = 0; i < f->segment_count && id.size_bytes == 0; i++)
		if (f->segments[i].type == PT_NOTE)
			id = build_id_in(bytes_slice(f->image, f->segments[i].offset,
						     f->segments[i].file_bytes),
					 f->segments[i].align, f->big_endian);
	return id;
}

bool elf_debuglink(const struct elf_file *f, const char **name, uint32_t *crc)
{
	struct bytes raw = elf_raw(f, elf_section_named(f, ".gnu_debuglink"));
	struct cursor c = cursor_of(raw, f->big_endian);

	if (raw.size_bytes == 0)
		return false;
	*name = cursor_text(&c);

	size_t used = (size_t)(c.at - raw.data);

	c = cursor_at(raw, (used + 3) & ~(size_t)3, f->big_endian);
	*crc = cursor_u32(&c);
	return !c.bad && **name != '\0';
}

bool elf_debugaltlink(const struct elf_file *f, const char **name, struct bytes *build_id)
{
	struct bytes raw = elf_raw(f, elf_section_named(f, ".gnu_debugaltlink"));
	struct cursor c = cursor_of(raw, f->big_endian);

	if (raw.size_bytes == 0)
		return false;
	*name = cursor_text(&c);
	*build_id = (struct bytes){ c.at, cursor_left(&c) };
	return !c.bad && **name != '\0';
}

struct err *elf_minidebug(const struct elf_file *f, struct elf_data *ret)
{
	struct bytes raw = elf_raw(f, elf_section_named(f, ".gnu_debugdata"));

	*ret = (struct elf_data){ 0 };
	if (raw.size_bytes == 0)
		return err_new(ERR_NOT_FOUND, "no .gnu_debugdata");
	return err_wrap(elf_decompress(ELF_XZ, raw, 0, ret), "section .gnu_debugdata");
}

struct err *elf_data_alloc(uint64_t size_bytes, struct elf_data *ret)
{
	size_t mapped = (size_t)((size_bytes + 4095) & ~(uint64_t)4095);
	void *p = MAP_FAILED;

	*ret = (struct elf_data){ 0 };
	if (mapped == 0)
		return NULL;
	if (size_bytes <= (uint64_t)1 << 46)
		p = mmap(NULL, mapped, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return err_errno(ENOMEM, "cannot get %llu bytes for a section",
				 (unsigned long long)size_bytes);
	*ret = (struct elf_data){ { p, (size_t)size_bytes }, p, mapped };
	return NULL;
}

void elf_data_deinit(struct elf_data *d)
{
	if (d->mapped_bytes)
		munmap(d->owned, d->mapped_bytes);
	*d = (struct elf_data){ 0 };
}
