/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The DWARF reader on bytes made here, and the index on this very program. */
#include "format/cursor.h"
#include "format/dwarf.h"
#include "sym/index.h"
#include "sym/index_build.h"
#include "sym/index_file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static struct bytes of(const void *data, size_t size_bytes) { return (struct bytes){ data, size_bytes }; }

static void test_cursor(void **state)
{
	const uint8_t data[] = { 0x01, 0x02, 0x03, 0x04, 0xe5, 0x8e, 0x26, 0x7f, 0x80 };
	struct cursor little = cursor_of(of(data, sizeof(data)), false);
	struct cursor big = cursor_of(of(data, sizeof(data)), true);

	assert_int_equal(cursor_u32(&little), 0x04030201);
	assert_int_equal(cursor_uleb(&little), 624485); /* DWARF 5, appendix C */
	assert_int_equal(cursor_sleb(&little), -1);
	assert_false(little.bad);
	cursor_uleb(&little); /* has no end */
	assert_true(little.bad && cursor_done(&little));
	assert_int_equal(cursor_unsigned(&big, 3), 0x010203);
	assert_null(cursor_take(&big, 100));
	assert_int_equal(cursor_u64(&big), 0);
	assert_null(bytes_text(of("abc", 3), 0)); /* no NUL inside */
	assert_string_equal(bytes_text(of("abc", 4), 1), "bc");
}

/* A version 5 unit with nothing but what a test sets. */
static struct dwarf_unit unit_of(struct dwarf *d)
{
	return (struct dwarf_unit){ .dwarf = d, .addr_from = d, .ranges_from = d, .version = 5,
				    .address_bytes = 8, .offset_bytes = 4 };
}

static void test_ranges(void **state)
{
	static const uint8_t lists[] = {
		DW_RLE_base_address, 0, 0x10, 0, 0, 0, 0, 0, 0,
		DW_RLE_offset_pair, 0x00, 0x10,
		DW_RLE_offset_pair, 0x20, 0x20, /* empty */
		DW_RLE_start_length, 0, 0x20, 0, 0, 0, 0, 0, 0, 0x08,
		DW_RLE_base_addressx, 0, /* a tombstone, below */
		DW_RLE_offset_pair, 0x00, 0x10,
		DW_RLE_startx_length, 1, 0x04,
		DW_RLE_end_of_list, 0x99,
	};
	static const uint8_t addrs[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					 0x00, 0x30, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00 };
	struct dwarf d = { .sections = { .rnglists = of(lists, sizeof(lists)), .addr = of(addrs, sizeof(addrs)) } };
	struct dwarf_unit u = unit_of(&d);
	dwarf_ranges ranges = { 0 };
	uint64_t bytes_read = 0;

	assert_true(dwarf_ranges_read(&u, DW_FORM_sec_offset, 0, &ranges, &bytes_read));
	assert_int_equal(bytes_read, sizeof(lists) - 1);
	assert_int_equal(ranges.n, 3);
	assert_int_equal(ranges.v[0].low, 0x1000);
	assert_int_equal(ranges.v[0].high, 0x1010);
	assert_int_equal(ranges.v[1].low, 0x2000);
	assert_int_equal(ranges.v[2].low, 0x3000);
	assert_int_equal(ranges.v[2].high, 0x3004);
	assert_false(dwarf_ranges_read(&u, DW_FORM_sec_offset, sizeof(lists) - 1, &ranges, &bytes_read));
	assert_false(dwarf_ranges_read(&u, DW_FORM_rnglistx, UINT64_MAX, &ranges, &bytes_read));
	vec_deinit(&ranges);
}

static const uint8_t line_program[] = {
	0x3c, 0, 0, 0, 4, 0,       /* length, version */
	0x1b, 0, 0, 0,             /* header length */
	1, 1, 1, 0xfb, 14, 13,     /* instruction, operations, is_stmt, line base and range, opcodes */
	0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1,
	0,                         /* no directories */
	'a', '.', 'c', 0, 0, 0, 0, 0,
	/* here the program begins: 0x25 bytes on */
	0, 9, DW_LNE_set_address, 0, 0x10, 0, 0, 0, 0, 0, 0,
	0x14,                      /* special: line + 2, address + 0: 20 - 13 = 7 -> -5 + 7 */
	DW_LNS_set_column, 9,
	0x4b,                      /* 75 - 13 = 62: address + 4, line + 1 */
	DW_LNS_advance_pc, 4,
	0, 1, DW_LNE_end_sequence,
};

static void test_lines(void **state)
{
	uint8_t bytes[sizeof(line_program)];
	struct dwarf d = { 0 };
	struct dwarf_unit u = unit_of(&d);
	struct dwarf_lines l = { 0 };
	struct dwarf_path path;

	memcpy(bytes, line_program, sizeof(bytes));
	bytes[0] = sizeof(bytes) - 4;
	bytes[6] = 6 + 12 + 1 + 8;
	d.sections.line = of(bytes, sizeof(bytes));
	u.has_line = true;
	u.comp_dir = "/src";
	assert_true(dwarf_lines_read(&u, &l));
	assert_int_equal(l.rows.n, 3);
	assert_int_equal(l.rows.v[0].addr, 0x1000);
	assert_int_equal(l.rows.v[0].line, 3);
	assert_int_equal(l.rows.v[1].addr, 0x1004);
	assert_int_equal(l.rows.v[1].line, 4);
	assert_int_equal(l.rows.v[1].column, 9);
	assert_true(l.rows.v[2].end);
	assert_int_equal(l.rows.v[2].addr, 0x1008);
	assert_true(dwarf_lines_path(&l, &u, 1, &path));
	assert_string_equal(path.name, "a.c");
	assert_string_equal(path.dir, "/src");
	assert_false(dwarf_lines_path(&l, &u, 0, &path));
	assert_false(dwarf_lines_path(&l, &u, 2, &path));
	/* Cut anywhere it is an error, or fewer rows; never a read outside (ASan watches). */
	for (size_t cut = 0; cut < sizeof(bytes); cut++) {
		uint8_t *copy = malloc(cut + 1);

		memcpy(copy, bytes, cut);
		d.sections.line = of(copy, cut);
		dwarf_lines_clear(&l);
		assert_false(dwarf_lines_read(&u, &l));
		free(copy);
	}
	dwarf_lines_deinit(&l);
}

/* --- this program ------------------------------------------------------------------------ */

static __attribute__((noinline)) int indexed_function(int x) { return x * 3 + 1; }

/* Where a function is in the file: its address less where the file is mapped. */
static uint64_t link_addr(void *function)
{
	extern const char __executable_start[] __attribute__((visibility("hidden")));

	return (uintptr_t)function - (uintptr_t)__executable_start;
}

static void check_chain(const struct index_chain *chain, const char *name)
{
	struct str path;

	assert_true(chain->count >= 1);
	str_init(&path);
	assert_string_equal(chain->frames[chain->count - 1].function, name);
	assert_true(index_add_path(&chain->frames[0].path, true, &path));
	assert_string_equal(path.text, "test_dwarf.c");
	assert_true(chain->frames[0].line > 0);
	str_deinit(&path);
}

static void test_index(void **state)
{
	struct sym_index_options direct = { .no_cache = true }, built = { .no_cache = true, .build = true };
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	uint64_t addr = link_addr((void *)indexed_function);
	struct sym_index *ix;
	struct index_chain chain;
	struct arena a;
	struct err *err = sym_index_open(fd, NULL, &direct, &ix);

	if (err_is(err, ERR_NOT_FOUND)) { /* built without -g */
		err_destroy(err);
		close(fd);
		skip();
	}
	assert_null(err);
	arena_init(&a);
	assert_null(sym_index_find(ix, addr, &a, &chain));
	check_chain(&chain, "indexed_function");
	sym_index_destroy(ix);

	assert_null(sym_index_open(fd, NULL, &built, &ix));
	assert_null(sym_index_find(ix, addr, &a, &chain));
	check_chain(&chain, "indexed_function");
	assert_null(sym_index_find(ix, 0, &a, &chain));
	assert_int_equal(chain.count, 0);
	sym_index_destroy(ix);
	arena_deinit(&a);
	close(fd);
	assert_int_equal(indexed_function(2), 7);
}

/* A damaged index is refused, or what is damaged is not found. */
static void test_damaged_index(void **state)
{
	struct debug_file *file;
	struct index_file index;
	struct index_build_options options = { .key = 7, .thread_count = 2 };
	int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), fd = memfd_create("index", MFD_CLOEXEC);
	struct err *err = debug_file_open(exe, NULL, &file);
	uint64_t addr = link_addr((void *)indexed_function);
	struct index_chain chain;
	struct arena a;
	char byte;

	if (err != NULL) {
		err_destroy(err);
		skip();
	}
	arena_init(&a);
	assert_null(debug_file_load(file));
	assert_null(index_build(file, fd, &options));
	err = index_file_open_fd(fd, 8, &index);
	assert_true(err_is(err, ERR_FORMAT)); /* of another file */
	err_destroy(err);
	assert_null(index_file_open_fd(fd, 7, &index));
	index_file_find(&index, addr, &a, &chain);
	check_chain(&chain, "indexed_function");
	index_file_check(&index);
	assert_false(index_file_is_damaged(&index));

	/* A byte of each blob: the check notices. */
	for (size_t i = 0; i < index.function_count; i++) {
		off_t at = (off_t)(index.header->blobs.offset + index.functions[i].blob + 8);

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0x55;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	index_file_close(&index);
	assert_null(index_file_open_fd(fd, 7, &index));
	assert_false(index_file_is_damaged(&index));
	index_file_find(&index, addr, &a, &chain);
	assert_true(chain.count == 0 || chain.frames[chain.count - 1].function == NULL);
	assert_true(index_file_is_damaged(&index));
	index_file_close(&index);
	byte = 1;
	assert_int_equal(pwrite(fd, &byte, 1, offsetof(struct index_header, strings)), 1);
	err = index_file_open_fd(fd, 7, &index);
	assert_true(err_is(err, ERR_FORMAT));
	err_destroy(err);
	debug_file_destroy(file);
	arena_deinit(&a);
	close(fd);
	close(exe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cursor),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_damaged_index),
	};

	return cmocka_run_group_tests_name("dwarf", tests, NULL, NULL);
}
