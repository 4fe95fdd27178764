/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_MEM_H
#define SONDE_BASE_MEM_H
/*
 * Heap memory that is there or ends the process: a tracer that cannot get a few
 * kilobytes can do nothing for its user.  Sizes that come from outside (a file, a
 * packet, another process) are bounded by the caller first.  Code that runs
 * inside other people's programs (lib/) does not use this.
 */
#include <stddef.h>

void *mem_alloc(size_t size_bytes);                    /* not zeroed */
void *mem_calloc(size_t count, size_t size_bytes);     /* zeroed */
void *mem_realloc(void *p, size_t size_bytes);
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t length);
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "out of memory (N bytes)" on stderr, then abort(). */
_Noreturn void mem_fail(size_t size_bytes);

/* For CLEANUP(): free what a `char *` or `void *` variable holds. */
void mem_freep(void *pointer_to_pointer);

#endif
