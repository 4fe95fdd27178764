/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_VIEW_SIGNIFICANCE_H
#define SONDE_VIEW_SIGNIFICANCE_H
/*
 * Is one count of samples larger than another by more than chance?
 *
 * Samples are counts: of N that were taken in a function, another run of the very same
 * program would have had N +- sqrt(N).  And two runs differ by more than that: memory lies
 * elsewhere, the clock is another, neighbours use the caches.  NOISE is how much, as the
 * relative standard deviation of one run.
 */
#include <stddef.h>

struct significance_counts {
	double before, after; /* samples */
	double expected;      /* what after / before would be if nothing had changed; > 0 */
	double noise;	      /* 0.02: 2 % from run to run */
	/* `expected` was itself found by counting so many; 0: it is known */
	double expected_before, expected_after;
};

/* The probability that chance makes a difference at least this large (two-sided): for few
 * samples exactly, by the binomial distribution of `after` given the sum; else by the
 * normal one of the ratio's logarithm; the larger of both where both can be had. */
double significance_p(const struct significance_counts *c);

/* The same when COUNT questions are asked at once, of which some are bound to look like an
 * answer (Holm's method).  ORDER: indices of P by size, made by the caller's sort. */
void significance_adjust(double *p, const size_t *order, size_t count);

#endif
