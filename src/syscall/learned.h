/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYSCALL_LEARNED_H
#define SONDE_SYSCALL_LEARNED_H
/*
 * Calls that our tables don't know, as the running kernel describes them: a name, and of each argument
 * its type and name in C ("const char *", "pathname").  What an argument is shown as follows from these:
 * a path, a descriptor, flags in hex, a number, an address.
 */
#include "syscall/table.h"

struct syscall_learned;
struct syscall_learned_arg {
	const char *type, *name;
};

struct syscall_learned *syscall_learned_create(void);
void syscall_learned_destroy(struct syscall_learned *l); /* NULL-safe */
/* Call NUMBER of this machine's own ABI; all text is copied.  False: what it says makes no sense, or there are too
 * many. */
bool syscall_learned_add(struct syscall_learned *l, uint32_t number, const char *name, const struct syscall_learned_arg *args,
			 unsigned count);
/* The same from what tracefs has of it: events/syscalls/sys_enter_NAME/format. */
bool syscall_learned_add_format(struct syscall_learned *l, uint32_t number, const char *name, const char *format);
/* NULL: nothing was learned of it.  Valid as long as L. */
const struct syscall_entry *syscall_learned_find(const struct syscall_learned *l, uint32_t number);

#endif
