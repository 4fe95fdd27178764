/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_BPF_STACKS_H
#define SONDE_CAPTURE_BPF_STACKS_H
/*
 * Stacks that bpf/unwind.bpf.h sent, by their hash, for any program that includes it.
 *
 *	stacks = bpf_stacks_create(&skel->bss->unwind_epoch);
 *	... a record of kind UNWIND_RECORD_STACK:  bpf_stacks_keep(stacks, record, size_bytes);
 *	... a record of the program's own:         stack = bpf_stacks_find(stacks, its hash);
 *
 * A stack's record comes before the first one that names it, in the order of bpf_rings_next().
 */
#include "event/bpf_unwind.h"

#include <stddef.h>
#include <stdint.h>

struct bpf_stacks;

struct bpf_stack {
	uint32_t count, kernel_count; /* kernel addresses first */
	uint64_t addrs[];
};

/* EPOCH: the program's unwind_epoch, as it is mapped. */
struct bpf_stacks *bpf_stacks_create(unsigned long long *epoch);
void bpf_stacks_destroy(struct bpf_stacks *s); /* NULL-safe */
/* A record that is no stack, or a damaged one, is left alone. */
void bpf_stacks_keep(struct bpf_stacks *s, const struct bpf_stack_record *r, uint32_t size_bytes);
/* One that was unwound here. */
void bpf_stacks_put(struct bpf_stacks *s, uint64_t hash, const uint64_t *addrs, size_t count, size_t kernel_count);
/* NULL: none.  Valid until the next bpf_stacks_keep(). */
const struct bpf_stack *bpf_stacks_find(const struct bpf_stacks *s, uint64_t hash);
/* Different ones that were sent. */
uint64_t bpf_stacks_count(const struct bpf_stacks *s);

#endif
