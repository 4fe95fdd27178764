// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Where kernel logs come from.  /dev/kmsg gives a record a read() (with its level, time
 * and caller) and tells with EPIPE that the ring overwrote what we had not read, which is
 * said.  Where it can't be opened, syslog(2) has the same text.
 */
#include "session/kernel_log.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "module/unpack.h"
#include "session/until_signal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK_BYTES = 1 << 18, HEAD_BYTES = 4096, FOLLOW_MS = 250, SYSLOG_READ_ALL = 3, SYSLOG_SIZE = 10 };

struct reader {
	const struct kernel_log_options *options;
	kernel_log_fn *callback;
	void *user;
	char *chunk;
	struct until_signal *signal; /* NULL: not following */
	uint64_t last_ns;            /* when something came */
	bool has_cr_ends;            /* lines end in CR alone */
	bool said_quiet;
};

static bool has_ended(const struct reader *r)
{
	return r->signal != NULL && until_signal_came(r->signal);
}

/* Colours go, the blanks of web pages (U+00A0) become blanks.  In place; a pass where a log has neither. */
static size_t clean(char *text, size_t length)
{
	size_t out = 0;

	if (memchr(text, '\x1b', length) == NULL && memchr(text, '\xc2', length) == NULL)
		return length;
	for (size_t i = 0; i < length;) {
		size_t end = i + 2;

		if (text[i] == '\xc2' && i + 1 < length && text[i + 1] == '\xa0') {
			text[out++] = ' ';
			i += 2;
			continue;
		}
		if (text[i] == '\x1b' && i + 1 < length && text[i + 1] == '[') {
			while (end < length && strchr("0123456789;", text[end]) != NULL && text[end] != '\0')
				end++;
			if (end < length && (text[end] == 'm' || text[end] == 'K')) {
				i = end + 1;
				continue;
			}
		}
		text[out++] = text[i++];
	}
	return out;
}

static struct err *take(struct reader *r, size_t size_bytes)
{
	for (char *cr = r->chunk, *end = r->chunk + size_bytes; r->has_cr_ends && (cr = memchr(cr, '\r', (size_t)(end - cr))) != NULL;)
		*cr++ = '\n';
	size_bytes = clean(r->chunk, size_bytes);
	if (size_bytes == 0)
		return NULL;
	r->last_ns = r->signal != NULL ? clock_now_ns() : 0;
	r->said_quiet = false;
	return r->callback(r->user, r->chunk, size_bytes);
}

/* Lines of one report come in pieces: a serial port is slow, a writer flushes when it likes. */
static struct err *nothing_new(struct reader *r)
{
	if (!r->said_quiet && clock_now_ns() - r->last_ns >= (uint64_t)KERNEL_LOG_QUIET_MS * 1000000) {
		r->said_quiet = true;
		if (r->options->quiet != NULL)
			r->options->quiet(r->user);
	}
	return r->callback(r->user, NULL, 0);
}

/* Until FD has something, a signal comes, or the silence is long enough to be told. */
static struct err *wait_for(struct reader *r, int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	TRY(r->callback(r->user, NULL, 0));
	until_signal_wait_fd(r->signal, &wait, r->said_quiet ? -1 : KERNEL_LOG_QUIET_MS);
	return wait.revents != 0 ? NULL : nothing_new(r);
}

static bool has_input(int fd)
{
	struct pollfd now = { .fd = fd, .events = POLLIN };

	return poll(&now, 1, 0) != 0;
}

/* --- files and pipes ----------------------------------------------------------------------------- */

static const struct {
	const char *name, *tool;
	size_t length;
	char magic[6];
	bool is_unpacked_here;
} packings[] = {
	{ "gzip", "zcat", 2, "\x1f\x8b", true },
	{ "xz", "xzcat", 6, "\xfd" "7zXZ", true },
	{ "zstd", "zstdcat", 4, "\x28\xb5\x2f\xfd", true },
	{ "bzip2", "bzcat", 3, "BZh", false },
	{ "lz4", "lz4cat", 4, "\x04\x22\x4d\x18", false },
};
enum { PACKINGS = sizeof(packings) / sizeof(packings[0]) };

static size_t packing_of(const char *head, size_t size_bytes)
{
	size_t i = 0;

	while (i < PACKINGS && (size_bytes < packings[i].length || memcmp(head, packings[i].magic, packings[i].length) != 0))
		i++;
	return i;
}

/* A byte order mark, or each second byte a NUL. */
static bool is_utf16(const unsigned char *head, size_t size_bytes)
{
	size_t nuls[2] = { 0, 0 };

	if (size_bytes >= 2 && ((head[0] == 0xff && head[1] == 0xfe) || (head[0] == 0xfe && head[1] == 0xff)))
		return true;
	for (size_t i = 0; i < size_bytes; i++)
		nuls[i % 2] += head[i] == '\0';
	return size_bytes >= 16 && ((nuls[0] * 20 > size_bytes * 9 && nuls[1] == 0) || (nuls[1] * 20 > size_bytes * 9 && nuls[0] == 0));
}

/* NULs alone come into logs when a machine dies; a serial line makes a little noise. */
static bool is_binary(const unsigned char *head, size_t size_bytes)
{
	size_t nuls = 0, others = 0;

	for (size_t i = 0; i < size_bytes; i++) {
		nuls += head[i] == '\0';
		others += head[i] >= 0x7f || (head[i] > 0 && head[i] < ' ' && strchr("\t\n\r\f\x1b", head[i]) == NULL);
	}
	return nuls > 0 && others * 10 > (size_bytes - nuls) * 3;
}

/* Is what a log begins with text? */
static struct err *check_head(const char *name, const char *head, size_t size_bytes)
{
	bool is_stdin = strcmp(name, "-") == 0;
	size_t packing = packing_of(head, size_bytes), looked_at = size_bytes < HEAD_BYTES ? size_bytes : HEAD_BYTES;

	if (is_stdin)
		name = "standard input";
	if (packing < PACKINGS)
		return err_fix(err_new(ERR_FORMAT, "%s is %s data, not a log", name, packings[packing].name), "%s%s%s | sonde oops -",
			       packings[packing].tool, is_stdin ? "" : " ", is_stdin ? "" : name);
	if (is_utf16((const unsigned char *)head, looked_at))
		return err_fix(err_new(ERR_FORMAT, "%s is UTF-16 text", name), "iconv -f UTF-16 -t UTF-8%s%s | sonde oops -", is_stdin ? "" : " ", is_stdin ? "" : name);
	if (is_binary((const unsigned char *)head, looked_at))
		log_warn("%s looks like a binary file, not like a log", name);
	return NULL;
}

/* PATH as text: what is packed as a file in memory. */
static struct err *open_file(const char *path, int *fd)
{
	char head[8];
	struct stat st;

	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return err_errno(errno, "cannot open %s", path);
	(void)posix_fadvise(*fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode))
		return NULL;
	ssize_t n = pread(*fd, head, sizeof(head), 0);
	size_t packing = n > 0 ? packing_of(head, (size_t)n) : PACKINGS;

	if (packing == PACKINGS || !packings[packing].is_unpacked_here)
		return NULL;
	close(*fd);
	struct err *err = unpack_open(path, fd);

	if (err != NULL)
		return err_fix(err, "%s %s | sonde oops -", packings[packing].tool, path);
	return lseek(*fd, 0, SEEK_SET) == 0 ? NULL : err_errno(errno, "cannot read %s", path);
}

static struct err *read_file(struct reader *r)
{
	const char *path = r->options->path;
	bool is_stdin = strcmp(path, "-") == 0, is_head = true;
	CLEANUP(io_closep) int opened = -1;
	ssize_t n;

	if (!is_stdin)
		TRY(open_file(path, &opened));
	int fd = is_stdin ? STDIN_FILENO : opened;

	while (!has_ended(r)) {
		if (is_stdin && r->signal != NULL && !has_input(fd)) {
			TRY(wait_for(r, fd));
			continue;
		}
		n = read(fd, r->chunk, CHUNK_BYTES);
		if (n < 0 && errno != EINTR)
			return err_errno(errno, "cannot read %s", is_stdin ? "standard input" : path);
		if (n == 0 && (!r->options->follow || is_stdin))
			return NULL;
		if (n > 0 && is_head)
			TRY(check_head(path, r->chunk, (size_t)n));
		if (n > 0 && is_head)
			r->has_cr_ends = memchr(r->chunk, '\r', (size_t)n - 1) != NULL && memchr(r->chunk, '\n', (size_t)n) == NULL;
		is_head = is_head && n <= 0;
		TRY(n > 0 ? take(r, (size_t)n) : nothing_new(r));
		if (n == 0)
			until_signal_wait(r->signal, FOLLOW_MS);
	}
	return NULL;
}

bool kernel_log_is_piped(void)
{
	struct pollfd wait = { .fd = STDIN_FILENO, .events = POLLIN };
	struct stat st;

	if (fstat(STDIN_FILENO, &st) != 0)
		return false;
	if (S_ISREG(st.st_mode))
		return st.st_size > lseek(STDIN_FILENO, 0, SEEK_CUR);
	return S_ISFIFO(st.st_mode) && poll(&wait, 1, KERNEL_LOG_QUIET_MS) > 0 && (wait.revents & POLLIN) != 0;
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

	if (fd < 0)
		return read_syslog(r, errno);
	if (r->options->only_new)
		(void)lseek(fd, 0, SEEK_END);
	else if (r->options->after_clear)
		(void)lseek(fd, 0, SEEK_DATA);
	while (!has_ended(r)) {
		ssize_t n = read(fd, r->chunk, CHUNK_BYTES);

		if (n > 0) {
			TRY(take(r, first_line(r->chunk, (size_t)n)));
		} else if (n < 0 && errno == EPIPE) {
			log_warn("the kernel overwrote messages before they were read");
		} else if (n < 0 && errno == EAGAIN) {
			if (!r->options->follow)
				return NULL;
			TRY(wait_for(r, fd));
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
