/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two queues, one behind the other: bytes in memory, which are the older ones, and bytes in a
 * file.  While the file has any, new ones go there; when memory is empty it is filled from the
 * file, whose read part is given back to the file system.
 *
 * O_NONBLOCK belongs to an open file, which the program that is traced most often shares (its
 * standard error is ours): so the pipe or terminal is opened anew through /proc/self/fd, which
 * makes an open file of our own.  A socket has a flag for one call.  Where neither is had (a
 * pipe of another user's) poll() is asked before each write of a page, which a pipe with room
 * takes whole; somebody else's write between the two makes us wait then.
 */
#include "base/spool.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { MEMORY_BYTES = 64 << 20, WRITE_BYTES = 1 << 20 /* in one go: the writer has other things to do */, STOP_EVERY_MS = 100 };
static const uint64_t FILE_BYTES = UINT64_C(4) << 30;

enum way { WAY_OWN, WAY_SOCKET, WAY_POLL };

struct spool {
	int fd;                  /* the caller's */
	int own_fd;              /* the same pipe or terminal, O_NONBLOCK; -1: there is none */
	enum way way;
	struct spool_options options;
	struct str memory;
	size_t at;               /* of `memory`: what is before was written */
	int file_fd;             /* -1: not made yet */
	bool no_file;            /* it can't be made, or takes no more */
	uint64_t file_from, file_to;
	struct spool_totals totals;
	uint64_t gap_bytes, gap_lines; /* dropped since the last byte that was kept */
	bool cut;                /* the last byte that was kept or written ends no line */
	bool gap_cut;            /* ... that was dropped */
};

bool spool_is_for(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || (S_ISCHR(st.st_mode) && isatty(fd)));
}

static enum way open_own(struct spool *s)
{
	char path[32];
	struct stat st;

	if (fstat(s->fd, &st) == 0 && S_ISSOCK(st.st_mode))
		return WAY_SOCKET;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->fd);
	s->own_fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return s->own_fd >= 0 ? WAY_OWN : WAY_POLL;
}

struct spool *spool_create(int fd, const struct spool_options *options)
{
	struct spool *s = mem_calloc(1, sizeof(*s));

	s->fd = fd;
	s->own_fd = s->file_fd = -1;
	s->options = *options;
	if (!s->options.memory_bytes)
		s->options.memory_bytes = MEMORY_BYTES;
	s->way = open_own(s);
	str_init(&s->memory);
	return s;
}

void spool_destroy(struct spool *s)
{
	if (!s)
		return;
	if (s->own_fd >= 0)
		close(s->own_fd);
	if (s->file_fd >= 0)
		close(s->file_fd);
	str_deinit(&s->memory);
	free(s);
}

static uint64_t lines_of(const char *text, size_t size_bytes)
{
	uint64_t lines = 0;
	const char *end = text + size_bytes, *at = text;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL)
		lines++, at++;
	return lines;
}

/* --- to the reader ------------------------------------------------------------------------ */

/* How much FD took; -1: errno, EAGAIN where it would wait. */
static ssize_t put(const struct spool *s, const char *text, size_t size_bytes)
{
	struct pollfd p = { .fd = s->fd, .events = POLLOUT };

	if (s->way == WAY_OWN)
		return write(s->own_fd, text, size_bytes);
	if (s->way == WAY_SOCKET)
		return send(s->fd, text, size_bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (poll(&p, 1, 0) <= 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(s->fd, text, size_bytes < PIPE_BUF ? size_bytes : PIPE_BUF);
}

/* *DONE: how much of TEXT the reader took, which may be nothing. */
static struct err *offer(const struct spool *s, const char *text, size_t size_bytes, size_t *done)
{
	for (*done = 0; *done < size_bytes;) {
		ssize_t n = put(s, text + *done, size_bytes - *done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return err_errno(errno, "cannot write");
		*done += (size_t)n;
	}
	return NULL;
}

static bool waits(const struct spool *s) { return s->totals.waiting_bytes > 0; }

int spool_fd(const struct spool *s) { return waits(s) ? s->fd : -1; }

static void take(struct spool *s, size_t size_bytes)
{
	s->totals.waiting_bytes -= size_bytes;
	s->totals.waiting_lines -= lines_of(s->memory.text + s->at, size_bytes);
	s->at += size_bytes;
}

/* --- what waits ---------------------------------------------------------------------------- */

/* Memory is empty: what comes next in the file.  What can't be read any more is lost. */
static void fill(struct spool *s)
{
	uint64_t waiting = s->file_to - s->file_from;
	size_t want = waiting < WRITE_BYTES ? (size_t)waiting : WRITE_BYTES;
	ssize_t n;

	str_clear(&s->memory);
	s->at = 0;
	if (want == 0)
		return;
	str_reserve(&s->memory, want);
	n = pread(s->file_fd, s->memory.text, want, (off_t)s->file_from);
	if (n <= 0) {
		spool_drop(s);
		return;
	}
	s->memory.length = (size_t)n;
	(void)fallocate(s->file_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)s->file_from, n);
	s->file_from += (uint64_t)n;
	if (s->file_from == s->file_to && ftruncate(s->file_fd, 0) == 0) {
		s->file_from = s->file_to = 0;
		s->no_file = false;
	}
}

struct err *spool_write(struct spool *s)
{
	size_t done;

	for (size_t written = 0; waits(s) && written < WRITE_BYTES; written += done) {
		if (s->at == s->memory.length)
			fill(s);
		if (!waits(s))
			break;
		TRY(offer(s, s->memory.text + s->at, s->memory.length - s->at, &done));
		take(s, done);
		if (s->at < s->memory.length)
			break;
	}
	if (!waits(s)) {
		if (s->memory.cap > WRITE_BYTES)
			str_deinit(&s->memory);
		str_clear(&s->memory);
		s->at = 0;
	}
	return NULL;
}

static void open_file(struct spool *s)
{
	const char *tmp = getenv("TMPDIR");
	CLEANUP(mem_freep) char *path = mem_printf("%s/sonde-spool-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	struct statvfs fs;

	s->file_fd = mkostemp(path, O_CLOEXEC);
	s->no_file = s->file_fd < 0;
	if (s->no_file)
		return;
	unlink(path);
	if (s->options.file_bytes)
		return;
	s->options.file_bytes = FILE_BYTES;
	if (fstatvfs(s->file_fd, &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize / 2 < FILE_BYTES)
		s->options.file_bytes = (uint64_t)fs.f_bavail * fs.f_frsize / 2;
}

static size_t keep_in_file(struct spool *s, const char *text, size_t size_bytes)
{
	size_t done = 0;

	if (size_bytes == 0)
		return 0;
	if (s->file_fd < 0 && !s->no_file)
		open_file(s);
	if (!s->no_file && size_bytes > s->options.file_bytes - (s->file_to - s->file_from))
		size_bytes = (size_t)(s->options.file_bytes - (s->file_to - s->file_from));
	while (!s->no_file && done < size_bytes) {
		ssize_t n = pwrite(s->file_fd, text + done, size_bytes - done, (off_t)s->file_to);

		if (n < 0 && errno == EINTR)
			continue;
		s->no_file = n <= 0; /* until it has been read */
		if (n > 0) {
			done += (size_t)n;
			s->file_to += (uint64_t)n;
		}
	}
	return done;
}

static size_t keep_in_memory(struct spool *s, const char *text, size_t size_bytes)
{
	size_t room;

	if (s->at >= s->memory.length / 2 && s->at) {
		memmove(s->memory.text, s->memory.text + s->at, s->memory.length - s->at);
		str_truncate(&s->memory, s->memory.length - s->at);
		s->at = 0;
	}
	room = s->memory.length < s->options.memory_bytes ? s->options.memory_bytes - s->memory.length : 0; /* fill() may have brought more */
	if (size_bytes > room)
		size_bytes = room;
	str_add_n(&s->memory, text, size_bytes);
	return size_bytes;
}

/* The last bytes that were kept are not after all. */
static void take_back(struct spool *s, size_t size_bytes)
{
	uint64_t file = s->file_to - s->file_from;

	if (file > size_bytes)
		file = size_bytes;
	s->file_to -= file;
	str_truncate(&s->memory, s->memory.length - (size_bytes - (size_t)file));
}

/* As many of TEXT's lines as there is room for; all of it, if there is. */
static size_t keep(struct spool *s, const char *text, size_t size_bytes)
{
	size_t kept = s->file_to == s->file_from ? keep_in_memory(s, text, size_bytes) : 0;

	kept += keep_in_file(s, text + kept, size_bytes - kept);
	if (kept < size_bytes) {
		const char *newline = kept ? memrchr(text, '\n', kept) : NULL;
		size_t whole = newline ? (size_t)(newline - text) + 1 : 0;

		take_back(s, kept - whole);
		kept = whole;
	}
	s->totals.waiting_bytes += kept;
	s->totals.waiting_lines += lines_of(text, kept);
	if (kept)
		s->cut = text[kept - 1] != '\n';
	return kept;
}

/* --- what is lost -------------------------------------------------------------------------- */

static void lose(struct spool *s, const char *text, size_t size_bytes)
{
	uint64_t lines = lines_of(text, size_bytes);

	if (size_bytes == 0)
		return;
	s->gap_bytes += size_bytes;
	s->gap_lines += lines;
	s->totals.lost_bytes += size_bytes;
	s->totals.lost_lines += lines;
	s->gap_cut = text[size_bytes - 1] != '\n';
}

/* A gap is as few and as large as may be: it ends when a quarter of the room is free again. */
static bool has_room_again(const struct spool *s)
{
	if (s->file_to == s->file_from)
		return s->totals.waiting_bytes <= s->options.memory_bytes / 4 * 3;
	return !s->no_file && s->file_to - s->file_from <= s->options.file_bytes / 4 * 3;
}

static void end_gap(struct spool *s)
{
	struct str line;

	str_init(&line);
	if (s->cut)
		str_add_char(&line, '\n');
	if (s->options.add_gap)
		s->options.add_gap(s->options.user, s->gap_lines, &line);
	s->gap_bytes = s->gap_lines = 0;
	s->gap_cut = false;
	keep(s, str_text(&line), line.length);
	str_deinit(&line);
}

void spool_drop(struct spool *s)
{
	s->totals.lost_bytes += s->totals.waiting_bytes;
	s->totals.lost_lines += s->totals.waiting_lines;
	s->totals.waiting_bytes = s->totals.waiting_lines = 0;
	str_clear(&s->memory);
	s->at = 0;
	if (s->file_fd >= 0)
		close(s->file_fd);
	s->file_fd = -1;
	s->file_from = s->file_to = 0;
	s->no_file = false;
}

/* --- the door ------------------------------------------------------------------------------- */

/* While lines are missing: where TEXT goes on with whole lines that there is room for. */
static size_t skip_gap(struct spool *s, const char *text, size_t size_bytes)
{
	const char *newline = s->gap_cut ? memchr(text, '\n', size_bytes) : NULL;
	size_t rest = !s->gap_cut ? 0 : newline ? (size_t)(newline - text) + 1 : size_bytes;

	if (!has_room_again(s))
		rest = size_bytes;
	lose(s, text, rest);
	if (rest < size_bytes)
		end_gap(s);
	return rest;
}

struct err *spool_add(struct spool *s, const void *data, size_t size_bytes)
{
	const char *text = data;
	size_t done = 0, kept;

	TRY(spool_write(s));
	if (s->gap_bytes) {
		done = skip_gap(s, text, size_bytes);
		TRY(spool_write(s));
	}
	if (!waits(s) && done < size_bytes) {
		size_t taken;

		TRY(offer(s, text + done, size_bytes - done, &taken));
		done += taken;
		if (taken)
			s->cut = text[done - 1] != '\n';
	}
	if (done == size_bytes)
		return NULL;
	kept = keep(s, text + done, size_bytes - done);
	lose(s, text + done + kept, size_bytes - done - kept);
	return NULL;
}

struct err *spool_finish(struct spool *s, bool (*stop)(void *user), void *user)
{
	struct pollfd p = { .fd = s->fd, .events = POLLOUT };

	for (;;) {
		TRY(spool_write(s));
		if (s->gap_bytes && !waits(s))
			end_gap(s);
		else if (!waits(s))
			return NULL;
		if (stop && stop(user))
			return NULL;
		poll(&p, 1, STOP_EVERY_MS);
	}
}

void spool_get_totals(const struct spool *s, struct spool_totals *ret) { *ret = s->totals; }
