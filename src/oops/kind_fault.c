// SPDX-License-Identifier: LGPL-2.1-or-later
/* Exceptions in the kernel: paging faults, general protection, divide error, double fault ... of all
 * architectures.  Sources: arch/ * /mm/fault.c, arch/ * /kernel/traps.c. */
#include "oops/kind.h"

#define PC_THEN_TRACE { OOPS_WHERE_PC, OOPS_WHERE_TRACE }
#define NULL_MEANING "The kernel followed a pointer that is NULL (or NULL plus the offset of a field)."
#define PAGE_MEANING "The kernel touched an address where no memory is mapped: a pointer that was overwritten, freed or never set."
#define READ_ONLY_MEANING "The kernel wrote to memory that is mapped, but read-only: its own code or constants, or data that was sealed after boot (__ro_after_init)."
#define READ_ONLY_LOOK "what the pointer points to: the name of that constant, or a pointer that was overwritten"

/* mips and loongarch have one headline for all addresses. */
static const struct oops_kind null_at_address = {
	.name = "null-dereference", .start = "nable to handle kernel paging request", .title = "BUG: unable to handle kernel NULL pointer dereference in {function}",
	.where = PC_THEN_TRACE, .severity = OOPS_OOPS, .meaning = NULL_MEANING, .look = "the instruction at the PC: which pointer, and who should have set it?"
};

static void tell_null(struct oops_report *r)
{
	enum { PAGE_BYTES = 4096 };

	if (r->has_fault_address && r->fault_address < PAGE_BYTES)
		r->kind = &null_at_address;
}

static const struct oops_kind kinds[] = {
	{ .name = "null-dereference", .start = "BUG: {_unable:unable to handle |}{_k:kernel|Kernel} NULL pointer dereference", .title = "BUG: unable to handle kernel NULL pointer dereference in {function}",
	  .where = PC_THEN_TRACE, .severity = OOPS_OOPS, .meaning = NULL_MEANING, .look = "the instruction at the PC: which pointer, and who should have set it?" },
	{ .name = "null-dereference", .start = "BUG: kernel NULL pointer dereference", .title = "BUG: unable to handle kernel NULL pointer dereference in {function}",
	  .where = PC_THEN_TRACE, .severity = OOPS_OOPS, .meaning = NULL_MEANING, .look = "the instruction at the PC: which pointer, and who should have set it?" },
	{ .name = "null-dereference", .start = "BUG: Kernel NULL pointer dereference", .title = "BUG: unable to handle kernel NULL pointer dereference in {function}",
	  .where = PC_THEN_TRACE, .severity = OOPS_OOPS, .meaning = NULL_MEANING },
	{ .name = "null-dereference", .start = "Unable to handle kernel NULL pointer dereference", .title = "BUG: unable to handle kernel NULL pointer dereference in {function}",
	  .where = PC_THEN_TRACE, .severity = OOPS_OOPS, .meaning = NULL_MEANING, .look = "the instruction at the PC: which pointer, and who should have set it?" },
	{ .name = "user-access", .start = "nable to handle kernel access to user memory", .title = "BUG: unable to handle kernel access to user memory in {function}",
	  .where = PC_THEN_TRACE, .severity = OOPS_OOPS, .meaning = "The kernel used an address of user space directly instead of through copy_from_user() and its like." },
	{ .name = "user-access", .start = "BUG: unable to handle kernel access to user memory", .title = "BUG: unable to handle kernel access to user memory in {function}",
	  .where = PC_THEN_TRACE, .severity = OOPS_OOPS,
	  .meaning = "The kernel used an address of user space directly instead of through copy_from_user() and its like." },
	/* SMAP: the page is there, and it is user space's. */
	{ .name = "user-access", .start = "BUG: unable to handle page fault for address: 0000{address:hex}", .needs = NAMES("#PF: supervisor {_access:read|write} access", "permissions violation"), .title = "BUG: unable to handle kernel access to user memory in {function}",
	  .where = PC_THEN_TRACE, .severity = OOPS_OOPS, .meaning = "The kernel used an address of user space directly instead of through copy_from_user() and its like.", .look = "where the pointer comes from: a __user pointer that nobody copied from or to" },
	/* A kernel's address, and the error code of a write to a page that is there. */
	{ .name = "paging-fault", .start = "BUG: unable to handle {_k:kernel paging request at|page fault for address:} ffff{_address:hex}", .needs = NAMES("Oops: 0003 ["), .title = "BUG: unable to handle kernel paging request in {function}",
	  .where = PC_THEN_TRACE, .severity = OOPS_OOPS, .meaning = READ_ONLY_MEANING, .look = READ_ONLY_LOOK },
	{ .name = "paging-fault", .start = "BUG: unable to handle {_k:kernel paging request|page fault for address}", .title = "BUG: unable to handle kernel paging request in {function}",
	  .where = PC_THEN_TRACE, .severity = OOPS_OOPS, .meaning = PAGE_MEANING, .look = "the instruction at the PC: which register holds the bad address?" },
	{ .name = "paging-fault", .start = "BUG: Unable to handle kernel data access", .title = "BUG: unable to handle kernel paging request in {function}",
	  .where = PC_THEN_TRACE, .severity = OOPS_OOPS, .meaning = PAGE_MEANING },
	{ .name = "paging-fault", .start = "BUG: Unable to handle kernel instruction fetch", .title = "BUG: unable to handle kernel paging request in {function}",
	  .where = PC_THEN_TRACE, .severity = OOPS_OOPS, .meaning = "The kernel jumped to an address where no code is." },
	{ .name = "paging-fault", .start = "nable to handle kernel paging request", .title = "BUG: unable to handle kernel paging request in {function}",
	  .finish = tell_null, .where = PC_THEN_TRACE, .severity = OOPS_OOPS, .meaning = PAGE_MEANING, .look = "the instruction at the PC: which register holds the bad address?" },
	{ .name = "nx-exec", .start = "nable to handle kernel execute from non-executable memory", .title = "BUG: unable to handle kernel execute from non-executable memory in {function}",
	  .where = PC_THEN_TRACE, .severity = OOPS_OOPS, .meaning = "The kernel jumped to data: a function pointer that was overwritten.", .look = "the caller: LR, or the second entry of the trace" },
	{ .name = "paging-fault", .start = "nable to handle kernel {what:write to read-only memory}",
	  .title = "BUG: unable to handle kernel {what} in {function}", .where = PC_THEN_TRACE, .severity = OOPS_OOPS, .meaning = READ_ONLY_MEANING, .look = READ_ONLY_LOOK },
	{ .name = "paging-fault", .start = "nable to handle kernel {what:read from unreadable memory|access to user memory outside uaccess routines}",
	  .title = "BUG: unable to handle kernel {what} in {function}", .where = PC_THEN_TRACE, .severity = OOPS_OOPS, .meaning = PAGE_MEANING },
	{ .name = "nx-exec", .start = "kernel tried to execute NX-protected page", .flags = OOPS_LEADS, .title = "BUG: kernel tried to execute NX-protected page in {function}",
	  .where = PC_THEN_TRACE, .severity = OOPS_OOPS, .meaning = "The kernel jumped to data: a function pointer that was overwritten.", .look = "the caller: the second entry of the trace" },
	{ .name = "paging-fault", .start = "BUG: {_u:unable|Unable} to handle kernel", .flags = OOPS_DAMAGED, .title = "BUG: unable to handle kernel", .severity = OOPS_OOPS, .meaning = PAGE_MEANING },
	{ .name = "stack-overflow", .start = "BUG: {stack:any}stack guard page was hit at", .title = "BUG: stack guard page was hit in {function}",
	  .where = { OOPS_WHERE_LOOPED }, .severity = OOPS_OOPS, .meaning = "The kernel stack overflowed: recursion, or large variables on the stack.", .look = "what repeats in the trace" },
	{ .name = "stack-overflow", .start = "Insufficient stack space to handle exception", .title = "kernel stack overflow in {function}", .where = PC_THEN_TRACE, .severity = OOPS_PANIC,
	  .meaning = "The kernel stack overflowed: recursion, or large variables on the stack." },
	{ .name = "general-protection-fault", .start = "general protection fault", .unless = NAMES("traps:", "] general protection ip:", "Fatal trap ", "panic: general"), .title = "general protection fault in {function}",
	  .body = NAMES("KASAN: {kasan:any} in range [0x{range_from:hex}"), .where = PC_THEN_TRACE, .severity = OOPS_OOPS,
	  .meaning = "The kernel used an address that no pointer can have: memory was overwritten, or freed and poisoned.",
	  .look = "the bad address: poison (6b6b..., dead..., dead000000000122) tells use after free" },
	{ .name = "stack-segment", .start = "stack segment: ", .title = "stack segment fault in {function}", .where = PC_THEN_TRACE, .severity = OOPS_OOPS,
	  .meaning = "The kernel used an address through the stack's registers that no pointer can have: RSP or RBP was overwritten." },
	{ .name = "divide-error", .start = "divide error: ", .unless = NAMES("traps:"), .title = "divide error in {function}", .where = PC_THEN_TRACE, .severity = OOPS_OOPS,
	  .meaning = "The kernel divided by zero, or the result did not fit." },
	{ .name = "divide-error", .start = "divide_error: ", .title = "divide error in {function}", .where = PC_THEN_TRACE, .severity = OOPS_OOPS,
	  .meaning = "The kernel divided by zero, or the result did not fit." },
	{ .name = "double-fault", .start = "PANIC: double fault", .title = "PANIC: double fault in {function}", .where = { OOPS_WHERE_PC }, .flags = OOPS_FOLLOWS | OOPS_NO_TRACE, .severity = OOPS_PANIC,
	  .meaning = "An exception came while another was being delivered: mostly a kernel stack that overflowed." },
	{ .name = "double-fault", .start = "double fault: ", .title = "PANIC: double fault in {function}", .where = PC_THEN_TRACE, .flags = OOPS_FOLLOWS | OOPS_NO_TRACE, .severity = OOPS_PANIC,
	  .meaning = "An exception came while another was being delivered: mostly a kernel stack that overflowed." },
	{ .name = "invalid-opcode", .start = "invalid opcode: ", .flags = OOPS_FOLLOWS, .unless = NAMES("traps:"), .title = "invalid opcode in {function}", .where = PC_THEN_TRACE, .severity = OOPS_OOPS,
	  .meaning = "The kernel ran into bytes that are no instruction." },
	{ .name = "alignment", .start = "Alignment trap: ", .title = "Alignment trap in {function}", .where = PC_THEN_TRACE, .severity = OOPS_OOPS,
	  .meaning = "The kernel accessed memory at an address that is no multiple of its size, where this processor can't." },
	{ .name = "bus-error", .start = "Unhandled fault: ", .title = "Unhandled fault in {function}", .where = PC_THEN_TRACE, .severity = OOPS_OOPS,
	  .meaning = "An access was answered with an error by the hardware: no device is there, or it is switched off." },
	{ .name = "ubsan", .start = "Internal error: UBSAN: {bug:any}: {_code:hex} [#", .flags = OOPS_FOLLOWS, .title = "UBSAN: {bug} in {function}", .where = PC_THEN_TRACE, .severity = OOPS_OOPS,
	  .meaning = "The C language does not say what this operation does with these values, and this kernel traps where it happens (CONFIG_UBSAN_TRAP).", .look = "the place: where do the values come from?" },
	{ .name = "pointer-authentication", .start = "Internal error: Oops - FPAC: ", .flags = OOPS_FOLLOWS, .title = "Internal error: Oops - FPAC in {function}", .where = PC_THEN_TRACE, .severity = OOPS_OOPS,
	  .meaning = "A pointer's signature was wrong when it was to be used (arm64 pointer authentication): a return address or function pointer was overwritten.", .look = "what could overwrite the stack of the function at the PC" },
	{ .name = "internal-error", .start = "Internal error: {what:any} [#", .flags = OOPS_FOLLOWS, .title = "Internal error in {function}", .where = PC_THEN_TRACE, .severity = OOPS_OOPS,
	  .meaning = "The processor met something in the kernel that it could not execute; the words behind 'Internal error' say what." },
	{ .name = "machine-check", .start = "Machine check in kernel mode", .title = "machine check in {function}", .where = PC_THEN_TRACE, .severity = OOPS_OOPS,
	  .meaning = "The processor reported a hardware error while it ran the kernel." },
	{ .name = "oops", .start = "^Oops: ", .flags = OOPS_FOLLOWS, .title = "Oops in {function}", .where = PC_THEN_TRACE, .severity = OOPS_OOPS,
	  .meaning = "The kernel met an exception that it could not handle and ended the task that it ran in." },
	{ .name = "oops", .start = "Unexpected kernel {what:any} at ", .title = "unexpected kernel {what} in {function}", .where = PC_THEN_TRACE, .severity = OOPS_OOPS,
	  .meaning = "The processor met a breakpoint or trap in the kernel that nobody had asked for." },
	{ .name = "register-dump", .start = "^NIP: {_nip:hex} LR: {_lr:hex} CTR:", .flags = OOPS_FOLLOWS, .title = "register dump in {function}", .where = PC_THEN_TRACE, .severity = OOPS_INFO,
	  .meaning = "A CPU's registers and stack, without a word on why they were printed." },
	{ .name = NULL },
};

const struct oops_family oops_family_fault = { "fault", kinds };
