/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opening files by names that other programs chose.  A process in a container has its
 * own idea of "/usr/lib": its names are resolved below /proc/PID/root with openat2()
 * (RESOLVE_IN_ROOT), so that an absolute symbolic link in there does not lead back to
 * our own root.  Only regular files are opened: to open a device can have effects.
 *
 * The vDSO is no file at all: its image is copied from the process's memory into a
 * memfd, and from there on is a file like the others.
 */
#include "module/locate.h"

#include "base/io.h"
#include "base/mem.h"
#include "module/elf_head.h"
#include "module/elf_open.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zlib.h>

#define DEBUG_DIRECTORY "/usr/lib/debug"
enum { VDSO_MAX_BYTES = 1 << 20 };

static int open_in_root(int pid, const char *path)
{
	char root[64];

	snprintf(root, sizeof(root), "/proc/%d/root", pid);

	int dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return -1;

	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	int fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
	int saved = errno;

	close(dir);
	errno = saved;
	return fd;
}

/* From an O_PATH descriptor to one that reads, if it is a regular file. */
static int reopen_regular(int path_fd)
{
	struct stat st;
	char name[64];

	if (fstat(path_fd, &st) != 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
	return open(name, O_RDONLY | O_CLOEXEC);
}

int locate_open(int pid, const char *path)
{
	CLEANUP(io_closep) int path_fd =
		pid > 0 ? open_in_root(pid, path) : open(path, O_PATH | O_CLOEXEC);

	if (path_fd < 0)
		return -1;

	int fd = reopen_regular(path_fd);
	int saved = errno;

	close(path_fd);
	path_fd = -1;
	errno = saved;
	return fd;
}

static int memfd_of(const void *data, size_t size_bytes)
{
	int fd = memfd_create("vdso", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, data, size_bytes) != (ssize_t)size_bytes) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Where [vdso] is in PID; maps lines are "start-end perms offset dev inode name". */
static bool find_vdso(int pid, uint64_t *start, uint64_t *end)
{
	char name[64], line[512];
	bool found = false;

	snprintf(name, sizeof(name), "/proc/%d/maps", pid);

	FILE *maps = fopen(name, "re");

	if (maps == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), maps) != NULL)
		found = strstr(line, "[vdso]") != NULL &&
			sscanf(line, "%" SCNx64 "-%" SCNx64, start, end) == 2 && *end > *start &&
			*end - *start <= VDSO_MAX_BYTES;
	fclose(maps);
	return found;
}

static int open_vdso_of(int pid)
{
	char name[64];
	uint64_t start, end;

	if (!find_vdso(pid, &start, &end))
		return -1;
	snprintf(name, sizeof(name), "/proc/%d/mem", pid);
	CLEANUP(io_closep) int mem = open(name, O_RDONLY | O_CLOEXEC);

	if (mem < 0)
		return -1;

	CLEANUP(mem_freep) uint8_t *image = mem_alloc(end - start);
	ssize_t n = pread(mem, image, end - start, (off_t)start);

	return n == (ssize_t)(end - start) ? memfd_of(image, (size_t)n) : -1;
}

int locate_open_vdso(int pid)
{
	if (pid > 0 && pid != getpid())
		return open_vdso_of(pid);
	return getauxval(AT_SYSINFO_EHDR) ? open_vdso_of(getpid()) : -1;
}

int locate_open_by_build_id(const struct build_id *id, const char *suffix)
{
	char hex[2 * BUILD_ID_MAX + 1], path[160];

	if (id->size < 2) {
		errno = ENOENT;
		return -1;
	}
	build_id_format(id, hex);
	snprintf(path, sizeof(path), DEBUG_DIRECTORY "/.build-id/%.2s/%s%s", hex, hex + 2, suffix);
	return locate_open(0, path);
}

/* --- .gnu_debuglink: a file name, padding to 4, a CRC-32 of that file -------------- */

/* The name (at most NAME_MAX bytes, no '/') and the CRC. */
static bool read_debuglink(int fd, char name[256], uint32_t *crc)
{
	Elf *elf = elf_open(fd);

	if (elf == NULL)
		return false;

	Elf_Scn *section = elf_find_section(elf, ".gnu_debuglink", NULL);
	Elf_Data *data = section ? elf_rawdata(section, NULL) : NULL;
	size_t length = data && data->d_buf ? strnlen(data->d_buf, data->d_size) : 0;
	size_t at = (length + 4) & ~(size_t)3;
	bool ok = length > 0 && length < 256 && at + 4 <= data->d_size &&
		  memchr(data->d_buf, '/', length) == NULL;

	if (ok) {
		const char *ident = elf_getident(elf, NULL);
		bool big = ident && ident[EI_DATA] == ELFDATA2MSB;

		memcpy(name, data->d_buf, length + 1);
		memcpy(crc, (const char *)data->d_buf + at, 4);
		*crc = big ? be32toh(*crc) : le32toh(*crc);
	}
	elf_end(elf);
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

/* The debug file NAME of the program in DIRECTORY, as PID (or we, 0) see it. */
static int open_debug_file(int pid, const char *directory, size_t length, const char *name,
			   const struct build_id *id, uint32_t crc)
{
	static const struct {
		const char *before, *after;
	} places[] = { { "", "/" }, { "", "/.debug/" }, { DEBUG_DIRECTORY, "/" } };
	char candidate[4096];

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int n = snprintf(candidate, sizeof(candidate), "%s%.*s%s%s", places[i].before,
				 (int)length, directory, places[i].after, name);
		int fd = n < (int)sizeof(candidate) ? locate_open(pid, candidate) : -1;

		if (fd >= 0 && is_debug_file(fd, id, crc))
			return fd;
		io_closep(&fd);
	}
	return -1;
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
