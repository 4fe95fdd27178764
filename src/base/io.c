/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Thin loops over read and write, so that no caller forgets the short ones. */
#include "base/io.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

void io_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

struct err *io_write_all(int fd, const void *data, size_t size_bytes, const char *name)
{
	const char *p = data;

	while (size_bytes) {
		ssize_t n = write(fd, p, size_bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(errno, "cannot write %s", name);
		p += n;
		size_bytes -= (size_t)n;
	}
	return NULL;
}

bool io_is_full(int errnum) { return errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG; }

/* EFBIG comes of a limit, or of what the file system can hold. */
static struct err *fix_size(struct err *err, const char *elsewhere)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return err_fix(err, "that file system takes no larger file: %s", elsewhere);
	return err_fix(err, "a file may have %" PRIu64 " bytes here, no more (ulimit -f): raise that limit: ulimit -f unlimited",
		       (uint64_t)limit.rlim_cur);
}

struct err *io_fix_write(struct err *err, const char *elsewhere)
{
	if (err == NULL || err_advice(err))
		return err;
	switch (err_errnum(err)) {
	case ENOSPC:
		return err_fix(err, "make room on that disk, or %s", elsewhere);
	case EDQUOT:
		return err_fix(err, "your quota of that disk is used up: make room there, or %s", elsewhere);
	case EFBIG:
		return fix_size(err, elsewhere);
	default:
		return err_fix(err, "%s", elsewhere);
	}
}

struct err *io_read_fd(int fd, const char *name, size_t max_bytes, struct str *text)
{
	size_t total = 0;

	for (;;) {
		str_reserve(text, 65536);
		ssize_t n = read(fd, text->text + text->length, 65536);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(errno, "cannot read %s", name);
		text->length += (size_t)n;
		text->text[text->length] = '\0';
		total += (size_t)n;
		if (n == 0)
			return NULL;
		if (total > max_bytes)
			return err_new(ERR_LIMIT, "%s is larger than %zu bytes", name, max_bytes);
	}
}

struct err *io_read_file(const char *path, size_t max_bytes, struct str *text)
{
	if (strcmp(path, "-") == 0)
		return io_read_fd(STDIN_FILENO, "standard input", max_bytes, text);

	CLEANUP(io_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(errno, "cannot open %s", path);
	return io_read_fd(fd, path, max_bytes, text);
}

struct err *io_replace_file(int dirfd, const char *path, const void *data, size_t size_bytes)
{
	CLEANUP(mem_freep) char *temporary = mem_printf("%s.tmp", path);
	int fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		return err_errno(errno, "cannot create %s", temporary);

	struct err *err = io_write_all(fd, data, size_bytes, temporary);

	if (close(fd) < 0 && err == NULL)
		err = err_errno(errno, "cannot write %s", temporary);
	if (err == NULL && renameat(dirfd, temporary, dirfd, path) < 0)
		err = err_errno(errno, "cannot rename %s to %s", temporary, path);
	if (err != NULL)
		unlinkat(dirfd, temporary, 0);
	return err;
}

/* What one read() gives of PATH, ended by a zero; 0: nothing. */
static size_t read_small(const char *path, char *text, size_t size)
{
	CLEANUP(io_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

bool io_read_i64(const char *path, int64_t *value)
{
	char text[64], *end;

	if (!read_small(path, text, sizeof(text)))
		return false;
	*value = strtoll(text, &end, 10);
	return end != text;
}

bool io_read_comm(pid_t pid, pid_t tid, struct str *name)
{
	char path[64], comm[128]; /* a worker of the kernel may have 64 bytes */

	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", pid, tid);

	size_t n = read_small(path, comm, sizeof(comm));

	if (n && comm[n - 1] == '\n')
		n--;
	str_add_n(name, comm, n);
	return n > 0;
}
