/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_BPF_LEARN_H
#define SONDE_CAPTURE_BPF_LEARN_H
/*
 * System calls that are newer than our tables, as the running kernel describes them.  It names them, and their
 * arguments, in tracefs; their numbers show when they are made.  So the first call of a number that isn't known
 * stays a number, and the next one has a name.
 */
#include "base/err.h"
#include "syscall/learned.h"

struct bpf_learn;

/* HIDDEN: a known call that is to be learned all the same (tests); NULL: none. */
struct err *bpf_learn_create(const char *hidden, struct bpf_learn **ret);
void bpf_learn_destroy(struct bpf_learn *l); /* NULL-safe */
/* NULL: not known yet, or no call of this kernel's. */
const struct syscall_entry *bpf_learn_find(struct bpf_learn *l, uint32_t number);

#endif
