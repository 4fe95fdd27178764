// SPDX-License-Identifier: LGPL-2.1-or-later
/* WARN_ON() and what is built on it.  Sources: kernel/panic.c (__warn), lib/debugobjects.c, lib/refcount.c,
 * lib/kobject.c, fs/proc/generic.c. */
#include "oops/kind.h"

#define WARN_WHERE { OOPS_WHERE_HEADLINE, OOPS_WHERE_PC, OOPS_WHERE_TRACE }
#define WARN_TAIL .where = WARN_WHERE, .severity = OOPS_WARNING

static const char *const odebug_machinery[] = { "debug_", "rcu", "hrtimer_", "timer_", "work_", "percpu_", "kmem_", "slab_", "kfree", "vunmap", "vfree", "__free_",
	"debug_check", "kobject_", NULL };
static const char *const usercopy_machinery[] = { "usercopy", "__check", NULL };
static const char *const kobject_machinery[] = { "kobject_", NULL };
static const char *const proc_machinery[] = { "proc_", NULL };
static const char *const refcount_machinery[] = { "refcount", "kobject_", "kref_", NULL };
static const char *const lock_machinery[] = { "lock_sock", "release_sock", "__lock_", "hlock_", "check_wait", NULL };
static const char *const alloc_machinery[] = { "kmalloc", "kcalloc", "kzalloc", "krealloc", "vmalloc", "slab", "kmem", "__alloc_pages", "alloc_pages", "kvmalloc", "memdup", "page_alloc", NULL };
static const char *const usb_machinery[] = { "usb_submit_urb", "usb_start_wait_urb", "usb_bulk_msg", "usb_interrupt_msg", "usb_control_msg", NULL };

static const struct oops_kind kinds[] = {
	{ .name = "odebug", .start = "WARNING: {_a:any}lib/debugobjects.c{_b:any} debug_{_c}", .skip = odebug_machinery, .title = "WARNING: ODEBUG bug in {function}",
	  .body = NAMES("ODEBUG: {what:any} object"), WARN_TAIL, .meaning = "A timer, work item or the like was freed or initialised while it was still in use." },
	{ .name = "usercopy", .start = "WARNING: {_a:any}mm/usercopy.c{_b:any} usercopy_warn", .skip = usercopy_machinery, .title = "WARNING: bad usercopy in {function}", WARN_TAIL },
	{ .name = "kobject", .start = "WARNING: {_a:any}lib/kobject.c{_b:any} kobject_", .skip = kobject_machinery, .title = "WARNING: kobject bug in {function}", WARN_TAIL,
	  .meaning = "An object of the device model was used before its initialisation, added twice, or released wrongly." },
	{ .name = "proc", .start = "WARNING: {_a:any}fs/proc/generic.c{_b:any} proc_register", .skip = proc_machinery, .title = "WARNING: proc registration bug in {function}", WARN_TAIL,
	  .meaning = "A name was registered in /proc that is there already." },
	{ .name = "refcount", .start = "WARNING: {_a:any}lib/refcount.c{_b:any} refcount_", .skip = refcount_machinery, .title = "WARNING: refcount bug in {function}",
	  .body = NAMES("^refcount_t: {what:rest}"), WARN_TAIL,
	  .meaning = "A reference count was raised from zero, dropped below zero or ran over: the object is used after its last reference, or put once too often.",
	  .look = "the pairs of get and put in the blamed function" },
	{ .name = "lockdep", .start = "WARNING: {_a:any}kernel/locking/lockdep.c{_b:any}lock_", .skip = lock_machinery, .title = "WARNING: locking bug in {function}", WARN_TAIL },
	{ .name = "large-allocation", .start = "WARNING: {_a:any}mm/{_b:any}.c:{_c:num} {_d:any}malloc", .skip = alloc_machinery, .title = "WARNING: kmalloc bug in {function}", WARN_TAIL,
	  .meaning = "More memory was asked for than an allocator can give: a size from outside that nobody checked." },
	{ .name = "warning", .start = "WARNING: {_a:any} usb_submit_urb", .skip = usb_machinery, .title = "WARNING in {function}/usb_submit_urb", WARN_TAIL,
	  .meaning = "A driver submitted a USB request that doesn't fit its endpoint." },
	{ .name = "warning", .start = "WARNING: CPU: {_cpu:num} PID: {_pid:num} at {place:any}:{line:num} {func}", .title = "WARNING in {function}", WARN_TAIL,
	  .meaning = "The kernel's own check, WARN_ON() and its like, failed; it went on.", .look = "the condition on that line" },
	{ .name = "warning", .start = "WARNING: at {place:any}:{line:num} {func}", .title = "WARNING in {function}", WARN_TAIL,
	  .meaning = "The kernel's own check, WARN_ON() and its like, failed; it went on.", .look = "the condition on that line" },
	{ .name = "warning", .start = "WARNING: {place:any}:{line:num} at {func}", .title = "WARNING in {function}", WARN_TAIL,
	  .meaning = "The kernel's own check, WARN_ON() and its like, failed; it went on.", .look = "the condition on that line" },
	{ .name = "stack-state", .start = "WARNING: kernel stack regs at {_a:any} has bad '{what:any}' value", .flags = OOPS_NO_TRACE, .title = "WARNING: kernel stack regs has bad '{what}' value", .severity = OOPS_WARNING,
	  .meaning = "The unwinder met a stack that doesn't look like one; the report says nothing of the code that ran." },
	{ .name = "stack-state", .start = "WARNING: kernel stack frame pointer at {_a:any} has bad value", .flags = OOPS_NO_TRACE, .title = "WARNING: kernel stack frame pointer has bad value", .severity = OOPS_WARNING },
	{ .name = NULL },
};

const struct oops_family oops_family_warning = { "warning", kinds };
