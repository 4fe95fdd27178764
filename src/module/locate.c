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

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

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
	return open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* The same, and PATH_FD is closed; -1 stays -1. */
static int into_regular(int path_fd)
{
	if (path_fd < 0)
		return -1;

	int fd = reopen_regular(path_fd), saved = errno;

	close(path_fd);
	errno = saved;
	return fd;
}

int locate_open(int pid, const char *path)
{
	return into_regular(pid > 0 ? open_in_root(pid, path) : open(path, O_PATH | O_CLOEXEC));
}

int locate_open_mapping(int pid, uint64_t addr, uint64_t size_bytes)
{
	char name[96];

	snprintf(name, sizeof(name), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, pid, addr, addr + size_bytes);
	return into_regular(open(name, O_PATH | O_CLOEXEC));
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

static int copy_vdso(int pid, uint64_t start, uint64_t size_bytes)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/%d/mem", pid);
	CLEANUP(io_closep) int mem = open(name, O_RDONLY | O_CLOEXEC);

	if (mem < 0)
		return -1;

	CLEANUP(mem_freep) uint8_t *image = mem_alloc(size_bytes);
	ssize_t n = pread(mem, image, size_bytes, (off_t)start);

	return n == (ssize_t)size_bytes ? memfd_of(image, (size_t)n) : -1;
}

int locate_open_vdso(int pid)
{
	uint64_t start, end;

	if (pid <= 0)
		pid = getpid();
	return find_vdso(pid, &start, &end) ? copy_vdso(pid, start, end - start) : -1;
}

int locate_open_vdso_at(int pid, uint64_t addr, uint64_t size_bytes)
{
	return size_bytes <= VDSO_MAX_BYTES ? copy_vdso(pid, addr, size_bytes) : -1;
}
