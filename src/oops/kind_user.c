// SPDX-License-Identifier: LGPL-2.1-or-later
/* User programs that the kernel had to end or to stop, and words that it did not understand.  Sources:
 * arch/x86/mm/fault.c (show_signal_msg), arch/arm64/kernel/traps.c, kernel/auditsc.c, init/main.c, kernel/module. */
#include "oops/kind.h"

#define NOTE .flags = OOPS_ONE_LINE | OOPS_NOTE, .severity = OOPS_INFO

static const struct oops_kind kinds[] = {
	{ .name = "segfault", .start = "{comm}[{pid:num}]: segfault at {address:hex} ip {ip:hex} sp {_sp:hex} error {error:num} in {module:any}[", .title = "segfault of {comm} in {module}", NOTE,
	  .meaning = "A program used an address that it has not.", .look = "its core file; the address in the module is ip minus the number behind '['" },
	{ .name = "segfault", .start = "{comm}[{pid:num}]: segfault at {address:hex} ip {ip:hex}", .title = "segfault of {comm}", NOTE,
	  .meaning = "A program used an address that it has not, while it ran where no file is mapped." },
	{ .name = "user-trap", .start = "traps: {comm}[{pid:num}] {what:any} ip:{ip:hex} sp:{_sp:hex} error:{_error:num} in {module:any}[", .title = "{what} of {comm} in {module}", NOTE,
	  .meaning = "A program was ended by a processor exception." },
	{ .name = "user-trap", .start = "traps: {comm}[{pid:num}] {what:any} ip:{ip:hex}", .title = "{what} of {comm}", NOTE, .meaning = "A program was ended by a processor exception." },
	{ .name = "user-fault", .start = "{comm}[{pid:num}]: unhandled {what:any}, ", .title = "unhandled {what} of {comm}", NOTE, .meaning = "A program was ended by a processor exception." },
	{ .name = "seccomp", .start = "audit: type=1326 audit({_a:any}): {_b:any}pid={pid:num} comm=\"{comm:any}\"{_c:any} sig={signal:num} {_d:any}syscall={syscall:num}", .title = "seccomp stopped {comm}", NOTE,
	  .meaning = "A program made a system call that its seccomp filter forbids.", .look = "the system call's number" },
	{ .name = "parameter", .start = "Unknown kernel command line parameters \"{what:any}\"", .title = "unknown kernel parameter", NOTE,
	  .meaning = "Words on the kernel's command line that it doesn't know were passed to init: a misspelling?" },
	{ .name = "parameter", .start = "unknown parameter '{what:any}' ignored", .title = "unknown module parameter", NOTE, .meaning = "A module was loaded with a parameter that it hasn't." },
	{ .name = "taint", .start = "loading out-of-tree module taints kernel", .title = "out-of-tree module loaded", NOTE },
	{ .name = "taint", .start = "module verification failed: signature", .title = "unsigned module loaded", NOTE },
	{ .name = NULL },
};

const struct oops_family oops_family_user = { "user", kinds };
