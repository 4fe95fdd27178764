// SPDX-License-Identifier: LGPL-2.1-or-later
/* Memory management: SLUB, bad pages, OOM, failed allocations.  Sources: mm/slub.c, mm/page_alloc.c,
 * mm/memory.c, mm/oom_kill.c. */
#include "oops/kind.h"

static const char *const page_machinery[] = { "free_page", "put_page", "get_page", "update_page", "release_page", "free_unref", "folio", "truncate_inode_pages",
	"page_frag_free", "alloc", "vmap", "page_owner", "bad_page", "get_page_from_freelist", NULL };
static const char *const free_machinery[] = { "bad_page", "free_page", "__free_pages", "free_unref", "free_pcp", "get_page_from", "__alloc_pages", "prep_new", "check_new", "page_frag",
	"put_page", "release_pages", "alloc_pages", "slab_out", "free_frozen", "__folio_put", "folio_put", "__put_", NULL };
static const char *const slub_machinery[] = { "object_err", "slab_", "check_", "free_debug", "alloc_debug", "kmem_cache", "kfree", "__slab", "___slab", "print_trailer", "free_to_partial", "on_freelist",
	"__kmem", "kmalloc", "__kmalloc", "__unfreeze", "free_partial", "validate_slab", "init_object", NULL };

static const struct oops_kind kinds[] = {
	{ .name = "slab-corruption", .unless = NAMES("kasan: bad access detected"), .start = "BUG {cache} ({_taint:any}): {what:any}", .title = "BUG: {what} in {function}", .where = { OOPS_WHERE_ALLOC, OOPS_WHERE_TRACE }, .needs = NAMES("BUG {cache} ({_taint:any}): {what:rest}"),
	  .flags = OOPS_LEADS, .severity = OOPS_BUG, .skip = slub_machinery,
	  .meaning = "SLUB's check of an object failed: it was written to after it was freed, beyond its end, or freed twice.", .look = "the object's last allocation and free in the report" },
	{ .name = "bad-page", .start = "BUG: Bad page state in process {_comm}", .body = NAMES("page dumped because: {reason:rest}"), .skip = page_machinery,
	  .title = "BUG: Bad page state in {function}", .where = { OOPS_WHERE_ALLOC, OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "A page was freed or allocated while its state says that it is still in use.", .look = "the reason why it was dumped, and page_owner's stacks if there" },
	{ .name = "bad-page", .start = "BUG: Bad page map", .title = "BUG: Bad page map in {function}", .skip = free_machinery, .where = { OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "A page table entry doesn't fit the page that it points to." },
	{ .name = "bad-page", .start = "BUG: Bad rss-counter state", .flags = OOPS_NO_TRACE, .title = "BUG: Bad rss-counter state", .severity = OOPS_BUG },
	{ .name = "bad-page", .start = "BUG: non-zero {what:any} on freeing mm", .flags = OOPS_NO_TRACE, .title = "BUG: non-zero {what} on freeing mm", .severity = OOPS_BUG },
	{ .name = "slab-corruption", .start = "INFO: {what:Freed|Allocated} in {func}", .flags = OOPS_DAMAGED, .title = "INFO: {what} in {function}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_TRACE }, .severity = OOPS_BUG },
	{ .name = "page-allocation-failure", .start = "page allocation failure: order:{order:num}, mode:{mode}", .body = NAMES("nodemask={nodemask}"), .title = "page allocation failure in {function}",
	  .where = { OOPS_WHERE_TRACE }, .skip = free_machinery, .severity = OOPS_WARNING,
	  .meaning = "The kernel found no free memory of that size at once; the caller has to cope.", .look = "the order: above 3, memory is there but in pieces" },
	{ .name = "oom-kill", .start = "{killer:any} invoked oom-killer:", .body = NAMES("Killed process {victim_pid:num} ({victim:any})", "oom-kill:constraint={constraint:any},", "Memory cgroup out of memory", "task_memcg={memcg:any},", "order={order:num}"),
	  .title = "out of memory: {victim} killed", .severity = OOPS_BUG, .meaning = "No memory could be freed any more, so the kernel killed the process that it thought most worth it.",
	  .look = "the table of tasks: who holds the memory (not always the one that was killed)" },
	{ .name = "oom-kill", .start = "Out of memory: Kill{_ed:ed|} process {victim_pid:num} ({victim:any})", .flags = OOPS_ONE_LINE, .title = "out of memory: {victim} killed", .severity = OOPS_BUG,
	  .meaning = "No memory could be freed any more, so the kernel killed the process that it thought most worth it." },
	{ .name = NULL },
};

const struct oops_family oops_family_memory = { "memory", kinds };
