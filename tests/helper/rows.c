/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See rows.h.  All random numbers come from one seed, so that a run can be repeated. */
#include "rows.h"

#include "base/map.h"
#include "record/recorder.h"

#include <stdio.h>
#include <string.h>

static uint64_t next(struct rows *r)
{
	r->seed = r->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return hash_u64(r->seed);
}

/* Few are frequent: the product of three uniform numbers. */
static uint32_t skewed(struct rows *r, uint32_t count)
{
	uint64_t n = next(r);
	double x = (double)(n & 0xffff) / 65536, y = (double)(n >> 16 & 0xffff) / 65536,
	       z = (double)(n >> 32 & 0xffff) / 65536;

	return (uint32_t)(x * y * z * count);
}

void rows_init(struct rows *r, uint64_t seed, uint64_t start_ns, uint32_t stacks)
{
	*r = (struct rows){ .seed = seed, .time_ns = start_ns, .stacks = stacks };
}

void rows_sample(struct rows *r, uint64_t period_ns, struct row_sample *row)
{
	uint64_t n = next(r);

	r->time_ns += period_ns + n % (period_ns / 8 + 1);
	r->number++;
	*row = (struct row_sample){ .time_ns = r->time_ns,
				    .period = period_ns,
				    .thread = 1 + skewed(r, ROWS_THREADS),
				    .stack = 1 + skewed(r, r->stacks),
				    .cpu = (uint16_t)(n >> 40 & 1),
				    .event = 1,
				    .mode = (n >> 44 & 7) == 0,
				    .flags = (n >> 48 & 63) == 0 };
}

/* A buffer that is used again and again, at one of a few places. */
static uint64_t buffer(struct rows *r, uint64_t n)
{
	return 0x7f3a10000000 + (n >> 8 & 7) * 0x200000 + skewed(r, 300) * 0x1010;
}

void rows_syscall(struct rows *r, uint64_t period_ns, struct row_syscall *row)
{
	/* number, and how its arguments look */
	static const struct {
		uint32_t number;
		int64_t result;
		uint64_t size;
	} calls[] = { { 0, 4096, 4096 }, { 1, 78, 78 },	     { 0, 832, 832 }, { 257, 3, 0x80000 },
		      { 3, 0, 0 },	 { 262, 0, 0x1000 }, { 9, 0, 3 },     { 202, 0, 128 } };
	uint64_t n = next(r);
	unsigned call = (unsigned)(n & 7);

	if (n >> 8 & 1) /* half of all is the same loop of reads and writes */
		call = (unsigned)(r->number & 1);
	r->time_ns += period_ns / 2 + n % (period_ns + 1);
	r->number++;
	*row = (struct row_syscall){
		.time_ns = r->time_ns,
		.duration_ns = 180 + (n >> 20 & 0xff) + ((n >> 30 & 31) == 0 ? n >> 50 : 0),
		.result = (n >> 12 & 31) == 0 ? -2 : calls[call].result,
		.arg0 = calls[call].number == 257 ? 0xffffff9c : 3 + (n >> 16 & 3),
		.arg1 = buffer(r, n),
		.arg2 = calls[call].size,
		.arg3 = call == 6 ? 0x22 : 0,
		.arg4 = 0x7f3a0fff0000 + (n >> 26 & 15) * 64,
		.arg5 = (n >> 33 & 3) * 0x40,
		.thread = 1 + skewed(r, ROWS_THREADS),
		.stack = (n >> 35 & 3) ? 0 : 1 + skewed(r, r->stacks),
		.number = calls[call].number
	};
}

static uint32_t text(struct recorder *r, const char *s) { return recorder_string(r, s, strlen(s)); }

static void put_threads(struct recorder *r)
{
	for (uint32_t id = 1; id <= ROWS_THREADS; id++) {
		char comm[16];

		snprintf(comm, sizeof(comm), id % 3 ? "worker-%u" : "cc1", id);
		struct row_thread row = { .id = id,
					  .tid = 4000 + id,
					  .pid = 4000 + id / 4,
					  .ppid = 3999,
					  .start_ns = id * 1000,
					  .comm = text(r, comm),
					  .exe = text(r, "/usr/lib/gcc/x86_64-linux-gnu/12/cc1") };

		recorder_side(r, TYPE_thread, &row);
	}
}

static void put_frames(struct recorder *r, uint32_t frames)
{
	static const char *const modules[] = { "/usr/lib/gcc/x86_64-linux-gnu/12/cc1",
					       "/lib/x86_64-linux-gnu/libc.so.6", "[kernel]" };
	struct row_event event = {
		.id = 1, .name = text(r, "cpu-clock"), .unit = text(r, "ns"), .frequency_hz = 997
	};

	recorder_side(r, TYPE_event, &event);
	for (uint32_t id = 1; id <= 3; id++) {
		struct row_module row = { .id = id,
					  .path = text(r, modules[id - 1]),
					  .build_id = text(
						  r, "0123456789abcdef0123456789abcdef01234567"),
					  .kind = id == 3 ? MODULE_KERNEL : MODULE_PROGRAM };

		recorder_side(r, TYPE_module, &row);
	}
	for (uint32_t id = 1; id <= frames; id++) {
		char name[40], file[40];

		snprintf(name, sizeof(name), "function_%u", id);
		snprintf(file, sizeof(file), "../../src/gcc/file-%u.c", id / 20);
		struct row_frame row = { .id = id,
					 .module = 1 + id % 3,
					 .offset = 0x1000 + id * 48ull,
					 .function = text(r, name),
					 .file = text(r, file),
					 .line = id % 3000 + 1,
					 .module_path = text(r, modules[id % 3]),
					 .kind = MODULE_PROGRAM };

		recorder_side(r, TYPE_frame, &row);
	}
}

void rows_side(struct recorder *r, uint32_t stacks)
{
	uint32_t frames = stacks / 3 + 1;

	put_threads(r);
	put_frames(r, frames);
	for (uint32_t id = 1; id <= stacks; id++) {
		struct row_stack row = { .id = id,
					 .parent = id / 2,
					 .frame = 1 + id % frames,
					 .depth = 32 - (uint32_t)__builtin_clz(id) };

		recorder_side(r, TYPE_stack, &row);
	}
}
