/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_IO_H
#define SONDE_BASE_IO_H
/* Files: whole reads, whole writes, atomic replacement. */
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Write all of it, through short writes and EINTR.  NAME is for the message. */
struct err *io_write_all(int fd, const void *data, size_t size_bytes, const char *name);

/* There is no room: a full disk, a quota, a limit of a file's size. */
bool io_is_full(int errnum);
/* What to do about ERR, a file that could not be written, by its errno.  ELSEWHERE: how to name another
 * place ("name another file with -o").  An advice that it has stays alone; NULL stays NULL. */
struct err *io_fix_write(struct err *err, const char *elsewhere);

/* The whole of a file, pipe or /proc file appended to *text; ERR_LIMIT past
 * max_bytes.  PATH "-" is standard input. */
struct err *io_read_file(const char *path, size_t max_bytes, struct str *text);
struct err *io_read_fd(int fd, const char *name, size_t max_bytes, struct str *text);

/* Replace or make PATH, from the directory DIRFD (AT_FDCWD: ours), with these bytes in one step (temporary file, rename). */
struct err *io_replace_file(int dirfd, const char *path, const void *data, size_t size_bytes);

/*
 * A file mapped read-only (io_map.c).  An empty file maps to data == NULL, size_bytes == 0.
 * One that shrinks while it is mapped does not kill us: what is gone reads as zeros, and
 * io_map_is_cut() tells.  Behind the last byte stands at least one zero.
 */
struct io_map {
	const uint8_t *data;
	size_t size_bytes;
	struct io_map_slot *slot; /* private */
};
struct err *io_map_file(int dirfd, const char *path, struct io_map *map);
/* FD stays the caller's; NAME is for the message. */
struct err *io_map_fd(int fd, const char *name, struct io_map *map);
bool io_map_is_cut(const struct io_map *map);
void io_map_deinit(struct io_map *map);

/* One line of a small /proc or /sys file as a number; false when there is none. */
bool io_read_i64(const char *path, int64_t *value);
/* The name that the kernel has for thread TID of process PID (TID twice, where only that is known) appended to *NAME,
 * as it is: it may hold any byte.  False when there is none: it has ended, it is hidden, it has no name. */
bool io_read_comm(pid_t pid, pid_t tid, struct str *name);

/* For CLEANUP(). */
void io_closep(int *fd); /* closes when >= 0 */

#endif
