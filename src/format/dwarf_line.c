/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Line programs: DWARF 5, section 6.2; before version 5 the tables of directories and
 * files are simpler.  A program makes at most one row a byte, so its rows are bounded.
 */
#include "format/dwarf.h"

struct header {
	struct cursor c; /* behind the header: the program */
	uint16_t version;
	uint8_t offset_bytes, address_bytes;
	uint8_t min_instruction_bytes, max_ops;
	int8_t line_base;
	uint8_t line_range, opcode_base;
	bool is_stmt; /* where each sequence begins */
	const uint8_t *opcode_lengths; /* [opcode - 1] */
};

/* --- tables ------------------------------------------------------------------------------ */

/* DWARF 5, 6.2.4: a table describes its own columns. */
static bool read_table(struct dwarf_unit *u, struct cursor *c, struct dwarf_lines *l, bool dirs)
{
	struct dwarf_spec formats[16];
	uint64_t columns = cursor_u8(c);

	if (columns > 16)
		return false;
	for (uint64_t i = 0; i < columns; i++) {
		formats[i].name = (uint16_t)cursor_uleb(c);
		formats[i].form = (uint16_t)cursor_uleb(c);
		formats[i].implicit = 0;
	}

	uint64_t count = cursor_uleb(c);

	/* Each entry takes a byte at least; without columns there is nothing to repeat. */
	if (c->bad || (columns == 0 && count > 0) || count > cursor_left(c))
		return false;
	for (uint64_t i = 0; i < count; i++) {
		struct dwarf_file file = { "", 0 };
		const uint8_t *from = c->at;

		for (uint64_t k = 0; k < columns; k++) {
			struct dwarf_value v;

			dwarf_value_read(u, &formats[k], c, &v);
			if (formats[k].name == DW_LNCT_path) {
				const char *text = dwarf_value_text(u, &v);

				file.name = text ? text : "";
			} else if (formats[k].name == DW_LNCT_directory_index) {
				file.dir = v.number;
			}
		}
		if (c->bad || c->at == from)
			return false;
		if (dirs)
			vec_push(&l->dirs, file.name);
		else
			vec_push(&l->files, file);
	}
	return true;
}

static bool read_old_file(struct cursor *c, struct dwarf_lines *l)
{
	struct dwarf_file file = { cursor_text(c), 0 };

	if (c->bad || file.name[0] == '\0')
		return false;
	file.dir = cursor_uleb(c);
	cursor_skip_leb(c); /* time */
	cursor_skip_leb(c); /* size */
	vec_push(&l->files, file);
	return true;
}

static bool read_old_tables(const struct dwarf_unit *u, struct cursor *c, struct dwarf_lines *l)
{
	struct dwarf_file unit = { u->name ? u->name : "", 0 };

	vec_push(&l->dirs, u->comp_dir);
	vec_push(&l->files, unit);
	for (;;) {
		const char *dir = cursor_text(c);

		if (dir[0] == '\0')
			break;
		vec_push(&l->dirs, dir);
	}
	while (read_old_file(c, l))
		;
	return !c->bad;
}

/* --- the header -------------------------------------------------------------------------- */

static bool read_tables(const struct dwarf_unit *u, struct header *h, struct cursor *c,
			struct dwarf_lines *l)
{
	struct dwarf_unit sized = *u;

	if (h->version < 5)
		return read_old_tables(u, c, l);
	/* The table's own sizes count, not those of the unit. */
	sized.offset_bytes = h->offset_bytes;
	sized.address_bytes = h->address_bytes;
	return read_table(&sized, c, l, true) && read_table(&sized, c, l, false);
}

static bool read_header(const struct dwarf_unit *u, struct header *h, struct dwarf_lines *l)
{
	struct bytes all = u->dwarf->sections.line;
	struct cursor c = cursor_at(all, u->line_offset + u->part.line, u->dwarf->big_endian);
	uint64_t length = cursor_u32(&c);

	h->offset_bytes = 4;
	if (length == 0xffffffff) {
		length = cursor_u64(&c);
		h->offset_bytes = 8;
	}
	if (c.bad || length > cursor_left(&c))
		return false;
	c.end = c.at + length;
	h->version = l->version = cursor_u16(&c);
	if (h->version < 2 || h->version > 5)
		return false;
	h->address_bytes = u->address_bytes;
	if (h->version >= 5) {
		h->address_bytes = cursor_u8(&c);
		cursor_u8(&c); /* segment_selector_size */
	}

	uint64_t header_length = cursor_unsigned(&c, h->offset_bytes);

	h->c = c;
	cursor_skip(&h->c, header_length);
	h->min_instruction_bytes = cursor_u8(&c);
	h->max_ops = h->version >= 4 ? cursor_u8(&c) : 1;
	h->is_stmt = cursor_u8(&c) != 0;
	h->line_base = (int8_t)cursor_u8(&c);
	h->line_range = cursor_u8(&c);
	h->opcode_base = cursor_u8(&c);
	if (h->opcode_base == 0)
		return false;
	h->opcode_lengths = cursor_take(&c, h->opcode_base - 1u);
	if (h->max_ops == 0)
		h->max_ops = 1;
	if (c.bad || h->c.bad || h->line_range == 0 || h->address_bytes == 0 ||
	    h->address_bytes > 8)
		return false;
	c.end = h->c.at;
	l->bytes_read += header_length;
	return read_tables(u, h, &c, l);
}

/* --- the program ------------------------------------------------------------------------- */

struct machine {
	const struct header *h;
	struct dwarf_row row;
	uint32_t op_index;
	size_t first; /* row of this sequence */
	bool dead;    /* nobody wants it: it begins where no code is */
};

static void reset(struct machine *m)
{
	m->row = (struct dwarf_row){ .file = 1, .line = 1, .flags = m->h->is_stmt ? DWARF_IS_STMT : 0 };
	m->op_index = 0;
}

/* VLIW machines have several operations an instruction; all others one. */
static inline void advance(struct machine *m, uint64_t count)
{
	const struct header *h = m->h;

	if (h->max_ops == 1) {
		m->row.addr += count * h->min_instruction_bytes;
	} else {
		uint64_t ops = m->op_index + count;

		m->row.addr += ops / h->max_ops * h->min_instruction_bytes;
		m->op_index = (uint32_t)(ops % h->max_ops);
	}
}

static inline void add_row(struct machine *m, struct dwarf_lines *l)
{
	if (!m->dead)
		vec_push(&l->rows, m->row);
	m->row.flags &= DWARF_IS_STMT;
	m->row.discriminator = 0;
}

static void end_sequence(struct machine *m, struct dwarf_lines *l)
{
	if (m->dead) {
		m->dead = false;
		return;
	}
	m->row.end = true;
	vec_push(&l->rows, m->row);
	m->row.end = false;
	if (l->wants != NULL && !l->wants(l->user, l->rows.v[m->first].addr, m->row.addr))
		l->rows.n = m->first;
	m->first = l->rows.n;
}

/* Addresses only grow in a sequence; BOLT goes back without ending it first. */
static void set_address(struct machine *m, uint64_t addr, struct dwarf_lines *l)
{
	if (l->rows.n > m->first && addr < vec_last(&l->rows)->addr)
		end_sequence(m, l);
	m->row.addr = addr;
	m->op_index = 0;
	/* Most of a C++ unit is code that the linker had from elsewhere. */
	if (l->rows.n == m->first && l->wants != NULL)
		m->dead = !l->wants(l->user, addr, UINT64_MAX);
}

static void extended(struct machine *m, struct cursor *c, struct dwarf_lines *l)
{
	uint64_t length = cursor_uleb(c);

	if (length == 0 || length > cursor_left(c)) {
		if (length > 0)
			cursor_fail(c);
		return;
	}

	const uint8_t *end = c->at + length;
	struct cursor in = *c;

	in.end = end;
	switch (cursor_u8(&in)) {
	case DW_LNE_end_sequence:
		end_sequence(m, l);
		reset(m);
		break;
	case DW_LNE_set_address:
		set_address(m, cursor_unsigned(&in, length - 1 <= 8 ? (unsigned)length - 1 : 9), l);
		break;
	case DW_LNE_set_discriminator:
		m->row.discriminator = (uint32_t)cursor_uleb(&in);
		break;
	case DW_LNE_define_file:
		if (l->version < 5)
			read_old_file(&in, l);
		break;
	}
	c->at = end;
}

static void standard(struct machine *m, uint8_t opcode, struct cursor *c, struct dwarf_lines *l)
{
	switch (opcode) {
	case DW_LNS_copy:
		add_row(m, l);
		break;
	case DW_LNS_advance_pc:
		advance(m, cursor_uleb(c));
		break;
	case DW_LNS_advance_line:
		m->row.line += (uint32_t)cursor_sleb(c);
		break;
	case DW_LNS_set_file:
		m->row.file = (uint32_t)cursor_uleb(c);
		break;
	case DW_LNS_set_column:
		m->row.column = (uint16_t)cursor_uleb(c);
		break;
	case DW_LNS_const_add_pc:
		advance(m, (255u - m->h->opcode_base) / m->h->line_range);
		break;
	case DW_LNS_fixed_advance_pc:
		m->row.addr += cursor_u16(c);
		m->op_index = 0;
		break;
	case DW_LNS_negate_stmt:
		m->row.flags ^= DWARF_IS_STMT;
		break;
	case DW_LNS_set_basic_block:
		m->row.flags |= DWARF_BASIC_BLOCK;
		break;
	case DW_LNS_set_prologue_end:
		m->row.flags |= DWARF_PROLOGUE_END;
		break;
	case DW_LNS_set_epilogue_begin:
		m->row.flags |= DWARF_EPILOGUE_BEGIN;
		break;
	case DW_LNS_set_isa:
		m->row.isa = (uint32_t)cursor_uleb(c);
		break;
	default: /* what a later version may add */
		for (uint8_t i = 0; i < m->h->opcode_lengths[opcode - 1]; i++)
			cursor_skip_leb(c);
	}
}

static bool run(struct header *h, struct dwarf_lines *l)
{
	struct machine m = { .h = h };
	struct cursor c = h->c;

	reset(&m);
	while (c.at < c.end) {
		uint8_t opcode = *c.at++;

		if (opcode >= h->opcode_base) {
			uint8_t adjusted = opcode - h->opcode_base;

			advance(&m, adjusted / h->line_range);
			m.row.line += (uint32_t)(h->line_base + adjusted % h->line_range);
			add_row(&m, l);
		} else if (opcode == DW_LNS_extended_op) {
			extended(&m, &c, l);
		} else {
			standard(&m, opcode, &c, l);
		}
	}
	l->bytes_read += (uint64_t)(c.end - h->c.at);
	return !c.bad;
}

bool dwarf_lines_read_files(const struct dwarf_unit *u, struct dwarf_lines *ret)
{
	struct header h;

	return u->has_line && read_header(u, &h, ret);
}

bool dwarf_lines_read(const struct dwarf_unit *u, struct dwarf_lines *ret)
{
	struct header h;

	return u->has_line && read_header(u, &h, ret) && run(&h, ret);
}

void dwarf_lines_clear(struct dwarf_lines *l)
{
	vec_clear(&l->dirs);
	vec_clear(&l->files);
	vec_clear(&l->rows);
	l->bytes_read = 0;
}

void dwarf_lines_deinit(struct dwarf_lines *l)
{
	vec_deinit(&l->dirs);
	vec_deinit(&l->files);
	vec_deinit(&l->rows);
}

bool dwarf_lines_path(const struct dwarf_lines *l, const struct dwarf_unit *u, uint64_t file,
		      struct dwarf_path *ret)
{
	*ret = (struct dwarf_path){ u->comp_dir, NULL, NULL };
	/* Before version 5, 0 means that there is no file. */
	if (file >= l->files.n || (l->version < 5 && file == 0))
		return false;

	const struct dwarf_file *f = &l->files.v[file];

	ret->name = f->name;
	if (f->dir < l->dirs.n)
		ret->dir = l->dirs.v[f->dir];
	return f->name[0] != '\0';
}
