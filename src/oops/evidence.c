// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Evidence that takes more than a line to read: what an access to bad memory was made for, in which orders locks were taken, what
 * the words of the kernel's checks mean.
 *
 * The context is told from the stack: below a timer's callback stands call_timer_fn, below a work item process_one_work, and so on.
 * Who runs so has to be stopped before its object is freed, and for each there is a function that does it.
 */
#include "oops/evidence.h"

#include "base/str.h"
#include "oops/kind.h"
#include "oops/match.h"

#include <stdlib.h>
#include <string.h>

#define say oops_explanation_add

static bool is_empty(const char *text) { return *text == '\0'; }

static bool contains_any(const char *name, const char *const *parts)
{
	for (; *parts != NULL; parts++)
		if (strstr(name, *parts) != NULL)
			return true;
	return false;
}

/* --- who made the access --------------------------------------------------------------------------- */

static const struct context {
	const char *caller; /* part of the name of what calls such a thing */
	const char *what, *stop;
} contexts[] = {
	{ "call_timer_fn", "a timer's callback", "timer_shutdown_sync() (timer_delete_sync(), del_timer_sync() of older kernels)" },
	{ "expire_timers", "a timer's callback", "timer_shutdown_sync() (timer_delete_sync(), del_timer_sync() of older kernels)" },
	{ "hrtimer_run_queues", "a high-resolution timer's callback", "hrtimer_cancel()" },
	{ "process_one_work", "a work item", "cancel_work_sync() or cancel_delayed_work_sync()" },
	{ "rcu_do_batch", "an RCU callback", "rcu_barrier() (or the code that called call_rcu() twice)" },
	{ "tasklet_action", "a tasklet", "tasklet_kill()" },
	{ "__handle_irq_event_percpu", "an interrupt handler", "free_irq() (it waits for handlers that still run)" },
	{ "usb_hcd_giveback_urb", "the completion of a USB request", "usb_kill_urb()" },
	{ "napi_poll", "a network card's poll function", "napi_disable()" },
	{ "task_work_run", "the work that a task does on its way back to user space (closing files)", NULL },
};

static const char *without_entry(const char *function)
{
	static const char *const prefixes[] = { "__x64_sys_", "__ia32_sys_", "__arm64_sys_", "__riscv_sys_", "__s390x_sys_", "__do_sys_", "SyS_", "SYSC_" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (str_starts(function, prefixes[i]))
			return function + strlen(prefixes[i]);
	return NULL;
}

static const struct context *context_of(const char *function)
{
	for (size_t i = 0; i < sizeof(contexts) / sizeof(contexts[0]); i++)
		if (strstr(function, contexts[i].caller) != NULL)
			return &contexts[i];
	return NULL;
}

/* In whose name T ran: *CALLBACK is the function that was called. */
static const struct context *context_of_trace(const struct oops_trace *t, const char **callback, const char **system_call)
{
	const struct oops_frame *before = NULL;

	*system_call = NULL;
	for (size_t i = 0; i < t->frames.n; i++) {
		const struct oops_frame *f = &t->frames.v[i];

		if (f->function == NULL || f->unreliable)
			continue;
		const struct context *c = context_of(f->function);

		if (c != NULL && before != NULL) {
			*callback = before->function;
			return c;
		}
		if (*system_call == NULL)
			*system_call = without_entry(f->function);
		if (!f->inlined)
			before = f;
	}
	return NULL;
}

const char *oops_evidence_function(const struct oops_report *r, enum oops_trace_kind kind)
{
	static const char *const allocators[] = { "kasan", "kmem", "kmalloc", "kzalloc", "slab", "kfree", "alloc", "save_stack", "stack_trace", "free_", "rcu_", "__call_rcu", "set_page_owner",
		"prep_new_page", "get_page_from", "folio_put", "__put_", "put_page", "post_alloc", "kfence", "kmsan", "memdup", "strdup", NULL };
	const struct oops_trace *t = oops_trace_of(r, kind);

	for (size_t i = 0; t != NULL && i < t->frames.n; i++) {
		const char *f = t->frames.v[i].function;

		if (f != NULL && !t->frames.v[i].unreliable && !t->frames.v[i].inlined && !contains_any(f, allocators))
			return f;
	}
	return NULL;
}

/* "freed by task 4 on cpu 1 at 35.5s:" -> 35500000; -1: it doesn't say. */
static int64_t time_of_title(const struct oops_trace *t)
{
	const char *at = t != NULL ? strstr(t->title, " at ") : NULL;
	char *end;

	if (at == NULL)
		return -1;
	double seconds = strtod(at + 4, &end);

	return end > at + 4 && *end == 's' && seconds < 1e9 ? (int64_t)(seconds * 1e6) : -1;
}

static const char *span_text(struct oops_report *r, int64_t us)
{
	if (us < 1000)
		return arena_printf(&r->arena, "%d us", (int)us);
	return us < 1000000 ? arena_printf(&r->arena, "%.1f ms", (double)us / 1e3) : arena_printf(&r->arena, "%.1f s", (double)us / 1e6);
}

static void tell_when_freed(struct oops_report *r, struct oops_explanation *e)
{
	int64_t freed_us = time_of_title(oops_trace_of(r, OOPS_TRACE_FREE));

	if (freed_us >= 0 && r->time_us >= freed_us)
		say(r, e, "It was freed %s before %s.", span_text(r, r->time_us - freed_us), oops_evidence_is_free(r) ? "it was freed again" : "it was used");
}

bool oops_evidence_is_free(const struct oops_report *r)
{
	return strstr(r->title, "invalid free") != NULL || strstr(r->title, "invalid-free") != NULL || strstr(r->title, "double-free") != NULL;
}

/* SLUB and KFENCE look at an object's surroundings when it is freed or handed out: who wrote there is long gone. */
static bool is_found_later(const struct oops_report *r)
{
	return strcmp(r->kind->name, "slab-corruption") == 0 || strstr(r->title, "memory corruption") != NULL;
}

static bool is_after_free(const struct oops_report *r)
{
	return strstr(r->title, "after-free") != NULL || strstr(r->title, "Poison overwritten") != NULL;
}

static void tell_context(struct oops_report *r, struct oops_explanation *e)
{
	const struct oops_trace *call = oops_trace_of(r, OOPS_TRACE_CALL), *freed = oops_trace_of(r, OOPS_TRACE_FREE);
	const char *callback, *system_call = NULL, *who = oops_evidence_function(r, OOPS_TRACE_FREE);
	const struct context *c = call != NULL ? context_of_trace(call, &callback, &system_call) : NULL;
	const char *freeing, *freeing_call;
	const struct context *in = freed != NULL ? context_of_trace(freed, &freeing, &freeing_call) : NULL;

	const char *what = is_found_later(r) ? "The damage was found" : oops_evidence_is_free(r) ? "This free was made" : "The access was made";

	if (c != NULL && in == c && is_after_free(r) && !is_found_later(r) && strcmp(callback, freeing) == 0) {
		say(r, e, "Freed and used by %s, %s: it went on with what it had freed itself, or ran twice for one object.", c->what, callback);
		return;
	}
	if (c != NULL && c->stop != NULL && is_after_free(r) && !is_found_later(r))
		say(r, e, "The access was made by %s, %s, which was not stopped before the object went: %s belongs before the free%s.", c->what, callback, c->stop,
		    who != NULL ? arena_printf(&r->arena, ", in %s or whoever calls it", who) : "");
	else if (c != NULL)
		say(r, e, "%s by %s (%s).", what, c->what, callback);
	else if (system_call != NULL)
		say(r, e, "%s in the system call %s.", what, system_call);
	if (is_found_later(r))
		say(r, e, "Whoever wrote there did so before: this stack need not be theirs.");
	if (freed == NULL || !is_after_free(r))
		return;
	if (in != NULL && strcmp(in->caller, "rcu_do_batch") == 0)
		say(r, e, "RCU freed it, after a grace period: who used it kept the pointer outside of rcu_read_lock(), or took no reference.");
	else if (in != NULL)
		say(r, e, "It was freed by %s (%s).", in->what, freeing);
	else if (freeing_call != NULL)
		say(r, e, "It was freed in the system call %s.", freeing_call);
}

static const struct { const char *bug, *meaning, *look; } bugs[] = {
	{ "use-after-free", "The memory had been freed.", NULL },
	{ "slab-out-of-bounds", "The access went beyond the end of its object (or before its beginning): an index or a length that nobody checked.", "where the index or the length comes from, against the size of the allocation" },
	{ "global-out-of-bounds", "The access went beyond the end of a global variable: an index that nobody checked.", "where the index comes from, against the size of the variable that the report names" },
	{ "stack-out-of-bounds", "The access went beyond the end of a variable on the stack.", "the function's variables that the report lists ('This frame has'), and lengths from outside" },
	{ "alloca-out-of-bounds", "The access went beyond the end of an array of variable size on the stack.", "the array's length" },
	{ "vmalloc-out-of-bounds", "The access went beyond the end of a vmalloc() buffer, or the buffer had been freed.", "where the index or the length comes from, and who frees the buffer" },
	{ "null-ptr-deref", "A pointer that is NULL, or nearly, was followed.", "which pointer at that line may be NULL, and who should have set it" },
	{ "user-memory-access", "A pointer held an address of user space, or something that is no address at all.", "where that pointer comes from: not set, overwritten, or given by user space" },
	{ "wild-memory-access", "A pointer held what is no address of the kernel: it was never set, or overwritten.", "where that pointer comes from" },
	{ "invalid-access", "The tag of the pointer isn't the memory's: the object was freed, or the access went beyond it.", NULL },
};

void oops_evidence_access(struct oops_report *r, struct oops_explanation *e)
{
	const char *bug = oops_detail(r, "bug"), *address = oops_detail(r, "addr");
	bool has_object = true;

	for (size_t i = 0; i < sizeof(bugs) / sizeof(bugs[0]); i++)
		if (strstr(bug, bugs[i].bug) != NULL && strcmp(r->kind->name, "kasan") == 0) {
			say(r, e, "%s", bugs[i].meaning);
			if (bugs[i].look != NULL)
				e->look = bugs[i].look;
			has_object = strstr(bug, "null") == NULL && strstr(bug, "user") == NULL && strstr(bug, "wild") == NULL;
			break;
		}
	const char *meaning = !has_object && !is_empty(address) ? oops_address_meaning(r, strtoull(address, NULL, 16)) : NULL;

	if (meaning != NULL && !r->has_fault_address)
		say(r, e, "The address is %s.", meaning);
	if (!is_found_later(r))
		tell_when_freed(r, e);
	tell_context(r, e);
}

/* --- locks -------------------------------------------------------------------------------------------- */

enum { CHAIN_TOLD = 5 };

/* "-> #1 (&foo->lock){+.+.}-{3:3}:" : its name; NULL: no such title. */
static const char *chain_lock(struct oops_report *r, const struct oops_trace *t, unsigned *number)
{
	if (strncmp(t->title, "-> #", 4) != 0)
		return NULL;
	const char *open = strchr(t->title, '('), *close = open != NULL ? strstr(open, "){") : NULL;

	*number = (unsigned)strtoul(t->title + 4, NULL, 10);
	return close != NULL ? arena_strndup(&r->arena, open + 1, (size_t)(close - open) - 1) : NULL;
}

static const char *taker_of(const struct oops_trace *t)
{
	static const char *const machinery[] = { "lock_acquire", "__mutex", "mutex_lock", "_raw_", "raw_spin", "down_", "rwsem", "check_prev", "check_noncircular", "validate_chain", "__flush", "flush_", "process_one", "percpu_", "fs_reclaim", "lock_sock", "might_", "ww_mutex", "rt_", "complete", "wait_for_completion", "wake_up", "schedule", NULL };

	for (size_t i = 0; i < t->frames.n; i++)
		if (t->frames.v[i].function != NULL && !t->frames.v[i].unreliable && !t->frames.v[i].inlined && !contains_any(t->frames.v[i].function, machinery))
			return t->frames.v[i].function;
	return NULL;
}

/* Lock #i was taken with lock #i-1 held, in the code of its stack; #0 is what happens now. */
static void tell_chain(struct oops_report *r, struct oops_explanation *e)
{
	unsigned told = 0;

	for (size_t i = 0; i < r->traces.n; i++) {
		unsigned number, below;
		const char *name = chain_lock(r, &r->traces.v[i], &number), *taker = taker_of(&r->traces.v[i]), *held = NULL;

		for (size_t k = i + 1; name != NULL && k < r->traces.n && held == NULL; k++)
			if ((held = chain_lock(r, &r->traces.v[k], &below)) != NULL && below + 1 != number)
				return;
		if (name == NULL || held == NULL || taker == NULL)
			continue;
		if (told++ == CHAIN_TOLD) {
			say(r, e, "The chain is longer: see the stacks '-> #'.");
			return;
		}
		say(r, e, told == 1 ? "The other way round: %s took %s with %s held." : "And %s took %s with %s held.", taker, name, held);
	}
}

static const char *context_name(const char *usage)
{
	return strstr(usage, "HARDIRQ") != NULL ? "a hard interrupt" : strstr(usage, "SOFTIRQ") != NULL ? "a softirq" : strstr(usage, "RECLAIM") != NULL || strstr(usage, "FS") != NULL ? "memory reclaim" : NULL;
}

/* "inconsistent {SOFTIRQ-ON-W} -> {IN-SOFTIRQ-W} usage." */
static void tell_usage(struct oops_report *r, struct oops_explanation *e)
{
	const char *was = oops_detail(r, "was"), *now = oops_detail(r, "now"), *context = context_name(now);
	const struct oops_trace *registered = NULL;

	if (is_empty(was) || is_empty(now) || context == NULL)
		return;
	for (size_t i = 0; i < r->traces.n && registered == NULL; i++)
		if (strstr(r->traces.v[i].title, "state was registered at") != NULL)
			registered = &r->traces.v[i];
	const char *before = registered != NULL ? taker_of(registered) : NULL;
	bool in_now = strstr(now, "IN-") != NULL;

	if (before == NULL || r->blame == NULL)
		return;

	say(r, e, "The lock is taken in %s (%s), and where %s may come meanwhile (%s): one that comes then, on the same CPU, waits for its own CPU for ever.", context,
	    in_now ? r->blame->function : before, context, in_now ? before : r->blame->function);
	e->look = strstr(context, "reclaim") != NULL ? "GFP_NOFS or memalloc_nofs_save() where the lock is held" :
		  strstr(context, "softirq") != NULL ? "spin_lock_bh() where the lock is taken outside of the softirq" : "spin_lock_irqsave() where the lock is taken outside of the interrupt";
}

void oops_evidence_locks(struct oops_report *r, struct oops_explanation *e)
{
	tell_chain(r, e);
	tell_usage(r, e);
	if (strstr(r->title, "still has locks") != NULL || strstr(r->title, "returning to user") != NULL || strstr(r->title, "leaked lock") != NULL)
		for (size_t i = 0; i < r->locks.n && i < CHAIN_TOLD; i++)
			if (r->locks.v[i].depth >= 0)
				say(r, e, "Still held: %s, taken in %s.", r->locks.v[i].name, r->locks.v[i].function);
}

/* --- the words of checks -------------------------------------------------------------------------- */

void oops_evidence_count(struct oops_report *r, struct oops_explanation *e)
{
	static const struct { const char *words, *meaning, *look; } says[] = {
		{ "on 0", "The count was zero already: the object was on its way to be freed when a new reference was taken.", "how the object was found: a lookup must use refcount_inc_not_zero() (kref_get_unless_zero()), under the lock or RCU that protects the table" },
		{ "underflow", "The count went below zero: a reference was put that nobody had taken, or put twice.", "the error paths of the blamed function: which put has no get?" },
		{ "hit 0", "The last reference was dropped by refcount_dec(), which frees nothing: the object leaks.", "should it be refcount_dec_and_test()?" },
		{ "saturated", "The count overflowed and was pinned: the object leaks, and is safe from being freed.", "a path that takes a reference each time and never puts it" },
	};
	const char *message = r->message != NULL ? strstr(r->message, "refcount_t: ") : NULL;

	if (message == NULL && is_empty(oops_detail(r, "what")))
		return;
	for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++)
		if (strstr(message != NULL ? message : oops_detail(r, "what"), says[i].words) != NULL) {
			say(r, e, "%s", says[i].meaning);
			e->look = says[i].look;
			return;
		}
}

void oops_evidence_list(struct oops_report *r, struct oops_explanation *e)
{
	const char *but = r->message != NULL ? strstr(r->message, "but was ") : NULL;

	if (r->message == NULL)
		return;
	if (strstr(r->message, "double add") != NULL)
		say(r, e, "The entry is on the list already: it was added twice.");
	else if (strstr(r->message, "LIST_POISON") != NULL)
		say(r, e, "The entry had been taken off its list before (LIST_POISON): it was deleted twice.");
	else if (strstr(r->message, "is NULL") != NULL)
		say(r, e, "The entry's pointers are NULL: it was never on a list, or its memory was cleared.");
	else if (but != NULL) {
		const char *meaning = oops_address_meaning(r, strtoull(but + 8, NULL, 16));

		if (meaning != NULL)
			say(r, e, "The pointer's value is %s.", meaning);
		else
			say(r, e, "A neighbour points elsewhere: the entry, or its neighbour, is on another list, was freed, or the list was changed without its lock.");
	}
}

void oops_evidence_object(struct oops_report *r, struct oops_explanation *e)
{
	static const struct { const char *type, *cure; } cures[] = {
		{ "timer_list", "timer_shutdown_sync() (timer_delete_sync(), del_timer_sync() of older kernels)" }, { "work_struct", "cancel_work_sync() or cancel_delayed_work_sync()" },
		{ "hrtimer", "hrtimer_cancel()" }, { "rcu_head", "not calling call_rcu() again before the first has run" }, { "percpu_counter", "percpu_counter_destroy()" },
	};
	struct oops_captures c = { .n = 0 };

	if (r->message == NULL || !oops_match("ODEBUG: {what:any} (active state {_n:any}object type: {type} hint: {hint}", r->message, strcspn(r->message, "\n"), &c))
		return;
	const struct oops_capture *type = oops_captured(&c, "type"), *hint = oops_captured(&c, "hint"), *what = oops_captured(&c, "what");
	const char *plus = memchr(hint->text, '+', hint->length);

	if (hint->text[0] != '(')
		say(r, e, "It is a %.*s whose function is %.*s.", (int)type->length, type->text, (int)(plus != NULL ? (size_t)(plus - hint->text) : hint->length), hint->text);
	for (size_t i = 0; i < sizeof(cures) / sizeof(cures[0]); i++)
		if (strncmp(type->text, cures[i].type, strlen(cures[i].type)) == 0 && what->length > 4 && memcmp(what->text, "free", 4) == 0) {
			say(r, e, "It was still active when the memory around it was freed: %s belongs before the free.", cures[i].cure);
			return;
		}
}

/* --- recursion -------------------------------------------------------------------------------------- */

void oops_evidence_recursion(struct oops_report *r, struct oops_explanation *e)
{
	enum { TIMES_MIN = 4, FRAMES_LOOKED_AT = 200 };
	const struct oops_trace *t = oops_trace_of(r, OOPS_TRACE_CALL);
	const char *best = NULL;
	size_t most = 0, n = t != NULL && t->frames.n < FRAMES_LOOKED_AT ? t->frames.n : FRAMES_LOOKED_AT;

	for (size_t i = 0; t != NULL && i < n; i++) {
		size_t times = 0;

		for (size_t k = i; k < n && t->frames.v[i].function != NULL; k++)
			times += t->frames.v[k].function != NULL && !t->frames.v[k].unreliable && strcmp(t->frames.v[k].function, t->frames.v[i].function) == 0;
		if (times > most)
			most = times, best = t->frames.v[i].function;
	}
	if (most >= TIMES_MIN)
		say(r, e, "%s stands %zu times in the first %zu frames of the stack: it calls itself, directly or by way of others.", best, most, n);
	else if (t != NULL && t->frames.n > 0)
		say(r, e, "No function repeats in the %zu frames of the stack: large variables, or many layers on top of each other.", t->frames.n);
}
