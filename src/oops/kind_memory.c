// SPDX-License-Identifier: LGPL-2.1-or-later
/* Memory management: SLUB, bad pages, OOM, failed allocations.  Sources: mm/slub.c, mm/page_alloc.c,
 * mm/memory.c, mm/oom_kill.c. */
#include "oops/kind.h"

static const char *const page_machinery[] = { "free_page", "put_page", "get_page", "update_page", "release_page", "free_unref", "folio", "truncate_inode_pages",
	"page_frag_free", "free_hot_cold", "free_pcp", "free_frozen", "__free_pages", "lru_add", "compound_page", "alloc", "vmap", "page_owner", "bad_page", "get_page_from_freelist", NULL };
static const char *const free_machinery[] = { "bad_page", "free_page", "__free_pages", "free_unref", "free_hot_cold", "free_pcp", "get_page_from", "__alloc_pages", "prep_new", "check_new", "page_frag",
	"put_page", "release_pages", "alloc_pages", "slab_out", "free_frozen", "__folio_put", "folio_put", "__put_", NULL };
static const char *const slub_machinery[] = { "object_err", "slab_", "check_", "free_debug", "alloc_debug", "kmem_cache", "kfree", "__slab", "___slab", "print_trailer", "free_to_partial", "on_freelist",
	"__kmem", "kmalloc", "__kmalloc", "__unfreeze", "free_partial", "validate_slab", "init_object", NULL };

static const char *const vmalloc_machinery[] = { "warn_alloc", "vmalloc", "vzalloc", "kvmalloc", "module_alloc", "kcalloc", "kmalloc", NULL };

#define ALLOCATION_FAILED .title = "page allocation failure in {function}", .where = { OOPS_WHERE_TRACE }, .skip = free_machinery, .severity = OOPS_WARNING, \
	.meaning = "The kernel found no free memory of that size at once; the caller has to cope.", .look = "the order: above 3, memory is there but in pieces"
#define OOM_MEANING "No memory could be freed any more, so the kernel killed the process that it thought most worth it."
#define OOM_LOOK "the table of tasks: who holds the memory (not always the one that was killed), and whether a limit was reached or the machine's memory"
#define OOM .body = NAMES("Killed process {victim_pid:num} ({victim:any})", "Killed process {_pid:num} ({_victim:any}) total-vm:{_vm:num}kB, anon-rss:{victim_anon_kib:num}kB, file-rss:{victim_file_kib:num}kB", \
		"Kill process {victim_pid:num} ({victim:any})", "oom-kill:constraint={constraint:any},nodemask={nodemask:any},cpuset={cpuset:any},mems_allowed={mems_allowed:any},", \
		"oom_memcg={memcg:any},task_memcg={task_memcg:any},task=", "global_oom,task_memcg={task_memcg:any},task=", "Task in {task_memcg} killed as a result of limit of {memcg}", \
		"memory: usage {memcg_usage_kib:num}kB, limit {memcg_limit_kib:num}kB, failcnt {memcg_failures:num}", "swap: usage {memcg_swap_kib:num}kB, limit {memcg_swap_limit_kib:num}kB", \
		"Free swap = {swap_free_kib:num}kB", "Total swap = {swap_total_kib:num}kB", "{pages:num} pages RAM", "slab_unreclaimable:{slab_unreclaimable_pages:num}", " shmem:{shmem_pages:num}"), \
	.finish = name_victim, .title = "out of memory {scope}: {victim} killed", .severity = OOPS_BUG, .meaning = OOM_MEANING, .look = OOM_LOOK

/* A cgroup that reached its limit is another trouble than a machine without memory, so the title says which; who was
 * killed may not be said, where the log ends before. */
static void name_victim(struct oops_report *r)
{
	if (*oops_detail(r, "memcg") != '\0')
		oops_detail_add(r, "scope", "in a cgroup", 11);
	if (*oops_detail(r, "victim") == '\0')
		oops_detail_add(r, "victim", "a process", 9);
}

/* What the line says tells what happened. */
#define SLUB_ROW(what_, meaning_, look_) \
	{ .name = "slab-corruption", .unless = NAMES("kasan: bad access detected"), .start = "BUG {cache} ({_taint:any}): " what_, .title = "BUG: {what} in {function}", .where = { OOPS_WHERE_ALLOC, OOPS_WHERE_TRACE }, \
	  .needs = NAMES("BUG {cache} ({_taint:any}): {what:rest}"), .flags = OOPS_LEADS, .severity = OOPS_BUG, .skip = slub_machinery, .meaning = meaning_, .look = look_ }

static const struct oops_kind kinds[] = {
	{ .name = "slab-corruption", .start = "BUG {cache} ({_taint:any}): Objects remaining ", .title = "BUG: Objects remaining in {function}", .where = { OOPS_WHERE_TRACE }, .needs = NAMES("Objects remaining "),
	  .flags = OOPS_LEADS, .severity = OOPS_BUG, .skip = slub_machinery,
	  .meaning = "A cache was destroyed while objects of it are still allocated.", .look = "who allocates from that cache and does not free" },
	SLUB_ROW("{_side:Right Redzone|Redzone} overwritten", "Somebody wrote beyond the end of an object, over the bytes that SLUB keeps behind it.", "who writes into the object, and with which length"),
	SLUB_ROW("Left Redzone overwritten", "Somebody wrote before the beginning of an object (or beyond the end of the one in front of it), over the bytes that SLUB keeps there.", "who writes into this object and its neighbour, and with which index"),
	SLUB_ROW("Poison overwritten", "Somebody wrote to an object after it was freed.", "the object's last free in the report: who still held a pointer to it?"),
	SLUB_ROW("Object already free", "An object was freed twice.", "the object's last free in the report, and this one"),
	{ .name = "slab-corruption", .unless = NAMES("kasan: bad access detected"), .start = "BUG {cache} ({_taint:any}): {what:any}", .title = "BUG: {what} in {function}", .where = { OOPS_WHERE_ALLOC, OOPS_WHERE_TRACE }, .needs = NAMES("BUG {cache} ({_taint:any}): {what:rest}"),
	  .flags = OOPS_LEADS, .severity = OOPS_BUG, .skip = slub_machinery,
	  .meaning = "SLUB's check of an object failed: it was written to after it was freed, beyond its end, or freed twice.", .look = "the object's last allocation and free in the report" },
	{ .name = "bad-page", .start = "BUG: Bad page state in process {_comm}", .body = NAMES("page dumped because: {reason:rest}"), .skip = page_machinery,
	  .title = "BUG: Bad page state in {function}", .where = { OOPS_WHERE_ALLOC, OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "A page was freed or allocated while its state says that it is still in use.", .look = "the reason why it was dumped, and page_owner's stacks if there" },
	{ .name = "bad-page", .start = "BUG: Bad page map", .title = "BUG: Bad page map", .skip = free_machinery, .where = { OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "A page table entry doesn't fit the page that it points to." },
	{ .name = "bad-page", .start = "BUG: Bad page cache in process", .title = "BUG: Bad page cache in {function}", .skip = free_machinery, .where = { OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "A page of a file is still mapped by a process while it is taken out of the page cache." },
	{ .name = "bad-page", .start = "BUG: Bad rss-counter state", .flags = OOPS_NO_TRACE, .title = "BUG: Bad rss-counter state", .severity = OOPS_BUG,
	  .meaning = "A process ended, and its count of pages is not zero: a page table was changed without being counted." },
	{ .name = "bad-page", .start = "BUG: non-zero {what:any} on freeing mm", .flags = OOPS_NO_TRACE, .title = "BUG: non-zero {what} on freeing mm", .severity = OOPS_BUG,
	  .meaning = "A process ended, and not all of its page tables were freed." },
	{ .name = "slab-corruption", .start = "INFO: {what:Freed|Allocated} in {func}", .flags = OOPS_DAMAGED, .title = "INFO: {what} in {function}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_TRACE }, .severity = OOPS_BUG },
	{ .name = "slab-corruption", .start = "slab error in {func}(): cache `{cache:any}': {what:rest}", .title = "slab error: {what} in {function}", .where = { OOPS_WHERE_TRACE }, .skip = slub_machinery, .severity = OOPS_BUG,
	  .meaning = "The allocator's check of a cache failed." },
	{ .name = "slab-corruption", .start = "kmem_cache_destroy {cache}: Slab cache still has objects", .title = "kmem_cache_destroy: objects remain in {function}", .where = { OOPS_WHERE_TRACE }, .skip = slub_machinery, .severity = OOPS_BUG,
	  .meaning = "A cache was destroyed while objects of it are still allocated.", .look = "who allocates from that cache and does not free" },
	{ .name = "slab-corruption", .start = "kmem_cache_destroy({cache:any}): {what:rest}", .title = "kmem_cache_destroy: {what} in {function}", .where = { OOPS_WHERE_TRACE }, .skip = slub_machinery, .severity = OOPS_BUG,
	  .meaning = "A cache was destroyed while objects of it are still allocated.", .look = "who allocates from that cache and does not free" },
	{ .name = "page-allocation-failure", .start = "{_comm:any}: page allocation failure: order:{order:num}, mode:{mode:any}, nodemask={nodemask}", ALLOCATION_FAILED },
	{ .name = "page-allocation-failure", .start = "page allocation failure: order:{order:num}, mode:{mode:any}, nodemask={nodemask}", ALLOCATION_FAILED },
	{ .name = "page-allocation-failure", .start = "page allocation failure{_colon::|.} order:{order:num}, mode:{mode}", ALLOCATION_FAILED },
	{ .name = "page-allocation-stall", .start = "page allocation stalls for {milliseconds:num}ms, order:{order:num}", .title = "page allocation stalls in {function}", .where = { OOPS_WHERE_TRACE }, .skip = free_machinery, .severity = OOPS_WARNING,
	  .meaning = "An allocation waits long for memory: reclaim finds nothing to free, or writing it out is slow.", .look = "the zones' free pages against their min, and what the disks do" },
	{ .name = "vmalloc-failure", .start = "{_of:vmalloc error|vmalloc: allocation failure}: {what:rest}", .title = "vmalloc failure in {function}", .where = { OOPS_WHERE_TRACE }, .skip = vmalloc_machinery, .severity = OOPS_WARNING, .flags = OOPS_FOLLOWS, .unless = NAMES("BUG:", "WARNING:"),
	  .meaning = "The kernel found no memory or no addresses for a large buffer; the caller has to cope.", .look = "the size: does it come from outside, unchecked?" },
	{ .name = "vmalloc-failure", .start = "vmap allocation for size {size:num} failed", .title = "vmap allocation failed", .severity = OOPS_WARNING, .flags = OOPS_NOTE | OOPS_ONE_LINE,
	  .meaning = "The kernel found no addresses for a large buffer; the caller has to cope.", .look = "/proc/vmallocinfo: who holds them; vmalloc= on the command line (32 bit)" },
	{ .name = "slab-allocation-failure", .start = "SLUB: Unable to allocate memory on node", .title = "SLUB could not allocate", .severity = OOPS_WARNING, .flags = OOPS_NO_TRACE | OOPS_NOTE | OOPS_ONE_LINE,
	  .meaning = "A cache of kernel objects could not grow; the caller has to cope." },
	{ .name = "oom-kill", .start = "{killer:any} invoked oom-killer: gfp_mask={_mask:any}({gfp:any}), {_node:any}order={order:num}, oom_score_adj={_adj}", OOM },
	{ .name = "oom-kill", .start = "{killer:any} invoked oom-killer:", OOM },
	{ .name = "oom-kill", .start = "Out of memory and no killable processes", .title = "out of memory: nothing to kill", .flags = OOPS_NO_TRACE | OOPS_FOLLOWS, .severity = OOPS_BUG, .meaning = "No memory could be freed any more, and no process is left that may be killed for it.",
	  .look = "what holds the memory if not processes: slab_unreclaimable, shmem (tmpfs), hugepages in the memory table" },
	{ .name = "oom-kill", .start = "{_cgroup:Memory cgroup o|O}ut of memory{_of: (oom_kill_allocating_task)|}: Kill{_ed:ed|} process {victim_pid:num} ({victim:any})", .flags = OOPS_ONE_LINE | OOPS_FOLLOWS, .title = "out of memory: {victim} killed", .severity = OOPS_BUG,
	  .meaning = OOM_MEANING, .look = OOM_LOOK },
	{ .name = NULL },
};

const struct oops_family oops_family_memory = { "memory", kinds };
