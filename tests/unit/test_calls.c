/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Views of system calls, on a recording whose every row is known (helper/fixture_calls.h); folding; sockets of /proc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../helper/fixture_calls.h"
#include "../helper/own_dir.h"

#include "record/recording.h"
#include "render/doc.h"
#include "render/renderer.h"
#include "session/trace/fold.h"
#include "target/descriptors.h"
#include "view/calls/calls_impl.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static struct recording *rec;

static void check(struct err *err)
{
	if (err)
		fail_msg("%s", err_message(err));
}

static int set_up(void **state)
{
	static char dir[] = "/tmp/sonde-test-calls-XXXXXX";

	if (own_dir_enter(dir) != 0)
		return -1;
	check(fixture_calls_recording("calls.sonde"));
	check(recording_open("calls.sonde", &rec));
	*state = dir;
	return 0;
}

static int tear_down(void **state)
{
	recording_destroy(rec);
	return own_dir_leave(*state);
}

static struct calls *make(const struct calls_options *options)
{
	struct calls *c;

	check(calls_create(rec, options, &c));
	return c;
}

static const struct call_object *object(const struct calls *c, const char *name)
{
	for (size_t i = 0; i < c->objects.list.n; i++)
		if (strcmp(c->objects.list.v[i].name, name) == 0)
			return &c->objects.list.v[i];
	fail_msg("nothing was called %s", name);
	return NULL;
}

static void test_answer(void **state)
{
	struct calls_options options = { 0 };
	struct calls *c = make(&options);
	struct call_totals totals;
	struct str text = { 0 };

	calls_answer(c, &text);
	assert_string_equal(str_text(&text), "25 system calls by 2 processes, 186 ms in them, 54 % of it in poll; 7 failed "
					     "(most: 4 ENOENT of openat)");
	call_counts_get_totals(c->counts, &totals);
	assert_int_equal(totals.calls, FIXTURE_CALLS);
	assert_int_equal(totals.errors, 7);
	assert_int_equal(totals.threads, 2);
	assert_int_equal(totals.bytes, 100 + 100 + 50 + 200 + 10 + 10);
	assert_int_equal(c->unfinished, 1);
	str_deinit(&text);
	calls_destroy(c);
}

static void test_objects(void **state)
{
	struct calls_options options = { 0 };
	struct calls *c = make(&options);
	const struct call_object *data = object(c, "/home/u/data.txt"), *server = object(c, "tcp to 127.0.0.1:80");
	const struct call_object *pipe = object(c, "pipe 1 of shell");

	assert_int_equal(data->opens, 1);
	assert_int_equal(data->reads, 3);
	assert_int_equal(data->read_bytes, 200);
	assert_int_equal(data->time_ns, (10 + 5 + 7 + 3 + 50000 + 1) * 1000);
	assert_int_equal(data->kind, CALL_OBJECT_FILE);
	assert_int_equal(server->write_bytes, 50);
	assert_int_equal(server->read_bytes, 200);
	assert_int_equal(server->kind, CALL_OBJECT_SOCKET);
	assert_int_equal(pipe->read_bytes, 10);
	assert_int_equal(pipe->write_bytes, 10);
	assert_int_equal(pipe->processes, 2); /* inherited over the fork and the exec */
	assert_int_equal(object(c, "fd 3 of shell")->errors, 1); /* closed before */
	assert_int_equal(object(c, "fd 4 of cat")->errors, 1);   /* close-on-exec */
	assert_int_equal(object(c, "/etc/nope")->errors, 3);
	calls_destroy(c);
}

static const struct calls_wait *wait_for(const struct calls *c, const char *name)
{
	for (size_t i = 0; i < c->waits.n; i++)
		if (strcmp(c->objects.list.v[c->waits.v[i].object].name, name) == 0)
			return &c->waits.v[i];
	fail_msg("nothing waited for %s", name);
	return NULL;
}

static void test_waits_and_slow(void **state)
{
	struct calls_options options = { .limit = 2 };
	struct calls *c = make(&options);

	assert_int_equal(wait_for(c, "child cat")->time_ns, 30000000);
	assert_int_equal(wait_for(c, "nothing came: its timeout")->time_ns, 100000000);
	assert_int_equal(c->slow.n, 2); /* poll and wait4 are no news */
	assert_int_equal(c->slow.v[0].duration_ns, 50000000);
	assert_int_equal(c->slow.v[0].stack, 2);
	assert_int_equal(c->slow.v[1].duration_ns, 3000000);
	assert_int_equal(c->waited_ns, 130000000);
	calls_destroy(c);
}

static bool wants_child(void *user, const struct calls_row *row) { return row->pid == 101; }

static void test_filter(void **state)
{
	struct calls_options options = { .wants = wants_child };
	struct calls *c = make(&options);

	assert_int_equal(c->seen, 4);
	assert_int_equal(c->rows, FIXTURE_CALLS);
	assert_int_equal(object(c, "pipe 1 of shell")->write_bytes, 10); /* whose opening was left out */
	calls_destroy(c);
}

/* --- live counting ------------------------------------------------------------------------------ */

static void test_counts(void **state)
{
	struct call_counts *c = call_counts_create();
	struct call_totals totals;

	for (unsigned i = 0; i < 1000; i++)
		call_counts_add(c, 7, &(struct call_count){ .number = 0, .duration_ns = i * 1000, .bytes = 2 });
	call_counts_add(c, 8, &(struct call_count){ .number = 2, .duration_ns = 5, .error = 2 });
	call_counts_name(c, 7, 7, 7, "a");
	call_counts_name(c, 8, 7, 8, "b");
	call_counts_get_totals(c, &totals);
	assert_int_equal(totals.calls, 1001);
	assert_int_equal(totals.threads, 2);
	assert_int_equal(totals.processes, 1);
	assert_string_equal(totals.most, "read");
	assert_int_equal(totals.most_ns, 999 * 1000 / 2 * 1000);
	assert_string_equal(totals.most_failed, "ENOENT of open");
	assert_string_equal(call_counts_get_name(c, 8), "b");
	call_counts_destroy(c);
}

/* TIMES times each of 14 durations, in falling order: how many calls there are makes no difference to percentiles. */
static void check_percentiles(unsigned times)
{
	struct call_counts *c = call_counts_create();
	char *text = NULL;
	size_t size = 0;
	struct render_options options = { .format = "json", .stream = open_memstream(&text, &size) };
	struct doc *doc;

	assert_non_null(options.stream);
	for (unsigned i = 14; i > 0; i--)
		for (unsigned k = 0; k < times; k++)
			call_counts_add(c, 7, &(struct call_count){ .number = 0, .duration_ns = i * i * 1000 });
	check(render_open(&options, &doc));
	doc_begin(doc, &(struct doc_head){ .kind = "sonde.calls", .version = 1, .title = "calls" });
	call_counts_emit(c, CALL_SORT_TIME, 0, NULL, doc);
	check(doc_end(doc));
	render_destroy(doc);
	fclose(options.stream);
	call_counts_destroy(c);
	assert_non_null(strstr(text, "\"threads\""));
	for (const char *at = text; (at = strstr(at, "\"p50_ns\":")); at++) { /* of the call, the thread, its call */
		assert_int_equal(strtol(at + 9, NULL, 10), 45056);
		assert_non_null(strstr(at, "\"p99_ns\":196000,\"max_ns\":196000"));
	}
	free(text);
}

static void test_percentiles(void **state)
{
	for (unsigned times = 1; times <= 3; times++)
		check_percentiles(times);
}

/* --- who woke it, whose it is, and what is not known ------------------------------------------ */

static void test_lock(void **state)
{
	struct calls_options options = { 0 };
	struct recording *r;
	struct calls *c;
	struct call_totals totals;
	const struct calls_wait *w = NULL;
	struct call_count untimed = { .untimed = true };

	check(fixture_lock_recording("lock.sonde", false));
	check(recording_open("lock.sonde", &r));
	check(calls_create(r, &options, &c));
	for (size_t i = 0; i < c->waits.n; i++)
		if (strcmp(c->objects.list.v[c->waits.v[i].object].name, "futex 0x7000 of app") == 0)
			w = &c->waits.v[i];
	assert_non_null(w);
	assert_int_equal(w->count, 1);
	assert_int_equal(w->stack, 2);
	assert_int_equal(c->wakers.n, 1);
	assert_int_equal(c->threads.v[c->wakers.v[0].thread].row->tid, 201);
	assert_true(c->threads.v[0].is_our_own);
	assert_string_equal(c->threads.v[0].comm, "app");
	assert_int_equal(c->untimed, 1);
	for (size_t i = 0; i < c->waits.n; i++) /* the event's descriptor, not that of the epoll */
		if (c->waits.v[i].number == 232)
			assert_string_equal(c->objects.list.v[c->waits.v[i].object].name, "fd 0 of app");
	call_counts_get_totals(c->counts, &totals);
	assert_int_equal(totals.calls, FIXTURE_LOCK_CALLS);
	assert_int_equal(totals.time_ns, (300 + 100000 + 10 + 20 + 2 + 500 + 98000) * 1000);
	calls_destroy(c);
	recording_destroy(r);

	struct call_counts *counts = call_counts_create();

	call_counts_add(counts, 1, &untimed);
	call_counts_get_totals(counts, &totals);
	assert_int_equal(totals.calls, 1);
	assert_int_equal(totals.time_ns, 0);
	call_counts_destroy(counts);
}

/* --- folding -------------------------------------------------------------------------------------- */

static void fold_one(struct fold *f, uint32_t number, const char *name, int64_t result, struct str *out)
{
	struct syscall_call call = { .abi = SYSCALL_ABI_X86_64, .number = number, .result = result, .args = { 3 } };
	char line[32];
	int length = snprintf(line, sizeof(line), "9 %s = %d\n", name, (int)result);

	fold_add(f, &(struct fold_call){ .tid = 9, .call = &call, .name = name, .duration_ns = 1000, .line = line,
					 .length = (size_t)length }, out);
}

static void test_fold(void **state)
{
	struct fold *f = fold_create();
	struct str out = { 0 };

	for (unsigned i = 0; i < 100; i++) {
		fold_one(f, 0, "read", 5, &out);
		fold_one(f, 7, "poll", 1, &out);
	}
	fold_one(f, 0, "read", 6, &out);
	fold_one(f, 3, "close", 0, &out);
	fold_end_all(f, 0, &out);
	assert_string_equal(str_text(&out), "9 read = 5\n9 poll = 1\n9 read = 5\n9 poll = 1\n"
					    "9     ... read+poll x 98 more, 196 us in them, 490 B\n"
					    "9 read = 6\n9 close = 0\n");
	str_clear(&out);
	for (unsigned i = 0; i < 5; i++) /* too few to be worth it: 2 shown, 3 more */
		fold_one(f, 0, "read", 1, &out);
	fold_one(f, 0, "read", 0, &out); /* the end of the file is not alike */
	fold_end_all(f, 0, &out);
	assert_string_equal(str_text(&out), "9 read = 1\n9 read = 1\n9 read = 1\n9 read = 1\n9 read = 1\n9 read = 0\n");
	str_clear(&out);
	for (unsigned i = 0; i < 10; i++) { /* a repetition within a round does not hide it */
		fold_one(f, 7, "poll", 1, &out);
		fold_one(f, 0, "read", 2, &out);
		fold_one(f, 0, "read", 2, &out);
		fold_one(f, 1, "write", 4, &out);
	}
	fold_end_all(f, 0, &out);
	assert_non_null(strstr(str_text(&out), "... poll+read+read+write x 8 more, 32.0 us in them, 64 B\n"));
	str_deinit(&out);
	fold_destroy(f);
}

/* Nothing is lost, whatever comes: as many lines as calls, counted or shown. */
static void test_fold_loses_nothing(void **state)
{
	uint64_t seed = 1;

	for (unsigned round = 0; round < 200; round++) {
		struct fold *f = fold_create();
		struct str out = { 0 };
		unsigned calls = 200, found = 0;

		for (unsigned i = 0; i < calls; i++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			fold_one(f, seed >> 60 & (round & 3), "c", 1, &out);
		}
		fold_end_all(f, 0, &out);
		for (char *line = strtok(out.text, "\n"), *x; line; line = strtok(NULL, "\n")) {
			x = strstr(line, " x ");
			if (!strstr(line, "...") || !x) {
				found++;
				continue;
			}
			unsigned names = 1;

			for (char *p = line; p < x; p++)
				names += *p == '+';
			found += names * (unsigned)atoi(x + 3);
		}
		assert_int_equal(found, calls);
		str_deinit(&out);
		fold_destroy(f);
	}
}

/* --- what is open ------------------------------------------------------------------------------------- */

static void test_sockets(void **state)
{
	static const struct {
		const char *protocol, *line, *name, *state;
		uint64_t inode;
	} rows[] = {
		{ "tcp", "   0: 0100007F:07E8 00000000:0000 0A 00000000:00000002 00:00000000 00000000     0        0 1077 1 0",
		  "tcp 127.0.0.1:2024", "LISTEN", 1077 },
		{ "tcp", "   1: 0200000A:BEA0 0100000A:0050 01 00000003:00000004 03:00000F57 00000000     0        0 99 3 0",
		  "tcp 10.0.0.2:48800 -> 10.0.0.1:80", "ESTABLISHED", 99 },
		{ "udp6", "  12: 00000000000000000000000001000000:0035 00000000000000000000000000000000:0000 07 00000000:00000000 "
			  "00:00000000 00000000   101        0 555 2 0 0", "udp [::1]:53", NULL, 555 },
		{ "unix", "0000000098016242: 00000002 00000000 00010000 0001 01  1073 /run/x y.sock", "unix /run/x y.sock",
		  "LISTEN", 1073 },
		{ "netlink", "00000000596d7713 15  0          00000000 0        0        0     2        0        4       ",
		  "netlink kobject_uevent", NULL, 4 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct descriptor d = { 0 };
		struct str name = { 0 };
		uint64_t inode = 0;

		assert_true(descriptors_parse_socket(rows[i].protocol, rows[i].line, &inode, &name, &d));
		assert_string_equal(str_text(&name), rows[i].name);
		assert_int_equal(inode, rows[i].inode);
		if (rows[i].state)
			assert_string_equal(d.state, rows[i].state);
		str_deinit(&name);
	}
}

static void test_descriptors(void **state)
{
	struct descriptors d;
	int file = open("calls.sonde/meta.json", O_RDONLY | O_CLOEXEC), pair[2];
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(read(file, &byte, 1), 1);
	check(descriptors_read(getpid(), true, &d));
	for (size_t i = 0; i < d.list.n; i++) {
		const struct descriptor *one = &d.list.v[i];

		if (one->fd == file) {
			assert_non_null(strstr(one->name, "calls.sonde/meta.json"));
			assert_int_equal(one->position_bytes, 1);
			assert_true(one->reads && !one->writes && one->close_on_exec);
		}
		if (one->fd == pair[0])
			assert_string_equal(one->kind, "unix");
	}
	assert_int_equal(d.list.v[0].fd, DESCRIPTOR_CWD);
	descriptors_deinit(&d);
	close(file);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer), cmocka_unit_test(test_objects), cmocka_unit_test(test_waits_and_slow),
		cmocka_unit_test(test_filter), cmocka_unit_test(test_counts),
		cmocka_unit_test(test_percentiles), cmocka_unit_test(test_lock), cmocka_unit_test(test_fold),
		cmocka_unit_test(test_fold_loses_nothing), cmocka_unit_test(test_sockets), cmocka_unit_test(test_descriptors),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
