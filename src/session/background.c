/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 *   DIR/1, DIR/2 ...   recordings; two at most, the older one goes when the newer has begun
 *   DIR/messages       what the child said
 *
 * The child has a session of its own, so that the terminal's Ctrl-C and Ctrl-Z are the
 * parent's alone, and asks the kernel for SIGINT when its parent dies.
 */
#include "session/background.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "record/store.h"
#include "session/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STOP_TRIES = 300, STOP_EVERY_MS = 10, MESSAGES_MAX = 64 << 10 };

struct background {
	struct temporary *dir;
	char *path;
	pid_t pid; /* 0: reaped */
	unsigned number; /* of the newest recording */
	struct str messages;
};

/* --- the child ---------------------------------------------------------------------------------- */

static bool be_alone(const char *dir, pid_t parent)
{
	CLEANUP(mem_freep) char *messages = mem_printf("%s/messages", dir);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int out = open(messages, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (null < 0 || out < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(out, 2) < 0)
		return false;
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGINT);
	return getppid() == parent;
}

/* One recording after another, until one ends before its time. */
static int record(const struct record_session_options *options, uint64_t rotate_ns, const char *dir,
		  pid_t parent)
{
	struct record_session_options o = *options;
	struct err *err = NULL;
	bool again = true;
	int status = 0;

	log_set_level(LOG_QUIET);
	o.quiet = o.no_symbols = o.is_temporary = true;
	o.duration_ns = o.command ? 0 : rotate_ns;
	for (unsigned i = 1; again && !err; i++) {
		CLEANUP(mem_freep) char *path = mem_printf("%s/%u", dir, i);
		CLEANUP(mem_freep) char *old = mem_printf("%s/%u", dir, i - 2);
		uint64_t from_ns;

		if (i > 2)
			err_destroy(store_remove(AT_FDCWD, old));
		o.path = path;
		from_ns = clock_now_ns();
		err = session_record(&o, &status);
		again = o.duration_ns && getppid() == parent &&
			clock_now_ns() - from_ns + 1000000000 > o.duration_ns;
	}
	if (err)
		dprintf(2, "%s%s%s", err_message(err), err_advice(err) ? "\n" : "",
			err_advice(err) ? err_advice(err) : "");
	err_destroy(err);
	return err ? 1 : 0;
}

/* --- the parent ----------------------------------------------------------------------------------- */

struct err *background_start(const struct record_session_options *options, uint64_t rotate_ns,
			     struct background **ret)
{
	struct temporary *dir;
	struct background *b;
	pid_t parent = getpid();

	TRY(temporary_create(&dir));
	b = mem_calloc(1, sizeof(*b));
	b->dir = dir;
	b->pid = fork();
	if (b->pid == 0)
		_exit(be_alone(temporary_directory(dir), parent) ? record(options, rotate_ns, temporary_directory(dir), parent) : 1);
	if (b->pid < 0) {
		struct err *err = err_errno(errno, "cannot start the recorder");

		b->pid = 0;
		background_stop(b);
		return err;
	}
	*ret = b;
	return NULL;
}

const char *background_path(struct background *b)
{
	for (;;) {
		char *next = mem_printf("%s/%u", temporary_directory(b->dir), b->number + 1);
		struct stat st;

		if (stat(next, &st) != 0) {
			free(next);
			return b->path;
		}
		b->number++;
		free(b->path);
		b->path = next;
	}
}

static void reap(struct background *b, bool block)
{
	int status;

	if (b->pid && waitpid(b->pid, &status, block ? 0 : WNOHANG) == b->pid)
		b->pid = 0;
}

bool background_has_ended(struct background *b, const char **why)
{
	CLEANUP(mem_freep) char *path = mem_printf("%s/messages", temporary_directory(b->dir));

	reap(b, false);
	*why = "";
	if (b->pid)
		return false;
	str_clear(&b->messages);
	err_destroy(io_read_file(path, MESSAGES_MAX, &b->messages));
	*why = str_text(&b->messages);
	return true;
}

void background_stop(struct background *b)
{
	if (!b)
		return;
	if (b->pid)
		kill(b->pid, SIGINT);
	for (unsigned i = 0; i < STOP_TRIES && b->pid; i++) {
		reap(b, false);
		if (b->pid)
			poll(NULL, 0, STOP_EVERY_MS);
		if (b->pid && i == STOP_TRIES / 2)
			kill(b->pid, SIGINT); /* a command that does not care is left alone */
	}
	if (b->pid) {
		kill(b->pid, SIGKILL);
		reap(b, true);
	}
	temporary_destroy(b->dir);
	str_deinit(&b->messages);
	free(b->path);
	free(b);
}
