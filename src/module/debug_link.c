/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Separate debug files, as distributions install them: below /usr/lib/debug/.build-id by
 * build-id, and by the name in .gnu_debuglink beside the program, in .debug/ there, or below
 * /usr/lib/debug and the directories of SONDE_DEBUG_PATH (GDB manual, "Separate Debug Files").  What is found by name has to prove
 * itself by build-id, or where there is none by the CRC that stands beside the name.
 */
#include "module/locate.h"

#include "base/io.h"
#include "base/mem.h"
#include "format/elf.h"
#include "module/debug_path.h"
#include "module/elf_head.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

/* Could another user have put it there? */
static bool is_own(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_uid == 0 || st.st_uid == geteuid());
}

char *locate_perf_cache(const struct build_id *id, const char *name)
{
	const char *home = getenv("HOME");
	char hex[2 * BUILD_ID_MAX + 1];
	struct build_id found;

	if (id->size < 2 || home == NULL || home[0] != '/')
		return NULL;
	build_id_format(id, hex);

	char *path = mem_printf("%s/.debug/.build-id/%.2s/%s/%s", home, hex, hex + 2, name);
	CLEANUP(io_closep) int fd = locate_open(0, path);
	bool is_list = strcmp(name, "kallsyms") == 0;

	if (fd >= 0 && is_own(fd) && (is_list || (build_id_of_fd(fd, &found) && build_id_equal(id, &found))))
		return path;
	free(path);
	return NULL;
}

static int open_perf_cache(const struct build_id *id, const char *suffix)
{
	CLEANUP(mem_freep) char *path = locate_perf_cache(id, suffix[0] == '\0' ? "elf" : "debug");

	errno = ENOENT;
	return path ? locate_open(0, path) : -1;
}

int locate_open_by_build_id(const struct build_id *id, const char *suffix)
{
	char hex[2 * BUILD_ID_MAX + 1], root[DEBUG_PATH_MAX];
	int fd = -1;

	if (id->size < 2) {
		errno = ENOENT;
		return -1;
	}
	build_id_format(id, hex);
	errno = ENOENT;
	for (size_t r = 0; fd < 0 && debug_path_root(r, root); r++) {
		CLEANUP(mem_freep) char *path = mem_printf("%s/.build-id/%.2s/%s%s", root, hex, hex + 2, suffix);

		fd = locate_open(0, path);
	}
	return fd < 0 ? open_perf_cache(id, suffix) : fd;
}

/* --- .gnu_debuglink: a file name, padding to 4, a CRC-32 of that file -------------- */

/* The name (at most NAME_MAX bytes, no '/') and the CRC. */
static bool read_debuglink(int fd, char name[256], uint32_t *crc)
{
	const char *found = NULL;
	struct elf_file f = { 0 };
	struct io_map map;
	struct err *err = io_map_fd(fd, "the file", &map);
	bool ok;

	if (err == NULL)
		err = elf_init(&f, (struct bytes){ map.data, map.size_bytes });
	ok = err == NULL && elf_debuglink(&f, &found, crc) && strlen(found) < 256 && strchr(found, '/') == NULL;
	if (ok)
		strcpy(name, found);
	elf_deinit(&f);
	io_map_deinit(&map);
	err_destroy(err);
	return ok;
}

static bool crc_matches(int fd, uint32_t wanted)
{
	enum { CHUNK_BYTES = 1 << 18 };
	CLEANUP(mem_freep) uint8_t *chunk = mem_alloc(CHUNK_BYTES);
	uLong crc = crc32(0, NULL, 0);
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, chunk, CHUNK_BYTES, at)) > 0) {
		crc = crc32(crc, chunk, (uInt)n);
		at += n;
	}
	return n == 0 && crc == wanted;
}

static bool is_debug_file(int fd, const struct build_id *id, uint32_t crc)
{
	struct build_id found;

	if (build_id_of_fd(fd, &found) && id->size > 0)
		return build_id_equal(&found, id);
	return crc_matches(fd, crc);
}

/* CANDIDATE, which is freed. */
static int try_debug_file(int pid, char *candidate, const struct build_id *id, uint32_t crc)
{
	int fd = locate_open(pid, candidate);

	free(candidate);
	if (fd < 0 || is_debug_file(fd, id, crc))
		return fd;
	io_closep(&fd);
	return -1;
}

/* The debug file NAME of the program in DIRECTORY, as PID (or we, 0) see it. */
static int open_debug_file(int pid, const char *directory, size_t length, const char *name,
			   const struct build_id *id, uint32_t crc)
{
	static const char *const beside[] = { "/", "/.debug/" };
	char root[DEBUG_PATH_MAX];
	int fd = -1;

	for (size_t i = 0; i < 2 && fd < 0; i++)
		fd = try_debug_file(pid, mem_printf("%.*s%s%s", (int)length, directory, beside[i], name), id, crc);
	for (size_t r = 0; fd < 0 && debug_path_root(r, root); r++)
		fd = try_debug_file(pid, mem_printf("%s%.*s/%s", root, (int)length, directory, name), id, crc);
	return fd;
}

int locate_open_debuglink(int image_fd, int pid, const char *path, const struct build_id *id)
{
	const char *slash = strrchr(path, '/');
	char name[256];
	uint32_t crc;

	if (slash == NULL || !read_debuglink(image_fd, name, &crc))
		return -1;

	size_t length = (size_t)(slash - path);
	int fd = pid > 0 ? open_debug_file(pid, path, length, name, id, crc) : -1;

	return fd >= 0 ? fd : open_debug_file(0, path, length, name, id, crc);
}
