/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One self-contained page.  Prose, tables and histograms are plain HTML that reads and
 * prints without scripts; web/page.js adds sorting and filtering, web/flame.js and
 * web/timeline.js draw what html_data.c embeds as data.
 *
 * The page loads nothing: its Content-Security-Policy allows no request and no script
 * but ours, by hash, so even a mistake in escaping a name would not run.
 */
#include "render/html_impl.h"

#include "base/mem.h"
#include "base/units.h"
#include "render/format.h"
#include "render/text.h"
#include "render/web.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MOST = 20000, TEXT_MOST = 1 << 16 };

/* --- small parts ------------------------------------------------------------------------- */

void html_flush(struct html *h)
{
	if (h->s.length)
		fwrite(h->s.text, 1, h->s.length, h->out);
	str_clear(&h->s);
}

static void add_text(struct str *s, const char *text)
{
	size_t length = strnlen(text, TEXT_MOST + 1);

	if (length <= TEXT_MOST) {
		text_add_xml(s, text, length);
		return;
	}
	text_add_xml(s, text, text_prefix(text, TEXT_MOST, TEXT_MOST));
	str_add(s, "\xe2\x80\xa6");
}

void html_text(struct html *h, const char *text) { add_text(&h->s, text); }

const char *html_id(struct html *h, const char *key)
{
	struct str *id = &h->scratch;
	bool is_new = false;

	str_clear(id);
	for (; *key && id->length < 64; key++)
		str_add_char(id, (*key >= 'a' && *key <= 'z') || (*key >= '0' && *key <= '9')
					 ? *key
					 : '_');
	size_t length = id->length;

	for (unsigned n = 2; (void)strmap_get(&h->ids, str_text(id), id->length, &is_new), !is_new;
	     n++) {
		id->length = length;
		str_printf(id, "-%u", n);
	}
	return str_text(id);
}

static void end_fields(struct html *h)
{
	if (h->in_fields)
		str_add(&h->s, "</dl>\n");
	h->in_fields = false;
}

/* The main headings can be linked to; the page's contents are made of them. */
static void add_heading(struct html *h, unsigned level, const char *key, const char *title)
{
	if (level == 2) {
		char id[80];

		snprintf(id, sizeof(id), "section_%s", key);
		str_printf(&h->s, "<h2 id=\"%s\">", html_id(h, id));
	} else
		str_printf(&h->s, "<h%u>", level);
	html_text(h, title);
	str_printf(&h->s, "</h%u>\n", level);
}

void html_block(struct html *h, const char *key, const char *title)
{
	unsigned level = h->section_depth + 2 > 4 ? 4 : h->section_depth + 2;

	end_fields(h);
	if (*title == '\0' || (h->heading && strcmp(h->heading, title) == 0))
		return;
	add_heading(h, level, key, title);
}

static void add_style_class(struct str *s, enum doc_style style)
{
	if (style == DOC_PLAIN)
		return;
	str_printf(s, style >= DOC_KERNEL ? " class=\"kind %s\"" : " class=\"%s\"",
		   format_style(style));
}

/* --- the page -------------------------------------------------------------------------------- */

static void add_head(struct html *h, const struct doc_head *head)
{
	str_add(&h->s, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
	str_printf(&h->s,
		   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		   "style-src 'unsafe-inline'; "
		   "script-src 'sha256-%s' 'sha256-%s' 'sha256-%s'; base-uri 'none'; form-action "
		   "'none'\">\n",
		   web_page_js_sha256, web_flame_js_sha256, web_timeline_js_sha256);
	str_add(&h->s, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		       "<meta name=\"color-scheme\" content=\"light dark\">\n<meta "
		       "name=\"generator\" content=\"sonde " SONDE_VERSION "\">\n<title>");
	html_text(h, head->title);
	str_add(&h->s, "</title>\n<style>\n");
	str_add_n(&h->s, web_page_css, web_page_css_length);
	str_add(&h->s, "</style>\n</head>\n<body>\n<header>\n<h1>");
	html_text(h, head->title);
	str_add(&h->s, "</h1>\n");
	if (head->subtitle) {
		str_add(&h->s, "<p class=\"subtitle\">");
		html_text(h, head->subtitle);
		str_add(&h->s, "</p>\n");
	}
	str_add(&h->s, "</header>\n<main>\n");
}

static struct err *begin(void *self, const struct doc_head *head)
{
	struct html *h = self;

	h->origin_ns = head->origin_ns;
	add_head(h, head);
	html_flush(h);
	return NULL;
}

static void add_script(struct html *h, const char *text, size_t length)
{
	str_add(&h->s, "<script>");
	str_add_n(&h->s, text, length);
	str_add(&h->s, "</script>\n");
}

static struct err *end(void *self)
{
	struct html *h = self;

	end_fields(h);
	str_add(&h->s, "</main>\n<footer>Made by sonde " SONDE_VERSION
		       ". This page loads nothing from anywhere.</footer>\n");
	add_script(h, web_page_js, web_page_js_length);
	add_script(h, web_flame_js, web_flame_js_length);
	add_script(h, web_timeline_js, web_timeline_js_length);
	str_add(&h->s, "</body>\n</html>\n");
	html_flush(h);
	return NULL;
}

static struct err *section_begin(void *self, const char *key, const char *title)
{
	struct html *h = self;
	unsigned level = h->section_depth + 2 > 4 ? 4 : h->section_depth + 2;

	end_fields(h);
	str_add(&h->s, "<section>\n");
	if (*title)
		add_heading(h, level, key, title);
	free(h->heading);
	h->heading = mem_strdup(title);
	h->section_depth++;
	return NULL;
}

static struct err *section_end(void *self)
{
	struct html *h = self;

	end_fields(h);
	h->section_depth--;
	str_add(&h->s, "</section>\n");
	html_flush(h);
	return NULL;
}

/* --- prose ----------------------------------------------------------------------------------- */

static void add_paragraph(struct html *h, const char *class, const char *text)
{
	end_fields(h);
	str_printf(&h->s, class ? "<p class=\"%s\">" : "<p>", class);
	for (;;) { /* line breaks of the view stay */
		const char *newline = strchrnul(text, '\n');

		text_add_xml(&h->s, text, (size_t)(newline - text));
		if (*newline == '\0' || newline[1] == '\0')
			break;
		str_add(&h->s, "<br>\n");
		text = newline + 1;
	}
	str_add(&h->s, "</p>\n");
}

static struct err *headline(void *self, const char *text)
{
	add_paragraph(self, "headline", text);
	return NULL;
}

static struct err *text_(void *self, const char *text)
{
	add_paragraph(self, NULL, text);
	return NULL;
}

static struct err *warning(void *self, const char *text, const char *fix)
{
	struct html *h = self;

	end_fields(h);
	str_add(&h->s, "<div class=\"warning\" role=\"note\"><p><b>");
	html_text(h, text);
	str_add(&h->s, "</b></p>");
	if (fix && *fix) {
		str_add(&h->s, "<p class=\"fix\">");
		html_text(h, fix);
		str_add(&h->s, "</p>");
	}
	str_add(&h->s, "</div>\n");
	return NULL;
}

static struct err *next(void *self, const char *command, const char *why)
{
	struct html *h = self;

	end_fields(h);
	str_add(&h->s, "<p class=\"next\">Next: <code>");
	html_text(h, command);
	str_add(&h->s, "</code> ");
	if (why)
		html_text(h, why);
	str_add(&h->s, "</p>\n");
	return NULL;
}

static struct err *field(void *self, const char *key, const char *title, enum doc_unit unit,
			 const struct doc_value *value)
{
	struct html *h = self;
	struct str text = { 0 };

	if (!h->in_fields)
		str_add(&h->s, "<dl class=\"fields\">\n");
	h->in_fields = true;
	str_add(&h->s, "<dt>");
	html_text(h, title);
	str_add(&h->s, "</dt><dd");
	add_style_class(&h->s, value->style);
	str_add(&h->s, ">");
	format_value(&text, unit, value, h->origin_ns, false);
	html_text(h, str_text(&text));
	str_add(&h->s, "</dd>\n");
	str_deinit(&text);
	return NULL;
}

static struct err *verbatim(void *self, const char *key, const char *text)
{
	struct html *h = self;

	end_fields(h);
	str_add(&h->s, "<pre>");
	text_add_xml(&h->s, text, strlen(text));
	str_add(&h->s, "</pre>\n");
	html_flush(h);
	return NULL;
}

/* --- tables and trees ----------------------------------------------------------------------------
 */

static struct err *table_begin(void *self, const char *key, const char *title,
			       const struct doc_column *columns, size_t count, bool is_tree)
{
	struct html *h = self;

	html_block(h, key, title);
	h->is_tree = is_tree;
	h->row_count = h->rows_skipped = 0;
	vec_clear(&h->columns);
	str_clear(&h->rows);
	html_flush(h); /* from here h->s holds the head, until the bars' measure is known */
	str_add(&h->s, ">\n<thead><tr>");
	for (size_t i = 0; i < count; i++) {
		struct html_column *c = vec_add(&h->columns);

		*c = (struct html_column){ .unit = columns[i].unit,
					   .is_left = format_is_left(&columns[i]),
					   .has_bar = columns[i].flags & DOC_COLUMN_BAR };
		str_add(&h->s, c->is_left   ? "<th scope=\"col\">"
			       : c->has_bar ? "<th scope=\"col\" class=\"n bar\">"
					    : "<th scope=\"col\" class=\"n\">");
		html_text(h, columns[i].title ? columns[i].title : columns[i].key);
		str_add(&h->s, "</th>");
	}
	str_add(&h->s, "</tr></thead>\n<tbody>\n");
	return NULL;
}

/* The exact number, for sorting. */
static void add_sort_key(struct str *s, const struct doc_value *value)
{
	if (value->kind == DOC_V_NONE)
		str_add(s, " data-v=\"\"");
	else if (value->kind == DOC_V_U64) {
		str_add(s, " data-v=\"");
		str_add_u64(s, value->u64);
		str_add(s, "\"");
	} else if (value->kind != DOC_V_STR)
		str_printf(s, " data-v=\"%.17g\"", format_number_of(value));
}

static void add_cell_text(struct html *h, const struct html_column *c,
			  const struct doc_value *value)
{
	struct str *s = &h->rows;

	str_clear(&h->scratch);
	format_value(&h->scratch, c->unit, value, h->origin_ns, true);
	if (value->style != DOC_PLAIN) {
		str_add(s, "<span");
		add_style_class(s, value->style);
		str_add_char(s, '>');
	}
	add_text(s, str_text(&h->scratch));
	if (value->style != DOC_PLAIN)
		str_add(s, "</span>");
}

static void add_cell(struct html *h, size_t column, unsigned depth, const struct doc_value *value)
{
	struct html_column *c = &h->columns.v[column];
	bool is_tree_cell = h->is_tree && column == 0;
	double ratio = fabs(format_number_of(value));

	str_add(&h->rows, is_tree_cell		? "<td class=\"tree text\""
			  : c->has_bar		? "<td class=\"n bar\""
			  : !c->is_left		? "<td class=\"n\""
			  : c->unit == DOC_TEXT ? "<td class=\"text\""
						: "<td");
	if (!c->is_left)
		add_sort_key(&h->rows, value);
	str_add_char(&h->rows, '>');
	if (is_tree_cell)
		str_printf(&h->rows, "<button class=\"fold\" style=\"--d:%u\"></button>",
			   depth > 60 ? 60 : depth);
	if (!c->has_bar) {
		add_cell_text(h, c, value);
	} else {
		str_add(&h->rows, "<span>");
		add_cell_text(h, c, value);
		str_printf(&h->rows, "</span><i style=\"--r:%.4g\"></i>",
			   isfinite(ratio) ? ratio : 0);
		if (isfinite(ratio) && ratio > c->bar_max)
			c->bar_max = ratio;
	}
	str_add(&h->rows, "</td>");
}

static struct err *row(void *self, unsigned depth, const struct doc_value *values)
{
	struct html *h = self;

	if (h->row_count == ROWS_MOST) {
		h->rows_skipped++;
		return NULL;
	}
	h->row_count++;
	if (h->is_tree)
		str_printf(&h->rows, "<tr data-d=\"%u\">", depth);
	else
		str_add(&h->rows, "<tr>");
	for (size_t i = 0; i < h->columns.n; i++)
		add_cell(h, i, depth, &values[i]);
	str_add(&h->rows, "</tr>\n");
	return NULL;
}

static void add_left_out(struct html *h, uint64_t rows_left_out, const char *how_to_see)
{
	if (h->rows_skipped) {
		str_printf(&h->s,
			   "<p class=\"more\">The first %s rows; %s more would be too much for a "
			   "page: "
			   "<code>--json</code> and SQL have them.</p>\n",
			   units_count(h->row_count).text, units_count(h->rows_skipped).text);
	}
	if (rows_left_out == 0 && !(how_to_see && *how_to_see))
		return;
	str_add(&h->s, "<p class=\"more\">");
	if (rows_left_out)
		str_printf(&h->s, "%s more", units_count(rows_left_out).text);
	if (how_to_see && *how_to_see) {
		str_add(&h->s, rows_left_out ? ": <code>" : "<code>");
		html_text(h, how_to_see);
		str_add(&h->s, "</code>");
	}
	str_add(&h->s, "</p>\n");
}

static struct err *table_end(void *self, uint64_t rows_left_out, const char *how_to_see)
{
	struct html *h = self;

	double most = 0;

	for (size_t i = 0; i < h->columns.n; i++) /* one measure for all bars of a table */
		most = fmax(most, h->columns.v[i].bar_max);
	fprintf(h->out, "<div class=\"tablebox%s\"><div class=\"scroll\"><table",
		h->is_tree ? " istree" : "");
	if (most > 0)
		fprintf(h->out, " style=\"--m:%.4g\"", most);
	html_flush(h);
	if (h->rows.length)
		fwrite(h->rows.text, 1, h->rows.length, h->out);
	str_clear(&h->rows);
	str_add(&h->s, "</tbody></table></div></div>\n");
	if (h->row_count == 0 && rows_left_out == 0)
		str_add(&h->s, "<p class=\"more\">none</p>\n");
	add_left_out(h, rows_left_out, how_to_see);
	html_flush(h);
	return NULL;
}

/* --- histograms
 * -------------------------------------------------------------------------------------- */

static void add_bound(struct html *h, enum doc_unit unit, double n)
{
	struct doc_value value = DOC_F64(n);

	str_clear(&h->scratch);
	format_value(&h->scratch, unit, &value, h->origin_ns, false);
	html_text(h, str_text(&h->scratch));
}

static struct err *histogram(void *self, const char *key, const char *title, enum doc_unit unit,
			     const struct doc_bucket *buckets, size_t count)
{
	struct html *h = self;
	double most = 0, sum = 0;

	html_block(h, key, title);
	for (size_t i = 0; i < count; i++) {
		most = fmax(most, (double)buckets[i].count);
		sum += (double)buckets[i].count;
	}
	str_add(&h->s, "<div class=\"histogram\">\n");
	for (size_t i = 0; i < count; i++) {
		double n = (double)buckets[i].count;

		str_add(&h->s, "<span>");
		add_bound(h, unit, buckets[i].low);
		str_add(&h->s, " \xe2\x80\x93 ");
		add_bound(h, unit, buckets[i].high);
		str_printf(&h->s,
			   "</span><span>%s</span><span class=\"share\">%s</span><i "
			   "style=\"--r:%.4f\"></i>\n",
			   units_count(buckets[i].count).text,
			   units_ratio(sum > 0 ? n / sum : 0).text, most > 0 ? n / most : 0);
	}
	str_add(&h->s, "</div>\n");
	if (sum == 0)
		str_add(&h->s, "<p class=\"more\">none</p>\n");
	html_flush(h);
	return NULL;
}

/* --- making one
 * ---------------------------------------------------------------------------------------- */

static struct err *create(const struct render_options *options, FILE *out, void **ret)
{
	struct html *h = mem_calloc(1, sizeof(*h));

	h->out = out;
	strmap_init(&h->ids);
	*ret = h;
	return NULL;
}

static void destroy(void *self)
{
	struct html *h = self;

	html_data_destroy(h->data);
	str_deinit(&h->s);
	str_deinit(&h->rows);
	str_deinit(&h->scratch);
	vec_deinit(&h->columns);
	strmap_deinit(&h->ids);
	free(h->heading);
	free(h);
}

const struct render_ops render_html = {
	.name = "html",
	.summary = "one self-contained page for a browser",
	.create = create,
	.begin = begin,
	.end = end,
	.section_begin = section_begin,
	.section_end = section_end,
	.headline = headline,
	.text = text_,
	.warning = warning,
	.next = next,
	.field = field,
	.verbatim = verbatim,
	.table_begin = table_begin,
	.row = row,
	.table_end = table_end,
	.histogram = histogram,
	.flame_begin = html_flame_begin,
	.flame_node = html_flame_node,
	.flame_end = html_flame_end,
	.timeline_begin = html_timeline_begin,
	.lane = html_lane,
	.span = html_span,
	.timeline_end = html_timeline_end,
	.destroy = destroy,
};
