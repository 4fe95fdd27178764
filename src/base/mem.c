/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* malloc with the policy of mem.h: success or a message and abort(). */
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void mem_fail(size_t size_bytes)
{
	fprintf(stderr, "sonde: out of memory (%zu bytes)\n", size_bytes);
	abort();
}

void *mem_alloc(size_t size_bytes)
{
	void *p = malloc(size_bytes ? size_bytes : 1);

	if (p == NULL)
		mem_fail(size_bytes);
	return p;
}

void *mem_calloc(size_t count, size_t size_bytes)
{
	void *p = calloc(count ? count : 1, size_bytes ? size_bytes : 1);

	if (p == NULL)
		mem_fail(count * size_bytes);
	return p;
}

void *mem_realloc(void *p, size_t size_bytes)
{
	void *moved = realloc(p, size_bytes ? size_bytes : 1);

	if (moved == NULL)
		mem_fail(size_bytes);
	return moved;
}

char *mem_strndup(const char *s, size_t length)
{
	char *copy = mem_alloc(length + 1);

	memcpy(copy, s, length);
	copy[length] = '\0';
	return copy;
}

char *mem_strdup(const char *s) { return mem_strndup(s, strlen(s)); }

char *mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		mem_fail(0);
	va_end(ap);
	return text;
}

void mem_freep(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}
