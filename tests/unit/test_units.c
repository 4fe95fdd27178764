/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* base/units: what people read.  One row a case. */
#include "base/units.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

struct row {
	double value;
	const char *text;
};

static void check(struct units (*format)(double), const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_string_equal(format(rows[i].value).text, rows[i].text);
}
#define CHECK(format, ...)                                                                         \
	do {                                                                                       \
		static const struct row rows[] = { __VA_ARGS__ };                                  \
		check(format, rows, sizeof(rows) / sizeof(*rows));                                 \
	} while (0)

static void test_counts(void **state)
{
	assert_string_equal(units_count(0).text, "0");
	assert_string_equal(units_count(999).text, "999");
	assert_string_equal(units_count(1000).text, "1,000");
	assert_string_equal(units_count(118204).text, "118,204");
	assert_string_equal(units_count(UINT64_MAX).text, "18,446,744,073,709,551,615");
	assert_string_equal(units_count_signed(-118204).text, "-118,204");
	assert_string_equal(units_count_signed(-999).text, "-999");
	assert_string_equal(units_count_signed(INT64_MIN).text, "-9,223,372,036,854,775,808");
	assert_string_equal(units_addr(0x7f12ab).text, "0x7f12ab");
}

static void test_durations(void **state)
{
	CHECK(units_duration_ns, { 0, "0 s" }, { 1, "1 ns" }, { 812, "812 ns" }, { 1000, "1.0 us" },
	      { 12440, "12.4 us" }, { 999960, "1.0 ms" }, { 999.7, "1.0 us" }, { 1.94e6, "1.9 ms" },
	      { 12.4e6, "12.4 ms" }, { 124.4e6, "124 ms" }, { 99.96e6, "100 ms" },
	      { 41.8e9, "41.8 s" }, { 63e9, "63.0 s" }, { 100e9, "100 s" }, { 120e9, "2 min" },
	      { 125.4e9, "2 min 5 s" }, { 3599.6e9, "1 h" }, { 3600e9, "1 h" },
	      { 11400e9, "3 h 10 min" }, { 353000e9, "4 d 2 h" }, { -12.4e6, "-12.4 ms" },
	      { NAN, "-" });
}

static void test_sizes(void **state)
{
	CHECK(units_bytes, { 0, "0 B" }, { 812, "812 B" }, { 1023, "1023 B" }, { 1024, "1.0 KiB" },
	      { 1023.97 * 1024, "1.0 MiB" }, { 3.14 * 1048576, "3.1 MiB" },
	      { 340.0 * 1048576, "340 MiB" }, { 1.5 * 1099511627776.0, "1.5 TiB" },
	      { -2048, "-2.0 KiB" });
	CHECK(units_hz, { 99, "99 Hz" }, { 3999, "4.0 kHz" }, { 2.4e9, "2.4 GHz" });
}

static void test_ratios(void **state)
{
	CHECK(units_ratio, { 0, "0 %" }, { 0.44, "44 %" }, { 0.044, "4.4 %" }, { 0.0001, "<0.1 %" },
	      { 0.0996, "10 %" }, { 1, "100 %" }, { 12.5, "1250 %" }, { -0.032, "-3.2 %" });
	CHECK(units_ratio_fixed, { 0, "0.0 %" }, { 0.44, "44.0 %" }, { -0.00001, "0.0 %" },
	      { -0.032, "-3.2 %" }, { 0.12345, "12.3 %" });
}

static void test_others(void **state)
{
	CHECK(units_number, { 0, "0" }, { 0.12345, "0.1235" }, { 3, "3" }, { 12.3456, "12.35" },
	      { 12345.6, "12,346" }, { -12345.6, "-12,346" }, { 1e20, "1e+20" }, { 1e-7, "1e-07" });
	assert_string_equal(units_time_ns(12345678901).text, "12.345678 s");
	assert_string_equal(units_time_ns(-123456).text, "-0.000123 s");
	assert_string_equal(units_time_ns(INT64_MIN).text, "-9223372036.854775 s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts), cmocka_unit_test(test_durations),
		cmocka_unit_test(test_sizes),  cmocka_unit_test(test_ratios),
		cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
