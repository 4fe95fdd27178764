/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_MODULE_LOCATE_H
#define SONDE_MODULE_LOCATE_H
/* Opening the files that belong to a module; used by module.c and the tracker. */
#include "module/module.h"

/* Open a regular file for reading, never a device or pipe.  PID > 0: as that process
 * sees it (its root directory and mount namespace).  -1 with errno. */
int locate_open(int pid, const char *path);

/* The file of a mapping of PID, though its name may be gone; needs privilege. */
int locate_open_mapping(int pid, uint64_t addr, uint64_t size_bytes);

/* As an unlinked file in memory; -1 when the process has none or it can't be read.
 * PID 0: our own. */
int locate_open_vdso(int pid);
/* The same where the caller knows where it is mapped. */
int locate_open_vdso_at(int pid, uint64_t addr, uint64_t size_bytes);

/* --- debug_link.c ---------------------------------------------------------------------- */

/* .build-id/12/34cd...SUFFIX below the system's debug directory; -1 when not there. */
int locate_open_by_build_id(const struct build_id *id, const char *suffix);

/* What perf record kept of a file with that build-id below ~/.debug: NAME "elf" (the file itself, as perf archive carries it
 * to other machines too), "debug", "kallsyms" (the kernel's symbols as they were when it was recorded).  Elf files are checked.
 * The path is the caller's to free; NULL: there is none, or another user's. */
char *locate_perf_cache(const struct build_id *id, const char *name);

/* The file that .gnu_debuglink of IMAGE_FD names, looked for beside PATH and below the
 * debug directory, checked by build-id or else by its CRC; -1 when not there. */
int locate_open_debuglink(int image_fd, int pid, const char *path, const struct build_id *id);

#endif
