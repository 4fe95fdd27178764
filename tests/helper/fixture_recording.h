/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_TESTS_FIXTURE_RECORDING_H
#define SONDE_TESTS_FIXTURE_RECORDING_H
/*
 * A recording whose every sample is known, for tests of what reads recordings.
 *
 * 136 samples of cpu-clock, 1 ms each, and 7 page faults:
 *
 *   40  main prog  main > parse > lex (inlined into parse)
 *   20  main prog  main > rec > rec > draw(int, char const*)
 *   10  main prog  main > rec > rec
 *   10  main prog  main > ? in libdemo.so.1, which has no symbols
 *    5  main prog  main > do_syscall_64 > vfs_read         in the kernel
 *    1  main prog  no stack
 *   30  worker     worker_main > draw(int, char const*)    2 of them cut short
 *   15  other      main                                    another process
 *    5  kworker    do_syscall_64                           a kernel thread
 *    7  main prog  main > parse > lex                      page-faults
 *
 * and 12 events lost.
 */
#include "base/err.h"
#include "base/str.h"
#include "event/types.h"
#include "record/recorder.h"
#include "record/segment.h"

#include <string.h>
#include <time.h>

static inline uint32_t fixture_string(struct recorder *r, const char *text)
{
	return recorder_string(r, text, strlen(text));
}

static inline void fixture_thread(struct recorder *r, uint32_t id, uint32_t tid, uint32_t pid,
				  const char *comm, const char *exe)
{
	recorder_side(r, TYPE_thread,
		      &(struct row_thread){ .id = id,
					    .tid = tid,
					    .pid = pid,
					    .comm = fixture_string(r, comm),
					    .exe = fixture_string(r, exe) });
}

static inline void fixture_module(struct recorder *r, uint32_t id, const char *path,
				  const char *note, uint8_t kind)
{
	recorder_side(r, TYPE_module,
		      &(struct row_module){ .id = id,
					    .path = fixture_string(r, path),
					    .note = fixture_string(r, note),
					    .kind = kind });
}

struct fixture_frame {
	uint32_t id, module;
	const char *path, *function, *file;
	uint32_t line, outer;
	uint8_t kind;
	bool inlined;
};

static inline void fixture_frames(struct recorder *r)
{
	static const struct fixture_frame frames[] = {
		{ 1, 1, "/opt/demo", "main", "demo.c", 10, 0, MODULE_PROGRAM, false },
		{ 2, 1, "/opt/demo", "parse", "demo.c", 20, 0, MODULE_PROGRAM, false },
		{ 3, 1, "/opt/demo", "lex", "lex.h", 5, 2, MODULE_PROGRAM, true },
		{ 4, 1, "/opt/demo", "rec", "demo.c", 40, 0, MODULE_PROGRAM, false },
		{ 5, 2, "/usr/lib/libdemo.so.1", "", "", 0, 0, MODULE_SHARED, false },
		{ 6, 3, "[kernel]", "vfs_read", "", 0, 0, MODULE_KERNEL, false },
		{ 7, 3, "[kernel]", "do_syscall_64", "", 0, 0, MODULE_KERNEL, false },
		{ 8, 1, "/opt/demo", "draw(int, char const*)", "draw.cc", 7, 0, MODULE_PROGRAM,
		  false },
		{ 9, 1, "/opt/demo", "worker_main", "demo.c", 60, 0, MODULE_PROGRAM, false },
	};

	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++) {
		const struct fixture_frame *f = &frames[i];

		recorder_side(
			r, TYPE_frame,
			&(struct row_frame){ .id = f->id,
					     .module = f->module,
					     .offset = 0x1000 + (f->id == 3 ? 2 : f->id) * 0x100,
					     .function = fixture_string(r, f->function),
					     .file = fixture_string(r, f->file),
					     .module_path = fixture_string(r, f->path),
					     .line = f->line,
					     .outer = f->outer,
					     .inlined = f->inlined,
					     .kind = f->kind });
	}
}

static inline void fixture_side(struct recorder *r)
{
	static const uint32_t stacks[][3] = {
		/* id, parent, frame */
		{ 1, 0, 1 }, { 2, 1, 3 }, { 3, 1, 4 }, { 4, 3, 4 },  { 5, 4, 8 },  { 6, 1, 5 },
		{ 7, 1, 7 }, { 8, 7, 6 }, { 9, 0, 9 }, { 10, 9, 8 }, { 11, 0, 7 },
	};

	fixture_thread(r, 1, 100, 100, "main prog", "/opt/demo");
	fixture_thread(r, 2, 101, 100, "worker", "/opt/demo");
	fixture_thread(r, 3, 200, 200, "other", "/opt/demo");
	fixture_thread(r, 4, 50, 50, "kworker/0:1", "");
	fixture_module(r, 1, "/opt/demo", "", MODULE_PROGRAM);
	fixture_module(r, 2, "/usr/lib/libdemo.so.1", "it has no symbols", MODULE_SHARED);
	fixture_module(r, 3, "[kernel]", "", MODULE_KERNEL);
	fixture_frames(r);
	for (size_t i = 0; i < sizeof(stacks) / sizeof(*stacks); i++)
		recorder_side(r, TYPE_stack,
			      &(struct row_stack){ .id = stacks[i][0],
						   .parent = stacks[i][1],
						   .frame = stacks[i][2] });
	recorder_side(r, TYPE_mapping,
		      &(struct row_mapping){ .id = 1,
					     .pid = 100,
					     .addr = 0x400000,
					     .size_bytes = 0x10000,
					     .module = 1 });
	recorder_side(r, TYPE_event,
		      &(struct row_event){ .id = 1,
					   .name = fixture_string(r, "cpu-clock"),
					   .unit = fixture_string(r, "ns"),
					   .frequency_hz = 999 });
	recorder_side(r, TYPE_event,
		      &(struct row_event){ .id = 2,
					   .name = fixture_string(r, "page-faults"),
					   .unit = fixture_string(r, "events"),
					   .period = 1 });
}

static inline uint64_t fixture_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* COUNT samples 1 us apart from *time_ns on. */
static inline void fixture_samples(struct recorder_stream *s, uint64_t *time_ns, unsigned count,
				   struct row_sample row)
{
	for (unsigned i = 0; i < count; i++) {
		row.time_ns = *time_ns;
		*time_ns += 1000;
		recorder_row(s, TYPE_sample, &row);
	}
}

static inline void fixture_rows(struct recorder_stream *s)
{
	static const struct {
		unsigned count;
		uint32_t thread, stack;
		uint8_t mode, flags;
	} rows[] = {
		{ 40, 1, 2, 0, 0 },
		{ 20, 1, 5, 0, 0 },
		{ 10, 1, 4, 0, 0 },
		{ 10, 1, 6, 0, 0 },
		{ 5, 1, 8, SAMPLE_KERNEL, 0 },
		{ 1, 1, 0, 0, 0 },
		{ 28, 2, 10, 0, 0 },
		{ 2, 2, 10, 0, SAMPLE_STACK_CUT },
		{ 15, 3, 1, 0, 0 },
		{ 5, 4, 11, SAMPLE_KERNEL, 0 },
	};
	uint64_t time_ns = fixture_now();

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		fixture_samples(s, &time_ns, rows[i].count,
				(struct row_sample){ .period = 1000000,
						     .thread = rows[i].thread,
						     .stack = rows[i].stack,
						     .event = 1,
						     .mode = rows[i].mode,
						     .flags = rows[i].flags });
	fixture_samples(s, &time_ns, 7,
			(struct row_sample){ .period = 1, .thread = 1, .stack = 2, .event = 2 });
	recorder_lost(s, "cpu", "ring full", 1, time_ns, 12);
}

/* Make it at PATH; with CUT as if its recorder had been killed. */
static inline struct err *fixture_recording(const char *path, bool cut)
{
	struct recorder_options options = { .path = path,
					    .overwrite = true,
					    .compactor = &parquet_compactor };
	struct recorder *r;
	struct err *err = NULL;

	TRY(recorder_create(&options, &r));
	recorder_note(r, "command", "demo --fast");

	struct recorder_stream *s = recorder_stream_create(r);

	fixture_side(r);
	fixture_rows(s);
	recorder_stream_destroy(s);
	if (!cut)
		err = recorder_finish(r, NULL);
	recorder_destroy(r);
	return err;
}

#endif
