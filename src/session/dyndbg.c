// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * /proc/dynamic_debug/control has a line a place: "FILE:LINE [MODULE]FUNCTION =FLAGS
 * \"FORMAT\"".  The same file lies in debugfs on older kernels.  A query is one write; the
 * kernel answers EINVAL and says why in its log.
 */
#include "session/dyndbg.h"

#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

static const char *const controls[] = { "/proc/dynamic_debug/control", "/sys/kernel/debug/dynamic_debug/control", NULL };

static struct err *open_control(int flags, int *ret)
{
	int errnum = ENOENT;

	for (const char *const *path = controls; *path != NULL; path++) {
		*ret = open(*path, flags | O_CLOEXEC);
		if (*ret >= 0)
			return NULL;
		if (errno != ENOENT)
			errnum = errno;
	}
	if (errnum == ENOENT)
		return err_fix(err_new(ERR_UNSUPPORTED, "this kernel has no dynamic debug"),
			       "it needs CONFIG_DYNAMIC_DEBUG (and, before Linux 5.7, debugfs: mount -t debugfs none /sys/kernel/debug)");
	return err_fix(err_errno(errnum, "cannot open %s", controls[0]), "run as root");
}

/* Does WORD (with * and ?) fit one of the places' texts of LENGTH bytes? */
static bool fits(const char *word, const char *text, size_t length)
{
	CLEANUP(mem_freep) char *copy = mem_strndup(text, length);
	const char *slash = strrchr(copy, '/');

	return fnmatch(word, copy, 0) == 0 || (slash != NULL && fnmatch(word, slash + 1, 0) == 0);
}

/* "FILE:LINE [MODULE]FUNCTION =FLAGS": may KEY WORD of a query mean it?  Of other keys nothing is known. */
static bool may_mean(const char *line, size_t length, const char *key, const char *word)
{
	const char *colon = memchr(line, ':', length), *open = memmem(line, length, " [", 2);
	const char *close = open != NULL ? memchr(open, ']', (size_t)(line + length - open)) : NULL;
	const char *end = close != NULL ? memmem(close, (size_t)(line + length - close), " =", 2) : NULL;

	if (colon == NULL || end == NULL)
		return true;
	if (strcmp(key, "file") == 0)
		return *word == '/' || strchr(word, ':') != NULL || fits(word, line, (size_t)(colon - line));
	if (strcmp(key, "module") == 0)
		return fits(word, open + 2, (size_t)(close - open - 2));
	return strcmp(key, "func") != 0 || fits(word, close + 1, (size_t)(end - close - 1));
}

static bool may_mean_all(const char *line, size_t length, const char *query)
{
	CLEANUP(mem_freep) char *copy = mem_strndup(query, strlen(query));
	char *rest = NULL, *key = strtok_r(copy, " \t", &rest), *word;

	for (; key != NULL && (word = strtok_r(NULL, " \t", &rest)) != NULL; key = strtok_r(NULL, " \t", &rest))
		if (!may_mean(line, length, key, word))
			return false;
	return true;
}

/* The kernel takes a query that fits no place without a word.  Queries with quotes and several at once aren't looked at. */
static struct err *check_query(const char *query)
{
	CLEANUP(io_closep) int fd = -1;
	struct str text;
	bool found = false;

	if (strpbrk(query, ";\"'\n") != NULL)
		return NULL;
	TRY(open_control(O_RDONLY, &fd));
	str_init(&text);
	struct err *err = io_read_fd(fd, controls[0], 64 << 20, &text);

	for (const char *line = str_text(&text), *end; err == NULL && !found && *line != '\0'; line = end + (*end == '\n')) {
		end = strchrnul(line, '\n');
		found = *line != '#' && may_mean_all(line, (size_t)(end - line), query);
	}
	str_deinit(&text);
	if (err == NULL && !found)
		return err_fix(err_new(ERR_NOT_FOUND, "'%s' means no place that can print debug messages: nothing was changed", query), "a module's places are there once it is loaded; sonde dmesg --dyndbg-list TEXT shows them");
	return err;
}

struct err *dyndbg_query(const char *query)
{
	CLEANUP(io_closep) int fd = -1;

	TRY(open_control(O_WRONLY, &fd));
	if (write(fd, query, strlen(query)) >= 0)
		return check_query(query);
	if (errno == EINVAL)
		return err_fix(err_new(ERR_USAGE, "the kernel did not understand '%s'", query),
			       "write it as: file drivers/x.c +p, module nfs -p, func tcp_v4_rcv +p; why it was refused stands in the log: sonde dmesg --tail 5");
	return err_errno(errno, "cannot write '%s' to the kernel's dynamic debug", query);
}

static bool is_on(const char *line, size_t length)
{
	const char *flags = memmem(line, length, " =", 2);

	return flags != NULL && flags[2] != '_';
}

struct err *dyndbg_list(const char *pattern, FILE *out)
{
	CLEANUP(io_closep) int fd = -1;
	struct str text;

	TRY(open_control(O_RDONLY, &fd));
	str_init(&text);
	struct err *err = io_read_fd(fd, controls[0], 64 << 20, &text);
	size_t shown = 0;

	for (const char *line = str_text(&text), *end; err == NULL && *line != '\0'; line = end + (*end == '\n')) {
		end = strchrnul(line, '\n');
		size_t length = (size_t)(end - line);

		if (*line == '#' || (pattern != NULL ? memmem(line, length, pattern, strlen(pattern)) == NULL : !is_on(line, length)))
			continue;
		(void)fprintf(out, "%.*s\n", (int)length, line);
		shown++;
	}
	str_deinit(&text);
	if (err == NULL && shown == 0)
		(void)fprintf(out, pattern != NULL ? "no place that can print debug messages matches\n" : "no debug messages are switched on\n");
	return err;
}
