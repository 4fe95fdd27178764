/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RECORD_STACKS_H
#define SONDE_RECORD_STACKS_H
/*
 * Aggregated stacks: a tree of named frames with a value at each node.  It is what
 * views and converters exchange: a profile made from a recording's samples
 * (view/profile.h) and one read from another tool's text (convert/text.h) are the
 * same thing from here on.
 *
 * Node 0 is the root and has no symbol.  A node's index is greater than its
 * parent's.  Values are u64 in `unit`; `self` is of this node alone.  Deep stacks are
 * cut at STACKS_DEPTH_MAX frames (counted in `cut`), so that nothing that walks the
 * tree has to fear its depth.
 */
#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

enum { STACKS_DEPTH_MAX = 4096 };

/* What a frame is code of; in the order of render's doc_frame_kind. */
enum stacks_kind {
	STACKS_USER,
	STACKS_LIBRARY,
	STACKS_KERNEL,
	STACKS_KERNEL_MODULE,
	STACKS_INLINED,
	STACKS_JIT,
	STACKS_UNKNOWN,
	STACKS_GROUP, /* a process or thread, not code */
};

/* A function, or whatever else stands at a node.  All text lives in the stacks'
 * arena; "" where not known, never NULL. */
struct stacks_symbol {
	const char *name;   /* may end in _[k] _[i] _[j] _[w]: see stacks_plain_length() */
	const char *module; /* path, or [kernel] ... */
	const char *file;
	uint32_t line;
	uint8_t kind;	  /* enum stacks_kind */
	uint8_t key_kind; /* the one it was made with: part of its identity */
	bool resolved;	  /* false: `name` stands for an address without a name */
};

struct stacks_node {
	uint32_t parent, symbol;
	uint32_t depth : 31;		    /* root 0 */
	uint32_t listed : 1;		    /* a stack ended here, if only with value 0 */
	uint64_t self, total;		    /* total after stacks_finish() */
	uint64_t self_before, total_before; /* of the profile compared with */
};

struct stacks {
	struct arena arena;
	struct strmap symbol_keys; /* name NUL module NUL kind -> symbol */
	VEC(struct stacks_symbol) symbols;
	VEC(struct stacks_node) nodes;
	struct map children; /* parent << 32 | symbol -> node (timed: the last child) */
	const char *unit;    /* "samples", "ns", ...: static or in the arena */
	bool diff;	     /* the *_before values count */
	bool grouped;	     /* the outermost frames are process names */
	bool timed;	     /* set before anything is added: stacks come in the order of time,
			      * and only neighbours share nodes (a flame chart) */
	uint64_t cut;	     /* stacks deeper than STACKS_DEPTH_MAX */
	/* by stacks_finish(): the children of node n, sorted by name (timed: by time), are
	 * order[first[n] .. first[n + 1] - 1] */
	uint32_t *first, *order;
};

void stacks_init(struct stacks *s);
void stacks_deinit(struct stacks *s);

/* The symbol with this name (and module and kind), made when new.  The text is
 * copied; file and line may be set on s->symbols.v[id] afterwards. */
uint32_t stacks_symbol(struct stacks *s, const char *name, size_t length, const char *module,
		       enum stacks_kind kind);
/* As above for names of other tools, which are all there is to tell frames apart: module
 * "", and `kind`, told by the annotation, is no part of the identity. */
uint32_t stacks_symbol_text(struct stacks *s, const char *name, size_t length);

/* The child of NODE for SYMBOL, made when new; NODE itself at STACKS_DEPTH_MAX. */
uint32_t stacks_child(struct stacks *s, uint32_t node, uint32_t symbol);
/* The node that COUNT symbols lead to, outermost first; adds VALUE to its self and lists it. */
uint32_t stacks_add(struct stacks *s, const uint32_t *symbols, size_t count, uint64_t value);

/* Totals and sorted children.  Again after any change. */
void stacks_finish(struct stacks *s);

/* Copies of SRC (not yet finished) into an empty DST:
 * stacks read from the leaf to the root; */
void stacks_reverse(const struct stacks *src, struct stacks *dst);
/* a function that calls itself directly stands once; */
void stacks_fold_recursion(const struct stacks *src, struct stacks *dst);
/* only what is at or below a frame named NAME, which becomes the outermost one (the
 * innermost such frame of a stack counts; with AS_INFERNO not the stack's first and last
 * frame, as inferno has it). */
void stacks_from_base(const struct stacks *src, const char *const *names, size_t count,
		      bool as_inferno, struct stacks *dst);

/* names that RENAME writes to OUT; they alone tell frames apart then, as in text. */
struct str;
typedef void stacks_rename_fn(void *user, const struct stacks_symbol *symbol, struct str *out);
void stacks_renamed(const struct stacks *src, stacks_rename_fn *rename, void *user,
		    struct stacks *dst);

/* Add the selves of BEFORE as self_before (nodes are made as needed) and set diff.
 * With NORMALIZE they are scaled so that both totals are equal.  Returns the factor. */
double stacks_diff(struct stacks *after, const struct stacks *before, bool normalize);

/* Length of a name without its annotation: "do_sys_open_[k]" -> 11. */
size_t stacks_plain_length(const char *name, size_t length);

/* For each symbol, how much of the root's total has it on the stack (each stack once,
 * however often it recurs) and how much has it innermost.  KEY maps a symbol to the
 * group it counts under (module, line ...), NULL: to itself; UINT32_MAX: to none.
 * TOTAL and SELF have GROUPS items, zeroed by the caller; *_BEFORE may be NULL. */
struct stacks_sums {
	uint64_t *self, *total, *self_before, *total_before;
};
void stacks_sum(const struct stacks *s, const uint32_t *key, size_t groups,
		struct stacks_sums *sums);

/* The functions that were met, here or in what it is compared with (groups are none), in the order of symbols:
 * appended to *RET. */
struct stacks_function {
	uint32_t symbol;
	uint64_t self, total, self_before, total_before;
};
typedef VEC(struct stacks_function) stacks_function_list;
void stacks_functions(const struct stacks *s, stacks_function_list *ret);

/* Does NAME stand for a function without one, "[cc1+0x401230]" (struct sym_frame)? */
bool stacks_is_stand_in(const char *name);
/* The base name of a path: "/usr/lib/libc.so.6" -> "libc.so.6"; never NULL. */
const char *stacks_base_name(const char *path);

#endif
