/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables: hottest lines, source files, instructions.
 *
 * Long functions are mostly cold.  Unless all of it is asked for, only what is near a
 * sampled line or instruction is shown, and how much was passed over is said in its place.
 *
 * Jumps within what is shown are drawn as arrows in a few lanes: short ones inside, one
 * that finds no lane free along its way is left out (the text has its target anyway).
 */
#include "view/annotate_impl.h"

#include "base/mem.h"
#include "base/units.h"
#include "record/stacks.h"
#include "view/report_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SPOTS = 8,
	SHORT_LINES = 60, /* a function this long is shown whole */
	SHORT_INSNS = 120,
	NEAR_LINES = 4, /* shown around a hot one */
	NEAR_INSNS = 6,
	LANES = 8,
	JUMPS_MAX = 2000,
};

#define HOT_RATIO 0.10
#define WARM_RATIO 0.01
#define SHOWN_RATIO 0.005 /* what is below makes no surroundings worth showing */

static double ratio_of(const struct annotate *a, uint64_t value)
{
	return a->value ? (double)value / (double)a->value : 0;
}

static enum doc_style heat_style(double ratio)
{
	return ratio >= HOT_RATIO ? DOC_BAD : ratio >= WARM_RATIO ? DOC_WARN : DOC_PLAIN;
}

static struct doc_value heat(const struct annotate *a, uint64_t value)
{
	struct doc_value v = DOC_F64(ratio_of(a, value));

	v.style = heat_style(v.f64);
	return value || a->options->as_data ? v : DOC_NONE;
}

/* Source text starts where its indentation ends; tabs are blanks. */
static const char *trimmed(const char *line) { return line ? line + strspn(line, " \t") : NULL; }

/* --- the hottest lines ------------------------------------------------------------------------------ */

static int compare_spots(const void *x, const void *y)
{
	const struct report_item *a = x, *b = y;

	return report_compare_self(a, b);
}

void annotate_spots(struct doc *doc, const struct annotate *a)
{
	const struct doc_column columns[] = {
		{ "ratio", "heat", DOC_RATIO, DOC_COLUMN_BAR },
		{ "samples", "samples", DOC_COUNT, 0 },
		{ "place", "line", DOC_TEXT, DOC_COLUMN_ELIDE_LEFT },
		{ "source", "source", DOC_TEXT, 0 },
		{ "function", "inlined from", DOC_TEXT, DOC_COLUMN_OPTIONAL },
	};
	VEC(struct report_item) items = { 0 };
	uint64_t limit = a->options->view->limit ? a->options->view->limit : SPOTS;
	struct str place = { 0 };

	for (size_t i = 0; i < a->lines.n; i++)
		if (a->lines.v[i].value)
			vec_push(&items, ((struct report_item){ .id = (uint32_t)i,
								.self = a->lines.v[i].value }));
	vec_sort(&items, compare_spots);
	doc_table_begin(doc, "hottest", "Hottest lines", columns, 5);
	for (size_t i = 0; i < items.n && i < limit; i++) {
		const struct annotate_line *l = &a->lines.v[items.v[i].id];
		const char *source = trimmed(annotate_source_line(a, l->file, l->line));

		report_place(&place, stacks_base_name(a->files.v[l->file].path), l->line);
		doc_row(doc, (const struct doc_value[]){
				     heat(a, l->value), DOC_U64(l->samples),
				     place.length ? DOC_STR(str_text(&place))
						  : DOC_STYLED("not known", DOC_DIM),
				     source ? DOC_STR(source) : DOC_NONE,
				     l->inlined && l->function ? DOC_STYLED(l->function, DOC_INLINED)
							       : DOC_NONE });
	}
	doc_table_end(doc, items.n > limit ? items.n - limit : 0,
		      items.n > limit ? "--limit N shows more" : NULL);
	str_deinit(&place);
	vec_deinit(&items);
}

/* --- sources ----------------------------------------------------------------------------------------- */

static const struct doc_column source_columns[] = {
	{ "ratio", "heat", DOC_RATIO, 0 },
	{ "samples", "samples", DOC_COUNT, DOC_COLUMN_OPTIONAL },
	{ "line", "line", DOC_ID, 0 },
	{ "source", "source", DOC_TEXT, 0 },
};

static void gap_row(struct doc *doc, uint64_t count, const char *what)
{
	struct str text = { 0 };

	str_printf(&text, "... %s %s without samples", units_count(count).text, what);
	doc_row(doc, (const struct doc_value[]){ DOC_NONE, DOC_NONE, DOC_NONE,
						 DOC_STYLED(str_text(&text), DOC_DIM) });
	str_deinit(&text);
}

/* Tabs as eight columns: a table has no tab stops. */
static const char *expanded(const char *line, struct str *out)
{
	str_clear(out);
	for (; *line; line++)
		if (*line == '\t')
			str_add_repeat(out, ' ', 8 - out->length % 8);
		else
			str_add_char(out, *line);
	return str_text(out);
}

/* The rows of lines [first, last] of FILE, whose entries in a->lines are [from, to). */
static void source_rows(struct doc *doc, const struct annotate *a, uint32_t file, size_t from, size_t to,
			uint32_t first, uint32_t last, const bool *shown)
{
	struct str text = { 0 };
	uint64_t passed = 0;
	size_t at = from;

	for (uint32_t line = first; line <= last; line++) {
		const struct annotate_line *l = NULL;
		const char *source = annotate_source_line(a, file, line);

		while (at < to && a->lines.v[at].line < line)
			at++;
		if (at < to && a->lines.v[at].line == line)
			l = &a->lines.v[at];
		if (!shown[line - first]) {
			passed++;
			continue;
		}
		if (passed && a->files.v[file].lines.n)
			gap_row(doc, passed, passed == 1 ? "line" : "lines");
		passed = 0;
		doc_row(doc, (const struct doc_value[]){
				     l ? heat(a, l->value) : DOC_NONE,
				     l && (l->samples || a->options->as_data) ? DOC_U64(l->samples) : DOC_NONE,
				     DOC_U64(line),
				     source ? (struct doc_value){ .kind = DOC_V_STR,
								  .str = expanded(source, &text),
								  .style = l ? DOC_PLAIN : DOC_DIM }
					    : DOC_NONE });
	}
	str_deinit(&text);
}

/* Which of the lines [first, last] are shown. */
static void choose_lines(const struct annotate *a, size_t from, size_t to, uint32_t first, uint32_t last,
			 bool *shown)
{
	bool is_here = a->files.v[a->lines.v[from].file].lines.n > 0;
	bool whole = is_here && (a->options->all || a->options->as_data || last - first < SHORT_LINES);

	for (uint32_t line = first; line <= last; line++)
		shown[line - first] = whole;
	for (size_t i = from; i < to && !whole; i++) {
		uint32_t line = a->lines.v[i].line;
		bool is_hot = ratio_of(a, a->lines.v[i].value) >= SHOWN_RATIO;
		uint32_t near = is_hot && is_here ? NEAR_LINES : 0;

		if (a->lines.v[i].value == 0)
			continue;
		for (uint32_t k = line > first + near ? line - near : first; k <= line + near && k <= last; k++)
			shown[k - first] = true;
	}
}

/* A file that the function itself stands in is shown from its first line to its last, one
 * that was only inlined from, around what was sampled. */
static void emit_file(struct doc *doc, const struct annotate *a, uint32_t file, size_t from, size_t to)
{
	uint32_t first = UINT32_MAX, last = 0;
	bool *shown;

	for (size_t i = from; i < to; i++) {
		const struct annotate_line *l = &a->lines.v[i];

		if (l->inlined && !l->value)
			continue;
		first = l->line < first ? l->line : first;
		last = l->line > last ? l->line : last;
	}
	if (first > last || first == 0)
		return;
	first = first > 2 ? first - 2 : 1;
	if (last - first > 2000000)
		return;
	shown = mem_calloc(last - first + 1, sizeof(*shown));
	choose_lines(a, from, to, first, last, shown);
	doc_section_begin(doc, "file", a->files.v[file].path);
	doc_table_begin(doc, "source", "", source_columns, 4);
	source_rows(doc, a, file, from, to, first, last, shown);
	doc_table_end(doc, 0, NULL);
	doc_section_end(doc);
	free(shown);
}

static int compare_files(const void *x, const void *y) { return report_compare_self(x, y); }

void annotate_sources(struct doc *doc, const struct annotate *a)
{
	VEC(struct report_item) files = { 0 };

	for (size_t i = 0; i < a->files.n; i++)
		if (a->files.v[i].value && *a->files.v[i].path)
			vec_push(&files, ((struct report_item){ .id = (uint32_t)i,
								.self = a->files.v[i].value }));
	vec_sort(&files, compare_files);
	for (size_t k = 0; k < files.n; k++) {
		size_t from = 0, to;

		while (from < a->lines.n && a->lines.v[from].file != files.v[k].id)
			from++;
		for (to = from; to < a->lines.n && a->lines.v[to].file == files.v[k].id; to++)
			;
		emit_file(doc, a, files.v[k].id, from, to);
	}
	vec_deinit(&files);
}

/* --- jumps -------------------------------------------------------------------------------------------- */

struct jump {
	size_t from, to, low, high; /* instructions */
};

static int compare_jumps(const void *x, const void *y)
{
	const struct jump *a = x, *b = y;
	size_t m = a->high - a->low, n = b->high - b->low;

	if (m != n)
		return m < n ? -1 : 1;
	return a->low < b->low ? -1 : a->low > b->low;
}

static size_t insn_at(const struct annotate *a, uint64_t addr)
{
	size_t low = vec_below(&a->insns, addr, addr);

	return low < a->insns.n && a->insns.v[low].addr == addr ? low : SIZE_MAX;
}

/* A row of LANES characters an instruction, the innermost lane last. */
struct arrows {
	char (*rows)[LANES + 2];
	unsigned lanes; /* in use */
};

static bool lane_is_free(const struct arrows *r, const struct jump *j, unsigned lane)
{
	for (size_t i = j->low; i <= j->high; i++)
		if (r->rows[i][LANES - 1 - lane] != ' ')
			return false;
	return true;
}

/* Outwards from LANE the ends of the jump, to the instruction. */
static void draw_end(struct arrows *r, size_t row, unsigned lane, char corner, bool is_target)
{
	char *cells = r->rows[row];

	cells[LANES - 1 - lane] = corner;
	for (unsigned k = LANES - lane; k < LANES; k++)
		if (cells[k] == ' ')
			cells[k] = '-';
	cells[LANES] = is_target ? '>' : cells[LANES] == '>' ? '>' : '-';
}

static void draw(struct arrows *r, const struct jump *j)
{
	for (unsigned lane = 0; lane < LANES; lane++) {
		if (!lane_is_free(r, j, lane))
			continue;
		for (size_t i = j->low + 1; i < j->high; i++)
			r->rows[i][LANES - 1 - lane] = '|';
		draw_end(r, j->low, lane, '/', j->to == j->low);
		draw_end(r, j->high, lane, '\\', j->to == j->high);
		r->lanes = lane + 1 > r->lanes ? lane + 1 : r->lanes;
		return;
	}
}

static void draw_jumps(const struct annotate *a, const bool *shown, struct arrows *r)
{
	VEC(struct jump) jumps = { 0 };

	for (size_t i = 0; i < a->insns.n && jumps.n < JUMPS_MAX; i++) {
		const struct annotate_insn *insn = &a->insns.v[i];
		size_t to;

		if (!insn->has_target || insn->kind == DISASM_CALL || !shown[i])
			continue;
		to = insn_at(a, insn->target);
		if (to == SIZE_MAX || to == i || !shown[to])
			continue;
		vec_push(&jumps, ((struct jump){ i, to, i < to ? i : to, i < to ? to : i }));
	}
	vec_sort(&jumps, compare_jumps);
	for (size_t i = 0; i < jumps.n; i++)
		draw(r, &jumps.v[i]);
	vec_deinit(&jumps);
}

/* --- instructions --------------------------------------------------------------------------------------- */

static void choose_insns(const struct annotate *a, bool *shown)
{
	bool whole = a->options->all || a->insns.n <= SHORT_INSNS;

	for (size_t i = 0; i < a->insns.n; i++) {
		size_t near = ratio_of(a, a->insns.v[i].value) >= SHOWN_RATIO ? NEAR_INSNS : 0;

		shown[i] |= whole;
		if (whole || a->insns.v[i].value == 0)
			continue;
		for (size_t k = i > near ? i - near : 0; k <= i + near && k < a->insns.n; k++)
			shown[k] = true;
	}
}

static const struct doc_column insn_columns[] = {
	{ "ratio", "heat", DOC_RATIO, 0 },
	{ "samples", "samples", DOC_COUNT, DOC_COLUMN_OPTIONAL },
	{ "addr", "address", DOC_ADDR, 0 },
	{ "jumps", "", DOC_TEXT, 0 },
	{ "instruction", "instruction", DOC_TEXT, 0 },
};
static const struct doc_column data_columns[] = {
	{ "ratio", "heat", DOC_RATIO, 0 },	    { "samples", "samples", DOC_COUNT, 0 },
	{ "addr", "address", DOC_ADDR, 0 },	    { "instruction", "instruction", DOC_TEXT, 0 },
	{ "target", "target", DOC_ADDR, 0 },	    { "file", "file", DOC_TEXT, 0 },
	{ "line", "line", DOC_ID, 0 },		    { "function", "function", DOC_TEXT, 0 },
	{ "inlined", "inlined", DOC_BOOL, 0 },
};

static void text_row(struct doc *doc, const char *text, enum doc_style style)
{
	doc_row(doc, (const struct doc_value[]){ DOC_NONE, DOC_NONE, DOC_NONE, DOC_NONE,
						 DOC_STYLED(text, style) });
}

/* The line that the instructions from here on are of: "loop.cc:5  h *= 3;". */
static void line_row(struct doc *doc, const struct annotate *a, const struct annotate_insn *insn)
{
	const char *source = trimmed(annotate_source_line(a, insn->file, insn->line));
	struct str text = { 0 };

	report_place(&text, stacks_base_name(a->files.v[insn->file].path), insn->line);
	if (insn->inlined && insn->function) {
		str_add(&text, "  ");
		annotate_add_name(&text, insn->function);
		str_add_char(&text, ':');
	}
	if (source)
		str_printf(&text, "  %s", source);
	text_row(doc, str_text(&text), insn->inlined ? DOC_INLINED : DOC_STRONG);
	str_deinit(&text);
}

static void insn_row(struct doc *doc, const struct annotate *a, const struct annotate_insn *insn,
		     const char *jumps)
{
	doc_row(doc, (const struct doc_value[]){
			     heat(a, insn->value), insn->samples ? DOC_U64(insn->samples) : DOC_NONE,
			     DOC_U64(insn->addr), *jumps ? DOC_STYLED(jumps, DOC_DIM) : DOC_NONE,
			     *insn->text ? DOC_STR(insn->text) : DOC_STYLED("not known", DOC_DIM) });
}

static void data_row(struct doc *doc, const struct annotate *a, const struct annotate_insn *insn)
{
	const char *file = a->files.v[insn->file].path;

	doc_row(doc, (const struct doc_value[]){
			     DOC_F64(ratio_of(a, insn->value)), DOC_U64(insn->samples), DOC_U64(insn->addr),
			     *insn->text ? DOC_STR(insn->text) : DOC_NONE,
			     insn->has_target ? DOC_U64(insn->target) : DOC_NONE,
			     *file ? DOC_STR(file) : DOC_NONE, insn->line ? DOC_U64(insn->line) : DOC_NONE,
			     insn->function ? DOC_STR(insn->function) : DOC_NONE,
			     DOC_TRUTH(insn->inlined) });
}

static void insn_rows(struct doc *doc, const struct annotate *a, const bool *shown, struct arrows *r)
{
	const struct annotate_insn *before = NULL;
	struct str text = { 0 };
	uint64_t passed = 0;

	for (size_t i = 0; i < a->insns.n; i++) {
		const struct annotate_insn *insn = &a->insns.v[i];
		char *jumps = r->rows[i] + LANES - r->lanes;

		if (!shown[i]) {
			passed++;
			continue;
		}
		if (passed) {
			str_clear(&text);
			str_printf(&text, "... %s instructions without samples", units_count(passed).text);
			text_row(doc, str_text(&text), DOC_DIM);
			before = NULL;
		}
		passed = 0;
		if (insn->line && !a->options->code_only &&
		    (!before || before->file != insn->file || before->line != insn->line))
			line_row(doc, a, insn);
		before = insn;
		insn_row(doc, a, insn, r->lanes ? jumps : "");
	}
	str_deinit(&text);
}

void annotate_instructions(struct doc *doc, const struct annotate *a)
{
	const char *title = a->code ? "Instructions" : "Sampled addresses";

	if (a->options->as_data) {
		doc_table_begin(doc, "instructions", title, data_columns,
				sizeof(data_columns) / sizeof(*data_columns));
		for (size_t i = 0; i < a->insns.n; i++)
			data_row(doc, a, &a->insns.v[i]);
		doc_table_end(doc, 0, NULL);
		return;
	}

	bool *shown = mem_calloc(a->insns.n + 1, sizeof(*shown));
	struct arrows r = { .rows = mem_calloc(a->insns.n + 1, sizeof(*r.rows)) };
	uint64_t left_out = 0;

	for (size_t i = 0; i < a->insns.n; i++)
		memset(r.rows[i], ' ', LANES + 1);
	choose_insns(a, shown);
	for (size_t i = 0; i < a->insns.n; i++)
		left_out += !shown[i];
	draw_jumps(a, shown, &r);
	doc_table_begin(doc, "instructions", title, insn_columns, 5);
	insn_rows(doc, a, shown, &r);
	doc_table_end(doc, left_out, left_out ? "--all shows them" : NULL);
	free(shown);
	free(r.rows);
}
