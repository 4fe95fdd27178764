/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_CLOCK_H
#define SONDE_BASE_CLOCK_H
/* The clock that recordings count by. */
#include <stdint.h>
#include <time.h>

/* CLOCK_MONOTONIC, ns. */
static inline uint64_t clock_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

#endif
