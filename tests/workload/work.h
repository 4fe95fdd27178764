/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WORK_H
#define WORK_H
/* Work whose amount is known: rounds of a loop that no compiler can shorten.  It is
 * inlined, so that the time belongs to the function that the workload names. */
#include <stdint.h>
#include <time.h>

#ifdef __clang__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE __attribute__((noinline, noclone))
#endif

static volatile uint64_t work_sink;

static inline __attribute__((always_inline)) void work(uint64_t rounds)
{
	uint64_t x = rounds | 1;

	/* gcc leaves out the frame pointer of a function that calls nobody, whatever its
	 * options say, and the caller would be missing from stacks.  Not if it is looked at. */
	__asm__ volatile("" : : "r"(__builtin_frame_address(0)));

	for (uint64_t i = 0; i < rounds; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		__asm__ volatile("" : "+r"(x));
	}
	work_sink = x;
}

static inline uint64_t work_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

#endif
