/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines for a slow reader: in order whatever waited where, nothing waits, what is dropped is counted. */
#include "base/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

enum { LINES = 100000, MEMORY_BYTES = 20000 };

static void add_gap(void *user, uint64_t lines, struct str *out)
{
	*(uint64_t *)user += lines;
	str_printf(out, "[%llu lines]\n", (unsigned long long)lines);
}

/* "line 0\n"... from *NEXT on, a few at a time, and the last one in halves. */
static void add_lines(struct spool *s, unsigned *next, unsigned count)
{
	struct str text;

	str_init(&text);
	for (unsigned i = 0; i < count; i++) {
		str_printf(&text, "line %u\n", (*next)++);
		if (i % 7 && i + 1 < count)
			continue;
		assert_null(spool_add(s, text.text, text.length / 2));
		assert_null(spool_add(s, text.text + text.length / 2, text.length - text.length / 2));
		str_clear(&text);
	}
	str_deinit(&text);
}

/* All that can be read from FD, which is then closed. */
static void read_all(int fd, struct str *out)
{
	char buffer[4096];
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		str_add_n(out, buffer, (size_t)n);
}

/* As much as there is at the moment. */
static void read_some(int fd, struct str *out)
{
	fcntl(fd, F_SETFL, O_NONBLOCK);
	read_all(fd, out);
	assert_int_equal(errno, EAGAIN);
}

/* Lines in order; returns how many "[N lines]" say that they are missing. */
static unsigned check_lines(const struct str *text, unsigned *seen)
{
	unsigned number = 0, missing = 0, gap;

	*seen = 0;
	for (char *save, *line = strtok_r(text->text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		unsigned here;

		if (sscanf(line, "[%u lines]", &gap) == 1) {
			number += gap;
			missing += gap;
			continue;
		}
		assert_int_equal(sscanf(line, "line %u", &here), 1);
		assert_int_equal(here, number);
		number++, ++*seen;
	}
	return missing;
}

/* Whatever kind of end it is: none of the writes waits, all is there, in order. */
static void whole(int reader, int writer)
{
	struct spool_options options = { .memory_bytes = MEMORY_BYTES, .file_bytes = 10 << 20 };
	struct spool *s = spool_create(writer, &options);
	struct spool_totals totals;
	unsigned next = 0, seen;
	struct str text;

	str_init(&text);
	assert_true(spool_is_for(writer));
	assert_int_equal(spool_fd(s), -1);
	for (unsigned i = 0; i < 4; i++) {
		add_lines(s, &next, LINES / 4);
		assert_int_equal(spool_fd(s), writer);
		spool_get_totals(s, &totals);
		assert_true(totals.waiting_bytes > MEMORY_BYTES);
		read_some(reader, &text);
		assert_null(spool_write(s));
	}
	assert_int_equal(totals.lost_bytes + totals.lost_lines, 0);
	while (spool_fd(s) >= 0) {
		read_some(reader, &text);
		assert_null(spool_write(s));
	}
	assert_null(spool_finish(s, NULL, NULL));
	assert_int_equal(fcntl(writer, F_GETFL) & O_NONBLOCK, 0);
	spool_destroy(s);
	close(writer);
	fcntl(reader, F_SETFL, 0);
	read_all(reader, &text);
	close(reader);
	assert_int_equal(check_lines(&text, &seen), 0);
	assert_int_equal(seen, LINES);
	str_deinit(&text);
}

static void test_pipe(void **state)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	whole(fds[0], fds[1]);
}

static void test_socket(void **state)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	whole(fds[0], fds[1]);
}

/* Too little room, twice: the lines that are missing are counted, and said where they would be. */
static void test_lost(void **state)
{
	uint64_t said = 0;
	struct spool_options options = { .memory_bytes = 20000, .file_bytes = 20000, .add_gap = add_gap, .user = &said };
	struct spool_totals totals;
	unsigned next = 0, seen;
	struct spool *s;
	struct str text;
	int fds[2];

	str_init(&text);
	assert_int_equal(pipe(fds), 0);
	s = spool_create(fds[1], &options);
	for (unsigned i = 0; i < 2; i++) {
		add_lines(s, &next, LINES / 2);
		while (spool_fd(s) >= 0) {
			read_some(fds[0], &text);
			assert_null(spool_write(s));
		}
	}
	assert_null(spool_finish(s, NULL, NULL));
	spool_get_totals(s, &totals);
	spool_destroy(s);
	close(fds[1]);
	fcntl(fds[0], F_SETFL, 0);
	read_all(fds[0], &text);
	close(fds[0]);
	assert_true(totals.lost_lines > LINES / 4);
	assert_int_equal(said, totals.lost_lines);
	assert_int_equal(check_lines(&text, &seen), totals.lost_lines);
	assert_int_equal(seen + totals.lost_lines, LINES);
	str_deinit(&text);
}

static bool stop(void *user) { return ++*(int *)user > 1; }

/* Somebody has had enough; nobody is there any more. */
static void test_dropped(void **state)
{
	struct spool_options options = { 0 };
	struct spool_totals totals;
	unsigned next = 0;
	struct spool *s;
	int fds[2], asked = 0;

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(fds), 0);
	s = spool_create(fds[1], &options);
	add_lines(s, &next, LINES);
	assert_null(spool_finish(s, stop, &asked));
	assert_int_equal(asked, 2);
	close(fds[0]);

	struct err *err = spool_write(s);

	assert_int_equal(err_errnum(err), EPIPE);
	err_destroy(err);
	spool_drop(s);
	spool_get_totals(s, &totals);
	assert_int_equal(totals.waiting_lines + totals.waiting_bytes, 0);
	assert_in_range(totals.lost_lines, LINES / 2, LINES);
	assert_int_equal(spool_fd(s), -1);
	spool_destroy(s);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_pipe), cmocka_unit_test(test_socket), cmocka_unit_test(test_lost),
					    cmocka_unit_test(test_dropped) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
