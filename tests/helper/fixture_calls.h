/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_TESTS_FIXTURE_CALLS_H
#define SONDE_TESTS_FIXTURE_CALLS_H
/*
 * A recording of system calls whose every row is known, for tests of their views.
 *
 * A shell (pid 100, in /home/u) reads a file, looks for one in vain five times, talks to a server, forks
 * a child that becomes cat (pid 101), which writes into a pipe, and waits for it; saves its file, and polls until its
 * timeout; reads a descriptor that it has closed, and is killed.  12 calls were lost.
 */
#include "base/err.h"
#include "event/types.h"
#include "record/recorder.h"
#include "record/segment.h"

#include <string.h>

enum { FIXTURE_START_MS = 1000 };

struct fixture_call {
	uint32_t at_us, took_us, thread, number;
	const char *name, *arguments, *returned;
	int64_t result;
	uint64_t args[3];
	const char *path;
	uint8_t flags;
	uint32_t stack;
};

static const struct fixture_call fixture_calls[] = {
	{ 0, 10, 1, 257, "openat", "AT_FDCWD, \"./data.txt\", O_RDWR", "3", 3, { -100ULL }, "./data.txt", 0, 0 },
	{ 100, 5, 1, 0, "read", "3, \"abc\"..., 4096", "100", 100, { 3 }, NULL, 0, 0 },
	{ 200, 7, 1, 0, "read", "3, \"abc\"..., 4096", "100", 100, { 3 }, NULL, 0, 0 },
	{ 300, 3, 1, 0, "read", "3, \"\", 4096", "0", 0, { 3 }, NULL, 0, 0 },
	{ 400, 2, 1, 257, "openat", "AT_FDCWD, \"/etc/nope\", O_RDONLY", "-1 ENOENT (No such file or directory)", -2,
	  { -100ULL }, "/etc/nope", 0, 0 },
	{ 410, 2, 1, 257, "openat", "AT_FDCWD, \"/etc/nope\", O_RDONLY", "-1 ENOENT (No such file or directory)", -2,
	  { -100ULL }, "/etc/nope", 0, 0 },
	{ 420, 2, 1, 257, "openat", "AT_FDCWD, \"/etc/nope\", O_RDONLY", "-1 ENOENT (No such file or directory)", -2,
	  { -100ULL }, "/etc/nope", 0, 0 },
	{ 430, 2, 1, 257, "openat", "AT_FDCWD, \"/etc/other\", O_RDONLY", "-1 ENOENT (No such file or directory)", -2,
	  { -100ULL }, "/etc/other", 0, 0 },
	{ 440, 2, 1, 21, "access", "\"/opt/x\", R_OK", "-1 EACCES (Permission denied)", -13, { 0 }, "/opt/x", 0, 0 },
	{ 500, 6, 1, 41, "socket", "AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP", "4", 4, { 2, 0x80001 }, NULL, 0, 0 },
	{ 600, 2000, 1, 42, "connect",
	  "4, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr(\"127.0.0.1\")}, 16", "0", 0, { 4 }, NULL, 0, 0 },
	{ 3000, 20, 1, 44, "sendto", "4, \"GET /\", 50, 0, NULL, 0", "50", 50, { 4 }, NULL, 0, 0 },
	{ 3100, 3000, 1, 45, "recvfrom", "4, \"hello\", 4096, 0, NULL, NULL", "200", 200, { 4 }, NULL, 0, 0 },
	{ 7000, 4, 1, 293, "pipe2", "[5, 6], 0", "0", 0, { 0x7000 }, NULL, 0, 0 },
	{ 7100, 80, 1, 56, "clone", "child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD", "101", 101, { 0 }, NULL, 0, 0 },
	{ 7300, 500, 2, 59, "execve", "\"/bin/cat\", [\"cat\"], 0x7ffc /* 1 var */", "0", 0, { 0 }, "/bin/cat", 0, 0 },
	{ 8000, 15, 3, 1, "write", "6, \"ten bytes\\n\", 10", "10", 10, { 6 }, NULL, 0, 0 },
	{ 8050, 5, 3, 1, "write", "4, \"x\", 1", "-1 EBADF (Bad file descriptor)", -9, { 4 }, NULL, 0, 0 },
	{ 7400, 700, 1, 0, "read", "5, \"ten bytes\\n\", 4096", "10", 10, { 5 }, NULL, 0, 0 },
	{ 8200, 30000, 1, 61, "wait4", "-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL", "101", 101, { -1ULL }, NULL, 0, 0 },
	{ 8300, 0, 3, 231, "exit_group", "3", "?", 0, { 3 }, NULL, SYSCALL_UNFINISHED, 0 },
	{ 40000, 50000, 1, 74, "fsync", "3", "0", 0, { 3 }, NULL, 0, 2 },
	{ 100000, 100000, 1, 7, "poll", "[{fd=4, events=POLLIN}], 1, 100", "0 (Timeout)", 0, { 0x7000, 1, 100 }, NULL, 0, 0 },
	{ 210000, 1, 1, 3, "close", "3", "0", 0, { 3 }, NULL, 0, 0 },
	{ 210100, 1, 1, 0, "read", "3, 0x7000, 4096", "-1 EBADF (Bad file descriptor)", -9, { 3 }, NULL, 0, 0 },
};
enum { FIXTURE_CALLS = sizeof(fixture_calls) / sizeof(*fixture_calls) };

static inline uint32_t fixture_calls_string(struct recorder *r, const char *text)
{
	return text ? recorder_string(r, text, strlen(text)) : 0;
}

static inline uint64_t fixture_calls_ns(uint64_t us) { return (FIXTURE_START_MS * 1000ULL + us) * 1000; }

static inline void fixture_calls_side(struct recorder *r)
{
	const struct row_thread threads[] = {
		{ .id = 1, .tid = 100, .pid = 100, .ppid = 1, .start_ns = fixture_calls_ns(0),
		  .end_ns = fixture_calls_ns(250000), .comm = fixture_calls_string(r, "shell") },
		{ .id = 2, .tid = 101, .pid = 101, .ppid = 100, .start_ns = fixture_calls_ns(7180),
		  .end_ns = fixture_calls_ns(7800), .comm = fixture_calls_string(r, "shell") },
		{ .id = 3, .tid = 101, .pid = 101, .ppid = 100, .start_ns = fixture_calls_ns(7800), .previous = 2,
		  .end_ns = fixture_calls_ns(8310), .comm = fixture_calls_string(r, "cat") },
	};
	const struct row_descriptor descriptors[] = {
		{ .id = 1, .pid = 100, .fd = -100, .name = fixture_calls_string(r, "/home/u") },
		{ .id = 2, .pid = 100, .fd = 0, .name = fixture_calls_string(r, "/dev/tty") },
	};
	const struct row_frame frames[] = {
		{ .id = 1, .function = fixture_calls_string(r, "main"), .file = fixture_calls_string(r, "shell.c"), .line = 7 },
		{ .id = 2, .function = fixture_calls_string(r, "save"), .file = fixture_calls_string(r, "shell.c"), .line = 42 },
	};

	for (size_t i = 0; i < sizeof(threads) / sizeof(*threads); i++)
		recorder_side(r, TYPE_thread, &threads[i]);
	for (size_t i = 0; i < sizeof(descriptors) / sizeof(*descriptors); i++)
		recorder_side(r, TYPE_descriptor, &descriptors[i]);
	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++)
		recorder_side(r, TYPE_frame, &frames[i]);
	recorder_side(r, TYPE_stack, &(struct row_stack){ .id = 1, .frame = 1, .depth = 1 });
	recorder_side(r, TYPE_stack, &(struct row_stack){ .id = 2, .parent = 1, .frame = 2, .depth = 2 });
}

static inline void fixture_calls_put(struct recorder *r, struct recorder_stream *s, const struct fixture_call *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct fixture_call *c = &calls[i];

		recorder_row(s, TYPE_syscall,
			     &(struct row_syscall){ .time_ns = fixture_calls_ns(c->at_us), .duration_ns = c->took_us * 1000ULL,
						    .result = c->result, .arg0 = c->args[0], .arg1 = c->args[1],
						    .arg2 = c->args[2], .thread = c->thread, .stack = c->stack,
						    .number = c->number, .name = fixture_calls_string(r, c->name),
						    .arguments = fixture_calls_string(r, c->arguments),
						    .returned = fixture_calls_string(r, c->returned),
						    .path = fixture_calls_string(r, c->path), .flags = c->flags });
	}
}

static inline void fixture_calls_rows(struct recorder *r, struct recorder_stream *s)
{
	fixture_calls_put(r, s, fixture_calls, FIXTURE_CALLS);
	recorder_row(s, TYPE_exit, &(struct row_exit){ .time_ns = fixture_calls_ns(8310), .thread = 3, .status = 3 << 8 });
	recorder_row(s, TYPE_exit, &(struct row_exit){ .time_ns = fixture_calls_ns(250000), .thread = 1, .status = 9 });
	recorder_lost(s, "syscalls", "ring full", -1, fixture_calls_ns(9000), 12);
}

/* Make it at PATH. */
static inline struct err *fixture_calls_recording(const char *path)
{
	struct recorder_options options = { .path = path, .overwrite = true, .compactor = &parquet_compactor };
	struct recorder_stream *s;
	struct recorder *r;
	struct err *err;

	TRY(recorder_create(&options, &r));
	recorder_note(r, "command", "shell script");
	s = recorder_stream_create(r);
	fixture_calls_side(r);
	fixture_calls_rows(r, s);
	recorder_stream_destroy(s);
	recorder_span(r, fixture_calls_ns(0), fixture_calls_ns(250000));
	err = recorder_finish(r, NULL);
	recorder_destroy(r);
	return err;
}

/*
 * Another one: a command that sonde started (pid 200, which is "sonde" before it is "app") waits for a futex that its
 * other thread (201) wakes, and for one that nobody does; that one waits for an event of its descriptor 0; when one of its reads began is not known.  CUT: its recorder
 * did not end it.
 */
static const struct fixture_call fixture_lock_calls[] = {
	{ 0, 300, 1, 59, "execve", "\"/bin/app\", [\"app\"], 0x7ffc /* 1 var */", "0", 0, { 0 }, "/bin/app", 0, 0 },
	{ 1000, 100000, 2, 202, "futex", "0x7000, FUTEX_WAIT_PRIVATE, 2, NULL", "0", 0, { 0x7000, 128, 2 }, NULL, 0, 2 },
	{ 100990, 10, 3, 202, "futex", "0x7000, FUTEX_WAKE_PRIVATE, 1", "1", 1, { 0x7000, 129, 1 }, NULL, 0, 0 },
	{ 101100, 0, 3, 0, "read", "0, \"y\", 1", "1", 1, { 0 }, NULL, SYSCALL_UNTIMED, 0 },
	{ 101200, 20, 3, 0, "read", "0, \"y\", 1", "1", 1, { 0 }, NULL, 0, 0 },
	{ 101300, 2, 3, 233, "epoll_ctl", "5, EPOLL_CTL_ADD, 0, {events=EPOLLIN, data={u32=9, u64=9}}", "0", 0, { 5, 1, 0 }, NULL, 0, 0 },
	{ 101400, 500, 3, 232, "epoll_wait", "5, [{events=EPOLLIN, data={u32=9, u64=9}}], 8, -1", "1", 1, { 5 }, NULL, 0, 0 },
	{ 102000, 98000, 2, 202, "futex", "0x8000, FUTEX_WAIT_PRIVATE, 2, NULL", "?", 0, { 0x8000, 128, 2 }, NULL,
	  SYSCALL_UNFINISHED, 1 },
};
enum { FIXTURE_LOCK_CALLS = sizeof(fixture_lock_calls) / sizeof(*fixture_lock_calls) };

static inline struct err *fixture_lock_recording(const char *path, bool cut)
{
	struct recorder_options options = { .path = path, .overwrite = true, .compactor = &parquet_compactor };
	struct recorder_stream *s;
	struct recorder *r;
	struct err *err;

	TRY(recorder_create(&options, &r));
	const struct row_thread threads[] = {
		{ .id = 1, .tid = 200, .pid = 200, .ppid = 1, .start_ns = fixture_calls_ns(0) - 1000, .end_ns = fixture_calls_ns(200),
		  .comm = fixture_calls_string(r, "sonde") },
		{ .id = 2, .tid = 200, .pid = 200, .ppid = 1, .start_ns = fixture_calls_ns(200), .previous = 1,
		  .comm = fixture_calls_string(r, "app") },
		{ .id = 3, .tid = 201, .pid = 200, .ppid = 1, .start_ns = fixture_calls_ns(500), .comm = fixture_calls_string(r, "app") },
	};

	recorder_note(r, "command", "app");
	s = recorder_stream_create(r);
	fixture_calls_side(r);
	for (size_t i = 0; i < sizeof(threads) / sizeof(*threads); i++)
		recorder_side(r, TYPE_thread, &threads[i]);
	fixture_calls_put(r, s, fixture_lock_calls, FIXTURE_LOCK_CALLS);
	recorder_stream_destroy(s);
	recorder_span(r, fixture_calls_ns(0), fixture_calls_ns(200000));
	err = cut ? NULL : recorder_finish(r, NULL);
	recorder_destroy(r);
	return err;
}

#endif
