/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Addresses in, a stack id out.
 *
 * A program runs through the same few thousand stacks, so most samples are answered by
 * a cache: a 128-bit hash over the address space's token and all addresses.  It is
 * direct-mapped: a new stack takes the place of an old one, nothing grows.  The token
 * changes with the mappings, so no entry can be stale.
 *
 * On a miss each address becomes a frame, (module, offset, exact), and the stack a path
 * in a tree from the outermost frame in: stacks share their callers' nodes, across
 * processes too, because offsets don't depend on where a file was mapped.  What a stack has in common
 * with the one before, from its outermost frame in, is not looked up again.
 *
 * Without frame pointers a "return address" is whatever lay there, mostly data.  Those
 * that no mapping covers say nothing, and would each be a row; a run of them becomes the
 * one frame (0, 0), "here something is missing".
 */
#include "capture/track_internal.h"

#include "base/mem.h"

#include <stdlib.h>

struct stack_hash {
	uint64_t a, b;
};

static struct stack_hash stack_hash(uint64_t token, const uint64_t *addrs, size_t count,
				    size_t kernel_count, bool exact)
{
	struct stack_hash h = { token ^ 0x9e3779b97f4a7c15ULL,
				(kernel_count << 1 | exact) ^ 0xc2b2ae3d27d4eb4fULL };

	for (size_t i = 0; i < count; i++) {
		h.a = (h.a ^ addrs[i]) * 0xff51afd7ed558ccdULL;
		h.a ^= h.a >> 32;
		h.b = (h.b + addrs[i]) * 0x9ddfea08eb382d69ULL;
		h.b ^= h.b >> 29;
	}
	return h;
}

static uint32_t frame_id(struct track *t, uint32_t module, uint64_t offset, bool exact)
{
	struct track_module *m = t->modules.v[module];
	bool is_new;
	/* The top bit goes lost: it is set in all of a kernel's addresses and in no other offset. */
	uint64_t *id = map_get(&m->frames, offset << 1 | exact, &is_new);

	if (!is_new)
		return (uint32_t)*id;
	*id = ++t->last_frame;

	struct row_frame row = {
		.id = t->last_frame, .module = module, .offset = offset, .kind = m->row.kind,
		.exact = exact, .module_path = m->row.path, .build_id = m->row.build_id,
	};

	recorder_side(t->recorder, TYPE_frame, &row);
	return row.id;
}

/* A return address may be the first byte after its mapping: it belongs to the call. */
static uint32_t user_frame(struct track *t, const struct mappings *maps, uint64_t addr, bool exact)
{
	bool known = maps && mappings_count(maps) > 0;
	const struct mapping *m = known ? mappings_find(maps, exact ? addr : addr - 1) : NULL;

	if (m)
		return frame_id(t, m->module, m->offset + (addr - m->addr), exact);
	if (!known || exact || t->offline)
		return frame_id(t, 0, addr, exact);
	return t->gap_frame = frame_id(t, 0, 0, false);
}

static uint32_t stack_node(struct track *t, uint32_t parent, uint32_t frame, uint32_t depth)
{
	bool is_new;
	uint64_t *id = map_get(&t->stacks, (uint64_t)parent << 32 | frame, &is_new);

	if (is_new) {
		struct row_stack row = { .id = ++t->last_stack, .parent = parent, .frame = frame,
					 .depth = depth };

		*id = row.id;
		recorder_side(t->recorder, TYPE_stack, &row);
	}
	return (uint32_t)*id;
}

/* One frame more. */
static struct track_step look_up_step(struct track *t, const struct mappings *maps, struct track_step from, uint64_t addr,
				      uint8_t how)
{
	bool is_exact = how & 1;
	uint32_t frame = how & 2 ? frame_id(t, track_kernel_module(t, addr), addr, is_exact)
				 : user_frame(t, maps, addr, is_exact);
	struct track_step step = { addr, from.node, frame, from.depth, how };

	if (frame == from.frame && frame == t->gap_frame)
		return step;
	step.node = stack_node(t, from.node, frame, ++step.depth);
	return step;
}

static struct track_step step_in(struct track *t, const struct track_process *p, struct track_step from, uint64_t addr,
				 uint8_t how)
{
	uint64_t token = p ? p->token : 0, hash = hash_u64(addr ^ (uint64_t)from.node << 40 ^ token << 2 ^ how);
	__typeof__(t->walk->slots[0]) *slot = &t->walk->slots[hash % TRACK_STEP_SLOTS];

	if (slot->from != from.node || slot->to.addr != addr || slot->token != token || slot->to.how != how || !from.node) {
		slot->to = look_up_step(t, p ? p->maps : NULL, from, addr, how);
		slot->from = from.node;
		slot->token = token;
	}
	return slot->to;
}

static uint32_t stack_walk(struct track *t, const struct track_process *p, const uint64_t *addrs, size_t count,
			   size_t kernel_count, bool exact)
{
	struct track_walk *walk = t->walk;
	struct track_step at = { 0 };
	uint64_t token = p ? p->token : 0;
	size_t known = walk->token == token ? walk->count : 0;

	walk->token = token;
	walk->count = count < TRACK_WALK_MAX ? count : TRACK_WALK_MAX;
	for (size_t k = 0; k < count; k++) {
		size_t i = count - 1 - k;
		bool is_exact = i == 0 ? exact : i == kernel_count;
		uint8_t how = (uint8_t)((i < kernel_count) << 1 | is_exact);

		if (k < known && walk->steps[k].addr == addrs[i] && walk->steps[k].how == how) {
			at = walk->steps[k];
			continue;
		}
		known = 0;
		at = step_in(t, p, at, addrs[i], how);
		if (k < TRACK_WALK_MAX)
			walk->steps[k] = at;
	}
	return at.node;
}

uint32_t track_stack(struct track *t, pid_t pid, const uint64_t *addrs, size_t count,
		     size_t kernel_count, bool exact)
{
	if (count == 0)
		return 0;

	bool only_kernel = kernel_count >= count;
	const struct track_process *p = only_kernel ? NULL : track_borrow_process(t, pid, 0);
	struct stack_hash h = stack_hash(p ? p->token : 0, addrs, count, kernel_count, exact);
	struct track_stack_slot *slot = &t->slots[h.a % TRACK_STACK_SLOTS];

	if (slot->hash[0] == h.a && slot->hash[1] == h.b && slot->stack)
		return slot->stack;

	uint32_t stack = stack_walk(t, p, addrs, count, kernel_count, exact);

	*slot = (struct track_stack_slot){ .hash = { h.a, h.b }, .stack = stack };
	return stack;
}

void track_stacks_init(struct track *t)
{
	map_init(&t->stacks);
	t->slots = mem_calloc(TRACK_STACK_SLOTS, sizeof(*t->slots));
	t->walk = mem_calloc(1, sizeof(*t->walk));
}

void track_stacks_deinit(struct track *t)
{
	map_deinit(&t->stacks);
	free(t->slots);
	free(t->walk);
}
