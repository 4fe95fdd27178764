/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The progress line: on a terminal after a moment, erased at the end; else not a byte. */
#include "base/progress.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { THREADS = 4, ITEMS = 40 };

static void *work(void *progress)
{
	for (int i = 0; i < ITEMS; i++) {
		progress_add(progress, 1);
		usleep(5000);
	}
	return NULL;
}

/* 0.2 s of work in four threads with stderr at FD. */
static void run(int fd)
{
	int saved = dup(STDERR_FILENO);
	pthread_t threads[THREADS];

	dup2(fd, STDERR_FILENO);

	struct progress *p = progress_create_after("naming frames", THREADS * ITEMS, 50000000);

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, p), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	progress_destroy(p);
	dup2(saved, STDERR_FILENO);
	close(saved);
}

static void test_terminal(void **state)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	char text[4096];

	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY);

	run(slave);
	fcntl(master, F_SETFL, O_NONBLOCK);
	size_t n = 0;

	for (ssize_t got; (got = read(master, text + n, sizeof(text) - 1 - n)) > 0;)
		n += (size_t)got;
	assert_true(n > 4);
	text[n] = '\0';
	assert_non_null(strstr(text, "sonde: naming frames  ####"));
	assert_non_null(strstr(text, " s left"));
	assert_string_equal(text + n - 4, "\r\033[K");
	close(slave);
	close(master);
}

/* As a hook of another room calls it: the total becomes known on the way. */
static void test_report(void **state)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), saved = dup(STDERR_FILENO);
	char text[4096];

	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY);

	dup2(slave, STDERR_FILENO);
	struct progress *p = progress_create_after("naming functions", 0, 0);

	progress_report(p, 30, 40);
	progress_destroy(p);
	dup2(saved, STDERR_FILENO);
	close(saved);

	ssize_t n = read(master, text, sizeof(text) - 1);

	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, "sonde: naming functions  ###############.....  75 %  0 s left"));
	close(slave);
	close(master);
}

static void test_silent(void **state)
{
	int fds[2];
	char c;

	assert_int_equal(pipe(fds), 0);
	run(fds[1]);
	close(fds[1]);
	assert_int_equal(read(fds[0], &c, 1), 0);
	close(fds[0]);
	progress_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_terminal), cmocka_unit_test(test_report),
					    cmocka_unit_test(test_silent) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
