/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Probabilities that can be worked out by hand, and what they must do. */
#include "view/significance.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static double p_of(double before, double after, double expected, double noise)
{
	return significance_p(&(struct significance_counts){ before, after, expected, noise });
}

/* 0 and 10: two tails of 2^-10.  The normal one is larger for so few, and counts. */
static void test_exact(void **state)
{
	assert_true(p_of(0, 10, 1, 0) >= 2.0 / 1024);
	assert_float_equal(p_of(0, 0, 1, 0), 1, 1e-9);
	assert_float_equal(p_of(5, 5, 1, 0), 1, 1e-6);
	/* 1 of 3, each with 1/2: (1 + 3) / 8 twice */
	assert_float_equal(p_of(2, 1, 1, 0), 1, 1e-6);
}

/* 10,000 and 10,300: z = ln(1.03) / sqrt(1/10000 + 1/10300) = 2.106, p = 0.0352. */
static void test_normal(void **state)
{
	assert_float_equal(p_of(10000, 10300, 1, 0), 0.0352, 0.0005);
	/* twice as many are no difference when twice as many are expected */
	assert_float_equal(p_of(5000, 10000, 2, 0), 1, 0.01);
	assert_true(p_of(5000, 10000, 1, 0) < 1e-100);
}

/* Between runs more differs than chance tells. */
static void test_noise(void **state)
{
	assert_true(p_of(100000, 103000, 1, 0) < 1e-6);
	assert_true(p_of(100000, 103000, 1, 0.02) > 0.2);
	assert_true(p_of(2000, 2400, 1, 0.02) < 1e-4);
}

/* Many pairs with the same mean: not more than the level of them look different. */
static void test_level(void **state)
{
	uint64_t seed = 42;
	unsigned wrong = 0, pairs = 4000;

	for (unsigned i = 0; i < pairs; i++) {
		double counts[2] = { 0, 0 };

		for (unsigned side = 0; side < 2; side++)
			for (unsigned k = 0; k < 400; k++) {
				seed = seed * 6364136223846793005u + 1442695040888963407u;
				counts[side] += (seed >> 33) % 10 == 0;
			}
		wrong += p_of(counts[0], counts[1], 1, 0) < 0.01;
	}
	assert_true(wrong <= pairs / 80); /* 1.25 % */
}

static double uniform(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return ((double)(*seed >> 11) + 0.5) / 9007199254740992.0;
}

/* Samples of one run: MEAN of them, give or take NOISE (relative) for the run and sqrt(MEAN) for chance. */
static double run_of(double mean, double noise, uint64_t *seed)
{
	double a = sqrt(-2 * log(uniform(seed))), b = 6.283185307179586 * uniform(seed);
	double rate = mean * (1 + noise * a * cos(b));

	return round(rate + sqrt(rate) * a * sin(b));
}

/* Runs that differ by 2 % on their own: no more alarms than promised, and 20 % more is found although twenty
 * functions are asked, given 2,000 samples. */
static void test_power(void **state)
{
	uint64_t seed = 7;
	unsigned alarms = 0, found = 0, runs = 4000;

	for (unsigned i = 0; i < runs; i++) {
		double before = run_of(2000, 0.02, &seed);

		alarms += p_of(before, run_of(2000, 0.02, &seed), 1, 0.02) < 0.01;
		found += p_of(before, run_of(2400, 0.02, &seed), 1, 0.02) < 0.01 / 20;
	}
	assert_true(alarms <= runs / 80); /* 1.25 % */
	assert_true(found >= runs * 8 / 10);
}

static void test_adjust(void **state)
{
	double p[] = { 0.04, 0.001, 0.03, 0.5 };
	const size_t order[] = { 1, 2, 0, 3 };

	significance_adjust(p, order, 4);
	assert_float_equal(p[1], 0.004, 1e-9);
	assert_float_equal(p[2], 0.09, 1e-9);
	assert_float_equal(p[0], 0.09, 1e-9); /* never less than the one before */
	assert_float_equal(p[3], 0.5, 1e-9);
	significance_adjust(p, order, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact), cmocka_unit_test(test_normal), cmocka_unit_test(test_noise),
		cmocka_unit_test(test_level), cmocka_unit_test(test_power),
		cmocka_unit_test(test_adjust),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
