// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Where kernel logs come from.  /dev/kmsg gives a record a read() (with its level, time
 * and caller) and tells with EPIPE that the ring overwrote what we had not read, which is
 * said.  Where it can't be opened, syslog(2) has the same text.
 */
#include "session/kernel_log.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "session/until_signal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/klog.h>
#include <unistd.h>

enum { CHUNK_BYTES = 1 << 18, FOLLOW_MS = 250, SYSLOG_READ_ALL = 3, SYSLOG_SIZE = 10 };

struct reader {
	const struct kernel_log_options *options;
	kernel_log_fn *callback;
	void *user;
	char *chunk;
	struct until_signal *signal; /* NULL: not following */
};

static bool has_ended(const struct reader *r)
{
	return r->signal != NULL && until_signal_came(r->signal);
}

/* --- files and pipes ----------------------------------------------------------------------------- */

static struct err *read_file(struct reader *r)
{
	bool is_stdin = strcmp(r->options->path, "-") == 0;
	CLEANUP(io_closep) int opened = -1;
	int fd = STDIN_FILENO;
	ssize_t n;

	if (!is_stdin) {
		opened = fd = open(r->options->path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return err_errno(errno, "cannot open %s", r->options->path);
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	while (!has_ended(r)) {
		n = read(fd, r->chunk, CHUNK_BYTES);
		if (n < 0 && errno != EINTR)
			return err_errno(errno, "cannot read %s", is_stdin ? "standard input" : r->options->path);
		if (n == 0 && (!r->options->follow || is_stdin))
			return NULL;
		TRY(r->callback(r->user, r->chunk, n > 0 ? (size_t)n : 0));
		if (n == 0)
			until_signal_wait(r->signal, FOLLOW_MS);
	}
	return NULL;
}

/* --- the running kernel's -------------------------------------------------------------------------- */

static struct err *denied(int errnum)
{
	return err_fix(err_errno(errnum, "cannot read the kernel's log"),
		       "run as root, or: sysctl kernel.dmesg_restrict=0; a saved log can be named: sonde oops FILE");
}

static struct err *read_syslog(struct reader *r, int why)
{
	int size = klogctl(SYSLOG_SIZE, NULL, 0);

	if (size <= 0 || r->options->follow)
		return denied(size < 0 ? errno : why);
	CLEANUP(mem_freep) char *text = mem_alloc((size_t)size);
	int n = klogctl(SYSLOG_READ_ALL, text, size);

	return n < 0 ? denied(errno) : r->callback(r->user, text, (size_t)n);
}

/* One record a read(); continuation lines (fields, " KEY=value") follow the text. */
static size_t first_line(const char *record, size_t length)
{
	const char *newline = memchr(record, '\n', length);

	return newline != NULL ? (size_t)(newline - record) + 1 : length;
}

static struct err *read_kmsg(struct reader *r)
{
	CLEANUP(io_closep) int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		return read_syslog(r, errno);
	if (r->options->only_new)
		(void)lseek(fd, 0, SEEK_END);
	while (!has_ended(r)) {
		ssize_t n = read(fd, r->chunk, CHUNK_BYTES);

		if (n > 0) {
			TRY(r->callback(r->user, r->chunk, first_line(r->chunk, (size_t)n)));
		} else if (n < 0 && errno == EPIPE) {
			log_warn("the kernel overwrote messages before they were read");
		} else if (n < 0 && errno == EAGAIN) {
			if (!r->options->follow)
				return NULL;
			TRY(r->callback(r->user, NULL, 0));
			until_signal_wait_fd(r->signal, &wait);
		} else if (n == 0 || errno == EPERM) {
			return n == 0 ? NULL : read_syslog(r, EPERM);
		} else if (errno != EINTR) {
			return err_errno(errno, "cannot read /dev/kmsg");
		}
	}
	return NULL;
}

struct err *kernel_log_read(const struct kernel_log_options *options, kernel_log_fn *callback, void *user)
{
	struct reader r = { .options = options, .callback = callback, .user = user, .chunk = mem_alloc(CHUNK_BYTES) };
	struct err *err = NULL;

	if (options->follow)
		err = until_signal_create(&r.signal);
	if (err == NULL)
		err = options->path != NULL ? read_file(&r) : read_kmsg(&r);
	until_signal_destroy(r.signal);
	mem_freep(&r.chunk);
	return err;
}
