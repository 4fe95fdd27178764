// SPDX-License-Identifier: LGPL-2.1-or-later
/* The words with which each architecture's die() says why, as far as no other family has them.  They mostly come as part of a
 * report that has begun with something better.  Sources: arch/ * /kernel/traps.c, arch/powerpc/kernel/mce.c,
 * arch/powerpc/kernel/watchdog.c, arch/s390/kernel/dumpstack.c, arch/arm64/kernel/traps.c, arch/x86/kernel/cet.c, arch/x86/kernel/cfi.c. */
#include "oops/kind.h"

#include <string.h>

#define DIED .where = { OOPS_WHERE_PC, OOPS_WHERE_TRACE }, .severity = OOPS_OOPS, .flags = OOPS_FOLLOWS
#define EXCEPTION "The processor met something in the kernel that it could not execute."

static void name_vector(struct oops_report *r)
{
	static const struct { const char *vector, *name; } names[] = { { "00", "divide error" }, { "06", "invalid opcode" }, { "08", "double fault" }, { "0d", "general protection fault" }, { "0e", "page fault" } };
	const char *name = "exception";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(oops_detail(r, "vector"), names[i].vector) == 0)
			name = names[i].name;
	oops_detail_add(r, "what", name, strlen(name));
}

static const struct oops_kind kinds[] = {
	{ .name = "cfi", .start = "CFI failure at {func} {_module:any}(target: {target:func}", .title = "CFI failure in {function}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_PC, OOPS_WHERE_TRACE }, .severity = OOPS_OOPS, .flags = OOPS_LEADS,
	  .meaning = "The kernel was about to call through a pointer to a function of another type: the pointer was overwritten, or the types of caller and function differ.", .look = "the target's prototype against the pointer's" },
	{ .name = "control-protection", .start = "Missing ENDBR: {func}", .title = "Missing ENDBR in {function}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_PC, OOPS_WHERE_TRACE }, .severity = OOPS_OOPS, .flags = OOPS_LEADS,
	  .meaning = "The kernel jumped to a place that is no function's beginning: a function pointer was overwritten." },
	{ .name = "early-exception", .start = "PANIC: early exception {vector:hex} {_ip:IP|rip} {_cs:any}", .finish = name_vector, .title = "PANIC: early {what} in {function}", .where = { OOPS_WHERE_PC, OOPS_WHERE_TRACE }, .severity = OOPS_PANIC, .flags = OOPS_NO_TRACE,
	  .meaning = "The kernel met an exception so early in its start that nothing could handle it.", .look = "the function at the address behind IP; what the boot loader, firmware or command line gave it" },
	{ .name = "serror", .start = "SError Interrupt on CPU{cpu:num}, code 0x{esr:hex}", .title = "SError", .where = { OOPS_WHERE_PC, OOPS_WHERE_TRACE }, .severity = OOPS_PANIC,
	  .meaning = "The hardware reported an error that belongs to no instruction (arm64 SError): mostly an access to a device that is switched off or not there, a moment earlier.", .look = "the last access to a device before the PC" },
	{ .name = "bad-mode", .start = "Bad mode in {what:any} handler detected", .title = "bad mode in {what} handler", .where = { OOPS_WHERE_PC, OOPS_WHERE_TRACE }, .severity = OOPS_PANIC, .meaning = EXCEPTION },
	{ .name = "bad-mode", .start = "Unhandled 64-bit {what:any} exception on CPU{cpu:num}, ESR 0x{esr:hex}", .title = "unhandled {what} exception in {function}", .where = { OOPS_WHERE_PC, OOPS_WHERE_TRACE }, .severity = OOPS_PANIC, .meaning = EXCEPTION },
	{ .name = "invalid-opcode", .start = "undefined instruction: pc=", .title = "undefined instruction in {function}", DIED, .meaning = "The kernel ran into bytes that are no instruction." },
	{ .name = "bus-error", .start = "{what:Data|Instruction} bus error, epc == {_epc:hex}", .title = "{what} bus error in {function}", DIED, .meaning = "An access was answered with an error by the hardware: no device is there, or it is switched off." },
	{ .name = "machine-check", .start = "Got mcheck at", .title = "machine check in {function}", DIED, .meaning = "The processor reported a hardware error." },
	{ .name = "machine-check", .start = "Machine Check exception - ", .title = "machine check in {function}", DIED, .meaning = "The processor reported a hardware error, or two entries of the TLB that contradict each other." },
	{ .name = "machine-check", .start = "Machine check interrupt [{_what:any}]", .title = "machine check in {function}", .where = { OOPS_WHERE_PC, OOPS_WHERE_TRACE, OOPS_WHERE_BODY }, .body = NAMES("NIP [{_address:hex}]: {at:func}"), .severity = OOPS_BUG, .flags = OOPS_NO_TRACE,
	  .meaning = "The processor reported a hardware error (powerpc)." },
	{ .name = "hard-lockup", .start = "watchdog: CPU {cpu:num} self-detected hard LOCKUP @ {func}", .title = "hard lockup in {function}", .where = { OOPS_WHERE_LOOPED, OOPS_WHERE_HEADLINE, OOPS_WHERE_PC, OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "A CPU took no interrupts for seconds: it loops or waits for a lock with interrupts off.", .look = "who holds the lock that it waits for" },
	{ .name = "hard-lockup", .start = "watchdog: CPU {_cpu:num} detected hard LOCKUP on other CPUs {cpu:num}", .title = "hard lockup in {function}", .where = { OOPS_WHERE_LOOPED, OOPS_WHERE_PC, OOPS_WHERE_TRACE }, .severity = OOPS_BUG,
	  .meaning = "A CPU took no interrupts for seconds: it loops or waits for a lock with interrupts off.", .look = "who holds the lock that it waits for" },
	{ .name = "user-access", .start = "{_k:K|k}ernel {_t:attempted|tried} to {what:read|write|execute} user page ({address:hex})", .title = "BUG: unable to handle kernel access to user memory in {function}",
	  .where = { OOPS_WHERE_PC, OOPS_WHERE_TRACE }, .severity = OOPS_OOPS, .flags = OOPS_FOLLOWS | OOPS_MESSAGE, /* powerpc: "BUG: Kernel NULL pointer dereference" or the like follows */
	  .meaning = "The kernel used an address of user space directly instead of through copy_from_user() and its like." },
	{ .name = "paging-fault", .start = "nable to handle kernel pointer dereference", .title = "BUG: unable to handle kernel pointer dereference in {function}", .where = { OOPS_WHERE_PC, OOPS_WHERE_TRACE }, .severity = OOPS_OOPS,
	  .meaning = "The kernel touched an address where no memory is mapped: a pointer that is NULL, overwritten, freed or never set.", .look = "the instruction at the PSW's address: which register holds the bad address?" },
	{ .name = "stack-overflow", .start = "Kernel stack overflow in process", .title = "kernel stack overflow in {function}", .where = { OOPS_WHERE_LOOPED, OOPS_WHERE_PC }, .severity = OOPS_PANIC, .flags = OOPS_FOLLOWS | OOPS_NO_TRACE,
	  .meaning = "The kernel stack overflowed: recursion, or large variables on the stack.", .look = "what repeats in the trace" },
	{ .name = "stack-overflow", .start = "kernel stack overflow (", .title = "kernel stack overflow in {function}", .where = { OOPS_WHERE_LOOPED, OOPS_WHERE_PC }, .severity = OOPS_PANIC, .flags = OOPS_FOLLOWS,
	  .meaning = "The kernel stack overflowed: recursion, or large variables on the stack.", .look = "what repeats in the trace" },
	{ .name = "user-access", .start = "nable to handle kernel execution of user memory", .title = "BUG: unable to handle kernel execution of user memory in {function}", .where = { OOPS_WHERE_PC, OOPS_WHERE_TRACE }, .severity = OOPS_OOPS,
	  .meaning = "The kernel jumped to an address of user space: a function pointer that is NULL or was overwritten.", .look = "the caller: LR, or the first entry of the trace" },
	{ .name = "user-access", .start = "nable to execute userspace code", .title = "BUG: unable to execute userspace code in {function}", .where = { OOPS_WHERE_PC, OOPS_WHERE_TRACE }, .severity = OOPS_OOPS, .flags = OOPS_LEADS,
	  .meaning = "The kernel jumped to an address of user space: a function pointer that is NULL or was overwritten.", .look = "the caller: the first entry of the trace" },
	{ .name = "nmi-backtrace", .start = "^NMI backtrace for cpu {cpu:num}", .title = "NMI backtrace in {function}", .where = { OOPS_WHERE_PC, OOPS_WHERE_OTHER, OOPS_WHERE_TRACE }, .severity = OOPS_INFO, .flags = OOPS_FOLLOWS,
	  .meaning = "A CPU was asked by NMI where it is, and this log does not have why: a watchdog, SysRq l, or a debugger.", .look = "a CPU that is at the same place each time" },
	/* Any other reason, as every architecture's die() prints it: "REASON: CODE [#1]", "REASON[#1]:". */
	{ .name = "oops", .start = "^Oops - {what:any} [#1]", .title = "{what} in {function}", DIED, .meaning = EXCEPTION },
	{ .name = "oops", .start = "^Oops{_tail:any}[#1]", .title = "Oops in {function}", DIED,
	  .meaning = "The kernel met an exception that it could not handle and ended the task that it ran in." },
	{ .name = "oops", .start = "^{what:any}: {code:hex} ilc:{_ilc:num} [#1]", .title = "{what} in {function}", DIED, .meaning = EXCEPTION },
	{ .name = "oops", .start = "^{what:any}: {code:hex} [#1]", .title = "{what} in {function}", DIED, .meaning = EXCEPTION },
	{ .name = "oops", .start = "^{what:any}[#1]:", .title = "{what} in {function}", DIED, .meaning = EXCEPTION },
	{ .name = NULL },
};

const struct oops_family oops_family_trap = { "trap", kinds };
