// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Evidence: each check looks at one thing and adds a sentence, or nothing.  Checks that
 * fit every kind come first (addresses, taint, context), then those of a kind.
 */
#include "oops/explain.h"

#include "base/str.h"
#include "oops/evidence.h"
#include "oops/kind.h"
#include "oops/match.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL_OFFSET = 0x10000, PAGE_BYTES = 4096 };

void oops_explanation_add(struct oops_report *r, struct oops_explanation *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vec_push(&e->evidence, arena_vprintf(&r->arena, fmt, ap));
	va_end(ap);
}
#define say oops_explanation_add

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
	{ 0xdead000000000100, ~0xffull, "list poison (LIST_POISON1, in entry->next) or shortly behind it: an entry that was taken off its list (list_del) is used again" },
	{ 0xdead000000000122, ~0ull, "list poison (LIST_POISON2, in entry->prev): an entry that was taken off its list (list_del) is taken off again" },
	{ 0xdead000000000200, ~0x3ffull, "list poison or shortly behind it (older kernels: LIST_POISON2): an entry that was taken off its list is used again" },
	{ 0xdead000000000000, ~0xffffull, "near list poison or a poisoned pointer of the kernel (0xdead...): something that was torn down is used again" },
	{ 0x6b6b6b6b6b6b6b6b, 0xffffffffffff0000, "slab poison 0x6b: memory that was freed is used" },
	{ 0x6b6b6b6b6b6b6b00, ~0xffull, "slab poison 0x6b: memory that was freed is used" },
	{ 0x6b6b6b6b00000000, 0xffffffff00000000, "slab poison 0x6b: memory that was freed is used" },
	{ 0x5a5a5a5a5a5a5a00, ~0xffull, "slab poison 0x5a: memory that was allocated and never set is used" },
	{ 0xcccccccccccccc00, ~0xffull, "page poison 0xcc: freed init memory is used" },
	{ 0xaaaaaaaaaaaaaa00, ~0xffull, "page poison 0xaa: a freed page is used" },
	{ 0xbbbbbbbbbbbbbb00, ~0xffull, "slab redzone 0xbb: memory beyond an object was used" },
	{ 0xdead4ead00000000, 0xffffffff00000000, "the magic number of a spinlock: the pointer was read out of a lock, so the structure there is another than the code thinks, or was overwritten" },
	{ 0x4141414141410000, 0xffffffffffff0000, "text (AAAA...): memory was overwritten with data from outside" },
};

static const char *error_name(int error)
{
	return error > 0 ? strerrorname_np(error) : NULL;
}

const char *oops_address_meaning(struct oops_report *r, uint64_t address)
{
	if (address < PAGE_BYTES)
		return address == 0 ? "NULL" : arena_printf(&r->arena, "NULL plus 0x%" PRIx64 ": a field at that offset of a structure whose pointer is NULL", address);
	if (address < SMALL_OFFSET)
		return arena_printf(&r->arena, "0x%" PRIx64 ": near NULL, a large structure or an array element of a NULL pointer", address);
	if (address >= (uint64_t)-4095)
		return arena_printf(&r->arena, "the error code -%" PRIu64 "%s%s%s used as a pointer: a missing IS_ERR() check", (uint64_t)-address, error_name((int)-address) != NULL ? " (" : "",
				    error_name((int)-address) != NULL ? error_name((int)-address) : "", error_name((int)-address) != NULL ? ")" : "");
	for (size_t i = 0; i < sizeof(poisons) / sizeof(poisons[0]); i++)
		if ((address & poisons[i].mask) == (poisons[i].value & poisons[i].mask))
			return poisons[i].meaning;
	/* 32-bit machines have the same patterns in half the width: include/linux/poison.h without POISON_POINTER_DELTA. */
	if ((address & 0xffffff00) == address && (address == 0x6b6b6b00 || address == 0x5a5a5a00))
		return "slab poison: memory that was freed, or never set, is used";
	if (address >> 32 == 0 && (address & 0xffff0000) == 0x6b6b0000)
		return "slab poison 0x6b: memory that was freed is used";
	if (address >= 0xdffffc0000000000 && address < 0xdffffc0000001000)
		return "KASAN's shadow of an address near NULL: a NULL pointer plus a small offset was used";
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
	if (r->severity < OOPS_OOPS || (r->has_fault_address && oops_address_meaning(r, r->fault_address) != NULL))
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
		say(r, e, "It happened in an interrupt (%s): the task%s%s was only there at the time.", oops_context_name(r->context),
		    r->comm != NULL ? " " : "", r->comm != NULL ? r->comm : "");
}

static void look_at_blame(struct oops_report *r, struct oops_explanation *e)
{
	if (blamed(r) == NULL)
		return;
	if (r->blame->module != NULL)
		say(r, e, "%s, of the module %s, is the first function of the stack that isn't general machinery.", blamed(r), r->blame->module);
	else if (r->source_file != NULL && oops_source_is_of_blame(r))
		say(r, e, "%s (%s:%u) is the first function of the stack that isn't general machinery.", blamed(r), r->source_file, r->source_line);
	else if (r->source_file != NULL)
		say(r, e, "%s is the first function of the stack that isn't general machinery; %s:%u is where the check stands.", blamed(r), r->source_file, r->source_line);
	else
		say(r, e, "%s is the first function of the stack that isn't general machinery.", blamed(r));
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
	const char *allocated = oops_evidence_function(r, OOPS_TRACE_ALLOC), *freed = oops_evidence_function(r, OOPS_TRACE_FREE), *origin = oops_evidence_function(r, OOPS_TRACE_ORIGIN);

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
		    strstr(oops_detail(r, "what"), "edzone") != NULL || strstr(oops_detail(r, "what"), "adding") != NULL ? "the last time before" :
		    oops_evidence_is_free(r) ? "and freed again after that" :
		    blamed(r) != NULL && strcmp(freed, blamed(r)) == 0 ? "the function that used it again" :
		    "and used after that");
	if (freed != NULL && oops_trace_of(r, OOPS_TRACE_FREE)->task >= 0 && r->pid >= 0 && oops_trace_of(r, OOPS_TRACE_FREE)->task != r->pid)
		say(r, e, "Another task freed it: a missing reference, lock or cancellation between the two is likely.");
	if (*oops_detail(r, "bytes") != '\0')
		say(r, e, "%s %s%s%s %s never set.", strpbrk(oops_detail(r, "bytes"), "-,") != NULL ? "Bytes" : "Byte", oops_detail(r, "bytes"),
		    *oops_detail(r, "length") != '\0' ? " of " : "", oops_detail(r, "length"), strpbrk(oops_detail(r, "bytes"), "-,") != NULL ? "were" : "was");
	if (origin != NULL)
		say(r, e, "The memory was made in %s: what that function leaves unset, somebody used.", origin);
	oops_evidence_access(r, e);
}

/* "Showing all locks held": a lock that two tasks list is held by one and waited for by the other. */
static void tell_lock_owner(struct oops_report *r, struct oops_explanation *e, bool waits_for_lock)
{
	const char *me = arena_printf(&r->arena, "%s/%d", r->comm != NULL ? r->comm : "", r->pid);

	for (size_t i = 0; i < r->locks.n; i++) {
		const struct oops_lock *mine = &r->locks.v[i];

		if (mine->owner == NULL || strcmp(mine->owner, me) != 0)
			continue;
		for (size_t k = 0; k < r->locks.n; k++) {
			const struct oops_lock *other = &r->locks.v[k];

			if (other->owner == NULL || strcmp(other->name, mine->name) != 0 || strcmp(other->owner, me) == 0)
				continue;
			say(r, e, waits_for_lock ? "The lock %s is held by %s (taken in %s)." : "It holds the lock %s, for which %s waits (in %s).", mine->name, other->owner, other->function);
			return;
		}
	}
}

static void explain_wait(struct oops_report *r, struct oops_explanation *e)
{
	if (*oops_detail(r, "seconds") != '\0' && *oops_detail(r, "task") != '\0')
		say(r, e, "%s: %s seconds.", oops_detail(r, "task"), oops_detail(r, "seconds"));
	else if (*oops_detail(r, "seconds") != '\0')
		say(r, e, "For %s seconds already.", oops_detail(r, "seconds"));
	if (*oops_detail(r, "starved") != '\0')
		say(r, e, "RCU's own thread did not get a CPU for %s jiffies: the stall may only follow from that (a real-time task, an interrupt storm, a virtual machine that was not run).", oops_detail(r, "starved"));
	if (*oops_detail(r, "owner") != '\0')
		say(r, e, "The kernel says that the %s is likely held by the task %.*s: look at that one's stack.", oops_detail(r, "blocked_on"), (int)strcspn(oops_detail(r, "owner"), "."), oops_detail(r, "owner"));
	for (size_t i = 0; i < r->traces.n; i++)
		for (size_t k = 0; k < r->traces.v[i].frames.n; k++) {
			const char *f = r->traces.v[i].frames.v[k].function;

			if (f == NULL || r->traces.v[i].frames.v[k].unreliable)
				continue;
			if (strcmp(f, "mnt_want_write") == 0 || strstr(f, "sb_start_write") != NULL) {
				say(r, e, "It waits to write to a file system that is frozen (%s): a snapshot or fsfreeze that was not ended, or an unmount.", f);
				return;
			}
			if (strstr(f, "mutex_lock") != NULL || strstr(f, "rwsem_down") != NULL || strcmp(f, "rtnl_lock") == 0) {
				say(r, e, "It waits for a lock (%s): look for the task that holds it among the locks that the report lists, or in SysRq-t's output.", f);
				tell_lock_owner(r, e, true);
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
	tell_lock_owner(r, e, false);
}

/* --- memory ---------------------------------------------------------------------------------------- */

enum { TASKS_TOLD = 3 };

static long long number_of(const struct oops_report *r, const char *detail)
{
	return *oops_detail(r, detail) != '\0' ? strtoll(oops_detail(r, detail), NULL, 10) : -1;
}

/* 1234 KiB -> "1.2 MiB". */
static const char *size_text(struct oops_report *r, double kib)
{
	if (kib >= 1024 * 1024)
		return arena_printf(&r->arena, "%.1f GiB", kib / 1024 / 1024);
	return kib >= 1024 ? arena_printf(&r->arena, "%.1f MiB", kib / 1024) : arena_printf(&r->arena, "%.0f KiB", kib);
}

/* Bytes of a page: the victim's resident size is said in pages, in the table, and in KiB. */
static double page_kib(const struct oops_report *r)
{
	double kib = (double)number_of(r, "victim_anon_kib") + (double)number_of(r, "victim_file_kib");
	long long pid = number_of(r, "victim_pid");

	for (size_t i = 0; i < r->tasks.n && kib > 0; i++)
		if (r->tasks.v[i].pid == pid && r->tasks.v[i].rss_pages > 256 && kib / (double)r->tasks.v[i].rss_pages > 40)
			return 64;
	return 4;
}

static int by_memory(const void *a, const void *b)
{
	const struct oops_task *x = *(const struct oops_task *const *)a, *y = *(const struct oops_task *const *)b;
	int64_t of_x = x->rss_pages + x->swap_pages, of_y = y->rss_pages + y->swap_pages;

	return of_x > of_y ? -1 : of_x < of_y;
}

static void tell_biggest(struct oops_report *r, struct oops_explanation *e)
{
	VEC(const struct oops_task *) sorted = { 0 };
	int64_t all = 0;

	for (size_t i = 0; i < r->tasks.n; i++) {
		vec_push(&sorted, &r->tasks.v[i]);
		all += r->tasks.v[i].rss_pages;
	}
	if (sorted.n == 0)
		return;
	vec_sort(&sorted, by_memory);
	for (size_t i = 0; i < sorted.n && i < TASKS_TOLD && sorted.v[i]->rss_pages > 0; i++) {
		const struct oops_task *t = sorted.v[i];

		say(r, e, "%s: %s (pid %d) with %s resident%s%s%s%s.", i == 0 ? "Who held most memory" : "Then", t->comm, t->pid, size_text(r, (double)t->rss_pages * page_kib(r)),
		    t->swap_pages > 0 ? ", " : "", t->swap_pages > 0 ? size_text(r, (double)t->swap_pages * page_kib(r)) : "", t->swap_pages > 0 ? " swapped out" : "",
		    t->oom_score_adj == -1000 ? " (may not be killed: oom_score_adj -1000)" : t->pid == number_of(r, "victim_pid") ? " (this one was killed)" : "");
	}
	say(r, e, "%zu task%s listed, %s resident in all.", sorted.n, sorted.n == 1 ? " is" : "s are", size_text(r, (double)all * page_kib(r)));
	vec_deinit(&sorted);
}

/* Zones whose free memory is below what the kernel keeps for itself: "Node 0 DMA32 free:34564kB boost:0kB min:34600kB ...". */
static void tell_zones(struct oops_report *r, struct oops_explanation *e)
{
	const char *line = r->text, *end = r->text + r->text_length;
	size_t length;

	for (; line < end; line += length + 1) {
		struct oops_captures c = { .n = 0 };
		const char *newline = memchr(line, '\n', (size_t)(end - line));

		length = (size_t)((newline != NULL ? newline : end) - line);
		if (!oops_match("^Node {node:num} {zone} free:{free:num}kB {_boost:any}min:{min:num}kB", line, length, &c))
			continue;
		const struct oops_capture *zone = oops_captured(&c, "zone"), *node = oops_captured(&c, "node");
		double free_kib = strtod(oops_captured(&c, "free")->text, NULL), min_kib = strtod(oops_captured(&c, "min")->text, NULL);

		say(r, e, "Node %.*s, zone %.*s: %s free, and %s is the least that it keeps for the kernel's own needs%s.", (int)node->length, node->text, (int)zone->length, zone->text,
		    size_text(r, free_kib), size_text(r, min_kib), free_kib < min_kib ? ": it is used up" : "");
	}
}

static void explain_memory(struct oops_report *r, struct oops_explanation *e)
{
	tell_zones(r, e);
}

/* /proc/sysrq-trigger is written by a task, not by an interrupt: there are no registers to print. */
static void explain_registers(struct oops_report *r, struct oops_explanation *e)
{
	if (r->registers.n == 0 && r->pc.function == NULL)
		say(r, e, "None were printed: they are those that the key's interrupt saved, and /proc/sysrq-trigger is no key. Press it on the console, or send a serial break and p.");
	else if (r->pc.function != NULL)
		say(r, e, "The CPU was in %s.", r->pc.function);
}

static void tell_constraint(struct oops_report *r, struct oops_explanation *e)
{
	const char *constraint = oops_detail(r, "constraint"), *memcg = oops_detail(r, "memcg");

	if (strstr(constraint, "MEMCG") != NULL || (*constraint == '\0' && *memcg != '\0')) {
		say(r, e, "The limit of the memory cgroup %s was reached, not the machine's%s%s%s.", memcg, number_of(r, "memcg_limit_kib") > 0 ? ": it may use " : "",
		    number_of(r, "memcg_limit_kib") > 0 ? size_text(r, (double)number_of(r, "memcg_limit_kib")) : "", number_of(r, "memcg_swap_limit_kib") == 0 ? " and no swap" : "");
	} else if (strstr(constraint, "CPUSET") != NULL) {
		say(r, e, "The memory nodes (%s) that the cpuset %s may use were full, not all of the machine's.", oops_detail(r, "mems_allowed"), oops_detail(r, "cpuset"));
	} else if (strstr(constraint, "MEMORY_POLICY") != NULL) {
		say(r, e, "The memory nodes (%s) that the task's NUMA policy allows were full, not all of the machine's.", oops_detail(r, "nodemask"));
	} else if (*constraint != '\0' || r->tasks.n > 0) {
		say(r, e, "The machine itself was out of memory%s.", number_of(r, "swap_total_kib") == 0 ? "; it has no swap" :
		    number_of(r, "swap_free_kib") == 0 ? ", and its swap was full" : "");
	}
}

static void explain_oom(struct oops_report *r, struct oops_explanation *e)
{
	if (*oops_detail(r, "killer") != '\0')
		say(r, e, "%s asked for %lld page%s%s%s, which could not be had.", oops_detail(r, "killer"), 1ll << (number_of(r, "order") > 0 ? number_of(r, "order") & 31 : 0),
		    number_of(r, "order") > 0 ? "s in one piece" : "", *oops_detail(r, "gfp") != '\0' ? " with " : "", oops_detail(r, "gfp"));
	tell_constraint(r, e);
	if (*oops_detail(r, "memcg") == '\0')
		tell_zones(r, e);
	tell_biggest(r, e);
	if (*oops_detail(r, "victim_pid") != '\0')
		say(r, e, "%s (pid %s) was killed%s%s%s.", oops_detail(r, "victim"), oops_detail(r, "victim_pid"), number_of(r, "victim_anon_kib") > 0 ? "; it held " : "",
		    number_of(r, "victim_anon_kib") > 0 ? size_text(r, (double)number_of(r, "victim_anon_kib")) : "", number_of(r, "victim_anon_kib") > 0 ? " of its own" : "");
}

static void explain_allocation(struct oops_report *r, struct oops_explanation *e)
{
	long long order = number_of(r, "order");
	const char *mode = oops_detail(r, "mode");

	if (order >= 0 && order < 20)
		say(r, e, "It asked for %lld page%s%s (order %lld; %s where a page has 4 KiB).", 1ll << order, order == 0 ? "" : "s", order == 0 ? "" : " in one piece", order, size_text(r, (double)(4ll << order)));
	if (order > 3)
		say(r, e, "So large a piece is hard to have: memory is in pieces rather than used up. vmalloc() or smaller pieces are the cure in code; more vm.min_free_kbytes or compaction outside.");
	else if (strstr(mode, "GFP_ATOMIC") != NULL)
		say(r, e, "GFP_ATOMIC: it may not wait for memory to be freed; such failures are normal under pressure, and a driver has to drop and try again.");
	else if (strstr(mode, "GFP_NOWAIT") != NULL || strstr(mode, "__GFP_NORETRY") != NULL)
		say(r, e, "%s: the caller said that it would rather fail than wait.", strstr(mode, "GFP_NOWAIT") != NULL ? "GFP_NOWAIT" : "__GFP_NORETRY");
}

/* What the error code of a segfault line says (x86: as in arch/x86/include/asm/trap_pf.h). */
static void explain_segfault(struct oops_report *r, struct oops_explanation *e)
{
	long long error = number_of(r, "error");
	const char *address = oops_detail(r, "address");
	uint64_t at = *address != '\0' ? strtoull(address, NULL, 16) : UINT64_MAX;

	if (*address != '\0' && error >= 0)
		say(r, e, "%s 0x%s: %s.", error & 0x10 ? "It jumped to" : error & 2 ? "It wrote to" : "It read", address,
		    error & 1 ? "the page is there, but may not be used so (read-only, or not executable)" : "no memory is mapped there");
	if (at < PAGE_BYTES)
		say(r, e, "The address is %s.", oops_address_meaning(r, at));
	if (*oops_detail(r, "module") != '\0' && *oops_detail(r, "base") != '\0' && *oops_detail(r, "ip") != '\0')
		say(r, e, "It was in %s, 0x%" PRIx64 " behind the beginning of the mapping that the line names.", oops_detail(r, "module"),
		    (uint64_t)(strtoull(oops_detail(r, "ip"), NULL, 16) - strtoull(oops_detail(r, "base"), NULL, 16)));
}

static void explain_init(struct oops_report *r, struct oops_explanation *e)
{
	const char *code = oops_detail(r, "exitcode");
	unsigned value = (unsigned)strtoul(code, NULL, 16);

	if (*code == '\0')
		return;
	if ((value & 0x7f) != 0)
		say(r, e, "init was ended by signal %u (%s).", value & 0x7f, sigabbrev_np((int)(value & 0x7f)) != NULL ? sigabbrev_np((int)(value & 0x7f)) : "?");
	else
		say(r, e, "init itself ended, with the exit status %u.", value >> 8 & 0xff);
}

/* --- tasks ------------------------------------------------------------------------------------------------- */

static const char *waits_in(const struct oops_report *r, const struct oops_task *t)
{
	static const char *const waiting[] = { "sched", "__switch_to", "context_switch", "_lock", "wait", "_slowpath", "down_", "rwsem", "__mutex", "completion", "_timeout", NULL };

	for (size_t i = 0; t->trace >= 0 && i < r->traces.v[t->trace].frames.n; i++) {
		const char *f = r->traces.v[t->trace].frames.v[i].function;
		bool machinery = f == NULL || r->traces.v[t->trace].frames.v[i].unreliable;

		for (const char *const *w = waiting; !machinery && *w != NULL; w++)
			machinery = strstr(f, *w) != NULL;
		if (!machinery)
			return f;
	}
	return NULL;
}

static void explain_tasks(struct oops_report *r, struct oops_explanation *e)
{
	size_t blocked = 0, told = 0;

	for (size_t i = 0; i < r->tasks.n; i++)
		blocked += r->tasks.v[i].state == 'D';
	if (r->tasks.n == 0)
		say(r, e, is_kind(r, "sysrq-blocked") ? "No task is listed: none was blocked." : "No task is listed.");
	else
		say(r, e, "%zu task%s listed, %zu of them waiting uninterruptibly (D).", r->tasks.n, r->tasks.n == 1 ? " is" : "s are", blocked);
	for (size_t i = 0; i < r->tasks.n && told < 8; i++) {
		const char *f = r->tasks.v[i].state == 'D' ? waits_in(r, &r->tasks.v[i]) : NULL;

		if (f != NULL) {
			say(r, e, "%s (pid %d) waits in %s.", r->tasks.v[i].comm, r->tasks.v[i].pid, f);
			told++;
		}
	}
}

static void explain_lock(struct oops_report *r, struct oops_explanation *e)
{
	bool wants = strstr(r->text, "is trying to acquire") != NULL || strstr(r->text, "is trying to lock:") != NULL;

	if (r->locks.n > 0 && r->locks.v[0].depth < 0 && strstr(r->title, "held lock freed") != NULL)
		say(r, e, "The lock %s (taken in %s) is held, and it is part of the memory that was freed.", r->locks.v[0].name, r->locks.v[0].function);
	else if (r->locks.n > 1 && r->locks.v[0].depth < 0 && wants)
		say(r, e, "It wants %s (in %s) and holds %s (taken in %s).", r->locks.v[0].name, r->locks.v[0].function, r->locks.v[1].name, r->locks.v[1].function);
	if (*oops_detail(r, "lock") != '\0' && strstr(r->title, "unlock balance") != NULL)
		say(r, e, "The lock that it released: %s.", oops_detail(r, "lock"));
	oops_evidence_locks(r, e);
	if (*oops_detail(r, "what") != '\0')
		say(r, e, "The check: %.*s.", (int)strcspn(oops_detail(r, "what"), "!"), oops_detail(r, "what"));
}

/* --- a sentence or two each ------------------------------------------------------------------------------ */

static void explain_ubsan(struct oops_report *r, struct oops_explanation *e)
{
	if (*oops_detail(r, "what") != '\0')
		say(r, e, "The check's own words: \"%s\"", oops_detail(r, "what"));
}

static void explain_race(struct oops_report *r, struct oops_explanation *e)
{
	unsigned told = 0;

	for (size_t i = 0; i < r->traces.n && told < 2; i++)
		if (r->traces.v[i].frames.n > 0 && r->traces.v[i].frames.v[0].function != NULL) {
			size_t n = strlen(r->traces.v[i].title);

			say(r, e, "%.*s, in %s.", (int)(n > 0 && r->traces.v[i].title[n - 1] == ':' ? n - 1 : n), r->traces.v[i].title, r->traces.v[i].frames.v[0].function);
			told++;
		}
	if (*oops_detail(r, "change") != '\0')
		say(r, e, "The value changed meanwhile: %s.", oops_detail(r, "change"));
}

static void explain_atomic(struct oops_report *r, struct oops_explanation *e)
{
	if (strcmp(oops_detail(r, "irqs_disabled"), "1") == 0)
		say(r, e, "Interrupts were off when it was called.");
	else if (number_of(r, "in_atomic") > 0)
		say(r, e, "Preemption was off when it was called: a spinlock was held, or it was an interrupt.");
	for (size_t i = 0; i < r->traces.n; i++)
		if (strncmp(r->traces.v[i].title, "Preemption disabled at", 22) == 0 && r->traces.v[i].frames.n > 0 && r->traces.v[i].frames.v[0].function != NULL)
			say(r, e, "Preemption was switched off in %s.", r->traces.v[i].frames.v[0].function);
	for (size_t i = 0; i < r->locks.n && i < 3; i++)
		say(r, e, "It held the lock %s, taken in %s.", r->locks.v[i].name, r->locks.v[i].function);
}

static void explain_leak(struct oops_report *r, struct oops_explanation *e)
{
	if (*oops_detail(r, "size") != '\0')
		say(r, e, "%s bytes, allocated by %s (pid %s)%s%s%s.", oops_detail(r, "size"), *oops_detail(r, "leaker") != '\0' ? oops_detail(r, "leaker") : "?",
		    *oops_detail(r, "leaker_pid") != '\0' ? oops_detail(r, "leaker_pid") : "?", *oops_detail(r, "age") != '\0' ? ", " : "", oops_detail(r, "age"), *oops_detail(r, "age") != '\0' ? " s ago" : "");
}

static void explain_page(struct oops_report *r, struct oops_explanation *e)
{
	if (*oops_detail(r, "reason") != '\0')
		say(r, e, "The kernel's reason: %s.", oops_detail(r, "reason"));
	if (oops_evidence_function(r, OOPS_TRACE_ALLOC) != NULL)
		say(r, e, "The page was last allocated in %s.", oops_evidence_function(r, OOPS_TRACE_ALLOC));
	if (oops_evidence_function(r, OOPS_TRACE_FREE) != NULL)
		say(r, e, "Before that it had been freed in %s.", oops_evidence_function(r, OOPS_TRACE_FREE));
}

/* "KASAN: null-ptr-deref in range [0x28-0x2f]": the shadow's address translated back. */
static void explain_range(struct oops_report *r, struct oops_explanation *e)
{
	const char *kasan = oops_detail(r, "kasan");

	if (*kasan == '\0')
		return;
	uint64_t from = strtoull(oops_detail(r, "range_from"), NULL, 16);
	const char *meaning = oops_address_meaning(r, from);

	say(r, e, "KASAN knows the address that was meant, 0x%" PRIx64 " (%s)%s%s.", from, kasan, meaning != NULL ? ": " : "", meaning != NULL ? meaning : "");
	if (strstr(kasan, "null") != NULL)
		e->look = "which pointer at that line may be NULL, and who should have set it";
}

static void explain_division(struct oops_report *r, struct oops_explanation *e)
{
	(void)r;
	e->look = "the divisor: the register that the div instruction names, and where its value comes from (user space, a device, a counter that is still zero)";
}

static void explain_workqueue(struct oops_report *r, struct oops_explanation *e)
{
	if (*oops_detail(r, "seconds") != '\0')
		say(r, e, "For %s seconds already.", oops_detail(r, "seconds"));
	if (*oops_detail(r, "in_flight") != '\0')
		say(r, e, "In flight (worker's pid and function): %s.", oops_detail(r, "in_flight"));
}

static const struct {
	const char *kind;
	void (*explain)(struct oops_report *r, struct oops_explanation *e);
} explainers[] = {
	{ "kasan", explain_object }, { "kfence", explain_object }, { "kmsan", explain_object }, { "slab-corruption", explain_object },
	{ "hung-task", explain_wait }, { "soft-lockup", explain_wait }, { "rcu-stall", explain_wait }, { "hard-lockup", explain_wait },
	{ "oom-kill", explain_oom }, { "page-allocation-failure", explain_allocation }, { "page-allocation-stall", explain_allocation }, { "segfault", explain_segfault }, { "panic", explain_init },
	{ "ubsan", explain_ubsan }, { "kcsan", explain_race }, { "atomic-sleep", explain_atomic }, { "memory-leak", explain_leak }, { "bad-page", explain_page }, { "workqueue-lockup", explain_workqueue },
	{ "refcount", oops_evidence_count }, { "odebug", oops_evidence_object }, { "stack-overflow", oops_evidence_recursion }, { "leaked-lock", oops_evidence_locks },
	{ "list-corruption", oops_evidence_list }, { "warning", oops_evidence_list }, { "general-protection-fault", explain_range }, { "divide-error", explain_division },
	{ "sysrq-memory", explain_memory }, { "sysrq-registers", explain_registers },
	{ "sysrq-tasks", explain_tasks }, { "sysrq-blocked", explain_tasks }, { "suspicious-rcu", explain_lock }, { "lockdep", explain_lock },
};

/* The words of WARN() and its like: "refcount_t: underflow; use-after-free." */
static void say_message(struct oops_report *r, struct oops_explanation *e)
{
	size_t n = strcspn(r->message, "\n");

	if (n > 3)
		say(r, e, "The check's own words: \"%.*s\"", (int)(n < 200 ? n : 200), r->message);
}

/* The command that goes deeper. */
static const char *next_command(struct oops_report *r)
{
	static const struct { const char *kind, *command; } commands[] = {
		{ "hung-task", "echo w >/proc/sysrq-trigger; sonde oops -k sysrq-blocked    (who else waits, while it lasts)" },
		{ "soft-lockup", "echo l >/proc/sysrq-trigger; sonde oops -k sysrq-cpus    (where the CPUs are, while it lasts)" },
		{ "rcu-stall", "echo l >/proc/sysrq-trigger; sonde oops -k sysrq-cpus    (where the CPUs are, while it lasts)" },
		{ "oom-kill", "sonde oops --json LOG | jq '.reports[] | select(.kind == \"oom-kill\") | .tasks | sort_by(-.rss_pages) | .[:10]'" },
		{ "memory-leak", "echo scan >/sys/kernel/debug/kmemleak; cat /sys/kernel/debug/kmemleak" },
		{ "filesystem", "sonde dmesg --group fs" }, { "block", "sonde dmesg --group fs" },
	};

	if (blamed(r) != NULL && r->blame->file == NULL && r->blame->size != 0)
		return arena_printf(&r->arena, "sonde oops --vmlinux VMLINUX --modules DIR LOG    (files and lines; one place: sonde faddr2line %s%s %s+0x%" PRIx64 "/0x%" PRIx64 ")",
				    r->blame->module != NULL ? r->blame->module : "VMLINUX", r->blame->module != NULL ? ".ko" : "", blamed(r), r->blame->offset, r->blame->size);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (is_kind(r, commands[i].kind))
			return commands[i].command;
	return NULL;
}

/* Of kinds whose rows leave it out: where to look first. */
static const char *look_of(const struct oops_report *r)
{
	static const struct { const char *kind, *look; } looks[] = {
		{ "bug", "the condition on that line" },
		{ "usercopy", "the length that the blamed function copies, against the size of the object" },
		{ "busy-dentry", "who holds a name of that file system: a missing dput() or path_put()" },
		{ "paging-fault", "the instruction at the PC: which register holds the bad address?" },
		{ "null-dereference", "the instruction at the PC: which pointer, and who should have set it?" },
		{ "user-access", "where the pointer comes from: a __user pointer that nobody copied from or to" },
		{ "stack-overflow", "what repeats in the trace; large variables of the functions in it" },
		{ "double-fault", "how deep the stack is, and what repeats in it: mostly it overflowed" },
		{ "invalid-opcode", "the bytes at the PC: ud2 is a BUG() whose message is missing; else the jump that led there" },
		{ "internal-error", "the instruction at the PC, and what the words behind 'Internal error' say of it" },
		{ "oops", "the instruction at the PC and the registers that it uses" },
		{ "bus-error", "the device whose register was accessed: its clock and power at that moment" },
		{ "alignment", "the cast that made the pointer; get_unaligned() where it can't be aligned" },
		{ "hard-lockup", "who holds the lock that it waits for, or the loop with interrupts off" },
		{ "soft-lockup", "the loop below the interrupt in the trace" },
		{ "lockdep", "the paths through the blamed function: which one leaves a lock taken, frees it, or takes it twice?" },
		{ "suspicious-rcu", "a missing rcu_read_lock(), or a lock that the check should be told of" },
		{ "preemptible", "get_cpu() and put_cpu() around it, or raw_cpu_*() where being moved does no harm" },
		{ "atomic-sleep", "'Preemption disabled at' in the report, and the lock that is held there" },
		{ "leaked-lock", "the return paths of the work function: which one leaves the lock taken?" },
		{ "odebug", "who frees the object, and whether its timer or work is stopped first" },
		{ "kobject", "the order of init, add and put, on the error paths too" },
		{ "proc", "who registers the name a second time, or did not remove it" },
		{ "large-allocation", "where the size comes from: it needs a limit before the allocation" },
		{ "netdev-refcount", "a missing dev_put() where that kind of device is used; CONFIG_NET_DEV_REFCNT_TRACKER tells by whom" },
		{ "rust-panic", "the place in the headline" },
		{ "nmi-backtrace", "a CPU that is at the same place each time" },
	};

	for (size_t i = 0; r->kind->look == NULL && r->corrupted == NULL && i < sizeof(looks) / sizeof(looks[0]); i++)
		if (is_kind(r, looks[i].kind))
			return looks[i].look;
	return r->kind->look;
}

void oops_explain(struct oops_report *r, struct oops_explanation *ret)
{
	*ret = (struct oops_explanation){ .meaning = r->kind->meaning, .look = look_of(r), .next = next_command(r) };
	if (r->message != NULL)
		say_message(r, ret);
	for (size_t i = 0; i < sizeof(explainers) / sizeof(explainers[0]); i++)
		if (is_kind(r, explainers[i].kind))
			explainers[i].explain(r, ret);
	look_at_address(r, ret);
	oops_reason_explain(r, ret);
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
