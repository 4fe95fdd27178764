/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* session/resolve: the frames of a recording get names, inlined calls and notes. */
#include "base/mem.h"
#include "base/str.h"
#include "event/types.h"
#include "module/module.h"
#include "record/recorder.h"
#include "record/recording.h"
#include "session/resolve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* An inlined call whose address the program itself tells. */
static uint64_t inlined_addr;
/* Just before where it returns to: inside the call, in its caller's code. */
__attribute__((noinline)) static uint64_t addr_of_call(void)
{
	return (uint64_t)(uintptr_t)__builtin_return_address(0) - 1;
}
static inline __attribute__((always_inline)) void innermost(void)
{
	inlined_addr = addr_of_call();
	__asm__ volatile("" ::: "memory");
}
static inline __attribute__((always_inline)) void between(void) { innermost(); }
__attribute__((noinline)) static void outermost(void) { between(); }

static uint32_t text_id(struct recorder *r, const char *text) { return recorder_string(r, text, strlen(text)); }

static uint64_t offset_of(const char *path, uint64_t addr)
{
	extern char __executable_start[];
	struct module_key key = { .kind = MODULE_PROGRAM, .path = path, .fd = -1 };
	struct module *m;
	uint64_t offset = 0;

	assert_null(module_create(&key, &m));
	assert_true(module_vaddr_to_offset(m, addr - (uint64_t)(uintptr_t)__executable_start, &offset));
	module_destroy(m);
	return offset;
}

static void put_frame(struct recorder *r, uint32_t id, uint32_t module, uint64_t offset, bool exact)
{
	struct row_frame row = { .id = id, .module = module, .offset = offset, .exact = exact };

	recorder_side(r, TYPE_frame, &row);
}

static struct recorder *make_recording(const char *path, const char *self)
{
	struct recorder *r;
	struct recorder_options options = { .path = path, .overwrite = true };
	struct row_module program = { .id = 1, .kind = MODULE_PROGRAM };
	struct row_module gone = { .id = 2, .kind = MODULE_SHARED };

	assert_null(recorder_create(&options, &r));
	program.path = text_id(r, self);
	gone.path = text_id(r, "/nowhere/libgone.so");
	recorder_side(r, TYPE_module, &program);
	recorder_side(r, TYPE_module, &gone);
	put_frame(r, 1, 1, offset_of(self, inlined_addr), true);
	put_frame(r, 2, 1, offset_of(self, (uint64_t)(uintptr_t)make_recording), true);
	put_frame(r, 3, 1, offset_of(self, (uint64_t)(uintptr_t)make_recording) + 1, false);
	put_frame(r, 4, 2, 0x1000, true);
	put_frame(r, 5, 0, 0x1234, true);
	return r;
}

static const char *function_of(struct recorder *r, const struct row_frame *row)
{
	return recorder_string_text(r, row->function);
}

static void check_inlined(struct recorder *r)
{
	static const char *const names[] = { "innermost", "between", "outermost" };
	uint32_t id = 1;

	for (size_t i = 0; i < 3; i++) {
		const struct row_frame *row = recorder_side_find(r, TYPE_frame, id);

		assert_non_null(row);
		assert_string_equal(function_of(r, row), names[i]);
		assert_true(str_ends(recorder_string_text(r, row->file), "test_resolve.c"));
		assert_int_not_equal(row->line, 0);
		assert_int_equal(row->inlined, i < 2);
		assert_int_equal(row->module, 1);
		assert_int_equal(row->exact, 1);
		assert_int_not_equal(row->build_id, 0);
		id = row->outer;
	}
	assert_int_equal(id, 0);
}

static void test_resolve(void **state)
{
	char directory[] = "/tmp/sonde-test-XXXXXX", self[4096] = { 0 };
	struct resolve_totals totals;

	assert_non_null(mkdtemp(directory));
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	outermost();

	CLEANUP(mem_freep) char *path = mem_printf("%s/a.sonde", directory);
	CLEANUP(mem_freep) char *clean = mem_printf("rm -rf %s", directory);
	struct recorder *r = make_recording(path, self);

	assert_null(resolve_frames(r, NULL, &totals));
	assert_int_equal(totals.frames, 4);
	assert_int_equal(totals.resolved, 3);
	assert_int_equal(totals.inlined_added, 2);
	check_inlined(r);
	assert_string_equal(function_of(r, recorder_side_find(r, TYPE_frame, 2)), "make_recording");
	assert_string_equal(function_of(r, recorder_side_find(r, TYPE_frame, 3)), "make_recording");
	assert_string_equal(function_of(r, recorder_side_find(r, TYPE_frame, 4)), "");
	assert_int_equal(recorder_side_max_id(r, TYPE_frame), 7);

	const struct row_module *gone = recorder_side_find(r, TYPE_module, 2);

	assert_string_equal(recorder_string_text(r, gone->note), "/nowhere/libgone.so is not there any more");

	/* A second run finds nothing new to do. */
	assert_null(resolve_frames(r, NULL, &totals));
	assert_int_equal(totals.resolved, 0);
	recorder_destroy(r);
	assert_int_equal(system(clean), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_resolve) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
