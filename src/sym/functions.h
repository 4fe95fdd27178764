/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_FUNCTIONS_H
#define SONDE_SYM_FUNCTIONS_H
/*
 * The functions of one DWARF unit, with the calls that were inlined into them.
 * Either all at once (to make an index), or only where they are, and the inlined calls of
 * one function when they are asked for (for a single address).
 */
#include "format/dwarf.h"

/* A call that was inlined.  Nodes of a function stand in preorder: a node's own inlined
 * calls follow it, one deeper. */
struct function_node {
	struct dwarf_ref origin;     /* the function that was inlined; dwarf NULL: not said */
	uint64_t die;                /* this call's own DIE */
	uint32_t range_first, range_count;
	uint32_t function, depth;    /* depth 0: inlined into the function itself */
	uint32_t call_file, call_line, call_column; /* call_file NO_CALL_FILE: not said */
};
#define NO_CALL_FILE UINT32_MAX

struct function {
	uint64_t die;
	uint32_t range_first, range_count;
	uint32_t node_first, node_count; /* nodes of functions that were not expanded: 0 */
};

struct functions_open {
	uint32_t function, depth; /* depth of nodes directly below */
	bool skip;
	bool inside; /* of a function, be it one without code */
};
struct functions {
	dwarf_ranges ranges;
	VEC(struct function) functions;
	VEC(struct function_node) nodes;
	uint64_t budget; /* in and out: bytes of range lists that may still be looked at */
	bool broken;     /* the unit's DIEs ended early */
	/* private */
	VEC(struct functions_open) open;
};

enum functions_mode { FUNCTIONS_PLACES, FUNCTIONS_EXPANDED };
/* Append the functions of U (loaded). */
void functions_read(struct functions *f, const struct dwarf_unit *u, enum functions_mode mode);
/* Append the nodes of function INDEX, read before with FUNCTIONS_PLACES. */
void functions_expand(struct functions *f, const struct dwarf_unit *u, size_t index);
void functions_clear(struct functions *f); /* keeps the memory and the budget */
void functions_deinit(struct functions *f);

#endif
