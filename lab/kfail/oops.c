// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the processor or an assertion stops: bad pointers, bad instructions, BUG, WARN, panic.
 * Without panic_on_oops the writer dies and the machine goes on.
 */
#include <linux/bug.h>
#include <linux/mm.h>
#include <linux/panic.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "kfail.h"

/* Three known functions deep, the last of them reading a field of a missing structure. */
struct kf_record {
	char padding[0x18];
	int field;
};
static noinline int kf_null_third(struct kf_record *record)
{
	return READ_ONCE(record->field); /* HERE: null */
}
static noinline int kf_null_second(struct kf_record *record)
{
	return kf_null_third(record) + 1;
}
static noinline int kf_null_first(struct kf_record *record)
{
	return kf_null_second(record) + 1;
}
KF_TROUBLE(null)
{
	kf_sink = kf_null_first((struct kf_record *)kf_zero);
}

KF_TROUBLE(nullwrite)
{
	WRITE_ONCE(*(int *)(kf_zero + 0x20), 1); /* HERE: nullwrite */
}

KF_TROUBLE(nullcall)
{
	void (*function)(void) = (void (*)(void))kf_zero;

	function(); /* HERE: nullcall */
}

/* An address that isn't canonical: a general protection fault. */
KF_TROUBLE(gpf)
{
	kf_sink = READ_ONCE(*(long *)(0xdead000000000100UL + kf_zero)); /* HERE: gpf */
}

/* Canonical, in the hole below the CPU entry areas: nothing is ever mapped there. */
KF_TROUBLE(wild)
{
	kf_sink = READ_ONCE(*(long *)(0xfffffdead0000000UL + kf_zero)); /* HERE: wild */
}

/* The kernel touches memory of user space without the door for it (SMAP). */
KF_TROUBLE(userptr)
{
	unsigned long stack = current->mm ? current->mm->start_stack : 0;

	kf_sink = READ_ONCE(*(long *)(stack & ~7UL)); /* HERE: userptr */
}

static const long kf_constant = 42;
KF_TROUBLE(rodata)
{
	*(volatile long *)&kf_constant = 1; /* HERE: rodata */
}

/* Data called as if it were code. */
KF_TROUBLE(nxexec)
{
	void (*function)(void) = kmalloc(64, GFP_KERNEL);

	function(); /* HERE: nxexec */
}

KF_TROUBLE(divide)
{
	kf_sink = 5 / (int)kf_zero; /* HERE: divide */
}

KF_TROUBLE(bug)
{
	BUG(); /* HERE: bug */
}

KF_TROUBLE(warn)
{
	WARN(1, "kfail warns with %d\n", 42); /* HERE: warn */
}

KF_TROUBLE(warnonce)
{
	WARN_ON_ONCE(!kf_zero); /* HERE: warnonce */
}

KF_TROUBLE(panic)
{
	panic("kfail panics with %d", 42); /* HERE: panic */
}

/* Deeper and deeper, until the guard page below the stack. */
static noinline int kf_recurse(int depth)
{
	volatile char room[512];

	room[0] = depth;
	return kf_recurse(depth + 1) + room[0]; /* HERE: stackoverflow */
}
KF_TROUBLE(stackoverflow)
{
	kf_sink = kf_recurse(0);
}

/* Past the end of a local array, by a length that the compiler can't see; KASAN keeps out. */
static noinline __no_sanitize_address void kf_smash(char *bytes, long size)
{
	long i;

	for (i = 0; i < size; i++)
		((volatile char *)bytes)[i] = 0x5a;
}
static noinline __no_sanitize_address int kf_smashed(void)
{
	char room[16];

	kf_smash(room, 64 + kf_zero);
	return ((volatile char *)room)[0]; /* HERE: stackprotector */
}
KF_TROUBLE(stackprotector)
{
	kf_sink = kf_smashed();
}

const struct kf_trouble kf_oops_table[] = {
	KF_ROW(null, 0), KF_ROW(nullwrite, 0), KF_ROW(nullcall, 0), KF_ROW(gpf, 0), KF_ROW(wild, 0),
	KF_ROW(userptr, 0), KF_ROW(rodata, 0), KF_ROW(nxexec, 0), KF_ROW(divide, 0), KF_ROW(bug, 0),
	KF_ROW(warn, 0), KF_ROW(warnonce, 0), KF_ROW(panic, 0), KF_ROW(stackoverflow, 0),
	KF_ROW(stackprotector, 0), {}
};
