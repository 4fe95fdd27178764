/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef SONDE_RENDER_HTML_IMPL_H
#define SONDE_RENDER_HTML_IMPL_H
/* Shared by html.c (the page, prose, tables) and html_data.c (flame graphs, timelines). */
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "render/renderer.h"

struct html_column {
	enum doc_unit unit;
	bool is_left, has_bar, cut_left;
	double bar_max;
};

struct html {
	FILE *out;
	struct str s; /* what is being put together; html_flush() writes it */
	uint64_t origin_ns;
	unsigned section_depth;
	bool in_fields;
	char *heading; /* of the section, to not repeat it */
	/* the open table */
	VEC(struct html_column) columns;
	struct str rows; /* ready <tr>s: bars need the largest value first */
	struct str scratch;
	uint64_t row_count, rows_skipped;
	bool is_tree;
	/* the open flame graph or timeline */
	struct html_data *data;
	struct strmap ids; /* ids used, to keep them unique */
};

void html_flush(struct html *h);
void html_text(struct html *h, const char *text); /* escaped, to h->s */
/* A new node: end a list of fields; TITLE as a heading unless the section has it already. */
void html_block(struct html *h, const char *key, const char *title);
/* KEY as an id that no other element has; valid until the next call. */
const char *html_id(struct html *h, const char *key);

struct err *html_flame_begin(void *self, const struct doc_flame *flame);
struct err *html_flame_node(void *self, unsigned depth, const struct doc_frame *frame);
struct err *html_flame_end(void *self);
struct err *html_timeline_begin(void *self, const struct doc_timeline *timeline);
struct err *html_lane(void *self, const char *name);
struct err *html_span(void *self, const struct doc_span *span);
struct err *html_timeline_end(void *self);
void html_data_destroy(struct html_data *data);

#endif
