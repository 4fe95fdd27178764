/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* base: errors, arena, vectors, maps, numbers and distances. */
#include "base/arena.h"
#include "base/cache.h"
#include "base/err.h"
#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/radix.h"
#include "base/str.h"
#include "base/vec.h"
#include "event/table.h"
#include "event/types.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static void test_err(void **state)
{
	struct err *err = err_wrap(err_errno(ENOENT, "cannot open %s", "/x"), "reading %d", 7);

	assert_string_equal(err_message(err), "reading 7: cannot open /x: No such file or directory");
	assert_int_equal(err_code(err), ERR_NOT_FOUND);
	assert_null(err_advice(err));
	err = err_fix(err_fix(err, "make it"), "or don't");
	assert_string_equal(err_advice(err), "make it; or don't");
	err_destroy(err);
	assert_null(err_wrap(NULL, "nothing"));
	assert_ptr_equal(err_wrap(err_nomem(), "x"), err_nomem());
	err_destroy(err_nomem());
}

/* By key, and equal keys in their order, whatever the keys are. */
static void test_radix(void **state)
{
	enum { COUNT = 5000 };
	static const uint64_t masks[] = { 0, 0xff, 0xfffff, UINT64_MAX };
	struct radix_item *items = mem_calloc(COUNT, sizeof(*items));

	for (size_t m = 0; m < sizeof(masks) / sizeof(*masks); m++) {
		uint64_t random = 1;

		for (size_t i = 0; i < COUNT; i++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			items[i] = (struct radix_item){ .key = 0xffff000000000000u + (random >> 20 & masks[m]), .index = i };
		}
		radix_sort(items, COUNT);
		for (size_t i = 1; i < COUNT; i++)
			assert_true(items[i - 1].key < items[i].key ||
				    (items[i - 1].key == items[i].key && items[i - 1].index < items[i].index));
	}
	radix_sort(items, 0);
	free(items);
}

static void test_arena(void **state)
{
	struct arena a;
	char *texts[1000];

	arena_init(&a);
	for (int i = 0; i < 1000; i++)
		texts[i] = arena_printf(&a, "text %d %0*d", i, i, 0);
	for (int i = 0; i < 1000; i++) {
		char start[32];

		snprintf(start, sizeof(start), "text %d ", i);
		assert_true(str_starts(texts[i], start));
		assert_int_equal((uintptr_t)texts[i] % 16, 0);
	}
	memset(arena_alloc(&a, 5 << 20), 1, 5 << 20);
	assert_string_equal(arena_strdup(&a, "end"), "end");
	arena_deinit(&a);
}

static void test_map(void **state)
{
	struct map m;
	bool is_new;

	map_init(&m);
	assert_null(map_find(&m, 0));
	for (uint64_t i = 0; i < 10000; i++)
		*map_get(&m, i * 4096, &is_new) = i;
	for (uint64_t i = 0; i < 10000; i += 2)
		assert_true(map_remove(&m, i * 4096));
	for (uint64_t i = 0; i < 10000; i++) {
		uint64_t *value = map_find(&m, i * 4096);

		if (i % 2)
			assert_int_equal(*value, i);
		else
			assert_null(value);
	}
	assert_int_equal(m.n, 5000);
	map_deinit(&m);
}

static void test_cut(void **state)
{
	struct str s;

	for (size_t max = 0; max < 7; max++) {
		str_init(&s);
		str_add_cut(&s, "\xc3\xa4""bcd", max);
		assert_string_equal(str_text(&s), max < 5 ? "…" : "\xc3\xa4""bcd");
		str_deinit(&s);
	}
	str_init(&s);
	str_add_cut(&s, "ab\xc3\xa4" "cdef", 6);
	assert_string_equal(str_text(&s), "ab…");
	str_deinit(&s);
}

static void test_visible(void **state)
{
	static const char text[] = "a\033[31mR\nX\007\0331\233\xc2\x9b\xc3\xa4\xe0\x82\x9b\xe2\x82";
	struct str s;

	str_init(&s);
	str_add_visible(&s, text, sizeof(text) - 1);
	assert_string_equal(str_text(&s), "a\\33[31mR\\nX\\7\\0331\\233\\302\\233\xc3\xa4\\340\\202\\233\\342\\202");
	str_clear(&s);
	str_add_visible_lines(&s, "a\n\tb\r", 5);
	assert_string_equal(str_text(&s), "a\n\tb\\r");
	str_deinit(&s);
}

static void test_strmap(void **state)
{
	struct strmap m;
	const char *copy;
	bool is_new;
	char key[16];

	strmap_init(&m);
	for (int i = 0; i < 5000; i++) {
		int n = snprintf(key, sizeof(key), "key%d", i);

		*strmap_intern(&m, key, (size_t)n, &is_new, &copy) = (uint64_t)i;
		assert_true(is_new);
		assert_string_equal(copy, key);
	}
	assert_int_equal(*strmap_find(&m, "key4711", 7), 4711);
	assert_null(strmap_find(&m, "key4711", 6 + 2));
	strmap_deinit(&m);
}

static void test_vec_search(void **state)
{
	static const uint64_t at[] = { 1, 3, 3, 3, 7, UINT64_MAX };
	VEC(struct { char c; uint64_t addr; }) v = { 0 };

	assert_int_equal(vec_below(&v, addr, 5), 0);
	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++)
		vec_add(&v)->addr = at[i];
	assert_int_equal(vec_below(&v, addr, 0), 0);
	assert_int_equal(vec_below(&v, addr, 3), 1);
	assert_int_equal(vec_not_above(&v, addr, 3), 4);
	assert_int_equal(vec_below(&v, addr, 5), 4);
	assert_int_equal(vec_below(&v, addr, UINT64_MAX), 5);
	assert_int_equal(vec_not_above(&v, addr, UINT64_MAX), 6);
	vec_deinit(&v);
}

static void test_vec(void **state)
{
	VEC(int) v = { 0 };

	for (int i = 0; i < 100; i++)
		vec_push(&v, i);
	vec_insert(&v, 50, -1);
	assert_int_equal(v.v[50], -1);
	assert_int_equal(v.v[51], 50);
	vec_remove(&v, 50);
	assert_int_equal(v.n, 100);
	assert_int_equal(v.v[50], 50);
	vec_deinit(&v);
}

static void test_numbers(void **state)
{
	uint64_t n;
	struct err *err;

	assert_null(str_to_u64("0x10", "x", 0, 100, &n));
	assert_int_equal(n, 16);
	static const char *const bad[] = { "", "12x", "-1", " 1", "101", "99999999999999999999999" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		err = str_to_u64(bad[i], "x", 0, 100, &n);
		assert_true(err_is(err, ERR_USAGE));
		err_destroy(err);
	}
	assert_null(str_to_duration_ns("1.5ms", "x", &n));
	assert_int_equal(n, 1500000);
	assert_null(str_to_duration_ns("2", "x", &n));
	assert_int_equal(n, 2000000000);
	assert_null(str_to_bytes("64k", "x", &n));
	assert_int_equal(n, 65536);
	err = str_to_bytes("64q", "x", &n);
	assert_true(err_is(err, ERR_USAGE));
	err_destroy(err);
}

static void quotes(const char *word, const char *expected)
{
	char *quoted = str_quote_shell(word);

	assert_string_equal(quoted, expected);
	free(quoted);
}

static void test_quote_shell(void **state)
{
	quotes("make-2.sonde", "make-2.sonde");
	quotes("/tmp/a,b:c@d%e+f=g", "/tmp/a,b:c@d%e+f=g");
	quotes("gr\xc3\xbc\xc3\x9f" "e", "gr\xc3\xbc\xc3\x9f" "e");
	quotes("my run.sonde", "'my run.sonde'");
	quotes("it's", "'it'\\''s'");
	quotes("$(reboot)", "'$(reboot)'");
	quotes("~user", "'~user'");
	quotes("=make", "'=make'");
	quotes("", "''");
}

static void test_distance(void **state)
{
	assert_int_equal(str_distance("report", "report"), 0);
	assert_int_equal(str_distance("reprot", "report"), 1);
	assert_int_equal(str_distance("", "abc"), 3);
	assert_int_equal(str_distance("flmae", "flame"), 1);
}

static void test_event_types(void **state)
{
	for (unsigned n = 0; n < TYPE_FIRST_DYNAMIC; n++) {
		const struct event_type *type = event_type_builtin(n);

		if (type == NULL)
			continue;
		unsigned end = 0;

		for (unsigned i = 0; i < type->field_count; i++) {
			assert_true(type->fields[i].offset >= end);
			end = type->fields[i].offset + field_kind_bytes(type->fields[i].kind);
		}
		assert_true(end <= type->row_bytes);
		assert_int_equal(type->row_bytes % 8, 0);
		assert_string_equal(type->fields[0].name, type->side ? "id" : "time_ns");
	}
	assert_int_equal(sizeof(struct row_sample), 32);
	assert_int_equal(sizeof(struct row_syscall), 104);
}

/* A file that is cut short while it is mapped reads as zeros; what is left stays. */
static void test_map_cut(void **state)
{
	struct io_map maps[70] = { 0 }; /* more than a block of slots */
	int fd = memfd_create("cut", MFD_CLOEXEC);

	assert_int_equal(ftruncate(fd, 3 * 4096), 0);
	for (int page = 0; page < 3; page++)
		assert_int_equal(pwrite(fd, "x", 1, page * 4096L), 1);
	for (size_t i = 0; i < 70; i++)
		assert_null(io_map_fd(fd, "a test", &maps[i]));
	assert_int_equal(maps[69].data[2 * 4096], 'x');
	assert_int_equal(maps[69].data[3 * 4096], 0); /* behind the end */
	assert_int_equal(ftruncate(fd, 100), 0);
	for (size_t i = 0; i < 70; i++) {
		assert_false(io_map_is_cut(&maps[i]));
		assert_int_equal(maps[i].data[0], 'x');
		assert_int_equal(maps[i].data[2 * 4096], 0);
		assert_true(io_map_is_cut(&maps[i]));
		io_map_deinit(&maps[i]);
	}
	close(fd);
}

static void test_comm(void **state)
{
	struct str name = { 0 };
	char before[16];

	prctl(PR_GET_NAME, before);
	prctl(PR_SET_NAME, "a\nb\n");
	assert_true(io_read_comm(getpid(), gettid(), &name));
	assert_string_equal(name.text, "a\nb\n"); /* but for the kernel's own newline */
	prctl(PR_SET_NAME, "");
	str_clear(&name);
	assert_false(io_read_comm(getpid(), gettid(), &name));
	assert_false(io_read_comm(0, 0, &name));
	prctl(PR_SET_NAME, before);
	str_deinit(&name);
}

static void make_file(const char *dir, const char *name, size_t size_bytes, int64_t age_days)
{
	char path[300];
	struct timespec times[2] = { 0 };

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_null(cache_make_parents(path));

	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	assert_true(fd >= 0);
	assert_int_equal(posix_fallocate(fd, 0, (off_t)size_bytes), 0);
	times[0].tv_sec = times[1].tv_sec = time(NULL) - age_days * 24 * 3600;
	futimens(fd, times);
	close(fd);
}

static void test_cache_prune(void **state)
{
	char dir[] = "/tmp/sonde-cache-XXXXXX", keep[300], command[320];

	assert_non_null(mkdtemp(dir));
	make_file(dir, "aa/used.idx", 100000, 1);
	make_file(dir, "ab/older.idx", 100000, 2);
	make_file(dir, "ac/oldest.idx", 100000, 89);
	make_file(dir, "ad/old.idx", 4096, 91);
	make_file(dir, "ad/left.idx.Xy12Za", 4096, 2);
	make_file(dir, "ae/being-made.idx.Xy12Za", 4096, 0);
	snprintf(keep, sizeof(keep), "%s/ac/oldest.idx", dir);
	cache_prune(dir, NULL);
	assert_int_equal(cache_measure(dir).files, 4);
	setenv("SONDE_CACHE_MAX", "256k", 1);
	cache_prune(dir, keep);
	unsetenv("SONDE_CACHE_MAX");
	assert_int_equal(access(keep, F_OK), 0);
	assert_int_equal(cache_measure(dir).files, 4);
	setenv("SONDE_CACHE_MAX", "128k", 1);
	cache_prune(dir, NULL);
	unsetenv("SONDE_CACHE_MAX");
	assert_int_not_equal(access(keep, F_OK), 0);
	assert_int_equal(cache_measure(dir).files, 2);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comm),     cmocka_unit_test(test_map_cut),  cmocka_unit_test(test_cache_prune),
		cmocka_unit_test(test_err),      cmocka_unit_test(test_arena),
		cmocka_unit_test(test_map),      cmocka_unit_test(test_strmap),
		cmocka_unit_test(test_cut),      cmocka_unit_test(test_visible),      cmocka_unit_test(test_radix),
		cmocka_unit_test(test_vec), cmocka_unit_test(test_vec_search),     cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_distance), cmocka_unit_test(test_quote_shell), cmocka_unit_test(test_event_types),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
