/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SQL over a recording gives the same whatever plan the virtual tables choose. */
#include "base/mem.h"
#include "base/str.h"
#include "record/recorder.h"
#include "record/recording.h"
#include "record/segment.h"
#include "record/sql.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../helper/own_dir.h"

enum { ROWS = 150000 };
static char directory[] = "/tmp/sonde-test-XXXXXX";
static struct recording *recording;
static struct sql *sql;

/* --- results as text: "a|b\n" a row ------------------------------------------------------- */

static struct err *take_columns(void *user, const char *const *names, int count) { return NULL; }

static struct err *take_row(void *user, const struct sql_value *v, int count)
{
	for (int i = 0; i < count; i++) {
		if (i)
			str_add_char(user, '|');
		if (v[i].kind == SQL_INTEGER)
			str_printf(user, "%" PRId64, v[i].integer);
		else if (v[i].kind == SQL_REAL)
			str_printf(user, "%.3f", v[i].real);
		else
			str_add(user, v[i].kind == SQL_TEXT ? v[i].text : "NULL");
	}
	str_add_char(user, '\n');
	return NULL;
}

static void expect(const char *query, const char *expected)
{
	struct str text = { 0 };
	struct sql_sink sink = { take_columns, take_row, &text };
	struct err *err = sql_query(sql, query, &sink);

	if (err)
		fail_msg("%s: %s", query, err_message(err));
	if (strcmp(str_text(&text), expected) != 0)
		fail_msg("%s\ngives\n%s\nnot\n%s", query, str_text(&text), expected);
	str_deinit(&text);
}

/* Two statements that have to give the same: the second hides its columns from the planner. */
static void expect_same(const char *one, const char *two)
{
	struct str text = { 0 };
	struct sql_sink sink = { take_columns, take_row, &text };

	assert_null(sql_query(sql, two, &sink));
	assert_true(text.length > 0);
	expect(one, str_text(&text));
	str_deinit(&text);
}

static void expect_error(const char *query, const char *message, const char *advice)
{
	struct str text = { 0 };
	struct sql_sink sink = { take_columns, take_row, &text };
	struct err *err = sql_query(sql, query, &sink);

	assert_true(err_is(err, ERR_USAGE));
	if (strstr(err_message(err), message) == NULL || strstr(err_advice(err), advice) == NULL)
		fail_msg("%s: %s (%s)", query, err_message(err), err_advice(err));
	err_destroy(err);
	str_deinit(&text);
}

/* --- the recording ------------------------------------------------------------------------- */

static void put_side(struct recorder *r)
{
	static const char *const functions[] = { "main", "outer_call", "inlined_call", "" };

	for (uint32_t id = 1; id <= 5; id++) {
		char comm[16];
		int n = snprintf(comm, sizeof(comm), "comm%u", id);
		struct row_thread row = { .id = id,
					  .tid = id + 100,
					  .pid = 100,
					  .comm = recorder_string(r, comm, (size_t)n) };

		recorder_side(r, TYPE_thread, &row);
	}
	for (uint32_t id = 1; id <= 4; id++) {
		struct row_frame row = {
			.id = id, .offset = id * 16, .inlined = id == 3, .outer = id == 3 ? 2 : 0
		};

		row.function = recorder_string(r, functions[id - 1], strlen(functions[id - 1]));
		row.module_path = recorder_string(r, "/bin/x", 6);
		recorder_side(r, TYPE_frame, &row);
	}
	for (uint32_t id = 1; id <= 3;
	     id++) { /* main; main > outer > inlined; main > outer > inlined > x+0x40 */
		struct row_stack row = {
			.id = id, .parent = id - 1, .frame = id == 1 ? 1 : id + 1, .depth = id
		};

		recorder_side(r, TYPE_stack, &row);
	}
	struct row_stack circle = { .id = 4, .parent = 4, .frame = 1, .depth = 1 };

	recorder_side(r, TYPE_stack, &circle);
	struct row_event event = { .id = 1, .name = recorder_string(r, "cycles", 6) };

	recorder_side(r, TYPE_event, &event);
}

static int set_up(void **state)
{
	struct recorder_options o = { .path = "x.sonde", .compactor = &parquet_compactor };
	struct recorder *r;

	if (own_dir_enter(directory) != 0 || recorder_create(&o, &r) != NULL)
		return 1;
	struct recorder_stream *s = recorder_stream_create(r);

	put_side(r);
	for (uint64_t i = 0; i < ROWS; i++) {
		struct row_sample row = { .time_ns = 1000 + i,
					  .period = i % 2 ? UINT64_MAX : i,
					  .thread = 1 + (uint32_t)(i * 7 % 5),
					  .stack = (uint32_t)(i % 4),
					  .cpu = (uint16_t)(i / 50000),
					  .event = 1 };

		recorder_row(s, TYPE_sample, &row);
	}
	recorder_lost(s, "cpu", "ring full", 0, 5, 12);
	recorder_stream_destroy(s);
	if (recorder_finish(r, NULL) != NULL)
		return 1;
	recorder_destroy(r);
	return recording_open("x.sonde", &recording) != NULL || sql_open(recording, &sql) != NULL;
}

static int tear_down(void **state)
{
	sql_destroy(sql);
	recording_destroy(recording);
	return own_dir_leave(directory);
}

/* --- tests -------------------------------------------------------------------------------------
 */

static void test_basics(void **state)
{
	expect("select count(*), min(time_ns), max(time_ns) from sample", "150000|1000|150999\n");
	expect("select count(*) from syscall", "0\n");
	expect("select source, reason, count from lost", "cpu|ring full|12\n");
	expect("select 1; select 2 -- comment\n; ;", "1\n2\n");
	expect("select addr(max(period)), addr(min(period)) from sample",
	       "0x249ee|0xffffffffffffffff\n");
	expect("select count(*) from sample where period < 0", "75000\n");
	expect("select addr(null), seconds(null), wall_time(null), stack_text(null), "
	       "stack_text(99)",
	       "NULL|NULL|NULL|NULL|NULL\n");
}

static void test_conditions(void **state)
{
	expect("select count(*) from sample where time_ns >= 101000", "50000\n");
	expect("select count(*) from sample where time_ns > 1000 and time_ns <= 1005", "5\n");
	expect("select count(*) from sample where time_ns = 70000", "1\n");
	expect("select count(*) from sample where time_ns = 70000.0", "1\n");
	expect("select count(*) from sample where time_ns = '70000'", "1\n");
	expect("select count(*) from sample where time_ns < 1000.5", "1\n");
	expect("select count(*) from sample where time_ns = 1", "0\n");
	expect("select count(*) from sample where cpu = 1 and thread = 3 and time_ns < 60000",
	       "1800\n");
	expect("select count(*) from sample where cpu between 1 and 2", "100000\n");
	expect("select count(*) from sample where cpu in (0, 2)", "100000\n");
	expect("select count(*) from sample where thread is null", "0\n");
	expect_same("select sum(stack) from sample where thread = 2 and time_ns > 90000",
		    "select sum(stack) from sample where thread + 0 = 2 and time_ns + 0 > 90000");
}

static void test_groups(void **state)
{
	expect("select thread, count(*) from sample group by thread order by thread",
	       "1|30000\n2|30000\n3|30000\n4|30000\n5|30000\n");
	expect("select cpu, count(*) from sample group by cpu order by cpu desc",
	       "2|50000\n1|50000\n0|50000\n");
	expect("select distinct stack from sample order by stack", "0\n1\n2\n3\n");
	expect_same("select thread, stack, cpu, count(*) n from sample where time_ns < 90000 group "
		    "by 1, 2, 3 order by 1, 2, 3",
		    "select thread + 0 a, stack + 0 b, cpu + 0 c, count(*) from sample where "
		    "time_ns < 90000 group by 1, 2, 3 order by 1, 2, 3");
	expect_same(
		"select period, count(*) from sample group by period order by 2 desc, 1 limit 5",
		"select period + 0, count(*) from sample group by 1 order by 2 desc, 1 limit 5");
	expect("select source, sum(count) from lost group by source", "cpu|12\n");
	expect("select time_ns from sample order by time_ns limit 2", "1000\n1001\n");
	expect("select time_ns from sample order by time_ns desc limit 2", "150999\n150998\n");
	expect_same("select thread, time_ns from sample where cpu = 1 order by thread desc, "
		    "time_ns limit 7",
		    "select thread, time_ns from sample where cpu = 1 order by thread + 0 desc, "
		    "time_ns + 0 limit 7");
}

static void test_side(void **state)
{
	expect("select comm from thread where id = 3", "comm3\n");
	expect("select comm from thread where id = 99", "");
	expect("select comm from thread where id = -1", "");
	expect("select comm from thread where id = 'x'", "");
	expect("select group_concat(comm) from (select comm from thread order by id desc)",
	       "comm5,comm4,comm3,comm2,comm1\n");
	expect("select t.comm, count(*) from sample s join thread t on t.id = s.thread where "
	       "t.comm = 'comm2' group by 1",
	       "comm2|30000\n");
	expect("select stack_text(1), stack_text(2), stack_text(3)",
	       "main|main;outer_call;inlined_call|main;outer_call;inlined_call;x+0x40\n");
	expect("select length(stack_text(4)) between 1000 and 100000", "1\n"); /* a circle ends */
	expect("select comm, event, function from samples where time_ns = 1002",
	       "comm5|cycles|inlined_call\n");
	expect("select tid, samples from threads order by id limit 1", "101|30000\n");
}

static void test_errors(void **state)
{
	struct str text = { 0 };

	expect_error("select * frm x", "line 1, column 10", ".schema");
	expect_error("select 1;\nselect nope from sample", "line 2, column 8", ".schema");
	expect_error("select * from sampel", "no such table: sampel", "'sample'");
	expect_error("select s.thred from sample s", "thred", "'thread'");
	expect_error("drop table sample", "would change", "SELECT");
	expect_error("insert into sample values(1)", "", "");
	expect_error("create table t(a)", "would change", "SELECT");
	expect_error("attach '/tmp/y' as y", "would change", "SELECT");
	expect_error("pragma journal_mode = wal", "would change", "SELECT");
	struct err *err = sql_schema(sql, "sampl", &text);

	assert_true(err_is(err, ERR_NOT_FOUND));
	err_destroy(err);
	assert_null(sql_schema(sql, NULL, &text));
	assert_non_null(strstr(str_text(&text), "CREATE TABLE sample ("));
	assert_non_null(strstr(str_text(&text), "CREATE VIEW samples AS"));
	assert_non_null(strstr(str_text(&text), "function stack_text(stack)"));
	str_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_basics), cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_groups), cmocka_unit_test(test_side),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests_name("sql", tests, set_up, tear_down);
}
