/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Given the sum n of two Poisson counts, the second is binomial (n, q) with q its expected
 * part: that is exact, but knows no noise.  The logarithm of the ratio of two counts is
 * nearly normal with variance 1/a + 1/b, to which the noise of both runs adds.
 */
#include "view/significance.h"

#include <math.h>
#include <stdbool.h>

enum { EXACT_MAX = 400 }; /* samples; beyond, the normal one is as good */

/* P(X >= k) and P(X <= k), X binomial (n, q). */
static void tails(unsigned n, unsigned k, double q, double *above, double *below)
{
	double term = lgamma(n + 1.0);

	*above = *below = 0;
	for (unsigned i = 0; i <= n; i++) {
		double p = exp(term - lgamma(i + 1.0) - lgamma(n - i + 1.0) + i * log(q) +
			       (n - i) * log1p(-q));

		*above += i >= k ? p : 0;
		*below += i <= k ? p : 0;
	}
}

static double exact_p(const struct significance_counts *c)
{
	unsigned a = (unsigned)lrint(c->before), b = (unsigned)lrint(c->after);
	double above, below, p;

	if (a + b == 0)
		return 1;
	tails(a + b, b, c->expected / (1 + c->expected), &above, &below);
	p = 2 * (above < below ? above : below);
	return p > 1 ? 1 : p;
}

double significance_p(const struct significance_counts *c)
{
	double a = c->before + 0.5, b = c->after + 0.5;
	double variance = 1 / a + 1 / b + 2 * c->noise * c->noise;
	bool is_counted = c->expected_before > 0 && c->expected_after > 0;

	if (is_counted)
		variance += 1 / c->expected_before + 1 / c->expected_after;

	double z = (log(b / a) - log(c->expected)) / sqrt(variance);
	double normal = erfc(fabs(z) / sqrt(2)), exact = 0;

	if (c->before + c->after <= EXACT_MAX && !is_counted)
		exact = exact_p(c);
	return normal > exact ? normal : exact;
}

void significance_adjust(double *p, const size_t *order, size_t count)
{
	double most = 0;

	for (size_t i = 0; i < count; i++) {
		double adjusted = p[order[i]] * (double)(count - i);

		adjusted = adjusted > 1 ? 1 : adjusted;
		most = adjusted > most ? adjusted : most;
		p[order[i]] = most;
	}
}
