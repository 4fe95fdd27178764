// SPDX-License-Identifier: LGPL-2.1-or-later
/* Panics.  Source: kernel/panic.c and the callers of panic(). */
#include "oops/kind.h"

static const char *const stack_machinery[] = { "stack_chk", "schedule", "retint_kernel", NULL };

#define AFTERMATH(reason, title_) \
	{ .name = "panic", .start = "Kernel panic - not syncing: " reason, .flags = OOPS_FOLLOWS | OOPS_DAMAGED, .title = "kernel panic: " title_, .severity = OOPS_PANIC, \
	  .meaning = "The machine stopped because of a report before this one, which this log does not have." }

static const struct oops_kind kinds[] = {
	{ .name = "panic", .start = "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: {func}", .flags = OOPS_FOLLOWS, .skip = stack_machinery,
	  .title = "kernel panic: stack is corrupted in {function}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_TRACE }, .severity = OOPS_PANIC,
	  .meaning = "A function wrote beyond one of its variables on the stack." },
	{ .name = "panic", .start = "Kernel panic - not syncing: corrupted stack end", .flags = OOPS_FOLLOWS, .skip = stack_machinery,
	  .title = "kernel panic: corrupted stack end in {function}", .where = { OOPS_WHERE_STALLED, OOPS_WHERE_TRACE }, .severity = OOPS_PANIC, .meaning = "The kernel stack overflowed." },
	AFTERMATH("Fatal exception", "Fatal exception"),
	AFTERMATH("panic_on_warn set", "panic_on_warn set"),
	AFTERMATH("{_who}: panic_on_warn set", "panic_on_warn set"),
	AFTERMATH("hung_task: blocked tasks", "hung_task: blocked tasks"),
	{ .name = "panic", .start = "Kernel panic - not syncing: Couldn't open N_TTY ldisc", .flags = OOPS_FOLLOWS, .title = "kernel panic: Couldn't open N_TTY ldisc", .severity = OOPS_PANIC },
	{ .name = "panic", .start = "Kernel panic - not syncing: {reason:rest}", .flags = OOPS_FOLLOWS, .title = "kernel panic: {reason}", .severity = OOPS_PANIC,
	  .meaning = "The kernel could not go on and stopped the machine." },
	{ .name = NULL },
};

const struct oops_family oops_family_panic = { "panic", kinds };
