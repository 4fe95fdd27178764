/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_INDEX_TREE_H
#define SONDE_SYM_INDEX_TREE_H
/* How the calls that were inlined into a function are written (index_file.h has the format). */
#include "base/radix.h"
#include "base/str.h"
#include "base/vec.h"
#include "sym/functions.h"

enum { INDEX_TREE_MARK_STEPS = 32 };

struct index_step {
	uint64_t addr;
	uint32_t node; /* INDEX_TREE_FUNCTION: the function itself */
};
#define INDEX_TREE_FUNCTION UINT32_MAX

/* Memory that is used again for each function; zeroed at first. */
struct index_tree {
	VEC(struct radix_item) events;
	VEC(uint32_t) active, parents, offsets, open;
	VEC(struct index_step) steps;
	struct str text;
};
void index_tree_deinit(struct index_tree *t);

/* Append the calls of FN, from BASE on; PUT appends the name and the place of one call. */
void index_tree_put(struct index_tree *t, const struct functions *f, const struct function *fn, uint64_t base,
		    void (*put)(void *user, const struct function_node *n, struct str *out), void *user, struct str *out);

#endif
