/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Linear probing over a power-of-two table, kept at most 3/4 full.  Removal moves
 * later members of the probe run back, so there are no tombstones and look-ups
 * never slow down with age.
 */
#include "base/map.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

uint64_t hash_bytes(const void *data, size_t size_bytes)
{
	const unsigned char *p = data;
	uint64_t h = 0x9e3779b97f4a7c15ULL ^ size_bytes;

	for (; size_bytes >= 8; p += 8, size_bytes -= 8) {
		uint64_t word;

		memcpy(&word, p, 8);
		h = (h ^ word) * 0x9ddfea08eb382d69ULL;
		h ^= h >> 29;
	}
	uint64_t tail = 0;

	if (size_bytes)
		memcpy(&tail, p, size_bytes);
	return hash_u64(h ^ tail);
}

void map_init(struct map *m) { *m = (struct map){ 0 }; }

void map_deinit(struct map *m)
{
	free(m->slots);
	free(m->used);
	map_init(m);
}

void map_clear(struct map *m)
{
	if (m->cap)
		memset(m->used, 0, m->cap);
	m->n = 0;
}

static size_t map_slot_of(const struct map *m, uint64_t key)
{
	size_t mask = m->cap - 1, i = hash_u64(key) & mask;

	while (m->used[i] && m->slots[i].key != key)
		i = (i + 1) & mask;
	return i;
}

uint64_t *map_find(const struct map *m, uint64_t key)
{
	if (m->cap == 0)
		return NULL;

	size_t i = map_slot_of(m, key);

	return m->used[i] ? &m->slots[i].value : NULL;
}

static void map_grow(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap ? old.cap * 2 : 16;
	m->slots = mem_calloc(m->cap, sizeof(*m->slots));
	m->used = mem_calloc(m->cap, 1);
	for (size_t i = 0; i < old.cap; i++) {
		if (!old.used[i])
			continue;
		size_t at = map_slot_of(m, old.slots[i].key);

		m->slots[at] = old.slots[i];
		m->used[at] = 1;
	}
	free(old.slots);
	free(old.used);
}

uint64_t *map_get(struct map *m, uint64_t key, bool *is_new)
{
	if ((m->n + 1) * 4 > m->cap * 3)
		map_grow(m);

	size_t i = map_slot_of(m, key);
	bool added = !m->used[i];

	if (added) {
		m->used[i] = 1;
		m->slots[i] = (struct map_slot){ .key = key };
		m->n++;
	}
	if (is_new)
		*is_new = added;
	return &m->slots[i].value;
}

bool map_remove(struct map *m, uint64_t key)
{
	if (m->cap == 0)
		return false;

	size_t mask = m->cap - 1, hole = map_slot_of(m, key);

	if (!m->used[hole])
		return false;
	for (size_t i = (hole + 1) & mask; m->used[i]; i = (i + 1) & mask) {
		size_t home = hash_u64(m->slots[i].key) & mask;

		if (((i - home) & mask) >= ((i - hole) & mask)) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->used[hole] = 0;
	m->n--;
	return true;
}

struct map_slot *map_next(const struct map *m, size_t *i)
{
	while (*i < m->cap) {
		size_t at = (*i)++;

		if (m->used[at])
			return &m->slots[at];
	}
	return NULL;
}

void strmap_init(struct strmap *m)
{
	*m = (struct strmap){ 0 };
	arena_init(&m->keys);
}

void strmap_deinit(struct strmap *m)
{
	free(m->slots);
	arena_deinit(&m->keys);
	strmap_init(m);
}

static size_t strmap_slot_of(const struct strmap *m, const char *key, size_t length, uint32_t hash)
{
	size_t mask = m->cap - 1, i = hash & mask;

	for (; m->slots[i].key != NULL; i = (i + 1) & mask) {
		const struct strmap_slot *s = &m->slots[i];

		if (s->hash == hash && s->length == length && memcmp(s->key, key, length) == 0)
			break;
	}
	return i;
}

uint64_t *strmap_find(const struct strmap *m, const char *key, size_t length)
{
	if (m->cap == 0)
		return NULL;

	size_t i = strmap_slot_of(m, key, length, (uint32_t)hash_bytes(key, length));

	return m->slots[i].key ? &m->slots[i].value : NULL;
}

static void strmap_grow(struct strmap *m)
{
	struct strmap_slot *old = m->slots;
	size_t old_cap = m->cap;

	m->cap = old_cap ? old_cap * 2 : 16;
	m->slots = mem_calloc(m->cap, sizeof(*m->slots));
	for (size_t i = 0; i < old_cap; i++) {
		if (old[i].key == NULL)
			continue;
		size_t at = old[i].hash & (m->cap - 1);

		while (m->slots[at].key != NULL)
			at = (at + 1) & (m->cap - 1);
		m->slots[at] = old[i];
	}
	free(old);
}

uint64_t *strmap_intern(struct strmap *m, const char *key, size_t length, bool *is_new,
			const char **copy)
{
	if ((m->n + 1) * 4 > m->cap * 3)
		strmap_grow(m);

	uint32_t hash = (uint32_t)hash_bytes(key, length);
	struct strmap_slot *s = &m->slots[strmap_slot_of(m, key, length, hash)];
	bool added = s->key == NULL;

	if (added) {
		*s = (struct strmap_slot){ .key = arena_strndup(&m->keys, key, length),
					   .length = (uint32_t)length,
					   .hash = hash };
		m->n++;
	}
	if (is_new)
		*is_new = added;
	if (copy)
		*copy = s->key;
	return &s->value;
}

uint64_t *strmap_get(struct strmap *m, const char *key, size_t length, bool *is_new)
{
	return strmap_intern(m, key, length, is_new, NULL);
}

struct strmap_slot *strmap_next(const struct strmap *m, size_t *i)
{
	while (*i < m->cap) {
		size_t at = (*i)++;

		if (m->slots[at].key != NULL)
			return &m->slots[at];
	}
	return NULL;
}
