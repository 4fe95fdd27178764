/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unit headers, abbreviation tables and root DIEs.
 *
 * An abbreviation is compiled when it is read: how many bytes its attributes take where
 * that does not vary, and where DW_AT_sibling stands in them.  Most of a file's DIEs are
 * types and variables that an index steps over, and this way that is one addition or one
 * jump a DIE.
 */
#include "format/dwarf.h"

#include <stdlib.h>

/* --- headers ----------------------------------------------------------------------------- */

/* Bytes behind the version differ by version and unit type: DWARF 5, 7.5.1. */
static void read_rest(struct dwarf_unit *u, struct cursor *c)
{
	u->type = DW_UT_compile;
	if (u->version >= 5) {
		u->type = cursor_u8(c);
		u->address_bytes = cursor_u8(c);
		u->abbrev_offset = cursor_unsigned(c, u->offset_bytes);
		if (u->type == DW_UT_skeleton || u->type == DW_UT_split_compile ||
		    u->type == DW_UT_type || u->type == DW_UT_split_type)
			u->signature = cursor_u64(c);
		if (u->type == DW_UT_type || u->type == DW_UT_split_type)
			cursor_skip(c, u->offset_bytes); /* type_offset */
	} else {
		u->abbrev_offset = cursor_unsigned(c, u->offset_bytes);
		u->address_bytes = cursor_u8(c);
	}
}

bool dwarf_unit_read(const struct dwarf *d, uint64_t offset, struct dwarf_unit *ret)
{
	struct cursor c = cursor_at(d->sections.info, offset, d->big_endian);
	uint64_t length = cursor_u32(&c);

	*ret = (struct dwarf_unit){
		.dwarf = d, .offset = offset, .offset_bytes = 4, .addr_from = d, .ranges_from = d
	};
	if (length == 0xffffffff) {
		length = cursor_u64(&c);
		ret->offset_bytes = 8;
	}
	if (c.bad || length > cursor_left(&c) || length < 7)
		return false;
	c.end = c.at + length;
	ret->end = (uint64_t)(c.end - d->sections.info.data);
	ret->version = cursor_u16(&c);
	if (ret->version >= 2 && ret->version <= 5)
		read_rest(ret, &c);
	if (c.bad || ret->version < 2 || ret->version > 5 || ret->address_bytes > 8 ||
	    ret->address_bytes < 1)
		ret->version = 0;
	ret->first_die = (uint64_t)(c.at - d->sections.info.data);
	return true;
}

/* --- abbreviations ----------------------------------------------------------------------- */

static enum dwarf_kind kind_of_tag(uint16_t tag)
{
	switch (tag) {
	case DW_TAG_subprogram:
	case DW_TAG_entry_point:
		return DWARF_FUNCTION;
	case DW_TAG_inlined_subroutine:
		return DWARF_INLINED;
	case DW_TAG_lexical_block:
	case DW_TAG_compile_unit:
	case DW_TAG_partial_unit:
	case DW_TAG_skeleton_unit:
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_with_stmt:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_common_block:
		return DWARF_THROUGH;
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_interface_type:
	case DW_TAG_enumeration_type:
		return DWARF_TYPE;
	default:
		return DWARF_OTHER;
	}
}

/* Bytes of a form, or -1 when they vary (or the form is not known). */
static int form_bytes(const struct dwarf_abbrevs *a, uint16_t form)
{
	switch (form) {
	case DW_FORM_flag_present:
	case DW_FORM_implicit_const:
		return 0;
	case DW_FORM_data1:
	case DW_FORM_ref1:
	case DW_FORM_flag:
	case DW_FORM_strx1:
	case DW_FORM_addrx1:
		return 1;
	case DW_FORM_data2:
	case DW_FORM_ref2:
	case DW_FORM_strx2:
	case DW_FORM_addrx2:
		return 2;
	case DW_FORM_strx3:
	case DW_FORM_addrx3:
		return 3;
	case DW_FORM_data4:
	case DW_FORM_ref4:
	case DW_FORM_strx4:
	case DW_FORM_addrx4:
	case DW_FORM_ref_sup4:
		return 4;
	case DW_FORM_data8:
	case DW_FORM_ref8:
	case DW_FORM_ref_sig8:
	case DW_FORM_ref_sup8:
		return 8;
	case DW_FORM_data16:
		return 16;
	case DW_FORM_addr:
		return a->address_bytes;
	case DW_FORM_ref_addr:
		return a->version <= 2 ? a->address_bytes : a->offset_bytes;
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_sec_offset:
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_GNU_strp_alt:
		return a->offset_bytes;
	default:
		return -1;
	}
}

static void compile(struct dwarf_abbrevs *a, struct dwarf_abbrev *abbrev)
{
	int32_t bytes = 0;

	abbrev->sibling = abbrev->sibling_bytes = -1;
	for (uint32_t i = 0; i < abbrev->count; i++) {
		const struct dwarf_spec *spec = &a->specs.v[abbrev->first + i];
		int size = form_bytes(a, spec->form);

		if (spec->name == DW_AT_sibling && spec->form == DW_FORM_ref4 &&
		    abbrev->sibling < 0) {
			abbrev->sibling = (int32_t)i;
			abbrev->sibling_bytes = bytes;
		}
		bytes = size < 0 || bytes < 0 || bytes > 1 << 20 ? -1 : bytes + size;
	}
	abbrev->fixed_bytes = bytes;
}

static bool read_abbrev(struct dwarf_abbrevs *a, struct cursor *c, uint64_t code)
{
	struct dwarf_abbrev *abbrev = vec_add(&a->abbrevs);

	abbrev->code = code;
	abbrev->tag = (uint16_t)cursor_uleb(c);
	abbrev->has_children = cursor_u8(c) != 0;
	abbrev->kind = (uint8_t)kind_of_tag(abbrev->tag);
	abbrev->first = (uint32_t)a->specs.n;
	for (;;) {
		uint64_t name = cursor_uleb(c), form = cursor_uleb(c);
		struct dwarf_spec spec = { (uint16_t)name, (uint16_t)form, 0 };

		if (form == DW_FORM_implicit_const)
			spec.implicit = cursor_sleb(c);
		if (c->bad || name > 0xffff || form > 0xffff)
			return false;
		if (name == 0 && form == 0)
			break;
		vec_push(&a->specs, spec);
	}
	abbrev->count = (uint32_t)a->specs.n - abbrev->first;
	compile(a, abbrev);
	return true;
}

static int abbrev_compare(const void *a, const void *b)
{
	const struct dwarf_abbrev *x = a, *y = b;

	return (x->code > y->code) - (x->code < y->code);
}

const struct dwarf_abbrev *dwarf_abbrev_search(const struct dwarf_abbrevs *a, uint64_t code)
{
	struct dwarf_abbrev key = { .code = code };

	if (a->abbrevs.n == 0)
		return NULL;
	return bsearch(&key, a->abbrevs.v, a->abbrevs.n, sizeof(key), abbrev_compare);
}

static bool abbrevs_read(struct dwarf_abbrevs *a, const struct dwarf_unit *u)
{
	uint64_t offset = u->abbrev_offset + u->part.abbrev;

	if (a->dwarf == u->dwarf && a->offset == offset && a->address_bytes == u->address_bytes &&
	    a->offset_bytes == u->offset_bytes && (a->version <= 2) == (u->version <= 2))
		return a->abbrevs.n > 0;

	struct cursor c = cursor_at(u->dwarf->sections.abbrev, offset, u->dwarf->big_endian);
	uint64_t code;

	a->dwarf = u->dwarf;
	a->offset = offset;
	a->address_bytes = u->address_bytes;
	a->offset_bytes = u->offset_bytes;
	a->version = (uint8_t)u->version;
	vec_clear(&a->abbrevs);
	vec_clear(&a->specs);

	const uint8_t *from = c.at;

	while ((code = cursor_uleb(&c)) != 0)
		if (!read_abbrev(a, &c, code)) {
			vec_clear(&a->abbrevs);
			break;
		}
	a->bytes_read += (uint64_t)(c.at - from);
	a->dense = true;
	for (size_t i = 0; i < a->abbrevs.n; i++)
		a->dense &= a->abbrevs.v[i].code == i + 1;
	if (!a->dense)
		vec_sort(&a->abbrevs, abbrev_compare);
	return a->abbrevs.n > 0;
}

void dwarf_abbrevs_deinit(struct dwarf_abbrevs *a)
{
	vec_deinit(&a->abbrevs);
	vec_deinit(&a->specs);
	*a = (struct dwarf_abbrevs){ 0 };
}

/* --- the root DIE ------------------------------------------------------------------------ */

/* Texts and addresses may need bases that stand later in the DIE: kept for a second look. */
struct root {
	struct dwarf_value name, comp_dir, dwo_name, producer, low_pc, high_pc;
};

static void root_attribute(struct dwarf_unit *u, struct root *r, uint16_t name,
			   const struct dwarf_value *v)
{
	switch (name) {
	case DW_AT_name:
		r->name = *v;
		break;
	case DW_AT_comp_dir:
		r->comp_dir = *v;
		break;
	case DW_AT_producer:
		r->producer = *v;
		break;
	case DW_AT_dwo_name:
	case DW_AT_GNU_dwo_name:
		r->dwo_name = *v;
		break;
	case DW_AT_low_pc:
		r->low_pc = *v;
		break;
	case DW_AT_high_pc:
		r->high_pc = *v;
		break;
	case DW_AT_language:
		u->language = (uint16_t)v->number;
		break;
	case DW_AT_ranges:
		u->ranges = v->number;
		u->ranges_form = v->form;
		break;
	case DW_AT_stmt_list:
		u->line_offset = v->number;
		u->has_line = true;
		break;
	case DW_AT_str_offsets_base:
		u->str_offsets_base = v->number;
		break;
	case DW_AT_addr_base:
	case DW_AT_GNU_addr_base:
		u->addr_base = v->number;
		break;
	case DW_AT_rnglists_base:
		u->rnglists_base = v->number;
		break;
	case DW_AT_GNU_ranges_base:
		u->ranges_base = v->number;
		break;
	case DW_AT_GNU_dwo_id:
		u->signature = v->number;
		break;
	}
}

static void root_finish(struct dwarf_unit *u, struct root *r)
{
	u->name = dwarf_value_text(u, &r->name);
	u->comp_dir = dwarf_value_text(u, &r->comp_dir);
	u->dwo_name = dwarf_value_text(u, &r->dwo_name);
	u->producer = dwarf_value_text(u, &r->producer);
	u->has_low_pc = dwarf_value_addr(u, &r->low_pc, &u->low_pc);
	if (dwarf_value_addr(u, &r->high_pc, &u->high_pc)) {
		u->has_high_pc = true;
	} else if (r->high_pc.form != 0 && u->has_low_pc) {
		u->has_high_pc = true;
		u->high_pc = u->low_pc + r->high_pc.number;
	}
}

/* A split unit's bases are those of the section's header (DWARF 5, 7.26 and 7.28). */
static void split_bases(struct dwarf_unit *u)
{
	if (!u->dwarf->is_dwo)
		return;
	if (u->version >= 5) {
		u->str_offsets_base = u->offset_bytes == 8 ? 16 : 8;
		u->rnglists_base = u->offset_bytes == 8 ? 20 : 12;
	}
}

bool dwarf_unit_load(struct dwarf_unit *u, struct dwarf_abbrevs *abbrevs)
{
	struct cursor c = cursor_at(u->dwarf->sections.info, u->first_die, u->dwarf->big_endian);
	struct root root = { 0 };

	if (u->version == 0 || !abbrevs_read(abbrevs, u))
		return false;
	u->abbrevs = abbrevs;
	split_bases(u);
	c.end = u->dwarf->sections.info.data + u->end;

	const struct dwarf_abbrev *abbrev = dwarf_abbrev_find(abbrevs, cursor_uleb(&c));

	if (c.bad || abbrev == NULL)
		return false;
	u->tag = abbrev->tag;
	for (uint32_t i = 0; i < abbrev->count; i++) {
		const struct dwarf_spec *spec = &abbrevs->specs.v[abbrev->first + i];
		struct dwarf_value v;

		dwarf_value_read(u, spec, &c, &v);
		root_attribute(u, &root, spec->name, &v);
	}
	root_finish(u, &root);
	return !c.bad;
}

/* --- split units ------------------------------------------------------------------------- */

void dwarf_unit_join(struct dwarf_unit *split, const struct dwarf_unit *skeleton)
{
	split->addr_from = skeleton->dwarf;
	split->addr_base = skeleton->addr_base;
	if (split->version < 5) {
		split->ranges_from = skeleton->dwarf;
		split->ranges_base = skeleton->ranges_base;
	}
	split->low_pc = skeleton->low_pc;
	split->has_low_pc = skeleton->has_low_pc;
}

/* One row of a .dwp index: offsets of the unit's parts.  DWARF 5, 7.3.5.3; version 2 is
 * GNU's for DWARF 4. */
static void read_row(struct bytes index, bool big_endian, uint64_t columns_at, uint32_t columns,
		     uint32_t row, struct dwarf_unit *u, uint64_t *info)
{
	struct cursor ids = cursor_at(index, columns_at, big_endian);
	struct cursor offsets =
		cursor_at(index, columns_at + 4 * (uint64_t)columns * row, big_endian);

	for (uint32_t i = 0; i < columns && !offsets.bad; i++) {
		uint32_t id = cursor_u32(&ids), offset = cursor_u32(&offsets);

		if (id == DW_SECT_INFO)
			*info = offset;
		else if (id == DW_SECT_ABBREV)
			u->part.abbrev = offset;
		else if (id == DW_SECT_LINE)
			u->part.line = offset;
		else if (id == DW_SECT_STR_OFFSETS)
			u->part.str_offsets = offset;
		else if (id == DW_SECT_RNGLISTS)
			u->part.rnglists = offset;
	}
}

static bool find_in_index(const struct dwarf *d, uint64_t signature, struct dwarf_unit *ret)
{
	struct bytes index = d->sections.cu_index;
	struct cursor c = cursor_of(index, d->big_endian);

	cursor_u32(&c); /* version and padding */

	uint32_t columns = cursor_u32(&c), units = cursor_u32(&c), slots = cursor_u32(&c);

	if (c.bad || slots == 0 || (slots & (slots - 1)) || units > slots || columns > 16)
		return false;

	uint64_t mask = slots - 1, step = ((signature >> 32) & mask) | 1, at = signature & mask;

	for (uint32_t i = 0; i < slots; i++, at = (at + step) & mask) {
		struct cursor hash = cursor_at(index, 16 + 8 * at, d->big_endian);
		struct cursor row_at =
			cursor_at(index, 16 + 8 * (uint64_t)slots + 4 * at, d->big_endian);
		uint64_t found = cursor_u64(&hash);
		uint32_t row = cursor_u32(&row_at);
		struct dwarf_unit parts = { 0 };
		uint64_t info = 0;

		if (row == 0 || row > units || row_at.bad)
			return false;
		if (found != signature)
			continue;
		read_row(index, d->big_endian, 16 + 12 * (uint64_t)slots, columns, row, &parts,
			 &info);
		if (!dwarf_unit_read(d, info, ret))
			return false;
		ret->part = parts.part;
		return true;
	}
	return false;
}

bool dwarf_unit_find_split(const struct dwarf *d, uint64_t signature, struct dwarf_unit *ret)
{
	struct dwarf_abbrevs abbrevs = { 0 };
	bool found = false;

	if (d->sections.cu_index.size_bytes > 0)
		return find_in_index(d, signature, ret);
	for (uint64_t at = 0; !found && dwarf_unit_read(d, at, ret); at = ret->end) {
		struct dwarf_unit loaded = *ret;

		if (ret->type == DW_UT_split_type || ret->type == DW_UT_type)
			continue;
		/* Version 4 has the signature in the root DIE. */
		if (ret->version >= 5 || dwarf_unit_load(&loaded, &abbrevs))
			found = loaded.signature == signature;
	}
	dwarf_abbrevs_deinit(&abbrevs);
	return found;
}
