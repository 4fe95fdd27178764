/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What comes with a call from the BPF engine: the memo of calls that come again, and descriptors. */
#include "capture/bpf/file_piece.h"
#include "capture/call_memo.h"

#include <linux/magic.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct syscall_call read_call(uint64_t fd, int64_t result)
{
	return (struct syscall_call){ .abi = SYSCALL_ABI_X86_64, .number = 0, .args = { fd, 0x1000, 1, 7, 8, 9 }, .result = result };
}

static void test_memo(void **state)
{
	struct call_memo *memo = call_memo_create();
	uint64_t data[4] = { 1, 2, 3, 4 }, much[64] = { 0 };
	struct syscall_pieces pieces = { data, sizeof(data) }, large = { much, sizeof(much) };
	struct syscall_call call = read_call(3, 1);
	bool known;
	int slot = call_memo_slot(memo, NULL, &call, &pieces, &known);

	assert_false(known);
	assert_int_equal(call_memo_slot(memo, NULL, &call, &pieces, &known), slot);
	assert_true(known);
	call.args[4] = 1234; /* no argument of read() */
	call.sp = 99;
	assert_int_equal(call_memo_slot(memo, NULL, &call, &pieces, &known), slot);
	assert_true(known);
	/* each of these makes it another call */
	call = read_call(4, 1);
	call_memo_slot(memo, NULL, &call, &pieces, &known);
	assert_false(known);
	call = read_call(3, 0);
	call_memo_slot(memo, NULL, &call, &pieces, &known);
	assert_false(known);
	data[3] = 5;
	call = read_call(3, 1);
	call_memo_slot(memo, NULL, &call, &pieces, &known);
	assert_false(known);
	slot = call_memo_slot(memo, NULL, &call, &pieces, &known);
	assert_true(known);
	call_memo_forget(memo, slot);
	call_memo_slot(memo, NULL, &call, &pieces, &known);
	assert_false(known);
	assert_int_equal(call_memo_slot(memo, NULL, &call, &large, &known), CALL_MEMO_NONE);
	call_memo_destroy(memo);
}

static const struct syscall_entry *find_learned(void *user, enum syscall_abi abi, uint32_t number)
{
	(void)abi;
	(void)number;
	return *(const struct syscall_entry **)user;
}

/* Its text has a number where a name belongs, until the name is learned. */
static void test_memo_of_unknown_calls(void **state)
{
	const struct syscall_entry *learned = NULL;
	struct syscall_lookup lookup = { .find = find_learned, .find_user = &learned };
	struct call_memo *memo = call_memo_create();
	struct syscall_pieces pieces = { NULL, 0 };
	struct syscall_call call = { .abi = SYSCALL_ABI_X86_64, .number = 999, .args = { 1 } };
	bool known;

	call_memo_slot(memo, &lookup, &call, &pieces, &known);
	call_memo_slot(memo, &lookup, &call, &pieces, &known);
	assert_true(known);
	learned = &(struct syscall_entry){ .name = "new_call", .arg_count = 6 };
	call_memo_slot(memo, &lookup, &call, &pieces, &known);
	assert_false(known);
	call_memo_slot(memo, &lookup, &call, &pieces, &known);
	assert_true(known);
	call_memo_destroy(memo);
}

static void expect_path(const struct bpf_calls_file *file, const char *path)
{
	struct str out;

	str_init(&out);
	assert_true(file_piece_path(file, &out));
	assert_string_equal(str_text(&out), path);
	str_deinit(&out);
}

static void test_paths(void **state)
{
	static const char names[] = "passwd\0etc";
	struct bpf_calls_file file = { .magic = TMPFS_MAGIC };

	expect_path(&file, "/");
	memcpy(file.text, names, sizeof(names));
	file.text_bytes = sizeof(names);
	expect_path(&file, "/etc/passwd");
	file.flags = BPF_FILE_DELETED;
	expect_path(&file, "/etc/passwd (deleted)");
	file.flags = BPF_FILE_NAMELESS;
	expect_path(&file, "/passwd (deleted)");
	file.magic = PIPEFS_MAGIC;
	file.inode = 12;
	expect_path(&file, "pipe:[12]");
}

static void test_pieces(void **state)
{
	struct {
		struct syscall_piece head;
		struct bpf_calls_file file;
		struct syscall_piece empty;
	} blob = {
		.head = { .addr = 3, .size_bytes = sizeof(blob.file), .flags = SYSCALL_PIECE_FILE },
		.file = { .text_bytes = 3, .text = "a" },
		.empty = { .addr = 4, .flags = SYSCALL_PIECE_FILE },
	};
	struct syscall_pieces pieces = { &blob, sizeof(blob) };
	struct syscall_memory memory = syscall_pieces_memory(&pieces);
	struct bpf_calls_file found;
	char byte;

	assert_int_equal(file_piece_find(NULL, SYSCALL_ENTER, 3, &found), FILE_PIECE_NONE);
	assert_int_equal(file_piece_find(&pieces, SYSCALL_ENTER, 3, &found), FILE_PIECE_FOUND);
	assert_int_equal(file_piece_find(&pieces, SYSCALL_EXIT, 3, &found), FILE_PIECE_NONE);
	assert_int_equal(file_piece_find(&pieces, SYSCALL_ENTER, 4, &found), FILE_PIECE_NOTHING);
	assert_int_equal(memory.read(memory.user, SYSCALL_ENTER, 3, &byte, 1), 0); /* it is no memory */
	blob.file.flags = BPF_FILE_CUT;
	assert_int_equal(file_piece_find(&pieces, SYSCALL_ENTER, 3, &found), FILE_PIECE_CUT);
	blob.file.flags = 0;
	blob.file.text_bytes = sizeof(blob.file.text) + 1;
	assert_int_equal(file_piece_find(&pieces, SYSCALL_ENTER, 3, &found), FILE_PIECE_NONE);
}

/* As bpf_probe_read_user_str() gives it before Linux 6.13: not even its NUL. */
static void test_empty_text(void **state)
{
	struct syscall_piece blob[] = {
		{ .addr = 0x5000, .phase = SYSCALL_ENTER },
		{ .addr = 0x6000, .phase = SYSCALL_ENTER, .flags = SYSCALL_PIECE_STACK },
	};
	struct syscall_pieces pieces = { blob, sizeof(blob) };
	struct syscall_memory memory = syscall_pieces_memory(&pieces);
	char bytes[4] = "abc";

	assert_int_equal(memory.read(memory.user, SYSCALL_ENTER, 0x5000, bytes, sizeof(bytes)), 1);
	assert_int_equal(bytes[0], 0);
	assert_int_equal(memory.read(memory.user, SYSCALL_ENTER, 0x4fff, bytes, sizeof(bytes)), 0);
	assert_int_equal(memory.read(memory.user, SYSCALL_ENTER, 0x6000, bytes, sizeof(bytes)), 0); /* it is no memory */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memo),
		cmocka_unit_test(test_memo_of_unknown_calls),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_empty_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
