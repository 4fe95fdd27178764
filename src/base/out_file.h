/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_OUT_FILE_H
#define SONDE_BASE_OUT_FILE_H
/*
 * A file that is written piece by piece and is there under its name only when it is whole:
 *
 *   CLEANUP(out_file_deinit) struct out_file f;
 *   TRY(out_file_open(path, &f));
 *   fprintf(f.stream, ...);
 *   return out_file_finish(&f);
 *
 * A regular file is written under a temporary name beside it and renamed (through a symbolic link:
 * what it points to is replaced); a device or a pipe is written as it is.
 */
#include "base/err.h"

#include <stdio.h>

struct out_file {
	FILE *stream;
	/* private */
	char *path, *temp_path; /* temp_path NULL: written as it is */
};
struct err *out_file_open(const char *path, struct out_file *ret);
/* Flush, close, rename.  What had failed before (ferror) is told here. */
struct err *out_file_finish(struct out_file *f);
/* After out_file_finish(), or instead: then a half file is removed.  Safe on a zeroed one. */
void out_file_deinit(struct out_file *f);

#endif
