/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_MODULE_DEBUG_PATH_H
#define SONDE_MODULE_DEBUG_PATH_H
/*
 * Directories with debug files: those in SONDE_DEBUG_PATH, then /usr/lib/debug.  What lies below
 * them is laid out as distributions do it:
 *   .build-id/12/34cd....debug              by build-id
 *   usr/bin/NAME, usr/bin/NAME.debug        by the name in .gnu_debuglink
 *   boot/vmlinux-RELEASE, lib/modules/RELEASE/vmlinux, also below usr/
 *   lib/modules/RELEASE/.../NAME.ko.debug, NAME.ko, also compressed, also below usr/
 * The kernel and its modules are also looked for where they are installed without debug
 * packages (/boot, /lib/modules), as who builds a kernel has them.
 */
#include "module/module.h"

#define DEBUG_PATH_VARIABLE "SONDE_DEBUG_PATH"

enum { DEBUG_PATH_MAX = 4096 };
/* The directory number INDEX, without a '/' at its end; false: there are no more. */
bool debug_path_root(size_t index, char root[DEBUG_PATH_MAX]);

/* The vmlinux of RELEASE with that build-id (NULL: with any); NULL when there is none.  The
 * caller's to free. */
char *debug_path_vmlinux(const char *release, const struct build_id *id);

/* The build-id of a file that may be a module, which has no segments; false: it has none. */
bool debug_path_build_id(int fd, struct build_id *ret);

/* A kernel module by its name ("nf_tables", '-' and '_' are the same) and build-id: *IMAGE is a file
 * with its code, *DEBUG one with DWARF, which may be the same; -1 for what is not there.  What is
 * compressed comes as a file in memory. */
void debug_path_open_ko(const char *name, const char *release, const struct build_id *id, int *image, int *debug);

#endif
