/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a supervisor and the kernel tell each other through seccomp's notification descriptor. */
#include "syscall/hooks.h"

/* A call's number, by name if PARAM, the field that has its audit architecture, is one of ours. */
void hook_syscall_nr(struct decoder *d, const struct sys_ref *ref)
{
	dec_audit_number(d, (uint32_t)dec_field(d, ref->object, ref->param), ref->value);
}

void hook_neg_errno(struct decoder *d, const struct sys_ref *ref) { dec_neg_errno(d, (int)(uint32_t)ref->value); }

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
