// SPDX-License-Identifier: LGPL-2.1-or-later
/* What somebody asked the kernel to print.  Kernels before 4.20 say "SysRq : ".  Source: drivers/tty/sysrq.c. */
#include "oops/kind.h"

#define ASKED .flags = OOPS_NO_TRACE, .severity = OOPS_INFO
#define SYSRQ "{_by:sysrq: |SysRq : }"
#define DONE .flags = OOPS_ONE_LINE | OOPS_NOTE, .severity = OOPS_INFO

static const struct oops_kind kinds[] = {
	{ .name = "sysrq-tasks", .start = SYSRQ "Show State", .title = "SysRq t: all tasks", ASKED, .meaning = "Somebody asked for the stacks of all tasks.", .look = "tasks in state D, and what they have in common" },
	{ .name = "sysrq-blocked", .start = SYSRQ "Show Blocked State", .title = "SysRq w: blocked tasks", ASKED, .meaning = "Somebody asked for the tasks that wait uninterruptibly (state D).", .look = "what the tasks have in common: the same lock, device or server" },
	{ .name = "sysrq-cpus", .start = SYSRQ "Show backtrace of all active CPUs", .title = "SysRq l: active CPUs", ASKED, .meaning = "Somebody asked for the stacks of all busy CPUs.", .look = "a CPU that is at the same place each time" },
	{ .name = "sysrq-memory", .start = SYSRQ "Show Memory", .title = "SysRq m: memory", ASKED, .meaning = "Somebody asked for the state of memory.", .look = "each zone's free against its min: below min, only the kernel's own needs are served; slab_unreclaimable, when large, is the kernel's own use" },
	{ .name = "sysrq-registers", .start = SYSRQ "Show Regs", .title = "SysRq p: registers", ASKED, .meaning = "Somebody asked for the registers of this CPU.", .look = "the PC: where this CPU was when the key came" },
	{ .name = "sysrq-timers", .start = SYSRQ "Show clockevent devices & pending hrtimers", .title = "SysRq q: timers", ASKED, .meaning = "Somebody asked for the pending timers.", .look = "timers whose expiry lies far behind 'now'" },
	{ .name = "sysrq-locks", .start = SYSRQ "Show Locks Held", .title = "SysRq d: locks held", ASKED, .meaning = "Somebody asked for the locks that tasks hold.", .look = "a lock that a sleeping task holds and others wait for" },
	{ .name = "sysrq-crash", .start = SYSRQ "Trigger a crash", .title = "SysRq c: crash asked for", .flags = OOPS_NO_TRACE, .severity = OOPS_PANIC, .meaning = "Somebody asked for a crash (SysRq c, or echo c >/proc/sysrq-trigger): the machine is not at fault." },
	{ .name = "sysrq-action", .start = SYSRQ "{what:Emergency Sync|Emergency Remount R/O|Resetting|Kill All Tasks|Terminate All Tasks|Manual OOM execution|Nice All RT Tasks|Power Off}", .title = "SysRq: {what}", DONE, .meaning = "Somebody asked for this by SysRq." },
	{ .name = NULL },
};

const struct oops_family oops_family_sysrq = { "sysrq", kinds };
