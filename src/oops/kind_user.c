// SPDX-License-Identifier: LGPL-2.1-or-later
/* User programs that the kernel had to end or to stop, and words that it did not understand.  Sources:
 * arch/x86/mm/fault.c and arch/x86/kernel/traps.c (show_signal_msg), arch/arm64/kernel/traps.c, arch/arm/mm/fault.c,
 * arch/powerpc/kernel/traps.c, arch/s390/mm/fault.c, arch/mips/mm/fault.c, kernel/auditsc.c, init/main.c, kernel/module. */
#include "oops/kind.h"

#define NOTE .flags = OOPS_ONE_LINE | OOPS_NOTE, .severity = OOPS_INFO
#define SEGFAULT "A program used an address that it has not, or may not use so; it got SIGSEGV."
#define CORE "its core file (coredumpctl); the place in the module is ip minus the number behind '[': sonde addr2line -e MODULE takes it"
#define TRAP "A program was ended by a processor exception."

static const struct oops_kind kinds[] = {
	{ .name = "segfault", .start = "{comm:any}[{pid:num}]: segfault at {address:hex} ip {ip:hex} sp {_sp:hex} error {error:num} in {module:any}[{base:hex}", .title = "segfault of {comm} in {module}", NOTE, .meaning = SEGFAULT, .look = CORE },
	{ .name = "segfault", .start = "{comm:any}[{pid:num}]: segfault at {address:hex} ip {ip:hex} sp {_sp:hex} error {error:num}", .title = "segfault of {comm}", NOTE,
	  .meaning = "A program used an address that it has not, while it ran where no file is mapped: it jumped through a bad pointer, or runs generated code.", .look = "its core file (coredumpctl)" },
	{ .name = "segfault", .start = "{comm:any}[{pid:num}]: segfault ({signal:num}) at {address:hex} nip {ip:hex} lr {_lr:hex} code {code:hex} in {module:any}[{base:hex}", .title = "segfault of {comm} in {module}", NOTE, .meaning = SEGFAULT, .look = CORE },
	{ .name = "segfault", .start = "{comm:any}[{pid:num}]: {what:bad frame in|unhandled signal} {_rest:rest}", .title = "{what} of {comm}", NOTE, .meaning = TRAP, .look = "its core file (coredumpctl)" },
	{ .name = "segfault", .start = "^{comm:any}: unhandled page fault ({signal:num}) at {address:hex}, code {code:hex}", .title = "segfault of {comm}", NOTE, .meaning = SEGFAULT, .look = "its core file (coredumpctl)" },
	{ .name = "segfault", .start = "{_function:do_page_fault|__do_page_fault}(): sending SIGSEGV to {comm:any} for invalid {access:any} {address:hex}", .title = "segfault of {comm}", NOTE, .meaning = SEGFAULT, .look = "its core file (coredumpctl)" },
	{ .name = "segfault", .start = "User process fault: interruption code {code:hex} ilc:{_ilc:num} in {module:any}[{base:hex}", .title = "segfault in {module}", NOTE, .meaning = SEGFAULT, .look = "its core file (coredumpctl)" },
	{ .name = "segfault", .start = "User process fault: interruption code {code:hex}", .title = "segfault of a program", NOTE, .meaning = SEGFAULT, .look = "its core file (coredumpctl)" },
	{ .name = "user-trap", .start = "traps: {comm:any}[{pid:num}] {what:any} ip:{ip:hex} sp:{_sp:hex} error:{error:num} in {module:any}[{base:hex}", .title = "{what} of {comm} in {module}", NOTE, .meaning = TRAP, .look = CORE },
	{ .name = "user-trap", .start = "traps: {comm:any}[{pid:num}] {what:any} ip:{ip:hex}", .title = "{what} of {comm}", NOTE, .meaning = TRAP, .look = "its core file (coredumpctl)" },
	{ .name = "user-fault", .start = "{comm:any}[{pid:num}]: unhandled {what:any}, ", .title = "unhandled {what} of {comm}", NOTE, .meaning = TRAP, .look = "its core file (coredumpctl)" },
	{ .name = "seccomp", .start = "audit: type=1326 audit({_a:any}): {_b:any} pid={pid:num} comm=\"{comm:any}\"{_c:any} sig={signal:num} arch={_d:any} syscall={syscall:num}", .title = "seccomp stopped {comm}", NOTE,
	  .meaning = "A program made a system call that its seccomp filter forbids (sig=31: it was ended for it; sig=0: the call was only logged or refused).", .look = "the system call's number, in the table of the machine that arch= names" },
	{ .name = "abnormal-end", .start = "audit: type=1701 audit({_a:any}): {_b:any} pid={pid:num} comm=\"{comm:any}\"{_c:any} sig={signal:num}", .title = "{comm} ended by a signal", NOTE,
	  .meaning = "A program ended with a signal that writes a core file (audit's record ANOM_ABEND).", .look = "its core file (coredumpctl)" },
	{ .name = "access-denied", .start = "audit: type=1400 audit({_a:any}): apparmor=\"DENIED\" operation=\"{operation:any}\"{_b:any} profile=\"{profile:any}\"", .title = "AppArmor: {profile} was denied {operation}", NOTE,
	  .meaning = "A program wanted what its AppArmor profile does not allow.", .look = "the profile: aa-logprof proposes the missing rule" },
	{ .name = "access-denied", .start = "audit: type=1400 audit({_a:any}): avc:  denied  {_open} {operation:any} {_close} for  pid={pid:num} comm=\"{comm:any}\"", .title = "SELinux: {comm} was denied {operation}", NOTE,
	  .meaning = "A program wanted what the SELinux policy does not allow.", .look = "audit2why on the record" },
	{ .name = "audit", .start = "audit: {what:audit_backlog=|backlog limit exceeded|audit_lost=|kauditd hold queue overflow|rate limit exceeded}", .title = "audit records lost", NOTE,
	  .meaning = "More audit records came than were taken: records are lost, or programs were slowed down until there was room.", .look = "auditctl -s: lost, backlog, backlog_limit; is auditd running? which rule makes so many?" },
	{ .name = "parameter", .start = "Unknown kernel command line parameters \"{what:any}\"", .title = "unknown kernel parameter", NOTE,
	  .meaning = "Words on the kernel's command line that it doesn't know were passed to init: a misspelling, or init's own.", .look = "the words in quotes, against Documentation/admin-guide/kernel-parameters.txt" },
	{ .name = "parameter", .start = "unknown parameter '{what:any}' ignored", .title = "unknown module parameter", NOTE, .meaning = "A module was loaded with a parameter that it hasn't.", .look = "modinfo -p of the module; /etc/modprobe.d" },
	{ .name = "module", .start = "^{module}: Unknown symbol {symbol} (err", .title = "module {module} lacks a symbol", NOTE, .meaning = "A module could not be loaded: it needs a symbol that no loaded module and not the kernel has.", .look = "was it built for this kernel? depmod, modprobe instead of insmod" },
	{ .name = "module", .start = "^{module}: disagrees about version of symbol {symbol}", .title = "module {module} is of another kernel", NOTE, .meaning = "A module was built for another kernel and could not be loaded.", .look = "build it against this kernel's headers" },
	{ .name = "module", .start = "^{module}: version magic '{_theirs:any}' should be '{_ours:any}'", .title = "module {module} is of another kernel", NOTE, .meaning = "A module was built for another kernel and could not be loaded.", .look = "build it against this kernel's headers" },
	{ .name = "taint", .start = "loading out-of-tree module taints kernel", .title = "out-of-tree module loaded", NOTE, .meaning = "A module from outside of the kernel's tree was loaded (taint O)." },
	{ .name = "taint", .start = "module license '{_license:any}' taints kernel", .title = "proprietary module loaded", NOTE, .meaning = "A module whose source nobody else can see was loaded (taint P): kernel developers can't look into what it did." },
	{ .name = "taint", .start = "module verification failed: signature", .title = "unsigned module loaded", NOTE, .meaning = "A module without a signature that this kernel trusts was loaded (taint E)." },
	{ .name = "taint", .start = "module is from the staging directory", .title = "staging module loaded", NOTE, .meaning = "A driver was loaded that its authors hold to be unfinished (taint C)." },
	{ .name = NULL },
};

const struct oops_family oops_family_user = { "user", kinds };
