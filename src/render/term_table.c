/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tables and trees.  The first rows (BUFFER_ROWS) are kept to find how wide the columns
 * are; then they are printed, and from there on each row as it comes, in those widths.
 * So memory does not grow with the table.
 *
 * What does not fit is dealt with in this order: long texts are cut to READABLE columns,
 * bars go, optional columns go, texts are cut to TIGHT, and last the columns at the
 * right go.  A column that was left out is named below the table.
 *
 * Guides of a tree need to know whether a sibling follows, so they are made backwards
 * over what is buffered; a row after that is drawn as if one does.
 */
#include "render/term_impl.h"

#include "base/mem.h"
#include "base/units.h"
#include "render/format.h"
#include "render/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	BUFFER_ROWS = 1000,
	BUFFER_TREE_ROWS = 20000,
	BUFFER_BYTES = 8 << 20,
	READABLE = 24,
	TIGHT = 8,
	BAR_COLUMNS = 10,
	GAP = 2
};

struct cell {
	size_t at, length; /* in table->text; clean */
	double ratio;
	enum doc_style style;
};

struct column {
	char *title; /* clean */
	enum doc_unit unit;
	unsigned flags;
	size_t natural, width; /* columns; the bar not counted */
	bool is_hidden, is_flexible, has_bar;
	double bar_max;
};

struct term_table {
	struct column *columns;
	size_t count;
	bool is_tree, is_flowing;
	struct str text;
	VEC(struct cell) cells; /* count a row */
	VEC(unsigned) depths;
	VEC(bool) sibling_follows; /* by depth, while going backwards */
	uint64_t rows;
};

void term_table_destroy(struct term_table *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < table->count; i++)
		free(table->columns[i].title);
	free(table->columns);
	str_deinit(&table->text);
	vec_deinit(&table->cells);
	vec_deinit(&table->depths);
	vec_deinit(&table->sibling_follows);
	free(table);
}

struct err *term_table_begin(void *self, const char *key, const char *title,
			     const struct doc_column *columns, size_t count, bool is_tree)
{
	struct term *t = self;
	struct term_table *table = t->table = mem_calloc(1, sizeof(*table));

	term_block(t, TERM_BLOCK);
	term_title(t, title);
	table->is_tree = is_tree;
	table->count = count;
	table->columns = mem_calloc(count, sizeof(*table->columns));
	for (size_t i = 0; i < count; i++) {
		struct column *c = &table->columns[i];
		const char *text = columns[i].title ? columns[i].title : columns[i].key;
		struct str clean = { 0 };

		text_add_clean(&clean, text, strlen(text), t->utf8);
		c->title = str_take(&clean);
		c->unit = columns[i].unit;
		c->flags = columns[i].flags | (format_is_left(&columns[i]) ? DOC_COLUMN_LEFT : 0);
		c->is_flexible = c->unit == DOC_TEXT;
		c->has_bar = c->flags & DOC_COLUMN_BAR;
		c->natural = text_columns(c->title, strlen(c->title));
	}
	return NULL;
}

/* --- widths ------------------------------------------------------------------------------- */

/* Columns the table takes when no text is wider than TEXT_MOST. */
static size_t total(const struct term_table *table, size_t text_most)
{
	size_t sum = 0, shown = 0;

	for (size_t i = 0; i < table->count; i++) {
		const struct column *c = &table->columns[i];

		if (c->is_hidden)
			continue;
		sum += c->is_flexible && c->natural > text_most ? text_most : c->natural;
		sum += c->has_bar ? 1 + BAR_COLUMNS : 0;
		shown++;
	}
	return sum + (shown ? (shown - 1) * GAP : 0);
}

static void hide_optional(struct term_table *table, size_t room)
{
	for (size_t i = table->count; i-- > 0 && total(table, READABLE) > room;)
		if (table->columns[i].flags & DOC_COLUMN_OPTIONAL)
			table->columns[i].is_hidden = true;
}

/* The last resort: from the right, but never the first column or the first text. */
static void hide_rest(struct term_table *table, size_t room)
{
	size_t keep = 0;

	while (keep < table->count &&
	       !(table->columns[keep].is_flexible && !table->columns[keep].is_hidden))
		keep++;
	for (size_t i = table->count; i-- > 1 && total(table, TIGHT) > room;)
		if (i != keep)
			table->columns[i].is_hidden = true;
}

/* Give texts what is left, taking from the widest first. */
static void share_out(struct term_table *table, size_t room)
{
	for (size_t i = 0; i < table->count; i++)
		table->columns[i].width = table->columns[i].natural;
	for (;;) {
		struct column *widest = NULL;
		size_t sum = 0;

		for (size_t i = 0; i < table->count; i++) {
			struct column *c = &table->columns[i];

			if (c->is_hidden)
				continue;
			sum += c->width + (c->has_bar ? 1 + BAR_COLUMNS : 0) + (sum ? GAP : 0);
			if (c->is_flexible && (widest == NULL || c->width > widest->width))
				widest = c;
		}
		if (sum <= room || widest == NULL || widest->width <= 1)
			return;
		widest->width--;
	}
}

static void fit(struct term_table *table, size_t room)
{
	if (total(table, READABLE) > room)
		for (size_t i = 0; i < table->count; i++)
			table->columns[i].has_bar = false;
	if (total(table, READABLE) > room)
		hide_optional(table, room);
	if (total(table, TIGHT) > room)
		hide_rest(table, room);
	share_out(table, room);
	/* A text at the right end may grow later, when wider ones come. */
	for (size_t i = table->count; i-- > 0;) {
		struct column *c = &table->columns[i];

		if (c->is_hidden)
			continue;
		if (c->is_flexible && total(table, (size_t)-1) <= room)
			c->width += room - total(table, (size_t)-1);
		break;
	}
}

/* --- printing ----------------------------------------------------------------------------------
 */

static void print_cell(struct term *t, const struct column *c, const char *text,
		       const struct cell *cell)
{
	size_t columns = text_columns(text, cell->length > 4 * c->width + 64 ? 4 * c->width + 64
									     : cell->length);
	bool is_left = c->flags & DOC_COLUMN_LEFT;

	if (!is_left && columns < c->width)
		term_pad(t, c->width - columns);
	term_style_on(t, cell->style);
	if (c->is_flexible)
		columns = text_add_elided(&t->line, text, cell->length, c->width,
					  c->flags & DOC_COLUMN_ELIDE_LEFT, t->utf8);
	else
		str_add_n(&t->line, text, cell->length);
	term_style_off(t, cell->style);
	if (is_left && columns < c->width)
		term_pad(t, c->width - columns);
	if (c->has_bar) {
		term_pad(t, 1);
		term_add_bar(t, c->bar_max > 0 ? cell->ratio / c->bar_max : 0, BAR_COLUMNS);
	}
}

static void print_row(struct term *t, size_t row)
{
	struct term_table *table = t->table;
	bool is_first = true;

	term_line_begin(t);
	for (size_t i = 0; i < table->count; i++) {
		const struct cell *cell = &table->cells.v[row * table->count + i];

		if (table->columns[i].is_hidden)
			continue;
		if (!is_first)
			term_pad(t, GAP);
		is_first = false;
		print_cell(t, &table->columns[i], str_text(&table->text) + cell->at, cell);
	}
	term_line_end(t);
}

static void print_header(struct term *t)
{
	struct term_table *table = t->table;
	bool is_first = true;

	for (size_t i = 0; i < table->count; i++)
		is_first &= table->columns[i].title[0] == '\0';
	if (is_first) /* a table without titles */
		return;
	is_first = true;
	term_line_begin(t);
	for (size_t i = 0; i < table->count; i++) {
		struct column head = table->columns[i];
		struct cell cell = { .length = strlen(head.title), .style = DOC_DIM };

		if (head.is_hidden)
			continue;
		if (!is_first)
			term_pad(t, GAP);
		is_first = false;
		head.has_bar = false;
		print_cell(t, &head, head.title, &cell);
		if (table->columns[i].has_bar)
			term_pad(t, 1 + BAR_COLUMNS);
	}
	term_line_end(t);
}

/* --- trees ---------------------------------------------------------------------------------------
 */

/* The guide in front of a node of DEPTH; sibling_follows is up to date for it. */
static void add_guide(struct term *t, struct str *out, unsigned depth)
{
	const struct term_table *table = t->table;
	unsigned most = t->width / 4, from = depth > most ? depth - most : 0;

	if (depth == 0)
		return;
	if (from)
		str_add(out, t->utf8 ? "\xe2\x80\xa6" : "..");
	for (unsigned k = from + 1; k < depth; k++)
		if (table->sibling_follows.v[k])
			str_add(out, t->utf8 ? "\xe2\x94\x82 " : "| ");
		else
			str_add(out, "  ");
	if (table->sibling_follows.v[depth])
		str_add(out, t->utf8 ? "\xe2\x94\x9c " : "|-");
	else
		str_add(out, t->utf8 ? "\xe2\x94\x94 " : "`-");
}

static void note_depth(struct term_table *table, unsigned depth)
{
	while (table->sibling_follows.n <= depth)
		vec_push(&table->sibling_follows, false);
	table->sibling_follows.v[depth] = true;
	for (size_t k = depth + 1; k < table->sibling_follows.n; k++)
		table->sibling_follows.v[k] = false;
}

/* Put guides before the first cells of what is buffered. */
static void make_guides(struct term *t)
{
	struct term_table *table = t->table;
	struct str text = { 0 };

	for (size_t row = table->depths.n; row-- > 0;) {
		struct cell *cell = &table->cells.v[row * table->count];
		unsigned depth = table->depths.v[row];
		size_t at = text.length;

		while (table->sibling_follows.n <= depth)
			vec_push(&table->sibling_follows, false);
		add_guide(t, &text, depth);
		str_add_n(&text, str_text(&table->text) + cell->at, cell->length);
		note_depth(table, depth);
		cell->length = text.length - at;
		cell->at = table->text.length + at; /* where it will be */
	}
	if (text.length)
		str_add_n(&table->text, text.text, text.length);
	str_deinit(&text);
}

/* --- rows
 * ----------------------------------------------------------------------------------------- */

static void add_cell(struct term *t, const struct column *c, const struct doc_value *value)
{
	struct term_table *table = t->table;
	struct cell *cell = vec_add(&table->cells);
	const char *text;
	size_t length, most = (size_t)t->width * 4 + 256; /* more is never shown */

	str_clear(&t->scratch);
	if (value->kind != DOC_V_STR) {
		format_value(&t->scratch, c->unit, value, t->origin_ns, true);
		text = str_text(&t->scratch);
		length = t->scratch.length;
	} else {
		text = value->str ? value->str : "";
		length = strlen(text);
	}
	if (length > most) {
		text += c->flags & DOC_COLUMN_ELIDE_LEFT ? length - most : 0;
		length = most;
	}
	cell->at = table->text.length;
	text_add_clean(&table->text, text, length, t->utf8);
	cell->length = table->text.length - cell->at;
	cell->style = value->style;
	cell->ratio = format_number_of(value);
}

static void measure(struct term_table *table)
{
	for (size_t i = 0; i < table->cells.n; i++) {
		struct column *c = &table->columns[i % table->count];
		const struct cell *cell = &table->cells.v[i];
		size_t columns = text_columns(str_text(&table->text) + cell->at, cell->length);

		if (columns > c->natural)
			c->natural = columns;
		if (c->has_bar && fabs(cell->ratio) > c->bar_max)
			c->bar_max = fabs(cell->ratio);
	}
}

static void clear_buffer(struct term_table *table)
{
	vec_clear(&table->cells);
	vec_clear(&table->depths);
	str_clear(&table->text);
}

static void start_flowing(struct term *t)
{
	struct term_table *table = t->table;

	table->is_flowing = true;
	if (table->is_tree)
		make_guides(t);
	measure(table);
	fit(table, term_room(t));
	print_header(t);
	for (size_t row = 0; row < table->depths.n; row++)
		print_row(t, row);
	clear_buffer(table);
}

struct err *term_row(void *self, unsigned depth, const struct doc_value *values)
{
	struct term *t = self;
	struct term_table *table = t->table;

	for (size_t i = 0; i < table->count; i++)
		add_cell(t, &table->columns[i], &values[i]);
	vec_push(&table->depths, depth);
	table->rows++;
	if (table->is_flowing) {
		if (table->is_tree) {
			vec_clear(&table->sibling_follows);
			for (unsigned k = 0; k <= depth; k++)
				vec_push(&table->sibling_follows, true);
			make_guides(t);
		}
		print_row(t, 0);
		clear_buffer(table);
	} else if (table->depths.n == (table->is_tree ? BUFFER_TREE_ROWS : BUFFER_ROWS) ||
		   table->text.length > BUFFER_BYTES)
		start_flowing(t);
	return NULL;
}

static void name_hidden(struct term *t)
{
	const struct term_table *table = t->table;
	struct str names = { 0 };

	for (size_t i = 0; i < table->count; i++)
		if (table->columns[i].is_hidden)
			str_printf(&names, "%s%s", names.length ? ", " : "",
				   table->columns[i].title);
	if (names.length) {
		str_add(&names, names.length ? " (no room at this width)" : "");
		term_wrapped(t, DOC_DIM, "not shown: ", str_text(&names));
	}
	str_deinit(&names);
}

struct err *term_table_end(void *self, uint64_t rows_left_out, const char *how_to_see)
{
	struct term *t = self;
	struct str rest = { 0 };

	if (t->table->rows && !t->table->is_flowing)
		start_flowing(t);
	if (t->table->rows == 0 && rows_left_out == 0)
		term_wrapped(t, DOC_DIM, "", "none");
	if (rows_left_out)
		str_printf(&rest, "%s more", units_count(rows_left_out).text);
	if (how_to_see && *how_to_see)
		str_printf(&rest, "%s%s", rest.length ? ": " : "", how_to_see);
	if (rest.length)
		term_wrapped(t, DOC_DIM, t->utf8 ? "\xe2\x80\xa6 " : "... ", str_text(&rest));
	name_hidden(t);
	str_deinit(&rest);
	term_table_destroy(t->table);
	t->table = NULL;
	return NULL;
}
