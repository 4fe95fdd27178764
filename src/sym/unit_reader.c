/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A name is where DW_AT_abstract_origin and DW_AT_specification lead to, often in another
 * unit (link-time optimisation) or another file (dwz); such units are kept in a small
 * cache, since one leads to it again and again.
 */
#include "sym/unit_reader.h"

#include "base/mem.h"

#include <stdlib.h>

enum { NAME_STEPS_MAX = 16 };

void unit_reader_init(struct unit_reader *r, struct debug_file *file)
{
	const struct dwarf_sections *s = &file->dwarf.sections;

	memset(r, 0, sizeof(*r));
	r->file = file;
	/* What is read more than once in a file that is not hostile: tables that units share. */
	r->functions.budget = 4 * (s->ranges.size_bytes + s->rnglists.size_bytes) + (16 << 20);
	r->line_budget = 16 * (uint64_t)s->line.size_bytes + (16 << 20);
	r->abbrev_budget = 64 * (uint64_t)s->abbrev.size_bytes + (16 << 20);
}

void unit_reader_deinit(struct unit_reader *r)
{
	dwarf_abbrevs_deinit(&r->abbrevs);
	dwarf_abbrevs_deinit(&r->split_abbrevs);
	functions_deinit(&r->functions);
	dwarf_lines_deinit(&r->lines);
	dwarf_lines_deinit(&r->split_files);
	vec_deinit(&r->sequences);
	vec_deinit(&r->spans);
	for (size_t i = 0; i < FOREIGN_UNITS; i++)
		dwarf_abbrevs_deinit(&r->foreign[i].abbrevs);
}

/* --- loading ----------------------------------------------------------------------------- */

/* dwarf_unit_load(), within the budget. */
static bool load_unit(struct unit_reader *r, struct dwarf_unit *u, struct dwarf_abbrevs *abbrevs)
{
	uint64_t before = abbrevs->bytes_read, used;
	bool ok = r->abbrev_budget > 0 && dwarf_unit_load(u, abbrevs);

	used = abbrevs->bytes_read - before;
	r->abbrev_budget -= used < r->abbrev_budget ? used : r->abbrev_budget;
	return ok;
}

static void load_split(struct unit_reader *r)
{
	r->split = r->unit;
	r->is_split = false;
	if (r->unit.dwo_name == NULL || !debug_file_split(r->file, &r->unit, &r->split))
		return;

	struct dwarf_unit joined = r->split;

	r->is_split = load_unit(r, &joined, &r->split_abbrevs);
	if (r->is_split) {
		/* What the skeleton says counts. */
		joined.low_pc = r->unit.low_pc;
		joined.has_low_pc = r->unit.has_low_pc;
		joined.addr_base = r->unit.addr_base;
		if (joined.comp_dir == NULL)
			joined.comp_dir = r->unit.comp_dir;
		r->split = joined;
	} else {
		r->split = r->unit;
	}
}

bool unit_reader_load(struct unit_reader *r, uint64_t offset, enum functions_mode mode)
{
	functions_clear(&r->functions);
	dwarf_lines_clear(&r->lines);
	dwarf_lines_clear(&r->split_files);
	vec_clear(&r->sequences);
	r->lines_read = r->split_files_read = false;
	if (!dwarf_unit_read(&r->file->dwarf, offset, &r->unit) || r->unit.type == DW_UT_type ||
	    !load_unit(r, &r->unit, &r->abbrevs))
		return false;
	load_split(r);
	functions_read(&r->functions, &r->split, mode);
	return true;
}

/* --- lines ------------------------------------------------------------------------------- */

static int row_compare(const void *a, const void *b)
{
	const struct dwarf_row *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/* Order the rows and keep the last of each address; how many are left. */
static size_t tidy_rows(struct dwarf_row *rows, size_t count)
{
	size_t kept = 0;
	bool sorted = true;

	for (size_t i = 0; i < count; i++) {
		rows[i].order = (uint32_t)i;
		sorted &= i == 0 || rows[i].addr >= rows[i - 1].addr;
	}
	if (!sorted)
		qsort(rows, count, sizeof(*rows), row_compare);
	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && rows[kept - 1].addr == rows[i].addr)
			kept--;
		rows[kept++] = rows[i];
	}
	return kept;
}

static void add_sequence(struct unit_reader *r, size_t first, size_t count, uint64_t end)
{
	struct dwarf_row *rows = &r->lines.rows.v[first];
	struct line_sequence s = { .first = first };

	if (count == 0)
		return;
	s.count = tidy_rows(rows, count);
	s.low = rows[0].addr;
	s.high = end;
	/* Rows at or behind the end say nothing. */
	while (s.count > 0 && rows[s.count - 1].addr >= end)
		s.count--;
	if (s.count > 0 && debug_file_is_code(r->file, s.low) && !dwarf_is_tombstone(&r->unit, s.low))
		vec_push(&r->sequences, s);
}

/* Code that the linker left out, and what nobody asks for, is most of a C++ unit. */
static bool wants_sequence(void *user, uint64_t low, uint64_t high)
{
	const struct unit_reader *r = user;
	size_t from = 0, to = r->wanted_count;

	if (!debug_file_is_code(r->file, low))
		return false;
	if (to == 0)
		return true;
	while (from < to) {
		size_t middle = (from + to) / 2;

		if (r->wanted[middle] < low)
			from = middle + 1;
		else
			to = middle;
	}
	return from < r->wanted_count && r->wanted[from] < high;
}

static void use_line_budget(struct unit_reader *r)
{
	uint64_t used = r->lines.bytes_read;

	r->line_budget -= used < r->line_budget ? used : r->line_budget;
}

void unit_reader_read_files(struct unit_reader *r)
{
	if (r->lines_read)
		return;
	r->lines_read = true;
	if (r->line_budget > 0)
		dwarf_lines_read_files(&r->unit, &r->lines);
	use_line_budget(r);
}

void unit_reader_read_lines(struct unit_reader *r)
{
	size_t first = 0;

	if (r->lines_read)
		return;
	r->lines_read = true;
	if (r->line_budget == 0)
		return;
	r->lines.wants = wants_sequence;
	r->lines.user = r;
	dwarf_lines_read(&r->unit, &r->lines);
	use_line_budget(r);
	for (size_t i = 0; i < r->lines.rows.n; i++) {
		if (!r->lines.rows.v[i].end)
			continue;
		add_sequence(r, first, i - first, r->lines.rows.v[i].addr);
		first = i + 1;
	}
}

bool unit_reader_path(struct unit_reader *r, uint64_t file, bool call, struct dwarf_path *ret)
{
	if (call && r->is_split) {
		if (!r->split_files_read) {
			r->split_files_read = true;
			dwarf_lines_read_files(&r->split, &r->split_files);
		}
		if (r->split_files.files.n > 0)
			return dwarf_lines_path(&r->split_files, &r->split, file, ret);
	}
	if (!r->lines_read)
		unit_reader_read_lines(r);
	return dwarf_lines_path(&r->lines, &r->unit, file, ret);
}

/* --- names ------------------------------------------------------------------------------- */

static int span_compare(const void *a, const void *b)
{
	const struct unit_span *x = a, *y = b;

	if (x->dwarf != y->dwarf)
		return x->dwarf < y->dwarf ? -1 : 1;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

static void note_spans(struct unit_reader *r, const struct dwarf *d)
{
	struct dwarf_unit u;

	for (uint64_t at = 0; dwarf_unit_read(d, at, &u); at = u.end)
		vec_push(&r->spans, ((struct unit_span){ d, u.offset, u.end }));
	/* So that a file without units is not looked at again. */
	vec_push(&r->spans, ((struct unit_span){ d, UINT64_MAX, UINT64_MAX }));
	vec_sort(&r->spans, span_compare);
}

static const struct unit_span *find_span(struct unit_reader *r, struct dwarf_ref ref)
{
	size_t low = 0, high = r->spans.n;
	bool known = false;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct unit_span *s = &r->spans.v[middle];

		known |= s->dwarf == ref.dwarf;
		if (s->dwarf == ref.dwarf && ref.offset >= s->offset && ref.offset < s->end)
			return s;
		if (s->dwarf < ref.dwarf || (s->dwarf == ref.dwarf && s->offset <= ref.offset))
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = 0; i < r->spans.n && !known; i++)
		known = r->spans.v[i].dwarf == ref.dwarf;
	if (known)
		return NULL;
	note_spans(r, ref.dwarf);
	return find_span(r, ref);
}

static bool unit_holds(const struct dwarf_unit *u, struct dwarf_ref ref)
{
	return u->dwarf == ref.dwarf && ref.offset >= u->first_die && ref.offset < u->end;
}

/* The loaded unit that holds a DIE, or NULL. */
static const struct dwarf_unit *unit_of(struct unit_reader *r, struct dwarf_ref ref)
{
	if (unit_holds(&r->split, ref))
		return &r->split;
	if (unit_holds(&r->unit, ref))
		return &r->unit;
	for (size_t i = 0; i < FOREIGN_UNITS; i++)
		if (r->foreign[i].valid && unit_holds(&r->foreign[i].unit, ref))
			return &r->foreign[i].unit;

	const struct unit_span *span = find_span(r, ref);
	struct foreign_unit *f = &r->foreign[r->foreign_next];

	if (span == NULL)
		return NULL;
	r->foreign_next = (r->foreign_next + 1) % FOREIGN_UNITS;
	f->valid = dwarf_unit_read(ref.dwarf, span->offset, &f->unit);
	/* The same part of a .dwp. */
	if (f->valid && ref.dwarf == r->split.dwarf && r->is_split)
		f->unit.part = r->split.part;
	f->valid = f->valid && load_unit(r, &f->unit, &f->abbrevs);
	return f->valid && unit_holds(&f->unit, ref) ? &f->unit : NULL;
}

struct name_step {
	const char *linkage, *plain;
	struct dwarf_ref next;
};

static bool read_name(const struct dwarf_unit *u, uint64_t offset, struct name_step *step)
{
	struct cursor c = cursor_at(u->dwarf->sections.info, offset, u->dwarf->big_endian);
	const struct dwarf_abbrev *abbrev;

	if (c.end > u->dwarf->sections.info.data + u->end)
		c.end = u->dwarf->sections.info.data + u->end;
	abbrev = dwarf_abbrev_find(u->abbrevs, cursor_uleb(&c));
	if (abbrev == NULL)
		return false;
	for (uint32_t i = 0; i < abbrev->count && !c.bad; i++) {
		const struct dwarf_spec *spec = &u->abbrevs->specs.v[abbrev->first + i];
		struct dwarf_value v;

		switch (spec->name) {
		case DW_AT_linkage_name:
		case DW_AT_MIPS_linkage_name:
			dwarf_value_read(u, spec, &c, &v);
			step->linkage = dwarf_value_text(u, &v);
			if (step->linkage != NULL)
				return true;
			break;
		case DW_AT_name:
			dwarf_value_read(u, spec, &c, &v);
			step->plain = dwarf_value_text(u, &v);
			break;
		case DW_AT_abstract_origin:
		case DW_AT_specification:
			dwarf_value_read(u, spec, &c, &v);
			step->next = dwarf_value_ref(u, &v);
			break;
		default:
			dwarf_value_skip(u, spec, &c);
		}
	}
	return !c.bad;
}

static const char *find_name(struct unit_reader *r, struct dwarf_ref die, bool linkage_only)
{
	const char *plain = NULL;

	for (int i = 0; i < NAME_STEPS_MAX && die.dwarf != NULL; i++) {
		const struct dwarf_unit *u = unit_of(r, die);
		struct name_step step = { 0 };

		if (u == NULL || !read_name(u, die.offset, &step))
			break;
		if (step.linkage != NULL && step.linkage[0] != '\0')
			return step.linkage;
		if (plain == NULL)
			plain = step.plain;
		die = step.next;
	}
	return linkage_only ? NULL : plain;
}

const char *unit_reader_name(struct unit_reader *r, struct dwarf_ref die) { return find_name(r, die, false); }

/* Where the plain name of a function is also its symbol's. */
static bool has_plain_symbols(uint16_t language)
{
	switch (language) {
	case DW_LANG_C89:
	case DW_LANG_C:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case DW_LANG_C17:
	case 0: /* not said */
	case 0x8001: /* DW_LANG_Mips_Assembler */
		return true;
	default:
		return false;
	}
}

/* gcc gives static C++ functions no linkage name: then the symbol says more. */
const char *unit_reader_function_name(struct unit_reader *r, size_t index)
{
	const struct function *fn = &r->functions.functions.v[index];
	struct dwarf_ref die = { r->split.dwarf, fn->die };
	const char *name = find_name(r, die, true), *symbol = NULL;

	if (name != NULL)
		return name;
	if (!has_plain_symbols(r->split.language))
		symbol = debug_file_symbol(r->file, r->functions.ranges.v[fn->range_first].low);
	return symbol ? symbol : unit_reader_name(r, die);
}

/* --- one address ------------------------------------------------------------------------- */

static bool in_ranges(const struct functions *f, uint32_t first, uint32_t count, uint64_t addr)
{
	for (uint32_t i = first; i < first + count; i++)
		if (addr >= f->ranges.v[i].low && addr < f->ranges.v[i].high)
			return true;
	return false;
}

/* Of the functions that cover ADDR the one that begins last and ends first: nested ones
 * win.  The same rule as in the index (interval_compare in index_build.c). */
static size_t find_function(const struct functions *f, uint64_t addr)
{
	size_t best = SIZE_MAX;
	struct dwarf_range found = { 0, 0 };

	for (size_t i = 0; i < f->functions.n; i++) {
		const struct function *fn = &f->functions.v[i];

		for (uint32_t k = fn->range_first; k < fn->range_first + fn->range_count; k++) {
			const struct dwarf_range *range = &f->ranges.v[k];

			if (addr < range->low || addr >= range->high)
				continue;
			if (best != SIZE_MAX && (range->low < found.low ||
						 (range->low == found.low && range->high >= found.high)))
				continue;
			best = i;
			found = *range;
		}
	}
	return best;
}

static const struct dwarf_row *find_row(const struct unit_reader *r, uint64_t addr)
{
	for (size_t i = 0; i < r->sequences.n; i++) {
		const struct line_sequence *s = &r->sequences.v[i];
		size_t low = 0, high = s->count;

		if (addr < s->low || addr >= s->high)
			continue;
		while (low < high) {
			size_t middle = (low + high) / 2;

			if (r->lines.rows.v[s->first + middle].addr <= addr)
				low = middle + 1;
			else
				high = middle;
		}
		return low > 0 ? &r->lines.rows.v[s->first + low - 1] : NULL;
	}
	return NULL;
}

/* The nodes that cover ADDR, outermost first, as indices; how many. */
static size_t find_inlined(const struct functions *f, const struct function *fn, uint64_t addr,
			   struct arena *a, uint32_t **ret)
{
	size_t depth = 0, room = 0;

	*ret = NULL;
	for (uint32_t i = fn->node_first; i < fn->node_first + fn->node_count; i++) {
		const struct function_node *n = &f->nodes.v[i];

		if (n->depth > depth)
			continue;
		if (n->depth < depth)
			break; /* the one that was entered is over */
		if (!in_ranges(f, n->range_first, n->range_count, addr))
			continue;
		if (depth == room) {
			uint32_t *more = ARENA_ARRAY(a, uint32_t, room ? room * 2 : 8);

			if (depth > 0)
				memcpy(more, *ret, depth * sizeof(*more));
			*ret = more;
			room = room ? room * 2 : 8;
		}
		(*ret)[depth++] = i;
	}
	return depth;
}

static void fill_chain(struct unit_reader *r, size_t function, uint64_t addr,
		       const struct dwarf_row *row, struct arena *a, struct index_chain *ret)
{
	struct functions *f = &r->functions;
	uint32_t *nodes = NULL;
	size_t depth = 0;

	if (function != SIZE_MAX) {
		functions_expand(f, &r->split, function);
		depth = find_inlined(f, &f->functions.v[function], addr, a, &nodes);
	}
	ret->count = depth + 1;
	ret->frames = ARENA_ARRAY(a, struct index_frame, ret->count);
	if (row != NULL) {
		unit_reader_path(r, row->file, false, &ret->frames[0].path);
		ret->frames[0].line = row->line;
		ret->frames[0].column = row->column;
		ret->frames[0].discriminator = row->discriminator;
		ret->frames[0].isa = (uint8_t)row->isa;
		ret->frames[0].flags = row->flags;
	}
	for (size_t i = 0; i < depth; i++) {
		const struct function_node *n = &f->nodes.v[nodes[depth - 1 - i]];
		struct index_frame *frame = &ret->frames[i], *outer = frame + 1;

		frame->inlined = true;
		frame->function = unit_reader_name(r, n->origin);
		unit_reader_path(r, n->call_file, true, &outer->path);
		outer->line = n->call_line;
		outer->column = n->call_column;
	}
	if (function != SIZE_MAX)
		ret->frames[depth].function = unit_reader_function_name(r, function);
}

void unit_reader_find(struct unit_reader *r, uint64_t addr, struct arena *a, struct index_chain *ret)
{
	size_t function = find_function(&r->functions, addr);

	unit_reader_read_lines(r);

	const struct dwarf_row *row = find_row(r, addr);

	*ret = (struct index_chain){ 0 };
	if (function != SIZE_MAX || row != NULL)
		fill_chain(r, function, addr, row, a, ret);
}
