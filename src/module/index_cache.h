/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_MODULE_INDEX_CACHE_H
#define SONDE_MODULE_INDEX_CACHE_H
/* Where what was made from a file is kept: ${XDG_CACHE_HOME:-~/.cache}/sonde/index/XX/REST.ENDING
 * (base/cache.h): indexes of its symbols (sym/index.h, "idx"), unwind tables (unwind/table_file.h, "unw"),
 * the running kernel's symbols (sym/kallsyms_file.h, "ksy"). */
#include "base/err.h"
#include "format/elf.h"

#include <stdint.h>

/* What names a file: its build-id and size, or, without one, its inode and times.  *hash
 * goes into the kept file's header. */
char *index_cache_name(int fd, const struct elf_file *elf, uint64_t *hash);
/* The path of what is kept; NULL when there is no home to keep it in.  The caller's to free. */
char *index_cache_path(const char *name, const char *ending);
/* Open what is kept, to be read; it was used now.  ERR_NOT_FOUND: nothing is.  ERR_PERMISSION: another user may have
 * written it (a root that inherited somebody's XDG_CACHE_HOME would believe that one), so it is not used. */
struct err *index_cache_open(const char *path, int *fd);
/* A new file beside PATH, to be renamed to it by index_cache_publish(); *temporary is the
 * caller's to free.  Makes the directories. */
struct err *index_cache_begin(const char *path, int *fd, char **temporary);
/* The rename; where it fails TEMPORARY is removed. */
struct err *index_cache_publish(const char *temporary, const char *path);
/* All of that for a file that is COUNT pieces behind each other. */
struct err *index_cache_keep(const char *path, const struct bytes *pieces, size_t count);

#endif
