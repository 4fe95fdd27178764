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
#include "module/unpack_stream.h"
#include "session/until_signal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SLACK_BYTES = UNPACK_STREAM_SLACK, TAG_BYTES_MAX = 8, CHUNK_BYTES = 1 << 18, HEAD_BYTES = 4096, FOLLOW_MS = 250, SYSLOG_READ_ALL = 3, SYSLOG_SIZE = 10 };

struct reader {
	const struct kernel_log_options *options;
	kernel_log_fn *callback;
	void *user;
	char *chunk;                 /* CHUNK_BYTES behind SLACK_BYTES */
	struct unpack_stream *unpack; /* NULL: it is text */
	struct until_signal *signal; /* NULL: not following */
	uint64_t last_ns;            /* when something came */
	bool is_begun;               /* text came */
	bool has_cr_ends;            /* lines end in CR alone */
	bool has_tags;               /* of HTML, which break lines */
	char held[TAG_BYTES_MAX];    /* a tag of which the end has not come */
	size_t held_bytes;
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

/* "<br>", "<br/>" and "<br />" at AT: their length; 0: none. */
static size_t break_length(const char *at, size_t left)
{
	static const char *const tags[] = { "<br>", "<br/>", "<br />" };

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (left >= strlen(tags[i]) && strncasecmp(at, tags[i], strlen(tags[i])) == 0)
			return strlen(tags[i]);
	return 0;
}

/* Tags that break lines become newlines, unless one follows.  In place, but for what was held back before: *TEXT moves to the left. */
static size_t break_lines(struct reader *r, char **text, size_t length)
{
	*text = memcpy(*text - r->held_bytes, r->held, r->held_bytes);
	length += r->held_bytes;
	char *t = *text, *last = memrchr(t + (length > TAG_BYTES_MAX ? length - TAG_BYTES_MAX : 0), '<', length > TAG_BYTES_MAX ? TAG_BYTES_MAX : length);
	size_t out = 0;

	r->held_bytes = last != NULL && (size_t)(t + length - last) < TAG_BYTES_MAX - 1 ? (size_t)(t + length - last) : 0;
	if (r->held_bytes > 0)
		memcpy(r->held, last, r->held_bytes);
	length -= r->held_bytes;
	for (size_t i = 0; i < length;) {
		size_t tag = t[i] == '<' ? break_length(t + i, length - i) : 0;

		if (tag == 0)
			t[out++] = t[i++];
		else if (i += tag, i == length || (t[i] != '\n' && t[i] != '\r'))
			t[out++] = '\n';
	}
	return out;
}

/* TEXT has SLACK_BYTES in front. */
static struct err *take(struct reader *r, char *text, size_t size_bytes)
{
	for (char *cr = text, *end = text + size_bytes; r->has_cr_ends && (cr = memchr(cr, '\r', (size_t)(end - cr))) != NULL;)
		*cr++ = '\n';
	if (r->has_tags)
		size_bytes = break_lines(r, &text, size_bytes);
	size_bytes = clean(text, size_bytes);
	if (size_bytes == 0)
		return NULL;
	r->last_ns = r->signal != NULL ? clock_now_ns() : 0;
	r->said_quiet = false;
	return r->callback(r->user, text, size_bytes);
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
	char magic[6]; /* of those that are unpacked here, too: what is packed twice */
} packings[] = {
	{ "gzip", "zcat", 2, "\x1f\x8b" },
	{ "xz", "xzcat", 6, "\xfd" "7zXZ" },
	{ "zstd", "zstdcat", 4, "\x28\xb5\x2f\xfd" },
	{ "bzip2", "bzcat", 3, "BZh" },
	{ "lz4", "lz4cat", 4, "\x04\x22\x4d\x18" },
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

static const char *name_of(const struct reader *r)
{
	return strcmp(r->options->path, "-") == 0 ? "standard input" : r->options->path;
}

/* Is what a log begins with text? */
static struct err *check_head(const struct reader *r, const char *head, size_t size_bytes)
{
	const char *name = name_of(r), *command = r->options->command;
	bool is_stdin = strcmp(r->options->path, "-") == 0;
	size_t packing = packing_of(head, size_bytes), looked_at = size_bytes < HEAD_BYTES ? size_bytes : HEAD_BYTES;

	if (packing < PACKINGS)
		return err_fix(err_new(ERR_FORMAT, "%s is %s data, not a log", name, packings[packing].name), "%s%s%s | sonde %s -",
			       packings[packing].tool, is_stdin ? "" : " ", is_stdin ? "" : name, command);
	if (is_utf16((const unsigned char *)head, looked_at))
		return err_fix(err_new(ERR_FORMAT, "%s is UTF-16 text", name), "iconv -f UTF-16 -t UTF-8%s%s | sonde %s -", is_stdin ? "" : " ", is_stdin ? "" : name, command);
	if (is_binary((const unsigned char *)head, looked_at))
		log_warn("%s looks like a binary file, not like a log", name);
	return NULL;
}

static struct err *take_text(void *user, char *text, size_t size_bytes)
{
	struct reader *r = user;

	if (!r->is_begun) {
		TRY(check_head(r, text, size_bytes));
		r->has_cr_ends = memchr(text, '\r', size_bytes - 1) != NULL && memchr(text, '\n', size_bytes) == NULL;
		r->has_tags = memmem(text, size_bytes, "<br", 3) != NULL || memmem(text, size_bytes, "<BR", 3) != NULL;
	}
	r->is_begun = true;
	return take(r, text, size_bytes);
}

/* SIZE bytes of the file are in the chunk. */
static struct err *take_chunk(struct reader *r, size_t size_bytes)
{
	if (!r->is_begun && r->unpack == NULL)
		r->unpack = unpack_stream_create(r->chunk, size_bytes);
	if (r->unpack == NULL)
		return take_text(r, r->chunk, size_bytes);
	return err_wrap(unpack_stream_feed(r->unpack, r->chunk, size_bytes, take_text, r), "%s", name_of(r));
}

/* The end of the file. */
static struct err *take_end(struct reader *r)
{
	if (r->unpack != NULL && !unpack_stream_is_whole(r->unpack))
		log_warn("%s is cut off: what it had was read", name_of(r));
	return r->held_bytes > 0 ? r->callback(r->user, r->held, r->held_bytes) : NULL;
}

/* The first bytes tell what a file is: a pipe may give them one by one. */
static ssize_t read_chunk(const struct reader *r, int fd)
{
	enum { TELLING_BYTES = 6 };
	ssize_t n = read(fd, r->chunk, CHUNK_BYTES);

	while (!r->is_begun && r->unpack == NULL && r->signal == NULL && n > 0 && n < TELLING_BYTES) {
		ssize_t more = read(fd, r->chunk + n, (size_t)(CHUNK_BYTES - n));

		if (more <= 0)
			break;
		n += more;
	}
	return n;
}

static struct err *read_file(struct reader *r)
{
	const char *path = r->options->path;
	bool is_stdin = strcmp(path, "-") == 0;
	CLEANUP(io_closep) int opened = is_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	int fd = is_stdin ? STDIN_FILENO : opened;
	ssize_t n;

	if (fd < 0)
		return err_errno(errno, "cannot open %s", path);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	while (!has_ended(r)) {
		if (is_stdin && r->signal != NULL && !has_input(fd)) {
			TRY(wait_for(r, fd));
			continue;
		}
		n = read_chunk(r, fd);
		if (n < 0 && errno != EINTR)
			return err_errno(errno, "cannot read %s", name_of(r));
		if (n == 0 && (!r->options->follow || is_stdin))
			return take_end(r);
		TRY(n > 0 ? take_chunk(r, (size_t)n) : nothing_new(r));
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

static struct err *denied(const struct reader *r, int errnum)
{
	return err_fix(err_errno(errnum, "cannot read the kernel's log"),
		       "run as root, or: sysctl kernel.dmesg_restrict=0; a saved log can be named: sonde %s FILE", r->options->command);
}

static struct err *read_syslog(struct reader *r, int why)
{
	int size = klogctl(SYSLOG_SIZE, NULL, 0);

	if (size <= 0 || r->options->follow)
		return denied(r, size < 0 ? errno : why);
	CLEANUP(mem_freep) char *text = mem_alloc((size_t)size);
	int n = klogctl(SYSLOG_READ_ALL, text, size);

	return n < 0 ? denied(r, errno) : r->callback(r->user, text, (size_t)n);
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
			TRY(take(r, r->chunk, first_line(r->chunk, (size_t)n)));
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
	struct reader r = { .options = options, .callback = callback, .user = user };
	CLEANUP(mem_freep) char *memory = mem_alloc(SLACK_BYTES + CHUNK_BYTES);
	struct err *err = NULL;

	r.chunk = memory + SLACK_BYTES;

	if (options->follow)
		err = until_signal_create(&r.signal);
	if (err == NULL)
		err = options->path != NULL ? read_file(&r) : read_kmsg(&r);
	until_signal_destroy(r.signal);
	unpack_stream_destroy(r.unpack);
	return err;
}
