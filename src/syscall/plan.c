/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What to copy of a call's memory, from its description: one step for an argument that is
 * a pointer, until the steps are used up.
 */
#include "syscall/plan.h"
#include "syscall/decode.h"

#include <string.h>

void syscall_plan_get(enum syscall_abi abi, uint32_t number, struct syscall_plan *ret)
{
	const struct syscall_entry *entry = syscall_find(abi, number);

	memset(ret, 0, sizeof(*ret));
	if (entry == NULL || entry->describe == NULL)
		return;
}
