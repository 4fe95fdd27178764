// SPDX-License-Identifier: LGPL-2.1-or-later
/* KASAN, KFENCE, KMSAN, KCSAN, UBSAN and kmemleak.  Sources: mm/kasan/report.c, mm/kfence/report.c,
 * mm/kmsan/report.c, kernel/kcsan/report.c, lib/ubsan.c, mm/kmemleak.c. */
#include "oops/kind.h"
#include "oops/parse.h"

#include <string.h>

#define KASAN_BODY NAMES( \
	"{access:Read|Write} of size {size:num} at addr {addr:hex} by task ", \
	"The buggy address belongs to the object at {object:hex}", \
	"which belongs to the cache {cache} of size {object_size:num}", \
	"The buggy address is located {place:rest}", \
	"^The buggy address is located {place:rest}", \
	"The buggy address belongs to the variable:", \
	"The buggy address belongs to the virtual mapping at", \
	"Pointer tag: [{pointer_tag}], memory tag: [{memory_tag}]")

/* The second is 5.11's and 5.12's, whose line goes on with "allocated by task 507:". */
#define KFENCE_OBJECTS "kfence-#{object:num}: 0x{_a:hex}-0x{_b:hex}, size={object_size:num}, cache={cache}", \
	"kfence-#{object:num} [0x{_a:hex}-0x{_b:hex}, size={object_size:num}, cache={cache:any}] "

#define KASAN_MEANING "The kernel touched memory that it must not touch; KASAN caught it at the access, before it could do damage elsewhere."

static const char *const allocators[] = { "kmem_", "slab_", "kfree", "vunmap", "vfree", "mempool_", "kasan", "free_", NULL };
static const char *const tag_machinery[] = { "kernel_fault", "tag_check", "mem_abort", "^el1_", "^el1h_", NULL };
static const char *const kmsan_machinery[] = { "alloc_skb", "netlink_ack", "netlink_rcv_skb", "_encrypt$", "^crypto_", "^cipher_", "^drbg_", "^rng_", "^aes_", "^aesti_", "^xts_", "^cbc_", "^ctr_", "^ecb_", "^gcm_", "^skcipher_", "^shash_", "^ahash_", NULL };
static const char *const leak_machinery[] = { "kmemleak", "kmalloc", "kcalloc", "kzalloc", "krealloc", "vmalloc", "vzalloc", "mmap", "kmem",
	"slab", "alloc", "create_object", "idr_get", "list_lru_init", "kasprintf", "kvasprintf", "pcpu_create", "strdup", "strndup", "memdup",
	"__kthread_create", "sk_prot", "skb_clone", NULL };
static const char *const kcsan_machinery[] = { "kcsan", "__tsan", NULL };
static const char *const ubsan_machinery[] = { "ubsan", "overflow", "val_to_string", NULL };
static const char *const usb_machinery[] = { "alloc_skb", "usb_submit_urb", "usb_start_wait_urb", "usb_bulk_msg", "usb_interrupt_msg", "usb_control_msg", NULL };

/* What it was stands below the headline: "shift exponent 33 is too large for 32-bit type 'int'". */
static void second_line(struct oops_report *r)
{
	struct oops_lines lines = oops_lines_of(r);
	const char *line;
	size_t length;

	if (oops_lines_next(&lines, &line, &length) && oops_lines_next(&lines, &line, &length) && length > 8 && length < 300 && strncmp(line, "CPU: ", 5) != 0)
		oops_detail_add(r, "what", line, length);
}

static const struct oops_kind kinds[] = {
	{ .name = "kasan", .start = "BUG: KASAN: double-free or invalid-free in {func}",
	  .title = "KASAN: invalid-free in {function}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_TRACE }, .skip = allocators,
	  .body = KASAN_BODY, .severity = OOPS_BUG,
	  .meaning = "Memory was freed that is not an allocated object, or was freed already.",
	  .look = "the two free stacks: who owns the object between them?" },
	{ .name = "kasan", .start = "BUG: KASAN: {bug:double-free|invalid-free} in {func}",
	  .title = "KASAN: {bug} in {function}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_TRACE }, .skip = allocators,
	  .body = KASAN_BODY, .severity = OOPS_BUG,
	  .meaning = "Memory was freed that is not an allocated object, or was freed already.",
	  .look = "the two free stacks: who owns the object between them?" },
	{ .name = "kasan", .start = "BUG: KASAN: {_sure:probably |maybe |}{bug} in {func}",
	  .needs = NAMES("{access:Read|Write} of size {size:num}"), .body = KASAN_BODY,
	  .title = "KASAN: {bug} {access} in {function}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = KASAN_MEANING, .look = "the access, then the allocation and free stacks: who still held the pointer?" },
	{ .name = "kasan", .start = "BUG: KASAN: {_sure:probably |maybe |}{bug} in {func}",
	  .needs = NAMES("{access:Read|Write} at addr {addr:hex}"), .body = KASAN_BODY, .skip = tag_machinery,
	  .title = "KASAN: {bug} {access} in {function}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = KASAN_MEANING, .look = "the access, then the allocation and free stacks: who still held the pointer?" },
	{ .name = "kasan", .start = "BUG: KASAN: {bug} on address",
	  .needs = NAMES("{access:Read|Write} of size {size:num}"), .body = KASAN_BODY,
	  .title = "KASAN: {bug} {access} in {function}", .where = { OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = KASAN_MEANING, .look = "the access, then the allocation and free stacks" },
	{ .name = "kasan", .start = "BUG: KASAN: {_sure:probably |maybe |}{bug} in {func}", .body = KASAN_BODY, .flags = OOPS_DAMAGED,
	  .title = "KASAN: {bug} in {func}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = KASAN_MEANING },
	{ .name = "kasan", .start = "BUG: KASAN: {bug}", .flags = OOPS_DAMAGED,
	  .title = "KASAN: {bug}", .severity = OOPS_BUG, .meaning = KASAN_MEANING },

	{ .name = "kfence", .start = "BUG: KFENCE: {bug:use-after-free read|use-after-free write|out-of-bounds read|out-of-bounds write|invalid read|invalid write|use-after-free|out-of-bounds} in {func}",
	  .body = NAMES("at 0x{addr:hex} ({place:rest}", KFENCE_OBJECTS),
	  .title = "KFENCE: {bug} in {function}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "KFENCE samples allocations and guards them with pages that fault: this access hit such a guard, so it is real, and there will be more of them unseen.",
	  .look = "the access, then where the object was allocated and freed" },
	{ .name = "kfence", .start = "BUG: KFENCE: {bug:invalid free} in {func}",
	  .body = NAMES(KFENCE_OBJECTS),
	  .title = "KFENCE: {bug} in {function}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_TRACE }, .skip = allocators, .severity = OOPS_BUG,
	  .meaning = "Memory was freed that was freed already, or a pointer was freed that isn't the beginning of an object.",
	  .look = "the two free stacks: who owns the object between them?" },
	{ .name = "kfence", .start = "BUG: KFENCE: {bug:memory corruption} in {func}",
	  .body = NAMES(KFENCE_OBJECTS),
	  .title = "KFENCE: {bug} in {function}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_TRACE }, .skip = allocators, .severity = OOPS_BUG,
	  .meaning = "The bytes around an object were changed; found when it was freed, so the write came before.",
	  .look = "who used the object between its allocation and this free" },
	{ .name = "kfence", .start = "BUG: KFENCE: {bug:any} in {func}", .flags = OOPS_DAMAGED,
	  .title = "KFENCE: {bug} in {function}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_TRACE }, .severity = OOPS_BUG },

	{ .name = "kmsan", .start = "BUG: KMSAN: {bug:kernel-usb-infoleak} in {func}", .skip = usb_machinery,
	  .body = NAMES("Bytes {bytes} of {length:num} are uninitialized", "Byte {bytes:num} of {length:num} is uninitialized", "Memory access of size {size:num} starts at {addr:hex}"),
	  .title = "KMSAN: {bug} in {function}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "Bytes that nobody ever set were handed to a USB device.", .look = "where the memory was created, and which fields were not set" },
	{ .name = "kmsan", .start = "BUG: KMSAN: {bug} in {func}", .skip = kmsan_machinery,
	  .body = NAMES("Bytes {bytes} of {length:num} are uninitialized", "Byte {bytes:num} of {length:num} is uninitialized", "Memory access of size {size:num} starts at {addr:hex}"),
	  .title = "KMSAN: {bug} in {function}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "A value that nobody ever set decided something or left the kernel.", .look = "where the memory was created, and which fields were not set" },
	{ .name = "kmsan", .start = "BUG: KMSAN: {bug}", .flags = OOPS_DAMAGED, .title = "KMSAN: {bug} in {function}", .where = { OOPS_WHERE_TRACE }, .severity = OOPS_BUG },

	{ .name = "kcsan", .start = "BUG: KCSAN: {bug:data-race|assert: race} in {func} / {func2:func}", .flags = OOPS_NO_TRACE,
	  .body = NAMES("{access:read|write|read (marked)|write (marked)|read-write} to 0x{addr:hex} of {size:num} bytes by {by:rest}", "value changed: {change:rest}"),
	  .title = "KCSAN: {bug} in {func} / {func2}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_TRACE }, .skip = kcsan_machinery, .severity = OOPS_WARNING,
	  .meaning = "Two CPUs used the same memory at the same time without a lock, and at least one of them wrote.",
	  .look = "which lock protects the memory, or whether READ_ONCE()/WRITE_ONCE() is what is meant" },
	{ .name = "kcsan", .start = "BUG: KCSAN: {bug:data-race|assert: race} in {func}", .flags = OOPS_NO_TRACE,
	  .body = NAMES("{access:read|write|read (marked)|write (marked)|read-write} to 0x{addr:hex} of {size:num} bytes by {by:rest}", "value changed: {change:rest}"),
	  .title = "KCSAN: {bug} in {func}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_TRACE }, .skip = kcsan_machinery, .severity = OOPS_WARNING,
	  .meaning = "Two CPUs used the same memory at the same time without a lock, and at least one of them wrote.",
	  .look = "which lock protects the memory, or whether READ_ONCE()/WRITE_ONCE() is what is meant" },
	{ .name = "kcsan", .start = "BUG: KCSAN: {bug:rest}", .flags = OOPS_NO_TRACE, .title = "KCSAN: {bug}", .severity = OOPS_WARNING,
	  .meaning = "Two CPUs used the same memory at the same time without a lock, and at least one of them wrote." },

	{ .name = "ubsan", .start = "UBSAN: Undefined behaviour in {place}", .finish = second_line, .skip = ubsan_machinery,
	  .title = "UBSAN: undefined-behaviour in {function}", .where = { OOPS_WHERE_TRACE }, .severity = OOPS_WARNING,
	  .meaning = "The C language does not say what this operation does with these values, so the compiler may assume that it never happens.",
	  .look = "the place in the headline: where do the values come from?" },
	{ .name = "ubsan", .start = "UBSAN: {bug} in {place}", .finish = second_line, .skip = ubsan_machinery,
	  .title = "UBSAN: {bug} in {function}", .where = { OOPS_WHERE_TRACE }, .severity = OOPS_WARNING,
	  .meaning = "The C language does not say what this operation does with these values, so the compiler may assume that it never happens.",
	  .look = "the place in the headline: where do the values come from?" },

	{ .name = "memory-leak", .start = "BUG: memory leak", .skip = leak_machinery,
	  .body = NAMES("unreferenced object 0x{addr:hex} (size {size:num}):", "comm \"{leaker:any}\", pid {leaker_pid:num}", "age {age}s"),
	  .title = "memory leak in {function}", .where = { OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "No pointer to this object is left anywhere that kmemleak looks: it can never be freed.",
	  .look = "who should have freed what this stack allocated; an error path is the usual place" },
	{ .name = "memory-leak", .start = "^unreferenced object 0x{addr:hex} (size {size:num}):", .skip = leak_machinery,
	  .body = NAMES("comm \"{leaker:any}\", pid {leaker_pid:num}", "age {age}s"),
	  .title = "memory leak in {function}", .where = { OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "No pointer to this object is left anywhere that kmemleak looks: it can never be freed.",
	  .look = "who should have freed what this stack allocated; an error path is the usual place" },
	{ .name = "memory-leak", .start = "kmemleak: {count:num} new suspected memory leaks", .title = "kmemleak suspects leaks", .flags = OOPS_ONE_LINE | OOPS_NOTE, .severity = OOPS_WARNING,
	  .meaning = "kmemleak found objects to which no pointer is left.", .look = "cat /sys/kernel/debug/kmemleak | sonde oops -" },
	{ .name = NULL },
};

const struct oops_family oops_family_sanitizer = { "sanitizer", kinds };
