/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A single question scans .debug_aranges once, which is a few hundred kilobytes for half a
 * gigabyte of DWARF; only many questions are worth sorting it.  The root DIEs, which lie
 * all over the file, are only looked at when .debug_aranges did not have the answer.
 */
#include "sym/unit_map.h"

#include "base/map.h"

void unit_map_init(struct unit_map *m, const struct debug_file *file)
{
	struct dwarf_aranges a = dwarf_aranges_begin(&file->dwarf);

	*m = (struct unit_map){ .file = file };
	while (dwarf_aranges_next(&a)) {
		if (!debug_file_is_code(file, a.range.low))
			continue;
		vec_push(&m->ranges, ((struct unit_map_range){ a.range.low, a.range.high, a.unit_offset }));
	}
}

void unit_map_deinit(struct unit_map *m)
{
	vec_deinit(&m->ranges);
	vec_deinit(&m->vague);
}

static void add_unit(struct unit_map *m, struct dwarf_unit *u, struct dwarf_abbrevs *abbrevs,
		     uint64_t *budget)
{
	dwarf_ranges ranges = { 0 };
	uint64_t bytes_read = 0;

	if (u->type == DW_UT_type || *budget == 0 || !dwarf_unit_load(u, abbrevs))
		return;
	if (!dwarf_unit_ranges(u, &ranges, &bytes_read) && u->tag != DW_TAG_partial_unit)
		vec_push(&m->vague, u->offset);
	*budget -= bytes_read < *budget ? bytes_read : *budget;
	for (size_t i = 0; i < ranges.n; i++)
		if (debug_file_is_code(m->file, ranges.v[i].low))
			vec_push(&m->ranges, ((struct unit_map_range){ ranges.v[i].low, ranges.v[i].high,
								       u->offset }));
	vec_deinit(&ranges);
}

bool unit_map_complete(struct unit_map *m)
{
	const struct dwarf *d = &m->file->dwarf;
	struct dwarf_abbrevs abbrevs = { 0 };
	struct dwarf_unit u;
	struct map known;
	uint64_t budget = 4 * (d->sections.ranges.size_bytes + d->sections.rnglists.size_bytes) + (1 << 20);

	if (m->complete)
		return false;
	map_init(&known);
	for (size_t i = 0; i < m->ranges.n; i++)
		map_get(&known, m->ranges.v[i].unit, NULL);
	for (uint64_t at = 0; dwarf_unit_read(d, at, &u); at = u.end)
		if (map_find(&known, u.offset) == NULL)
			add_unit(m, &u, &abbrevs, &budget);
	map_deinit(&known);
	dwarf_abbrevs_deinit(&abbrevs);
	m->complete = true;
	m->sorted = false;
	return true;
}

/* A function that several units have (an inline one of C++) is in the program once: linkers
 * keep that of the first.  The search goes backwards, so that comes last. */
static int range_compare(const void *a, const void *b)
{
	const struct unit_map_range *x = a, *y = b;

	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	return (x->unit < y->unit) - (x->unit > y->unit);
}

void unit_map_sort(struct unit_map *m)
{
	if (m->sorted)
		return;
	vec_sort(&m->ranges, range_compare);
	m->longest_bytes = 0;
	for (size_t i = 0; i < m->ranges.n; i++)
		if (m->ranges.v[i].high - m->ranges.v[i].low > m->longest_bytes)
			m->longest_bytes = m->ranges.v[i].high - m->ranges.v[i].low;
	m->sorted = true;
}

/* The first range that begins behind ADDR. */
static size_t behind(const struct unit_map *m, uint64_t addr)
{
	return vec_not_above(&m->ranges, low, addr);
}

/* Does X come before Y as an answer?  Where ranges overlap the one that begins last does. */
static bool is_better(const struct unit_map_range *x, const struct unit_map_range *y)
{
	return x->low != y->low ? x->low > y->low : x->unit < y->unit;
}

size_t unit_map_find(const struct unit_map *m, uint64_t addr, uint64_t *units, size_t max)
{
	struct unit_map_range found[UNIT_MAP_FOUND_MAX];
	size_t count = 0, i = m->sorted ? behind(m, addr) : m->ranges.n;

	if (max > UNIT_MAP_FOUND_MAX)
		max = UNIT_MAP_FOUND_MAX;
	while (i-- > 0) {
		const struct unit_map_range *r = &m->ranges.v[i];
		size_t at = count;

		if (m->sorted && (addr - r->low >= m->longest_bytes || count == max))
			break;
		if (addr < r->low || addr >= r->high)
			continue;
		while (at > 0 && is_better(r, &found[at - 1]))
			at--;
		if (at == max || (at > 0 && found[at - 1].unit == r->unit))
			continue;
		count += count < max;
		memmove(&found[at + 1], &found[at], (count - at - 1) * sizeof(*found));
		found[at] = *r;
	}
	for (i = 0; i < count; i++)
		units[i] = found[i].unit;
	for (i = 0; i < m->vague.n && count < max; i++)
		units[count++] = m->vague.v[i];
	return count;
}
