/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a supervisor and the kernel tell each other through seccomp's notification descriptor. */
#include "syscall/hooks.h"

/* A call's number, by name if PARAM, the field that has its audit architecture, is one of ours. */
void hook_syscall_nr(struct decoder *d, const struct sys_ref *ref)
{
	static const struct {
		uint32_t audit;
		enum syscall_abi abi;
	} arches[] = { { 0xc000003e, SYSCALL_ABI_X86_64 }, { 0x40000003, SYSCALL_ABI_I386 }, { 0xc00000b7, SYSCALL_ABI_ARM64 },
		       { 0x40000028, SYSCALL_ABI_ARM }, { 0xc00000f3, SYSCALL_ABI_RISCV64 } };
	uint64_t audit = dec_field(d, ref->object, ref->param);
	const struct syscall_entry *entry = NULL;

	for (unsigned i = 0; i < sizeof(arches) / sizeof(arches[0]); i++)
		if (arches[i].audit == audit)
			entry = syscall_find(arches[i].abi, (uint32_t)ref->value);
	if (entry == NULL || d->style->xlat != SYSCALL_XLAT_ABBREV)
		dec_uint(d, ref->value);
	if (entry == NULL || d->style->xlat == SYSCALL_XLAT_RAW)
		return;
	if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_printf(d, " /* __NR_%s */", entry->name);
	else
		dec_printf(d, "__NR_%s", entry->name);
}

/* -ENOENT */
void hook_neg_errno(struct decoder *d, const struct sys_ref *ref)
{
	int v = (int)(uint32_t)ref->value;
	const char *name = v < 0 && v > -4096 ? syscall_errno_name(-v) : NULL;

	if (name == NULL || d->style->xlat != SYSCALL_XLAT_ABBREV)
		dec_int(d, v);
	if (name == NULL || d->style->xlat == SYSCALL_XLAT_RAW)
		return;
	if (d->style->xlat == SYSCALL_XLAT_VERBOSE)
		dec_printf(d, " /* -%s */", name);
	else
		dec_printf(d, "-%s", name);
}

/* The kernel wants zeroes at entry: only something else is worth printing. */
void hook_seccomp_notif(struct decoder *d, const struct sys_ref *ref)
{
	enum { OPEN = 3, NOT_READ = 1, ZERO };
	uint8_t b[80];
	bool zero = true;

	if (d->exit) {
		if (d->progress->saved[OPEN] != NOT_READ)
			dec_struct(d, STRUCT_seccomp_notif, ref->value);
		return;
	}
	d->progress->saved[OPEN] = ZERO;
	if (!dec_read_or_addr(d, ref->value, b, sizeof(b))) {
		d->progress->saved[OPEN] = NOT_READ;
		return;
	}
	for (unsigned i = 0; i < sizeof(b); i++)
		zero = zero && b[i] == 0;
	if (zero)
		return;
	dec_struct_in(d, STRUCT_seccomp_notif, b, sizeof(b), ref->value);
	dec_text(d, " => ");
}
