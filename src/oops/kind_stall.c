// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lockups, stalls and hung tasks.  Sources: kernel/watchdog.c, kernel/watchdog_perf.c, kernel/rcu/tree_stall.h,
 * kernel/hung_task.c, kernel/workqueue.c. */
#include "oops/kind.h"

static const char *const stall_machinery[] = { "rcu", "apic_timer_interrupt", "^retint_", "^irqentry_", "^asm_call_", NULL };
static const char *const lockup_machinery[] = { "apic_timer_interrupt", "^retint_", "^irqentry_", "^asm_call_", NULL };
static const char *const schedule_machinery[] = { "schedule", "__switch_to", "context_switch", NULL };

#define RCU_MEANING "A CPU or task did not pass through a quiescent state for a long time: it loops in the kernel, or is kept from running."

static const struct oops_kind kinds[] = {
	{ .name = "soft-lockup", .start = "BUG: soft lockup - CPU#{cpu:num} stuck for {seconds:num}s! [{task:any}]",
	  .title = "BUG: soft lockup in {function}", .skip = lockup_machinery, .where = { OOPS_WHERE_LOOPED }, .severity = OOPS_BUG,
	  .meaning = "A CPU ran in the kernel for that long without letting any other task run.", .look = "the loop below the interrupt in the trace" },
	{ .name = "soft-lockup", .start = "BUG: soft lockup", .title = "BUG: soft lockup in {function}", .skip = lockup_machinery, .where = { OOPS_WHERE_LOOPED },
	  .severity = OOPS_BUG, .meaning = "A CPU ran in the kernel for a long time without letting any other task run." },
	{ .name = "hard-lockup", .start = "Watchdog detected hard LOCKUP on cpu {cpu:num}", .title = "hard lockup in {function}",
	  .skip = lockup_machinery, .where = { OOPS_WHERE_CAUGHT }, .severity = OOPS_BUG,
	  .meaning = "A CPU took no interrupts for seconds: it loops or waits for a lock with interrupts off.", .look = "who holds the lock that it waits for" },
	{ .name = "hard-lockup", .start = "CPU{cpu:num}: Watchdog detected hard LOCKUP", .title = "hard lockup in {function}",
	  .skip = lockup_machinery, .where = { OOPS_WHERE_CAUGHT }, .severity = OOPS_BUG,
	  .meaning = "A CPU took no interrupts for seconds: it loops or waits for a lock with interrupts off." },
	{ .name = "rcu-stall", .start = "INFO: rcu_{_flavour:preempt|sched|bh|tasks} {_self:self-|}detected{_expedited: expedited|} stall", .skip = stall_machinery,
	  .body = NAMES("t={jiffies:num} jiffies", "kthread starved for {starved:num} jiffies"), .title = "INFO: rcu detected stall in {function}", .where = { OOPS_WHERE_STALLED }, .severity = OOPS_BUG,
	  .meaning = RCU_MEANING, .look = "the task that was running on the stalled CPU" },
	{ .name = "rcu-stall", .start = "INFO: rcu_{_flavour} self-detected stall", .skip = stall_machinery, .body = NAMES("t={jiffies:num} jiffies", "kthread starved for {starved:num} jiffies"),
	  .title = "INFO: rcu detected stall in {function}", .where = { OOPS_WHERE_STALLED }, .severity = OOPS_BUG, .meaning = RCU_MEANING,
	  .look = "the task that was running on the stalled CPU" },
	{ .name = "rcu-stall", .start = "INFO: rcu_{_flavour} detected {_expedited:any}stall", .skip = stall_machinery, .body = NAMES("t={jiffies:num} jiffies", "kthread starved for {starved:num} jiffies"),
	  .title = "INFO: rcu detected stall in {function}", .where = { OOPS_WHERE_STALLED }, .severity = OOPS_BUG, .meaning = RCU_MEANING,
	  .look = "the task that was running on the stalled CPU" },
	{ .name = "hung-task", .start = "INFO: task {task:any} blocked for more than {seconds:num} seconds", .title = "INFO: task hung in {function}",
	  .body = NAMES("blocked on a{_n:n|} {blocked_on:any} likely owned by task {owner:rest}"), .where = { OOPS_WHERE_HUNG }, .severity = OOPS_BUG,
	  .meaning = "The task has been waiting uninterruptibly (state D) for that long.", .look = "what it waits for in the trace, and who should wake it" },
	{ .name = "hung-task", .start = "INFO: task {task:any} blocked in I/O wait for more than {seconds:num} seconds", .title = "INFO: task hung in {function}",
	  .body = NAMES("blocked on a{_n:n|} {blocked_on:any} likely owned by task {owner:rest}"), .where = { OOPS_WHERE_HUNG }, .severity = OOPS_BUG,
	  .meaning = "The task has been waiting for a device that long.", .look = "the device: does it still answer?" },
	{ .name = "hung-task", .start = "INFO: task {task:any} can't die for more than {seconds:num} seconds", .title = "INFO: task can't die in {function}",
	  .skip = schedule_machinery, .where = { OOPS_WHERE_TRACE }, .severity = OOPS_BUG, .meaning = "The task was killed, but does not come out of the kernel." },
	{ .name = "workqueue-lockup", .start = "BUG: workqueue lockup", .flags = OOPS_NO_TRACE, .title = "BUG: workqueue lockup", .severity = OOPS_BUG,
	  .body = NAMES("stuck for {seconds:num}s!", "in-flight: {in_flight:rest}", "in-flight: {_worker:num}:{at:func}"), .where = { OOPS_WHERE_BODY }, .meaning = "A pool of workers made no progress: one of its work items blocks the others.",
	  .look = "the work items in flight: what do they wait for, or why do they loop?" },
	{ .name = "netdev-refcount", .start = "unregister_netdevice: waiting for {device} to become free", .flags = OOPS_NO_TRACE | OOPS_FOLLOWS,
	  .title = "unregister_netdevice: waiting for DEV to become free", .severity = OOPS_BUG,
	  .meaning = "A network device is going away, but something still holds a reference to it." },
	{ .name = "rcu-starved", .start = "rcu: {thread} kthread starved for {jiffies:num} jiffies!", .flags = OOPS_NO_TRACE | OOPS_FOLLOWS, .title = "rcu: grace-period thread starved", .severity = OOPS_BUG,
	  .meaning = "The thread that drives RCU's grace periods did not get a CPU for that long: memory that waits to be freed piles up.", .look = "what keeps that CPU: a real-time task, an interrupt storm, or a virtual machine that is not run" },
	{ .name = "workqueue-hog", .start = "workqueue: {work:any} hogged CPU for >{us:num}us", .flags = OOPS_ONE_LINE | OOPS_NOTE, .title = "workqueue: {work} hogged a CPU", .severity = OOPS_WARNING,
	  .meaning = "A work item ran that long without a break, while others of its queue waited.", .look = "that function: it should be queued as WQ_UNBOUND or do less at a time" },
	{ .name = NULL },
};

const struct oops_family oops_family_stall = { "stall", kinds };
