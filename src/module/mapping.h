/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_MODULE_MAPPING_H
#define SONDE_MODULE_MAPPING_H
/*
 * The mappings of one address space as they change over time: a sorted, disjoint
 * list; a new mapping cuts what it covers.  No ELF in here: sonde-agent uses it too.
 */
#include "event/types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mapping {
	uint64_t addr, size_bytes; /* [addr, addr + size_bytes) */
	uint64_t offset;           /* file offset of addr */
	uint32_t module;           /* the caller's module id */
};

struct mappings; /* reference-counted: fork shares it until one side changes */

struct mappings *mappings_create(void);
struct mappings *mappings_ref(struct mappings *m);
void mappings_unref(struct mappings *m); /* NULL-safe */
/* Put a mapping; copies first when shared: use the returned one (the reference moves). */
struct mappings *mappings_put(struct mappings *m, const struct mapping *mapping);
/* NULL: nothing there.  Valid until the next put. */
const struct mapping *mappings_find(const struct mappings *m, uint64_t addr);
size_t mappings_count(const struct mappings *m);
const struct mapping *mappings_at(const struct mappings *m, size_t index);

/* By a name as in /proc/PID/maps: MODULE_VDSO, MODULE_ANON for what no file backs, else MODULE_SHARED. */
enum module_kind mapping_kind(const char *path);

/* Read /proc/PID/maps: CALLBACK for each executable mapping.  False when it can't be read. */
struct proc_mapping {
	uint64_t addr, size_bytes, offset, inode, dev;
	const char *path; /* "" for anonymous memory; valid during the call */
	bool executable;
};
typedef void proc_maps_fn(void *user, const struct proc_mapping *m);
bool proc_maps_read(int pid, proc_maps_fn *callback, void *user);
/* The same of TEXT, whose lines are cut into strings in place. */
void proc_maps_parse(char *text, proc_maps_fn *callback, void *user);

#endif
