/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* By what the file begins with, not by its name: a link to a module has another. */
#include "module/unpack.h"

#include "base/io.h"
#include "format/elf.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct err *into_memory(struct bytes plain, const char *path, int *fd)
{
	struct err *err;

	*fd = memfd_create("unpacked", MFD_CLOEXEC);
	if (*fd < 0)
		return err_errno(errno, "cannot make a file in memory for %s", path);
	err = io_write_all(*fd, plain.data, plain.size_bytes, path);
	if (err == NULL)
		return NULL;
	close(*fd);
	*fd = -1;
	return err;
}

static struct err *unpack(int packed, const char *path, int *fd)
{
	struct elf_data plain;
	struct io_map map;
	struct err *err;

	TRY(io_map_fd(packed, path, &map));
	err = elf_unpack((struct bytes){ map.data, map.size_bytes }, &plain);
	if (err == NULL)
		err = into_memory(plain.bytes, path, fd);
	elf_data_deinit(&plain);
	io_map_deinit(&map);
	return err;
}

struct err *unpack_open(const char *path, int *fd)
{
	CLEANUP(io_closep) int packed = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct err *err;
	struct stat st;

	*fd = -1;
	if (packed < 0)
		return err_errno(errno, "cannot open %s", path);
	if (fstat(packed, &st) == 0 && !S_ISREG(st.st_mode))
		return err_new(ERR_FORMAT, "%s is not a regular file", path);
	err = unpack(packed, path, fd);
	if (!err_is(err, ERR_NOT_FOUND))
		return err_wrap(err, "%s", path);
	err_destroy(err);
	*fd = packed;
	packed = -1;
	return NULL;
}
