/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYSCALL_HOOKS_H
#define SONDE_SYSCALL_HOOKS_H
/*
 * Printers for what a table can't say.  `@name` in calls.def or structs.def is
 * hook_name(), `+name` is result_name().  compile.py lists the names that are used.
 */
#include "syscall/decode.h"

typedef void (*sys_hook)(struct decoder *d, const struct sys_ref *ref);
/* What stands behind the result, for example "(Timeout)"; true: the result itself, too, was
 * printed by the hook. */
typedef bool (*sys_result_hook)(struct decoder *d);

#define SYS_HOOK_DECLARE(name) void hook_##name(struct decoder *d, const struct sys_ref *ref);
#define SYS_RESULT_DECLARE(name) bool result_##name(struct decoder *d);
SYS_HOOKS(SYS_HOOK_DECLARE)
SYS_RESULTS(SYS_RESULT_DECLARE)

extern const sys_hook sys_hooks[];
extern const sys_result_hook sys_result_hooks[];

#endif
