/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Aggregated stacks, and the texts they are read from and written as. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "convert/folded.h"
#include "convert/text.h"
#include "record/stacks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct text_options plain;

static struct err *read_text(struct stacks *s, const char *format, const char *text, size_t length,
			     const struct text_options *options)
{
	struct text_input in;

	stacks_init(s);
	text_input_init_memory(&in, text, length);

	struct err *err = text_read_input(&in, format, options, s, NULL);

	text_input_deinit(&in);
	stacks_finish(s);
	return err;
}

/* What TEXT in FORMAT folds to has to be EXPECTED. */
static void check_folded(const char *format, const char *text, const struct text_options *options,
			 const char *expected)
{
	struct stacks s;
	struct err *err = read_text(&s, format, text, strlen(text), options);
	char *got = NULL;
	size_t size;

	if (err)
		fail_msg("%s", err_message(err));

	FILE *out = open_memstream(&got, &size);

	assert_null(folded_write(&s, out));
	fclose(out);
	assert_string_equal(got, expected);
	free(got);
	stacks_deinit(&s);
}

static void check_error(const char *format, const char *text, const char *message)
{
	struct stacks s;
	struct err *err = read_text(&s, format, text, strlen(text), &plain);

	assert_non_null(err);
	if (!strstr(err_message(err), message))
		fail_msg("\"%s\" is not in \"%s\"", message, err_message(err));
	err_destroy(err);
	stacks_deinit(&s);
}

/* Lines come in the byte order of whole stacks, also where names begin alike. */
static void test_order(void **state)
{
	(void)state;
	check_folded("folded", "b 1\na;x 2\na 3\na b;y 4\na b 5\na-;z 6\na; 7\n", &plain,
		     "a 3\na b 5\na b;y 4\na-;z 6\na; 7\na;x 2\nb 1\n");
	check_folded("folded", "a;b 0\n", &plain, "a;b 0\n");
	check_folded("folded", "", &plain, "");
}

static void test_folded_lines(void **state)
{
	(void)state;
	log_set_level(LOG_QUIET);
	check_folded("folded", "# x\n\na;b 1.7\r\n a;b 2 \nno count\n;\n 12\na x;c 3\n", &plain,
		     "a x;c 3\na;b 3\n");
	check_folded("folded", "a;b 3 5\nc 1 0\n", &plain, "a;b 3 5\nc 1 0\n");
	check_folded("folded", "f;0x12ab;g 1\nf;0x34;g 1\n",
		     &(struct text_options){ .strip_hex = true }, "f;0x...;g 2\n");
	check_folded("folded", "a 18446744073709551615\nb 99999999999999999999999\n", &plain,
		     "a 18446744073709551615\n");
}

static void test_perf_script(void **state)
{
	static const char text[] = "# comment\n"
				   "V8 Worker  10/11 [000] 12.5:     7 cycles:u:\n"
				   "\t  7f01 foo(int, char)+0x1c (/usr/lib/my lib.so (deleted))\n"
				   "\t  7f02 [unknown] (/opt/app)\n"
				   "\t  7f03 inl (inlined)\n"
				   "\t  7f04 a;b->c (/tmp/perf-12.map)\n"
				   "\t  ffffffff8103ce3b do_idle ([kernel.kallsyms])\n\n"
				   "V8 Worker  10/11 [000] 12.5:     9 faults:\n\t 1 x (y)\n\n"
				   "swapper 0 [001] 12.6: cycles:u:\n\n"
				   "one 5 12.7:  3 cycles:u:  7f01 leaf (/bin/x)\n"
				   "junk\n";

	(void)state;
	log_set_level(LOG_QUIET);
	check_folded(NULL, text, &plain,
		     "V8_Worker;do_idle;a:b;c_[i];inl;[app];foo 7\none;leaf 3\nswapper 1\n");
	check_folded(NULL, text, &(struct text_options){ .kernel = true, .jit = true, .tid = true },
		     "V8_Worker-10/11;do_idle_[k];a:b_[j];c_[i];inl;[app];foo 7\none-?/5;leaf 3\n"
		     "swapper-?/0 1\n");
	check_folded(NULL, text, &(struct text_options){ .event = "faults" }, "V8_Worker;x 9\n");
	check_folded(NULL, text, &(struct text_options){ .like = NAMES_INFERNO, .addrs = true },
		     "V8_Worker;do_idle;a:b;c_[i];inl;[app <7f02>];foo 7\none;leaf 3\n");
}

static void test_formats(void **state)
{
	(void)state;
	log_set_level(LOG_QUIET);
	check_folded(NULL, "CPU ID\n\n  unix`leaf+0x1\n  unix`root+0x2\n    4\n", &plain,
		     "unix`root;unix`leaf 4\n");
	check_folded(NULL,
		     "Call graph:\n    10 Thread_1\n    + 6 main  (in rg) + 41  [0x1]\n"
		     "    + 4 work  (in libx.dylib)\nTotal number in stack\n",
		     &plain, "Thread_1;libx`work 4\nThread_1;rg`main 6\n");
	check_folded(NULL,
		     "Function Stack,CPU Time:Self,Module\nTotal,0.0,[Unknown]\n "
		     "\"f<a,b>\",0.0154,x.dll\n",
		     &plain, "[Unknown]`Total;x.dll`f<a,b> 15\n");
	check_error("sample", "Call graph:\n    x\n", "Unable to parse stack line");
	check_error("vtune", "Function Stack,CPU Time:Self,Module\n   deep,1,m\n",
		    "Skipped indentation");
	check_error("vsprof", "nothing\n", "header line");
	check_error("xctrace",
		    "<?xml version=\"1.0\"?><trace-query-result><row><backtrace ref=\"4\"/>",
		    "Invalid backtrace ref");
	check_error(NULL, "just\nsome\nprose\n", "not a text of stacks");
	check_error("nonsense", "", "no stack text format");
}

static void test_sums(void **state)
{
	struct stacks s, reversed, folded;
	struct stacks_sums sums;
	uint64_t self[8] = { 0 }, total[8] = { 0 };

	(void)state;
	assert_null(read_text(&s, "folded", "main;f;f;g 4\nmain;f 1\nmain;g;f 2\n", 33, &plain));
	sums = (struct stacks_sums){ .self = self, .total = total };
	stacks_sum(&s, NULL, s.symbols.n, &sums);
	/* symbols in order of appearance: main f g; recursion counts once */
	assert_int_equal(total[0], 7);
	assert_int_equal(total[1], 7);
	assert_int_equal(self[1], 3);
	assert_int_equal(total[2], 6);
	assert_int_equal(self[2], 4);

	stacks_init(&reversed);
	stacks_reverse(&s, &reversed);
	stacks_finish(&reversed);
	assert_int_equal(reversed.nodes.v[0].total, 7);
	assert_string_equal(reversed.symbols.v[reversed.nodes.v[reversed.order[0]].symbol].name,
			    "f");

	stacks_init(&folded);
	stacks_fold_recursion(&s, &folded);
	stacks_finish(&folded);
	assert_int_equal(folded.nodes.n, s.nodes.n - 1); /* main;f;f;g meets nothing, one f less */
	stacks_deinit(&s);
	stacks_deinit(&reversed);
	stacks_deinit(&folded);
}

static void test_diff(void **state)
{
	struct stacks before, after;
	char *got = NULL;
	size_t size;

	(void)state;
	assert_null(read_text(&before, "folded", "a;b 10\na;old 30\n", 16, &plain));
	assert_null(read_text(&after, "folded", "a;b 15\na;new 5\n", 15, &plain));
	assert_true(stacks_diff(&after, &before, true) == 0.5);
	stacks_finish(&after);

	FILE *out = open_memstream(&got, &size);

	assert_null(folded_write(&after, out));
	fclose(out);
	assert_string_equal(got, "a;b 5 15\na;new 0 5\na;old 15 0\n");
	free(got);
	stacks_deinit(&before);
	stacks_deinit(&after);
}

/* A line of 100,000 frames is cut, and nothing recurses on it. */
static void test_deep(void **state)
{
	struct str text = { 0 };
	struct stacks s, reversed;

	(void)state;
	for (int i = 0; i < 100000; i++)
		str_add(&text, "f;g;");
	str_add(&text, "end 1\n");
	assert_null(read_text(&s, "folded", text.text, text.length, &plain));
	assert_int_equal(s.cut, 1);
	assert_int_equal(s.nodes.n, STACKS_DEPTH_MAX + 1);
	stacks_init(&reversed);
	stacks_reverse(&s, &reversed);
	stacks_finish(&reversed);
	assert_int_equal(reversed.nodes.v[0].total, 1);
	stacks_deinit(&s);
	stacks_deinit(&reversed);
	str_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),	    cmocka_unit_test(test_folded_lines),
		cmocka_unit_test(test_perf_script), cmocka_unit_test(test_formats),
		cmocka_unit_test(test_sums),	    cmocka_unit_test(test_diff),
		cmocka_unit_test(test_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
