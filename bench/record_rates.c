/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * record-rates [ROWS]: how fast rows go into a recording and out of it, on one core, for the sample
 * row and the system call row.  Each number is the median of several runs, with the spread and
 * the CPU time.  Files are in the current directory.
 *
 *   journal   recorder_row(), chunks that are new (a short recording)
 *   recycled  the same, chunks that were used before (all but the first moments of a long one)
 *   parquet   what the writer thread does: chunks -> columns -> encodings -> zstd -> files
 *   read      one column of all rows, decoded into arrays (the slowest and the fastest)
 *   group by  select KEY, count(*), sum(X) ... group by KEY
 */
#include "base/mem.h"
#include "base/str.h"
#include "event/table.h"
#include "record/journal.h"
#include "record/recorder.h"
#include "record/recording.h"
#include "record/segment.h"
#include "record/sql.h"
#include "record/store.h"
#include "rows.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { RUNS = 7, STACKS = 3000, MADE_ROWS = 1 << 19 };

struct kind {
	const char *name;
	unsigned type;
	size_t row_bytes;
	const char *group_by;
};
static const struct kind kinds[] = {
	{ "sample", TYPE_sample, sizeof(struct row_sample),
	  "select thread, count(*), sum(period) from sample group by thread" },
	{ "syscall", TYPE_syscall, sizeof(struct row_syscall),
	  "select number, count(*), sum(duration_ns) from syscall group by number" },
};

static void check(struct err *err)
{
	if (err == NULL)
		return;
	fprintf(stderr, "record-rates: %s\n", err_message(err));
	exit(1);
}

static double clock_s(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- measuring ------------------------------------------------------------------------------- */

struct times {
	double wall_s[RUNS], cpu_s[RUNS];
	size_t n;
	double wall, cpu;
};

static void begin(struct times *t)
{
	t->wall = clock_s(CLOCK_MONOTONIC);
	t->cpu = clock_s(CLOCK_THREAD_CPUTIME_ID);
}

static void end(struct times *t)
{
	t->wall_s[t->n] = clock_s(CLOCK_MONOTONIC) - t->wall;
	t->cpu_s[t->n++] = clock_s(CLOCK_THREAD_CPUTIME_ID) - t->cpu;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Millions a second: median of the wall times, its spread, and by CPU time. */
static void print(const char *kind, const char *what, const char *unit, struct times *t,
		  double count)
{
	qsort(t->wall_s, t->n, sizeof(double), by_size);
	qsort(t->cpu_s, t->n, sizeof(double), by_size);
	printf("%-8s %-28s %8.1f M %s/s   (%.1f - %.1f; by CPU time %.1f)\n", kind, what,
	       count / t->wall_s[t->n / 2] / 1e6, unit, count / t->wall_s[t->n - 1] / 1e6,
	       count / t->wall_s[0] / 1e6, count / t->cpu_s[t->n / 2] / 1e6);
	fflush(stdout);
}

/* --- the rows
 * --------------------------------------------------------------------------------------- */

static uint8_t *make_rows(const struct kind *k)
{
	uint8_t *all = mem_alloc(MADE_ROWS * k->row_bytes);
	struct rows r;

	rows_init(&r, 42, 1000000000, STACKS);
	for (size_t i = 0; i < MADE_ROWS; i++)
		if (k->type == TYPE_sample)
			rows_sample(&r, 1000000, (struct row_sample *)(all + i * k->row_bytes));
		else
			rows_syscall(&r, 1500, (struct row_syscall *)(all + i * k->row_bytes));
	return all;
}

_Static_assert(sizeof(struct row_syscall) <= 96, "a row fits into put_all()'s copy");

static void put_all(struct recorder *r, const struct kind *k, const uint8_t *rows, uint64_t count)
{
	struct recorder_stream *s = recorder_stream_create(r);

	for (uint64_t done = 0; done < count; done += MADE_ROWS)
		for (uint64_t i = 0; i < MADE_ROWS && done + i < count; i++) {
			uint64_t row[12]; /* time goes on when the rows come round again */

			memcpy(row, rows + i * k->row_bytes, k->row_bytes);
			row[0] += done * 2000000;
			recorder_row(s, k->type, row);
		}
	recorder_stream_destroy(s);
}

/* --- what is measured
 * ------------------------------------------------------------------------------------ */

static struct recorder *start(const char *path)
{
	struct recorder_options o = { .path = path,
				      .overwrite = true,
				      .journal_max_bytes = 4ull << 30 };
	struct recorder *r;

	check(recorder_create(&o, &r));
	return r;
}

static void bench_journal(const struct kind *k, const uint8_t *rows, uint64_t count)
{
	struct times t = { .n = 0 };

	for (int run = 0; run < RUNS; run++) {
		struct recorder *r = start("bench.sonde");

		begin(&t);
		put_all(r, k, rows, count);
		end(&t);
		recorder_destroy(r);
	}
	print(k->name, "into the journal, new", "rows", &t, (double)count);
}

static void recycle(struct journal *j, struct journal_runs *runs)
{
	journal_collect(j, UINT64_MAX, runs);
	for (size_t i = 0; i < runs->runs.n; i++)
		journal_stored(&runs->runs.v[i]);
	journal_recycle(j);
}

/* The journal alone; a round ends when its chunks are given back, which is counted too. */
static void bench_recycled(const struct kind *k, const uint8_t *rows, uint64_t count)
{
	struct times t = { .n = 0 };
	struct journal_runs runs = { 0 };
	struct journal_block b = { 0 };
	struct journal *j;

	if (mkdir("bench.journal", 0777) < 0 && access("bench.journal", F_OK) < 0)
		exit(1);
	int fd = open("bench.journal", O_RDONLY | O_DIRECTORY);

	check(journal_create(fd, 64 << 20, &j));
	for (int run = 0; run <= RUNS; run++) {
		begin(&t);
		for (uint64_t i = 0; i < count; i++) {
			if (b.next == b.end) {
				journal_close_block(j, &b);
				if (!journal_open_block(j, k->type, (uint32_t)k->row_bytes, &b)) {
					recycle(j, &runs);
					journal_open_block(j, k->type, (uint32_t)k->row_bytes, &b);
				}
			}
			memcpy(b.next, rows + i % MADE_ROWS * k->row_bytes, k->row_bytes);
			b.next += k->row_bytes;
			atomic_store_explicit(b.count, ++b.rows, memory_order_release);
		}
		if (run) /* the first makes the chunks */
			end(&t);
	}
	journal_close_block(j, &b);
	journal_destroy(j);
	close(fd);
	vec_deinit(&runs.runs);
	if (system("rm -r bench.journal") != 0)
		exit(1);
	print(k->name, "into the journal, recycled", "rows", &t, (double)count);
}

static const char *no_text(void *user, uint32_t id, size_t *length)
{
	*length = 0;
	return "";
}

/* What the writer thread does: collect what waits, build a segment, write its file. */
static void compact(struct journal *j, const struct kind *k, int dirfd, struct journal_runs *runs)
{
	struct segment segment = { .type = event_type_builtin(k->type), .text = no_text };

	for (unsigned number = 0;; number++) {
		VEC(struct segment_run) some = { 0 };
		struct str out = { 0 };

		journal_collect(j, 32 << 20, runs);
		if (runs->runs.n == 0)
			return;
		for (size_t i = 0; i < runs->runs.n; i++)
			vec_push(&some, ((struct segment_run){ runs->runs.v[i].rows,
							       runs->runs.v[i].count }));
		segment.runs = some.v;
		segment.run_count = some.n;
		check(parquet_compactor.build(&segment, &out));
		check(store_segment(dirfd, k->name, number, out.text, out.length));
		for (size_t i = 0; i < runs->runs.n; i++)
			journal_stored(&runs->runs.v[i]);
		journal_recycle(j);
		str_deinit(&out);
		vec_deinit(&some);
	}
}

static void fill_journal(struct journal *j, const struct kind *k, const uint8_t *rows,
			 uint64_t count)
{
	struct journal_block b = { 0 };

	for (uint64_t i = 0; i < count; i++) {
		uint64_t time_ns;

		if (b.next == b.end) {
			journal_close_block(j, &b);
			if (!journal_open_block(j, k->type, (uint32_t)k->row_bytes, &b))
				exit(1);
		}
		memcpy(b.next, rows + i % MADE_ROWS * k->row_bytes, k->row_bytes);
		memcpy(&time_ns, b.next, 8);
		time_ns += i / MADE_ROWS * MADE_ROWS * 2000000;
		memcpy(b.next, &time_ns, 8);
		b.next += k->row_bytes;
		atomic_store_explicit(b.count, ++b.rows, memory_order_release);
	}
	journal_close_block(j, &b);
}

static void bench_parquet(const struct kind *k, const uint8_t *rows, uint64_t count)
{
	struct times t = { .n = 0 };
	struct journal_runs runs = { 0 };
	struct journal *j;

	if (mkdir("bench.journal", 0777) < 0)
		exit(1);
	int fd = open("bench.journal", O_RDONLY | O_DIRECTORY);

	check(journal_create(fd, 2ull << 30, &j));
	for (int run = 0; run < RUNS; run++) {
		fill_journal(j, k, rows, count);
		begin(&t);
		compact(j, k, fd, &runs);
		end(&t);
	}
	journal_destroy(j);
	vec_deinit(&runs.runs);
	print(k->name, "journal to Parquet", "rows", &t, (double)count);
	printf("%-8s %-28s %8.2f\n", k->name, "bytes a row",
	       (double)store_bytes(fd, k->name) / (double)count);
	close(fd);
	if (system("rm -r bench.journal") != 0)
		exit(1);
}

/* The recording that the rest reads. */
static void make_recording(const struct kind *k, const uint8_t *rows, uint64_t count)
{
	struct recorder *r = start("bench.sonde");
	struct recording *rec;

	rows_side(r, STACKS);
	put_all(r, k, rows, count);
	check(recorder_finish(r, NULL));
	recorder_destroy(r);
	check(recording_open("bench.sonde", &rec)); /* folds */
	recording_destroy(rec);
}

static double scan_column(struct recording *rec, const struct kind *k, const char *column,
			  struct times *t)
{
	const char *columns[] = { column, NULL };
	struct scan_options o = { .columns = columns };
	struct scan *scan;
	struct batch b;
	bool more;

	for (int run = 0; run < RUNS; run++) {
		begin(t);
		check(scan_create(rec, k->name, &o, &scan));
		for (;;) {
			check(scan_next(scan, &b, &more));
			if (!more)
				break;
		}
		scan_destroy(scan);
		end(t);
	}
	qsort(t->wall_s, t->n, sizeof(double), by_size);
	return t->wall_s[t->n / 2];
}

static void bench_read(const struct kind *k, uint64_t count)
{
	struct recording *rec;
	double slowest = 0, fastest = 1e9;
	struct times slow = { .n = 0 }, fast = { .n = 0 };
	char slow_name[64] = "", fast_name[64] = "";

	check(recording_open("bench.sonde", &rec));
	const struct event_type *type = recording_find_table(rec, k->name)->type;

	for (unsigned i = 0; i < type->field_count; i++) {
		struct times t = { .n = 0 };
		double seconds = scan_column(rec, k, type->fields[i].name, &t);

		if (seconds > slowest) {
			slowest = seconds;
			slow = t;
			snprintf(slow_name, sizeof(slow_name), "read a column, slowest: %.16s",
				 type->fields[i].name);
		}
		if (seconds < fastest) {
			fastest = seconds;
			fast = t;
			snprintf(fast_name, sizeof(fast_name), "read a column, fastest: %.16s",
				 type->fields[i].name);
		}
	}
	print(k->name, slow_name, "values", &slow, (double)count);
	print(k->name, fast_name, "values", &fast, (double)count);
	recording_destroy(rec);
}

static struct err *no_columns(void *user, const char *const *names, int count) { return NULL; }
static struct err *no_row(void *user, const struct sql_value *values, int count) { return NULL; }

static void bench_sql(const struct kind *k, uint64_t count)
{
	struct times t = { .n = 0 };
	struct sql_sink sink = { no_columns, no_row, NULL };
	struct recording *rec;
	struct sql *sql;

	check(recording_open("bench.sonde", &rec));
	check(sql_open(rec, &sql));
	for (int run = 0; run < RUNS; run++) {
		begin(&t);
		check(sql_query(sql, k->group_by, &sink));
		end(&t);
	}
	print(k->name, "SQL GROUP BY", "rows", &t, (double)count);
	sql_destroy(sql);
	recording_destroy(rec);
}

int main(int argc, char **argv)
{
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 4000000;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const struct kind *k = &kinds[i];
		uint8_t *rows = make_rows(k);

		bench_journal(k, rows, count);
		bench_recycled(k, rows, count);
		bench_parquet(k, rows, count);
		make_recording(k, rows, count);
		bench_read(k, count);
		bench_sql(k, count);
		free(rows);
	}
	return 0;
}
