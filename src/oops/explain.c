// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Evidence: each check looks at one thing and adds a sentence, or nothing.  Checks that
 * fit every kind come first (addresses, taint, context), then those of a kind.
 */
#include "oops/explain.h"

#include "base/str.h"
#include "oops/kind.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL_OFFSET = 0x10000, PAGE_BYTES = 4096 };

static void say(struct oops_report *r, struct oops_explanation *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void say(struct oops_report *r, struct oops_explanation *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vec_push(&e->evidence, arena_vprintf(&r->arena, fmt, ap));
	va_end(ap);
}

static bool is_kind(const struct oops_report *r, const char *name)
{
	return strcmp(r->kind->name, name) == 0;
}

static const char *blamed(const struct oops_report *r)
{
	return r->blame != NULL && r->blame->function != NULL ? r->blame->function : NULL;
}

/* --- addresses --------------------------------------------------------------------------------- */

static const struct {
	uint64_t value, mask;
	const char *meaning;
} poisons[] = { /* include/linux/poison.h, mm/slab.h */
	{ 0xdead000000000100, ~0xfffull, "list poison: an entry that was taken off its list (list_del) is used again" },
	{ 0x6b6b6b6b6b6b6b00, ~0xffull, "slab poison 0x6b: memory that was freed is used" },
	{ 0x6b6b6b6b00000000, 0xffffffff00000000, "slab poison 0x6b: memory that was freed is used" },
	{ 0x5a5a5a5a5a5a5a00, ~0xffull, "slab poison 0x5a: memory that was allocated and never set is used" },
	{ 0xcccccccccccccc00, ~0xffull, "page poison 0xcc: freed init memory is used" },
	{ 0xaaaaaaaaaaaaaa00, ~0xffull, "page poison 0xaa: a freed page is used" },
};

const char *oops_address_meaning(struct oops_report *r, uint64_t address)
{
	if (address < PAGE_BYTES)
		return address == 0 ? "NULL" : arena_printf(&r->arena, "NULL plus 0x%" PRIx64 ": a field at that offset of a structure whose pointer is NULL", address);
	if (address < SMALL_OFFSET)
		return arena_printf(&r->arena, "0x%" PRIx64 ": near NULL, a large structure or an array element of a NULL pointer", address);
	if (address >= (uint64_t)-4095)
		return arena_printf(&r->arena, "the error code -%" PRIu64 " used as a pointer: a missing IS_ERR() check", (uint64_t)-address);
	for (size_t i = 0; i < sizeof(poisons) / sizeof(poisons[0]); i++)
		if ((address & poisons[i].mask) == (poisons[i].value & poisons[i].mask))
			return poisons[i].meaning;
	return NULL;
}

static void look_at_address(struct oops_report *r, struct oops_explanation *e)
{
	if (!r->has_fault_address)
		return;
	const char *meaning = oops_address_meaning(r, r->fault_address);

	if (meaning != NULL)
		say(r, e, "The address is %s.", meaning);
}

/* A register with poison tells even when the fault's address is not said. */
static void look_at_registers(struct oops_report *r, struct oops_explanation *e)
{
	if (r->severity < OOPS_OOPS)
		return;
	for (size_t i = 0; i < r->registers.n; i++) {
		uint64_t value = r->registers.v[i].value;

		for (size_t k = 0; k < sizeof(poisons) / sizeof(poisons[0]); k++)
			if ((value & poisons[k].mask) == (poisons[k].value & poisons[k].mask)) {
				say(r, e, "%s holds 0x%" PRIx64 ": %s.", r->registers.v[i].name, value, poisons[k].meaning);
				return;
			}
	}
}

/* --- who and where --------------------------------------------------------------------------------- */

static void look_at_taint(struct oops_report *r, struct oops_explanation *e)
{
	if (r->taint == NULL)
		return;
	if (strpbrk(r->taint, "PO") != NULL && (r->blame == NULL || r->blame->module == NULL))
		say(r, e, "Modules from outside of the kernel's tree are loaded (taint %s): they may have a part in it.", r->taint);
	if (strchr(r->taint, 'D') != NULL)
		say(r, e, "The kernel had died before (taint D): look at its first oops first; this one may follow from it.");
	else if (strchr(r->taint, 'W') != NULL && r->severity > OOPS_WARNING)
		say(r, e, "A warning came before this (taint W): it may be the earlier sign of the same thing.");
	if (strchr(r->taint, 'M') != NULL)
		say(r, e, "The processor reported a machine check (taint M): suspect the hardware.");
}

static void look_at_context(struct oops_report *r, struct oops_explanation *e)
{
	if (r->context == OOPS_CONTEXT_HARDIRQ || r->context == OOPS_CONTEXT_SOFTIRQ || r->context == OOPS_CONTEXT_NMI)
		say(r, e, "It happened in an interrupt (%s): the task %s was only there at the time.", oops_context_name(r->context),
		    r->comm != NULL ? r->comm : "named");
}

static void look_at_blame(struct oops_report *r, struct oops_explanation *e)
{
	if (blamed(r) == NULL)
		return;
	if (r->blame->module != NULL)
		say(r, e, "%s, of the module %s, is the first function of the stack that isn't general machinery.", blamed(r), r->blame->module);
	else if (r->source_file != NULL)
		say(r, e, "%s (%s:%u) is the first function of the stack that isn't general machinery.", blamed(r), r->source_file, r->source_line);
	else
		say(r, e, "%s is the first function of the stack that isn't general machinery.", blamed(r));
}

static const char *first_named(const struct oops_report *r, enum oops_trace_kind kind)
{
	static const char *const allocators[] = { "kasan", "kmem", "kmalloc", "slab", "kfree", "alloc", "save_stack", "stack_trace", "free_", "rcu_", "__call_rcu", NULL };
	const struct oops_trace *t = oops_trace_of(r, kind);

	for (size_t i = 0; t != NULL && i < t->frames.n; i++) {
		const char *f = t->frames.v[i].function;
		bool machinery = f == NULL || t->frames.v[i].unreliable;

		for (const char *const *a = allocators; !machinery && *a != NULL; a++)
			machinery = strstr(f, *a) != NULL;
		if (!machinery)
			return f;
	}
	return NULL;
}

static const char *by_task(struct oops_report *r, enum oops_trace_kind kind)
{
	const struct oops_trace *t = oops_trace_of(r, kind);

	if (t == NULL || t->task < 0)
		return "";
	return arena_printf(&r->arena, t->task == r->pid ? " by the same task %d" : " by task %d", t->task);
}

/* --- kinds ----------------------------------------------------------------------------------------------- */

static void explain_object(struct oops_report *r, struct oops_explanation *e)
{
	const char *allocated = first_named(r, OOPS_TRACE_ALLOC), *freed = first_named(r, OOPS_TRACE_FREE);

	if (*oops_detail(r, "access") != '\0' && *oops_detail(r, "size") != '\0')
		say(r, e, "A %s of %s byte%s%s%s%s.", strcmp(oops_detail(r, "access"), "Write") == 0 ? "write" : "read", oops_detail(r, "size"),
		    strcmp(oops_detail(r, "size"), "1") == 0 ? "" : "s", *oops_detail(r, "place") != '\0' ? ", " : "", oops_detail(r, "place"),
		    str_ends(oops_detail(r, "place"), " of") ? " the object" : "");
	if (*oops_detail(r, "cache") != '\0')
		say(r, e, "The object is of the cache %s%s%s%s.", oops_detail(r, "cache"), *oops_detail(r, "object_size") != '\0' ? " (" : "",
		    oops_detail(r, "object_size"), *oops_detail(r, "object_size") != '\0' ? " bytes)" : "");
	if (allocated != NULL)
		say(r, e, "It was allocated in %s%s.", allocated, by_task(r, OOPS_TRACE_ALLOC));
	if (freed != NULL)
		say(r, e, "It was freed in %s%s, %s.", freed, by_task(r, OOPS_TRACE_FREE),
		    blamed(r) != NULL && strcmp(freed, blamed(r)) == 0 ? "the function that used it again" :
		    "and used after that");
	if (freed != NULL && oops_trace_of(r, OOPS_TRACE_FREE)->task >= 0 && r->pid >= 0 && oops_trace_of(r, OOPS_TRACE_FREE)->task != r->pid)
		say(r, e, "Another task freed it: a missing reference, lock or cancellation between the two is likely.");
}

static void explain_wait(struct oops_report *r, struct oops_explanation *e)
{
	if (*oops_detail(r, "seconds") != '\0' && *oops_detail(r, "task") != '\0')
		say(r, e, "%s: %s seconds.", oops_detail(r, "task"), oops_detail(r, "seconds"));
	else if (*oops_detail(r, "seconds") != '\0')
		say(r, e, "For %s seconds already.", oops_detail(r, "seconds"));
	for (size_t i = 0; i < r->traces.n; i++)
		for (size_t k = 0; k < r->traces.v[i].frames.n; k++) {
			const char *f = r->traces.v[i].frames.v[k].function;

			if (f == NULL || r->traces.v[i].frames.v[k].unreliable)
				continue;
			if (strstr(f, "mutex_lock") != NULL || strstr(f, "rwsem_down") != NULL || strcmp(f, "rtnl_lock") == 0) {
				say(r, e, "It waits for a lock (%s): look for the task that holds it among the locks that the report lists, or in SysRq-t's output.", f);
				return;
			}
			if (strstr(f, "io_schedule") != NULL || strstr(f, "wait_on_page") != NULL || strstr(f, "folio_wait") != NULL || strstr(f, "blk_") == f) {
				say(r, e, "It waits for a device (%s): look at that device and its driver.", f);
				return;
			}
			if (strstr(f, "rpc_wait") != NULL || strstr(f, "nfs") == f) {
				say(r, e, "It waits for a network file system (%s): does the server answer?", f);
				return;
			}
		}
}

static void explain_oom(struct oops_report *r, struct oops_explanation *e)
{
	if (*oops_detail(r, "constraint") != '\0')
		say(r, e, strstr(oops_detail(r, "constraint"), "MEMCG") != NULL ? "The limit of the memory cgroup %s was reached, not the machine's." :
		    "The machine itself was out of memory%s.", strstr(oops_detail(r, "constraint"), "MEMCG") != NULL ? oops_detail(r, "memcg") : "");
	if (*oops_detail(r, "victim") != '\0')
		say(r, e, "%s (pid %s) was killed.", oops_detail(r, "victim"), oops_detail(r, "victim_pid"));
}

static void explain_lock(struct oops_report *r, struct oops_explanation *e)
{
	for (size_t i = 0; i + 1 < r->locks.n && r->locks.v[i].depth < 0 && i < 1; i++)
		say(r, e, "It wants %s (in %s) and holds %s (taken in %s).", r->locks.v[i].name, r->locks.v[i].function, r->locks.v[i + 1].name,
		    r->locks.v[i + 1].function);
	if (*oops_detail(r, "what") != '\0')
		say(r, e, "The check: %s.", oops_detail(r, "what"));
}

static const struct {
	const char *kind;
	void (*explain)(struct oops_report *r, struct oops_explanation *e);
} explainers[] = {
	{ "kasan", explain_object }, { "kfence", explain_object }, { "kmsan", explain_object }, { "slab-corruption", explain_object },
	{ "hung-task", explain_wait }, { "soft-lockup", explain_wait }, { "rcu-stall", explain_wait }, { "hard-lockup", explain_wait },
	{ "oom-kill", explain_oom }, { "suspicious-rcu", explain_lock }, { "lockdep", explain_lock },
};

void oops_explain(struct oops_report *r, struct oops_explanation *ret)
{
	*ret = (struct oops_explanation){ .meaning = r->kind->meaning, .look = r->kind->look };
	for (size_t i = 0; i < sizeof(explainers) / sizeof(explainers[0]); i++)
		if (is_kind(r, explainers[i].kind))
			explainers[i].explain(r, ret);
	look_at_address(r, ret);
	look_at_registers(r, ret);
	look_at_blame(r, ret);
	look_at_context(r, ret);
	look_at_taint(r, ret);
	if (r->corrupted != NULL)
		say(r, ret, "The report is damaged: %s. Trust names and addresses that it repeats, not their order.", r->corrupted);
}

void oops_explanation_deinit(struct oops_explanation *e)
{
	vec_deinit(&e->evidence);
}
