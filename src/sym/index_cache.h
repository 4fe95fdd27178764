/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_INDEX_CACHE_H
#define SONDE_SYM_INDEX_CACHE_H
/* Where indexes are kept: ${XDG_CACHE_HOME:-~/.cache}/sonde/index/XX/REST.idx (base/cache.h). */
#include "base/err.h"
#include "format/elf.h"

#include <stdint.h>

/* What names a file: its build-id and size, or, without one, its inode and times.  *hash
 * goes into the index's header. */
char *index_cache_name(int fd, const struct elf_file *elf, uint64_t *hash);
/* The path of an index; NULL when there is no home to keep it in.  The caller's to free. */
char *index_cache_path(const char *name);
/* A new file beside PATH, to be renamed to it by index_cache_publish(); *temporary is the
 * caller's to free.  Makes the directories. */
struct err *index_cache_begin(const char *path, int *fd, char **temporary);
struct err *index_cache_publish(int fd, const char *temporary, const char *path);

#endif
