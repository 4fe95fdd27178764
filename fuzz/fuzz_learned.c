/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls as tracefs describes them, in any words: what was learned of them is printed, planned for and found again.
 * The input is such descriptions, each ended by a line "%".
 */
#include "base/mem.h"
#include "syscall/learned.h"
#include "syscall/plan.h"
#include "syscall/print.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NUMBER = 900 };

static const struct syscall_entry *find(void *user, enum syscall_abi abi, uint32_t number)
{
	return abi == SYSCALL_ABI_X86_64 ? syscall_learned_find(user, number) : NULL;
}

static size_t read_memory(void *user, enum syscall_phase phase, uint64_t addr, void *buffer, size_t size_bytes)
{
	(void)user;
	(void)phase;
	memset(buffer, (int)addr, size_bytes);
	return addr % 3 ? size_bytes : 0;
}

static void print(struct syscall_learned *l, uint32_t number)
{
	struct syscall_lookup lookup = { .find = find, .find_user = l };
	struct syscall_style style = { .string_limit = 32, .arg_names = number & 1 };
	struct syscall_call call = { .number = number, .args = { 3, 0x1000, 0x1001, 9, UINT64_MAX, 0x1002 } };
	struct syscall_memory memory = { .read = read_memory };
	struct syscall_progress progress = { 0 };
	struct syscall_plan plan;
	struct str out = { 0 };

	syscall_plan_entry(call.abi, syscall_learned_find(l, number), true, &plan);
	syscall_print_enter(&style, &lookup, &call, &memory, &progress, &out);
	syscall_print_exit(&style, &lookup, &call, &memory, &progress, &out);
	syscall_print_result(&style, &lookup, &call, &memory, &progress, &out);
	str_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct syscall_learned *l = syscall_learned_create();
	char *text = mem_strndup((const char *)data, size), *end, *from = text;
	uint32_t number = NUMBER;

	for (; from; from = end ? end + 3 : NULL, number++) {
		end = strstr(from, "\n%\n");
		if (end)
			*end = '\0';
		if (syscall_learned_add_format(l, number, "newcall", from))
			print(l, number);
		if (syscall_learned_add_format(l, number, "newcall", from))
			abort(); /* it is known by now, or can't be understood */
	}
	syscall_learned_destroy(l);
	free(text);
	return 0;
}
