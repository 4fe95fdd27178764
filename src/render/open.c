/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From options to a document: find the renderer in the table, open where the bytes go.
 *
 * A regular file is written under a temporary name beside it and renamed when the
 * document is complete.  A device or a pipe is written as it is.  The pager gets our
 * output through a pipe and keeps the terminal; while it lives we ignore SIGPIPE (the
 * user may leave early) and SIGINT (it is meant for the pager).
 */
#include "render/doc_impl.h"

#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static struct err *open_temp(struct sink *s, const char *path)
{
	struct stat st;
	bool is_there = stat(path, &st) == 0;

	if (is_there && !S_ISREG(st.st_mode)) {
		s->out = fopen(path, "we");
		return s->out ? NULL : err_errno(errno, "cannot write %s", path);
	}
	/* Through a symbolic link: replace what it points to, not the link. */
	char *real = is_there ? realpath(path, NULL) : NULL;

	s->path = real ? real : mem_strdup(path);
	s->temp_path = mem_printf("%s.XXXXXX", s->path);

	int fd = mkostemp(s->temp_path, O_CLOEXEC);

	if (fd < 0) {
		int errnum = errno;

		free(s->temp_path);
		s->temp_path = NULL;
		/* A file one may write in a directory one may not: as it is, then. */
		s->out = is_there ? fopen(path, "we") : NULL;
		if (s->out)
			return NULL;
		return err_fix(err_errno(errnum, "cannot write %s", path),
			       "name another file with -o");
	}
	mode_t mask = umask(0);

	umask(mask);
	(void)fchmod(fd, is_there ? st.st_mode & 07777 : 0666 & ~mask);
	s->out = fdopen(fd, "w");
	return NULL;
}

/* Start $PAGER; on any trouble we simply print without one.  One that does not exist leaves
 * its input to cat, for the answer to be seen. */
static void start_pager(struct sink *s)
{
	const char *pager = getenv("PAGER");
	CLEANUP(mem_freep) char *script = NULL;
	char *argv[] = { (char *)"sh", (char *)"-c", NULL, NULL };
	posix_spawn_file_actions_t actions;
	int ends[2];

	if (!pager)
		pager = "less -FRSX";
	if (strcmp(pager, "cat") == 0 || pipe2(ends, O_CLOEXEC) != 0)
		return;
	argv[2] = script = mem_printf("%s\n[ $? -ne 127 ] || exec cat", pager);
	fflush(stdout);
	setenv("LESS", "FRSX", 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
	if (posix_spawnp(&s->pager_pid, "sh", &actions, NULL, argv, environ) == 0) {
		struct sigaction ignore = { .sa_handler = SIG_IGN };

		sigaction(SIGPIPE, &ignore, &s->pipe_before);
		sigaction(SIGINT, &ignore, &s->int_before);
		s->out = fdopen(ends[1], "w");
		s->is_ours = true;
	} else {
		s->pager_pid = 0;
		close(ends[1]);
	}
	posix_spawn_file_actions_destroy(&actions);
	close(ends[0]);
}

static bool has_pager(void)
{
	const char *pager = getenv("PAGER");

	if (pager)
		return *pager; /* empty: none is wanted */
	return access("/usr/bin/less", X_OK) == 0 || access("/bin/less", X_OK) == 0;
}

struct err *sink_open(struct sink *s, const struct render_options *options, bool may_page)
{
	const char *path = options->path;

	*s = (struct sink){ .out = stdout };
	if (options->stream) {
		s->out = options->stream;
	} else if (path && *path && strcmp(path, "-") != 0) {
		TRY(open_temp(s, path));
		s->is_ours = true;
	} else if (may_page && isatty(STDOUT_FILENO) && has_pager()) {
		start_pager(s);
	}
	return NULL;
}

static void wait_for_pager(struct sink *s)
{
	if (s->pager_pid == 0 || s->pager_is_gone)
		return;
	s->pager_is_gone = true;
	while (waitpid(s->pager_pid, NULL, 0) < 0 && errno == EINTR)
		;
	sigaction(SIGPIPE, &s->pipe_before, NULL);
	sigaction(SIGINT, &s->int_before, NULL);
}

struct err *sink_finish(struct sink *s)
{
	const char *name = s->path ? s->path : "the output";
	bool failed = ferror(s->out) || fflush(s->out) != 0;
	int errnum = errno;

	if (s->is_ours) {
		failed |= fclose(s->out) != 0;
		s->is_ours = false;
	}
	s->out = NULL;
	wait_for_pager(s);
	if (failed)
		return err_fix(err_errno(errnum ? errnum : EIO, "cannot write %s", name),
			       errnum == ENOSPC
				       ? "make room on that disk, or name another file with -o"
				       : "name another file with -o");
	if (s->temp_path) {
		if (rename(s->temp_path, s->path) != 0)
			return err_errno(errno, "cannot rename %s to %s", s->temp_path, s->path);
		free(s->temp_path);
		s->temp_path = NULL;
	}
	return NULL;
}

void sink_deinit(struct sink *s)
{
	if (s->is_ours && s->out)
		fclose(s->out);
	wait_for_pager(s);
	if (s->temp_path)
		unlink(s->temp_path);
	free(s->temp_path);
	free(s->path);
	*s = (struct sink){ 0 };
}

static struct err *unknown_format(const char *format)
{
	struct str known = { 0 };

	for (size_t i = 0; render_table[i]; i++)
		str_printf(&known, "%s%s", i ? ", " : "", render_table[i]->name);
	struct err *err = err_fix(err_new(ERR_USAGE, "there is no output format '%s'", format),
				  "use one of %s", str_text(&known));
	str_deinit(&known);
	return err;
}

struct err *render_open(const struct render_options *options, struct doc **ret)
{
	const char *format = options->format ? options->format : "term";
	const struct render_ops *const *ops = render_table;

	*ret = NULL;
	while (*ops && strcmp((*ops)->name, format) != 0)
		ops++;
	if (*ops == NULL)
		return unknown_format(format);

	struct doc *d = mem_calloc(1, sizeof(*d));

	d->ops = *ops;

	struct err *err =
		sink_open(&d->sink, options, options->pager && strcmp(format, "term") == 0);

	if (err == NULL)
		err = d->ops->create(options, d->sink.out, &d->self);
	if (err) {
		render_destroy(d);
		return err;
	}
	*ret = d;
	return NULL;
}

void render_destroy(struct doc *d)
{
	if (d == NULL)
		return;
	if (d->self)
		d->ops->destroy(d->self);
	sink_deinit(&d->sink);
	err_destroy(d->err);
	free(d);
}

const char *render_format_of_path(const char *path)
{
	static const struct {
		const char *ending, *format;
	} endings[] = { { ".html", "html" },
			{ ".htm", "html" },
			{ ".json", "json" },
			{ ".svg", "svg" },
			{ ".txt", "term" } };

	for (size_t i = 0; path && i < sizeof(endings) / sizeof(*endings); i++)
		if (str_ends(path, endings[i].ending))
			return endings[i].format;
	return NULL;
}
