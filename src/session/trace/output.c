/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A write for every line is a third of what strace spends.  Here lines wait, for at most
 * a tick of the tracer's timer, or until the program that is traced writes itself.
 */
#include "session/trace/output.h"

#include "base/io.h"
#include "base/mem.h"
#include "base/units.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct err *open_pipe(struct trace_out *out, const char *command)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return err_errno(errno, "pipe");
	out->command = fork();
	if (out->command == 0) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGPIPE, SIG_DFL);
		dup2(fds[0], 0);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}

	int errnum = errno;

	close(fds[0]);
	out->fd = fds[1];
	out->owned = out->pipe = true;
	if (out->command < 0) {
		out->command = 0;
		close(fds[1]);
		return err_errno(errnum, "cannot start '%s'", command);
	}
	return NULL;
}

static bool is_pipe(const struct stat *st) { return S_ISFIFO(st->st_mode) || S_ISSOCK(st->st_mode); }

static struct err *refuse_path(const char *path, int errnum)
{
	struct err *err = err_errno(errnum, "Can't fopen '%s'", path);

	switch (errnum) {
	case ENOENT: return err_fix(err, "-o makes no directories: mkdir -p \"$(dirname '%s')\"", path);
	case EISDIR: return err_fix(err, "-o takes a file: -o %s%sFILE", path, str_ends(path, "/") ? "" : "/");
	case EACCES:
	case EROFS: return err_fix(err, "-o a file where you may write: -o /tmp/trace");
	default: return err;
	}
}

struct err *trace_out_open(struct trace_out *out, const char *who, const char *path, bool append)
{
	struct stat st;

	*out = (struct trace_out){ .fd = 2, .shared = true, .who = who };
	str_init(&out->text);
	if (!path) {
		out->pipe = fstat(out->fd, &st) == 0 && is_pipe(&st);
		return NULL;
	}
	if (path[0] == '|' || path[0] == '!')
		return open_pipe(out, path + 1);
	out->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0666);
	if (out->fd < 0)
		return refuse_path(path, errno);
	out->owned = true;
	out->path = mem_strdup(path);
	if (fstat(out->fd, &st) == 0) {
		out->shared = !S_ISREG(st.st_mode);
		out->pipe = is_pipe(&st);
	}
	return NULL;
}

void trace_out_spool(struct trace_out *out, const struct spool_options *options, bool (*stop)(void *user), void *user)
{
	if (!spool_is_for(out->fd))
		return;
	out->spool = spool_create(out->fd, options);
	out->stop = stop;
	out->stop_user = user;
}

int trace_out_fd(const struct trace_out *out) { return out->spool && !out->failed ? spool_fd(out->spool) : -1; }

static struct err *write_bytes(struct trace_out *out, const struct str *text)
{
	return out->spool ? spool_add(out->spool, text->text, text->length) : io_write_all(out->fd, text->text, text->length, "the trace");
}

static struct err *write_colored(struct trace_out *out)
{
	struct err *err;
	struct str text;

	str_init(&text);
	color_add(&out->color, out->text.text, out->text.length, &text);
	err = write_bytes(out, &text);
	str_deinit(&text);
	return err;
}

static struct err *write_text(struct trace_out *out)
{
	if (out->failed)
		return NULL;
	if (out->text.length == 0)
		return out->spool ? spool_write(out->spool) : NULL;
	return out->colored ? write_colored(out) : write_bytes(out, &out->text);
}

static void note_failure(struct trace_out *out, struct err *err)
{
	if (!err)
		return;
	out->failed = true;
	out->gone = err_errnum(err) == EPIPE;
	out->lost = !out->gone;
	if (out->lost) {
		fprintf(stderr, "%s: %s: %s\n", out->who, out->path ? out->path : "the trace", strerror(err_errnum(err)));
		if (io_is_full(err_errnum(err)) && out->advises)
			fprintf(stderr, "%s: %s\n", out->who, err_advice(io_fix_write(err, "name another file with -o")));
	}
	err_destroy(err);
}

void trace_out_flush(struct trace_out *out)
{
	note_failure(out, write_text(out));
	if (out->text.length == 0)
		return;
	out->begun = out->begun || out->text.text[out->text.length - 1] == '\n';
	out->carried += out->text.length - out->line_at;
	out->line_at = 0;
	str_clear(&out->text);
}

/* What a slow reader has not taken yet, and what became of the rest. */
static void finish_spool(struct trace_out *out)
{
	struct spool_totals totals = { 0 };

	if (!out->spool)
		return;
	if (!out->failed)
		note_failure(out, spool_finish(out->spool, out->stop, out->stop_user));
	if (!out->failed) {
		spool_drop(out->spool); /* nothing, unless somebody has had enough */
		spool_get_totals(out->spool, &totals);
	}
	if (totals.lost_lines + totals.lost_bytes) {
		fprintf(stderr, "%s: %s lines of the trace (%s) were not written: their reader was too slow\n", out->who,
			units_count(totals.lost_lines).text, units_bytes((double)totals.lost_bytes).text);
		out->lost = true;
	}
	spool_destroy(out->spool);
	out->spool = NULL;
}

bool trace_out_is_unread(const struct trace_out *out)
{
	struct pollfd p = { .fd = out->fd };

	return out->gone || (out->pipe && poll(&p, 1, 0) > 0 && p.revents & (POLLERR | POLLHUP));
}

/*
 * The command reads to its end, which may never come: who asks us to end meanwhile is not kept waiting, as strace's users
 * are.  Those signals are blocked while we trace (with -I 1 they end us anyway).
 */
static void wait_for_command(pid_t command)
{
	static const int ends[] = { SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	static const struct timespec look_again = { .tv_nsec = 100000000 }; /* nobody tells a process that ignores SIGCHLD */
	sigset_t awaited, child, before;
	int number, status;

	sigemptyset(&awaited);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		sigaddset(&awaited, ends[i]);
	sigprocmask(SIG_BLOCK, &child, &before);
	do {
		if (waitpid(command, &status, WNOHANG) != 0)
			break;
		number = sigtimedwait(&awaited, NULL, &look_again);
	} while (number < 0 || number == SIGCHLD);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void trace_out_end_lines(struct trace_out *out)
{
	if (out->colored)
		trace_out_flush(out);
	out->colored = false;
}

bool trace_out_close(struct trace_out *out)
{

	trace_out_flush(out);
	finish_spool(out);
	if (out->owned && out->fd >= 0)
		close(out->fd);
	out->fd = -1;
	if (out->command)
		wait_for_command(out->command);
	out->command = 0;
	free(out->path);
	out->path = NULL;
	str_deinit(&out->text);
	return !out->lost;
}
