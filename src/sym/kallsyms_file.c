/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The whole file is checked before it is used; that is a pass over 4 MB.  Only its owner can read it: where the kernel
 * lies is nobody else's business.
 */
#include "sym/kallsyms_file.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "module/index_cache.h"

#include <string.h>
#include <xxhash.h>

_Static_assert(sizeof(struct kallsyms_file_header) == 64 && sizeof(struct kallsyms_row) == 16, "written as they are");

static bool rows_ok(const struct kallsyms_row *rows, size_t count, size_t names_bytes)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].name >= names_bytes || rows[i].rank > UINT8_MAX || (i && rows[i].addr < rows[i - 1].addr))
			return false;
	return true;
}

static const char *trouble_of(struct bytes image, const struct kallsyms_file_header *h, uint64_t boot)
{
	size_t body_bytes = image.size_bytes - sizeof(*h);
	const struct kallsyms_row *rows = (const void *)(h + 1);

	if (memcmp(h->magic, KALLSYMS_FILE_MAGIC, sizeof(h->magic)) != 0)
		return "no list of kernel symbols";
	if (h->byte_order != KALLSYMS_FILE_BYTE_ORDER || h->version != KALLSYMS_FILE_VERSION)
		return "of another version";
	if (h->check != XXH3_64bits(h, offsetof(struct kallsyms_file_header, check)))
		return "damaged";
	if (h->boot != boot)
		return "of another boot";
	if (h->row_count == 0 || h->row_count > (body_bytes - 1) / sizeof(*rows))
		return "cut short";
	if (h->body_check != XXH3_64bits(rows, body_bytes) || image.data[image.size_bytes - 1] != '\0' ||
	    !rows_ok(rows, (size_t)h->row_count, body_bytes - (size_t)h->row_count * sizeof(*rows)))
		return "damaged";
	return NULL;
}

struct err *kallsyms_file_parse(struct bytes image, uint64_t boot, const struct kallsyms_file_header **header,
				const struct kallsyms_row **rows, const char **names)
{
	const struct kallsyms_file_header *h = (const void *)image.data;
	const char *trouble = image.size_bytes <= sizeof(*h) ? "cut short" : trouble_of(image, h, boot);

	if (trouble)
		return err_new(ERR_FORMAT, "it is %s", trouble);
	*header = h;
	*rows = (const void *)(h + 1);
	*names = (const char *)(*rows + h->row_count);
	return NULL;
}

char *kallsyms_file_path(uint64_t *boot)
{
	struct str name;
	struct err *err;
	char *path = NULL;

	str_init(&name);
	err = io_read_file("/proc/sys/kernel/random/boot_id", 64, &name);
	if (err == NULL && name.length >= 36) {
		*boot = XXH3_64bits(name.text, 36);
		name.text[36] = '\0';
		path = index_cache_path(name.text, "ksy");
	}
	err_destroy(err);
	str_deinit(&name);
	return path;
}

void kallsyms_file_keep(const char *path, struct kallsyms_file_header *h, const struct kallsyms_row *rows,
			const char *names, size_t names_bytes)
{
	struct err *err;
	struct str body;

	str_init(&body);
	str_add_n(&body, (const char *)rows, (size_t)h->row_count * sizeof(*rows));
	str_add_n(&body, names, names_bytes);
	memcpy(h->magic, KALLSYMS_FILE_MAGIC, sizeof(h->magic));
	h->byte_order = KALLSYMS_FILE_BYTE_ORDER;
	h->version = KALLSYMS_FILE_VERSION;
	h->body_check = XXH3_64bits(body.text, body.length);
	h->check = XXH3_64bits(h, offsetof(struct kallsyms_file_header, check));

	const struct bytes pieces[] = { { (const uint8_t *)h, sizeof(*h) }, { (const uint8_t *)body.text, body.length } };

	err = index_cache_keep(path, pieces, 2);
	if (err)
		log_debug("the kernel's symbols are not kept: %s", err_message(err));
	err_destroy(err);
	str_deinit(&body);
}
