/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_TESTS_HELPER_ROWS_H
#define SONDE_TESTS_HELPER_ROWS_H
/*
 * Rows as a real machine makes them, for tests and benchmarks: sample times that jitter around a
 * timer's period, stacks of which few are hot, system calls whose arguments are descriptors,
 * addresses of reused buffers and sizes.
 */
#include "event/types.h"

#include <stddef.h>
#include <stdint.h>

struct recorder;

struct rows {
	uint64_t seed, time_ns, number;
	uint32_t stacks; /* how many different ones */
};
void rows_init(struct rows *r, uint64_t seed, uint64_t start_ns, uint32_t stacks);
/* The next row; PERIOD_NS apart, more or less. */
void rows_sample(struct rows *r, uint64_t period_ns, struct row_sample *row);
void rows_syscall(struct rows *r, uint64_t period_ns, struct row_syscall *row);
/* Threads, modules, frames and stacks that those refer to. */
enum { ROWS_THREADS = 12 };
void rows_side(struct recorder *recorder, uint32_t stacks);

#endif
