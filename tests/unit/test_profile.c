/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The profile of a recording whose every sample is known (helper/fixture_recording.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../helper/fixture_recording.h"
#include "../helper/own_dir.h"

#include "convert/folded.h"
#include "convert/text.h"
#include "module/module.h"
#include "record/recording.h"
#include "record/stacks.h"
#include "view/frames.h"
#include "view/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MS = 1000000 };

static struct recording *rec;

static void check(struct err *err)
{
	if (err)
		fail_msg("%s", err_message(err));
}

static int set_up(void **state)
{
	static char dir[] = "/tmp/sonde-test-profile-XXXXXX";

	(void)state;
	if (own_dir_enter(dir) != 0)
		return -1;
	check(fixture_recording("demo.sonde", false));
	check(recording_open("demo.sonde", &rec));
	*state = dir;
	return 0;
}

static int tear_down(void **state)
{
	recording_destroy(rec);
	return own_dir_leave(*state);
}

static struct profile *make(const struct profile_options *options)
{
	struct profile *p;

	check(profile_create(rec, options, &p));
	return p;
}

static void check_folded(const struct profile_options *options, const char *expected)
{
	struct profile *p = make(options);
	struct stacks named;
	char *got = NULL;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	stacks_init(&named);
	folded_names(&p->stacks, &(struct text_options){ .kernel = true }, &named);
	stacks_finish(&named);
	for (size_t i = 0; i < named.nodes.n; i++) /* ms, for people */
		named.nodes.v[i].self /= p->is_time ? MS : 1;
	assert_null(folded_write(&named, out));
	fclose(out);
	assert_string_equal(got, expected);
	free(got);
	stacks_deinit(&named);
	profile_destroy(p);
}

static void test_totals(void **state)
{
	struct profile *p = make(&(struct profile_options){ 0 });

	(void)state;
	assert_true(p->is_time);
	assert_string_equal(p->event, "cpu-clock");
	assert_int_equal(p->frequency_hz, 999);
	assert_int_equal(p->samples, 136);
	assert_int_equal(p->value, 136 * (uint64_t)MS);
	assert_int_equal(p->stacks.nodes.v[0].total, p->value);
	assert_int_equal(p->kernel, 10 * MS);
	assert_int_equal(p->no_stack, 1);
	assert_int_equal(p->cut_stack, 2);
	assert_int_equal(p->unresolved_samples, 10);
	assert_int_equal(p->modules.n, 1);
	assert_string_equal(p->modules.v[0].path, "/usr/lib/libdemo.so.1");
	assert_int_equal(p->losses.n, 1);
	assert_int_equal(p->losses.v[0].count, 12);
	assert_string_equal(p->losses.v[0].reason, "ring full");
	assert_int_equal(p->events.n, 2);
	assert_int_equal(p->events.v[1].samples, 7);

	assert_int_equal(p->threads.n, 4);
	assert_int_equal(p->threads.v[1].value, 30 * MS);
	assert_int_equal(p->processes.n, 3);
	assert_int_equal(p->processes.v[0].samples, 116);
	assert_int_equal(p->processes.v[0].threads, 2);
	assert_string_equal(p->processes.v[0].name, "main prog");
	profile_destroy(p);
}

static void test_tree(void **state)
{
	(void)state;
	check_folded(&(struct profile_options){ 0 },
		     "kworker/0:1;do_syscall_64_[k] 5\n"
		     "main_prog 1\n"
		     "main_prog;main;[libdemo.so.1] 10\n"
		     "main_prog;main;do_syscall_64_[k];vfs_read_[k] 5\n"
		     "main_prog;main;parse;lex 40\n"
		     "main_prog;main;rec;rec 10\n"
		     "main_prog;main;rec;rec;draw 20\n"
		     "other;main 15\n"
		     "worker;worker_main;draw 30\n");
	check_folded(&(struct profile_options){ .no_inlines = true,
						.no_kernel = true,
						.process = "100" },
		     "main_prog 1\n"
		     "main_prog;main 5\n"
		     "main_prog;main;[libdemo.so.1] 10\n"
		     "main_prog;main;parse 40\n"
		     "main_prog;main;rec;rec 10\n"
		     "main_prog;main;rec;rec;draw 20\n"
		     "worker;worker_main;draw 30\n");
	check_folded(&(struct profile_options){ .no_user = true, .thread = "main prog" },
		     "main_prog 81\nmain_prog;do_syscall_64_[k];vfs_read_[k] 5\n");
	check_folded(&(struct profile_options){ .group = PROFILE_BY_THREAD, .thread = "w*" },
		     "worker_(tid_101);worker_main;draw 30\n");
}

static void test_filters(void **state)
{
	const struct recording_meta *meta = recording_borrow_meta(rec);
	struct profile *p = make(&(struct profile_options){ .thread = "worker" });
	uint64_t first = p->first_ns;

	(void)state;
	assert_int_equal(p->samples, 30);
	assert_int_equal(p->left_out, 106);
	profile_destroy(p);
	p = make(&(struct profile_options){ .module = "libdemo.so.*" });
	assert_int_equal(p->samples, 10);
	profile_destroy(p);
	p = make(&(struct profile_options){ .event = "page-faults" });
	assert_false(p->is_time);
	assert_int_equal(p->value, 7);
	profile_destroy(p);
	p = make(&(struct profile_options){ .from_ns = first - meta->start_ns });
	assert_int_equal(p->samples, 50);
	profile_destroy(p);
	p = make(&(struct profile_options){ .to_ns = first - meta->start_ns });
	assert_int_equal(p->samples, 86);
	profile_destroy(p);
	p = make(&(struct profile_options){ .process = "nobody" });
	assert_int_equal(p->samples, 0);
	profile_destroy(p);

	struct err *err = profile_create(rec, &(struct profile_options){ .event = "cycles" }, &p);

	assert_true(err_is(err, ERR_NOT_FOUND));
	assert_non_null(strstr(err_advice(err), "page-faults"));
	err_destroy(err);
}

static void test_groups(void **state)
{
	struct profile *p = make(&(struct profile_options){ .group = PROFILE_BY_PROCESS });
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < p->stacks.symbols.n; i++)
		found += strcmp(p->stacks.symbols.v[i].name, "main prog (pid 100)") == 0 ||
			 strcmp(p->stacks.symbols.v[i].name, "worker (pid 100)") == 0;
	assert_true(found >= 1);
	profile_destroy(p);
}

static void test_lines(void **state)
{
	struct profile *p = make(&(struct profile_options){ 0 });
	uint64_t lex = 0, all = 0;

	(void)state;
	for (size_t i = 0; i < p->lines.n; i++) {
		all += p->lines.v[i].self;
		if (strcmp(p->lines.v[i].file, "lex.h") == 0) {
			assert_int_equal(p->lines.v[i].line, 5);
			lex = p->lines.v[i].self;
		}
	}
	assert_int_equal(lex, 40 * MS);
	assert_int_equal(all, 135 * (uint64_t)MS);
	profile_destroy(p);
}

static void test_timeline(void **state)
{
	struct profile *p = make(&(struct profile_options){ 0 });
	const uint32_t threads[] = { 1, 0 };
	uint64_t slices[2 * 4] = { 0 }, sums[2] = { 0 };

	(void)state;
	check(profile_timeline(p, NULL, threads, 2, p->first_ns, p->last_ns + 1, 4, slices));
	for (size_t i = 0; i < 8; i++)
		sums[i / 4] += slices[i];
	assert_int_equal(sums[0], 30 * MS);
	assert_int_equal(sums[1], 86 * MS);
	profile_destroy(p);
}

static void test_cut(void **state)
{
	struct recording *cut;
	struct profile *p;

	(void)state;
	check(fixture_recording("cut.sonde", true));
	check(recording_open("cut.sonde", &cut));
	assert_int_equal(recording_borrow_meta(cut)->state, RECORDING_CUT);
	check(profile_create(cut, &(struct profile_options){ 0 }, &p));
	assert_int_equal(p->samples, 136);
	profile_destroy(p);
	recording_destroy(cut);
}

/* Rows that refer to nothing, or to each other in a circle. */
static void test_hostile(void **state)
{
	struct recorder_options options = { .path = "bad.sonde", .compactor = &parquet_compactor };
	struct recorder *r;
	struct recording *bad;
	struct profile *p;

	(void)state;
	check(recorder_create(&options, &r));

	struct recorder_stream *s = recorder_stream_create(r);
	uint64_t time_ns = fixture_now();

	recorder_side(r, TYPE_stack, &(struct row_stack){ .id = 1, .parent = 2, .frame = 1 });
	recorder_side(r, TYPE_stack, &(struct row_stack){ .id = 2, .parent = 1, .frame = 77 });
	recorder_side(r, TYPE_stack,
		      &(struct row_stack){ .id = 900, .parent = 4000000000u, .frame = 2 });
	recorder_side(r, TYPE_frame, &(struct row_frame){ .id = 1, .module = 99, .outer = 2 });
	recorder_side(r, TYPE_frame, &(struct row_frame){ .id = 2, .outer = 1, .kind = 200 });
	for (uint32_t stack = 0; stack < 1000; stack += 100)
		fixture_samples(s, &time_ns, 1,
				(struct row_sample){ .period = UINT64_MAX,
						     .thread = stack * 77,
						     .stack = stack ? stack : 1,
						     .event = 7,
						     .mode = 9 });
	recorder_stream_destroy(s);
	check(recorder_finish(r, NULL));
	recorder_destroy(r);
	check(recording_open("bad.sonde", &bad));
	check(profile_create(bad, &(struct profile_options){ 0 }, &p));
	assert_int_equal(p->samples, 10);
	profile_destroy(p);
	recording_destroy(bad);
}

/* Frames without names, of a file that is here: this test. */
static void test_resolve(void **state)
{
	struct recorder_options options = { .path = "unnamed.sonde",
					    .compactor = &parquet_compactor };
	char self[4096] = "", maps[512];
	uint64_t offset = 0;
	struct recorder *r;
	struct recording *unnamed;
	struct profile *p;
	FILE *f = fopen("/proc/self/maps", "r");

	(void)state;
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	while (f && fgets(maps, sizeof(maps), f)) {
		unsigned long from, to, at;

		if (sscanf(maps, "%lx-%lx r-xp %lx", &from, &to, &at) == 3 &&
		    (uintptr_t)&test_hostile >= from && (uintptr_t)&test_hostile < to)
			offset = (uintptr_t)&test_hostile - from + at;
	}
	fclose(f);
	assert_true(offset > 0);

	check(recorder_create(&options, &r));

	struct recorder_stream *s = recorder_stream_create(r);
	uint64_t time_ns = fixture_now();

	fixture_module(r, 1, self, "", MODULE_PROGRAM);
	recorder_side(r, TYPE_frame,
		      &(struct row_frame){ .id = 1,
					   .module = 1,
					   .offset = offset + 4,
					   .exact = 1,
					   .kind = MODULE_PROGRAM });
	recorder_side(r, TYPE_stack, &(struct row_stack){ .id = 1, .frame = 1 });
	fixture_samples(s, &time_ns, 3, (struct row_sample){ .period = 1, .stack = 1 });
	recorder_stream_destroy(s);
	check(recorder_finish(r, NULL));
	recorder_destroy(r);

	check(recording_open("unnamed.sonde", &unnamed));
	check(profile_create(unnamed, &(struct profile_options){ 0 }, &p));
	assert_int_equal(frames_resolved(p->frames).asked, 1);
	assert_int_equal(frames_resolved(p->frames).found, 1);
	assert_int_equal(p->unresolved_samples, 0);
	assert_string_equal(p->stacks.symbols.v[p->lines.v[0].symbol].name, "test_hostile");
	profile_destroy(p);
	recording_destroy(unnamed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_totals),	cmocka_unit_test(test_tree),
		cmocka_unit_test(test_filters), cmocka_unit_test(test_groups),
		cmocka_unit_test(test_lines),	cmocka_unit_test(test_timeline),
		cmocka_unit_test(test_cut),	cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_resolve),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
