// SPDX-License-Identifier: LGPL-2.1-or-later
/* WARN_ON() and what is built on it.  Sources: kernel/panic.c (__warn), lib/debugobjects.c, lib/refcount.c,
 * lib/kobject.c, fs/proc/generic.c. */
#include "oops/kind.h"

#define WARN_WHERE { OOPS_WHERE_PC, OOPS_WHERE_TRACE, OOPS_WHERE_CHECK }
#define WARN_TAIL .where = WARN_WHERE, .severity = OOPS_WARNING

static const char *const odebug_machinery[] = { "debug_", "rcu", "hrtimer_", "timer_", "work_", "percpu_", "kmem_", "slab_", "kfree", "vunmap", "vfree", "__free_",
	"debug_check", "kobject_", NULL };
static const char *const usercopy_machinery[] = { "^usercopy_", "^__check", NULL };
static const char *const kobject_machinery[] = { "kobject_", NULL };
static const char *const sysfs_machinery[] = { "sysfs_", "kobject_", "device_", "internal_create", NULL };
static const char *const proc_machinery[] = { "proc_", NULL };
static const char *const refcount_machinery[] = { "refcount", "kobject_", "kref_", NULL };
static const char *const lock_machinery[] = { "lock_sock", "release_sock", "__lock_", "hlock_", "check_wait", NULL };
static const char *const alloc_machinery[] = { "kmalloc", "kcalloc", "kzalloc", "krealloc", "vmalloc", "slab", "kmem", "__alloc_pages", "alloc_pages", "kvmalloc", "memdup", "page_alloc", NULL };
static const char *const usb_machinery[] = { "usb_submit_urb", "usb_start_wait_urb", "usb_bulk_msg", "usb_interrupt_msg", "usb_control_msg", NULL };

#define MESSAGE .flags = OOPS_MESSAGE | OOPS_FOLLOWS | OOPS_NO_TRACE, .severity = OOPS_BUG

/* Lines that say WARNING and mean a note, of the kernel or of a program on the console. */
static const char *const harmless[] = { "/etc/ssh/moduli", "workqueue cpumask: online", "he mand mount option", "DT_FLAGS_1", "Unprivileged eBPF is enabled",
	"fbcon: Driver", "for mitigation options", "not compiled with CPU_SRSO", "EXT4-fs", "deprecated v2 capabilities", "wireless extensions", "XFS (", "KASAN:",
	"kernel stack regs", "Spectre", "retpoline", "pre-ES", "CPU: ", "at ", "DATA RACE", "SPL NOT LOWERED", NULL };

static const struct oops_kind kinds[] = {
	{ .name = "odebug", .start = "WARNING: {_a:any}lib/debugobjects.c:{_line:num} {_b:debug_|at}", .skip = odebug_machinery, .title = "WARNING: ODEBUG bug in {function}",
	  .body = NAMES("ODEBUG: {what:any} object"), WARN_TAIL, .meaning = "A timer, work item or the like was freed or initialised while it was still in use." },
	{ .name = "usercopy", .start = "WARNING: {_a:any}mm/usercopy.c:{_line:num} {_b:usercopy_warn|at}", .skip = usercopy_machinery, .title = "WARNING: bad usercopy in {function}", WARN_TAIL,
	  .meaning = "A copy between the kernel and user space crosses the part of an object that its cache allows to be copied." },
	{ .name = "kobject", .start = "WARNING: {_a:any}lib/kobject.c:{_line:num} {_b:kobject_|at}", .skip = kobject_machinery, .title = "WARNING: kobject bug in {function}", WARN_TAIL,
	  .meaning = "An object of the device model was used before its initialisation, added twice, or released wrongly." },
	{ .name = "proc", .start = "WARNING: {_a:any}fs/proc/generic.c:{_line:num} {_b:proc_register|at|__proc_create}", .skip = proc_machinery, .title = "WARNING: proc registration bug in {function}", WARN_TAIL,
	  .meaning = "A name was registered in /proc that is there already." },
	{ .name = "refcount", .start = "WARNING: {_a:any}lib/refcount.c:{_line:num} {_b:refcount_|at}", .skip = refcount_machinery, .title = "WARNING: refcount bug in {function}",
	  .body = NAMES("^refcount_t: {what:rest}"), WARN_TAIL,
	  .meaning = "A reference count was raised from zero, dropped below zero or ran over: the object is used after its last reference, or put once too often.",
	  .look = "the pairs of get and put in the blamed function" },
	{ .name = "lockdep", .start = "WARNING: {_a:any}kernel/locking/lockdep.c{_b:any}lock_", .skip = lock_machinery, .title = "WARNING: locking bug in {function}", WARN_TAIL,
	  .meaning = "lockdep's own bookkeeping of this lock doesn't fit: it was never initialised, was overwritten, or is released by somebody else." },
	{ .name = "large-allocation", .start = "WARNING: {_a:any}mm/{_b:any}.c:{_c:num} {_d:any}malloc", .skip = alloc_machinery, .title = "WARNING: kmalloc bug in {function}", WARN_TAIL,
	  .meaning = "More memory was asked for than an allocator can give: a size from outside that nobody checked." },
	{ .name = "large-allocation", .start = "WARNING: {_a:any}mm/vmalloc.c:{_line:num} {_b:any}__vmalloc_node", .title = "WARNING: zero-size vmalloc in {function}", WARN_TAIL,
	  .meaning = "A buffer of no size, or of more than there are addresses, was asked for: a size from outside that nobody checked." },
	{ .name = "warning", .start = "WARNING: {_a:any} usb_submit_urb", .skip = usb_machinery, .title = "WARNING in {function}/usb_submit_urb", WARN_TAIL,
	  .meaning = "A driver submitted a USB request that doesn't fit its endpoint." },
	{ .name = "irq", .start = "WARNING: {_a:any} __enable_irq", .skip = NAMES("enable_irq"), .title = "WARNING: unbalanced enable_irq in {function}", WARN_TAIL,
	  .meaning = "An interrupt was enabled that was not disabled." },
	{ .name = "suspicious-rcu", .start = "WARNING: {_a:any} rcu_note_context_switch", .skip = NAMES("schedule", "rcu_note", "^usleep", "^msleep"), .title = "WARNING: sleep inside rcu_read_lock() in {function}",
	  .where = { OOPS_WHERE_TRACE }, .severity = OOPS_WARNING, .meaning = "A task slept between rcu_read_lock() and rcu_read_unlock()." },
	{ .name = "list-corruption", .start = "WARNING: {_a:any}lib/list_debug.c:{line:num} {_b:at |}{func}", .title = "WARNING in {function}", WARN_TAIL,
	  .meaning = "The pointers of a linked list don't fit each other: an entry was freed while on the list, added twice, or overwritten.",
	  .look = "what the list holds, and who frees such an entry without taking it off" },
	{ .name = "warning", .start = "WARNING: CPU: {_cpu:num} PID: {_pid:num} at {place:any}:{line:num} {func}", .title = "WARNING in {function}", WARN_TAIL,
	  .meaning = "The kernel's own check, WARN_ON() and its like, failed; it went on.", .look = "the condition on that line" },
	{ .name = "warning", .start = "WARNING: CPU: {_cpu:num} PID: {_pid:num} at {func}", .title = "WARNING in {function}", WARN_TAIL,
	  .meaning = "The kernel's own check, WARN_ON() and its like, failed; it went on.", .look = "what the line before says" },
	{ .name = "warning", .start = "WARNING: at {place:any}:{line:num} {func}", .title = "WARNING in {function}", WARN_TAIL,
	  .meaning = "The kernel's own check, WARN_ON() and its like, failed; it went on.", .look = "the condition on that line" },
	{ .name = "warning", .start = "WARNING: {place:any}:{line:num} at 0x{_zero:hex}, CPU#{cpu:num}", .title = "WARNING in {function}",
	  .where = { OOPS_WHERE_PC, OOPS_WHERE_TRACE }, .severity = OOPS_WARNING, .meaning = "The kernel's own check, WARN_ON() and its like, failed; it went on.", .look = "the condition on that line" },
	{ .name = "warning", .start = "WARNING: {place:any}:{line:num} at {func}", .title = "WARNING in {function}", WARN_TAIL,
	  .meaning = "The kernel's own check, WARN_ON() and its like, failed; it went on.", .look = "the condition on that line" },
	{ .name = "warning", .start = "WARNING: at {place:any}:{line:num}", .title = "WARNING in {function}", .where = { OOPS_WHERE_PC, OOPS_WHERE_TRACE }, .severity = OOPS_WARNING,
	  .meaning = "The kernel's own check, WARN_ON() and its like, failed; it went on.", .look = "the condition on that line" },
	{ .name = "kobject", .start = "^kobject: kobject ({_address:any}): {what:any}, something is seriously wrong", .skip = kobject_machinery, .title = "kobject: {what} in {function}",
	  .where = { OOPS_WHERE_TRACE }, .severity = OOPS_WARNING, .meaning = "An object of the device model was initialised twice." },
	{ .name = "kobject", .start = "sysfs: cannot create duplicate filename '{path:any}'", .skip = sysfs_machinery, .title = "sysfs: duplicate filename in {function}",
	  .where = { OOPS_WHERE_TRACE }, .severity = OOPS_WARNING, .meaning = "A name was registered in sysfs that is there already: a device added twice, or not removed." },
	{ .name = "stack-state", .start = "WARNING: kernel stack regs at {_a:any} has bad '{what:any}' value", .flags = OOPS_NO_TRACE, .title = "WARNING: kernel stack regs has bad '{what}' value", .severity = OOPS_WARNING,
	  .meaning = "The unwinder met a stack that doesn't look like one; the report says nothing of the code that ran." },
	{ .name = "stack-state", .start = "WARNING: kernel stack frame pointer at {_a:any} has bad value", .flags = OOPS_NO_TRACE, .title = "WARNING: kernel stack frame pointer has bad value", .severity = OOPS_WARNING,
	  .meaning = "The unwinder met a stack that doesn't look like one; the report says nothing of the code that ran." },
	{ .name = "warning", .start = "WARNING:$", .flags = OOPS_DAMAGED, .title = "WARNING", .severity = OOPS_WARNING },
	{ .name = "warning", .start = "WARNING: {what:rest}", .unless = harmless, .flags = OOPS_NO_TRACE | OOPS_DRESSED, .title = "WARNING: {what}", .severity = OOPS_WARNING,
	  .meaning = "The kernel says that something is not as it should be; the words are all that it says." },
	{ .name = "info", .start = "INFO:$", .flags = OOPS_DAMAGED, .title = "INFO", .severity = OOPS_INFO },
	/* What these say comes before a WARNING, which then is the report; here it is all that is left. */
	{ .name = "odebug", .start = "ODEBUG: {what:any} (active state", MESSAGE, .title = "ODEBUG: {what}", .meaning = "A timer, work item or the like was freed or initialised while it was still in use." },
	{ .name = "suspicious-rcu", .start = "Voluntary context switch within RCU read-side critical section", MESSAGE, .title = "sleep inside rcu_read_lock()", .meaning = "A task slept between rcu_read_lock() and rcu_read_unlock()." },
	{ .name = "slab-corruption", .start = "cache_from_obj: Wrong slab cache. {cache} but object is from {other_cache}", MESSAGE, .title = "slab: an object was freed to another cache", .meaning = "An object was freed to another cache than it is from: a wrong pointer, or an object of another type." },
	{ .name = "vfree", .start = "Trying to vfree() {what:nonexistent vm area|bad address}", MESSAGE, .title = "vfree() of a {what}", .meaning = "A buffer was freed by vfree() that is none: freed twice, or a wrong pointer." },
	{ .name = "kobject", .start = "^kobject: '{_name:any}' ({_address:any}): is not initialized, yet kobject_{what}() is being called", MESSAGE, .title = "kobject: {what} before initialisation", .meaning = "An object of the device model was used before its initialisation, or after its end." },
	{ .name = "list-corruption", .start = "list_add corruption", MESSAGE, .title = "list_add corruption", .meaning = "The pointers of a linked list don't fit each other: an entry was freed while on the list, added twice, or overwritten.",
	  .look = "what the list holds, and who frees such an entry without taking it off" },
	{ .name = "list-corruption", .start = "list_del corruption", MESSAGE, .title = "list_del corruption", .meaning = "The pointers of a linked list don't fit each other: an entry was freed while on the list, added twice, or overwritten.",
	  .look = "what the list holds, and who frees such an entry without taking it off" },
	{ .name = "msr-access", .start = "unchecked MSR access error: {what:RDMSR|WRMSR} {_from:from|to} 0x{msr:hex}", .flags = OOPS_NO_TRACE, .title = "unchecked MSR access: {what} in {function}", .where = { OOPS_WHERE_TRACE }, .skip = NAMES("_msr"), .severity = OOPS_WARNING,
	  .meaning = "The kernel used a register of the processor (MSR) that this processor, or this virtual machine, has not; it went on.", .look = "the MSR's number, and what the hypervisor offers" },
	{ .name = NULL },
};

const struct oops_family oops_family_warning = { "warning", kinds };
