/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Address spaces: cuts, splits, sharing, and our own /proc/self/maps. */
#include "module/mapping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct mappings *put(struct mappings *m, uint64_t addr, uint64_t size, uint64_t offset,
			    uint32_t module)
{
	return mappings_put(m, &(struct mapping){ addr, size, offset, module });
}

static void expect(const struct mappings *m, size_t i, uint64_t addr, uint64_t size,
		   uint64_t offset, uint32_t module)
{
	const struct mapping *at = mappings_at(m, i);

	assert_int_equal(at->addr, addr);
	assert_int_equal(at->size_bytes, size);
	assert_int_equal(at->offset, offset);
	assert_int_equal(at->module, module);
}

static void test_split(void **state)
{
	struct mappings *m = mappings_create();

	m = put(m, 0x1000, 0x4000, 0, 1);
	m = put(m, 0x2000, 0x1000, 0x70000, 2);
	assert_int_equal(mappings_count(m), 3);
	expect(m, 0, 0x1000, 0x1000, 0, 1);
	expect(m, 1, 0x2000, 0x1000, 0x70000, 2);
	expect(m, 2, 0x3000, 0x2000, 0x2000, 1);
	assert_null(mappings_find(m, 0xfff));
	assert_int_equal(mappings_find(m, 0x1fff)->module, 1);
	assert_int_equal(mappings_find(m, 0x2000)->module, 2);
	assert_int_equal(mappings_find(m, 0x4fff)->offset, 0x2000);
	assert_null(mappings_find(m, 0x5000));
	mappings_unref(m);
}

static void test_cover_and_overlap(void **state)
{
	struct mappings *m = mappings_create();

	m = put(m, 0x1000, 0x1000, 0, 1);
	m = put(m, 0x3000, 0x1000, 0, 2);
	m = put(m, 0x5000, 0x2000, 0x100, 3);
	m = put(m, 0x1800, 0x4000, 0, 4); /* cuts 1, covers 2, cuts the head of 3 */
	assert_int_equal(mappings_count(m), 3);
	expect(m, 0, 0x1000, 0x800, 0, 1);
	expect(m, 1, 0x1800, 0x4000, 0, 4);
	expect(m, 2, 0x5800, 0x1800, 0x900, 3);
	m = put(m, 0, UINT64_MAX, 0, 9);
	assert_int_equal(mappings_count(m), 1);
	m = put(m, UINT64_MAX - 10, 4096, 0, 7); /* would wrap */
	assert_int_equal(mappings_find(m, UINT64_MAX - 5)->module, 7);
	m = put(m, 0x100, 0, 0, 8);
	assert_int_equal(mappings_find(m, 0x100)->module, 9);
	mappings_unref(m);
}

static void test_shared(void **state)
{
	struct mappings *a = put(mappings_create(), 0x1000, 0x1000, 0, 1);
	struct mappings *b = mappings_ref(a);

	b = put(b, 0x1000, 0x1000, 0, 2);
	assert_int_equal(mappings_find(a, 0x1000)->module, 1);
	assert_int_equal(mappings_find(b, 0x1000)->module, 2);
	mappings_unref(a);
	mappings_unref(b);
	mappings_unref(NULL);
}

/* Random puts against a byte-per-page model. */
static void test_random(void **state)
{
	enum { PAGES = 64 };
	uint32_t model_module[PAGES] = { 0 };
	uint64_t model_offset[PAGES] = { 0 };
	struct mappings *m = mappings_create();

	srand(7);
	for (unsigned round = 1; round < 2000; round++) {
		unsigned first = (unsigned)rand() % PAGES;
		unsigned count = 1 + (unsigned)rand() % (PAGES - first);
		uint64_t offset = (unsigned)rand() % 100;

		m = put(m, first, count, offset, round);
		for (unsigned i = 0; i < count; i++) {
			model_module[first + i] = round;
			model_offset[first + i] = offset + i;
		}
		for (unsigned i = 0; i < PAGES; i++) {
			const struct mapping *at = mappings_find(m, i);

			assert_int_equal(at ? at->module : 0, model_module[i]);
			if (at)
				assert_int_equal(at->offset + i - at->addr, model_offset[i]);
		}
	}
	mappings_unref(m);
}

struct self {
	bool found;
	unsigned count;
};

static void see(void *user, const struct proc_mapping *m)
{
	struct self *self = user;
	uint64_t here = (uint64_t)(uintptr_t)&see;

	assert_true(m->executable);
	self->count++;
	if (here >= m->addr && here - m->addr < m->size_bytes) {
		self->found = true;
		assert_int_equal(m->path[0], '/');
		assert_true(m->inode != 0);
	}
}

static void test_proc(void **state)
{
	struct self self = { 0 };

	assert_true(proc_maps_read(getpid(), see, &self));
	assert_true(self.found);
	assert_true(self.count >= 3);
	assert_false(proc_maps_read(-1, see, &self));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),  cmocka_unit_test(test_cover_and_overlap),
		cmocka_unit_test(test_shared), cmocka_unit_test(test_random),
		cmocka_unit_test(test_proc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
