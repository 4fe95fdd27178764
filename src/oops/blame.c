// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whom to blame: the first function that isn't machinery.
 *
 * A stack's innermost functions are mostly not where the bug is: sanitizers, string and
 * list helpers, lock primitives, printing, the code that reports.  What counts as
 * machinery is a list of parts of names (below), to which a kind of report may add its
 * own.  Two kinds look elsewhere.  One that loops was caught at a random place, so it is
 * named by what called it in: the function below the system call, timer or work item.
 * One that waits is named by the first function that isn't about waiting.
 */
#include "oops/parse.h"

#include "oops/match.h"
#include "oops/trace.h"

#include <string.h>

/* Parts of names; "^name$" is a whole name, "^name" its start. */
static const char *const machinery[] = {
	/* sanitizers and their checks */
	"__sanitizer", "__asan", "kasan", "__msan", "kmsan", "kcsan", "__tsan", "kfence", "ubsan", "check_memory_region",
	"read_word_at_a_time", "print_address_description", "__hwasan", "fortify_panic",
	/* exceptions and the code that reports them */
	"panic", "invalid_op", "report_bug", "fixup_bug", "do_error", "_trap", "dump_stack", "show_stack", "dump_backtrace",
	"unwind_backtrace", "warn_slowpath", "warn_alloc", "__warn", "bug_handler", "brk_handler", "die_body", "handle_bug",
	"exc_invalid_op", "exc_page_fault", "asm_exc_", "program_check_exception", "program_check_common", "do_bad_area",
	"do_mem_abort", "el1_abort", "el1_sync", "el1h_64_sync", "__die", "oops_end", "no_context", "__do_kernel_fault",
	"do_DataAbort", "__dabt_", "die_kernel_fault", "do_translation_fault",
	/* debug objects, lockdep, lock primitives */
	"debug_object", "timer_is_static_object", "work_is_static_object", "lockdep", "perf_trace", "lock_acquire", "lock_release",
	"lock_class", "reacquire_held_locks", "spin_lock", "spin_trylock", "spin_unlock", "raw_read_lock", "raw_read_trylock",
	"raw_write_lock", "raw_write_trylock", "^down$", "down_read", "down_write", "down_interruptible", "down_killable",
	"down_trylock", "down_timeout", "^up$", "up_read", "up_write", "__down", "mutex_lock", "mutex_trylock", "mutex_unlock", "mutex_remove_waiter",
	"osq_lock", "osq_unlock", "rwsem_", "__mutex", "rt_mutex", "atomic_notifier", "do_raw_", "queued_spin", "queued_read", "queued_write",
	"arch_spin", "__up_", "owner_on_cpu", "percpu_down", "percpu_up", "preempt_count", "print_lock", "check_wait_context", "check_irq",
	"__rt_",
	/* waking, counting, bits */
	"__wake_up", "refcount_add", "refcount_sub", "refcount_inc", "refcount_dec", "refcount_set", "refcount_read", "refcount_warn",
	"^arch_atomic", "^atomic", "^instrument_", "^test_bit", "^set_bit", "^clear_bit", "^_find_", "bitmap_",
	/* memory and strings */
	"memcpy", "memcmp", "memset", "memchr", "memmove", "strcmp", "strncmp", "strcpy", "strlcpy", "strncpy", "strscpy", "strlen",
	"strnstr", "strstr", "strnlen", "strchr", "strrchr", "strcat", "strlcat", "strsep", "strspn", "strtok", "copy_to_user",
	"copy_from_user", "copy_user", "put_user", "get_user", "might_fault", "might_sleep", "__might", "csum_partial", "hash_long",
	"iov_iter_", "copyin", "copyout", "copy_to_iter", "copy_from_iter", "_copy_",
	/* lists and trees */
	"list_add", "list_del", "list_replace", "list_move", "list_splice", "list_cut", "list_lru_add", "rb_erase", "rb_insert", "__rb_",
	"hlist_",
	/* indirect calls */
	"_indirect_thunk_", "__traceiter", "trace_event_raw", "trampoline", "^ftrace_", "kprobe",
	/* printing */
	"string", "pointer", "snprintf", "scnprintf", "kasprintf", "kvasprintf", "printk", "va_format", "vsprintf", "dev_info", "dev_notice", "dev_warn",
	"dev_err", "dev_alert", "dev_crit", "dev_emerg", "console_unlock", "vprintk",
	/* cancelling, flushing and waiting for what others do */
	"del_timer", "timer_delete", "flush_work", "__cancel_work", "cancel_work_sync", "try_to_grab_pending", "flush_workqueue",
	"drain_workqueue", "destroy_workqueue", "queue_work_on", "__queue_work", "finish_wait", "add_wait_queue", "kthread_stop", "^complete$",
	"wait_for_completion", "swake_up", "complete_with_flags", "__flush_work", "touch_work",
	/* the device core: whose device is the question */
	"kobject_del", "kobject_put", "kobject_uevent_env", "kobject_get", "add_uevent_var", "get_device_parent", "^device_add$", "^device_del$",
	"^device_unregister$", "device_destroy", "device_release", "devres_release", "hwrng_unregister", "i2c_del_adapter", "__unregister_client",
	"device_for_each_child", "rollback_registered", "unregister_netdev", "sysfs_remove", "device_remove_file", "tty_unregister_device",
	"dummy_urb_enqueue", "usb_kill_urb", "usb_kill_anchored_urbs", "usb_control_msg", "usb_hcd_submit_urb", "usb_submit_urb", "^kref_",
	/* freeing */
	"^kfree$", "kfree_skb", "^kfree_", "^kvfree", "^__kfree", "^skb_copy_bits", "skb_put", "skb_push", "skb_pull", "skb_over_panic", "skb_under_panic",
	NULL
};

static bool part_matches(const char *part, const char *name, size_t length)
{
	size_t n = strlen(part);
	bool start = *part == '^', end = n > 0 && part[n - 1] == '$';

	if (start)
		part++, n--;
	if (end)
		n--;
	if (n > length)
		return false;
	if (start && end)
		return n == length && memcmp(name, part, n) == 0;
	if (start)
		return memcmp(name, part, n) == 0;
	return memmem(name, length, part, n) != NULL;
}

static bool any_matches(const char *const *parts, const char *name, size_t length)
{
	for (; parts != NULL && *parts != NULL; parts++)
		if (part_matches(*parts, name, length))
			return true;
	return false;
}

static bool is_machinery(const struct oops_report *r, const struct oops_frame *f)
{
	size_t length = oops_base_name(f->function, strlen(f->function));

	return any_matches(machinery, f->function, length) || any_matches(r->kind->skip, f->function, length);
}

static bool can_blame(const struct oops_report *r, const struct oops_frame *f)
{
	return f->function != NULL && !f->unreliable && !f->inlined && !is_machinery(r, f);
}

/* --- what loops ------------------------------------------------------------------------------------- */

/* Where the kernel's own dispatchers call into a subsystem: the frame before is its
 * entry, and the same for all places where its loop may be caught. */
static const char *const dispatchers[] = {
	"process_one_work", "do_syscall_", "do_fast_syscall_", "sysenter_dispatch", "tracesys_phase2", "invoke_syscall", "el0_svc",
	"netif_receive_skb", "do_softirq", "handle_softirqs", "call_timer_fn", "_run_timers", "run_timer_softirq", "hrtimer_run",
	"run_ksoftirqd", "smpboot_thread_fn", "^kthread", "start_secondary", "cpu_startup_entry", "ret_from_fork", "ret_fast_syscall",
	"vfs_write", "vfs_read", "vfs_iter_read", "vfs_iter_write", "do_iter_read", "do_iter_write", "vfs_ioctl", "ksys_ioctl", "compat_ioctl",
	"compat_sys_ioctl", "blkdev_driver_ioctl", "blkdev_ioctl", "^call_read_iter", "^call_write_iter", "do_iter_readv_writev",
	"^call_mmap", "mmap_region", "do_mmap", "do_dentry_open", "vfs_open", "new_sync_read", "new_sync_write",
	"^sock_sendmsg", "^sock_recvmsg", "^____sys_sendmsg", "^____sys_recvmsg", "^sock_release", "^__sock_release", "__sys_setsockopt",
	"kernel_setsockopt", "sock_common_setsockopt", "__sys_listen", "kernel_listen", "sk_common_release", "^sock_mmap", "__sys_accept",
	"kernel_accept", "^sock_do_ioctl", "^sock_ioctl", "^compat_sock_ioctl", "^nfnetlink_rcv_msg", "^rtnetlink_rcv_msg",
	"^netlink_dump", "sys_socketpair", "sys_connect", "sys_ioctl", "SYSC_socketpair", "SYSC_connect", "SYSC_ioctl", "SyS_socketpair",
	"SyS_connect", "SyS_ioctl", "__do_fault", "handle_mm_fault", "do_page_fault", "do_user_addr_fault", "^page_fault$", "__fput", "task_work_run", "exit_to_usermode",
	"smp_call_function", NULL
};

static bool is_interrupt_entry(const struct oops_frame *f)
{
	static const char *const entries[] = { "apic_timer_interrupt", "asm_sysvec_", "asm_common_interrupt", "^el1_irq", "^el1h_64_irq",
		"^__irq_svc", "^reschedule_interrupt", "^common_interrupt", "^ret_from_intr", "^call_function_single_interrupt", "^timer_interrupt_common",
		"^decrementer_common", NULL };

	return f->function != NULL && !f->unreliable && any_matches(entries, f->function, strlen(f->function));
}

struct frame_list {
	const struct oops_frame *v[256];
	size_t n;
};

static void list_add_blamable(struct frame_list *list, const struct oops_report *r, const struct oops_frame *f)
{
	if (list->n < sizeof(list->v) / sizeof(list->v[0]) && can_blame(r, f) && !is_interrupt_entry(f))
		list->v[list->n++] = f;
}

/* The frames of TRACE below the innermost interrupt: what the CPU was at when the tick came. */
static bool list_interrupted(struct frame_list *list, const struct oops_report *r, const struct oops_trace *trace)
{
	size_t i = 0;

	while (i < trace->frames.n && !is_interrupt_entry(&trace->frames.v[i]))
		i++;
	if (i == trace->frames.n)
		return false;
	for (i++; i < trace->frames.n; i++)
		list_add_blamable(list, r, &trace->frames.v[i]);
	return list->n > 0;
}

static const struct oops_frame *entry_of(const struct frame_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *name = list->v[i]->function;

		if (!any_matches(dispatchers, name, strlen(name)))
			continue;
		return strstr(name, "smp_call_function") != NULL || i == 0 ? list->v[i] : list->v[i - 1];
	}
	return NULL;
}

static const struct oops_frame *stalled(const struct oops_report *r)
{
	struct frame_list list = { .n = 0 };
	const struct oops_frame *found;

	for (size_t i = 0; i < r->traces.n; i++) {
		list.n = 0;
		if (list_interrupted(&list, r, &r->traces.v[i]) && (found = entry_of(&list)) != NULL)
			return found;
	}
	for (size_t i = 0; i < r->traces.n; i++) {
		list.n = 0;
		if (i == 0 && r->pc.function != NULL)
			list_add_blamable(&list, r, &r->pc);
		for (size_t k = 0; k < r->traces.v[i].frames.n; k++)
			list_add_blamable(&list, r, &r->traces.v[i].frames.v[k]);
		if ((found = entry_of(&list)) != NULL)
			return found;
	}
	return NULL;
}

/* --- what waits ---------------------------------------------------------------------------------------- */

static const struct oops_frame *hung(const struct oops_report *r)
{
	static const char *const well_known[] = { "rtnl_lock", "synchronize_rcu", "synchronize_srcu", "synchronize_net", "synchronize_sched", NULL };
	static const char *const waiting[] = { "sched", "_lock", "_slowlock", "down", "rwsem", "completion", "kthread", "wait", "synchronize",
		"context_switch", "__switch_to", "cancel_delayed_work", "rcu_barrier", NULL };
	const struct oops_trace *trace = oops_trace_of(r, OOPS_TRACE_CALL);

	if (trace == NULL)
		return NULL;
	/* Many victims share these: the lock or grace period is the subject, not the victim. */
	for (size_t i = 0; i < trace->frames.n; i++) {
		const struct oops_frame *f = &trace->frames.v[i];

		if (f->function != NULL && !f->unreliable && any_matches(well_known, f->function, strlen(f->function)))
			return f;
	}
	for (size_t i = 0; i < trace->frames.n; i++) {
		const struct oops_frame *f = &trace->frames.v[i];

		if (can_blame(r, f) && !any_matches(waiting, f->function, strlen(f->function)))
			return f;
	}
	return NULL;
}

/* --- all others ------------------------------------------------------------------------------------------ */

/* A stack trace of fault injection in the middle: two reports are mixed. */
static bool is_foreign(const struct oops_frame *f)
{
	return f->function != NULL && strncmp(f->function, "should_fail", 11) == 0;
}

static const struct oops_frame *first_of(const struct oops_report *r, const struct oops_trace *trace)
{
	for (size_t i = 0; trace != NULL && i < trace->frames.n; i++) {
		if (is_foreign(&trace->frames.v[i]))
			return NULL;
		if (can_blame(r, &trace->frames.v[i]))
			return &trace->frames.v[i];
	}
	return NULL;
}

/* The detail NAME is a function's name: as a frame. */
static const struct oops_frame *named(struct oops_report *r, const char *detail)
{
	const char *name = oops_detail(r, detail);

	if (*name == '\0')
		return NULL;
	/* The trace has it with offset and module. */
	for (size_t i = 0; i < r->traces.n; i++)
		for (size_t k = 0; k < r->traces.v[i].frames.n; k++) {
			const struct oops_frame *f = &r->traces.v[i].frames.v[k];

			if (f->function != NULL && !f->unreliable && strcmp(f->function, name) == 0)
				return can_blame(r, f) ? f : NULL;
		}
	struct oops_frame *f = ARENA_NEW(&r->arena, struct oops_frame);

	f->function = name;
	return can_blame(r, f) ? f : NULL;
}

static const struct oops_frame *look(struct oops_report *r, enum oops_where where)
{
	switch (where) {
	case OOPS_WHERE_HEADLINE: return named(r, "func");
	case OOPS_WHERE_BODY: return named(r, "at");
	case OOPS_WHERE_PC: return r->pc.function != NULL && can_blame(r, &r->pc) ? &r->pc : NULL;
	case OOPS_WHERE_TRACE: return first_of(r, oops_trace_of(r, OOPS_TRACE_CALL));
	case OOPS_WHERE_ORIGIN: return first_of(r, oops_trace_of(r, OOPS_TRACE_ORIGIN));
	case OOPS_WHERE_STALLED: return stalled(r);
	case OOPS_WHERE_HUNG: return hung(r);
	case OOPS_WHERE_END: break;
	}
	return NULL;
}

void oops_blame_find(struct oops_report *r)
{
	const size_t count = sizeof(r->kind->where) / sizeof(r->kind->where[0]);

	for (size_t i = 0; i < count && r->kind->where[i] != OOPS_WHERE_END && r->blame == NULL; i++)
		r->blame = look(r, r->kind->where[i]);
	if (r->blame != NULL && r->source_file == NULL && r->blame->file != NULL) {
		r->source_file = r->blame->file;
		r->source_line = r->blame->line;
	}
}
