/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A recording is written and read back: complete, live, cut by death, full, with the rows in
 * segments, in the journal, or half here and half there; no row twice, none lost. */
#include "base/mem.h"
#include "base/str.h"
#include "record/recorder.h"
#include "record/recording.h"
#include "record/segment.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "../helper/own_dir.h"

static char directory[] = "/tmp/sonde-test-XXXXXX";

static struct recorder *start(const char *name, const struct recorder_compactor *compactor,
			      uint64_t max_bytes)
{
	struct recorder_options o = { .path = name,
				      .overwrite = true,
				      .compactor = compactor,
				      .segment_ns = 3600000000000, /* not on a slow machine either before all rows are put */
				      .journal_max_bytes = max_bytes };
	struct recorder *r = NULL;
	struct err *err = recorder_create(&o, &r);

	if (err)
		fail_msg("%s", err_message(err));
	return r;
}

static struct row_sample sample(uint64_t i)
{
	return (struct row_sample){ .time_ns = 1000 + i * 1000,
				    .period = 1,
				    .thread = 1 + (uint32_t)(i % 3),
				    .stack = (uint32_t)(i % 1000),
				    .cpu = (uint16_t)(i % 2),
				    .event = 1,
				    .mode = i % 5 == 0,
				    .flags = 0 };
}

static void put_samples(struct recorder *r, uint64_t from, uint64_t to)
{
	struct recorder_stream *s = recorder_stream_create(r);

	for (uint64_t i = from; i < to; i++) {
		struct row_sample row = sample(i);

		recorder_row(s, TYPE_sample, &row);
	}
	recorder_stream_destroy(s);
}

static void put_side(struct recorder *r)
{
	for (uint32_t id = 1; id <= 3; id++) {
		char comm[16];
		int n = snprintf(comm, sizeof(comm), "comm%u", id);
		struct row_thread row = { .id = id,
					  .tid = id + 100,
					  .pid = 100,
					  .comm = recorder_string(r, comm, (size_t)n) };

		recorder_side(r, TYPE_thread, &row);
		row.end_ns = 7; /* the last row put under an id counts */
		recorder_side(r, TYPE_thread, &row);
	}
}

/* What one of several producing threads does; see test_threads. */
struct producer {
	struct recorder *recorder;
	uint64_t from, to;
};

static void *produce(void *user)
{
	const struct producer *p = user;
	char name[24];

	for (uint64_t at = p->from; at < p->to; at += 5000) {
		int n = snprintf(name, sizeof(name), "text %d", (int)(at % 20000));

		recorder_string(p->recorder, name, (size_t)n);
		put_samples(p->recorder, at, at + 5000);
	}
	return NULL;
}

static struct recording *open_recording(const char *name)
{
	struct recording *r = NULL;
	struct err *err = recording_open(name, &r);

	if (err)
		fail_msg("%s", err_message(err));
	return r;
}

/* All samples FROM .. TO-1 are there, once each. */
static void check_samples(struct recording *r, uint64_t from, uint64_t to)
{
	static const char *const columns[] = { "time_ns", "period", "thread", "stack", "cpu",
					       "event",	  "mode",   "flags",  NULL };
	struct scan_options o = { .columns = columns };
	uint8_t *seen = mem_calloc(to + 1, 1);
	struct scan *scan;
	struct batch b;
	bool more;
	uint64_t rows = 0;

	assert_null(scan_create(r, "sample", &o, &scan));
	for (;;) {
		assert_null(scan_next(scan, &b, &more));
		if (!more)
			break;
		for (size_t i = 0; i < b.rows; i++) {
			uint64_t n = (b.columns[0].u64[i] - 1000) / 1000;

			assert_true(n >= from && n < to);
			struct row_sample expected = sample(n);

			assert_int_equal(seen[n], 0);
			seen[n] = 1;
			assert_int_equal(b.columns[0].u64[i], expected.time_ns);
			assert_int_equal(b.columns[1].u64[i], expected.period);
			assert_int_equal(b.columns[2].u32[i], expected.thread);
			assert_int_equal(b.columns[3].u32[i], expected.stack);
			assert_int_equal(b.columns[4].u32[i], expected.cpu);
			assert_int_equal(b.columns[5].u32[i], expected.event);
			assert_int_equal(b.columns[6].u32[i], expected.mode);
			assert_int_equal(b.columns[7].u32[i], expected.flags);
		}
		rows += b.rows;
	}
	assert_int_equal(rows, to - from);
	assert_int_equal(recording_find_table(r, "sample")->rows, to - from);
	scan_destroy(scan);
	free(seen);
}

static void check_side(struct recording *r)
{
	const void *rows;
	size_t count;

	assert_null(recording_side_rows(r, TYPE_thread, &rows, &count));
	assert_int_equal(count, 3);
	for (uint32_t id = 1; id <= 3; id++) {
		const struct row_thread *row = recording_side_find(r, TYPE_thread, id);
		char comm[16];

		snprintf(comm, sizeof(comm), "comm%u", id);
		assert_non_null(row);
		assert_int_equal(row->tid, id + 100);
		assert_int_equal(row->end_ns, 7);
		assert_string_equal(recording_string(r, row->comm), comm);
		assert_string_equal(recording_string(r, row->exe), "");
	}
	assert_null(recording_side_find(r, TYPE_thread, 0));
	assert_null(recording_side_find(r, TYPE_thread, 4));
	assert_null(recording_side_find(r, TYPE_stack, 1));
}

static bool is_there(const char *name, const char *file)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s", name, file);
	return access(path, F_OK) == 0;
}

static void finish(struct recorder *r, struct recorder_totals *totals)
{
	struct err *err = recorder_finish(r, totals);

	if (err)
		fail_msg("%s", err_message(err));
	recorder_destroy(r);
}

static void test_complete(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 65535, 65536, 65537, 300000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct recorder *r = start("complete.sonde", &parquet_compactor, 0);
		struct recorder_totals totals;

		put_side(r);
		recorder_note(r, "command", "make -j2");
		recorder_note(r, "asked", "cpu");
		recorder_missing(r, "hardware counters", "a VM", NULL);
		recorder_exit_status(r, 256);
		put_samples(r, 0, sizes[i]);
		finish(r, &totals);
		assert_int_equal(totals.rows, sizes[i]);
		assert_int_equal(totals.lost, 0);
		assert_true(totals.bytes > totals.event_bytes);
		assert_false(is_there("complete.sonde", "journal"));
		assert_false(is_there("complete.sonde", "reserve"));

		struct recording *rec = open_recording("complete.sonde");
		const struct recording_meta *m = recording_borrow_meta(rec);

		assert_int_equal(m->state, RECORDING_COMPLETE);
		assert_string_equal(m->command, "make -j2");
		assert_int_equal(m->note_count, 2);
		assert_string_equal(m->notes[0].key, RECORDING_NOTE_BOOT);
		assert_int_equal(strlen(m->notes[0].value), 36);
		assert_string_equal(m->notes[1].key, "asked");
		assert_int_equal(m->missing_count, 1);
		assert_null(m->missing[0].fix);
		assert_int_equal(m->exit_status, 256);
		assert_int_equal(m->journal_rows_folded, 0);
		assert_true(m->end_ns >= m->start_ns);
		if (sizes[i])
			check_samples(rec, 0, sizes[i]);
		else
			assert_null(recording_find_table(rec, "sample"));
		check_side(rec);
		recording_destroy(rec);
	}
}

/* Rows of the table sample that a scan finds. */
static uint64_t count_samples(struct recording *rec)
{
	static const char *const columns[] = { "time_ns", "stack", NULL };
	struct scan_options o = { .columns = columns };
	uint64_t rows = 0;
	struct scan *scan;
	struct batch b;
	bool more;

	assert_null(scan_create(rec, "sample", &o, &scan));
	for (assert_null(scan_next(scan, &b, &more)); more; assert_null(scan_next(scan, &b, &more)))
		rows += b.rows;
	scan_destroy(scan);
	return rows;
}

/* A page that can't be read costs its rows, a file without its end all of the file's; the rest is read, and it is said. */
static void test_damaged(void **state)
{
	static const char noise[200] = { 0 };
	struct recorder *r = start("damaged.sonde", &parquet_compactor, 0);
	struct str text = { 0 };

	put_side(r);
	put_samples(r, 0, 200000);
	finish(r, NULL);

	FILE *file = fopen("damaged.sonde/sample/000000.parquet", "r+");

	assert_non_null(file);
	fseek(file, 4, SEEK_SET); /* the first page's header */
	fwrite(noise, 1, sizeof(noise), file);
	fclose(file);

	struct recording *rec = open_recording("damaged.sonde");
	const struct recording_meta *m = recording_borrow_meta(rec);

	assert_int_equal(m->damage_count, 0);
	assert_in_range(count_samples(rec), 0, 199999);
	assert_int_equal(m->damage_count, 1);
	assert_int_equal(count_samples(rec) + m->damage[0].rows, 200000);
	check_side(rec);
	assert_true(recording_next_damage(rec, &text));
	assert_non_null(strstr(text.text, "sample/000000.parquet is damaged"));
	assert_false(recording_next_damage(rec, &text));
	recording_destroy(rec);

	assert_int_equal(truncate("damaged.sonde/sample/000000.parquet", 5000), 0);
	rec = open_recording("damaged.sonde");
	assert_int_equal(recording_borrow_meta(rec)->damage_count, 1);
	assert_in_range(count_samples(rec), 0, 199999);
	check_side(rec);
	while (recording_next_damage(rec, &text))
		continue;
	recording_destroy(rec);

	/* what is not there at all is missed, too, as often as it is opened */
	assert_int_equal(unlink("damaged.sonde/sample/000000.parquet"), 0);
	assert_int_equal(unlink("damaged.sonde/thread/000000.parquet"), 0);
	assert_int_equal(rmdir("damaged.sonde/thread"), 0);
	for (int again = 0; again < 2; again++) {
		rec = open_recording("damaged.sonde");
		assert_int_equal(recording_borrow_meta(rec)->damage_count, 2);
		for (str_clear(&text); recording_next_damage(rec, &text);)
			continue;
		assert_non_null(strstr(text.text, "thread/ is not there, or empty; what it held is missing here"));
		assert_non_null(strstr(text.text, "sample/ is not there, or empty"));
		recording_destroy(rec);
	}
	str_deinit(&text);
}

/* recorder_destroy() without finish leaves what a SIGKILL leaves. */
static void test_cut(void **state)
{
	struct recorder *r = start("cut.sonde", &parquet_compactor, 0);

	put_side(r);
	recorder_note(r, "command", "x");
	put_samples(r, 0, 100000);
	recorder_destroy(r);
	assert_true(is_there("cut.sonde", "journal"));
	for (int again = 0; again < 2; again++) {
		struct recording *rec = open_recording("cut.sonde");
		const struct recording_meta *m = recording_borrow_meta(rec);

		assert_int_equal(m->state, RECORDING_CUT);
		assert_non_null(strstr(m->why_cut, "killed"));
		assert_string_equal(m->command, "x");
		assert_int_equal(m->journal_rows_folded, 100000);
		check_samples(rec, 0, 100000);
		check_side(rec);
		recording_destroy(rec);
		assert_false(is_there("cut.sonde", "journal")); /* folded on disk */
	}
}

/* A loss of power may take a file, or pages of it: never without a word. */
static void test_cut_damaged(void **state)
{
	struct recorder *r = start("hole.sonde", &parquet_compactor, 0);
	char zeros[4096] = { 0 };

	put_samples(r, 0, 100000);
	recorder_destroy(r);
	FILE *file = fopen("hole.sonde/journal/0000.chunk", "r+");
	assert_non_null(file);
	assert_int_equal(fwrite(zeros, 1, sizeof(zeros), file), sizeof(zeros));
	assert_int_equal(fclose(file), 0);
	struct recording *rec = open_recording("hole.sonde");
	assert_non_null(strstr(recording_borrow_meta(rec)->why_cut, "journal is damaged"));
	recording_destroy(rec);

	r = start("empty.sonde", &parquet_compactor, 0);
	put_samples(r, 0, 1000);
	recorder_destroy(r);
	assert_int_equal(truncate("empty.sonde/journal/0000.chunk", 0), 0);
	rec = open_recording("empty.sonde");
	assert_non_null(strstr(recording_borrow_meta(rec)->why_cut, "a chunk is empty"));
	recording_destroy(rec);

	struct str text = { 0 };

	r = start("beside.sonde", &parquet_compactor, 0);
	put_samples(r, 0, 1000);
	recorder_destroy(r);
	assert_int_equal(unlink("beside.sonde/journal/side"), 0);
	rec = open_recording("beside.sonde");
	assert_int_equal(recording_borrow_meta(rec)->state, RECORDING_CUT);
	assert_true(recording_next_damage(rec, &text));
	assert_non_null(strstr(text.text, "no side log"));
	recording_destroy(rec);
	str_deinit(&text);
}

/* More than a segment, so that the rows are partly in segments, then dead. */
static void test_cut_between(void **state)
{
	struct recorder *r = start("between.sonde", &parquet_compactor, 8 << 20);

	put_samples(r, 0, 30000);
	for (uint64_t at = 30000; at < 1500000; at += 10000) {
		put_samples(r, at, at + 10000);
		if (at % 100000 == 0)
			usleep(1000);
	}
	uint64_t lost = recorder_borrow_error(r) ? 1 : 0;

	assert_int_equal(lost, 0);
	recorder_destroy(r);
	struct recording *rec = open_recording("between.sonde");
	const struct table_info *lost_table = recording_find_table(rec, "lost");

	if (lost_table == NULL) /* the writer thread kept up */
		check_samples(rec, 0, 1500000);
	recording_destroy(rec);
}

static void test_live(void **state)
{
	struct recorder *r = start("live.sonde", &parquet_compactor, 0);

	put_side(r);
	for (uint64_t step = 1; step <= 3; step++) {
		put_samples(r, (step - 1) * 50000, step * 50000);
		struct recording *rec = open_recording("live.sonde");

		assert_int_equal(recording_borrow_meta(rec)->state, RECORDING_LIVE);
		check_samples(rec, 0, step * 50000);
		check_side(rec);
		recording_destroy(rec);
		assert_true(is_there("live.sonde", "journal"));
	}
	finish(r, NULL);
	struct recording *rec = open_recording("live.sonde");

	assert_int_equal(recording_borrow_meta(rec)->state, RECORDING_COMPLETE);
	check_samples(rec, 0, 150000);
	recording_destroy(rec);
}

/* sonde-agent: no compactor; the desk makes the segments. */
static void test_agent(void **state)
{
	struct recorder *r = start("agent.sonde", NULL, 0);

	put_side(r);
	put_samples(r, 0, 100000);
	finish(r, NULL);
	assert_true(is_there("agent.sonde", "journal"));

	struct recording *rec = open_recording("agent.sonde");

	assert_int_equal(recording_borrow_meta(rec)->state, RECORDING_COMPLETE);
	check_samples(rec, 0, 100000);
	check_side(rec);
	recording_destroy(rec);
	assert_false(is_there("agent.sonde", "journal"));
}

/* A full journal: what doesn't fit is counted, and said. */
static void test_full(void **state)
{
	struct recorder *r = start("full.sonde", NULL, 1 << 20);
	struct recorder_totals totals;

	put_samples(r, 0, 100000);
	while (!recorder_borrow_error(r))
		usleep(10000);
	finish(r, &totals);
	assert_true(totals.lost > 0);

	struct recording *rec = open_recording("full.sonde");
	uint64_t rows = recording_find_table(rec, "sample")->rows;
	static const char *const columns[] = { "count", "source", NULL };
	struct scan_options o = { .columns = columns };
	struct scan *scan;
	struct batch b;
	bool more;

	assert_int_equal(rows + totals.lost, 100000);
	assert_int_equal(recording_borrow_meta(rec)->state, RECORDING_CUT);
	assert_null(scan_create(rec, "lost", &o, &scan));
	assert_null(scan_next(scan, &b, &more));
	assert_true(more);
	assert_int_equal(b.rows, 1);
	assert_int_equal(b.columns[0].u64[0], totals.lost);
	assert_string_equal(recording_string(rec, b.columns[1].u32[0]), "journal");
	scan_destroy(scan);
	recording_destroy(rec);
}

static void test_dynamic_type(void **state)
{
	static const struct event_field fields[] = {
		{ "time_ns", FIELD_U64, UNIT_TIME_NS, NULL, "when", 0 },
		{ "delta", FIELD_I64, UNIT_NONE, NULL, "signed", 8 },
		{ "name", FIELD_STR, UNIT_NONE, NULL, "text", 16 },
		{ "small", FIELD_I32, UNIT_NONE, NULL, "signed, narrow", 20 },
	};
	static const struct event_type type = { "mark/my_probe", "a probe", false, 24, 4, fields };
	struct row {
		uint64_t time_ns;
		int64_t delta;
		uint32_t name;
		int32_t small;
	};
	for (int killed = 0; killed < 2; killed++) {
		struct recorder *r = start("dynamic.sonde", &parquet_compactor, 0);
		struct recorder_stream *s;
		unsigned number;
		struct event_type bad = type;

		assert_null(recorder_add_type(r, &type, &number));
		assert_true(number >= TYPE_FIRST_DYNAMIC);
		bad.name = "../x";
		struct err *err = recorder_add_type(r, &bad, &number);

		assert_true(err_is(err, ERR_USAGE));
		err_destroy(err);
		s = recorder_stream_create(r);
		struct row row = { 5, -3, recorder_string(r, "hello", 5), -7 };

		recorder_row(s, number, &row);
		recorder_stream_destroy(s);
		if (killed)
			recorder_destroy(r);
		else
			finish(r, NULL);

		struct recording *rec = open_recording("dynamic.sonde");
		const struct table_info *info = recording_find_table(rec, "mark/my_probe");
		static const char *const columns[] = { "delta", "name", "small", NULL };
		struct scan_options o = { .columns = columns };
		struct scan *scan;
		struct batch b;
		bool more;

		assert_non_null(info);
		assert_string_equal(info->type->fields[2].prose, "text");
		assert_int_equal(info->min_time_ns, 5);
		assert_null(scan_create(rec, "mark/my_probe", &o, &scan));
		assert_null(scan_next(scan, &b, &more));
		assert_int_equal(b.columns[0].i64[0], -3);
		assert_string_equal(recording_string(rec, b.columns[1].u32[0]), "hello");
		assert_int_equal(b.columns[2].i32[0], -7);
		scan_destroy(scan);
		recording_destroy(rec);
	}
}

static bool scan_more(struct scan *scan, struct batch *b, bool *more)
{
	assert_null(scan_next(scan, b, more));
	return *more;
}

/* Two threads' rows come out in order of time, and a scan leaves out what is too early or late. */
static void test_order(void **state)
{
	struct recorder *r = start("order.sonde", &parquet_compactor, 0);

	put_samples(r, 200000, 400000);
	put_samples(r, 0, 200000);
	finish(r, NULL);
	struct recording *rec = open_recording("order.sonde");
	static const char *const columns[] = { "time_ns", NULL };
	struct scan_options o = { .columns = columns };
	struct scan *scan;
	struct batch b;
	bool more = true;
	uint64_t before = 0, rows = 0;

	assert_null(scan_create(rec, "sample", &o, &scan));
	while (scan_more(scan, &b, &more))
		for (size_t i = 0; i < b.rows; i++) {
			assert_true(b.columns[0].u64[i] > before);
			before = b.columns[0].u64[i];
		}
	scan_destroy(scan);
	o.from_ns = 1000 + 100000ull * 1000;
	o.to_ns = o.from_ns + 1000;
	assert_null(scan_create(rec, "sample", &o, &scan));
	while (scan_more(scan, &b, &more))
		rows += b.rows;
	assert_int_equal(rows, 65536);
	scan_destroy(scan);

	static const char *const unknown[] = { "stak", NULL };

	o.columns = unknown;
	struct err *err = scan_create(rec, "sample", &o, &scan);

	assert_true(err_is(err, ERR_NOT_FOUND));
	assert_non_null(strstr(err_advice(err), "stack"));
	err_destroy(err);
	err = scan_create(rec, "sampel", &o, &scan);
	assert_true(err_is(err, ERR_NOT_FOUND));
	assert_non_null(strstr(err_advice(err), "sample"));
	err_destroy(err);
	recording_destroy(rec);
}

/* Streams of four threads beside the writer thread, which compacts meanwhile. */
static void test_threads(void **state)
{
	enum { THREADS = 4, EACH = 100000 };
	struct recorder *r = start("threads.sonde", &parquet_compactor, 64 << 20);
	struct producer producers[THREADS];
	pthread_t threads[THREADS];

	put_side(r);
	for (unsigned i = 0; i < THREADS; i++) {
		producers[i] = (struct producer){ r, i * EACH, (i + 1) * EACH };
		assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	finish(r, NULL);
	struct recording *rec = open_recording("threads.sonde");

	check_samples(rec, 0, THREADS * EACH);
	check_side(rec);
	recording_destroy(rec);
}

static void test_losses(void **state)
{
	struct recorder *r = start("losses.sonde", &parquet_compactor, 0);
	struct recorder_stream *s = recorder_stream_create(r);

	for (uint64_t i = 0; i < 100; i++) /* within a second: the first at once, the rest merged */
		recorder_lost(s, "cpu", "ring full", 1, 1000000 + i, 10);
	recorder_lost(s, "cpu", "ring full", 0, 1000000, 1);
	recorder_stream_destroy(s);
	finish(r, NULL);
	struct recording *rec = open_recording("losses.sonde");
	static const char *const columns[] = { "count", "cpu", NULL };
	struct scan_options o = { .columns = columns };
	struct scan *scan;
	struct batch b;
	bool more;
	uint64_t count = 0;

	assert_null(scan_create(rec, "lost", &o, &scan));
	assert_null(scan_next(scan, &b, &more));
	assert_int_equal(b.rows, 3);
	for (size_t i = 0; i < b.rows; i++)
		count += b.columns[0].u64[i];
	assert_int_equal(count, 1001);
	scan_destroy(scan);
	recording_destroy(rec);
}

static void expect_error(const char *path, enum err_code code, const char *part)
{
	struct recording *r;
	struct err *err = recording_open(path, &r);

	assert_true(err_is(err, code));
	if (strstr(err_message(err), part) == NULL)
		fail_msg("'%s' does not say '%s'", err_message(err), part);
	err_destroy(err);
}

static void test_not_recordings(void **state)
{
	char *found;
	struct recorder *r;
	struct recorder_options o = { .path = "plain" };

	expect_error("nowhere.sonde", ERR_NOT_FOUND, "nowhere.sonde");
	expect_error("/dev/null", ERR_USAGE, "is a file");
	assert_int_equal(mkdir("plain", 0777), 0);
	expect_error("plain", ERR_USAGE, "nothing");
	assert_int_equal(mkdir("plain/src", 0777), 0);
	expect_error("plain", ERR_USAGE, "src");

	struct err *err = recorder_create(&o, &r); /* never replaces what is no recording */

	assert_true(err_is(err, ERR_USAGE));
	err_destroy(err);
	o.overwrite = true;
	err = recorder_create(&o, &r);
	assert_true(err_is(err, ERR_USAGE));
	err_destroy(err);
	assert_true(is_there("plain", "src"));
	o.path = "losses.sonde";
	o.overwrite = false;
	err = recorder_create(&o, &r);
	assert_true(err_is(err, ERR_USAGE));
	assert_non_null(strstr(err_advice(err), "--overwrite"));
	err_destroy(err);

	assert_null(recording_find_path("losses", &found));
	assert_string_equal(found, "losses.sonde");
	free(found);
	assert_null(recording_find_path("losses.sonde/", &found));
	assert_string_equal(found, "losses.sonde");
	free(found);
	assert_null(recording_find_path(NULL, &found));
	assert_string_equal(found, "losses.sonde");
	free(found);
}

static int enter_directory(void **state)
{
	return own_dir_enter(directory);
}

static int leave_directory(void **state)
{
	return own_dir_leave(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_complete),       cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cut_between),    cmocka_unit_test(test_live),
		cmocka_unit_test(test_cut_damaged),
		cmocka_unit_test(test_agent),	       cmocka_unit_test(test_full),
		cmocka_unit_test(test_dynamic_type),   cmocka_unit_test(test_order),
		cmocka_unit_test(test_threads),	       cmocka_unit_test(test_losses),
		cmocka_unit_test(test_not_recordings), cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests_name("recording", tests, enter_directory, leave_directory);
}
