/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An ELF file with DWARF: index it, ask the index, and ask the units directly. */
#include "sym/debug_file.h"
#include "sym/index_build.h"
#include "sym/index_file.h"
#include "sym/unit_map.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask_index(int fd, const uint64_t *addrs, size_t count)
{
	struct index_file index;
	struct arena a;
	struct err *err = index_file_open_fd(fd, 1, &index);

	if (err != NULL)
		abort(); /* we have just written it */
	arena_init(&a);
	for (size_t i = 0; i < count; i++) {
		struct index_chain chain;

		index_file_find(&index, addrs[i], &a, &chain);
	}
	arena_deinit(&a);
	index_file_close(&index);
}

static void ask_units(struct debug_file *f, const uint64_t *addrs, size_t count)
{
	struct unit_map map;
	struct unit_reader reader;
	struct arena a;

	arena_init(&a);
	unit_map_init(&map, f);
	unit_map_complete(&map);
	unit_map_sort(&map);
	unit_reader_init(&reader, f);
	for (size_t i = 0; i < count; i++) {
		uint64_t unit;
		struct index_chain chain;

		if (unit_map_find(&map, addrs[i], &unit, 1) == 1 &&
		    unit_reader_load(&reader, unit, FUNCTIONS_PLACES))
			unit_reader_find(&reader, addrs[i], &a, &chain);
	}
	unit_reader_deinit(&reader);
	unit_map_deinit(&map);
	arena_deinit(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t addrs[] = { 0, 1, 5, 0x10, 0x25, 0x40, 0x1000, 0x1040, 0x1139, 0x401126 };
	struct index_build_options options = { .key = 1, .thread_count = 1 };
	struct debug_file *f = NULL;
	struct err *err = debug_file_open_bytes((struct bytes){ data, size }, &f);
	size_t count = sizeof(addrs) / sizeof(addrs[0]);

	if (err == NULL)
		err = debug_file_load(f);
	if (err == NULL) {
		int fd = memfd_create("fuzz", MFD_CLOEXEC);

		err = index_build(f, fd, &options);
		if (err == NULL)
			ask_index(fd, addrs, count);
		close(fd);
		ask_units(f, addrs, count);
	}
	err_destroy(err);
	debug_file_destroy(f);
	return 0;
}
