/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tracker: lives of threads, shared mappings, stacks that don't depend on where a file
 * was mapped, and bounded memory. */
#include "capture/track.h"

#include "base/mem.h"
#include "base/str.h"
#include "event/types.h"
#include "module/module.h"
#include "record/recorder.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	char dir[64], *path;
	struct recorder *r;
	struct track *t;
};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/sonde-track-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->path = mem_printf("%s/t.sonde", f->dir);
	assert_null(recorder_create(&(struct recorder_options){ .path = f->path }, &f->r));
	f->t = track_create(f->r);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	track_destroy(f->t);
	recorder_destroy(f->r);
	nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f->path);
	free(f);
	return 0;
}

static const struct row_thread *thread_row(struct fixture *f, uint32_t id)
{
	return recorder_side_find(f->r, TYPE_thread, id);
}

static const char *text(struct fixture *f, uint32_t id) { return recorder_string_text(f->r, id); }

static void map_file(struct fixture *f, pid_t pid, uint64_t addr, uint64_t size, uint64_t offset,
		     const char *path)
{
	static const uint8_t id[20] = { 0xab, 0xcd };

	track_mmap(f->t, pid,
		   &(struct track_mmap){ .addr = addr, .size_bytes = size, .offset = offset,
					 .path = path, .build_id = id, .build_id_size = 20 },
		   5);
}

/* Process ids far above any pid_max here, so that /proc knows nothing of them. */
enum { PID = 0x7f000000 };

static void start(struct fixture *f, pid_t pid, const char *comm)
{
	track_comm(f->t, pid, pid, comm, true, 1);
}

static void test_lives(void **state)
{
	struct fixture *f = *state;

	start(f, PID, "make");
	uint32_t make = track_thread(f->t, PID, PID, 2);

	track_fork(f->t, PID + 1, PID, PID + 1, 10);
	uint32_t forked = track_thread(f->t, PID + 1, PID + 1, 11);

	assert_string_equal(text(f, thread_row(f, forked)->comm), "make");
	assert_int_equal(thread_row(f, forked)->ppid, PID);
	track_comm(f->t, PID + 1, PID + 1, "cc1", true, 20);
	map_file(f, PID + 1, 0x400000, 0x1000, 0, "/nowhere/cc1");

	uint32_t cc1 = track_thread(f->t, PID + 1, PID + 1, 21);

	assert_int_not_equal(cc1, forked);
	assert_int_equal(thread_row(f, cc1)->previous, forked);
	assert_int_equal(thread_row(f, forked)->end_ns, 20);
	assert_int_equal(thread_row(f, cc1)->start_ns, 20);
	assert_string_equal(text(f, thread_row(f, cc1)->exe), "/nowhere/cc1");
	track_comm(f->t, PID + 1, PID + 1, "cc1", false, 22); /* the same name: the same life */
	assert_int_equal(track_thread(f->t, PID + 1, PID + 1, 23), cc1);
	track_exit(f->t, PID + 1, PID + 1, 30);
	assert_int_equal(thread_row(f, cc1)->end_ns, 30);
	assert_int_equal(track_thread(f->t, PID + 1, PID + 1, 29), cc1); /* a late event */
	assert_int_equal(track_thread(f->t, PID, PID, 31), make);

	/* the kernel gives the id to somebody else */
	track_fork(f->t, PID + 1, PID, PID + 1, 40);
	assert_int_not_equal(track_thread(f->t, PID + 1, PID + 1, 41), cc1);
	assert_string_equal(text(f, thread_row(f, track_thread(f->t, PID + 1, PID + 1, 41))->comm), "make");
}

/* A second source that sees forks and execs, but no mappings, may be ahead of the one that is followed, or
 * behind it: neither takes mappings away, and there is one row for one life. */
static void test_second_source(void **state)
{
	struct fixture *f = *state;

	track_set_followed(f->t);
	start(f, PID, "make");
	map_file(f, PID, 0x400000, 0x1000, 0, "/nowhere/make");

	/* ahead: fork, exec and exit before the followed source's first word */
	track_saw_fork(f->t, PID + 1, PID, PID + 1, PID, 11);
	uint32_t forked = track_thread(f->t, PID + 1, PID + 1, 12);

	assert_string_equal(text(f, thread_row(f, forked)->comm), "make");
	track_fork_by(f->t, PID + 1, PID, PID + 1, PID, 10);
	assert_int_equal(track_thread(f->t, PID + 1, PID + 1, 12), forked);
	assert_int_not_equal(track_module_at(f->t, PID + 1, 0x400000), 0);
	track_saw_exec(f->t, PID + 1, PID + 1, "cc1", 19, 21);
	uint32_t cc1 = track_thread(f->t, PID + 1, PID + 1, 22);

	assert_int_not_equal(track_module_at(f->t, PID + 1, 0x400000), 0); /* samples from before may come */
	track_comm(f->t, PID + 1, PID + 1, "cc1", true, 20);
	assert_int_equal(track_thread(f->t, PID + 1, PID + 1, 22), cc1);
	assert_int_equal(track_module_at(f->t, PID + 1, 0x400000), 0);

	/* behind: mappings that came after the exec stay */
	map_file(f, PID + 1, 0x500000, 0x1000, 0, "/nowhere/cc1");
	track_saw_fork(f->t, PID + 1, PID, PID + 1, PID, 13);
	track_saw_exec(f->t, PID + 1, PID + 1, "cc1", 19, 23);
	assert_int_equal(track_thread(f->t, PID + 1, PID + 1, 24), cc1);
	assert_int_not_equal(track_module_at(f->t, PID + 1, 0x500000), 0);
	track_exit(f->t, PID + 1, PID + 1, 30);
	track_saw_fork(f->t, PID + 1, PID, PID + 1, PID, 40); /* the id's next life, seen by both */
	track_exit(f->t, PID + 1, PID + 1, 31);
	assert_int_equal(thread_row(f, track_thread(f->t, PID + 1, PID + 1, 41))->end_ns, 0);
}

static void test_threads(void **state)
{
	struct fixture *f = *state;

	start(f, PID, "server");
	track_fork_by(f->t, PID, PID, PID + 5, PID, 10);
	track_comm(f->t, PID, PID + 5, "worker", false, 11);
	track_fork_by(f->t, PID, PID, PID + 6, PID + 5, 12); /* a worker's thread starts with its name */

	const struct row_thread *row = thread_row(f, track_thread(f->t, PID, PID + 6, 13));

	assert_string_equal(text(f, row->comm), "worker");
	assert_int_equal(row->pid, PID);

	struct track_totals totals;

	track_get_totals(f->t, &totals);
	assert_int_equal(totals.processes, 1);
	assert_int_equal(totals.threads, 3);
}

static void test_stacks_without_place(void **state)
{
	struct fixture *f = *state;

	start(f, PID, "a");
	map_file(f, PID, 0x400000, 0x10000, 0x1000, "/nowhere/program");
	start(f, PID + 1, "a");
	map_file(f, PID + 1, 0x900000, 0x10000, 0x1000, "/nowhere/program");

	uint64_t one[] = { 0x400010, 0x400020, 0x400030 }, two[] = { 0x900010, 0x900020, 0x900030 };
	uint32_t first = track_stack(f->t, PID, one, 3, 0, true);

	assert_int_not_equal(first, 0);
	assert_int_equal(track_stack(f->t, PID, one, 3, 0, true), first);
	assert_int_equal(track_stack(f->t, PID + 1, two, 3, 0, true), first);

	const struct row_stack *stack = recorder_side_find(f->r, TYPE_stack, first);
	const struct row_frame *frame = recorder_side_find(f->r, TYPE_frame, stack->frame);

	assert_int_equal(stack->depth, 3);
	assert_int_equal(frame->offset, 0x1010);
	assert_int_equal(frame->exact, 1);
	assert_int_equal(frame->kind, MODULE_PROGRAM);
	/* the caller alone is a node of the same tree, but not exact is not the same frame */
	assert_int_not_equal(track_stack(f->t, PID, one + 1, 2, 0, true), stack->parent);
	assert_int_equal(track_stack(f->t, PID, one + 1, 2, 0, false), stack->parent);
	assert_int_equal(track_stack(f->t, PID, one, 0, 0, true), 0);
}

static void test_fork_shares_exec_clears(void **state)
{
	struct fixture *f = *state;
	uint64_t addr[] = { 0x400010 };

	start(f, PID, "a");
	map_file(f, PID, 0x400000, 0x1000, 0, "/nowhere/program");
	track_fork(f->t, PID + 1, PID, PID + 1, 10);
	uint32_t in_parent = track_stack(f->t, PID, addr, 1, 0, true);

	assert_int_equal(track_stack(f->t, PID + 1, addr, 1, 0, true), in_parent);
	/* the child maps something else there: only the child changes */
	map_file(f, PID + 1, 0x400000, 0x1000, 0x7000, "/nowhere/other");
	assert_int_not_equal(track_stack(f->t, PID + 1, addr, 1, 0, true), in_parent);
	assert_int_equal(track_stack(f->t, PID, addr, 1, 0, true), in_parent);
	track_comm(f->t, PID, PID, "b", true, 20);

	uint32_t after = track_stack(f->t, PID, addr, 1, 0, true);
	const struct row_stack *stack = recorder_side_find(f->r, TYPE_stack, after);
	const struct row_frame *frame = recorder_side_find(f->r, TYPE_frame, stack->frame);

	assert_int_equal(frame->module, 0); /* nothing is mapped any more */
	assert_int_equal(frame->offset, 0x400010);
}

static void test_kernel_and_garbage(void **state)
{
	struct fixture *f = *state;
	uint64_t addrs[] = { 0xffffffff81000010, 0xffffffff81000020, 0x400010, 0x400020,
			     0x1111,		 0x2222,	     0x400030 };

	start(f, PID, "a");
	map_file(f, PID, 0x400000, 0x1000, 0, "/nowhere/program");

	uint32_t id = track_stack(f->t, PID, addrs, 7, 2, true);
	const struct row_stack *stack = recorder_side_find(f->r, TYPE_stack, id);
	static const uint8_t exact[] = { 1, 0, 1, 0, 0, 0 };
	static const uint8_t kind[] = { MODULE_KERNEL, MODULE_KERNEL, MODULE_PROGRAM, MODULE_PROGRAM,
					MODULE_UNKNOWN, MODULE_PROGRAM };

	assert_int_equal(stack->depth, 6); /* the two that lie nowhere are one gap */
	for (unsigned i = 0; i < 6; i++) {
		const struct row_frame *frame = recorder_side_find(f->r, TYPE_frame, stack->frame);

		assert_int_equal(frame->exact, exact[i]);
		assert_int_equal(frame->kind, kind[i]);
		stack = recorder_side_find(f->r, TYPE_stack, stack->parent);
	}
	assert_null(stack);
	/* recursion is no gap */
	uint64_t recursive[] = { 0x400010, 0x400020, 0x400020, 0x400020 };

	stack = recorder_side_find(f->r, TYPE_stack, track_stack(f->t, PID, recursive, 4, 0, true));
	assert_int_equal(stack->depth, 4);
}

/* JIT memory: each process has its own, offsets are addresses. */
static void test_anonymous(void **state)
{
	struct fixture *f = *state;
	uint64_t addr[] = { 0x700010 };
	uint32_t module[2];

	for (int i = 0; i < 2; i++) {
		start(f, PID + i, "jit");
		track_mmap(f->t, PID + i,
			   &(struct track_mmap){ .addr = 0x700000, .size_bytes = 0x1000, .offset = 0x700,
						 .path = "//anon" },
			   5);

		const struct row_stack *stack = recorder_side_find(
			f->r, TYPE_stack, track_stack(f->t, PID + i, addr, 1, 0, true));
		const struct row_frame *frame = recorder_side_find(f->r, TYPE_frame, stack->frame);
		struct module_key key;

		assert_int_equal(frame->kind, MODULE_ANON);
		assert_int_equal(frame->offset, 0x700010);
		module[i] = frame->module;
		assert_true(track_module_key(f->t, frame->module, &key));
		assert_int_equal(key.pid, PID + i);
		assert_int_equal(track_module_fd(f->t, frame->module), -1);
	}
	assert_int_not_equal(module[0], module[1]);
}

/* Ourselves, from /proc: our program is found, open, and known by its build-id. */
static void test_self(void **state)
{
	struct fixture *f = *state;
	uint64_t addr[] = { (uint64_t)(uintptr_t)&test_self };
	struct module_key key;

	assert_true(track_process(f->t, getpid(), 5));
	assert_false(track_process(f->t, PID, 5));

	const struct row_stack *stack =
		recorder_side_find(f->r, TYPE_stack, track_stack(f->t, getpid(), addr, 1, 0, true));
	const struct row_frame *frame = recorder_side_find(f->r, TYPE_frame, stack->frame);

	assert_int_equal(frame->kind, MODULE_PROGRAM);
	assert_true(track_module_fd(f->t, frame->module) >= 0);
	assert_true(track_module_key(f->t, frame->module, &key));
	assert_true(str_ends(key.path, "test_track"));
	assert_true(str_ends(text(f, thread_row(f, track_thread(f->t, getpid(), getpid(), 6))->exe),
			     "test_track"));
}

/* Processes come and go: those that went long ago are forgotten. */
static void test_bounded(void **state)
{
	struct fixture *f = *state;
	struct track_totals totals;

	start(f, PID, "sh");
	for (int i = 1; i <= 20000; i++) {
		track_fork(f->t, PID + i, PID, PID + i, (uint64_t)i);
		track_exit(f->t, PID + i, PID + i, (uint64_t)i + 1);
	}
	track_get_totals(f->t, &totals);
	assert_int_equal(totals.processes, 20001);
	/* one that was forgotten is a stranger: a new row, and no crash */
	uint32_t stranger = track_thread(f->t, PID + 1, PID + 1, 50000);

	assert_true(stranger > 20000);
	assert_int_equal(thread_row(f, stranger)->start_ns, 50000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lives, setup, teardown),
		cmocka_unit_test_setup_teardown(test_second_source, setup, teardown),
		cmocka_unit_test_setup_teardown(test_threads, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stacks_without_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fork_shares_exec_clears, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kernel_and_garbage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_anonymous, setup, teardown),
		cmocka_unit_test_setup_teardown(test_self, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounded, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
