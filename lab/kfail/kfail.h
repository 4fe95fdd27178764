/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kfail: a kernel module that makes trouble on request.
 *
 * Each trouble is one function, kf_WORD(), run by writing WORD (and a number, for those that
 * take one) to /sys/kernel/debug/kfail.  The line that does the harm carries the mark
 * "HERE: WORD", so that a test can hold the line that a report names against the source
 * (lab/kfail/lines).  lab/kfail/table.txt says what each must produce.
 */
#ifndef KFAIL_H
#define KFAIL_H

#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/types.h>

struct kf_trouble {
	const char *word;
	void (*make)(unsigned int arg);
	unsigned int arg; /* where none is written; its unit is the trouble's own */
};

/* One table a file, ended by a row without a word. */
extern const struct kf_trouble kf_oops_table[];
extern const struct kf_trouble kf_memory_table[];
extern const struct kf_trouble kf_lock_table[];
extern const struct kf_trouble kf_stall_table[];
extern const struct kf_trouble kf_object_table[];
extern const struct kf_trouble kf_trap_table[];
extern const struct kf_trouble kf_known_table[];

/* Where results go that the compiler must believe are wanted. */
extern volatile long kf_sink;
/* Always zero, which the compiler can't know. */
extern volatile long kf_zero;

#define KF_TROUBLE(word) static noinline void kf_##word(unsigned int arg)
#define KF_ROW(word, arg) { #word, kf_##word, arg }

#endif
