/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A kept table is checked as a whole before it is used, by its hash and the order of its rows: that is a pass over it,
 * half a millisecond for the largest, and stacks with it are then as good as with one that was just made.
 */
#include "unwind/table_file.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "module/index_cache.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

_Static_assert(sizeof(struct unwind_table_header) == 88 && sizeof(struct unwind_row) == 8, "written as they are");

/* --- reading ----------------------------------------------------------------------------------- */

static bool is_sorted(const struct unwind_row *rows, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (rows[i].pc <= rows[i - 1].pc)
			return false;
	return true;
}

static const char *trouble_of(struct bytes image, const struct unwind_table_header *h, uint64_t key,
			      const struct unwind_machine *machine)
{
	const struct unwind_row *rows = (const void *)(h + 1);
	size_t rows_bytes = image.size_bytes - sizeof(*h);

	if (memcmp(h->magic, UNWIND_TABLE_MAGIC, sizeof(h->magic)) != 0)
		return "no unwind table";
	if (h->byte_order != UNWIND_TABLE_BYTE_ORDER || h->version != UNWIND_TABLE_VERSION)
		return "of another version";
	if (h->check != XXH3_64bits(h, offsetof(struct unwind_table_header, check)))
		return "damaged";
	if (h->key != key || machine == NULL || h->arch != machine->arch)
		return "of another file";
	if (h->row_count == 0 || h->row_count > UINT32_MAX || h->row_count * sizeof(*rows) != rows_bytes)
		return "cut short";
	if (h->rows_check != XXH3_64bits(rows, rows_bytes) || !is_sorted(rows, (size_t)h->row_count))
		return "damaged";
	return NULL;
}

struct err *unwind_table_parse(struct bytes image, uint64_t key, const struct unwind_machine *machine,
			       struct unwind_table *ret)
{
	const struct unwind_table_header *h = (const void *)image.data;
	const char *trouble = image.size_bytes <= sizeof(*h) ? "cut short" : trouble_of(image, h, key, machine);

	if (trouble)
		return err_new(ERR_FORMAT, "it is %s", trouble);
	*ret = (struct unwind_table){
		.rows = (struct unwind_row *)(void *)(uintptr_t)(h + 1), .row_count = (size_t)h->row_count,
		.base_vaddr = h->base_vaddr, .machine = machine, .covered_bytes = h->covered_bytes,
		.fp_bytes = h->fp_bytes, .unsupported_bytes = h->unsupported_bytes, .cut = h->cut != 0,
	};
	return NULL;
}

/* The path of F's table; NULL: it can't be kept. */
static char *path_of(int fd, const struct elf_file *f, uint64_t *key)
{
	CLEANUP(mem_freep) char *name = index_cache_name(fd, f, key);

	return index_cache_path(name, "unw");
}

static struct err *load(const char *path, uint64_t key, const struct elf_file *f, struct unwind_table *ret)
{
	CLEANUP(io_closep) int fd = -1;
	struct io_map map;

	TRY(index_cache_open(path, &fd));
	TRY(io_map_fd(fd, path, &map));

	struct err *err = unwind_table_parse((struct bytes){ map.data, map.size_bytes }, key,
					     unwind_machine_of_elf(f->machine, f->is_64), ret);

	if (err)
		io_map_deinit(&map);
	else
		ret->kept = map;
	return err;
}

bool unwind_table_load(int fd, const struct elf_file *f, struct unwind_table *ret)
{
	uint64_t key;
	CLEANUP(mem_freep) char *path = path_of(fd, f, &key);
	struct err *err = path ? load(path, key, f, ret) : err_new(ERR_NOT_FOUND, "nothing is kept");
	bool found = err == NULL;

	if (err && !err_is(err, ERR_NOT_FOUND))
		log_debug("no kept unwind table: %s", err_message(err));
	err_destroy(err);
	return found;
}

/* --- writing ------------------------------------------------------------------------------------- */

static struct err *keep_table(const char *path, const struct unwind_table *t, uint64_t key)
{
	struct unwind_table_header h = {
		.magic = UNWIND_TABLE_MAGIC, .byte_order = UNWIND_TABLE_BYTE_ORDER, .version = UNWIND_TABLE_VERSION, .key = key,
		.row_count = t->row_count, .base_vaddr = t->base_vaddr, .covered_bytes = t->covered_bytes,
		.fp_bytes = t->fp_bytes, .unsupported_bytes = t->unsupported_bytes,
		.arch = t->machine->arch, .cut = t->cut,
		.rows_check = XXH3_64bits(t->rows, t->row_count * sizeof(*t->rows)),
	};
	const struct bytes pieces[] = {
		{ (const uint8_t *)&h, sizeof(h) },
		{ (const uint8_t *)t->rows, t->row_count * sizeof(*t->rows) },
	};

	h.check = XXH3_64bits(&h, offsetof(struct unwind_table_header, check));
	return index_cache_keep(path, pieces, 2);
}

void unwind_table_keep(int fd, const struct elf_file *f, const struct unwind_table *t)
{
	uint64_t key;
	CLEANUP(mem_freep) char *path = path_of(fd, f, &key);
	struct err *err;

	if (path == NULL || t->row_count < UNWIND_TABLE_KEPT_ROWS)
		return;
	err = keep_table(path, t, key);
	if (err)
		log_debug("the unwind table is not kept: %s", err_message(err));
	err_destroy(err);
}
