/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CONVERT_EXPORT_TREE_H
#define SONDE_CONVERT_EXPORT_TREE_H
/*
 * What most exporters write, whatever the input was: places in code, a tree of them, and
 * samples at its nodes.  Inlined calls are nodes of their own, so a path from a node to the
 * root is what a person would call the stack.
 *
 * A recording gives its samples in the order of time; stacks that came from a text are one
 * sample a node, without time and thread.
 */
#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "convert/exporter.h"

struct export_place {
	const char *function; /* never NULL: "[libc.so.6]", "[unknown]" where there is no name */
	const char *module;   /* "" where not known */
	const char *file;     /* "" where not known */
	uint32_t line;
	uint32_t module_index; /* of export_tree.modules */
	uint64_t address;      /* file offset; kernel and JIT code: the address */
	uint32_t frame;	       /* the same for all calls at one address */
	uint32_t call;	       /* 0: the innermost of the calls there */
	uint8_t kind;	       /* enum stacks_kind */
	bool inlined, named;
};
struct export_module {
	const char *path, *build_id; /* "" where not known */
	uint8_t kind;		     /* enum module_kind */
};
struct export_node {
	uint32_t parent, place; /* node 0 is the root */
};
struct export_sample {
	uint64_t time_ns; /* 0 without a recording */
	uint64_t value;
	uint32_t node, thread, event; /* indices; node 0: no stack */
	uint32_t cpu;		      /* SAMPLE_NO_CPU: not known */
};
struct export_thread {
	uint32_t pid, tid, id;
	const char *name;
	const char *process; /* the name of its first thread */
	uint64_t start_ns, end_ns;
};
struct export_event {
	const char *name, *unit; /* "cpu-clock", "ns" */
	uint64_t period, samples, total;
	uint32_t id;
};

struct export_tree {
	struct arena arena;
	VEC(struct export_place) places;
	VEC(struct export_module) modules;
	VEC(struct export_node) nodes;
	VEC(struct export_thread) threads;
	VEC(struct export_event) events;
	VEC(struct export_sample) samples;
	bool timed;
	uint64_t start_ns, end_ns; /* of the recording, else 0 */
	int64_t wall_offset_ns;
	const char *command, *host, *kernel, *arch; /* "" where not known */
	uint32_t cpus;
};

/* With all events, or input->event alone.  ERR_NOT_FOUND when there is no such event. */
struct err *export_tree_create(const struct export_input *input, struct export_tree **ret);
void export_tree_destroy(struct export_tree *t); /* NULL-safe */

/* Flush OUT: an error when not all of it could be written. */
struct err *export_flush(FILE *out, const char *what);

#endif
