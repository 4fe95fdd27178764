/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file becomes visible under its name when it is whole: it is written beside and
 * renamed, so readers see the old file, the new one, or none.  Two writers at once do the
 * same work, and the later one wins.
 */
#include "module/index_cache.h"

#include "base/cache.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

char *index_cache_name(int fd, const struct elf_file *elf, uint64_t *hash)
{
	struct bytes id = elf_build_id(elf);
	struct stat st = { 0 };
	struct str name;

	str_init(&name);
	fstat(fd, &st);
	if (id.size_bytes >= 8 && id.size_bytes <= 64) {
		for (size_t i = 0; i < id.size_bytes; i++)
			str_printf(&name, "%02x", id.data[i]);
		str_printf(&name, "-%llx", (unsigned long long)st.st_size);
	} else {
		uint64_t parts[] = { st.st_dev, st.st_ino, (uint64_t)st.st_size,
				     (uint64_t)st.st_mtim.tv_sec, (uint64_t)st.st_mtim.tv_nsec,
				     (uint64_t)st.st_ctim.tv_sec, (uint64_t)st.st_ctim.tv_nsec };

		str_printf(&name, "%016llx-file",
			   (unsigned long long)XXH3_64bits(parts, sizeof(parts)));
	}
	*hash = XXH3_64bits(name.text, name.length);
	return str_take(&name);
}

char *index_cache_path(const char *name, const char *ending)
{
	CLEANUP(mem_freep) char *dir = cache_dir("index");

	return dir ? mem_printf("%s/%.2s/%s.%s", dir, name, name + 2, ending) : NULL;
}

/* What another user could write is no evidence of anything. */
static struct err *check_owner(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_errno(errno, "cannot look at %s", path);
	if ((st.st_uid != geteuid() && st.st_uid != 0) || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return err_new(ERR_PERMISSION, "%s: the index is not used: another user may have written it", path);
	return NULL;
}

struct err *index_cache_open(const char *path, int *fd)
{
	struct err *err;

	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	if (*fd < 0)
		return err_errno(errno, "cannot open %s", path);
	err = check_owner(*fd, path);
	if (err) {
		close(*fd);
		*fd = -1;
	} else {
		cache_touch(*fd);
	}
	return err;
}

struct err *index_cache_begin(const char *path, int *fd, char **temporary)
{
	TRY(cache_make_parents(path));
	*temporary = mem_printf("%s.XXXXXX", path);
	*fd = mkostemp(*temporary, O_CLOEXEC);
	if (*fd >= 0)
		return NULL;

	struct err *err = err_errno(errno, "cannot make %s", *temporary);

	free(*temporary);
	*temporary = NULL;
	return err;
}

struct err *index_cache_publish(const char *temporary, const char *path)
{
	if (rename(temporary, path) != 0) {
		struct err *err = err_errno(errno, "cannot rename %s to %s", temporary, path);

		unlink(temporary);
		return err;
	}

	CLEANUP(mem_freep) char *dir = cache_dir("index");

	if (dir != NULL)
		cache_prune(dir, path);
	return NULL;
}

struct err *index_cache_keep(const char *path, const struct bytes *pieces, size_t count)
{
	CLEANUP(mem_freep) char *temporary = NULL;
	CLEANUP(io_closep) int fd = -1;
	struct err *err = NULL;

	TRY(index_cache_begin(path, &fd, &temporary));
	for (size_t i = 0; i < count && err == NULL; i++)
		err = io_write_all(fd, pieces[i].data, pieces[i].size_bytes, temporary);
	if (err == NULL)
		return index_cache_publish(temporary, path);
	unlink(temporary);
	return err;
}
