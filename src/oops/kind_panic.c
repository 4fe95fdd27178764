// SPDX-License-Identifier: LGPL-2.1-or-later
/* Panics.  Source: kernel/panic.c and the callers of panic(). */
#include "oops/kind.h"

static const char *const bad_stack_machinery[] = { "bad_stack", NULL };
static const char *const stack_machinery[] = { "stack_chk", "schedule", "retint_kernel", NULL };

#define AFTERMATH(reason, title_) \
	{ .name = "panic", .start = "Kernel panic - not syncing: " reason, .flags = OOPS_FOLLOWS | OOPS_DAMAGED, .title = "kernel panic: " title_, .severity = OOPS_PANIC, \
	  .meaning = "The machine stopped because of a report before this one, which this log does not have." }

static const struct oops_kind kinds[] = {
	{ .name = "panic", .start = "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: {func}", .flags = OOPS_FOLLOWS, .skip = stack_machinery,
	  .title = "kernel panic: stack is corrupted in {function}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_TRACE }, .severity = OOPS_PANIC,
	  .meaning = "A function wrote beyond one of its variables on the stack." },
	{ .name = "panic", .start = "Kernel panic - not syncing: corrupted stack end", .flags = OOPS_FOLLOWS, .skip = stack_machinery,
	  .title = "kernel panic: corrupted stack end in {function}", .where = { OOPS_WHERE_LOOPED }, .severity = OOPS_PANIC, .meaning = "The kernel stack overflowed." },
	{ .name = "stack-overflow", .start = "Kernel panic - not syncing: kernel stack overflow", .flags = OOPS_FOLLOWS, .skip = bad_stack_machinery,
	  .title = "kernel stack overflow in {function}", .where = { OOPS_WHERE_LOOPED }, .severity = OOPS_PANIC, .meaning = "The kernel stack overflowed: recursion, or large variables on the stack." },
	AFTERMATH("Fatal exception", "Fatal exception"),
	AFTERMATH("panic_on_warn set", "panic_on_warn set"),
	AFTERMATH("{_who}: panic_on_warn set", "panic_on_warn set"),
	AFTERMATH("hung_task: blocked tasks", "hung_task: blocked tasks"),
	{ .name = "panic", .start = "Kernel panic - not syncing: Couldn't open N_TTY ldisc", .flags = OOPS_FOLLOWS, .title = "kernel panic: Couldn't open N_TTY ldisc", .severity = OOPS_PANIC },
	{ .name = "panic", .start = "Kernel panic - not syncing: {reason:rest}", .flags = OOPS_FOLLOWS, .title = "kernel panic: {reason}", .where = { OOPS_WHERE_TRACE }, .severity = OOPS_PANIC,
	  .meaning = "The kernel could not go on and stopped the machine." },
	{ .name = "reboot", .start = "^Booting the kernel", .unless = NAMES("Parsing ELF", "Decompressing Linux", "Unknown parameter"), .flags = OOPS_ONE_LINE,
	  .title = "unexpected kernel reboot", .severity = OOPS_PANIC, .meaning = "The log shows a machine that starts again, and not why." },
	{ .name = "trusty", .start = "trusty: panic {_caller:any}: ASSERT FAILED at {_place:any}: {what:rest}", .flags = OOPS_NO_TRACE | OOPS_LEADS, .title = "trusty: ASSERT FAILED: {what}", .severity = OOPS_PANIC },
	{ .name = "trusty", .start = "trusty: panic {_caller:any} ASSERT FAILED{what:rest}", .flags = OOPS_DAMAGED, .title = "trusty: ASSERT FAILED:", .severity = OOPS_PANIC },
	{ .name = "trusty", .start = "trusty: panic (caller {_caller}): {what:rest}", .flags = OOPS_NO_TRACE | OOPS_LEADS, .title = "trusty: panic: {what}", .severity = OOPS_PANIC,
	  .meaning = "The secure monitor beside the kernel died." },
	{ .name = "fuzzer", .start = "SYZ{_kind:FAIL|FATAL}: {what:rest}", .flags = OOPS_ONE_LINE, .title = "SYZFAIL: {what}", .severity = OOPS_WARNING,
	  .meaning = "The fuzzer failed, not the kernel." },
	{ .name = NULL },
};

const struct oops_family oops_family_panic = { "panic", kinds };
