/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Event names, rings with records that wrap, and where a control group is. */
#include "capture/perf/event.h"
#include "capture/perf/perf.h"
#include "capture/perf/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_names(void **state)
{
	struct perf_spec spec;

	assert_null(perf_spec_parse("cycles:u", &spec));
	assert_int_equal(spec.type, PERF_TYPE_HARDWARE);
	assert_true(spec.user_only && !spec.kernel_only);
	assert_string_equal(spec.name, "cycles:u");
	assert_null(perf_spec_parse("cpu-clock:uk", &spec));
	assert_true(!spec.user_only && !spec.kernel_only);
	assert_string_equal(spec.unit, "ns");
	assert_null(perf_spec_parse("dTLB-load-misses", &spec));
	assert_int_equal(spec.config, 3 | 0 << 8 | 1 << 16); /* DTLB, READ, MISS */
	assert_null(perf_spec_parse("r1a8:k", &spec));
	assert_int_equal(spec.type, PERF_TYPE_RAW);
	assert_int_equal(spec.config, 0x1a8);
	for (size_t i = 0; perf_event_names[i]; i++)
		assert_null(perf_spec_parse(perf_event_names[i], &spec));
}

static void refuse(const char *name, enum err_code code)
{
	struct perf_spec spec;
	struct err *err = perf_spec_parse(name, &spec);

	assert_true(err_is(err, code));
	err_destroy(err);
}

static void test_bad_names(void **state)
{
	char name[200];

	refuse("", ERR_NOT_FOUND);
	refuse("cycle", ERR_NOT_FOUND);
	refuse("cyclesx", ERR_NOT_FOUND);
	refuse("r", ERR_NOT_FOUND);
	refuse("rxyz", ERR_NOT_FOUND);
	refuse("r11112222333344445", ERR_NOT_FOUND);
	refuse("cycles:x", ERR_USAGE);
	memset(name, 'c', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	refuse(name, ERR_NOT_FOUND);
}

/* A ring in our own memory: 4096 bytes of data. */
struct fake {
	struct perf_event_mmap_page page;
	uint8_t data[4096];
	uint8_t scratch[PERF_RECORD_BYTES_MAX];
	struct perf_ring ring;
};

static struct fake *fake_create(void)
{
	struct fake *f = calloc(1, sizeof(*f));

	f->ring = (struct perf_ring){ .page = &f->page, .data = f->data, .size_bytes = 4096,
				      .scratch = f->scratch };
	return f;
}

static void fake_write(struct fake *f, uint16_t size, uint8_t fill)
{
	uint8_t record[4096];
	struct perf_event_header header = { .type = PERF_RECORD_SAMPLE, .size = size };

	memset(record, fill, size);
	memcpy(record, &header, sizeof(header));
	for (uint16_t i = 0; i < size; i++)
		f->data[(f->page.data_head + i) % 4096] = record[i];
	f->page.data_head += size;
}

static void test_ring(void **state)
{
	struct fake *f = fake_create();
	unsigned wrapped = 0;

	assert_null(perf_ring_peek(&f->ring));
	for (unsigned i = 0; i < 1000; i++) {
		uint16_t size = (uint16_t)(8 + 8 * (i % 100));

		fake_write(f, size, (uint8_t)i);
		perf_ring_refresh(&f->ring);

		const struct perf_event_header *record = perf_ring_peek(&f->ring);

		assert_non_null(record);
		assert_int_equal(record->size, size);
		if (size > 8)
			assert_int_equal(((const uint8_t *)record)[size - 1], (uint8_t)i);
		wrapped += (const uint8_t *)record == f->scratch;
		perf_ring_pop(&f->ring, record);
		assert_null(perf_ring_peek(&f->ring));
	}
	assert_true(wrapped > 10);
	perf_ring_commit(&f->ring);
	assert_int_equal(f->page.data_tail, f->page.data_head);
	free(f);
}

/* Looked at before their turn: all that wait, each once, and from the tail on where that has moved on. */
static void test_ring_look(void **state)
{
	struct fake *f = fake_create();
	struct perf_ring_glance seen;
	uint64_t at = 0;

	assert_false(perf_ring_look(&f->ring, &at, &seen));
	for (unsigned round = 0; round < 100; round++) {
		fake_write(f, 104, 1);
		fake_write(f, 208, 2);
		perf_ring_refresh(&f->ring);
		for (unsigned i = 1; i <= 2; i++) {
			assert_true(perf_ring_look(&f->ring, &at, &seen));
			assert_int_equal(seen.header.size, 104 * i);
			assert_int_equal(seen.first[2], i * 0x0101010101010101ULL);
			assert_int_equal(seen.last, i * 0x0101010101010101ULL);
		}
		assert_false(perf_ring_look(&f->ring, &at, &seen));
		if (round % 3 == 0)
			fake_write(f, 16, 3); /* not looked at before it is popped */
		perf_ring_refresh(&f->ring);
		for (const struct perf_event_header *r; (r = perf_ring_peek(&f->ring)) != NULL;)
			perf_ring_pop(&f->ring, r);
		perf_ring_commit(&f->ring);
	}
	fake_write(f, 4, 1); /* a size that can't be */
	f->page.data_head += 4;
	perf_ring_refresh(&f->ring);
	assert_false(perf_ring_look(&f->ring, &at, &seen));
	free(f);
}

/* The kernel has written records that are no multiple of 8 (setup.c, warns_of_copies()): then
 * headers wrap too. */
static void test_ring_askew(void **state)
{
	struct fake *f = fake_create();

	for (unsigned i = 0; i < 5000; i++) {
		uint16_t size = (uint16_t)(9 + i % 90);

		fake_write(f, size, (uint8_t)i);
		perf_ring_refresh(&f->ring);

		const struct perf_event_header *record = perf_ring_peek(&f->ring);

		assert_non_null(record);
		assert_int_equal((uintptr_t)record % 8, 0);
		assert_int_equal(record->size, size);
		assert_int_equal(((const uint8_t *)record)[size - 1], (uint8_t)i);
		perf_ring_pop(&f->ring, record);
	}
	free(f);
}

/* What can't be must not lead outside. */
static void test_ring_broken(void **state)
{
	struct fake *f = fake_create();

	fake_write(f, 64, 1);
	((struct perf_event_header *)f->data)->size = 4000; /* more than waits */
	perf_ring_refresh(&f->ring);
	assert_null(perf_ring_peek(&f->ring));
	assert_int_equal(f->ring.tail, f->ring.head);
	fake_write(f, 64, 1);
	((struct perf_event_header *)(f->data + 64))->size = 0;
	perf_ring_refresh(&f->ring);
	assert_null(perf_ring_peek(&f->ring));
	free(f);
}

static void test_cgroup(void **state)
{
	char *dir;
	struct err *err = perf_cgroup_find("no/such/group", &dir);

	assert_true(err_is(err, ERR_NOT_FOUND));
	assert_non_null(err_advice(err));
	err_destroy(err);
}

static void test_deny(void **state)
{
	setenv("SONDE_TEST_DENY", "perf-kernel,perf-fds", 1);
	assert_false(perf_test_deny("perf"));
	assert_true(perf_test_deny("perf-kernel"));
	assert_true(perf_test_deny("perf-fds"));
	assert_false(perf_test_deny("perf-build-id"));
	unsetenv("SONDE_TEST_DENY");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),	   cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_ring), cmocka_unit_test(test_ring_look),	   cmocka_unit_test(test_ring_broken),
		cmocka_unit_test(test_ring_askew),
		cmocka_unit_test(test_cgroup),	   cmocka_unit_test(test_deny),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
