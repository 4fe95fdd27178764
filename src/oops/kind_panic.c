// SPDX-License-Identifier: LGPL-2.1-or-later
/* Panics.  Source: kernel/panic.c and the callers of panic(). */
#include "oops/kind.h"

static const char *const bad_stack_machinery[] = { "bad_stack", NULL };
static const char *const stack_machinery[] = { "stack_chk", "schedule", "retint_kernel", NULL };

#define AFTERMATH(reason, title_) \
	{ .name = "panic", .start = "Kernel panic - not syncing: " reason, .flags = OOPS_FOLLOWS | OOPS_DAMAGED, .title = "kernel panic: " title_, .severity = OOPS_PANIC, \
	  .meaning = "The machine stopped because of a report before this one, which this log does not have." }

#define PANIC(reason, title_, meaning_, look_) \
	{ .name = "panic", .start = "Kernel panic - not syncing: " reason, .flags = OOPS_FOLLOWS, .title = "kernel panic: " title_, .where = { OOPS_WHERE_TRACE }, .severity = OOPS_PANIC, \
	  .meaning = meaning_, .look = look_ }

/* Its stack is the handler's: who was interrupted is not at fault. */
#define MACHINE_CHECK(reason, title_, meaning_, look_) \
	{ .name = "machine-check", .start = "Kernel panic - not syncing: " reason, .flags = OOPS_FOLLOWS | OOPS_NO_TRACE, .title = "kernel panic: " title_, .severity = OOPS_PANIC, .meaning = meaning_, .look = look_ }

static const struct oops_kind kinds[] = {
	{ .name = "panic", .start = "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: {func}", .flags = OOPS_FOLLOWS, .skip = stack_machinery,
	  .title = "kernel panic: stack is corrupted in {function}", .where = { OOPS_WHERE_HEADLINE, OOPS_WHERE_TRACE }, .severity = OOPS_PANIC,
	  .meaning = "A function wrote beyond one of its variables on the stack." },
	{ .name = "panic", .start = "Kernel panic - not syncing: corrupted stack end", .flags = OOPS_FOLLOWS, .skip = stack_machinery,
	  .title = "kernel panic: corrupted stack end in {function}", .where = { OOPS_WHERE_LOOPED }, .severity = OOPS_PANIC, .meaning = "The kernel stack overflowed." },
	{ .name = "stack-overflow", .start = "Kernel panic - not syncing: kernel stack overflow", .flags = OOPS_FOLLOWS, .skip = bad_stack_machinery,
	  .title = "kernel stack overflow in {function}", .where = { OOPS_WHERE_LOOPED }, .severity = OOPS_PANIC, .meaning = "The kernel stack overflowed: recursion, or large variables on the stack." },
	AFTERMATH("Fatal exception", "Fatal exception"),
	AFTERMATH("panic_on_warn set", "panic_on_warn set"),
	AFTERMATH("{_who}: panic_on_warn set", "panic_on_warn set"),
	AFTERMATH("{_who:kasan|kmsan|kfence}{_which:any}panic set", "panic after a memory error"),
	AFTERMATH("hung_task: blocked tasks", "hung_task: blocked tasks"),
	{ .name = "panic", .start = "Kernel panic - not syncing: Couldn't open N_TTY ldisc", .flags = OOPS_FOLLOWS, .title = "kernel panic: Couldn't open N_TTY ldisc", .severity = OOPS_PANIC,
	  .meaning = "A terminal could not get its line discipline, which nothing can do without: mostly memory that ran out at a bad moment." },
	PANIC("Attempted to kill init! exitcode=0x{exitcode:hex}", "Attempted to kill init!",
	      "The first process, pid 1, ended; without it no system runs.", "why init ended: its own messages, its exit code below; a missing library or a wrong init= at boot"),
	PANIC("VFS: Unable to mount root fs on {device:rest}", "VFS: Unable to mount root fs",
	      "The kernel found no file system to start from: root= names a device that isn't there, its driver is missing, or no initramfs was loaded.",
	      "root= on the kernel's command line against the list of partitions above; is the driver built in, or in the initramfs?"),
	PANIC("No working init found.{_rest:any}", "No working init found", "The root file system was mounted, but has no program to start with.", "init= on the command line; is /sbin/init there and of this architecture?"),
	PANIC("Requested init {init} failed (error {error}).", "Requested init failed", "The program that init= names could not be started.", "is it there, and its interpreter (ELF or #!), and of this architecture?"),
	PANIC("Out of memory: {what:any} panic_on_oom is enabled", "Out of memory", "Memory ran out, and vm.panic_on_oom says that the machine shall stop then.", "the table of tasks above: who holds the memory"),
	PANIC("{what:System is deadlocked on memory}", "System is deadlocked on memory", "Memory ran out and no process is left that could be killed for it.", "what holds the memory if not processes: slab, shmem, hugepages in the table above"),
	MACHINE_CHECK("{what:Fatal machine check|Fatal local machine check|Fatal Machine check|Uncorrected machine check|Machine check from unknown source}", "{what}", "The processor reported a hardware error that it could not correct.",
	      "the lines 'mce: [Hardware Error]' above: bank and status; rasdaemon or mcelog decodes them"),
	MACHINE_CHECK("{what:Timeout: Not all CPUs entered broadcast exception handler}", "{what}", "The processor reported a hardware error, and not all CPUs came to handle it.", "the lines 'mce: [Hardware Error]' above"),
	PANIC("{what:Asynchronous SError Interrupt}", "{what}", "The hardware reported an error that belongs to no instruction (arm64): mostly an access to a device that is switched off or not there.", "the driver whose function the stack shows, and what it accessed a moment before"),
	PANIC("{what:sysrq triggered crash}", "{what}", "Somebody asked for it (SysRq c, or echo c >/proc/sysrq-trigger): the machine is not at fault.", "who asked: the task that the report names"),
	PANIC("{what:softlockup: hung tasks|Hard LOCKUP|RCU Stall}", "{what}", "A CPU hung, and a sysctl (kernel.softlockup_panic, hardlockup_panic, panic_on_rcu_stall) says that the machine shall stop then.", "the report before this one: where the CPU hung"),
	PANIC("EXT4-fs (device {device}): panic forced after error", "EXT4-fs: panic forced after error", "ext4 found an error, and the mount option errors=panic says that the machine shall stop then.", "the EXT4-fs error lines above, and the disk's"),
	PANIC("{what:NMI: Not continuing|NMI IOCK error: Not continuing|An NMI occurred}", "{what}", "The board reported an error by NMI, or somebody pressed its button, and a sysctl says that the machine shall stop then.", "the machine's own event log (ipmitool sel list)"),
	PANIC("{reason:rest}", "{reason}", "The kernel could not go on and stopped the machine.", "the reason in the headline, and the function that called panic(): the first of the stack that isn't general machinery"),
	{ .name = "reboot", .start = "^Booting the kernel.", .unless = NAMES("Parsing ELF", "Decompressing Linux", "Unknown parameter"), .flags = OOPS_ONE_LINE,
	  .title = "unexpected kernel reboot", .severity = OOPS_PANIC, .meaning = "The log shows a machine that starts again, and not why." },
	{ .name = "trusty", .start = "trusty: panic {_caller:any}: ASSERT FAILED at {_place:any}: {what:rest}", .flags = OOPS_NO_TRACE | OOPS_LEADS, .title = "trusty: ASSERT FAILED: {what}", .severity = OOPS_PANIC,
	  .meaning = "A check in the secure monitor beside the kernel failed." },
	{ .name = "trusty", .start = "trusty: panic {_caller:any} ASSERT FAILED{what:rest}", .flags = OOPS_DAMAGED, .title = "trusty: ASSERT FAILED:", .severity = OOPS_PANIC },
	{ .name = "trusty", .start = "trusty: panic (caller {_caller}): {what:rest}", .flags = OOPS_NO_TRACE | OOPS_LEADS, .title = "trusty: panic: {what}", .severity = OOPS_PANIC,
	  .meaning = "The secure monitor beside the kernel died." },
	{ .name = "fuzzer", .start = "{_kind:SYZFAIL|SYZFATAL}: {what:rest}", .flags = OOPS_ONE_LINE, .title = "SYZFAIL: {what}", .severity = OOPS_WARNING,
	  .meaning = "The fuzzer failed, not the kernel." },
	{ .name = NULL },
};

const struct oops_family oops_family_panic = { "panic", kinds };
