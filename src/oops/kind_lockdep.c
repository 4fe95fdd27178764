// SPDX-License-Identifier: LGPL-2.1-or-later
/* lockdep, spinlock debugging, RCU usage, atomic context.  Sources: kernel/locking/lockdep.c,
 * kernel/locking/spinlock_debug.c, kernel/rcu/update.c, kernel/sched/core.c, lib/smp_processor_id.c. */
#include "oops/kind.h"

#define DEADLOCK_MEANING "lockdep saw locks taken in an order that can end in two tasks waiting for each other; it need not have happened yet."
#define RECURSION_MEANING "A task took a lock that it holds already, or another lock of the same class: it would wait for itself for ever. It is harmless where two different locks are nested on purpose and always in one order."
#define INTERRUPT_MEANING "A lock is taken in an interrupt and also where that interrupt may come while it is held: a CPU that is interrupted then waits for itself for ever. It need not have happened yet."
#define ANY_MEANING "lockdep saw locks used in a way that can end in waiting for ever; it need not have happened yet."
#define AT_LOCK NAMES("at: {at:func}")

static const char *const workqueue_locks[] = { "process_one_work", "flush_workqueue", "drain_workqueue", "destroy_workqueue", "start_flush_work", "__flush_work", NULL };
static const char *const rcu_machinery[] = { "rcu", "kmem", "slab", "kmalloc", "vmalloc", "kcalloc", "kzalloc", "___might", NULL };
static const char *const key_machinery[] = { "stack", "lock", "IRQ", "irq", NULL };
static const char *const preempt_machinery[] = { "check_preemption", "^preempt", "^debug_", "processor_id", "this_cpu", NULL };
static const char *const spin_machinery[] = { "spin_", "_lock", "_unlock", NULL };
static const char *const atomic_machinery[] = { "schedule", "^msleep", "^usleep", "^ssleep", "^fsleep", NULL };

#define LOCK_ROW(start_, needs_, meaning_, look_) \
	{ .name = "lockdep", .start = start_, .needs = needs_, .body = AT_LOCK, .title = "possible deadlock in {function}", .skip = workqueue_locks, \
	  .where = { OOPS_WHERE_BODY, OOPS_WHERE_FLUSHER, OOPS_WHERE_TRACE }, .severity = OOPS_BUG, .meaning = meaning_, .look = look_ }
#define WHICH_ORDER "the chain of locks: which of the orders is the intended one?"

static const struct oops_kind kinds[] = {
	LOCK_ROW("possible circular locking dependency detected", NAMES("is trying to acquire lock"), DEADLOCK_MEANING, WHICH_ORDER),
	LOCK_ROW("possible irq lock inversion dependency detected", NAMES("just changed the state of lock"), DEADLOCK_MEANING, WHICH_ORDER),
	{ .name = "lockdep", .start = "-safe -> {_kind}-unsafe lock order detected", .body = AT_LOCK, .title = "possible deadlock in {function}",
	  .where = { OOPS_WHERE_OTHER, OOPS_WHERE_BODY }, .severity = OOPS_BUG, .meaning = DEADLOCK_MEANING,
	  .look = "whether the lock that is taken in an interrupt needs its _irqsave form elsewhere" },
	LOCK_ROW("possible recursive locking detected", NAMES("is trying to acquire lock"), RECURSION_MEANING,
		 "the stack: who took the lock first, and should the inner function expect it to be held? Two locks of a class that belong together need mutex_lock_nested() or its like"),
	{ .name = "lockdep", .start = "inconsistent lock state", .needs = NAMES("takes:"), .body = NAMES("at: {at:func}", "^inconsistent {was} -> {now} usage."), .title = "inconsistent lock state in {function}",
	  .where = { OOPS_WHERE_TRACE, OOPS_WHERE_BODY }, .severity = OOPS_BUG, .meaning = INTERRUPT_MEANING,
	  .look = "the lock is taken in an interrupt and elsewhere with interrupts on" },
	{ .name = "lockdep", .start = "{_level:WARNING|INFO}: possible {what:any} detected", .title = "possible deadlock", .flags = OOPS_DAMAGED, .severity = OOPS_BUG,
	  .meaning = ANY_MEANING },
	{ .name = "lockdep", .start = "BUG: Invalid wait context", .skip = NAMES("lock_sock", "release_sock"), .title = "WARNING: locking bug in {function}",
	  .where = { OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "A lock that may sleep was taken where sleeping is not allowed (on a PREEMPT_RT kernel all but raw locks may)." },
	{ .name = "lockdep", .start = "{level:WARNING|BUG}: bad unlock balance detected!", .needs = NAMES("is trying to release lock"),
	  .body = NAMES("is trying to release lock ({lock}) at:", "^[<{_address:hex}>] {at:func}"), .title = "{level}: bad unlock balance in {function}",
	  .where = { OOPS_WHERE_BODY, OOPS_WHERE_TRACE }, .severity = OOPS_BUG, .meaning = "A lock was released that this task does not hold.",
	  .look = "the path that released it: is it released twice, or by another task than the one that took it?" },
	{ .name = "lockdep", .start = "{level:WARNING|BUG}: held lock freed!", .body = AT_LOCK, .title = "{level}: held lock freed in {function}",
	  .where = { OOPS_WHERE_BODY, OOPS_WHERE_TRACE }, .severity = OOPS_BUG, .meaning = "Memory was freed while a lock inside it was held." },
	{ .name = "lockdep", .start = "{level:WARNING|BUG}: lock held when returning to user space", .body = AT_LOCK, .flags = OOPS_NO_TRACE,
	  .title = "{level}: lock held when returning to user space in {function}", .where = { OOPS_WHERE_BODY }, .severity = OOPS_BUG,
	  .meaning = "A system call returned with a lock still held: the next one who wants it waits for ever." },
	{ .name = "lockdep", .start = "WARNING: {_n:N|n}ested lock was not taken", .title = "WARNING: nested lock was not taken in {function}",
	  .body = AT_LOCK, .where = { OOPS_WHERE_BODY, OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "A lock was taken with the note that another one protects the order (nest_lock), but that one isn't held." },
	{ .name = "lockdep", .start = "{level:WARNING|BUG}: {_task:any} still has locks held!", .title = "{level}: still has locks held in {function}",
	  .body = NAMES("at: {at:func}"), .where = { OOPS_WHERE_BODY, OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "A task went to sleep or was frozen with a lock held." },
	{ .name = "lockdep", .start = "INFO: trying to register non-static key", .skip = key_machinery, .title = "INFO: trying to register non-static key in {function}",
	  .where = { OOPS_WHERE_TRACE }, .severity = OOPS_BUG, .meaning = "A lock was used before it was initialised.", .look = "who should have called its init function" },
	{ .name = "suspicious-rcu", .start = "{level:WARNING|INFO}: suspicious RCU usage", .needs = NAMES("{place:any}:{_line:num} {what:rest}"), .skip = rcu_machinery,
	  .title = "{level}: suspicious RCU usage in {function}", .where = { OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "Memory that RCU protects was used outside of rcu_read_lock(): it may be freed meanwhile.",
	  .look = "the place: a missing rcu_read_lock(), or a lock that the check should be told of" },
	{ .name = "suspicious-rcu", .start = "{level:WARNING|INFO}: suspicious RCU usage", .skip = rcu_machinery, .flags = OOPS_DAMAGED,
	  .title = "{level}: suspicious RCU usage in {function}", .where = { OOPS_WHERE_TRACE }, .severity = OOPS_BUG },
	{ .name = "lockdep", .start = "BUG: {lock:spinlock|rwlock} {what:lockup suspected|already unlocked|recursion|bad magic|wrong owner|wrong CPU|cpu recursion|trylock failure on UP|bad magic|lockup}",
	  .title = "BUG: {lock} {what} in {function}", .skip = spin_machinery, .where = { OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "The debug fields of a spinlock don't fit what is done with it." },
	{ .name = "atomic-sleep", .start = "BUG: scheduling while atomic: {_task:any}/0x{count:hex}", .title = "BUG: scheduling while atomic in {function}",
	  .skip = atomic_machinery, .where = { OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "The task slept while preemption was off: in an interrupt or with a spinlock held.",
	  .look = "'Preemption disabled at' in the report, and whether the lock has to be held across the sleep" },
	{ .name = "atomic-sleep", .start = "BUG: scheduling while atomic", .title = "BUG: scheduling while atomic in {function}",
	  .skip = atomic_machinery, .where = { OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "The task slept while preemption was off: in an interrupt or with a spinlock held." },
	{ .name = "atomic-sleep", .start = "BUG: sleeping function called from invalid context at {place}", .skip = atomic_machinery,
	  .body = NAMES("in_atomic(): {in_atomic:num}, irqs_disabled(): {irqs_disabled:num}", "preempt_count: {preempt_count:num}"),
	  .title = "BUG: sleeping function called from invalid context in {function}", .where = { OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "A function that may sleep was called with a spinlock held or with interrupts off.",
	  .look = "'Preemption disabled at' in the report; GFP_ATOMIC or moving the call out of the lock are the usual cures" },
	{ .name = "preemptible", .start = "BUG: using {what}() in preemptible", .skip = preempt_machinery, .title = "BUG: using {what}() in preemptible code in {function}",
	  .where = { OOPS_WHERE_TRACE }, .severity = OOPS_BUG, .meaning = "A CPU's own data was used while the task may be moved to another CPU at any time." },
	{ .name = "leaked-lock", .start = "BUG: workqueue leaked {_what:any}", .needs = NAMES("last function: {at:func}"), .body = NAMES("last function: {at:func}"), .flags = OOPS_NO_TRACE,
	  .title = "BUG: workqueue leaked lock or atomic in {function}", .where = { OOPS_WHERE_BODY }, .severity = OOPS_BUG,
	  .meaning = "A work item returned with a lock held or preemption off." },
	{ .name = "leaked-lock", .start = "BUG: workqueue leaked {_what:any}", .body = NAMES("workfn={at:func}"), .flags = OOPS_NO_TRACE,
	  .title = "BUG: workqueue leaked lock or atomic in {function}", .where = { OOPS_WHERE_BODY }, .severity = OOPS_BUG,
	  .meaning = "A work item returned with a lock held or preemption off." },
	{ .name = "atomic-sleep", .start = "bad: scheduling from the idle thread!", .skip = atomic_machinery, .flags = OOPS_NO_TRACE, .title = "bad: scheduling from the idle thread in {function}",
	  .where = { OOPS_WHERE_TRACE }, .severity = OOPS_BUG, .meaning = "The idle task, which must always be able to run, slept: something that may sleep was called from it." },
	{ .name = "lockdep", .start = "WARNING: inconsistent lock state", .flags = OOPS_DAMAGED, .title = "inconsistent lock state", .severity = OOPS_BUG, .meaning = INTERRUPT_MEANING },
	{ .name = "lockdep", .start = "INFO: inconsistent lock state", .flags = OOPS_DAMAGED, .title = "inconsistent lock state", .severity = OOPS_BUG, .meaning = INTERRUPT_MEANING },
	{ .name = "lockdep", .start = "{level:WARNING|BUG}: bad unlock balance detected!", .flags = OOPS_DAMAGED, .title = "{level}: bad unlock balance", .severity = OOPS_BUG, .meaning = "A lock was released that this task does not hold." },
	{ .name = NULL },
};

const struct oops_family oops_family_lockdep = { "lockdep", kinds };
