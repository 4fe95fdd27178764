/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The temporary file has the mode that the other one has, or that a new one would have. */
#include "base/out_file.h"

#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct err *open_as_it_is(const char *path, struct out_file *f)
{
	f->path = mem_strdup(path);
	f->stream = fopen(path, "we");
	return f->stream ? NULL : err_fix(err_errno(errno, "cannot write %s", path), "name another file with -o");
}

struct err *out_file_open(const char *path, struct out_file *ret)
{
	struct stat st;
	bool is_there = stat(path, &st) == 0;

	*ret = (struct out_file){ 0 };
	if (is_there && !S_ISREG(st.st_mode))
		return open_as_it_is(path, ret);

	char *real = is_there ? realpath(path, NULL) : NULL;

	ret->path = real ? real : mem_strdup(path);
	ret->temp_path = mem_printf("%s.XXXXXX", ret->path);

	int fd = mkostemp(ret->temp_path, O_CLOEXEC);

	if (fd < 0) {
		int errnum = errno;

		free(ret->temp_path);
		free(ret->path);
		ret->temp_path = ret->path = NULL;
		/* A file one may write in a directory one may not: as it is, then. */
		if (is_there)
			return open_as_it_is(path, ret);
		return err_fix(err_errno(errnum, "cannot write %s", path), "name another file with -o");
	}

	mode_t mask = umask(0);

	umask(mask);
	(void)fchmod(fd, is_there ? st.st_mode & 07777 : 0666 & ~mask);
	ret->stream = fdopen(fd, "w");
	return NULL;
}

struct err *out_file_finish(struct out_file *f)
{
	bool failed = ferror(f->stream) || fflush(f->stream) != 0;
	int errnum = errno;

	failed |= fclose(f->stream) != 0;
	f->stream = NULL;
	if (failed)
		return io_fix_write(err_errno(errnum ? errnum : EIO, "cannot write %s", f->path), "name another file with -o");
	if (f->temp_path && rename(f->temp_path, f->path) != 0)
		return err_errno(errno, "cannot rename %s to %s", f->temp_path, f->path);
	free(f->temp_path);
	f->temp_path = NULL;
	return NULL;
}

void out_file_deinit(struct out_file *f)
{
	if (f->stream)
		fclose(f->stream);
	if (f->temp_path)
		unlink(f->temp_path);
	free(f->temp_path);
	free(f->path);
	*f = (struct out_file){ 0 };
}
