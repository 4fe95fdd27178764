/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file, its sections and its table as one object. */
#include "unwind/image.h"

#include "base/io.h"
#include "base/mem.h"

#include <elf.h>
#include <stdlib.h>

struct unwind_image {
	struct io_map map;
	struct elf_file elf;
	struct unwind_sections sections;
	struct unwind_table table;
};

static struct err *load(struct unwind_image *image, int fd)
{
	TRY(io_map_fd(fd, "a module", &image->map));
	TRY(elf_init(&image->elf, (struct bytes){ image->map.data, image->map.size_bytes }));
	elf_place_sections(&image->elf);
	TRY(unwind_sections_init(&image->elf, NULL, &image->sections));
	return unwind_table_build(&image->elf, &image->sections, &image->table);
}

struct err *unwind_image_create(int fd, struct unwind_image **ret)
{
	struct unwind_image *image = mem_calloc(1, sizeof(*image));
	struct err *err = load(image, fd);

	*ret = NULL;
	if (err)
		unwind_image_destroy(image);
	else
		*ret = image;
	return err;
}

void unwind_image_destroy(struct unwind_image *image)
{
	if (!image)
		return;
	unwind_table_deinit(&image->table);
	unwind_sections_deinit(&image->sections);
	elf_deinit(&image->elf);
	io_map_deinit(&image->map);
	free(image);
}

const struct unwind_table *unwind_image_table(const struct unwind_image *image) { return &image->table; }

/* The segment that [OFFSET, OFFSET + SIZE) of the file belongs to: the kernel maps whole pages,
 * so it may begin before the segment does.  Executable ones first. */
static const struct elf_load *segment_at(const struct elf_file *f, uint64_t offset, uint64_t size_bytes)
{
	const struct elf_load *found = NULL;

	for (size_t i = 0; i < f->segment_count; i++) {
		const struct elf_load *l = &f->segments[i];

		if (l->type != PT_LOAD || l->offset >= offset + size_bytes || offset >= l->offset + l->file_bytes)
			continue;
		if (found == NULL || (l->flags & PF_X))
			found = l;
		if (l->flags & PF_X)
			break;
	}
	return found;
}

bool unwind_image_place(const struct unwind_image *image, uint64_t addr, uint64_t size_bytes,
			uint64_t offset, struct unwind_place *ret)
{
	const struct elf_load *l = segment_at(&image->elf, offset, size_bytes);

	if (l == NULL)
		return false;
	*ret = (struct unwind_place){
		.start = addr,
		.end = addr + size_bytes,
		.rows = image->table.rows,
		.row_count = image->table.row_count,
		.sections = image->sections.sections,
		.section_count = image->sections.count,
		.header = image->sections.header.count ? &image->sections.header : NULL,
		.bias = addr - (l->vaddr + (offset - l->offset)),
	};
	ret->base = ret->bias + image->table.base_vaddr;
	return true;
}
