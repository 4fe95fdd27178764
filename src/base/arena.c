/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bump allocation from a chain of blocks.  Blocks double from 4 KiB to 1 MiB; a
 * request larger than that gets a block of its own behind the current one, so
 * that the current one's free part is not lost.
 */
#include "base/arena.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK_BYTES = 4096, LARGEST_BLOCK_BYTES = 1 << 20, ALIGN_BYTES = 16 };

struct arena_block {
	struct arena_block *older;
	size_t size_bytes;
	_Alignas(16) char data[];
};

void arena_init(struct arena *a) { *a = (struct arena){ 0 }; }

void arena_deinit(struct arena *a)
{
	struct arena_block *block = a->block;

	while (block != NULL) {
		struct arena_block *older = block->older;

		free(block);
		block = older;
	}
	arena_init(a);
}

static struct arena_block *block_create(size_t size_bytes)
{
	struct arena_block *block = mem_alloc(sizeof(*block) + size_bytes);

	block->older = NULL;
	block->size_bytes = size_bytes;
	return block;
}

static void *alloc_large(struct arena *a, size_t size_bytes)
{
	struct arena_block *block = block_create(size_bytes);

	if (a->block == NULL) {
		a->block = block;
		return block->data;
	}
	block->older = a->block->older;
	a->block->older = block;
	return block->data;
}

static void grow(struct arena *a)
{
	size_t size = a->block ? a->block->size_bytes * 2 : FIRST_BLOCK_BYTES;

	if (size > LARGEST_BLOCK_BYTES)
		size = LARGEST_BLOCK_BYTES;

	struct arena_block *block = block_create(size);

	block->older = a->block;
	a->block = block;
	a->next = block->data;
	a->end = block->data + size;
}

void *arena_alloc(struct arena *a, size_t size_bytes)
{
	if (size_bytes > SIZE_MAX / 2)
		mem_fail(size_bytes);
	size_bytes = (size_bytes + ALIGN_BYTES - 1) & ~(size_t)(ALIGN_BYTES - 1);
	a->used_bytes += size_bytes;
	if (size_bytes > LARGEST_BLOCK_BYTES / 4)
		return alloc_large(a, size_bytes);
	while (a->next == NULL || (size_t)(a->end - a->next) < size_bytes)
		grow(a);

	void *p = a->next;

	a->next += size_bytes;
	return p;
}

void *arena_calloc(struct arena *a, size_t count, size_t size_bytes)
{
	size_t total;

	if (__builtin_mul_overflow(count, size_bytes, &total))
		mem_fail(SIZE_MAX);
	return memset(arena_alloc(a, total), 0, total);
}

char *arena_strndup(struct arena *a, const char *s, size_t length)
{
	char *copy = arena_alloc(a, length + 1);

	memcpy(copy, s, length);
	copy[length] = '\0';
	return copy;
}

char *arena_strdup(struct arena *a, const char *s) { return arena_strndup(a, s, strlen(s)); }

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	int length = vsnprintf(NULL, 0, fmt, ap);

	if (length < 0)
		length = 0;

	char *text = arena_alloc(a, (size_t)length + 1);

	vsnprintf(text, (size_t)length + 1, fmt, again);
	va_end(again);
	return text;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *text = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return text;
}
