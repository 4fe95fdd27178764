/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * beat FILE THREADS: a program that notices when somebody harms it.  Threads make calls whose results are
 * known, one of them forks and execs, and each counts its rounds in FILE, which is mapped: 64 numbers of
 * 64 bits, [0] how many results were wrong, [1] in which line the last one, [2] the forks, [3...] the threads.
 * SIGTERM ends it with status 5 (6: a result was wrong), an hour ends it at the latest.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NUMBERS = 64, WRONG = 0, WHY = 1, FORKS = 2, THREADS = 3 };

static _Atomic uint64_t *numbers;
static volatile sig_atomic_t stop;

static void check_line(bool right, int line)
{
	if (right)
		return;
	numbers[WHY] = (uint64_t)line;
	numbers[WRONG]++;
}
#define check(right) check_line(right, __LINE__)

static void files(void)
{
	char text[4] = "";
	int ends[2], fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	check(fd >= 0 && read(fd, text, 4) == 4 && text[3] == 0 && close(fd) == 0);
	check(open("/nonexistent/file", O_RDONLY) < 0 && errno == ENOENT);
	check(pipe(ends) == 0 && write(ends[1], "abc", 4) == 4 && read(ends[0], text, 4) == 4 && strcmp(text, "abc") == 0);
	check(close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void *run(void *count)
{
	while (!stop) {
		files();
		check(nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL) == 0 || errno == EINTR);
		++*(_Atomic uint64_t *)count;
	}
	return NULL;
}

/* A signal and its handler in each child, too: nothing of it may be lost. */
static volatile sig_atomic_t came;
static void on_usr1(int number) { came++; }

static void child(char *self)
{
	signal(SIGUSR1, on_usr1);
	raise(SIGUSR1);
	files();
	if (came != 1)
		_exit(1);
	execl(self, self, (char *)NULL);
	_exit(2);
}

static void forks(char *self)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		child(self);
	check(pid > 0 && waitpid(pid, &status, 0) == pid);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 7);
	numbers[FORKS]++;
}

static void on_term(int number) { stop = 1; }

static void map(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	void *p = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, NUMBERS * 8) == 0)
		p = mmap(NULL, NUMBERS * 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		exit(1);
	close(fd);
	numbers = p;
}

int main(int argc, char **argv)
{
	pthread_t threads[16];
	int count = argc > 2 ? atoi(argv[2]) : 0;

	if (argc < 3)
		return 7; /* what forks() starts */
	if (count > 16)
		return 1;
	map(argv[1]);
	signal(SIGTERM, on_term);
	alarm(3600);
	for (int i = 0; i < count; i++)
		check(pthread_create(&threads[i], NULL, run, (void *)&numbers[THREADS + i]) == 0);
	while (!stop)
		forks(argv[0]);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return numbers[WRONG] ? 6 : 5;
}
