/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_DESCRIPTORS_H
#define SONDE_VIEW_DESCRIPTORS_H
/* What a running process has open, as a document. */
#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

struct doc;
struct open_files;

/* As they are now: target/descriptors.h has the errors. */
struct err *open_files_create(pid_t pid, struct open_files **ret);
void open_files_destroy(struct open_files *f); /* NULL-safe */
/* doc_begin() to the table; doc_end() is the caller's.  LIMIT 0: all. */
void open_files_emit(struct doc *doc, const struct open_files *f, uint64_t limit);

#endif
