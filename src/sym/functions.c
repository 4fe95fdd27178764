/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One pass over a unit's DIEs with a stack of our own: no recursion, however deep the
 * nesting.  Most DIEs are stepped over by their abbreviation alone; subtrees without
 * code (types in C and C++, declarations, abstract instances) by DW_AT_sibling.  C++ has
 * functions inside of types only for lambdas and local classes, which stand in functions;
 * other languages define them anywhere: there all is looked at.
 *
 * Functions can be nested, so the nodes of an outer one may continue behind those of an
 * inner one; they are then sorted apart at the end.
 */
#include "sym/functions.h"

#include <stdlib.h>

struct walk {
	struct functions *f;
	const struct dwarf_unit *u;
	struct cursor c;
	enum functions_mode mode;
	bool thorough; /* types and functions without code may hold functions with code */
	bool nested;   /* nodes are not grouped by function */
	uint32_t expand; /* functions_expand(): the function's index; else NO_FUNCTION */
};

enum { NO_FUNCTION = UINT32_MAX };

struct die {
	uint64_t offset;
	const struct dwarf_abbrev *abbrev;
	uint64_t low, high, ranges, sibling;
	bool has_low, has_high, high_is_length;
	uint16_t ranges_form;
	struct dwarf_ref origin;
	uint32_t call_file, call_line, call_column;
};

static bool holds_functions_anywhere(uint16_t language)
{
	switch (language) {
	case DW_LANG_C89:
	case DW_LANG_C:
	case DW_LANG_C_plus_plus:
	case DW_LANG_C99:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C11:
	case DW_LANG_C_plus_plus_14:
	case DW_LANG_C_plus_plus_17:
	case DW_LANG_C_plus_plus_20:
	case DW_LANG_C17:
	case 0x8001: /* DW_LANG_Mips_Assembler */
		return false;
	default:
		return true;
	}
}

/* --- attributes -------------------------------------------------------------------------- */

static void read_attribute(const struct walk *w, struct die *die, uint16_t name,
			   const struct dwarf_value *v)
{
	switch (name) {
	case DW_AT_low_pc:
		die->has_low = dwarf_value_addr(w->u, v, &die->low);
		break;
	case DW_AT_high_pc:
		die->has_high = true;
		die->high = v->number;
		die->high_is_length = !dwarf_value_addr(w->u, v, &die->high);
		break;
	case DW_AT_ranges:
		die->ranges_form = v->form;
		die->ranges = v->number;
		break;
	case DW_AT_abstract_origin:
		die->origin = dwarf_value_ref(w->u, v);
		break;
	case DW_AT_call_file:
		die->call_file = (uint32_t)v->number;
		break;
	case DW_AT_call_line:
		die->call_line = (uint32_t)v->number;
		break;
	case DW_AT_call_column:
		die->call_column = (uint32_t)v->number;
		break;
	case DW_AT_sibling:
		die->sibling = dwarf_value_ref(w->u, v).offset;
		break;
	}
}

static bool is_wanted(uint16_t name)
{
	switch (name) {
	case DW_AT_low_pc:
	case DW_AT_high_pc:
	case DW_AT_ranges:
	case DW_AT_abstract_origin:
	case DW_AT_call_file:
	case DW_AT_call_line:
	case DW_AT_call_column:
	case DW_AT_sibling:
		return true;
	default:
		return false;
	}
}

static void read_die(struct walk *w, struct die *die)
{
	for (uint32_t i = 0; i < die->abbrev->count; i++) {
		const struct dwarf_spec *spec = &w->u->abbrevs->specs.v[die->abbrev->first + i];
		struct dwarf_value v;

		if (!is_wanted(spec->name)) {
			dwarf_value_skip(w->u, spec, &w->c);
			continue;
		}
		dwarf_value_read(w->u, spec, &w->c, &v);
		read_attribute(w, die, spec->name, &v);
	}
}

static void skip_attributes(struct walk *w, const struct dwarf_abbrev *abbrev)
{
	if (abbrev->fixed_bytes >= 0) {
		cursor_skip(&w->c, (uint64_t)abbrev->fixed_bytes);
		return;
	}
	for (uint32_t i = 0; i < abbrev->count; i++)
		dwarf_value_skip(w->u, &w->u->abbrevs->specs.v[abbrev->first + i], &w->c);
}

/* --- stepping ---------------------------------------------------------------------------- */

static void push(struct walk *w, struct functions_open open)
{
	vec_push(&w->f->open, open);
}

/* Skip the children. */
static void push_skip(struct walk *w)
{
	push(w, (struct functions_open){ .function = NO_FUNCTION, .skip = true });
}

static struct functions_open top(const struct walk *w)
{
	const struct functions *f = w->f;

	return f->open.n ? *vec_last(&f->open) : (struct functions_open){ .function = NO_FUNCTION };
}

/* Go to the sibling when that is forward and inside; false: the children have to be
 * walked through. */
static bool jump(struct walk *w, uint64_t to)
{
	uint64_t here = (uint64_t)(w->c.at - w->u->dwarf->sections.info.data);

	if (to < here || to > w->u->end)
		return false;
	w->c.at = w->u->dwarf->sections.info.data + to;
	return true;
}

/* Step over a DIE that was not looked at, and all below it. */
static void step_over(struct walk *w, const struct dwarf_abbrev *abbrev)
{
	if (abbrev->has_children && abbrev->sibling >= 0 && abbrev->sibling_bytes >= 0) {
		struct cursor at = w->c;

		cursor_skip(&at, (uint64_t)abbrev->sibling_bytes);

		uint64_t to = w->u->offset + cursor_u32(&at);

		/* Behind the sibling attribute, so that a lie cannot hold us in place. */
		if (!at.bad && to >= (uint64_t)(at.at - w->u->dwarf->sections.info.data) && jump(w, to))
			return;
	}
	skip_attributes(w, abbrev);
	if (abbrev->has_children)
		push_skip(w);
}

/* The same after its attributes were read. */
static void leave(struct walk *w, const struct die *die)
{
	if (!die->abbrev->has_children)
		return;
	if (die->sibling == 0 || !jump(w, die->sibling))
		push_skip(w);
}

/* Append the ranges of a DIE; how many. */
static uint32_t add_ranges(struct walk *w, const struct die *die)
{
	struct functions *f = w->f;
	size_t before = f->ranges.n;

	if (die->ranges_form != 0 && f->budget > 0) {
		uint64_t bytes_read = 0;

		dwarf_ranges_read(w->u, die->ranges_form, die->ranges, &f->ranges, &bytes_read);
		f->budget -= bytes_read < f->budget ? bytes_read : f->budget;
	} else if (die->has_low && die->has_high && !dwarf_is_tombstone(w->u, die->low)) {
		uint64_t high = die->high_is_length ? die->low + die->high : die->high;

		if (die->low < high)
			vec_push(&f->ranges, ((struct dwarf_range){ die->low, high }));
	}
	return (uint32_t)(f->ranges.n - before);
}

/* --- functions and inlined calls --------------------------------------------------------- */

static void enter_function(struct walk *w, struct die *die)
{
	struct functions *f = w->f;
	struct functions_open in = top(w);
	uint32_t first = (uint32_t)f->ranges.n, index = (uint32_t)f->functions.n;

	read_die(w, die);

	uint32_t count = add_ranges(w, die);

	if (count == 0) {
		/* A lambda's function may stand in one that has no code itself. */
		in.inside = true;
		if (die->abbrev->has_children && (w->thorough || w->mode == FUNCTIONS_EXPANDED))
			push(w, in);
		else
			leave(w, die);
		return;
	}
	if (in.function != NO_FUNCTION)
		w->nested = true;
	vec_push(&f->functions, ((struct function){ .die = die->offset, .range_first = first,
						    .range_count = count }));
	if (!die->abbrev->has_children)
		return;
	if (w->mode == FUNCTIONS_EXPANDED || w->thorough)
		push(w, (struct functions_open){ .function = index, .inside = true });
	else
		leave(w, die);
}

static void enter_inlined(struct walk *w, struct die *die)
{
	struct functions *f = w->f;
	struct functions_open in = top(w);
	uint32_t first = (uint32_t)f->ranges.n;

	die->call_file = NO_CALL_FILE;
	read_die(w, die);
	if (in.function == NO_FUNCTION || w->mode == FUNCTIONS_PLACES) {
		if (die->abbrev->has_children)
			push(w, in);
		return;
	}

	struct function_node node = {
		.origin = die->origin, .die = die->offset, .range_first = first,
		.range_count = add_ranges(w, die), .function = in.function, .depth = in.depth,
		.call_file = die->call_file, .call_line = die->call_line,
		.call_column = die->call_column,
	};

	if (node.range_count == 0) {
		/* No code of its own, so none below. */
		if (w->thorough && die->abbrev->has_children)
			push(w, in);
		else
			leave(w, die);
		return;
	}
	vec_push(&f->nodes, node);
	in.depth++;
	if (die->abbrev->has_children)
		push(w, in);
}

/* Most DIEs are stepped over: only what is looked at gets a struct die. */
static void visit(struct walk *w, const struct dwarf_abbrev *abbrev, const uint8_t *at)
{
	struct functions_open in;

	if (abbrev->kind == DWARF_OTHER || (w->f->open.n > 0 && vec_last(&w->f->open)->skip)) {
		step_over(w, abbrev);
		return;
	}
	in = top(w);

	struct die die = { .offset = (uint64_t)(at - w->u->dwarf->sections.info.data), .abbrev = abbrev };

	switch ((enum dwarf_kind)abbrev->kind) {
	case DWARF_FUNCTION:
		if (w->expand != NO_FUNCTION) /* it is a function of its own */
			step_over(w, abbrev);
		else
			enter_function(w, &die);
		break;
	case DWARF_INLINED:
		enter_inlined(w, &die);
		break;
	case DWARF_TYPE:
		/* A lambda's class stands where it is written, its function inside of that. */
		if (!w->thorough && !in.inside) {
			step_over(w, abbrev);
			break;
		}
		/* fall through */
	case DWARF_THROUGH:
		skip_attributes(w, abbrev);
		if (abbrev->has_children)
			push(w, in);
		break;
	case DWARF_OTHER:
		step_over(w, abbrev);
		break;
	}
}

/* Until everything that was opened is closed. */
static void run(struct walk *w)
{
	struct functions *f = w->f;

	do {
		const uint8_t *at = w->c.at;
		uint64_t code = cursor_uleb(&w->c);

		if (code == 0) {
			if (f->open.n > 0)
				(void)vec_pop(&f->open);
			continue;
		}

		const struct dwarf_abbrev *abbrev = dwarf_abbrev_find(w->u->abbrevs, code);

		if (abbrev == NULL)
			break;
		visit(w, abbrev, at);
	} while (f->open.n > 0 && w->c.at < w->c.end);
	f->broken |= w->c.bad || f->open.n > 0;
}

/* --- the outside ------------------------------------------------------------------------- */

static int node_compare(const void *a, const void *b)
{
	const struct function_node *x = a, *y = b;

	if (x->function != y->function)
		return x->function < y->function ? -1 : 1;
	return (x->die > y->die) - (x->die < y->die);
}

static void group_nodes(struct functions *f, size_t from)
{
	for (size_t i = from; i < f->nodes.n; i++) {
		struct function *of = &f->functions.v[f->nodes.v[i].function];

		if (of->node_count++ == 0)
			of->node_first = (uint32_t)i;
	}
}

static struct walk walk_at(struct functions *f, const struct dwarf_unit *u, uint64_t offset)
{
	struct walk w = { .f = f, .u = u, .expand = NO_FUNCTION,
			  .thorough = holds_functions_anywhere(u->language),
			  .c = cursor_at(u->dwarf->sections.info, offset, u->dwarf->big_endian) };

	if (w.c.end > u->dwarf->sections.info.data + u->end)
		w.c.end = u->dwarf->sections.info.data + u->end;
	return w;
}

void functions_read(struct functions *f, const struct dwarf_unit *u, enum functions_mode mode)
{
	struct walk w = walk_at(f, u, u->first_die);
	size_t from = f->nodes.n;

	w.mode = mode;
	vec_clear(&f->open);
	run(&w);
	if (w.nested && f->nodes.n > from)
		qsort(f->nodes.v + from, f->nodes.n - from, sizeof(*f->nodes.v), node_compare);
	group_nodes(f, from);
}

void functions_expand(struct functions *f, const struct dwarf_unit *u, size_t index)
{
	struct walk w = walk_at(f, u, f->functions.v[index].die);
	struct die die = { .abbrev = dwarf_abbrev_find(u->abbrevs, cursor_uleb(&w.c)) };
	size_t from = f->nodes.n;

	if (die.abbrev == NULL || !die.abbrev->has_children || f->functions.v[index].node_count > 0)
		return;
	w.mode = FUNCTIONS_EXPANDED;
	w.expand = (uint32_t)index;
	skip_attributes(&w, die.abbrev);
	vec_clear(&f->open);
	push(&w, (struct functions_open){ .function = (uint32_t)index, .inside = true });
	run(&w);
	group_nodes(f, from);
}

void functions_clear(struct functions *f)
{
	vec_clear(&f->ranges);
	vec_clear(&f->functions);
	vec_clear(&f->nodes);
	f->broken = false;
}

void functions_deinit(struct functions *f)
{
	vec_deinit(&f->ranges);
	vec_deinit(&f->functions);
	vec_deinit(&f->nodes);
	vec_deinit(&f->open);
}
