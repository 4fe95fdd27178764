/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * System calls by number and by name.  One list of entries is shared by all ABIs; each ABI
 * has an array from number to entry.  Names are looked for in a row: that happens when
 * options are read, not when calls are printed.
 */
#include "syscall/table.h"
#include "syscall/describe.h"

#include <stdio.h>
#include <string.h>

enum syscall_abi syscall_abi_here(unsigned index)
{
	static const enum syscall_abi beside[SYSCALL_ABI_COUNT][SYSCALL_ABIS_HERE - 1] = {
		[SYSCALL_ABI_X86_64] = { SYSCALL_ABI_I386, SYSCALL_ABI_X32 },
		[SYSCALL_ABI_I386] = { SYSCALL_ABI_COUNT, SYSCALL_ABI_COUNT },
		[SYSCALL_ABI_ARM64] = { SYSCALL_ABI_ARM, SYSCALL_ABI_COUNT },
		[SYSCALL_ABI_ARM] = { SYSCALL_ABI_COUNT, SYSCALL_ABI_COUNT },
		[SYSCALL_ABI_RISCV64] = { SYSCALL_ABI_COUNT, SYSCALL_ABI_COUNT },
	};

	if (index == 0)
		return SYSCALL_ABI_NATIVE;
	return index < SYSCALL_ABIS_HERE ? beside[SYSCALL_ABI_NATIVE][index - 1] : SYSCALL_ABI_COUNT;
}

unsigned syscall_abi_word_bytes(enum syscall_abi abi)
{
	return abi == SYSCALL_ABI_I386 || abi == SYSCALL_ABI_X32 || abi == SYSCALL_ABI_ARM ? 4 : 8;
}

const struct syscall_entry *syscall_find(enum syscall_abi abi, uint32_t number)
{
	if ((unsigned)abi >= SYSCALL_ABI_COUNT)
		return NULL;
	const struct sys_index *index = &sys_index[abi];
	unsigned entry = 0;

	if (abi == SYSCALL_ABI_X32)
		number &= ~SYSCALL_X32_BIT;
	if (number < index->count)
		entry = index->dense[number];
	else if (number >= SYS_HIGH && number - SYS_HIGH < index->high_count)
		entry = index->high[number - SYS_HIGH];
	return entry != 0 ? &sys_entries[entry - 1] : NULL;
}

uint64_t syscall_raw_number(enum syscall_abi abi, uint32_t number)
{
	return (uint64_t)(int32_t)(abi == SYSCALL_ABI_X32 ? number | SYSCALL_X32_BIT : number);
}

const char *syscall_unknown_name(enum syscall_abi abi, uint32_t number, char buffer[SYSCALL_UNKNOWN_MAX])
{
	snprintf(buffer, SYSCALL_UNKNOWN_MAX, "syscall_0x%llx", (unsigned long long)syscall_raw_number(abi, number));
	return buffer;
}

int64_t syscall_number(enum syscall_abi abi, const char *name)
{
	for (uint32_t n = 0; n < syscall_max(abi); n++) {
		const struct syscall_entry *entry = syscall_find(abi, n);
		if (entry != NULL && strcmp(entry->name, name) == 0)
			return n;
	}
	for (uint32_t i = 0; i < sys_index[abi].high_count; i++) {
		const struct syscall_entry *entry = syscall_find(abi, SYS_HIGH + i);
		if (entry != NULL && strcmp(entry->name, name) == 0)
			return SYS_HIGH + i;
	}
	return -1;
}

uint32_t syscall_max(enum syscall_abi abi)
{
	return (unsigned)abi < SYSCALL_ABI_COUNT ? (uint32_t)sys_index[abi].count : 0;
}

struct syscall_roles syscall_get_roles(const struct syscall_entry *entry)
{
	const struct syscall_describe *d = entry->describe;
	struct syscall_roles roles = { 0 };

	for (unsigned i = 0; d && i < d->count && i < 6; i++) {
		uint8_t kind = sys_types[d->args[i].type].kind;

		roles.fds |= (uint8_t)((kind == SYS_FD) << i);
		roles.dirfds |= (uint8_t)((kind == SYS_DIRFD) << i);
		roles.paths |= (uint8_t)((kind == SYS_PATH) << i);
	}
	roles.returns_fd = d && d->result == SYS_RESULT_FD;
	return roles;
}
