/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Histograms as bars, timelines as lanes.  A lane is one line: each column shows how
 * full its stretch of time was, in the colour of the style that filled most of it.  Spans
 * of level 0 are added up as they come, so a lane of a million spans costs one line.
 */
#include "render/term_impl.h"

#include "base/mem.h"
#include "base/units.h"
#include "render/format.h"
#include "render/text.h"

#include <stdlib.h>
#include <string.h>

/* --- histograms ----------------------------------------------------------------------------- */

static void add_number(struct term *t, struct str *out, enum doc_unit unit, double n)
{
	struct doc_value value =
		unit == DOC_ID || unit == DOC_ADDR ? DOC_U64((uint64_t)n) : DOC_F64(n);

	format_value(out, unit, &value, t->origin_ns, false);
}

static void bucket_label(struct term *t, struct str *out, enum doc_unit unit,
			 const struct doc_bucket *b)
{
	add_number(t, out, unit, b->low);
	if (t->width < 40) {
		str_add(out, " ..");
		return;
	}
	str_add(out, " .. ");
	add_number(t, out, unit, b->high);
}

/* The widest label, the highest count and the sum. */
static void survey(struct term *t, enum doc_unit unit, const struct doc_bucket *buckets,
		   size_t count, size_t *width, uint64_t *most, uint64_t *sum)
{
	struct str label = { 0 };

	*width = *most = *sum = 0;
	for (size_t i = 0; i < count; i++) {
		str_clear(&label);
		bucket_label(t, &label, unit, &buckets[i]);
		*width = label.length > *width ? label.length : *width;
		*most = buckets[i].count > *most ? buckets[i].count : *most;
		*sum += buckets[i].count;
	}
	str_deinit(&label);
}

/* "label  count  share  bar"; what has no room is left out from the right. */
static void draw_bucket(struct term *t, const struct str *label, size_t label_width,
			size_t count_width, uint64_t count, double share, double height)
{
	struct units n = units_count(count), percent = units_ratio(share);
	size_t used = label_width + 2 + count_width;

	term_line_begin(t);
	term_pad(t, label_width - label->length);
	term_add(t, DOC_PLAIN, label->text, label->length);
	term_pad(t, 2 + count_width - strlen(n.text));
	term_add_text(t, DOC_PLAIN, n.text);
	if (used + 9 <= term_room(t)) {
		term_pad(t, 2 + 7 - strlen(percent.text));
		term_add_text(t, DOC_DIM, percent.text);
		used += 9;
	}
	if (used + 6 <= term_room(t)) {
		size_t bar = term_room(t) - used - 2;

		term_pad(t, 2);
		term_add_bar(t, height, bar > 60 ? 60 : (unsigned)bar);
	}
	term_line_end(t);
}

struct err *term_histogram(void *self, const char *key, const char *title, enum doc_unit unit,
			   const struct doc_bucket *buckets, size_t count)
{
	struct term *t = self;
	struct str label = { 0 };
	size_t width;
	uint64_t most, sum;

	term_block(t, TERM_BLOCK);
	term_title(t, title);
	survey(t, unit, buckets, count, &width, &most, &sum);
	for (size_t i = 0; i < count; i++) {
		double n = (double)buckets[i].count;

		str_clear(&label);
		bucket_label(t, &label, unit, &buckets[i]);
		draw_bucket(t, &label, width, strlen(units_count(most).text), buckets[i].count,
			    sum ? n / (double)sum : 0, most ? n / (double)most : 0);
	}
	if (sum == 0)
		term_wrapped(t, DOC_DIM, "", "none");
	str_deinit(&label);
	return NULL;
}

/* --- timelines ---------------------------------------------------------------------------------
 */

enum { STYLES = DOC_JIT + 1 };

struct term_timeline {
	uint64_t from_ns, to_ns;
	size_t label_width, columns;
	double (*covered)[STYLES]; /* by column, in ns */
	char *lane;		   /* clean; NULL: none yet */
	uint64_t lanes;
};

void term_timeline_destroy(struct term_timeline *timeline)
{
	if (timeline == NULL)
		return;
	free(timeline->covered);
	free(timeline->lane);
	free(timeline);
}

static void draw_axis(struct term *t)
{
	const struct term_timeline *l = t->timeline;
	struct units from = units_duration_ns((double)(l->from_ns - t->origin_ns));
	struct units to = units_duration_ns((double)(l->to_ns - t->origin_ns));
	size_t used = strlen(from.text) + strlen(to.text);

	if (l->from_ns < t->origin_ns)
		from = units_duration_ns(-(double)(t->origin_ns - l->from_ns));
	term_line_begin(t);
	term_pad(t, l->label_width + 2);
	term_add_text(t, DOC_DIM, from.text);
	if (l->columns > used)
		term_pad(t, l->columns - used);
	term_add_text(t, DOC_DIM, to.text);
	term_line_end(t);
}

struct err *term_timeline_begin(void *self, const struct doc_timeline *timeline)
{
	struct term *t = self;
	struct term_timeline *l = t->timeline = mem_calloc(1, sizeof(*l));

	term_block(t, TERM_BLOCK);
	term_title(t, timeline->title);
	l->from_ns = timeline->from_ns;
	l->to_ns = timeline->to_ns;
	l->label_width = term_room(t) / 4 > 28 ? 28 : term_room(t) / 4;
	l->columns = term_room(t) - l->label_width - 2;
	l->covered = mem_calloc(l->columns, sizeof(*l->covered));
	draw_axis(t);
	return NULL;
}

static void add_column(struct term *t, const double *covered, double width_ns)
{
	static const char ascii[] = " .:-=+*#%";
	double sum = 0;
	enum doc_style style = DOC_PLAIN;

	for (unsigned i = 0; i < STYLES; i++) {
		sum += covered[i];
		if (covered[i] > covered[style])
			style = (enum doc_style)i;
	}
	double full = width_ns > 0 ? sum / width_ns : 0;
	int step = full <= 0 ? 0 : full >= 1 ? 8 : 1 + (int)(full * 7.999);

	if (step == 0) {
		term_pad(t, 1);
		return;
	}
	term_style_on(t, style);
	if (t->utf8)
		str_printf(&t->line, "\xe2\x96%c", 0x80 + step); /* U+2581 .. U+2588 */
	else
		str_add_char(&t->line, ascii[step]);
	term_style_off(t, style);
}

static void draw_lane(struct term *t)
{
	struct term_timeline *l = t->timeline;
	double width_ns = (double)(l->to_ns - l->from_ns) / (double)l->columns;

	if (l->lane == NULL)
		return;
	term_line_begin(t);
	size_t used =
		text_add_elided(&t->line, l->lane, strlen(l->lane), l->label_width, false, t->utf8);

	term_pad(t, l->label_width - used + 2);
	for (size_t i = 0; i < l->columns; i++)
		add_column(t, l->covered[i], width_ns);
	term_line_end(t);
	memset(l->covered, 0, l->columns * sizeof(*l->covered));
	free(l->lane);
	l->lane = NULL;
	l->lanes++;
}

struct err *term_lane(void *self, const char *name)
{
	struct term *t = self;
	struct str clean = { 0 };
	size_t length = strlen(name), most = (size_t)t->width * 4;

	draw_lane(t);
	text_add_clean(&clean, name, length > most ? most : length, t->utf8);
	t->timeline->lane = str_take(&clean);
	return NULL;
}

struct err *term_span(void *self, const struct doc_span *span)
{
	struct term *t = self;
	struct term_timeline *l = t->timeline;
	uint64_t from = span->from_ns < l->from_ns ? l->from_ns : span->from_ns;
	uint64_t to = span->to_ns > l->to_ns ? l->to_ns : span->to_ns;
	unsigned style = (unsigned)span->style < STYLES ? span->style : DOC_PLAIN;
	double range = (double)(l->to_ns - l->from_ns), width_ns = range / (double)l->columns;

	if (span->level != 0 || range <= 0 || from > to)
		return NULL;
	double a = (double)(from - l->from_ns), b = (double)(to - l->from_ns);
	double weight = span->weight > 0 && span->weight < 1 ? span->weight : 1;
	size_t first = (size_t)(a / width_ns), last = (size_t)(b / width_ns);

	/* A moment is seen too. */
	if (b - a < width_ns / 16)
		b = a + width_ns / 16;
	for (size_t i = first; i <= last && i < l->columns; i++) {
		double left = (double)i * width_ns, right = left + width_ns;
		double part = (b < right ? b : right) - (a > left ? a : left);

		if (part > 0)
			l->covered[i][style] += part * weight;
	}
	return NULL;
}

struct err *term_timeline_end(void *self)
{
	struct term *t = self;

	draw_lane(t);
	if (t->timeline->lanes == 0)
		term_wrapped(t, DOC_DIM, "", "none");
	term_timeline_destroy(t->timeline);
	t->timeline = NULL;
	return NULL;
}
