// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A pass looks at the first eight bytes of each symbol's name: hashed, they are a bit in a filter that the
 * wanted names have set, so most of a table is refused without reading the names' ends or more than the place of
 * the name.  What passes is looked up in the map of wanted names.
 *
 * After a few passes (a log of many different reports) everything is taken at once, and no pass follows.
 *
 * How far a symbol is from the next depends on all others.  It is asked for rarely (where a function's own size doesn't
 * tell), so it is a pass of its own, for all that were found: each symbol of the tables is offered to the nearest found
 * one that begins before it.
 */
#include "sym/symbol_pick.h"

#include "base/map.h"
#include "base/mem.h"

#include <elf.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum { PASSES_MAX = 8, FILTER_BITS = 1 << 14 };

struct symbol_pick {
	const struct elf_file *files[SYMBOL_PICK_FILES_MAX];
	size_t file_count;
	struct strmap wanted;      /* names */
	size_t pending;            /* of them no pass has looked for these yet */
	uint64_t filter[FILTER_BITS / 64];
	unsigned passes;
	bool all;                  /* every symbol of the tables is in `found` */
	struct symbol_list found;  /* by address */
	VEC(uint32_t) by_name;     /* indices of found, by name and then address */
	VEC(uint64_t) rooms;       /* of found[i]; empty: not known */
};

struct symbol_pick *symbol_pick_create(void)
{
	struct symbol_pick *p = mem_calloc(1, sizeof(*p));

	strmap_init(&p->wanted);
	return p;
}

void symbol_pick_destroy(struct symbol_pick *p)
{
	if (p == NULL)
		return;
	strmap_deinit(&p->wanted);
	symbol_list_deinit(&p->found);
	vec_deinit(&p->by_name);
	vec_deinit(&p->rooms);
	free(p);
}

void symbol_pick_add_file(struct symbol_pick *p, const struct elf_file *f)
{
	if (p->file_count < SYMBOL_PICK_FILES_MAX)
		p->files[p->file_count++] = f;
}

/* --- the filter ---------------------------------------------------------------------------- */

/* A bit for a name's first eight bytes, LEFT bytes are there; what stands behind its end doesn't count. */
static uint32_t filter_bit(const void *name, size_t left)
{
	uint64_t bytes = 0;

	memcpy(&bytes, name, left < sizeof(bytes) ? left : sizeof(bytes));
	bytes = le64toh(bytes);
	uint64_t zeros = (bytes - 0x0101010101010101u) & ~bytes & 0x8080808080808080u;

	if (zeros != 0)
		bytes &= ((zeros & -zeros) >> 7) - 1;
	return (uint32_t)((bytes * 0x9e3779b97f4a7c15u) >> 50); /* 14 bits */
}

bool symbol_pick_want(struct symbol_pick *p, const char *name)
{
	size_t length = strlen(name);
	bool is_new;

	(void)strmap_get(&p->wanted, name, length, &is_new);
	if (!is_new)
		return false;
	uint32_t bit = filter_bit(name, length + 1);

	p->filter[bit / 64] |= 1ull << (bit % 64);
	p->pending++;
	return true;
}

static bool picks(void *user, const char *name, size_t left)
{
	const struct symbol_pick *p = user;
	uint32_t bit = filter_bit(name, left);

	if (!(p->filter[bit / 64] >> (bit % 64) & 1))
		return false;
	size_t length = strnlen(name, left);

	return length < left && strmap_find(&p->wanted, name, length) != NULL;
}

/* --- a pass ---------------------------------------------------------------------------------- */

static int name_compare(const void *a, const void *b, void *user)
{
	const struct symbol_pick *p = user;
	uint32_t i = *(const uint32_t *)a, j = *(const uint32_t *)b;
	int order = strcmp(p->found.symbols.v[i].name, p->found.symbols.v[j].name);

	return order != 0 ? order : (i > j) - (i < j);
}

static void pass(struct symbol_pick *p)
{
	p->all = ++p->passes > PASSES_MAX;
	p->pending = 0;
	vec_clear(&p->found.symbols);
	vec_clear(&p->by_name);
	vec_clear(&p->rooms);
	for (size_t i = 0; i < p->file_count; i++)
		symbol_list_add_some(&p->found, p->files[i], p->all ? NULL : picks, p);
	symbol_list_sort(&p->found);
	for (size_t i = 0; i < p->found.symbols.n; i++)
		vec_push(&p->by_name, (uint32_t)i);
	if (p->by_name.n > 1)
		qsort_r(p->by_name.v, p->by_name.n, sizeof(p->by_name.v[0]), name_compare, p);
}

static int compare_at(const struct symbol_pick *p, size_t index, const char *name)
{
	return strcmp(symbol_pick_get(p, index)->name, name);
}

size_t symbol_pick_named(struct symbol_pick *p, const char *name, size_t *first)
{
	size_t low = 0, high, count = 0;

	(void)symbol_pick_want(p, name);
	if (p->pending > 0 && !p->all)
		pass(p);
	for (high = p->by_name.n; low < high;) {
		size_t middle = (low + high) / 2;

		if (compare_at(p, middle, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*first = low;
	while (low + count < p->by_name.n && compare_at(p, low + count, name) == 0)
		count++;
	return count;
}

const struct listed_symbol *symbol_pick_get(const struct symbol_pick *p, size_t index)
{
	return &p->found.symbols.v[p->by_name.v[index]];
}

/* --- the next symbol --------------------------------------------------------------------------- */

/* The last found symbol that begins before ADDR, 1 + index; 0: none. */
static size_t last_before(const struct symbol_pick *p, uint64_t addr)
{
	size_t low = 0, high = p->found.symbols.n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (p->found.symbols.v[middle].addr < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void offer(void *user, uint64_t addr)
{
	struct symbol_pick *p = user;
	size_t last = last_before(p, addr);

	if (last > 0 && addr - p->found.symbols.v[last - 1].addr < p->rooms.v[last - 1])
		p->rooms.v[last - 1] = addr - p->found.symbols.v[last - 1].addr;
}

static void measure_rooms(struct symbol_pick *p)
{
	const struct listed_symbol *found = p->found.symbols.v;

	for (size_t i = 0; i < p->found.symbols.n; i++)
		vec_push(&p->rooms, UINT64_MAX);
	for (size_t i = 0; i < p->file_count; i++)
		symbol_list_each_address(p->files[i], offer, p);
	/* What was offered went to the last of those that begin alike. */
	for (size_t i = p->found.symbols.n; i-- > 0;) {
		if (i + 1 < p->found.symbols.n && found[i].addr == found[i + 1].addr)
			p->rooms.v[i] = p->rooms.v[i + 1];
	}
	for (size_t i = 0; i < p->found.symbols.n; i++)
		if (p->rooms.v[i] == UINT64_MAX)
			p->rooms.v[i] = found[i].size_bytes;
}

uint64_t symbol_pick_room(struct symbol_pick *p, size_t index)
{
	if (p->rooms.n == 0)
		measure_rooms(p);
	return p->rooms.v[p->by_name.v[index]];
}
