/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* module/space.h: the list of mapped files in a core, and in a text as /proc/PID/maps. */
#include "module/space.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint64_t sink;

static void look(struct err *err, struct space *s)
{
	if (err == NULL) {
		for (uint64_t addr = 0; addr < 0x10000; addr += 0x1001) {
			uint32_t module;
			uint64_t offset;

			if (space_find(s, addr, &module, &offset))
				sink += offset + (uint64_t)s->modules.v[module].path[0];
		}
		space_deinit(s);
	}
	err_destroy(err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("core", MFD_CLOEXEC);
	struct space s;
	char path[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	look(space_of_core(path, &s), &s);
	look(space_of_maps(path, &s), &s);
	close(fd);
	return 0;
}
