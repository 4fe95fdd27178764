/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stack is sent once, as addresses under a hash, and whatever has it names the hash.  Stacks are kept
 * here until they take STACKS_BYTES_MAX; then the program is told to forget (its epoch is
 * counted up), so that it sends each again, and what is in the rings already is still found in
 * the generation before.
 */
#include "capture/bpf/stacks.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { STACKS_BYTES_MAX = 16 << 20 };

struct generation {
	struct arena arena;
	struct map stacks; /* hash -> struct bpf_stack * */
	size_t bytes;
};

struct bpf_stacks {
	unsigned long long *epoch; /* __u64 */
	struct generation now, before;
	uint64_t count;
};

static void generation_init(struct generation *g)
{
	*g = (struct generation){ 0 };
	arena_init(&g->arena);
	map_init(&g->stacks);
}

static void generation_deinit(struct generation *g)
{
	map_deinit(&g->stacks);
	arena_deinit(&g->arena);
}

struct bpf_stacks *bpf_stacks_create(unsigned long long *epoch)
{
	struct bpf_stacks *s = mem_calloc(1, sizeof(*s));

	s->epoch = epoch;
	generation_init(&s->now);
	generation_init(&s->before);
	return s;
}

void bpf_stacks_destroy(struct bpf_stacks *s)
{
	if (!s)
		return;
	generation_deinit(&s->now);
	generation_deinit(&s->before);
	free(s);
}

static void begin_generation(struct bpf_stacks *s)
{
	generation_deinit(&s->before);
	s->before = s->now;
	generation_init(&s->now);
	__atomic_fetch_add(s->epoch, 1, __ATOMIC_SEQ_CST);
}

void bpf_stacks_put(struct bpf_stacks *s, uint64_t hash, const uint64_t *addrs, size_t count, size_t kernel_count)
{
	if (s->now.bytes > STACKS_BYTES_MAX)
		begin_generation(s);

	struct bpf_stack *stack = arena_alloc(&s->now.arena, sizeof(*stack) + count * sizeof(*addrs));

	stack->count = (uint32_t)count;
	stack->kernel_count = (uint32_t)kernel_count;
	if (count)
		memcpy(stack->addrs, addrs, count * sizeof(*addrs));
	*map_get(&s->now.stacks, hash, NULL) = (uintptr_t)stack;
	s->now.bytes += sizeof(*stack) + count * sizeof(*addrs);
	s->count++;
}

void bpf_stacks_keep(struct bpf_stacks *s, const struct bpf_stack_record *r, uint32_t size_bytes)
{
	if (size_bytes < sizeof(*r) || size_bytes - sizeof(*r) < (size_t)r->count * 8 || r->count == 0 ||
	    r->kernel_count > r->count)
		return;

	/* newer kernels hand out perf's call chain as it is, with a marker in front */
	bool marked = r->kernel_count && r->addrs[0] >= PERF_CONTEXT_MAX;

	bpf_stacks_put(s, r->hash, r->addrs + marked, (size_t)r->count - marked, (size_t)r->kernel_count - marked);
}

const struct bpf_stack *bpf_stacks_find(const struct bpf_stacks *s, uint64_t hash)
{
	uint64_t *slot = hash ? map_find(&s->now.stacks, hash) : NULL;

	if (!slot && hash)
		slot = map_find(&s->before.stacks, hash);
	return slot ? (const struct bpf_stack *)(uintptr_t)*slot : NULL;
}

uint64_t bpf_stacks_count(const struct bpf_stacks *s) { return s->count; }
