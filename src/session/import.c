/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The recording around an importer: the file is mapped (a pipe is read), the recorder and an
 * offline tracker are made, the importer fills them, frames get their names from the files of
 * this machine that have the right build-ids, and the recording is finished as any other.
 *
 * An importer is faster than the writer of segments, and nothing may be lost: so the journal
 * may grow to several times what the file holds.
 */
#include "session/import.h"

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/progress.h"
#include "capture/track.h"
#include "convert/importer.h"
#include "record/recorder.h"
#include "record/segment.h"
#include "record/store.h"
#include "session/resolve.h"
#include "session/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIPE_BYTES_MAX (UINT64_C(16) << 30)

enum { JOURNAL_FACTOR = 8, JOURNAL_MIN_BYTES = 256 << 20 };

/* A file, or what came out of a pipe. */
struct source {
	struct io_map map;
	struct str piped;
	struct import_input input;
};

static struct err *open_source(const char *path, struct source *s)
{
	CLEANUP(io_closep) int fd = -1;
	struct stat st;

	s->input.name = path;
	if (strcmp(path, "-") != 0) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return err_errno(errno, "cannot open %s", path);
	}
	if (fstat(fd < 0 ? STDIN_FILENO : fd, &st) != 0)
		return err_errno(errno, "cannot read %s", path);
	if (fd >= 0 && S_ISREG(st.st_mode)) {
		TRY(io_map_fd(fd, path, &s->map));
		s->input.file = (struct bytes){ s->map.data, s->map.size_bytes };
		s->input.mtime_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec;
		return NULL;
	}
	TRY(io_read_fd(fd < 0 ? STDIN_FILENO : fd, path, PIPE_BYTES_MAX, &s->piped));
	s->input.file = (struct bytes){ (const uint8_t *)str_text(&s->piped), s->piped.length };
	return NULL;
}

static void close_source(struct source *s)
{
	io_map_deinit(&s->map);
	str_deinit(&s->piped);
}

static struct err *choose(const struct import_request *request, const struct source *s,
			  const struct importer **ret)
{
	size_t head = s->input.file.size_bytes < IMPORT_HEAD_BYTES ? s->input.file.size_bytes
								   : IMPORT_HEAD_BYTES;
	struct str known = { 0 };

	if (request->from)
		return importer_find(request->from, ret);
	*ret = importer_probe(s->input.file.data, head);
	if (*ret)
		return NULL;
	for (size_t i = 0; importer_table[i]; i++)
		str_printf(&known, "%s%s", i ? ", " : "", importer_table[i]->name);

	struct err *err = err_fix(err_new(ERR_FORMAT, "%s is of no form that sonde import knows", request->path),
				  "known forms: %s; texts of stacks are read by sonde report and sonde flame as "
				  "they are", str_text(&known));

	str_deinit(&known);
	return err;
}

static struct err *fill(const struct import_request *request, const struct importer *importer,
			const struct source *s, struct recorder *r, struct err **damage)
{
	struct import_output out = { .recorder = r, .stream = recorder_stream_create(r),
				     .track = track_create_offline(r) };
	struct progress *progress = progress_create("reading", s->input.file.size_bytes);
	struct resolve_kernel kernel = { .kernel = &out.kernel, .vmlinux = request->vmlinux, .kallsyms = request->kallsyms };
	struct resolve_totals resolved;

	out.progress = progress_report;
	out.user = progress;
	recorder_note(r, "imported", request->path);
	recorder_note(r, "imported.from", importer->name);

	struct err *err = importer->read(&s->input, &out);

	progress_destroy(progress);
	kernel.is_local = out.is_local;
	if (!err && !request->no_symbols)
		err = resolve_imported(r, out.track, &kernel, &resolved);
	recorder_stream_destroy(out.stream);
	track_destroy(out.track);
	*damage = out.damage;
	return err_wrap(err, "%s", request->path);
}

static struct err *run(const struct import_request *request, const struct source *s,
		       struct recorder_totals *totals, struct err **damage)
{
	const struct importer *importer;
	struct recorder_options options = {
		.path = request->output, .overwrite = request->overwrite, .is_temporary = request->is_temporary, .elsewhere = true,
		.compactor = &parquet_compactor,
		.journal_max_bytes = JOURNAL_MIN_BYTES + (uint64_t)s->input.file.size_bytes * JOURNAL_FACTOR,
	};
	struct recorder *r;

	TRY(choose(request, s, &importer));
	TRY(recorder_create(&options, &r));

	struct err *err = fill(request, importer, s, r, damage);

	if (!err)
		err = recorder_finish(r, totals);
	recorder_destroy(r);
	if (err)
		err_destroy(store_remove(AT_FDCWD, request->output));
	return err;
}

struct err *session_import(const struct import_request *request, struct recorder_totals *totals,
			   struct err **damage)
{
	struct source s = { 0 };
	struct err *err, *cut = NULL;

	err = open_source(request->path, &s);
	if (!err)
		err = run(request, &s, totals, &cut);
	if (!err && io_map_is_cut(&s.map) && !cut)
		cut = err_new(ERR_FORMAT, "the file became shorter while it was read");
	close_source(&s);
	if (damage)
		*damage = err_wrap(cut, "%s", request->path);
	else
		err_destroy(cut);
	return err;
}

struct err *session_import_temporary(const char *path, const char *from, struct temporary **ret,
				     struct err **damage)
{
	struct recorder_totals totals;
	struct temporary *t;

	TRY(temporary_create(&t));

	struct import_request request = { .path = path, .from = from, .output = temporary_recording(t), .is_temporary = true };
	struct err *err = session_import(&request, &totals, damage);

	if (err)
		temporary_destroy(t);
	else
		*ret = t;
	return err;
}

/* What a pipe will give next, copied by tee(2): it stays there. */
static ssize_t peek_pipe(int fd, char *head)
{
	int copy[2];
	ssize_t n = -1;

	if (pipe2(copy, O_CLOEXEC) != 0)
		return -1;
	do
		n = tee(fd, copy[1], IMPORT_HEAD_BYTES, 0);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		n = read(copy[0], head, (size_t)n);
	close(copy[0]);
	close(copy[1]);
	return n;
}

bool session_can_import(const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	CLEANUP(io_closep) int opened = is_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int fd = is_stdin ? STDIN_FILENO : opened;
	struct stat st;
	ssize_t n = -1;

	if (fd < 0 || fstat(fd, &st) != 0)
		return false;

	CLEANUP(mem_freep) char *head = mem_alloc(IMPORT_HEAD_BYTES);

	if (S_ISREG(st.st_mode))
		n = pread(fd, head, IMPORT_HEAD_BYTES, is_stdin ? lseek(fd, 0, SEEK_CUR) : 0);
	else if (S_ISFIFO(st.st_mode) && is_stdin)
		n = peek_pipe(fd, head);
	return n > 0 && importer_probe(head, (size_t)n) != NULL;
}
