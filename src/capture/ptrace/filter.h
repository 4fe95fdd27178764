/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_CAPTURE_PTRACE_FILTER_H
#define SONDE_CAPTURE_PTRACE_FILTER_H
/*
 * A seccomp filter that stops a command only at wanted calls: all others run at full
 * speed.  It stays with the command and its children for life: should the tracer be killed, its
 * wanted calls fail with ENOSYS from then on, which is why it is set only where it is asked for.
 */
#include "capture/calls.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

/* What our filter says with its stops, so that those of a filter of the program's own can be told from them. */
enum { FILTER_DATA = 0x50de };

bool filter_is_vain(const struct call_set *wanted); /* everything is wanted */
bool filter_can(void); /* are there filters here, and may they be set? */
/* False: everything is wanted, or the set is too ragged for a filter: go without. */
bool filter_make(const struct call_set *wanted, struct sock_fprog *ret); /* free(ret->filter) */
/* In the child, before its exec: 0, or the errno. */
int filter_install(const struct sock_fprog *program);

#endif
