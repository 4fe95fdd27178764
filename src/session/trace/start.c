/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command waits on a pipe before its exec, so that it can be seized first.  Should we
 * die before the byte comes, it ends without having run anything.
 *
 * -D turns things round: this process becomes the command, so that whoever started us sees
 * the command as its own child, and a grandchild that nobody waits for is the tracer.
 */
#include "session/trace/start.h"

#include "session/command.h"

#include "base/mem.h"
#include "capture/ptrace/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct identity {
	bool change;
	uid_t uid, euid;
	gid_t gid, egid;
};

/* The first of PATH that is an executable file; the name itself if none is. */
static char *find_program(const char *name)
{
	const char *path = getenv("PATH");

	if (strchr(name, '/'))
		return mem_strdup(name);
	for (; path && *path; path += strcspn(path, ":"), path += *path == ':') {
		size_t length = strcspn(path, ":");
		char *file = mem_printf("%.*s/%s", (int)(length ? length : 1), length ? path : ".", name);
		struct stat st;

		if (stat(file, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & 0111)
			return file;
		free(file);
	}
	return mem_strdup(name);
}

static bool to_id(const char *text, char end_mark, unsigned *id, char **end)
{
	unsigned long value;

	errno = 0;
	value = strtoul(text, end, 10);
	*id = (unsigned)value;
	return text[0] >= '0' && text[0] <= '9' && errno == 0 && value < UINT32_MAX && **end == end_mark;
}

static bool to_ids(const char *text, struct passwd *pw)
{
	char *end;

	return to_id(text, ':', &pw->pw_uid, &end) && to_id(end + 1, '\0', &pw->pw_gid, &end);
}

static struct err *find_identity(const struct trace_options *o, struct identity *id)
{
	struct passwd *pw;
	struct passwd numeric = { 0 };

	*id = (struct identity){ .change = o->user != NULL };
	if (!o->user)
		return NULL;
	if (getuid() != 0)
		return err_fix(err_new(ERR_PERMISSION, "You must be root to use the -u/--username option"), "run it as root: sudo sonde trace -u USER -- COMMAND");
	if (strchr(o->user, ':')) { /* UID:GID */
		if (!to_ids(o->user, &numeric))
			return err_fix(err_new(ERR_USAGE, "Invalid UID:GID pair '%s'", o->user), "two numbers, as 1000:1000; id USER prints those of a user");
		pw = &numeric;
	} else {
		pw = getpwnam(o->user);
	}
	if (!pw)
		return err_fix(err_new(ERR_USAGE, "Cannot find user '%s'", o->user), "getent passwd lists users; one without a name: -u UID:GID");
	id->uid = id->euid = pw->pw_uid;
	id->gid = id->egid = pw->pw_gid;
	return NULL;
}

/* An effective id that the program's bits would give it: traced by root, it really gets them. */
static void take_set_ids(const struct stat *program, struct identity *id)
{
	if (program->st_mode & S_ISUID)
		id->euid = program->st_uid;
	if (program->st_mode & S_ISGID)
		id->egid = program->st_gid;
}

static void change_environment(const struct trace_options *o)
{
	for (size_t i = 0; i < o->environment.n; i++) {
		const char *word = o->environment.v[i];

		if (strchr(word, '='))
			putenv((char *)word);
		else
			unsetenv(word);
	}
}

static void change_identity(const struct trace_options *o, const struct identity *id)
{
	if (!id->change)
		return;
	if ((getpwnam(o->user) ? initgroups(o->user, id->gid) : setgroups(1, &id->gid)) < 0 || setregid(id->gid, id->egid) < 0 || setreuid(id->uid, id->euid) < 0) {
		trace_say(o, "cannot become user %s: %s", o->user, strerror(errno));
		_exit(1);
	}
}

struct child {
	const struct trace_options *o;
	const struct sock_fprog *filter;
	struct identity id;
	char *program;
	sigset_t mask;
	struct start_failure *failure;
	int go[2];
};

/* The tracer says it behind the line of the call that failed; should it not come to that, we do. */
static void say_failure(const struct child *c, int errnum)
{
	enum { WAIT_MS = 2000 };

	if (c->failure)
		atomic_store(&c->failure->errnum, errnum);
	for (int i = 0; c->failure && i < WAIT_MS && !atomic_load(&c->failure->said); i++)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	if (!c->failure || !atomic_exchange(&c->failure->said, 1))
		trace_say(c->o, "exec: %s", strerror(errnum));
}

_Noreturn static void be_command(const struct child *c)
{
	char byte;
	ssize_t n;
	int errnum = 0;

	if (c->o->daemonize)
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0); /* our tracer is no ancestor */
	close(c->go[1]);
	do
		n = read(c->go[0], &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(1);
	/* the filter first: -u's user may not be allowed to, and setuid bits keep working */
	if (c->filter)
		errnum = filter_install(c->filter);
	if (errnum) { /* the tracer counts on it: nothing would be shown */
		trace_say(c->o, "cannot install the seccomp filter: %s", strerror(errnum));
		_exit(1);
	}
	change_identity(c->o, &c->id);
	sigprocmask(SIG_SETMASK, &c->mask, NULL);
	if (c->o->argv0)
		c->o->command[0] = (char *)c->o->argv0;
	command_touch(c->o->command);
	command_touch(environ);
	execv(c->program, c->o->command);
	say_failure(c, errno);
	_exit(1);
}

/* Our process goes on as the command; a grandchild returns from here. */
static pid_t turn_round(const struct child *c)
{
	pid_t command = getpid(), middle = fork();
	int status;

	if (middle < 0)
		return -1;
	if (middle > 0) {
		while (waitpid(middle, &status, 0) < 0 && errno == EINTR)
			continue;
		be_command(c);
	}
	if (c->o->daemonize == 2)
		setpgid(0, 0);
	if (c->o->daemonize >= 3)
		setsid();

	pid_t tracer = fork();

	if (tracer != 0)
		_exit(tracer < 0);
	return command;
}

/* The command's ends of pipes are its own: whoever is at the other end is to see when it closes them. */
static void let_standard_fds_go(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd <= 1 && null >= 0; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			dup2(null, fd);
	if (null > 2)
		close(null);
}

struct err *start_command(const struct trace_options *o, const struct sock_fprog *filter, struct started *ret)
{
	struct child c = { .o = o, .filter = filter, .failure = ret->failure };
	struct stat st;

	TRY(find_identity(o, &c.id));
	if (strlen(o->command[0]) >= PATH_MAX)
		return err_errno(ENAMETOOLONG, "exec");
	c.program = find_program(o->command[0]);
	if (stat(c.program, &st) != 0) {
		free(c.program);
		return strchr(o->command[0], '/') ? err_errno(errno, "Cannot stat '%s'", o->command[0])
						  : err_fix(err_new(ERR_NOT_FOUND, "Cannot find executable '%s'", o->command[0]),
							    "it is in no directory of $PATH");
	}
	take_set_ids(&st, &c.id);
	change_environment(o);
	if (pipe2(c.go, O_CLOEXEC) != 0) {
		free(c.program);
		return err_errno(errno, "pipe");
	}
	sigprocmask(SIG_SETMASK, NULL, &c.mask);
	ret->pid = o->daemonize ? turn_round(&c) : fork();
	if (ret->pid == 0)
		be_command(&c);

	int errnum = errno;

	close(c.go[0]);
	ret->go_fd = c.go[1];
	if (o->strace)
		let_standard_fds_go();
	free(c.program);
	if (ret->pid >= 0)
		return NULL;
	return err_fix(err_errno(errnum, "fork"), "there are as many processes as a limit permits: ulimit -u, or the control group's pids.max");
}

void start_go(struct started *s)
{
	if (s->go_fd >= 0) {
		ssize_t n = write(s->go_fd, "g", 1);

		(void)n; /* it is gone: the tracer will hear of that */
		close(s->go_fd);
	}
	s->go_fd = -1;
}
