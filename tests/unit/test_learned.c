/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "syscall/learned.h"
#include "syscall/print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* As tracefs has it on Linux 6.18, the fields of every event left out but one. */
static const char format[] = "name: sys_enter_newcall\nID: 780\nformat:\n"
			     "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
			     "\tfield:int __syscall_nr;\toffset:8;\tsize:4;\tsigned:1;\n"
			     "\tfield:int dfd;\toffset:16;\tsize:8;\tsigned:0;\n"
			     "\tfield:const char * filename;\toffset:24;\tsize:8;\tsigned:0;\n"
			     "\tfield:struct open_how * how;\toffset:32;\tsize:8;\tsigned:0;\n"
			     "\tfield:size_t usize;\toffset:40;\tsize:8;\tsigned:0;\n"
			     "\tfield:unsigned int flags;\toffset:48;\tsize:8;\tsigned:0;\n"
			     "\tfield:umode_t mode;\toffset:56;\tsize:8;\tsigned:0;\n"
			     "\nprint fmt: \"dfd: 0x%08lx\", ((unsigned long)(REC->dfd))\n";
enum { NUMBER = 900 };

static const struct syscall_entry *find(void *user, enum syscall_abi abi, uint32_t number)
{
	return abi == SYSCALL_ABI_X86_64 ? syscall_learned_find(user, number) : NULL;
}

static size_t read_path(void *user, enum syscall_phase phase, uint64_t addr, void *buffer, size_t size)
{
	static const char path[] = "/etc/passwd";
	uint64_t at = addr - 0x1000;

	if (addr < 0x1000 || at >= sizeof(path))
		return 0;
	size = size < sizeof(path) - at ? size : sizeof(path) - at;
	memcpy(buffer, path + at, size);
	return size;
}

static void test_format(void **state)
{
	struct syscall_learned *l = syscall_learned_create();
	struct syscall_lookup lookup = { .find = find, .find_user = l };
	struct syscall_style style = { .string_limit = 32 };
	struct syscall_call call = { .number = NUMBER, .args = { (uint32_t)-100, 0x1000, 0x7fff0000, 24, 0x11, 0644 } };
	struct syscall_memory memory = { .read = read_path };
	struct syscall_progress progress = { 0 };
	struct str out;

	str_init(&out);
	assert_true(syscall_learned_add_format(l, NUMBER, "newcall", format));
	syscall_print_enter(&style, &lookup, &call, &memory, &progress, &out);
	syscall_print_exit(&style, &lookup, &call, &memory, &progress, &out);
	assert_string_equal(str_text(&out), "newcall(AT_FDCWD, \"/etc/passwd\", 0x7fff0000, 24, 0x11, 0644)");
	str_clear(&out);
	progress = (struct syscall_progress){ 0 };
	syscall_print_enter(&style, NULL, &call, &memory, &progress, &out);
	assert_memory_equal(str_text(&out), "syscall_0x384(", 14);
	assert_true(syscall_learned_find(l, NUMBER)->classes & SYSCALL_FILE && syscall_learned_find(l, NUMBER)->classes & SYSCALL_DESC);
	str_deinit(&out);
	syscall_learned_destroy(l);
}

static void test_nonsense(void **state)
{
	static const char *const bad[] = {
		"", "field:int __syscall_nr", "\tfield:int __syscall_nr;\n\tfield:;\n", "\tfield:int __syscall_nr;\n\tfield:int",
		"\tfield:int __syscall_nr;\n\tfield: a;\n\tfield:x ;\n",
		"\tfield:int __syscall_nr;\n\tfield:a b;\n\tfield:a b;\n\tfield:a b;\n\tfield:a b;\n\tfield:a b;\n\tfield:a b;\n\tfield:a b;\n",
	};
	struct syscall_learned *l = syscall_learned_create();

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(syscall_learned_add_format(l, NUMBER, "bad", bad[i]));
	assert_false(syscall_learned_add_format(l, NUMBER, "no name(", format));
	assert_null(syscall_learned_find(l, NUMBER));
	assert_true(syscall_learned_add_format(l, NUMBER, "bare", "\tfield:int __syscall_nr;\n"));
	assert_int_equal(syscall_learned_find(l, NUMBER)->arg_count, 0);
	assert_false(syscall_learned_add_format(l, NUMBER, "again", format));
	for (uint32_t i = 1; i < 200; i++)
		syscall_learned_add_format(l, NUMBER + i, "many", format);
	assert_null(syscall_learned_find(l, NUMBER + 199));
	syscall_learned_destroy(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_format), cmocka_unit_test(test_nonsense) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
