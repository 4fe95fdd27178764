/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The child waits on a pipe before its exec.  When we die before the byte comes, the
 * pipe's end closes and the child ends without having run anything; when we die later,
 * it is on its own and unharmed: nothing ties it to us.
 *
 * A second pipe, close-on-exec, brings back the errno of an exec that failed.
 */
#include "session/command.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* 0, or why this path can't be executed. */
static int check_file(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	return access(path, X_OK) == 0 ? 0 : errno;
}

/* As execvp(3) looks: a file that may not be executed is passed over, but remembered. */
static int check_path(const char *name)
{
	const char *path = getenv("PATH");
	int found = ENOENT;

	if (!path)
		path = "/usr/local/bin:/bin:/usr/bin";
	while (*path) {
		size_t length = strcspn(path, ":");
		char *file = mem_printf("%.*s/%s", (int)length, length ? path : ".", name);
		int errnum = check_file(file);

		free(file);
		if (errnum == 0)
			return 0;
		if (errnum == EACCES)
			found = EACCES;
		path += length + (path[length] == ':');
	}
	return found;
}

static struct err *cannot_run(const char *name, int errnum, int *status)
{
	*status = errnum == ENOENT || errnum == ENOTDIR ? COMMAND_NOT_FOUND : COMMAND_NOT_EXECUTABLE;

	struct err *err = err_errno(errnum, "cannot run %s", name);

	if (errnum == ENOENT && !strchr(name, '/'))
		return err_fix(err, "it is in no directory of PATH");
	return errnum == EACCES ? err_fix(err, "make it executable: chmod +x") : err;
}

struct err *command_check(char *const *argv, int *status)
{
	int errnum = strchr(argv[0], '/') ? check_file(argv[0]) : check_path(argv[0]);

	return errnum ? cannot_run(argv[0], errnum, status) : NULL;
}

void command_touch(char *const *list)
{
	for (const volatile char *const *at = (const volatile char *const *)list; at && *at; at++)
		(void)**at;
}

_Noreturn static void child(int go_fd, int result_fd, char *const *argv, char *const *env,
			    const sigset_t *mask)
{
	char byte;
	ssize_t n;

	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	do
		n = read(go_fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(COMMAND_FAILED);
	command_touch(argv);
	command_touch(env);
	execvpe(argv[0], argv, env);

	int errnum = errno;

	n = write(result_fd, &errnum, sizeof(errnum));
	_exit(n == sizeof(errnum) ? COMMAND_NOT_EXECUTABLE : COMMAND_FAILED);
}

struct err *command_spawn(struct command *c, char *const *argv, char *const *env,
			  const sigset_t *mask)
{
	int go[2], result[2];

	*c = (struct command){ .go_fd = -1, .result_fd = -1 };
	if (pipe2(go, O_CLOEXEC) != 0)
		return err_errno(errno, "cannot make a pipe");
	if (pipe2(result, O_CLOEXEC) != 0) {
		int errnum = errno;

		close(go[0]);
		close(go[1]);
		return err_errno(errnum, "cannot make a pipe");
	}

	pid_t pid = fork();

	if (pid == 0) {
		close(go[1]); /* or it would never see us die */
		child(go[0], result[1], argv, env, mask);
	}
	int errnum = errno;

	close(go[0]);
	close(result[1]);
	c->go_fd = go[1];
	c->result_fd = result[0];
	if (pid < 0) {
		command_deinit(c);
		return err_errno(errnum, "cannot start a process");
	}
	c->pid = pid;
	return NULL;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

struct err *command_go(struct command *c, const char *name, int *status)
{
	int errnum = 0;
	ssize_t n = write(c->go_fd, "g", 1);

	if (n != 1)
		return err_errno(errno, "cannot release %s", name);
	close_fd(&c->go_fd);
	do
		n = read(c->result_fd, &errnum, sizeof(errnum));
	while (n < 0 && errno == EINTR);
	close_fd(&c->result_fd);
	if (n != sizeof(errnum))
		return NULL;
	command_reap(c, true);
	return cannot_run(name, errnum, status);
}

static uint64_t timeval_ns(struct timeval tv)
{
	return (uint64_t)tv.tv_sec * 1000000000 + (uint64_t)tv.tv_usec * 1000;
}

void command_reap(struct command *c, bool block)
{
	struct rusage usage;
	int wait_status;
	pid_t pid;

	if (!c->pid || c->ended)
		return;
	do
		pid = wait4(c->pid, &wait_status, block ? 0 : WNOHANG, &usage);
	while (pid < 0 && errno == EINTR);
	if (pid != c->pid)
		return;
	c->ended = true;
	c->wait_status = wait_status;
	c->cpu_ns = timeval_ns(usage.ru_utime) + timeval_ns(usage.ru_stime);
}

void command_deinit(struct command *c)
{
	bool waiting = c->go_fd >= 0;

	close_fd(&c->go_fd);
	close_fd(&c->result_fd);
	if (waiting && c->pid)
		command_reap(c, true);
}

int command_exit_status(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}
