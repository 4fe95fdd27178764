/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_MODULE_SPACE_H
#define SONDE_MODULE_SPACE_H
/*
 * What is mapped where: in a process, in one that dumped core, in the kernel, or as a text in
 * the form of /proc/PID/maps says.  An address then is a module and an offset in it, which
 * the symbolizer takes.
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "module/mapping.h"
#include "module/module.h"

struct space {
	struct mappings *maps;          /* module: index into modules */
	VEC(struct module_key) modules; /* a deleted file of a process: with a descriptor, which is the space's */
	struct arena texts;             /* their paths */
	/* private */
	struct strmap by_path;
};

/* All of them fill *RET; on an error there is nothing to deinit. */
struct err *space_of_process(int pid, struct space *ret);
/* PATH: a text as /proc/PID/maps, of executable mappings. */
struct err *space_of_maps(const char *path, struct space *ret);
/* PATH: a core file; files are the ones that its NT_FILE note names, told by the build-ids that
 * the core holds.  ERR_NOT_FOUND when it has no such note. */
struct err *space_of_core(const char *path, struct space *ret);
/* The running kernel and its modules. */
struct err *space_of_kernel(struct space *ret);
void space_deinit(struct space *s);

/* What is at ADDR: an index into modules, and the offset as symbolize() takes it. */
bool space_find(const struct space *s, uint64_t addr, uint32_t *module, uint64_t *offset);

#endif
