/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_BASE_MAP_H
#define SONDE_BASE_MAP_H
/*
 * Hash maps, open addressing with linear probing.
 *
 * `struct map`   64-bit key -> 64-bit value (an index, or a pointer cast to
 *                uintptr_t).  Any key, 0 included.
 * `struct strmap` bytes -> 64-bit value; the keys are copied in.
 *
 * Not ordered; pointers into them are valid until the next insertion.
 */
#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A fast, good 64-bit mix (the finalizer of MurmurHash3) and a byte hash on it. */
static inline uint64_t hash_u64(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	x ^= x >> 33;
	return x;
}
uint64_t hash_bytes(const void *data, size_t size_bytes);

struct map_slot {
	uint64_t key, value;
};
struct map {
	struct map_slot *slots;
	uint8_t *used;
	size_t n, cap; /* cap: 0 or a power of two */
};

void map_init(struct map *m);
void map_deinit(struct map *m);
void map_clear(struct map *m);
uint64_t *map_find(const struct map *m, uint64_t key);   /* NULL when not there */
/* Find or add; *is_new tells which (may be NULL).  A new value is 0. */
uint64_t *map_get(struct map *m, uint64_t key, bool *is_new);
bool map_remove(struct map *m, uint64_t key);            /* false when not there */
/* Visit all: `for (size_t i = 0; (slot = map_next(m, &i)) != NULL; )`. */
struct map_slot *map_next(const struct map *m, size_t *i);

struct strmap_slot {
	const char *key; /* NUL-terminated copy; NULL: empty slot */
	uint32_t length;
	uint32_t hash;
	uint64_t value;
};
struct strmap {
	struct strmap_slot *slots;
	size_t n, cap;
	struct arena keys;
};

void strmap_init(struct strmap *m);
void strmap_deinit(struct strmap *m);
uint64_t *strmap_find(const struct strmap *m, const char *key, size_t length);
uint64_t *strmap_get(struct strmap *m, const char *key, size_t length, bool *is_new);
/* As strmap_get, and hands back the map's own copy of the key (valid while m lives). */
uint64_t *strmap_intern(struct strmap *m, const char *key, size_t length, bool *is_new,
			const char **copy);
struct strmap_slot *strmap_next(const struct strmap *m, size_t *i);

#endif
