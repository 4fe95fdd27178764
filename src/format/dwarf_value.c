/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attribute values: DWARF 5, 7.5.6. */
#include "format/dwarf.h"

static void read_block(struct cursor *c, uint64_t size_bytes, struct dwarf_value *ret)
{
	ret->number = size_bytes;
	ret->data = cursor_take(c, size_bytes);
}

/* DW_FORM_indirect names the form in the data; it may not name itself. */
static uint16_t resolve_form(const struct dwarf_spec *spec, struct cursor *c)
{
	if (spec->form != DW_FORM_indirect)
		return spec->form;

	uint64_t form = cursor_uleb(c);

	if (form == DW_FORM_indirect || form == DW_FORM_implicit_const || form > 0xffff)
		cursor_fail(c);
	return (uint16_t)form;
}

void dwarf_value_read(const struct dwarf_unit *u, const struct dwarf_spec *spec, struct cursor *c,
		      struct dwarf_value *ret)
{
	ret->form = resolve_form(spec, c);
	ret->data = NULL;
	ret->number = 0;
	switch (ret->form) {
	case DW_FORM_flag_present:
		ret->number = 1;
		break;
	case DW_FORM_implicit_const:
		ret->number = (uint64_t)spec->implicit;
		break;
	case DW_FORM_data1:
	case DW_FORM_ref1:
	case DW_FORM_flag:
	case DW_FORM_strx1:
	case DW_FORM_addrx1:
		ret->number = cursor_u8(c);
		break;
	case DW_FORM_data2:
	case DW_FORM_ref2:
	case DW_FORM_strx2:
	case DW_FORM_addrx2:
		ret->number = cursor_u16(c);
		break;
	case DW_FORM_strx3:
	case DW_FORM_addrx3:
		ret->number = cursor_unsigned(c, 3);
		break;
	case DW_FORM_data4:
	case DW_FORM_ref4:
	case DW_FORM_strx4:
	case DW_FORM_addrx4:
	case DW_FORM_ref_sup4:
		ret->number = cursor_u32(c);
		break;
	case DW_FORM_data8:
	case DW_FORM_ref8:
	case DW_FORM_ref_sig8:
	case DW_FORM_ref_sup8:
		ret->number = cursor_u64(c);
		break;
	case DW_FORM_data16:
		read_block(c, 16, ret);
		break;
	case DW_FORM_addr:
		ret->number = cursor_unsigned(c, u->address_bytes);
		break;
	case DW_FORM_ref_addr:
		ret->number =
			cursor_unsigned(c, u->version <= 2 ? u->address_bytes : u->offset_bytes);
		break;
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_sec_offset:
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_GNU_strp_alt:
		ret->number = cursor_unsigned(c, u->offset_bytes);
		break;
	case DW_FORM_udata:
	case DW_FORM_ref_udata:
	case DW_FORM_strx:
	case DW_FORM_addrx:
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
	case DW_FORM_GNU_addr_index:
	case DW_FORM_GNU_str_index:
		ret->number = cursor_uleb(c);
		break;
	case DW_FORM_sdata:
		ret->number = (uint64_t)cursor_sleb(c);
		break;
	case DW_FORM_string:
		ret->data = (const uint8_t *)cursor_text(c);
		break;
	case DW_FORM_block1:
		read_block(c, cursor_u8(c), ret);
		break;
	case DW_FORM_block2:
		read_block(c, cursor_u16(c), ret);
		break;
	case DW_FORM_block4:
		read_block(c, cursor_u32(c), ret);
		break;
	case DW_FORM_block:
	case DW_FORM_exprloc:
		read_block(c, cursor_uleb(c), ret);
		break;
	default:
		cursor_fail(c);
	}
}

void dwarf_value_skip(const struct dwarf_unit *u, const struct dwarf_spec *spec, struct cursor *c)
{
	struct dwarf_value v;

	switch (spec->form) {
	case DW_FORM_data1:
	case DW_FORM_ref1:
	case DW_FORM_flag:
		cursor_skip(c, 1);
		break;
	case DW_FORM_data2:
		cursor_skip(c, 2);
		break;
	case DW_FORM_data4:
	case DW_FORM_ref4:
		cursor_skip(c, 4);
		break;
	case DW_FORM_strp:
	case DW_FORM_sec_offset:
		cursor_skip(c, u->offset_bytes);
		break;
	case DW_FORM_udata:
	case DW_FORM_sdata:
		cursor_skip_leb(c);
		break;
	case DW_FORM_exprloc:
		cursor_skip(c, cursor_uleb(c));
		break;
	case DW_FORM_flag_present:
	case DW_FORM_implicit_const:
		break;
	default:
		dwarf_value_read(u, spec, c, &v);
	}
}

static const char *indexed_text(const struct dwarf_unit *u, uint64_t index)
{
	uint64_t base = u->str_offsets_base + u->part.str_offsets;
	struct bytes table = u->dwarf->sections.str_offsets;

	if (index > table.size_bytes)
		return NULL;

	struct cursor c = cursor_at(table, base + index * u->offset_bytes, u->dwarf->big_endian);
	uint64_t offset = cursor_unsigned(&c, u->offset_bytes);

	return c.bad ? NULL : bytes_text(u->dwarf->sections.str, offset);
}

const char *dwarf_value_text(const struct dwarf_unit *u, const struct dwarf_value *v)
{
	switch (v->form) {
	case DW_FORM_string:
		return (const char *)v->data;
	case DW_FORM_strp:
		return bytes_text(u->dwarf->sections.str, v->number);
	case DW_FORM_line_strp:
		return bytes_text(u->dwarf->sections.line_str, v->number);
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_strp_alt:
		return u->dwarf->alt ? bytes_text(u->dwarf->alt->sections.str, v->number) : NULL;
	case DW_FORM_strx:
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
	case DW_FORM_GNU_str_index:
		return indexed_text(u, v->number);
	default:
		return NULL;
	}
}

bool dwarf_addr_at(const struct dwarf_unit *u, uint64_t index, uint64_t *addr)
{
	struct bytes table = u->addr_from->sections.addr;

	if (index > table.size_bytes)
		return false;

	struct cursor c =
		cursor_at(table, u->addr_base + index * u->address_bytes, u->dwarf->big_endian);

	*addr = cursor_unsigned(&c, u->address_bytes);
	return !c.bad;
}

bool dwarf_value_addr(const struct dwarf_unit *u, const struct dwarf_value *v, uint64_t *addr)
{
	switch (v->form) {
	case DW_FORM_addr:
		*addr = v->number;
		return true;
	case DW_FORM_addrx:
	case DW_FORM_addrx1:
	case DW_FORM_addrx2:
	case DW_FORM_addrx3:
	case DW_FORM_addrx4:
	case DW_FORM_GNU_addr_index:
		return dwarf_addr_at(u, v->number, addr);
	default:
		return false;
	}
}

struct dwarf_ref dwarf_value_ref(const struct dwarf_unit *u, const struct dwarf_value *v)
{
	switch (v->form) {
	case DW_FORM_ref1:
	case DW_FORM_ref2:
	case DW_FORM_ref4:
	case DW_FORM_ref8:
	case DW_FORM_ref_udata:
		return (struct dwarf_ref){ u->dwarf, u->offset + v->number };
	case DW_FORM_ref_addr:
		return (struct dwarf_ref){ u->dwarf, v->number };
	case DW_FORM_ref_sup4:
	case DW_FORM_ref_sup8:
	case DW_FORM_GNU_ref_alt:
		return (struct dwarf_ref){ u->dwarf->alt, v->number };
	default:
		return (struct dwarf_ref){ NULL, 0 };
	}
}
