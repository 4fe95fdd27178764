/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_SYM_KERNEL_NAMES_H
#define SONDE_SYM_KERNEL_NAMES_H
/*
 * What can be said of a kernel report's frames without debug information: from a kernel's list of symbols (/proc/kallsyms,
 * System.map) whether a function is there and of that size, and which one an address lies in; from the running kernel's
 * BTF what the function takes and returns.
 */
#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel_names;

/* PATH: lines "address type name [module]" (proc(5), nm(1)).  WITH_TYPES: the list is the running kernel's, so its BTF
 * (/sys/kernel/btf/vmlinux, where there is one) is its too. */
struct err *kernel_names_open(const char *path, bool with_types, struct kernel_names **ret);
void kernel_names_destroy(struct kernel_names *n); /* NULL-safe */

/* All addresses read as zero: kernel.kptr_restrict hides them from this user.  Names are known, sizes not. */
bool kernel_names_is_hidden(const struct kernel_names *n);

enum kernel_name_answer { KERNEL_NAME_FITS, KERNEL_NAME_UNKNOWN, KERNEL_NAME_OTHER_SIZE };
/* Is there FUNCTION (of MODULE, NULL: of the kernel itself) of SIZE bytes, as the kernel counts them (up to the next
 * symbol)?  SIZE 0: of any.  *addr is where it begins, *known how long it is. */
enum kernel_name_answer kernel_names_check(const struct kernel_names *n, const char *function, const char *module, uint64_t size_bytes,
				       uint64_t *addr, uint64_t *known);
/* The function that ADDR lies in, and its module (NULL: the kernel); NULL: none.  Valid while N lives. */
const char *kernel_names_find(const struct kernel_names *n, uint64_t addr, const char **module, uint64_t *offset, uint64_t *size_bytes);

/* "ssize_t vfs_write(struct file *file, const char *buf, ...)"; NULL: BTF doesn't tell.  In A. */
const char *kernel_names_prototype(const struct kernel_names *n, const char *function, struct arena *a);

#endif
