/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DWARF through libdw, with two indexes of our own above it, because libdw's ways from an
 * address to its scopes walk a whole unit each time:
 *
 *   units    address -> compilation unit.  From the ranges that each unit declares, and
 *            .debug_aranges for units that declare none.  Made when the file is opened.
 *   scopes   address -> innermost function or inlined call.  One walk over a unit's
 *            entries when the first address falls into it.
 *
 * The walk keeps its own stack, goes only where code can be (not into types without
 * children, nor abstract functions), and stops when a sibling does not lie behind its
 * predecessor: a crafted file could send it round in circles.
 *
 * Ranges outside of executable segments are dropped.  That gets rid of the tombstones
 * (0, 1, -1, -2) that linkers leave for functions they threw away.
 *
 * Names, lines and ranges: DWARF 5, sections 2.17, 3.3, 6.2.
 */
#include "sym/dwarf.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "module/elf_open.h"
#include "module/module.h"
#include "sym/intervals.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 512, RANGES_MAX = 4 << 20, NO_SCOPE = UINT32_MAX };

struct scope {
	Dwarf_Die die;
	uint32_t parent; /* index, NO_SCOPE at the top */
	bool inlined;
	bool named;      /* the names were looked up */
	const char *mangled, *name; /* NULL: none */
};

struct unit {
	Dwarf_Die die;     /* the one with the line table */
	Dwarf_Die sub_die; /* the one with the scopes: the same, or that of the split unit */
	bool loaded;
	VEC(struct scope) scopes;
	struct intervals index; /* value: index of the scope */
};

typedef VEC(struct interval) range_vec;

struct dwarf_info {
	const struct module *module;
	struct symbolizer_options options;
	Elf *elf;
	Dwarf *dwarf;
	VEC(struct unit) units;
	struct intervals index; /* value: index of the unit */
	struct arena names;
};

/* --- ranges --------------------------------------------------------------------------------- */

/* Add the code ranges of DIE.  False when it has none. */
static bool add_ranges(const struct dwarf_info *d, Dwarf_Die *die, uint32_t value, uint32_t priority,
		       range_vec *ranges)
{
	Dwarf_Addr base = 0, lo, hi;
	ptrdiff_t at = 0;
	bool any = false;

	while (ranges->n < RANGES_MAX && (at = dwarf_ranges(die, at, &base, &lo, &hi)) > 0) {
		if (lo >= hi || !module_is_code(d->module, lo))
			continue;
		vec_push(ranges, ((struct interval){ lo, hi, value, priority }));
		any = true;
	}
	return any;
}

/* --- units ------------------------------------------------------------------------------------- */

/* Units without ranges of their own (old compilers) may be in .debug_aranges. */
static void add_aranges(struct dwarf_info *d, const struct map *by_offset, range_vec *ranges)
{
	Dwarf_Aranges *aranges;
	size_t count;

	if (dwarf_getaranges(d->dwarf, &aranges, &count) != 0)
		return;
	for (size_t i = 0; i < count && ranges->n < RANGES_MAX; i++) {
		Dwarf_Addr lo;
		Dwarf_Word length;
		Dwarf_Off offset;

		if (dwarf_getarangeinfo(dwarf_onearange(aranges, i), &lo, &length, &offset) != 0 ||
		    lo + length < lo || !module_is_code(d->module, lo))
			continue;

		const uint64_t *unit = map_find(by_offset, offset);

		if (unit != NULL)
			vec_push(ranges, ((struct interval){ lo, lo + length, (uint32_t)*unit, 0 }));
	}
}

static bool has_code(uint8_t unit_type)
{
	return unit_type == DW_UT_compile || unit_type == DW_UT_skeleton || unit_type == DW_UT_partial ||
	       unit_type == 0;
}

static void read_units(struct dwarf_info *d)
{
	range_vec ranges = { 0 };
	struct map bare; /* offset of the unit's entry -> index, of those without ranges */
	Dwarf_CU *cu = NULL;
	uint8_t type;
	Dwarf_Die die, sub_die;

	map_init(&bare);
	while (dwarf_get_units(d->dwarf, cu, &cu, NULL, &type, &die, &sub_die) == 0) {
		uint32_t index = (uint32_t)d->units.n;

		if (!has_code(type) || index >= RANGES_MAX)
			continue;
		vec_push(&d->units, ((struct unit){ .die = die, .sub_die = die }));
		if (type == DW_UT_skeleton && sub_die.addr != NULL)
			vec_last(&d->units)->sub_die = sub_die;
		if (!add_ranges(d, &die, index, index, &ranges))
			*map_get(&bare, dwarf_dieoffset(&die), NULL) = index;
	}
	if (bare.n > 0)
		add_aranges(d, &bare, &ranges);
	intervals_build(ranges.v, ranges.n, &d->index);
	vec_deinit(&ranges);
	map_deinit(&bare);
}

/* --- scopes of one unit ------------------------------------------------------------------------- */

struct walk {
	const struct dwarf_info *d;
	struct unit *unit;
	range_vec ranges;
	struct {
		Dwarf_Die die;
		uint32_t scope; /* that its siblings are in */
		uint32_t level; /* of nesting: inner ranges count before outer ones */
	} stack[DEPTH_MAX];
	size_t depth;
};

/* Note the function or inlined call.  Returns the scope its children are in, NO_SCOPE
 * for "nothing below has code". */
static uint32_t enter_function(struct walk *w, Dwarf_Die *die, uint32_t parent, uint32_t level)
{
	bool inlined = dwarf_tag(die) == DW_TAG_inlined_subroutine;
	uint32_t index = (uint32_t)w->unit->scopes.n;

	if (!add_ranges(w->d, die, index, level, &w->ranges))
		return NO_SCOPE;
	vec_push(&w->unit->scopes, ((struct scope){ .die = *die, .parent = parent, .inlined = inlined }));
	return index;
}

/* Should the children of DIE be visited, and in which scope are they? */
static bool descend(struct walk *w, Dwarf_Die *die, uint32_t level, uint32_t *scope)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
		*scope = enter_function(w, die, *scope, level);
		return *scope != NO_SCOPE && !w->d->options.no_inlines;
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_structure_type: /* Rust defines methods inside */
	case DW_TAG_class_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_union_type:
		return true;
	default:
		return false;
	}
}

static void walk_step(struct walk *w)
{
	Dwarf_Die *die = &w->stack[w->depth - 1].die, child, next;
	uint32_t scope = w->stack[w->depth - 1].scope, level = w->stack[w->depth - 1].level;
	bool into = descend(w, die, level, &scope) && w->depth < DEPTH_MAX && dwarf_child(die, &child) == 0;

	/* Replace this entry by its sibling first, then put the child above it. */
	if (dwarf_siblingof(die, &next) == 0 && next.addr > die->addr)
		*die = next;
	else
		w->depth--;
	if (into) {
		w->stack[w->depth].die = child;
		w->stack[w->depth].scope = scope;
		w->stack[w->depth].level = level + 1;
		w->depth++;
	}
}

static void load_scopes(const struct dwarf_info *d, struct unit *unit)
{
	struct walk *w = mem_calloc(1, sizeof(*w));

	unit->loaded = true;
	w->d = d;
	w->unit = unit;
	if (dwarf_child(&unit->sub_die, &w->stack[0].die) == 0) {
		w->stack[0].scope = NO_SCOPE;
		w->depth = 1;
	}
	while (w->depth > 0)
		walk_step(w);
	intervals_build(w->ranges.v, w->ranges.n, &unit->index);
	vec_deinit(&w->ranges);
	free(w);
}

/* --- from a scope to a frame ---------------------------------------------------------------------- */

static const char *string_attribute(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;

	return dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));
}

static const char *scope_name(struct dwarf_info *d, struct scope *scope)
{
	if (!scope->named) {
		const char *name = string_attribute(&scope->die, DW_AT_linkage_name);

		if (name == NULL)
			name = string_attribute(&scope->die, DW_AT_MIPS_linkage_name);
		if (name == NULL)
			name = string_attribute(&scope->die, DW_AT_name);
		scope->mangled = name && name[0] ? name : NULL;
		scope->name = scope->mangled ? sym_demangle(name, &d->names) : NULL;
		scope->named = true;
	}
	return scope->name;
}

static uint32_t number_attribute(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr(die, name, &attribute), &value) != 0 || value > UINT32_MAX)
		return 0;
	return (uint32_t)value;
}

/* Where the inlined call SCOPE stands in the function around it. */
static void set_call_site(struct dwarf_info *d, struct unit *unit, struct scope *scope, struct arena *a,
			  struct sym_frame *outer)
{
	Dwarf_Files *files;
	size_t count;
	Dwarf_Attribute attribute;
	Dwarf_Word index;

	if (d->options.no_lines)
		return;
	if (dwarf_formudata(dwarf_attr(&scope->die, DW_AT_call_file, &attribute), &index) != 0 ||
	    dwarf_getsrcfiles(&unit->die, &files, &count) != 0 || index >= count)
		return;

	const char *file = dwarf_filesrc(files, index, NULL, NULL);

	if (file == NULL)
		return;
	outer->file = arena_strdup(a, file);
	outer->line = number_attribute(&scope->die, DW_AT_call_line);
	outer->column = number_attribute(&scope->die, DW_AT_call_column);
}

static void set_line(struct dwarf_info *d, struct unit *unit, uint64_t vaddr, struct arena *a,
		     struct sym_frame *frame)
{
	Dwarf_Line *line = d->options.no_lines ? NULL : dwarf_getsrc_die(&unit->die, vaddr);
	const char *file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
	int number = 0, column = 0;

	if (file == NULL)
		return;
	frame->file = arena_strdup(a, file);
	if (dwarf_lineno(line, &number) == 0 && number > 0)
		frame->line = (uint32_t)number;
	if (dwarf_linecol(line, &column) == 0 && column > 0)
		frame->column = (uint32_t)column;
}

static size_t chain_length(const struct unit *unit, uint32_t scope)
{
	size_t count = 0;

	while (scope != NO_SCOPE) {
		count++;
		scope = unit->scopes.v[scope].inlined ? unit->scopes.v[scope].parent : NO_SCOPE;
	}
	return count;
}

/* Text that views may keep: all from the caller's arena. */
static const char *copy(const char *text, struct arena *a) { return text ? arena_strdup(a, text) : NULL; }

static void fill_chain(struct dwarf_info *d, struct unit *unit, uint32_t scope, uint64_t vaddr,
		       struct arena *a, struct sym_chain *ret, const char **mangled)
{
	ret->count = chain_length(unit, scope);
	ret->frames = ARENA_ARRAY(a, struct sym_frame, ret->count);
	set_line(d, unit, vaddr, a, &ret->frames[0]);
	for (size_t i = 0; i < ret->count; i++) {
		struct scope *s = &unit->scopes.v[scope];

		ret->frames[i].function = copy(scope_name(d, s), a);
		*mangled = s->mangled;
		ret->frames[i].inlined = i + 1 < ret->count;
		if (i + 1 < ret->count)
			set_call_site(d, unit, s, a, &ret->frames[i + 1]);
		scope = s->parent;
	}
}

void dwarf_info_find(struct dwarf_info *d, uint64_t vaddr, const char *fallback, struct arena *a,
		     struct sym_chain *ret, const char **mangled)
{
	const struct interval *in_unit = intervals_find(&d->index, vaddr);

	*mangled = NULL;
	if (in_unit == NULL)
		return;

	struct unit *unit = &d->units.v[in_unit->value];

	if (!unit->loaded)
		load_scopes(d, unit);

	const struct interval *in_scope = intervals_find(&unit->index, vaddr);

	if (in_scope != NULL) {
		fill_chain(d, unit, in_scope->value, vaddr, a, ret, mangled);
	} else if (fallback != NULL) {
		ret->count = 1;
		ret->frames = ARENA_NEW(a, struct sym_frame);
		set_line(d, unit, vaddr, a, &ret->frames[0]);
	}
	if (ret->count > 0 && ret->frames[ret->count - 1].function == NULL)
		ret->frames[ret->count - 1].function = copy(fallback, a);
}

/* --- opening ---------------------------------------------------------------------------------------- */

static bool open_dwarf(struct dwarf_info *d, int fd)
{
	d->elf = elf_open(fd);
	if (d->elf == NULL)
		return false;
	if (elf_find_section(d->elf, ".debug_info", NULL) || elf_find_section(d->elf, ".zdebug_info", NULL))
		d->dwarf = dwarf_begin_elf(d->elf, DWARF_C_READ, NULL);
	if (d->dwarf != NULL)
		return true;
	elf_end(d->elf);
	d->elf = NULL;
	return false;
}

struct dwarf_info *dwarf_info_create(const struct module *m, const struct symbolizer_options *options)
{
	struct dwarf_info *d = mem_calloc(1, sizeof(*d));

	d->module = m;
	d->options = *options;
	arena_init(&d->names);
	if ((options->no_lines && options->no_inlines) ||
	    (!open_dwarf(d, module_borrow_fd(m)) && !open_dwarf(d, module_borrow_debug_fd(m)))) {
		dwarf_info_destroy(d);
		return NULL;
	}
	read_units(d);
	return d;
}

void dwarf_info_destroy(struct dwarf_info *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->units.n; i++) {
		vec_deinit(&d->units.v[i].scopes);
		intervals_deinit(&d->units.v[i].index);
	}
	vec_deinit(&d->units);
	intervals_deinit(&d->index);
	if (d->dwarf)
		dwarf_end(d->dwarf);
	if (d->elf)
		elf_end(d->elf);
	arena_deinit(&d->names);
	free(d);
}
