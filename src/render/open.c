/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From options to a document: find the renderer in the table, open where the bytes go.
 *
 * A file has its name when the document is complete (base/out_file.h).  The pager gets our
 * output through a pipe and keeps the terminal; while it lives we ignore SIGPIPE (the
 * user may leave early) and SIGINT (it is meant for the pager).
 */
#include "render/doc_impl.h"

#include "base/io.h"
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
		s->out = s->pager = fdopen(ends[1], "w");
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

static struct err *sink_open(struct sink *s, const struct render_options *options, bool may_page)
{
	const char *path = options->path;

	*s = (struct sink){ .out = stdout };
	if (options->stream) {
		s->out = options->stream;
	} else if (path && *path && strcmp(path, "-") != 0) {
		TRY(out_file_open(path, &s->file));
		s->out = s->file.stream;
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
	fclose(s->pager);
	while (waitpid(s->pager_pid, NULL, 0) < 0 && errno == EINTR)
		;
	sigaction(SIGPIPE, &s->pipe_before, NULL);
	sigaction(SIGINT, &s->int_before, NULL);
}

struct err *sink_finish(struct sink *s)
{
	if (s->is_ours) {
		s->out = NULL;
		return out_file_finish(&s->file);
	}

	bool failed = ferror(s->out) || fflush(s->out) != 0;
	int errnum = errno;

	s->out = NULL;
	wait_for_pager(s);
	if (failed)
		return io_fix_write(err_errno(errnum ? errnum : EIO, "cannot write the output"), "name another file with -o");
	return NULL;
}

static void sink_deinit(struct sink *s)
{
	wait_for_pager(s);
	out_file_deinit(&s->file);
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
