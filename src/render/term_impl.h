/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RENDER_TERM_IMPL_H
#define SONDE_RENDER_TERM_IMPL_H
/* What the files of the terminal renderer share: term.c (prose), term_table.c,
 * term_flame.c, term_chart.c (histograms, timelines). */
#include "base/str.h"
#include "base/vec.h"
#include "render/renderer.h"

enum term_block {
	TERM_NOTHING,
	TERM_HEADING, /* nothing stands between it and what follows */
	TERM_PROSE,
	TERM_BLOCK, /* a blank line before and after */
};

struct term_table;
struct term_flame;
struct term_timeline;

struct term {
	FILE *out;
	struct str line;    /* the line being made */
	struct str scratch; /* a cell being made */
	struct str fields;  /* fields waiting for their common width */
	size_t fields_width;
	bool color, utf8;
	unsigned width;
	unsigned section_depth;
	uint64_t origin_ns;
	enum term_block last;
	char *heading; /* the last section's, to not repeat it over a table */
	struct term_table *table;
	struct term_flame *flame;
	struct term_timeline *timeline;
};

/* Start a block: pending fields out, a blank line where one belongs. */
void term_block(struct term *t, enum term_block kind);
unsigned term_room(const struct term *t); /* columns right of the indent */

/* Put together t->line, then end it: trailing spaces cut, newline, written. */
void term_line_begin(struct term *t);
void term_line_end(struct term *t);
void term_add(struct term *t, enum doc_style style, const char *text, size_t length);
void term_add_text(struct term *t, enum doc_style style, const char *text);
void term_pad(struct term *t, size_t columns);
/* SGR for a style; nothing without colour. */
void term_style_on(struct term *t, enum doc_style style);
void term_style_off(struct term *t, enum doc_style style);
/* TITLE over a block, unless the section is called the same. */
void term_title(struct term *t, const char *title);
/* TEXT (raw) over lines of the terminal's width, the following ones indented by HANGING. */
void term_wrapped(struct term *t, enum doc_style style, const char *mark, const char *text);
/* A bar of RATIO (0..1) in COLUMNS columns; adds exactly that many. */
void term_add_bar(struct term *t, double ratio, unsigned columns);

struct err *term_table_begin(void *self, const char *key, const char *title,
			     const struct doc_column *columns, size_t count, bool is_tree);
struct err *term_row(void *self, unsigned depth, const struct doc_value *values);
struct err *term_table_end(void *self, uint64_t rows_left_out, const char *how_to_see);
void term_table_destroy(struct term_table *table);

struct err *term_flame_begin(void *self, const struct doc_flame *flame);
struct err *term_flame_node(void *self, unsigned depth, const struct doc_frame *frame);
struct err *term_flame_end(void *self);
void term_flame_destroy(struct term_flame *flame);

struct err *term_histogram(void *self, const char *key, const char *title, enum doc_unit unit,
			   const struct doc_bucket *buckets, size_t count);
struct err *term_timeline_begin(void *self, const struct doc_timeline *timeline);
struct err *term_lane(void *self, const char *name);
struct err *term_span(void *self, const struct doc_span *span);
struct err *term_timeline_end(void *self);
void term_timeline_destroy(struct term_timeline *timeline);

#endif
