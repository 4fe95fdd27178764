/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bounds are those of the image; a file without a dynamic segment simply has no entries. */
#include "format/elf_dynamic.h"

#include <elf.h>
#include <string.h>

enum { ENTRIES_MAX = 1 << 16 };

struct bytes elf_loaded(const struct elf_file *f, uint64_t vaddr)
{
	for (size_t i = 0; i < f->segment_count; i++) {
		const struct elf_load *s = &f->segments[i];

		if (s->type == PT_LOAD && vaddr - s->vaddr < s->file_bytes)
			return bytes_slice(f->image, s->offset + (vaddr - s->vaddr),
					   s->file_bytes - (vaddr - s->vaddr));
	}
	return (struct bytes){ NULL, 0 };
}

static struct bytes segment_bytes(const struct elf_file *f, uint32_t type)
{
	for (size_t i = 0; i < f->segment_count; i++)
		if (f->segments[i].type == type)
			return bytes_slice(f->image, f->segments[i].offset, f->segments[i].file_bytes);
	return (struct bytes){ NULL, 0 };
}

const char *elf_interpreter(const struct elf_file *f)
{
	return bytes_text(segment_bytes(f, PT_INTERP), 0);
}

/* --- dynamic ------------------------------------------------------------------------------ */

void elf_dynamic_read(const struct elf_file *f, struct elf_dynamic *ret)
{
	struct bytes table = segment_bytes(f, PT_DYNAMIC);
	struct cursor c;
	uint64_t strings, size_bytes;

	*ret = (struct elf_dynamic){ 0 };
	/* A debug file has the header, but not the bytes. */
	for (size_t i = 1; i < f->section_count; i++)
		if (f->sections[i].type == SHT_DYNAMIC)
			table = elf_raw(f, i);
	for (size_t i = 1; i < f->section_count; i++)
		if (strcmp(f->sections[i].name, ".dynamic") == 0 && f->sections[i].type == SHT_NOBITS)
			return;
	c = cursor_of(table, f->big_endian);
	while (!cursor_done(&c) && ret->entries.n < ENTRIES_MAX) {
		struct elf_dynamic_entry e = { .tag = f->is_64 ? cursor_u64(&c) : (uint64_t)(int64_t)(int32_t)cursor_u32(&c) };

		e.value = f->is_64 ? cursor_u64(&c) : cursor_u32(&c);
		if (c.bad || e.tag == DT_NULL)
			break;
		vec_push(&ret->entries, e);
	}
	if (!elf_dynamic_find(ret, DT_STRTAB, &strings))
		return;
	ret->strings = elf_loaded(f, strings);
	if (elf_dynamic_find(ret, DT_STRSZ, &size_bytes))
		ret->strings = bytes_slice(ret->strings, 0, size_bytes);
}

void elf_dynamic_deinit(struct elf_dynamic *d) { vec_deinit(&d->entries); }

bool elf_dynamic_find(const struct elf_dynamic *d, uint64_t tag, uint64_t *value)
{
	for (size_t i = 0; i < d->entries.n; i++) {
		if (d->entries.v[i].tag != tag)
			continue;
		*value = d->entries.v[i].value;
		return true;
	}
	return false;
}

const char *elf_dynamic_text(const struct elf_dynamic *d, uint64_t offset)
{
	return bytes_text(d->strings, offset);
}

/* --- notes -------------------------------------------------------------------------------- */

static bool open_next(struct elf_notes *n)
{
	const struct elf_file *f = n->file;
	bool by_segment = f->section_count <= 1;
	size_t count = by_segment ? f->segment_count : f->section_count;

	for (n->section += n->started; n->section < count; n->section++) {
		n->started = true;

		struct bytes b = by_segment ? bytes_slice(f->image, f->segments[n->section].offset,
							  f->segments[n->section].file_bytes)
					    : elf_raw(f, n->section);

		n->align = by_segment ? f->segments[n->section].align : f->sections[n->section].align;
		n->c = cursor_of(b, f->big_endian);
		if (by_segment ? f->segments[n->section].type == PT_NOTE : f->sections[n->section].type == SHT_NOTE)
			return true;
	}
	return false;
}

bool elf_note_next(struct elf_notes *n)
{
	while (cursor_left(&n->c) < 12)
		if (!open_next(n))
			return false;

	const uint8_t *from = n->c.at;
	uint32_t name_bytes = cursor_u32(&n->c), desc_bytes = cursor_u32(&n->c);
	uint64_t mask = n->align == 8 ? 7 : 3;

	n->type = cursor_u32(&n->c);

	struct bytes name = { n->c.at, name_bytes < cursor_left(&n->c) ? name_bytes : cursor_left(&n->c) };

	n->name = bytes_text(name, 0);
	if (n->name == NULL)
		n->name = "";
	cursor_skip(&n->c, name_bytes);
	/* The name ends, and the next note begins, at a multiple of the alignment. */
	cursor_skip(&n->c, (0 - (uint64_t)(n->c.at - from)) & mask);

	const uint8_t *desc = cursor_take(&n->c, desc_bytes);
	uint64_t over = (0 - (uint64_t)desc_bytes) & mask;

	n->desc = (struct bytes){ desc, desc ? desc_bytes : 0 };
	cursor_skip(&n->c, over < cursor_left(&n->c) ? over : cursor_left(&n->c));
	return true;
}
