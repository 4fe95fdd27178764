/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recording is a directory, and a directory can't be without a name as a file can.  So that it goes
 * also when we are killed by SIGKILL, a small process of its own, the guard, holds the reading end of
 * a pipe whose other end is ours alone: when nobody has that any more, the guard removes what is
 * there and ends.  It is nobody's child, so that whoever waits for all his children (the ptrace
 * engine) does not meet it, has a session of its own, so that the terminal's signals and a kill of
 * our process group don't reach it, and no descriptor but that pipe, so that nobody waits for its end.
 */
#include "session/temporary.h"

#include "base/io.h"
#include "base/mem.h"
#include "record/store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct temporary {
	char *directory, *recording;
	int alive_fd; /* closed with us; -1: there is no guard */
};

static _Noreturn void guard(const char *directory, int fd)
{
	sigset_t all;
	char byte;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	prctl(PR_SET_NAME, "sonde-guard");
	if (dup2(fd, 0) < 0)
		_exit(1);
	close_range(1, ~0U, 0);
	while (read(0, &byte, 1) < 0 && errno == EINTR)
		continue;
	err_destroy(store_remove(AT_FDCWD, directory));
	_exit(0);
}

/* Without one (no process may be made) only a kill -9 leaves the directory. */
static void start_guard(struct temporary *t)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return;
	t->alive_fd = ends[1];
	pid = fork();
	if (pid == 0) {
		close(ends[1]);
		if (fork() == 0)
			guard(t->directory, ends[0]);
		_exit(0);
	}
	close(ends[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}

struct err *temporary_create(struct temporary **ret)
{
	const char *tmp = getenv("TMPDIR");
	CLEANUP(mem_freep) char *directory = mem_printf("%s/sonde-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	struct temporary *t;

	if (!mkdtemp(directory))
		return err_fix(err_errno(errno, "cannot make a temporary directory %s", directory), "name another place in TMPDIR");
	t = mem_calloc(1, sizeof(*t));
	t->directory = mem_strdup(directory);
	t->recording = mem_printf("%s/temporary.sonde", directory);
	t->alive_fd = -1;
	start_guard(t);
	*ret = t;
	return NULL;
}

const char *temporary_directory(const struct temporary *t) { return t->directory; }
const char *temporary_recording(const struct temporary *t) { return t->recording; }

void temporary_destroy(struct temporary *t)
{
	if (!t)
		return;
	err_destroy(store_remove(AT_FDCWD, t->directory));
	io_closep(&t->alive_fd);
	free(t->directory);
	free(t->recording);
	free(t);
}
