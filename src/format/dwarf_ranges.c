/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Address ranges: .debug_ranges (DWARF 2 to 4, section 2.17.3 there), .debug_rnglists
 * (DWARF 5, 2.17.3 and 7.25) and .debug_aranges (6.1.2).
 *
 * Code that a linker threw away still has its ranges; they begin at a tombstone.  A range
 * that begins at 0 is left to the caller, who knows where code is.
 */
#include "format/dwarf.h"

static void add(const struct dwarf_unit *u, dwarf_ranges *ret, uint64_t low, uint64_t high)
{
	if (low < high && !dwarf_is_tombstone(u, low))
		vec_push(ret, ((struct dwarf_range){ low, high }));
}

static bool read_old(const struct dwarf_unit *u, struct cursor *c, dwarf_ranges *ret)
{
	uint64_t base = u->has_low_pc ? u->low_pc : 0;
	uint64_t max =
		u->address_bytes >= 8 ? UINT64_MAX : ((uint64_t)1 << 8 * u->address_bytes) - 1;

	for (;;) {
		uint64_t low = cursor_unsigned(c, u->address_bytes);
		uint64_t high = cursor_unsigned(c, u->address_bytes);

		if (c->bad)
			return false;
		if (low == 0 && high == 0)
			return true;
		if (low == max)
			base = high;
		else if (low != max - 1 && !dwarf_is_tombstone(u, base))
			add(u, ret, base + low, base + high);
	}
}

struct rle {
	uint64_t base;
	bool base_dead; /* the base is a tombstone */
};

static uint64_t indexed(const struct dwarf_unit *u, struct cursor *c)
{
	uint64_t addr = 0;

	if (!dwarf_addr_at(u, cursor_uleb(c), &addr))
		cursor_fail(c);
	return addr;
}

/* False: the end of the list (or a bad cursor). */
static bool read_entry(const struct dwarf_unit *u, struct cursor *c, struct rle *r,
		       dwarf_ranges *ret)
{
	uint64_t low, high;

	switch (cursor_u8(c)) {
	case DW_RLE_end_of_list:
		return false;
	case DW_RLE_base_addressx:
		r->base = indexed(u, c);
		r->base_dead = dwarf_is_tombstone(u, r->base);
		return !c->bad;
	case DW_RLE_base_address:
		r->base = cursor_unsigned(c, u->address_bytes);
		r->base_dead = dwarf_is_tombstone(u, r->base);
		return !c->bad;
	case DW_RLE_startx_endx:
		low = indexed(u, c);
		high = indexed(u, c);
		break;
	case DW_RLE_startx_length:
		low = indexed(u, c);
		high = low + cursor_uleb(c);
		break;
	case DW_RLE_offset_pair:
		low = r->base + cursor_uleb(c);
		high = r->base + cursor_uleb(c);
		if (r->base_dead)
			high = low;
		break;
	case DW_RLE_start_end:
		low = cursor_unsigned(c, u->address_bytes);
		high = cursor_unsigned(c, u->address_bytes);
		break;
	case DW_RLE_start_length:
		low = cursor_unsigned(c, u->address_bytes);
		high = low + cursor_uleb(c);
		break;
	default:
		cursor_fail(c);
		return false;
	}
	if (!c->bad)
		add(u, ret, low, high);
	return !c->bad;
}

/* DW_FORM_rnglistx: through the table of offsets at rnglists_base. */
static bool list_offset(const struct dwarf_unit *u, uint64_t index, uint64_t *offset)
{
	struct bytes lists = u->dwarf->sections.rnglists;
	uint64_t base = u->rnglists_base + u->part.rnglists;

	if (index > lists.size_bytes)
		return false;

	struct cursor c = cursor_at(lists, base + index * u->offset_bytes, u->dwarf->big_endian);

	*offset = base + cursor_unsigned(&c, u->offset_bytes);
	return !c.bad;
}

bool dwarf_ranges_read(const struct dwarf_unit *u, uint16_t form, uint64_t number,
		       dwarf_ranges *ret, uint64_t *bytes_read)
{
	struct rle r = { u->has_low_pc ? u->low_pc : 0, false };
	struct cursor c;
	bool ok;

	if (u->version < 5) {
		c = cursor_at(u->ranges_from->sections.ranges, number + u->ranges_base,
			      u->dwarf->big_endian);
	} else {
		if (form == DW_FORM_rnglistx && !list_offset(u, number, &number))
			return false;
		c = cursor_at(u->dwarf->sections.rnglists, number, u->dwarf->big_endian);
	}

	const uint8_t *from = c.at;

	if (u->version < 5) {
		ok = read_old(u, &c, ret);
	} else {
		r.base_dead = dwarf_is_tombstone(u, r.base);
		while (read_entry(u, &c, &r, ret))
			;
		ok = !c.bad;
	}
	*bytes_read += (uint64_t)(c.at - from);
	return ok;
}

bool dwarf_unit_ranges(const struct dwarf_unit *u, dwarf_ranges *ret, uint64_t *bytes_read)
{
	if (u->ranges_form != 0) {
		/* GNU_ranges_base is for the DIEs of the split unit, not for the skeleton's own. */
		struct dwarf_unit own = *u;

		own.ranges_base = 0;
		return dwarf_ranges_read(&own, u->ranges_form, u->ranges, ret, bytes_read);
	}
	if (!u->has_low_pc || !u->has_high_pc)
		return false;
	add(u, ret, u->low_pc, u->high_pc);
	return true;
}

/* --- .debug_aranges ---------------------------------------------------------------------- */

struct dwarf_aranges dwarf_aranges_begin(const struct dwarf *d)
{
	return (struct dwarf_aranges){ .all = cursor_of(d->sections.aranges, d->big_endian) };
}

static bool next_set(struct dwarf_aranges *a)
{
	const uint8_t *from = a->all.at;
	uint64_t length = cursor_u32(&a->all);
	unsigned offset_bytes = 4;

	if (length == 0xffffffff) {
		length = cursor_u64(&a->all);
		offset_bytes = 8;
	}
	if (a->all.bad || length > cursor_left(&a->all))
		return false;
	a->set = a->all;
	a->set.end = a->all.at + length;
	cursor_skip(&a->all, length);
	cursor_u16(&a->set); /* version: 2 in all of DWARF */
	a->unit_offset = cursor_unsigned(&a->set, offset_bytes);
	a->address_bytes = cursor_u8(&a->set);

	uint8_t segment_bytes = cursor_u8(&a->set);

	if (a->address_bytes == 0 || a->address_bytes > 8 || segment_bytes != 0) {
		cursor_fail(&a->set);
		return true;
	}
	/* Entries are aligned to their own size, from the beginning of the set. */
	uint64_t entry = 2u * a->address_bytes, used = (uint64_t)(a->set.at - from);

	cursor_skip(&a->set, (entry - used % entry) % entry);
	return true;
}

bool dwarf_aranges_next(struct dwarf_aranges *a)
{
	for (;;) {
		while (cursor_left(&a->set) >= 2u * a->address_bytes && a->address_bytes > 0 &&
		       !a->set.bad) {
			uint64_t low = cursor_unsigned(&a->set, a->address_bytes);
			uint64_t length = cursor_unsigned(&a->set, a->address_bytes);

			if (a->set.bad || length == 0 || low + length < low)
				continue; /* also the terminator: some sets go on behind it */
			a->range = (struct dwarf_range){ low, low + length };
			return true;
		}
		if (cursor_done(&a->all) || !next_set(a))
			return false;
	}
}
