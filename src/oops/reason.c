// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the processor said, in words.
 *
 * An exception leaves a reason in registers: x86's error code, arm64's ESR, arm's FSR, riscv's
 * scause, powerpc's DSISR and trap number, s390x's interruption code and TEID, MIPS' Cause,
 * LoongArch's ESTAT.  registers.c keeps them by name; each architecture has one function here that
 * turns them into a sentence, and one for the status word that tells whether interrupts were off.
 * Sources: the architectures' manuals, and the kernel's arch/ * /mm/fault.c, arch/ * /kernel/traps.c,
 * arch/arm64/include/asm/esr.h, arch/s390/include/asm/fault.h, arch/loongarch/include/asm/loongarch.h.
 */
#include "oops/explain.h"

#include "oops/kind.h"
#include "oops/match.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct meaning {
	uint64_t value;
	const char *text;
};

static const char *meaning_of(const struct meaning *list, size_t count, uint64_t value)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].value == value)
			return list[i].text;
	return NULL;
}
#define MEANING(list, value) meaning_of(list, sizeof(list) / sizeof((list)[0]), value)

static bool reg(const struct oops_report *r, const char *name, uint64_t *value)
{
	for (size_t i = 0; i < r->registers.n; i++)
		if (strcmp(r->registers.v[i].name, name) == 0) {
			*value = r->registers.v[i].value;
			return true;
		}
	return false;
}

static bool is_fault(const struct oops_report *r)
{
	static const char *const kinds[] = { "paging-fault", "null-dereference", "user-access", "nx-exec", "oops", "internal-error", NULL };

	for (const char *const *k = kinds; *k != NULL; k++)
		if (strcmp(r->kind->name, *k) == 0)
			return true;
	return false;
}

static const char *interrupts(bool off)
{
	return off ? "interrupts were off" : "interrupts were on";
}

/* --- x86 ------------------------------------------------------------------------------------------ */

static bool is_x86(const struct oops_report *r)
{
	return strcmp(r->arch, "x86_64") == 0 || strcmp(r->arch, "i386") == 0;
}

static const char *x86_access(uint64_t code)
{
	return code & 0x10 ? "an instruction fetch" : code & 2 ? "a write" : "a read";
}

static const char *x86_why(uint64_t code)
{
	if (code & 0x8)
		return "a page table entry has bits set that must be clear: the page tables are corrupt";
	if (code & 0x20)
		return "the protection key of the page forbids it";
	if (code & 0x40)
		return "a shadow stack access that the page forbids";
	if (code & 0x8000)
		return "SGX forbids it";
	if (code & 0x80000000u)
		return "the page belongs to another guest or the firmware (RMP)";
	if (!(code & 1))
		return "no page is mapped there";
	return code & 0x10 ? "the page is mapped, but not executable" : code & 2 ? "the page is mapped, but read-only" : "the page is mapped, but may not be used so";
}

static bool is_canonical(uint64_t address)
{
	uint64_t top = address >> 47;

	return top == 0 || top == 0x1ffff;
}

static void x86_reason(struct oops_report *r, struct oops_explanation *e)
{
	uint64_t code, flags;

	if (is_fault(r) && reg(r, "error_code", &code))
		oops_explanation_add(r, e, "The processor's error code 0x%04" PRIx64 ": %s in %s mode, and %s.", code, x86_access(code), code & 4 ? "user" : "kernel",
				     strcmp(r->kind->name, "user-access") == 0 && (code & 0x1d) == 1 ? "the page is user space's, which is touched only by copy_from_user(), copy_to_user() and their like (SMAP)" : x86_why(code));
	else if (strcmp(r->kind->name, "general-protection-fault") == 0 && reg(r, "error_code", &code) && code != 0)
		oops_explanation_add(r, e, "The error code 0x%04" PRIx64 " names a segment selector: a segment or interrupt descriptor was at fault, not an address.", code);
	if (strcmp(r->kind->name, "general-protection-fault") == 0 && r->has_fault_address && strcmp(r->arch, "x86_64") == 0 && !is_canonical(r->fault_address))
		oops_explanation_add(r, e, "0x%" PRIx64 " is not canonical: its upper bits are not all alike, so no memory can be there.", r->fault_address);
	if ((reg(r, "EFLAGS", &flags) || reg(r, "RFLAGS", &flags)) && r->severity >= OOPS_BUG)
		oops_explanation_add(r, e, "Flags 0x%" PRIx64 ": %s%s%s.", flags, interrupts(!(flags & 0x200)), flags & 0x40000 ? ", access to user memory was open (AC)" : "",
				     flags & 0x400 ? ", string instructions ran downwards (DF)" : "");
}

/* --- arm64 and arm ------------------------------------------------------------------------------------ */

static const struct meaning esr_classes[] = {
	{ 0x00, "an unknown reason (mostly an undefined instruction)" }, { 0x07, "use of SIMD or floating point where it is off" }, { 0x0d, "a branch to no landing pad (BTI)" }, { 0x0e, "an illegal execution state" },
	{ 0x15, "a system call" }, { 0x18, "a system register access that is not allowed" }, { 0x19, "use of SVE where it is off" }, { 0x1c, "a pointer whose signature is wrong (FPAC)" },
	{ 0x20, "an instruction abort in user mode" }, { 0x21, "an instruction abort in the kernel" }, { 0x22, "a misaligned PC" }, { 0x24, "a data abort in user mode" },
	{ 0x25, "a data abort in the kernel" }, { 0x26, "a misaligned SP" }, { 0x2f, "an SError" }, { 0x30, "a breakpoint" }, { 0x31, "a breakpoint" }, { 0x34, "a watchpoint" },
	{ 0x35, "a watchpoint" }, { 0x3c, "a BRK instruction: BUG(), WARN() or a check of a sanitizer" },
};

static const char *abort_status(struct oops_report *r, unsigned status)
{
	static const struct meaning special[] = {
		{ 0x10, "the memory system answered with an error: no device is there, or it is switched off (external abort)" }, { 0x11, "its memory tag doesn't fit the pointer's (MTE): a use after free or out of bounds" },
		{ 0x18, "parity or ECC error" }, { 0x21, "misaligned" }, { 0x30, "two TLB entries contradict each other" }, { 0x34, "implementation defined: lockdown" }, { 0x35, "an exclusive access to memory that can't have it" },
	};
	static const struct meaning groups[] = { { 0, "the address is too large for the page tables" }, { 1, "no page is mapped there" }, { 2, "the page's access flag is clear" }, { 3, "the page's permissions forbid it" } };

	if (status >= 0x13 && status <= 0x17)
		return arena_printf(&r->arena, "the page tables could not be read (external abort, level %u)", status & 3);
	if (status < 0x10)
		return arena_printf(&r->arena, "%s (level %u of the page tables)", MEANING(groups, status >> 2), status & 3);
	const char *text = MEANING(special, status);

	return text != NULL ? text : arena_printf(&r->arena, "status 0x%02x", status);
}

static void arm64_reason(struct oops_report *r, struct oops_explanation *e)
{
	static const struct meaning levels[] = { { 0, "user mode" }, { 4, "the kernel (EL1)" }, { 5, "the kernel (EL1)" }, { 8, "the kernel as hypervisor (EL2)" }, { 9, "the kernel as hypervisor (EL2)" } };
	uint64_t esr, state;

	if (reg(r, "ESR", &esr)) {
		unsigned class = (unsigned)(esr >> 26) & 0x3f, status = (unsigned)esr & 0x3f;
		const char *what = MEANING(esr_classes, class);

		if (class == 0x24 || class == 0x25)
			oops_explanation_add(r, e, "The syndrome ESR 0x%" PRIx64 ": %s, a %s, and %s.", esr, what, esr & 0x40 ? "write" : "read", abort_status(r, status));
		else if (class == 0x20 || class == 0x21)
			oops_explanation_add(r, e, "The syndrome ESR 0x%" PRIx64 ": %s: %s.", esr, what, abort_status(r, status));
		else
			oops_explanation_add(r, e, "The syndrome ESR 0x%" PRIx64 ": %s.", esr, what != NULL ? what : "a class of exception that isn't known here");
	}
	if (reg(r, "pstate", &state) && r->severity >= OOPS_BUG)
		oops_explanation_add(r, e, "PSTATE 0x%" PRIx64 ": it ran in %s, %s%s%s.", state, MEANING(levels, state & 0xf) != NULL ? MEANING(levels, state & 0xf) : "an unknown mode",
				     interrupts(state & 0x80), state & 0x100 ? ", SErrors were masked" : "", state & 0x400000 ? "" : ", user memory was open (PAN off)");
}

static const char *fsr_status(struct oops_report *r, uint64_t fsr)
{
	static const struct meaning statuses[] = {
		{ 1, "misaligned" }, { 3, "the page's access flag is clear" }, { 4, "an instruction cache operation failed" }, { 5, "no section is mapped there" }, { 6, "the page's access flag is clear" }, { 7, "no page is mapped there" },
		{ 8, "the memory system answered with an error: no device is there, or it is switched off (external abort)" }, { 9, "the section's domain forbids it" }, { 11, "the page's domain forbids it" },
		{ 12, "the page tables could not be read (external abort)" }, { 13, "the section's permissions forbid it" }, { 14, "the page tables could not be read (external abort)" }, { 15, "the page's permissions forbid it" },
		{ 0x16, "the memory system answered with an error some time after the access (imprecise external abort)" },
	};

	if (fsr & 0x200) /* long descriptors: as arm64's */
		return abort_status(r, (unsigned)fsr & 0x3f);
	const char *text = MEANING(statuses, (fsr & 0xf) | (fsr & 0x400) >> 6);

	return text != NULL ? text : "for a reason that isn't known here";
}

static void arm_reason(struct oops_report *r, struct oops_explanation *e)
{
	static const struct meaning modes[] = { { 0x10, "user mode" }, { 0x11, "FIQ mode" }, { 0x12, "IRQ mode" }, { 0x13, "the kernel (SVC)" }, { 0x16, "monitor mode" }, { 0x17, "abort mode" }, { 0x1a, "the hypervisor" },
		{ 0x1b, "undefined-instruction mode" }, { 0x1f, "system mode" } };
	uint64_t fsr, psr;

	if (reg(r, "FSR", &fsr) && is_fault(r) && fsr != 0)
		oops_explanation_add(r, e, "The fault status 0x%" PRIx64 ": a %s, and %s.", fsr, fsr & 0x800 ? "write" : fsr & 0x80000000u ? "fetch of an instruction" : "read", fsr_status(r, fsr));
	if (reg(r, "psr", &psr) && r->severity >= OOPS_BUG && MEANING(modes, psr & 0x1f) != NULL)
		oops_explanation_add(r, e, "Status 0x%" PRIx64 ": it ran in %s, %s%s.", psr, MEANING(modes, psr & 0x1f), interrupts(psr & 0x80), psr & 0x20 ? ", Thumb code" : "");
}

/* --- riscv64, powerpc ------------------------------------------------------------------------------------ */

static void riscv_reason(struct oops_report *r, struct oops_explanation *e)
{
	static const struct meaning causes[] = {
		{ 0, "a jump to a misaligned address" }, { 1, "an instruction fetch that the hardware forbids (access fault)" }, { 2, "an illegal instruction" }, { 3, "a breakpoint: BUG() or WARN()" }, { 4, "a misaligned read" },
		{ 5, "a read that the hardware forbids: no memory or device is there (access fault)" }, { 6, "a misaligned write" }, { 7, "a write that the hardware forbids: no memory or device is there (access fault)" }, { 8, "a system call" },
		{ 9, "a call of the firmware" }, { 12, "an instruction fetch where no page is mapped, or not for this" }, { 13, "a read where no page is mapped, or not for this" }, { 15, "a write where no page is mapped, or not for this" },
	};
	uint64_t cause, status;

	if (reg(r, "cause", &cause))
		oops_explanation_add(r, e, "The cause %s%" PRIu64 ": %s.", cause >> 63 ? "interrupt " : "", cause << 1 >> 1,
				     cause >> 63 ? "an interrupt" : MEANING(causes, cause) != NULL ? MEANING(causes, cause) : "an exception that isn't known here");
	if (reg(r, "status", &status) && r->severity >= OOPS_BUG)
		oops_explanation_add(r, e, "Status 0x%" PRIx64 ": it ran in %s, %s%s.", status, status & 0x100 ? "the kernel" : "user mode", interrupts(!(status & 0x20)), status & 0x40000 ? ", user memory was open (SUM)" : "");
}

static void powerpc_reason(struct oops_report *r, struct oops_explanation *e)
{
	static const struct meaning traps[] = {
		{ 0x100, "a system reset (NMI)" }, { 0x200, "a machine check: the hardware reported an error" }, { 0x300, "a data access" }, { 0x380, "a data access outside of every segment" }, { 0x400, "an instruction fetch" },
		{ 0x480, "an instruction fetch outside of every segment" }, { 0x500, "an interrupt" }, { 0x600, "a misaligned access" }, { 0x700, "a program check: BUG(), WARN(), or an illegal instruction" }, { 0x800, "floating point where it is off" },
		{ 0x900, "the timer" }, { 0xc00, "a system call" }, { 0xd00, "a single step" }, { 0xf60, "a facility that is off" }, { 0x1500, "a denormalised number" },
	};
	uint64_t trap, dsisr = 0, msr;
	bool has_dsisr = reg(r, "DSISR", &dsisr);

	if (reg(r, "TRAP", &trap)) {
		const char *what = MEANING(traps, trap & ~(uint64_t)0xf);

		if ((trap & ~0xfull) == 0x300 && has_dsisr)
			oops_explanation_add(r, e, "Trap 0x%" PRIx64 ": %s; DSISR 0x%08" PRIx64 ": a %s, and %s.", trap, what, dsisr, dsisr & 0x02000000 ? "write" : "read",
					     dsisr & 0x08000000 ? "the page's permissions forbid it" : dsisr & 0x40000000 ? "no page is mapped there" : dsisr & 0x00200000 ? "the protection key forbids it" : "for a reason that isn't known here");
		else
			oops_explanation_add(r, e, "Trap 0x%" PRIx64 ": %s.", trap, what != NULL ? what : "an exception that isn't known here");
	}
	if (reg(r, "MSR", &msr) && r->severity >= OOPS_BUG)
		oops_explanation_add(r, e, "MSR 0x%" PRIx64 ": it ran in %s, %s.", msr, msr & 0x4000 ? "user mode" : "the kernel", interrupts(!(msr & 0x8000)));
}

/* --- s390x, mips, loongarch ---------------------------------------------------------------------------------- */

static void s390_reason(struct oops_report *r, struct oops_explanation *e)
{
	static const struct meaning codes[] = {
		{ 1, "an illegal operation: bytes that are no instruction, or BUG()" }, { 2, "an instruction that only the kernel may execute" }, { 3, "EXECUTE of EXECUTE" }, { 4, "the storage's protection forbids it" }, { 5, "no storage is at that address" },
		{ 6, "a specification exception: an operand that may not be so, mostly misaligned" }, { 7, "a data exception" }, { 8, "a fixed-point overflow" }, { 9, "a division by zero" }, { 0x10, "no segment is mapped there" }, { 0x11, "no page is mapped there" },
		{ 0x12, "the page tables are corrupt" }, { 0x13, "a special operation" }, { 0x1b, "vector instructions where they are off" }, { 0x38, "the address is beyond the address space" }, { 0x39, "no region is mapped there" }, { 0x3a, "no region is mapped there" },
		{ 0x3b, "no region is mapped there" }, { 0x3d, "the page belongs to a protected guest" }, { 0x40, "a monitor event: WARN()" },
	};
	uint64_t code, teid, psw;

	if (reg(r, "INT_CODE", &code))
		oops_explanation_add(r, e, "The interruption code 0x%02" PRIx64 ": %s.", code, MEANING(codes, code & 0x7f) != NULL ? MEANING(codes, code & 0x7f) : "a program interruption that isn't known here");
	if (reg(r, "TEID", &teid) && (teid & 0xc00) != 0)
		oops_explanation_add(r, e, "TEID 0x%" PRIx64 ": %s, in %s.", teid, (teid & 0xc00) == 0x400 ? "a write" : "a read", (teid & 3) == 3 ? "the kernel's own address space" : "a user's address space");
	if (reg(r, "PSW", &psw) && r->severity >= OOPS_BUG)
		oops_explanation_add(r, e, "The PSW's mask 0x%016" PRIx64 ": it ran in %s, %s.", psw, psw & 0x0001000000000000ull ? "user mode" : "the kernel", interrupts((psw & 0x0300000000000000ull) == 0));
}

static void mips_reason(struct oops_report *r, struct oops_explanation *e)
{
	static const struct meaning codes[] = {
		{ 0, "an interrupt" }, { 1, "a write to a page that is read-only" }, { 2, "a read or fetch where no page is mapped" }, { 3, "a write where no page is mapped" }, { 4, "a read or fetch of a misaligned or forbidden address" },
		{ 5, "a write to a misaligned or forbidden address" }, { 6, "a fetch that the bus answered with an error" }, { 7, "an access that the bus answered with an error: no device is there, or it is switched off" }, { 8, "a system call" },
		{ 9, "a breakpoint: BUG()" }, { 10, "an instruction that this processor hasn't" }, { 11, "a coprocessor that is off" }, { 12, "an overflow" }, { 13, "a trap: BUG_ON()" }, { 15, "a floating point exception" }, { 23, "a watchpoint" },
		{ 24, "a machine check" },
	};
	uint64_t cause, status;

	if (reg(r, "Cause", &cause)) {
		const char *what = MEANING(codes, cause >> 2 & 0x1f);

		oops_explanation_add(r, e, "The cause 0x%" PRIx64 " (exception %" PRIu64 "): %s.", cause, cause >> 2 & 0x1f, what != NULL ? what : "one that isn't known here");
	}
	if (reg(r, "Status", &status) && r->severity >= OOPS_BUG)
		oops_explanation_add(r, e, "Status 0x%" PRIx64 ": it ran in %s, %s.", status, (status & 0x18) == 0x10 && !(status & 6) ? "user mode" : "the kernel", interrupts(!(status & 1)));
}

static void loongarch_reason(struct oops_report *r, struct oops_explanation *e)
{
	static const struct meaning codes[] = {
		{ 0, "an interrupt" }, { 1, "a read where no page is mapped" }, { 2, "a write where no page is mapped" }, { 3, "an instruction fetch where no page is mapped" }, { 4, "a write to a page that is read-only" }, { 5, "a read of a page that is not readable" },
		{ 6, "an instruction fetch from a page that is not executable" }, { 7, "a page of another privilege" }, { 8, "an address that may not be used" }, { 9, "a misaligned access" }, { 10, "a bound check that failed" }, { 11, "a system call" },
		{ 12, "a BREAK instruction: BUG() or WARN()" }, { 13, "bytes that are no instruction" }, { 14, "an instruction that only the kernel may execute" }, { 15, "floating point where it is off" },
	};
	uint64_t estat, crmd;

	if (reg(r, "ESTAT", &estat)) {
		const char *what = MEANING(codes, estat >> 16 & 0x3f);

		oops_explanation_add(r, e, "ESTAT 0x%" PRIx64 " (exception %" PRIu64 "): %s.", estat, estat >> 16 & 0x3f, what != NULL ? what : "one that isn't known here");
	}
	if (reg(r, "PRMD", &crmd) && r->severity >= OOPS_BUG)
		oops_explanation_add(r, e, "PRMD 0x%" PRIx64 ": it ran in %s, %s.", crmd, (crmd & 3) == 0 ? "the kernel" : "user mode", interrupts(!(crmd & 4)));
}

void oops_reason_explain(struct oops_report *r, struct oops_explanation *e)
{
	static const struct {
		const char *arch;
		void (*explain)(struct oops_report *r, struct oops_explanation *e);
	} archs[] = {
		{ "arm64", arm64_reason }, { "arm", arm_reason }, { "riscv64", riscv_reason }, { "powerpc", powerpc_reason }, { "s390x", s390_reason }, { "mips", mips_reason }, { "loongarch", loongarch_reason },
	};

	if (r->arch == NULL)
		return;
	if (is_x86(r))
		x86_reason(r, e);
	for (size_t i = 0; i < sizeof(archs) / sizeof(archs[0]); i++)
		if (strcmp(r->arch, archs[i].arch) == 0)
			archs[i].explain(r, e);
}
