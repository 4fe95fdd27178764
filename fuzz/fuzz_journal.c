/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recording directory with any bytes in its journal and its meta.json: it opens or is refused,
 * and what opened can be scanned.  The input is cut into the three files by two 32-bit lengths at
 * its start: the side log, a chunk, meta.json (empty: a good one).
 */
#include "base/err.h"
#include "record/recording.h"
#include "record/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char good_meta[] =
	"{\"format\":\"sonde-recording\",\"format_version\":1,\"state\":\"recording\"}";
static char directory[64];

static void put(const char *name, const void *data, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

static void clean(void) { err_destroy(store_remove(AT_FDCWD, directory)); }

/* A fresh directory: the one before was folded, so its journal is gone. */
static void make_directory(void)
{
	char path[128];

	if (directory[0] == '\0') {
		snprintf(directory, sizeof(directory), "/tmp/sonde-fuzz-%d.sonde", (int)getpid());
		atexit(clean);
	}
	clean();
	snprintf(path, sizeof(path), "%s/journal", directory);
	if (mkdir(directory, 0777) < 0 || mkdir(path, 0777) < 0)
		abort();
}

static void scan_table(struct recording *r, const struct table_info *t)
{
	const char *columns[] = { t->type->fields[0].name,
				  t->type->fields[t->type->field_count - 1].name, NULL };
	struct scan_options o = { .columns = columns };
	struct scan *scan;
	struct batch b;
	bool more = true;

	if (scan_create(r, t->type->name, &o, &scan) != NULL)
		abort();
	while (more) {
		struct err *err = scan_next(scan, &b, &more);

		more = more && err == NULL;
		err_destroy(err);
	}
	scan_destroy(scan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t side, chunk;
	struct recording *r;

	if (size < 8)
		return 0;
	memcpy(&side, data, 4);
	memcpy(&chunk, data + 4, 4);
	data += 8;
	size -= 8;
	if (side > size)
		side = (uint32_t)size;
	if (chunk > size - side)
		chunk = (uint32_t)(size - side);
	make_directory();
	put("journal/side", data, side);
	put("journal/0000.chunk", data + side, chunk);
	if (side + chunk < size)
		put("meta.json", data + side + chunk, size - side - chunk);
	else
		put("meta.json", good_meta, sizeof(good_meta) - 1);

	struct err *err = recording_open(directory, &r);

	if (err == NULL) {
		for (size_t i = 0; i < recording_table_count(r); i++)
			scan_table(r, recording_table(r, i));
		recording_destroy(r);
	}
	err_destroy(err);
	return 0;
}
