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

/* Parts of names; "^name$" is a whole name, "^name" its start, "name$" its end,
 * "~word" a word between underscores. */
static const char *const machinery[] = {
	/* sanitizers and their checks */
	"__sanitizer", "__asan", "kasan", "hwasan", "__msan", "kmsan", "kcsan", "__tsan", "^kfence_", "^__kfence", "ubsan", "check_memory_region",
	"check_heap_object", "check_object", "read_word_at_a_time", "_once_word_nocheck", "_once_task_nocheck", "_once_nocheck",
	"print_address_description", "fortify_panic", "usercopy_abort", "__fortify_report",
	/* exceptions and the code that reports them */
	"^panic", "^vpanic", "^nmi_panic", "check_panic", "invalid_op", "report_bug", "fixup_bug", "print_report", "print_usage_bug", "print_circular", "print_bad", "print_deadlock", "print_irq", "^print_collision", "^print_lock_invalid", "^print_freed_lock", "^print_held_locks",
	"do_error", "_trap$", "do_trap", "dump_stack", "show_stack", "walk_stack", "dump_backtrace", "unwind_backtrace", "arch_stack_walk",
	"stack_trace_", "^unwind_next", "^dump_trace$", "^deref_stack_reg", "^print_context_stack", "^get_stack_info", "^stack_access_ok", "kernel_text_address", "warn_slowpath", "warn_alloc", "warn_bogus", "__warn", "bug_handler", "brk_handler", "die_body", "handle_bug", "exc_invalid_op",
	"exc_page_fault", "asm_exc_", "program_check_exception", "program_check_common", "do_bad_area", "do_mem_abort", "do_kernel_fault",
	"do_translation_fault", "do_tag_check_fault", "el1_abort", "el1_sync", "el1h_64_sync", "oops_end", "no_context", "do_DataAbort",
	"die_kernel_fault", "print_tainted", "^get_taint$", "assertfail", "__phys_addr", "__virt_addr_valid", "_stext",
	/* debug objects, lockdep, lock primitives */
	"debug_object", "timer_is_static_object", "work_is_static_object", "lockdep", "perf_trace", "lock_acquire", "lock_release", "lock_class",
	"mark_lock", "^mark_usage$", "^valid_state$", "^register_lock_", "^assign_lock_key", "^check_deadlock", "^check_chain_key", "^rcu_read_lock_held", "held_locks", "print_unlock", "imbalance_bug", "no_locks_held", "bh_enable", "bh_disable", "trace_hardirq", "trace_softirq", "trace_irq", "trace_preempt", "^lock_is_held", "^preempt_count_", "^preempt_schedule", "^rcu_is_watching", "spin_lock", "spin_trylock",
	"spin_unlock", "spin_rq", "qlist_free_all", "__task_rq_lock", "read_lock", "read_trylock", "write_lock", "write_trylock", "read_unlock", "write_unlock", "^down$", "down_read", "down_write",
	"down_interruptible", "down_killable", "down_trylock", "down_timeout", "^up$", "up_read", "up_write", "__down", "^mutex_", "^__mutex_", "^rt_mutex_",
	"osq_lock", "osq_unlock", "rwsem_", "do_raw_", "queued_spin", "queued_read", "queued_write", "arch_spin", "owner_on_cpu", "percpu_down",
	"percpu_up", "check_wait_context", "seqprop_assert", "validate_chain", "check_prev", "check_noncircular", "check_irq_usage", "__lock_acquire",
	/* waiting in a loop */
	"delay_tsc", "^__udelay", "^__const_udelay", "^__ndelay", "^__delay", "^cpu_relax",
	/* waking, counting, bits */
	"__wake_up", "^refcount_", "^kref_", "ref_tracker", "atomic_dec", "atomic_inc", "atomic_read", "atomic_set", "atomic_or", "atomic_xor",
	"atomic_and", "atomic_add", "atomic_sub", "atomic_fetch", "atomic_xchg", "atomic_cmpxchg", "atomic_try", "atomic64_", "^instrument_",
	"test_bit", "set_bit", "clear_bit", "change_bit", "bitmap_",
	/* allocators */
	"alloc_page", "__alloc_frozen_pages", "kmalloc", "kzalloc", "kcalloc", "kvmalloc", "kvzalloc", "kvcalloc", "^vmalloc", "^__vmalloc", "vzalloc", "krealloc", "kmem_cache", "allocate_slab", "slab_",
	"folio_alloc", "folio_unlock", "filemap_alloc_folio", "__filemap_get_folio", "find_or_create_page", "do_read_cache_folio", "read_cache_page",
	"pagecache_get_page", "grab_cache_page_write_begin", "ida_free",
	/* memory and strings */
	"memcpy", "memcmp", "memset", "memchr", "memmove", "memdup", "strcmp", "strncmp", "strcpy", "strlcpy", "strncpy", "strscpy", "strlen",
	"strstr", "strnstr", "strnlen", "strchr", "strrchr", "strdup", "strndup", "strlcat", "copy_to_user", "copy_from_user", "copy_user", "copy_to_iter",
	"copy_from_iter", "copy_page_to_iter", "copy_page_from_iter", "copy_folio_to_iter", "^copyin$", "^copyout$", "put_user", "get_user",
	"might_fault", "might_sleep", "__might", "csum_partial", "^crc", "crc_itu_t", "hex_dump_to_buffer", "print_hex_dump",
	"extract_user_to_sg", "extract_iter_to_sg",
	/* lists, trees, tables */
	"list_add", "list_del", "list_replace", "list_move", "list_splice", "^rb_", "^__rb_", "^klist_", "xas_start", "xas_load", "xas_find",
	"rhashtable_lookup", "find_lock_entries", "cleanup_srcu_struct",
	/* device registers */
	"readb$", "readw$", "readl$", "readq$", "writeb$", "writew$", "writel$", "writeq$", "logic_in", "logic_out",
	/* indirect calls */
	"_indirect_thunk_", "__traceiter", "trace_event_raw", "trampoline", "^ftrace_", "kprobe",
	/* printing */
	"string", "pointer", "snprintf", "scnprintf", "kasprintf", "kvasprintf", "printk", "va_format", "dev_info", "dev_notice", "dev_warn",
	"dev_err", "dev_alert", "dev_crit", "dev_emerg",
	/* cancelling, flushing, timers and waiting for what others do */
	"del_timer", "timer_delete", "lock_timer_base", "__mod_timer", "sk_stop_timer_sync", "flush_work", "__cancel_work", "cancel_work_sync",
	"try_to_grab_pending", "flush_workqueue", "drain_workqueue", "destroy_workqueue", "queue_work", "insert_work", "queue_delayed_work",
	"finish_wait", "kthread_stop", "^complete$", "wait_for_completion",
	/* objects of the core that belong to somebody else's device or file */
	"kobject_", "add_uevent_var", "get_device_parent", "device_add", "device_del", "device_unregister", "device_destroy", "device_release",
	"^put_device$", "devres_release_all", "hwrng_unregister", "i2c_del_adapter", "__unregister_client", "device_for_each_child",
	"rollback_registered", "unregister_netdev", "sysfs_remove", "device_remove_file", "tty_unregister_device", "dummy_urb_enqueue",
	"usb_kill_urb", "usb_kill_anchored_urbs", "usb_control_msg", "usb_hcd_submit_urb", "usb_submit_urb", "^iput$", "^iput_final$", "^ihold$",
	"drop_nlink", "dput", "lock_page", "truncate_inode_pages_range", "mark_buffer_dirty",
	/* freeing */
	"^kfree$", "^kvfree$", "^kzfree$", "^kfree_sensitive$", "^kvfree_sensitive$", "kfree_skb",
	NULL
};

/* WORD between underscores of NAME: "wait" in "folio_wait_bit", not in "waiter_add". */
static bool has_word(const char *word, size_t n, const char *name, size_t length)
{
	for (const char *at = name; (at = memmem(at, length - (size_t)(at - name), word, n)) != NULL; at++) {
		bool starts = at == name || at[-1] == '_', ends = at + n == name + length || at[n] == '_';

		if (starts && ends)
			return true;
	}
	return false;
}

static size_t underscores(const char *name, size_t length)
{
	size_t n = 0;

	while (n < length && name[n] == '_')
		n++;
	return n;
}

/* The machinery is the kernel's own: in the middle of the name of a module's function ("foo_test_kmalloc") its words are
 * the module author's. */
static bool part_matches(const char *part, const char *name, size_t length, bool in_module)
{
	size_t n = strlen(part);
	bool start = *part == '^', end = n > 0 && part[n - 1] == '$';

	if (start)
		part++, n--;
	if (end)
		n--;
	if (n > length)
		return false;
	if (*part == '~')
		return !in_module && has_word(part + 1, n - 1, name, length);
	if (start && end)
		return n == length && memcmp(name, part, n) == 0;
	if (start)
		return memcmp(name, part, n) == 0;
	if (end)
		return !in_module && memcmp(name + length - n, part, n) == 0;
	const char *found = memmem(name, length, part, n);

	return found != NULL && (!in_module || found <= name + underscores(name, length));
}

static bool any_matches_in(const char *const *parts, const char *name, size_t length, bool in_module)
{
	for (; parts != NULL && *parts != NULL; parts++)
		if (part_matches(*parts, name, length, in_module))
			return true;
	return false;
}

static bool any_matches(const char *const *parts, const char *name, size_t length)
{
	return any_matches_in(parts, name, length, false);
}

static bool is_machinery(const struct oops_report *r, const struct oops_frame *f)
{
	size_t length = oops_base_name(f->function, strlen(f->function));

	return any_matches_in(machinery, f->function, length, f->module != NULL) || any_matches_in(r->kind->skip, f->function, length, f->module != NULL);
}

static bool could_blame(const struct oops_report *r, const struct oops_frame *f)
{
	return f->function != NULL && !f->inlined && !is_machinery(r, f);
}

static bool can_blame(const struct oops_report *r, const struct oops_frame *f)
{
	return !f->unreliable && could_blame(r, f);
}

/* A stack trace of fault injection in the middle: two reports are mixed. */
static bool is_foreign(const struct oops_frame *f)
{
	return f->function != NULL && !f->unreliable && strncmp(f->function, "should_fail", 11) == 0;
}

/* --- what loops ------------------------------------------------------------------------------------- */

/* Where the kernel's own dispatchers call into a subsystem: the frame before is its
 * entry, and the same for all places where its loop may be caught. */
static const char *const dispatchers[] = {
	"process_one_work", "do_syscall_", "do_fast_syscall_", "sysenter_dispatch", "tracesys_phase2", "invoke_syscall", "el0_svc_handler",
	"netif_receive_skb", "do_softirq", "handle_softirqs", "call_timer_fn", "_run_timers", "run_timer_softirq", "hrtimer_run",
	"run_ksoftirqd", "smpboot_thread_fn", "^kthread$", "tasklet_action", "tasklet_hi_action", "start_secondary", "cpu_startup_entry", "ret_from_fork", "ret_fast_syscall",
	"vfs_write", "vfs_read", "vfs_iter_read", "vfs_iter_write", "do_iter_read", "do_iter_write", "vfs_ioctl", "ksys_ioctl", "compat_ioctl",
	"compat_sys_ioctl", "blkdev_driver_ioctl", "blkdev_ioctl", "^call_read_iter", "^call_write_iter", "do_iter_readv_writev",
	"^call_mmap", "mmap_region", "do_mmap", "do_dentry_open", "vfs_open", "new_sync_read", "new_sync_write",
	"^sock_sendmsg", "^sock_recvmsg", "^sock_release", "^__sock_release", "__sys_setsockopt",
	"kernel_setsockopt", "sock_common_setsockopt", "__sys_listen", "kernel_listen", "sk_common_release", "^sock_mmap", "__sys_accept",
	"kernel_accept", "^sock_do_ioctl", "^sock_ioctl", "^compat_sock_ioctl", "^nfnetlink_rcv_msg", "^rtnetlink_rcv_msg",
	"^netlink_dump", "sys_socketpair", "sys_connect", "sys_ioctl", "SYSC_socketpair", "SYSC_connect", "SYSC_ioctl", "SyS_socketpair",
	"SyS_connect", "SyS_ioctl", "__do_fault", "do_page_fault", "^page_fault$", "__fput", "task_work_run", "exit_to_usermode",
	"smp_call_function", NULL
};

static bool is_interrupt_entry(const struct oops_frame *f)
{
	static const char *const entries[] = { "apic_timer_interrupt", "^el1_irq", "el1h_64_irq", "^__irq_svc", NULL };

	return f->function != NULL && any_matches(entries, f->function, strlen(f->function));
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

/* Interrupted by the tick that noticed it. */
static const struct oops_frame *stalled(const struct oops_report *r)
{
	for (size_t i = 0; i < r->traces.n; i++) {
		struct frame_list list = { .n = 0 };

		if (list_interrupted(&list, r, &r->traces.v[i]))
			return entry_of(&list);
	}
	return NULL;
}

/* Where it was, and how it came there. */
static const struct oops_frame *looped(const struct oops_report *r)
{
	const struct oops_trace *trace = oops_trace_of(r, OOPS_TRACE_CALL);
	struct frame_list list = { .n = 0 };

	if (r->pc.function != NULL)
		list_add_blamable(&list, r, &r->pc);
	for (size_t i = 0; trace != NULL && i < trace->frames.n; i++)
		list_add_blamable(&list, r, &trace->frames.v[i]);
	return entry_of(&list);
}

/* --- what waits ---------------------------------------------------------------------------------------- */

static const struct oops_frame *hung(struct oops_report *r)
{
	static const char *const well_known[] = { "rtnl_lock", "synchronize_rcu", "synchronize_srcu", "synchronize_net", "synchronize_sched", NULL };
	static const char *const waiting[] = { "sched", "_lock", "_slowlock", "down", "rwsem", "completion", "kthread", "~wait", "wait_", "synchronize",
		"context_switch", "__switch_to", "cancel_delayed_work", "rcu_barrier", NULL };
	const struct oops_trace *trace = oops_trace_of(r, OOPS_TRACE_CALL);

	if (trace == NULL)
		return NULL;
	/* Many victims share these: the lock or grace period is the subject, not the victim. */
	for (size_t i = 0; i < trace->frames.n; i++) {
		const struct oops_frame *f = &trace->frames.v[i];

		if (f->function == NULL || f->unreliable || f->module != NULL || !any_matches(well_known, f->function, strlen(f->function)))
			continue;
		if (strstr(f->function, "synchronize_") == NULL)
			return f;
		struct oops_frame *grace_period = ARENA_NEW(&r->arena, struct oops_frame);

		*grace_period = *f;
		grace_period->function = "synchronize_rcu"; /* all of them wait for the same thing */
		return grace_period;
	}
	for (size_t i = 0; i < trace->frames.n; i++) {
		const struct oops_frame *f = &trace->frames.v[i];

		if (is_foreign(f))
			return NULL;
		/* A module's "foo_lock_it" is not about waiting: it waits. */
		if (can_blame(r, f) && (f->module != NULL || !any_matches(waiting, f->function, strlen(f->function))))
			return f;
	}
	return NULL;
}

/* --- all others ------------------------------------------------------------------------------------------ */

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

/* After a jump to nowhere the kernel can't unwind and marks all that it finds on the stack
 * with '?': the first of these is the likely caller. */
static const struct oops_frame *first_unreliable(const struct oops_report *r, const struct oops_trace *trace)
{
	for (size_t i = 0; trace != NULL && i < trace->frames.n; i++)
		if (!trace->frames.v[i].unreliable)
			return NULL;
	size_t first = 0;

	for (size_t i = 0; trace != NULL && i < trace->frames.n; i++)
		if (is_interrupt_entry(&trace->frames.v[i]))
			first = i + 1;
	for (size_t i = first; trace != NULL && i < trace->frames.n; i++)
		if (could_blame(r, &trace->frames.v[i]))
			return &trace->frames.v[i];
	return NULL;
}

/* The detail NAME is a function's name: as a frame. */
static const struct oops_frame *named(struct oops_report *r, const char *detail)
{
	const char *name = oops_detail(r, detail);

	if (*name == '\0' || strspn(name, "0123456789abcdef") >= 8)
		return NULL; /* an address is no name */
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

/* {at:func} of the kind's templates, wherever lines have it: "at: mutex_lock_killable", "at: foo". */
static const struct oops_frame *said(struct oops_report *r)
{
	const struct oops_frame *found = NULL;

	for (const char *const *t = r->kind->body; t != NULL && *t != NULL && found == NULL; t++) {
		struct oops_lines lines = oops_lines_of(r);
		const char *line;
		size_t length;

		while (strstr(*t, "{at:func}") != NULL && found == NULL && oops_lines_next(&lines, &line, &length)) {
			struct oops_captures captures = { .n = 0 };

			if (!oops_match(*t, line, length, &captures) || oops_find(line, length, "[inline]") != NULL)
				continue; /* of an inlined one, the line below names who has it */
			const struct oops_capture *at = oops_captured(&captures, "at");

			oops_detail_add(r, "at", at->text, at->length);
			found = named(r, "at");
		}
	}
	return found;
}

/* A worker "takes" its work item as a lock, and is only the victim of who flushes it with another lock held. */
static const struct oops_frame *flusher(const struct oops_report *r)
{
	if (r->locks.n == 0 || strcmp(r->locks.v[0].function, "process_one_work") != 0)
		return NULL;
	return first_of(r, oops_trace_of(r, OOPS_TRACE_OTHER));
}

/* The first below the frames of the NMI that noticed it. */
static const struct oops_frame *below_nmi(const struct oops_report *r, const struct oops_trace *trace)
{
	static const char *const entries[] = { "end_repeat_nmi", "^nmi$", "asm_exc_nmi", "^nmi_stack_correct", NULL };
	bool below = false;

	for (size_t i = 0; trace != NULL && i < trace->frames.n; i++) {
		const struct oops_frame *f = &trace->frames.v[i];

		if (below && can_blame(r, f))
			return f;
		below = below || (f->function != NULL && any_matches(entries, f->function, strlen(f->function)));
	}
	return NULL;
}

/* Where the loop was caught, which is not what names it, but for one with interrupts off. */
static const struct oops_frame *caught(const struct oops_report *r)
{
	if (r->pc.function != NULL && can_blame(r, &r->pc))
		return &r->pc;
	for (size_t i = 0; i < r->traces.n; i++) {
		struct frame_list list = { .n = 0 };

		if (list_interrupted(&list, r, &r->traces.v[i]))
			return list.v[0];
	}
	const struct oops_trace *trace = oops_trace_of(r, OOPS_TRACE_CALL);
	const struct oops_frame *found = below_nmi(r, trace);

	if (found == NULL)
		found = first_of(r, trace);

	/* Of a task that runs on another CPU the kernel can't unwind the stack: all of it has '?'.  That is not enough for a
	 * title, but what stands below the interrupt was there a moment ago. */
	return found != NULL ? found : first_unreliable(r, trace);
}

static const struct oops_frame *look(struct oops_report *r, enum oops_where where)
{
	switch (where) {
	case OOPS_WHERE_HEADLINE: return named(r, "func");
	case OOPS_WHERE_FLUSHER: return flusher(r);
	case OOPS_WHERE_CHECK: return NULL; /* never the subject */
	case OOPS_WHERE_BODY: return said(r);
	case OOPS_WHERE_PC: return r->pc.function != NULL && can_blame(r, &r->pc) ? &r->pc : NULL;
	case OOPS_WHERE_TRACE: return first_of(r, oops_trace_of(r, OOPS_TRACE_CALL));
	case OOPS_WHERE_ORIGIN: return first_of(r, oops_trace_of(r, OOPS_TRACE_ORIGIN));
	case OOPS_WHERE_ALLOC: return first_of(r, oops_trace_of(r, OOPS_TRACE_ALLOC));
	case OOPS_WHERE_OTHER: return first_of(r, oops_trace_of(r, OOPS_TRACE_OTHER));
	case OOPS_WHERE_STALLED: return stalled(r);
	case OOPS_WHERE_LOOPED: return looped(r);
	case OOPS_WHERE_CAUGHT: return caught(r);
	case OOPS_WHERE_HUNG: return hung(r);
	case OOPS_WHERE_END: break;
	}
	return NULL;
}

/* AT is what the stalled CPU was at: no stack from an interrupt on is there, in which the entry of the loop would be
 * looked for, and it isn't the grace period's own thread, which sleeps. */
static bool tells_stall(const struct oops_report *r, const struct oops_frame *at)
{
	if (at == NULL || at->unreliable || r->kind->where[0] != OOPS_WHERE_STALLED || strstr(at->function, "schedule") != NULL)
		return false;
	for (size_t i = 0; i < r->traces.n; i++)
		for (size_t k = 0; k < r->traces.v[i].frames.n; k++)
			if (is_interrupt_entry(&r->traces.v[i].frames.v[k]))
				return false;
	return true;
}

/* Kernels since 5.16 print the interrupted code's stack alone: the entry of the loop is in it, unless the stack is a sleeper's. */
static const struct oops_frame *stalled_here(const struct oops_report *r, const struct oops_frame *at)
{
	const struct oops_trace *trace = oops_trace_of(r, OOPS_TRACE_CALL);

	for (size_t i = 0; trace != NULL && i < trace->frames.n; i++)
		if (trace->frames.v[i].function != NULL && !trace->frames.v[i].unreliable && strstr(trace->frames.v[i].function, "schedule") != NULL)
			return at;
	const struct oops_frame *entry = looped(r);

	return entry != NULL ? entry : at;
}

void oops_blame_find(struct oops_report *r)
{
	const size_t count = sizeof(r->kind->where) / sizeof(r->kind->where[0]);

	for (size_t i = 0; i < count && r->kind->where[i] != OOPS_WHERE_END && r->subject == NULL; i++)
		r->subject = look(r, r->kind->where[i]);
	if (r->subject == NULL && r->pc.function == NULL && r->pc.address != 0)
		r->subject = first_unreliable(r, oops_trace_of(r, OOPS_TRACE_CALL));
	r->blame = r->subject;
	for (size_t i = 0; i < count && r->blame == NULL; i++)
		if (r->kind->where[i] == OOPS_WHERE_CHECK)
			r->blame = named(r, "func");
	if (r->kind->where[0] == OOPS_WHERE_LOOPED || r->kind->where[0] == OOPS_WHERE_STALLED) {
		const struct oops_frame *at = caught(r);

		if (at != NULL && r->kind->where[0] == OOPS_WHERE_STALLED && strstr(at->function, "schedule") != NULL)
			at = NULL; /* of a sleeper, which stalls nobody */
		r->blame = at != NULL ? at : r->subject;
		if (r->subject == NULL && tells_stall(r, at))
			r->subject = stalled_here(r, at);
		if (at != NULL && at->module != NULL)
			r->subject = at; /* a module's code is small enough to say where in it */
	}
}
