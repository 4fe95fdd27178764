/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sym: intervals, demangling, kallsyms, perf maps, and this very program's own symbols. */
#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "sym/batch.h"
#include "sym/intervals.h"
#include "sym/jitdump.h"
#include "sym/kallsyms.h"
#include "sym/kallsyms_file.h"
#include "sym/perf_map.h"
#include "sym/symbol_pick.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>
#include <cmocka.h>

static void test_intervals(void **state)
{
	struct interval ranges[] = {
		{ 10, 100, 1, 1 }, { 20, 40, 2, 2 }, { 25, 30, 3, 3 },  { 60, 70, 4, 2 },
		{ 95, 120, 5, 2 }, { 7, 7, 6, 9 },   { 200, 210, 7, 1 }, { 205, 300, 8, 0 },
	};
	static const struct {
		uint64_t addr;
		int value; /* -1: none */
	} expected[] = { { 9, -1 },  { 10, 1 },  { 19, 1 },  { 20, 2 },   { 25, 3 },   { 29, 3 },  { 30, 2 },
			 { 40, 1 },  { 65, 4 },  { 70, 1 },  { 95, 5 },   { 119, 5 },  { 120, -1 }, { 7, -1 },
			 { 199, -1 }, { 205, 7 }, { 210, 8 }, { 299, 8 }, { 300, -1 } };
	struct intervals ix;

	intervals_build(ranges, sizeof(ranges) / sizeof(ranges[0]), &ix);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const struct interval *found = intervals_find(&ix, expected[i].addr);

		assert_int_equal(found ? (int)found->value : -1, expected[i].value);
	}
	intervals_deinit(&ix);
}

/* Against the plain way to do it, on many small random cases. */
static void test_intervals_random(void **state)
{
	uint64_t seed = 1;

	for (unsigned round = 0; round < 200; round++) {
		struct interval ranges[12], sorted[12];
		struct intervals ix;

		for (unsigned i = 0; i < 12; i++) {
			seed = hash_u64(seed + i);
			ranges[i] = (struct interval){ seed % 64, seed % 64 + (seed >> 20) % 32, i, i };
		}
		memcpy(sorted, ranges, sizeof(ranges));
		intervals_build(sorted, 12, &ix);
		for (uint64_t addr = 0; addr < 100; addr++) {
			const struct interval *found = intervals_find(&ix, addr);
			int best = -1;

			for (int i = 0; i < 12; i++)
				if (addr >= ranges[i].lo && addr < ranges[i].hi)
					best = i;
			assert_int_equal(found ? (int)found->value : -1, best);
		}
		intervals_deinit(&ix);
	}
}

static void test_demangle(void **state)
{
	static const char *const cases[][2] = {
		{ "main", "main" },
		{ "_start", "_start" },
		{ "_ZN3foo3barEi", "foo::bar(int)" },
		{ "_ZNSt6vectorIiSaIiEE9push_backEOi", "std::vector<int, std::allocator<int> >::push_back(int&&)" },
		{ "_Z3fooi.cold", "foo(int) [clone .cold]" },
		{ "_Z3fooi.constprop.0", "foo(int) [clone .constprop.0]" },
		{ "foo.part.0", "foo.part.0" },
		{ "_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write" },
		{ "_RNvCs15kBYyAo9fc_7mycrate7example", "mycrate::example" },
		{ "_D3std5stdio7writelnFZv", "std.stdio.writeln()" },
		{ "_ZN", "_ZN" },
		{ "", "" },
	};
	struct arena a;

	arena_init(&a);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(sym_demangle(cases[i][0], &a), cases[i][1]);
	arena_deinit(&a);
}

/* A name whose text doubles with each letter must end soon, and as it stands. */
static void test_demangle_bomb(void **state)
{
	struct str name;
	struct arena a;

	str_init(&name);
	arena_init(&a);
	str_add(&name, "_Z1fSt4pairIiiE");
	for (unsigned i = 0; i < 30; i++)
		str_printf(&name, "S_IS%c_S%c_E", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i],
			   "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i]);
	assert_non_null(sym_demangle(name.text, &a));
	str_clear(&name);
	str_add(&name, "_Z");
	str_add_repeat(&name, 'P', 100000);
	assert_ptr_equal(sym_demangle(name.text, &a), name.text);
	str_deinit(&name);
	arena_deinit(&a);
}

static char *write_file(const char *text)
{
	char *path = mem_strdup("/tmp/sonde-test-XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return path;
}

static struct kallsyms *load_kallsyms(const char *text)
{
	char *path = write_file(text);
	struct kallsyms *k;
	struct err *err = kallsyms_load(path, &k);

	assert_null(err);
	unlink(path);
	free(path);
	return k;
}

static void test_kallsyms(void **state)
{
	struct kallsyms *k = load_kallsyms("ffffffff81000000 T _text\nffffffff81000000 T startup\n"
					   "ffffffff81000100 t do_one\nffffffff81000200 D data\n"
					   "ffffffff81000300 W weak_one\nffffffffc0000000 t hook\t[nf_tables]\n"
					   "bad line\n\nffffffffc0000010 r table\t[nf_tables]\n");

	assert_false(kallsyms_is_hidden(k));
	assert_null(kallsyms_find(k, 0xffffffff80ffffff));
	assert_string_equal(kallsyms_find(k, 0xffffffff81000000), "startup");
	assert_string_equal(kallsyms_find(k, 0xffffffff810001ff), "do_one");
	assert_null(kallsyms_find(k, 0xffffffff81000250));
	assert_string_equal(kallsyms_find(k, 0xffffffff81000310), "weak_one");
	assert_null(kallsyms_find(k, 0xffffffffb0000000));
	assert_string_equal(kallsyms_find(k, 0xffffffffc0000001), "hook [nf_tables]");
	assert_null(kallsyms_find(k, 0xffffffffc0000010));
	kallsyms_destroy(k);

	k = load_kallsyms("0000000000000000 T _text\n0000000000000000 T do_one\n");
	assert_true(kallsyms_is_hidden(k));
	assert_null(kallsyms_find(k, 0));
	kallsyms_destroy(k);
}

static void test_perf_map(void **state)
{
	static const char text[] = "1000 100 LazyCompile:~a file.js:1\n1080 10 newer code\nx\n2000 0 empty\n"
				   "3000 ffffffffffffffff huge\n4000 10 last";
	struct perf_map *m = perf_map_parse(mem_strdup(text), sizeof(text) - 1);

	assert_string_equal(perf_map_find(m, 0x1000), "LazyCompile:~a file.js:1");
	assert_string_equal(perf_map_find(m, 0x1080), "newer code");
	assert_string_equal(perf_map_find(m, 0x1090), "LazyCompile:~a file.js:1");
	assert_null(perf_map_find(m, 0x1100));
	assert_null(perf_map_find(m, 0x2000));
	assert_string_equal(perf_map_find(m, 0x400f), "last");
	perf_map_destroy(m);
}

/* What a kernel's list has, moved as KASLR moves it; vmlinux is this program. */
void _text(void);
void _text(void) {}

static void test_vmlinux(void **state)
{
	uint64_t slide = 0x123456000;
	char path[] = "/tmp/sonde-kallsyms-XXXXXX";
	struct symbolizer_options options = { .kallsyms = path };
	struct module_key key = { .kind = MODULE_KERNEL, .path = "[kernel]",
				  .fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC) };
	struct sym_chain chain;
	struct symbolizer *s;
	struct module *m;
	struct arena a;
	int fd = mkstemp(path);
	uint64_t here = (uint64_t)(uintptr_t)test_vmlinux + slide;

	assert_true(fd >= 0 && key.fd >= 0);
	dprintf(fd, "%llx T _text\n%llx t test_vmlinux\n", (unsigned long long)((uintptr_t)_text + slide),
		(unsigned long long)here);
	close(fd);
	arena_init(&a);
	assert_null(module_create(&key, &m));
	assert_null(symbolizer_create(&options, &s));
	assert_null(symbolize(s, m, 0, here + 4, &a, &chain));
	assert_int_equal(chain.count, 1);
	assert_string_equal(chain.frames[0].function, "test_vmlinux");
	assert_true(chain.frames[0].file != NULL && str_ends(chain.frames[0].file, "test_sym.c"));
	assert_true(chain.frames[0].line > 0);
	symbolizer_forget(s, m);
	symbolizer_destroy(s);
	module_destroy(m);
	arena_deinit(&a);
	close(key.fd);
	unlink(path);
}

static void test_jitdump(void **state)
{
	static const char *const seeds[] = { "little", "big" };

	for (size_t i = 0; i < 2; i++) {
		CLEANUP(mem_freep) char *path = mem_printf("%s/fuzz/seeds/jitdump/%s", getenv("SRC"), seeds[i]);
		struct jitdump_place place;
		struct jitdump *j;
		struct io_map map;

		assert_null(io_map_file(AT_FDCWD, path, &map));
		assert_null(jitdump_create((struct bytes){ map.data, map.size_bytes }, &j));
		assert_true(jitdump_find(j, 0x100f, &place));
		assert_string_equal(place.function, "f");
		assert_string_equal(place.file, "a.js");
		assert_int_equal(place.line, 1);
		assert_true(jitdump_find(j, 0x203f, &place));
		assert_string_equal(place.file, "a.js"); /* "as the entry before" */
		assert_int_equal(place.line, 2);
		assert_false(jitdump_find(j, 0x2040, &place));
		jitdump_destroy(j);
		io_map_deinit(&map);
	}
	assert_true(jitdump_is_name("/tmp/jit-12.dump"));
	assert_false(jitdump_is_name("/tmp/jit-.dump"));
	assert_false(jitdump_is_name("/tmp/xjit-12.dump"));
}

/* Two functions of this file, through /proc/self/exe. */
static void test_batch_self(void **state)
{
	extern char __executable_start[];
	uint64_t in_program = (uint64_t)(uintptr_t)test_batch_self - (uint64_t)(uintptr_t)__executable_start;
	uint64_t other = (uint64_t)(uintptr_t)load_kallsyms - (uint64_t)(uintptr_t)__executable_start;
	char path[4096] = { 0 };
	struct module_key key = { .kind = MODULE_PROGRAM, .path = path, .fd = -1 };
	struct module *m;
	struct sym_batch_module modules[] = { { .key = key }, { .key = { .kind = MODULE_ANON, .fd = -1 } } };
	struct sym_batch_address addresses[] = { { 0, true, 0, { 0 } },
						 { 0, true, 0, { 0 } },
						 { 0, false, 0, { 0 } },
						 { 1, true, 0x1234, { 0 } } };
	struct sym_batch batch = { modules, 2, addresses, 4 };

	assert_true(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0);
	assert_null(module_create(&key, &m));
	assert_int_equal(module_trouble(m), MODULE_FINE);
	assert_true(module_vaddr_to_offset(m, in_program, &addresses[0].offset));
	assert_true(module_vaddr_to_offset(m, other, &addresses[1].offset));
	addresses[2].offset = addresses[0].offset + 1; /* a return address one byte on */
	module_destroy(m);

	assert_null(sym_batch_run(&batch));
	assert_string_equal(addresses[0].chain.frames[0].function, "test_batch_self");
	assert_true(str_ends(addresses[0].chain.frames[0].file, "test_sym.c"));
	assert_int_not_equal(addresses[0].chain.frames[0].line, 0);
	assert_string_equal(addresses[1].chain.frames[0].function, "load_kallsyms");
	assert_string_equal(addresses[2].chain.frames[0].function, "test_batch_self");
	assert_int_equal(addresses[3].chain.count, 0);
	assert_non_null(addresses[3].chain.why);
	assert_int_equal(modules[0].asked, 3);
	assert_int_equal(modules[0].resolved, 3);
	assert_non_null(modules[1].note);
	sym_batch_deinit(&batch);
}

/* Bytes to the next symbol of the whole list. */
static uint64_t room_in_list(const struct symbol_list *list, size_t i)
{
	size_t next = i + 1;

	while (next < list->symbols.n && list->symbols.v[next].addr == list->symbols.v[i].addr)
		next++;
	return next < list->symbols.n ? list->symbols.v[next].addr - list->symbols.v[i].addr : list->symbols.v[i].size_bytes;
}

/* Every symbol of NAME that the sorted list has, in its order; each with the same room. */
static void expect_as_in_list(struct symbol_pick *pick, const struct symbol_list *list, const char *name)
{
	size_t first, seen = 0, count = symbol_pick_named(pick, name, &first);

	for (size_t i = 0; i < list->symbols.n; i++) {
		if (strcmp(list->symbols.v[i].name, name) != 0)
			continue;
		assert_true(seen < count);
		const struct listed_symbol *s = symbol_pick_get(pick, first + seen);

		assert_string_equal(s->name, name);
		assert_int_equal(s->addr, list->symbols.v[i].addr);
		assert_int_equal(s->size_bytes, list->symbols.v[i].size_bytes);
		assert_int_equal(symbol_pick_room(pick, first + seen), room_in_list(list, i));
		seen++;
	}
	assert_int_equal(seen, count);
}

/* This very program's symbols: picked by name, against the whole list; asked for together, one by one, and so often
 * that all are taken. */
static void test_symbol_pick(void **state)
{
	struct io_map map;
	struct elf_file elf;
	struct symbol_list list = { 0 };
	struct symbol_pick *pick = symbol_pick_create();

	assert_null(io_map_file(AT_FDCWD, "/proc/self/exe", &map));
	assert_null(elf_init(&elf, (struct bytes){ map.data, map.size_bytes }));
	symbol_list_add(&list, &elf);
	symbol_list_sort(&list);
	assert_true(list.symbols.n > 100);
	symbol_pick_add_file(pick, &elf);
	for (size_t i = 0; i < list.symbols.n; i += 7)
		(void)symbol_pick_want(pick, list.symbols.v[i].name);
	for (size_t i = 0; i < list.symbols.n; i += 21)
		expect_as_in_list(pick, &list, list.symbols.v[i].name);
	expect_as_in_list(pick, &list, "no such function");
	expect_as_in_list(pick, &list, "");
	for (size_t i = 0; i < 100; i++)
		expect_as_in_list(pick, &list, list.symbols.v[i].name);
	symbol_pick_destroy(pick);
	symbol_list_deinit(&list);
	elf_deinit(&elf);
	io_map_deinit(&map);
}

static void test_kallsyms_file(void **state)
{
	static const struct kallsyms_row rows[] = { { 0x1000, 0, 3 }, { 0x1010, 2, 0 } };
	static const char names[] = "a\0bc";
	_Alignas(8) uint8_t image[sizeof(struct kallsyms_file_header) + sizeof(rows) + sizeof(names)];
	struct kallsyms_file_header h = { .magic = KALLSYMS_FILE_MAGIC, .byte_order = KALLSYMS_FILE_BYTE_ORDER,
					  .version = KALLSYMS_FILE_VERSION, .boot = 5, .low = 0x1000, .high = 0x1010, .row_count = 2 };
	const struct kallsyms_file_header *header;
	const struct kallsyms_row *got;
	const char *texts;

	memcpy(image + sizeof(h), rows, sizeof(rows));
	memcpy(image + sizeof(h) + sizeof(rows), names, sizeof(names));
	h.body_check = XXH3_64bits(image + sizeof(h), sizeof(image) - sizeof(h));
	h.check = XXH3_64bits(&h, offsetof(struct kallsyms_file_header, check));
	memcpy(image, &h, sizeof(h));
	assert_null(kallsyms_file_parse((struct bytes){ image, sizeof(image) }, 5, &header, &got, &texts));
	assert_int_equal(header->high, 0x1010);
	assert_string_equal(texts + got[1].name, "bc");
	for (size_t i = 0; i < 2 * sizeof(image) + 1; i++) { /* no byte may be another one, none may be missing, and no other boot */
		size_t size = i < sizeof(image) ? sizeof(image) : i < 2 * sizeof(image) ? i - sizeof(image) : sizeof(image);
		uint8_t *changed = i < sizeof(image) ? &image[i] : &image[0];

		*changed ^= i < sizeof(image);
		struct err *err = kallsyms_file_parse((struct bytes){ image, size }, 5 + (i == 2 * sizeof(image)), &header, &got, &texts);

		assert_non_null(err);
		err_destroy(err);
		*changed ^= i < sizeof(image);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intervals),   cmocka_unit_test(test_intervals_random),
		cmocka_unit_test(test_demangle),    cmocka_unit_test(test_demangle_bomb),
		cmocka_unit_test(test_kallsyms),    cmocka_unit_test(test_kallsyms_file), cmocka_unit_test(test_perf_map),
		cmocka_unit_test(test_batch_self),  cmocka_unit_test(test_jitdump),
		cmocka_unit_test(test_vmlinux),     cmocka_unit_test(test_symbol_pick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
