/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * make_recording PATH SAMPLES SYSCALLS [RATE [COUNTER]]: a recording of made-up rows, for tests
 * that have no need of a kernel's events. make_recording PATH FILE: a recording of the system calls
 * in FILE, as struct row_syscall one after the other.
 *
 * RATE: rows a second, 0 as fast as it goes.  COUNTER: a file that at each moment holds two 64-bit
 * numbers, how many samples were put and whether one is being put; it outlives a SIGKILL, so that
 * a test can compare.  Exit status 3: the recording failed; why is on stderr.
 */
#include "base/err.h"
#include "record/recorder.h"
#include "record/segment.h"
#include "rows.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { STACKS = 3000, PERIOD_NS = 1000000 };

static int fail(struct err *err)
{
	fprintf(stderr, "make_recording: %s\n", err_message(err));
	err_destroy(err);
	return 3;
}

static _Atomic uint64_t *map_counter(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);

	if (fd < 0 || ftruncate(fd, 4096) < 0)
		exit(2);
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		exit(2);
	return p;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void put(struct recorder *r, uint64_t samples, uint64_t syscalls, uint64_t rate,
		_Atomic uint64_t *counter)
{
	struct recorder_stream *s = recorder_stream_create(r);
	struct row_sample sample;
	struct row_syscall call;
	uint64_t start = now_ns(), most = samples > syscalls ? samples : syscalls;
	struct rows one, two;

	rows_init(&one, 1, start, STACKS);
	rows_init(&two, 2, start, STACKS);
	for (uint64_t i = 0; i < most && !recorder_borrow_error(r); i++) {
		while (rate && i >= (now_ns() - start) / 1000 * rate / 1000000)
			usleep(200);
		rows_syscall(&two, PERIOD_NS, &call);
		rows_sample(&one, PERIOD_NS, &sample);
		if (i < syscalls)
			recorder_row(s, TYPE_syscall, &call);
		if (i >= samples)
			continue;
		if (counter)
			atomic_store(&counter[1], 1);
		recorder_row(s, TYPE_sample, &sample);
		if (counter) {
			atomic_store(&counter[0], i + 1);
			atomic_store(&counter[1], 0);
		}
	}
	recorder_stream_destroy(s);
}

static void put_file(struct recorder *r, const char *path)
{
	struct recorder_stream *s = recorder_stream_create(r);
	struct row_syscall row;
	FILE *f = fopen(path, "r");

	if (f == NULL)
		exit(2);
	while (fread(&row, sizeof(row), 1, f) == 1)
		recorder_row(s, TYPE_syscall, &row);
	fclose(f);
	recorder_stream_destroy(s);
}

int main(int argc, char **argv)
{
	struct recorder_options o = { .overwrite = true,
				      .compactor = &parquet_compactor,
				      .segment_ns = 50000000 };
	struct recorder_totals totals;
	struct recorder *r;

	if (argc < 3)
		return 2;
	o.path = argv[1];
	_Atomic uint64_t *counter = argc > 5 ? map_counter(argv[5]) : NULL;
	struct err *err = recorder_create(&o, &r);

	if (err)
		return fail(err);
	recorder_note(r, "command", "made up");
	recorder_note(r, "asked", "cpu, syscalls");
	recorder_missing(r, "hardware counters", "this machine shows none",
			 "use a machine that has them");
	rows_side(r, STACKS);
	if (argc == 3)
		put_file(r, argv[2]);
	else
		put(r, strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10),
		    argc > 4 ? strtoull(argv[4], NULL, 10) : 0, counter);

	const struct err *broken = recorder_borrow_error(r);

	if (broken)
		fprintf(stderr, "make_recording: %s\n", err_message(broken));
	err = recorder_finish(r, &totals);
	int status = broken ? 3 : 0;

	if (err)
		status = fail(err);
	else
		printf("%" PRIu64 " rows, %" PRIu64 " lost, %" PRIu64 " bytes, %" PRIu64
		       " of events\n",
		       totals.rows, totals.lost, totals.bytes, totals.event_bytes);
	recorder_destroy(r);
	return status;
}
