/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file, its sections and its table as one object. */
#include "unwind/image.h"

#include "base/io.h"
#include "base/mem.h"
#include "unwind/table_file.h"

#include <elf.h>
#include <stdlib.h>

/* A mapped file. */
struct part {
	struct io_map map;
	struct elf_file elf;
};

struct unwind_image {
	struct part file, debug; /* debug: all zero where there is none */
	struct unwind_sections sections;
	struct unwind_table table;
};

static struct err *open_part(struct part *p, int fd)
{
	TRY(io_map_fd(fd, "a module", &p->map));
	return elf_init(&p->elf, (struct bytes){ p->map.data, p->map.size_bytes });
}

static void close_part(struct part *p)
{
	elf_deinit(&p->elf);
	io_map_deinit(&p->map);
	*p = (struct part){ 0 };
}

#ifdef SONDE_AGENT /* boards have no room for kept tables, and it has no library for their hashes */
static bool load_kept(struct unwind_image *image, int fd) { return false; }
static void keep_table(struct unwind_image *image, int fd) {}
#else
static bool load_kept(struct unwind_image *image, int fd)
{
	return unwind_table_load(fd, &image->file.elf, &image->table);
}

static void keep_table(struct unwind_image *image, int fd) { unwind_table_keep(fd, &image->file.elf, &image->table); }
#endif

static struct err *load(struct unwind_image *image, int fd, bool keep)
{
	TRY(open_part(&image->file, fd));
	elf_place_sections(&image->file.elf);
	TRY(unwind_sections_init(&image->file.elf, NULL, &image->sections));
	if (keep && load_kept(image, fd))
		return NULL;
	TRY(unwind_table_build(&image->file.elf, &image->sections, &image->table));
	if (keep)
		keep_table(image, fd);
	return NULL;
}

static struct err *create(int fd, bool keep, struct unwind_image **ret)
{
	struct unwind_image *image = mem_calloc(1, sizeof(*image));
	struct err *err = load(image, fd, keep);

	*ret = NULL;
	if (err)
		unwind_image_destroy(image);
	else
		*ret = image;
	return err;
}

struct err *unwind_image_create(int fd, struct unwind_image **ret) { return create(fd, false, ret); }
struct err *unwind_image_create_kept(int fd, struct unwind_image **ret) { return create(fd, true, ret); }

void unwind_image_destroy(struct unwind_image *image)
{
	if (!image)
		return;
	unwind_table_deinit(&image->table);
	unwind_sections_deinit(&image->sections);
	close_part(&image->debug);
	close_part(&image->file);
	free(image);
}

/* --- the debug file ---------------------------------------------------------------------------- */

bool unwind_image_lacks_cfi(const struct unwind_image *image)
{
	const struct elf_file *f = &image->file.elf;
	uint64_t code_bytes = 0;

	for (size_t i = 0; i < f->segment_count; i++)
		if (f->segments[i].type == PT_LOAD && (f->segments[i].flags & PF_X))
			code_bytes += f->segments[i].file_bytes;
	return image->table.covered_bytes < code_bytes / 4;
}

static struct err *build_with(struct unwind_image *image, const struct elf_file *debug,
			      struct unwind_sections *sections, struct unwind_table *table)
{
	TRY(unwind_sections_init(&image->file.elf, debug, sections));

	struct err *err = unwind_table_build(&image->file.elf, sections, table);

	if (err)
		unwind_sections_deinit(sections);
	return err;
}

struct err *unwind_image_add_debug(struct unwind_image *image, int debug_fd)
{
	struct unwind_sections sections = { 0 };
	struct unwind_table table;
	struct part debug = { 0 };
	struct err *err = image->debug.map.data ? err_new(ERR_USAGE, "it has a debug file") : open_part(&debug, debug_fd);

	if (!err)
		err = build_with(image, &debug.elf, &sections, &table);
	if (err) {
		close_part(&debug);
		return err;
	}
	unwind_table_deinit(&image->table);
	unwind_sections_deinit(&image->sections);
	image->table = table;
	image->sections = sections;
	image->debug = debug;
	return NULL;
}

/* --- where it is mapped --------------------------------------------------------------------------- */

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
	const struct elf_load *l = segment_at(&image->file.elf, offset, size_bytes);

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
