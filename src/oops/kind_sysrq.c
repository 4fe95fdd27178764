// SPDX-License-Identifier: LGPL-2.1-or-later
/* What somebody asked the kernel to print.  Source: drivers/tty/sysrq.c. */
#include "oops/kind.h"

#define ASKED .flags = OOPS_NO_TRACE, .severity = OOPS_INFO

static const struct oops_kind kinds[] = {
	{ .name = "sysrq-tasks", .start = "sysrq: Show State", .title = "SysRq t: all tasks", ASKED, .meaning = "Somebody asked for the stacks of all tasks.", .look = "tasks in state D, and what they have in common" },
	{ .name = "sysrq-blocked", .start = "sysrq: Show Blocked State", .title = "SysRq w: blocked tasks", ASKED, .meaning = "Somebody asked for the tasks that wait uninterruptibly." },
	{ .name = "sysrq-cpus", .start = "sysrq: Show backtrace of all active CPUs", .title = "SysRq l: active CPUs", ASKED, .meaning = "Somebody asked for the stacks of all busy CPUs." },
	{ .name = "sysrq-memory", .start = "sysrq: Show Memory", .title = "SysRq m: memory", ASKED, .meaning = "Somebody asked for the state of memory." },
	{ .name = "sysrq-registers", .start = "sysrq: Show Regs", .title = "SysRq p: registers", ASKED, .meaning = "Somebody asked for the registers of this CPU." },
	{ .name = "sysrq-timers", .start = "sysrq: Show clockevent devices & pending hrtimers", .title = "SysRq q: timers", ASKED, .meaning = "Somebody asked for the pending timers." },
	{ .name = NULL },
};

const struct oops_family oops_family_sysrq = { "sysrq", kinds };
