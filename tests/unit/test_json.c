/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* base/json.h: what comes out is JSON, whatever goes in. */
#include "base/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_document(void **state)
{
	struct str text = { 0 };
	struct json j;

	json_init_str(&j, &text, 0);
	json_begin_object(&j);
	json_key(&j, "a"), json_u64(&j, UINT64_MAX);
	json_key(&j, "b"), json_begin_array(&j);
	json_i64(&j, INT64_MIN), json_f64(&j, 0.1), json_f64(&j, NAN), json_bool(&j, true);
	json_begin_object(&j), json_end(&j);
	json_end(&j);
	json_key(&j, "c"), json_str(&j, NULL);
	json_end(&j);
	assert_string_equal(str_text(&text),
			    "{\"a\":18446744073709551615,\"b\":[-9223372036854775808,"
			    "0.1,null,true,{}],\"c\":null}");
	str_deinit(&text);
}

static void test_indent(void **state)
{
	struct str text = { 0 };
	struct json j;

	json_init_str(&j, &text, 2);
	json_begin_object(&j);
	json_key(&j, "a"), json_begin_array(&j), json_u64(&j, 1), json_u64(&j, 2), json_end(&j);
	json_key(&j, "b"), json_begin_array(&j), json_end(&j);
	json_end(&j);
	assert_string_equal(str_text(&text),
			    "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": []\n}\n");
	str_deinit(&text);
}

static void test_strings(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "plain", "\"plain\"" },
		{ "q\"b\\n\n\t\x01\x7f", "\"q\\\"b\\\\n\\n\\t\\u0001\\u007f\"" },
		{ "\v", "\"\\u000b\"" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
		  "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "\xff|\xc0\x80|\xed\xa0\x80|\xe2\x82", "\"\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd|"
							 "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|"
							 "\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "", "\"\"" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct str text = { 0 };
		struct json j;

		json_init_str(&j, &text, 0);
		json_str(&j, cases[i].in);
		assert_string_equal(str_text(&text), cases[i].out);
		str_deinit(&text);
	}
}

static void test_floats(void **state)
{
	static const double values[] = { 0,	 1, -1.5, 0.1, 1e300, 5e-324, 123456789.123456789,
					 1.0 / 3 };

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		struct str text = { 0 };
		struct json j;

		json_init_str(&j, &text, 0);
		json_f64(&j, values[i]);
		assert_true(strtod(str_text(&text), NULL) == values[i]);
		str_deinit(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_indent),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_floats),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
