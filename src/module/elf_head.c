/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Header, then the program header table in one read, then the notes.  Fields are
 * fetched by offset and width from byte buffers, so that one piece of code reads both
 * classes and byte orders.  A file can claim anything: the table is bounded to 64 KiB
 * and one note segment to 1 MiB, which is far above what linkers write.
 */
#include "module/elf_head.h"

#include "base/mem.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TABLE_MAX_BYTES = 65536, NOTES_MAX_BYTES = 1 << 20 };

static uint64_t get(const uint8_t *p, size_t bytes, bool big_endian)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)p[big_endian ? bytes - 1 - i : i] << (8 * i);
	return value;
}

static bool read_at(int fd, uint64_t offset, void *buffer, size_t size_bytes)
{
	size_t done = 0;

	if (offset > (uint64_t)INT64_MAX - size_bytes)
		return false;
	while (done < size_bytes) {
		ssize_t n = pread(fd, (char *)buffer + done, size_bytes - done, (off_t)(offset + done));

		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

bool build_id_of_notes(const uint8_t *notes, size_t size_bytes, size_t align, bool big_endian,
		       struct build_id *ret)
{
	size_t at = 0, mask = (align == 8 ? 8 : 4) - 1;

	while (size_bytes - at >= 12) {
		uint64_t name_size = get(notes + at, 4, big_endian);
		uint64_t desc_size = get(notes + at + 4, 4, big_endian);
		uint64_t type = get(notes + at + 8, 4, big_endian);
		uint64_t desc = (at + 12 + name_size + mask) & ~(uint64_t)mask;

		if (desc + desc_size > size_bytes)
			return false;
		if (type == NT_GNU_BUILD_ID && name_size == 4 && desc_size > 0 &&
		    memcmp(notes + at + 12, "GNU", 4) == 0) {
			ret->size = desc_size < BUILD_ID_MAX ? (uint8_t)desc_size : BUILD_ID_MAX;
			memcpy(ret->bytes, notes + desc, ret->size);
			return true;
		}
		at = (desc + desc_size + mask) & ~(uint64_t)mask;
		if (at >= size_bytes)
			return false;
	}
	return false;
}

/* Offsets of the fields that differ between the classes; gABI. */
struct layout {
	uint8_t header, phoff, phentsize, phnum, word;
	uint8_t p_flags, p_offset, p_vaddr, p_filesz, p_memsz, p_align, p_size;
};
static const struct layout layout_32 = { 52, 28, 42, 44, 4, 24, 4, 8, 16, 20, 28, 32 };
static const struct layout layout_64 = { 64, 32, 54, 56, 8, 4, 8, 16, 32, 40, 48, 56 };

static void read_notes(int fd, uint64_t offset, uint64_t size_bytes, uint64_t align,
		       struct elf_head *h)
{
	if (size_bytes > NOTES_MAX_BYTES || h->build_id.size > 0)
		return;

	uint8_t *notes = mem_alloc(size_bytes + 1);

	if (read_at(fd, offset, notes, size_bytes))
		build_id_of_notes(notes, size_bytes, align, h->big_endian, &h->build_id);
	free(notes);
}

static void add_segment(struct elf_head *h, const struct layout *l, const uint8_t *p)
{
	bool big = h->big_endian;

	h->segments[h->segment_count++] = (struct elf_segment){
		.offset = get(p + l->p_offset, l->word, big),
		.vaddr = get(p + l->p_vaddr, l->word, big),
		.file_bytes = get(p + l->p_filesz, l->word, big),
		.memory_bytes = get(p + l->p_memsz, l->word, big),
		.executable = get(p + l->p_flags, 4, big) & PF_X,
	};
}

static void read_segments(int fd, const struct layout *l, const uint8_t *table, size_t count,
			  size_t entry_bytes, struct elf_head *h)
{
	h->segments = mem_calloc(count, sizeof(*h->segments));
	for (size_t i = 0; i < count; i++) {
		const uint8_t *p = table + i * entry_bytes;
		uint64_t type = get(p, 4, h->big_endian);

		if (type == PT_LOAD)
			add_segment(h, l, p);
		if (type == PT_NOTE)
			read_notes(fd, get(p + l->p_offset, l->word, h->big_endian),
				   get(p + l->p_filesz, l->word, h->big_endian),
				   get(p + l->p_align, l->word, h->big_endian), h);
	}
}

static struct err *read_table(int fd, const struct layout *l, const uint8_t *ehdr,
			      struct elf_head *h)
{
	uint64_t table_offset = get(ehdr + l->phoff, l->word, h->big_endian);
	size_t entry_bytes = get(ehdr + l->phentsize, 2, h->big_endian);
	size_t count = get(ehdr + l->phnum, 2, h->big_endian);
	size_t table_bytes = entry_bytes * count;

	if (count == 0)
		return NULL; /* a relocatable file */
	if (entry_bytes < l->p_size || table_bytes > TABLE_MAX_BYTES)
		return err_new(ERR_FORMAT, "bad ELF program header table");

	uint8_t *table = mem_alloc(table_bytes);
	struct err *err = NULL;

	if (read_at(fd, table_offset, table, table_bytes))
		read_segments(fd, l, table, count, entry_bytes, h);
	else
		err = err_new(ERR_FORMAT, "the ELF file is cut short");
	free(table);
	return err;
}

struct err *elf_head_read(int fd, struct elf_head *ret)
{
	uint8_t ehdr[64] = { 0 };

	*ret = (struct elf_head){ 0 };
	if (!read_at(fd, 0, ehdr, 52) || memcmp(ehdr, ELFMAG, SELFMAG) != 0 ||
	    (ehdr[EI_CLASS] != ELFCLASS32 && ehdr[EI_CLASS] != ELFCLASS64) ||
	    (ehdr[EI_DATA] != ELFDATA2LSB && ehdr[EI_DATA] != ELFDATA2MSB))
		return err_new(ERR_FORMAT, "not an ELF file");
	ret->is_64 = ehdr[EI_CLASS] == ELFCLASS64;
	ret->big_endian = ehdr[EI_DATA] == ELFDATA2MSB;
	if (ret->is_64 && !read_at(fd, 0, ehdr, 64))
		return err_new(ERR_FORMAT, "the ELF file is cut short");
	ret->type = (uint16_t)get(ehdr + 16, 2, ret->big_endian);
	ret->machine = (uint16_t)get(ehdr + 18, 2, ret->big_endian);

	struct err *err = read_table(fd, ret->is_64 ? &layout_64 : &layout_32, ehdr, ret);

	if (err)
		elf_head_deinit(ret);
	return err;
}

void elf_head_deinit(struct elf_head *h)
{
	free(h->segments);
	*h = (struct elf_head){ 0 };
}

bool build_id_of_fd(int fd, struct build_id *ret)
{
	struct elf_head h;
	struct err *err = elf_head_read(fd, &h);

	*ret = (struct build_id){ 0 };
	if (err) {
		err_destroy(err);
		return false;
	}
	*ret = h.build_id;
	elf_head_deinit(&h);
	return ret->size > 0;
}
