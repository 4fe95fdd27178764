/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SVG: flame graphs in the manner of FlameGraph and inferno, and histograms and timelines
 * as plain charts.  Tables and prose have no place in a picture and are skipped (the
 * headline becomes the subtitle where there is none).
 *
 * A frame is <g class="f"><title>func (N samples, P%)</title><rect/><text/></g>: the text of
 * a title is what people's scripts read, so it is spelled exactly as those tools spell it.
 * The height is only known at the end, so the body waits in memory; frames that are too
 * narrow to be seen are dropped on arrival, and that bounds it.
 */
#include "base/mem.h"
#include "base/units.h"
#include "base/vec.h"
#include "render/format.h"
#include "render/renderer.h"
#include "render/text.h"
#include "render/web.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PAD = 10, FRAME_HEIGHT = 16, FONT = 12, HEAD = 51, FOOT = 34, WIDTH_DEFAULT = 1200 };
static const double CHAR_WIDTH = 0.59 * FONT;
static const double SEEN_RATIO = 0.0001; /* inferno's default: 0.01 % */

struct box {
	unsigned depth;
	double x, value;
	double change;		/* diff: of self, as in flamegraph.pl */
	size_t name_at, tip_at; /* in renderer->names; tip_at 0: none */
	enum doc_frame_kind kind;
};

struct renderer {
	FILE *out;
	struct str body;
	unsigned width, height; /* so far */
	char *title, *subtitle;
	uint64_t origin_ns;
	bool has_flame;
	/* the open flame graph */
	struct doc_flame flame; /* strings are ours */
	struct str names;
	VEC(struct box) boxes;
	VEC(double) next_x;
	double total, change_most;
	unsigned deepest;
	/* the open timeline */
	uint64_t from_ns, to_ns;
};

static char *copy(const char *s) { return s ? mem_strdup(s) : NULL; }

static void add_xml(struct str *s, const char *text) { text_add_xml(s, text, strlen(text)); }

/* --- colours ------------------------------------------------------------------------------ */

struct rgb {
	int r, g, b;
};

/* 0..1, the same for the same name: neighbours differ, pictures don't from run to run. */
static double name_hash(const char *name, unsigned seed)
{
	uint64_t h = 14695981039346656037u + seed;

	for (size_t i = 0; name[i] && i < 256; i++)
		h = (h ^ (unsigned char)name[i]) * 1099511628211u;
	h ^= h >> 33;
	return (double)(h % 1000) / 999;
}

static struct rgb by_kind(enum doc_frame_kind kind, double v)
{
	static const struct {
		struct rgb base, spread;
	} hues[] = {
		[DOC_FRAME_USER] = { { 228, 116, 74 }, { 22, 44, 30 } },
		[DOC_FRAME_LIBRARY] = { { 232, 178, 70 }, { 18, 30, 40 } },
		[DOC_FRAME_KERNEL] = { { 104, 148, 204 }, { 36, 30, 22 } },
		[DOC_FRAME_KERNEL_MODULE] = { { 146, 130, 204 }, { 30, 28, 22 } },
		[DOC_FRAME_INLINED] = { { 112, 186, 178 }, { 36, 24, 26 } },
		[DOC_FRAME_JIT] = { { 130, 184, 96 }, { 34, 26, 34 } },
		[DOC_FRAME_UNKNOWN] = { { 178, 178, 178 }, { 24, 24, 24 } },
		[DOC_FRAME_GROUP] = { { 200, 202, 210 }, { 16, 16, 14 } },
	};
	unsigned i = (unsigned)kind < sizeof(hues) / sizeof(*hues) ? kind : DOC_FRAME_UNKNOWN;

	return (struct rgb){ hues[i].base.r + (int)(v * hues[i].spread.r),
			     hues[i].base.g + (int)(v * hues[i].spread.g),
			     hues[i].base.b + (int)(v * hues[i].spread.b) };
}

/* FlameGraph's palettes (flamegraph.pl, sub color), with hashes for its random numbers. */
static bool by_palette(const char *palette, const char *name, struct rgb *color)
{
	double v1 = name_hash(name, 0), v2 = name_hash(name, 1), v3 = name_hash(name, 2);
	static const struct {
		const char *name;
		int r, r1, g, g1, b, b1;
	} plain[] = {
		{ "red", 200, 55, 50, 80, 50, 80 },	{ "green", 50, 60, 200, 55, 50, 60 },
		{ "blue", 80, 60, 80, 60, 205, 50 },	{ "yellow", 175, 55, 175, 55, 50, 20 },
		{ "purple", 190, 65, 80, 60, 190, 65 }, { "aqua", 50, 60, 165, 55, 165, 55 },
		{ "orange", 190, 65, 90, 65, 0, 0 },	{ "io", 80, 60, 80, 60, 190, 55 },
	};

	if (strcmp(palette, "hot") == 0)
		*color = (struct rgb){ 205 + (int)(50 * v3), (int)(230 * v1), (int)(55 * v2) };
	else if (strcmp(palette, "mem") == 0)
		*color = (struct rgb){ 0, 190 + (int)(50 * v2), (int)(210 * v1) };
	else
		for (size_t i = 0;; i++) {
			if (i == sizeof(plain) / sizeof(*plain))
				return false;
			if (strcmp(palette, plain[i].name) != 0)
				continue;
			*color = (struct rgb){ plain[i].r + (int)(plain[i].r1 * v1),
					       plain[i].g + (int)(plain[i].g1 * v1),
					       plain[i].b + (int)(plain[i].b1 * v1) };
			break;
		}
	return true;
}

static struct rgb color_of(const struct renderer *r, const struct box *box, const char *name)
{
	struct rgb color;

	if (r->flame.diff) { /* red grew, blue shrank, as deep as the largest change */
		double change = box->change;
		int pale = r->change_most > 0
				   ? 90 + (int)(130 * (1 - fabs(change) / r->change_most))
				   : 220;

		return change > 0   ? (struct rgb){ 240, pale, pale }
		       : change < 0 ? (struct rgb){ pale, pale + 20, 245 }
				    : (struct rgb){ 236, 236, 238 };
	}
	if (r->flame.palette && by_palette(r->flame.palette, name, &color))
		return color;
	return by_kind(box->kind, name_hash(name, 0));
}

/* --- flame graphs ---------------------------------------------------------------------------- */

static void flame_clear(struct renderer *r)
{
	free((char *)r->flame.title);
	free((char *)r->flame.subtitle);
	free((char *)r->flame.notes);
	free((char *)r->flame.unit_name);
	free((char *)r->flame.palette);
	r->flame = (struct doc_flame){ 0 };
	str_clear(&r->names);
	vec_clear(&r->boxes);
	vec_clear(&r->next_x);
	r->total = r->change_most = 0;
	r->deepest = 0;
}

static struct err *flame_begin(void *self, const struct doc_flame *flame)
{
	struct renderer *r = self;

	flame_clear(r);
	r->flame = *flame;
	r->flame.title = copy(flame->title);
	r->flame.subtitle = copy(flame->subtitle);
	r->flame.notes = copy(flame->notes);
	r->flame.unit_name = copy(flame->unit_name);
	r->flame.palette = copy(flame->palette);
	if (r->flame.min_ratio == 0)
		r->flame.min_ratio = SEEN_RATIO;
	str_add_char(&r->names, '\0');
	return NULL;
}

static struct err *flame_node(void *self, unsigned depth, const struct doc_frame *frame)
{
	struct renderer *r = self;
	double x, change = fabs(frame->self - frame->self_before);

	if (depth == 0)
		r->total = frame->value;
	while (r->next_x.n < depth + 2)
		vec_push(&r->next_x, 0);
	x = r->next_x.v[depth];
	r->next_x.v[depth] += frame->value;
	r->next_x.v[depth + 1] = x;
	if (!(frame->value > 0) || frame->value < r->total * r->flame.min_ratio)
		return NULL;

	struct box *box = vec_add(&r->boxes);

	*box = (struct box){ depth,	      x, frame->value, frame->self - frame->self_before,
			     r->names.length, 0, frame->kind };
	str_add_n(&r->names, frame->name, strlen(frame->name) + 1);
	if (frame->tip) {
		box->tip_at = r->names.length;
		str_add_n(&r->names, frame->tip, strlen(frame->tip) + 1);
	}
	r->deepest = depth > r->deepest ? depth : r->deepest;
	r->change_most = change > r->change_most ? change : r->change_most;
	return NULL;
}

/* Length of NAME without the mark that stackcollapse puts at its end for colouring. */
static size_t without_mark(const char *name)
{
	size_t length = strlen(name);

	if (length > 4 && name[length - 4] == '_' && name[length - 3] == '[' &&
	    name[length - 1] == ']' && strchr("kwij", name[length - 2]))
		return length - 4;
	return length;
}

/* "1,204 samples"; times and sizes, which those tools don't know, as people read them. */
static void add_amount(struct renderer *r, double amount)
{
	if (r->flame.unit == DOC_DURATION_NS) {
		str_add(&r->body, units_duration_ns(amount).text);
	} else if (r->flame.unit == DOC_BYTES) {
		str_add(&r->body, units_bytes(amount).text);
	} else {
		str_add(&r->body, amount < 1e18 ? units_count((uint64_t)amount).text
						: units_number(amount).text);
		str_add_char(&r->body, ' ');
		add_xml(&r->body, r->flame.unit_name);
	}
}

/* "func (1,204 samples, 0.35%)", for a difference "...; +0.12%)". */
static void add_title(struct renderer *r, const struct box *box, const char *name)
{
	double samples = floor(box->value * r->flame.factor + 0.5),
	       total = r->total * r->flame.factor;
	double delta = box->change * r->flame.factor;

	if (box->tip_at) {
		add_xml(&r->body, r->names.text + box->tip_at);
		return;
	}
	text_add_xml(&r->body, name, without_mark(name));
	str_add(&r->body, " (");
	add_amount(r, samples);
	if (box->depth == 0) {
		str_add(&r->body, ", 100%)");
		return;
	}
	str_printf(&r->body, ", %.2f%%", 100 * samples / total);
	if (r->flame.diff && delta == 0)
		str_add(&r->body, "; 0.00%");
	else if (r->flame.diff)
		str_printf(&r->body, "; %+.2f%%", 100 * delta / total);
	str_add_char(&r->body, ')');
}

static void add_label(struct renderer *r, const char *name, double width)
{
	size_t length = without_mark(name),
	       room = width > 6 ? (size_t)((width - 6) / CHAR_WIDTH) : 0;

	if (room < 3)
		return;
	if (text_columns(name, length < room * 8 ? length : room * 8) <= room) {
		text_add_xml(&r->body, name, length);
		return;
	}
	text_add_xml(&r->body, name, text_prefix(name, length, room - 2));
	str_add(&r->body, "..");
}

static void draw_box(struct renderer *r, const struct box *box, double top)
{
	const char *name = r->names.text + box->name_at;
	double room = r->width - 2 * PAD, x = PAD + box->x / r->total * room,
	       w = box->value / r->total * room;
	unsigned row = r->flame.icicle ? box->depth : r->deepest - box->depth;
	double y = top + (double)row * FRAME_HEIGHT;
	struct rgb c = color_of(r, box, name);

	str_printf(&r->body, "<g class=\"f\" data-x=\"%.9g\" data-w=\"%.9g\" data-l=\"%u\"><title>",
		   box->x / r->total, box->value / r->total, box->depth);
	add_title(r, box, name);
	str_printf(&r->body,
		   "</title><rect x=\"%.2f\" y=\"%.0f\" width=\"%.2f\" height=\"%d\" "
		   "fill=\"rgb(%d,%d,%d)\"/>",
		   x, y, w > 0.5 ? w - 0.3 : w, FRAME_HEIGHT - 1, c.r, c.g, c.b);
	str_printf(&r->body, "<text x=\"%.2f\" y=\"%.1f\">", x + 3, y + 11.5);
	add_label(r, name, w);
	str_add(&r->body, "</text></g>\n");
}

static void add_legend(struct renderer *r, double y)
{
	static const char *const names[] = { "program", "library", "kernel",  "kernel module",
					     "inlined", "JIT",	   "unknown", "" };
	bool seen[8] = { false };
	double x = PAD;

	if (r->flame.diff || (r->flame.palette && strcmp(r->flame.palette, "kind") != 0))
		return;
	for (size_t i = 0; i < r->boxes.n; i++)
		seen[(unsigned)r->boxes.v[i].kind < 8 ? r->boxes.v[i].kind : DOC_FRAME_UNKNOWN] =
			true;
	for (unsigned k = 0; k < 7; k++) {
		struct rgb c = by_kind((enum doc_frame_kind)k, 0.5);

		if (!seen[k])
			continue;
		str_printf(&r->body,
			   "<rect x=\"%.0f\" y=\"%.0f\" width=\"10\" height=\"10\" "
			   "fill=\"rgb(%d,%d,%d)\"/>"
			   "<text x=\"%.0f\" y=\"%.0f\">%s</text>\n",
			   x, y - 9, c.r, c.g, c.b, x + 14, y, names[k]);
		x += 14 + 16 + CHAR_WIDTH * (double)strlen(names[k]);
	}
}

static void add_text(struct renderer *r, const char *attributes, double x, double y,
		     const char *text)
{
	str_printf(&r->body, "<text %s x=\"%.0f\" y=\"%.0f\">", attributes, x, y);
	add_xml(&r->body, text);
	str_add(&r->body, "</text>\n");
}

/* The heading of a graph; returns the y below it. */
static double add_heading(struct renderer *r, const char *title, const char *subtitle)
{
	double y = r->height;

	add_text(r, "class=\"title\"", r->width / 2.0, y + 24, title);
	if (subtitle && *subtitle) {
		add_text(r, "class=\"subtitle\"", r->width / 2.0, y + 24 + 18, subtitle);
		return y + HEAD + 10;
	}
	return y + HEAD - 10;
}

static const char *heading_of(const struct renderer *r, const char *title)
{
	return *title && (!r->title || r->has_flame) ? title
	       : r->title && *r->title		     ? r->title
						     : title;
}

static struct err *flame_end(void *self)
{
	struct renderer *r = self;
	const char *subtitle = r->flame.subtitle ? r->flame.subtitle
			       : r->has_flame	 ? NULL
						 : r->subtitle;
	double top = add_heading(r, heading_of(r, r->flame.title), subtitle);

	r->has_flame = true;
	if (r->boxes.n == 0) {
		add_text(r, "class=\"title\"", r->width / 2.0, top + 20,
			 "Nothing to draw: no samples");
		r->height = (unsigned)top + 60;
		flame_clear(r);
		return NULL;
	}
	double bottom = top + (r->deepest + 1) * FRAME_HEIGHT;

	str_printf(&r->body, "<g class=\"flame\" data-left=\"%d\" data-width=\"%u\">\n", PAD,
		   r->width - 2 * PAD);
	for (size_t i = 0; i < r->boxes.n; i++)
		draw_box(r, &r->boxes.v[i], top);
	str_printf(&r->body,
		   "<text class=\"reset\" style=\"display:none\" x=\"%d\" y=\"%.0f\">Reset "
		   "zoom</text>\n",
		   PAD, top - 8);
	str_printf(&r->body, "<text class=\"search\" x=\"%u\" y=\"%.0f\">Search</text>\n",
		   r->width - PAD, top - 8);
	str_printf(&r->body, "<text class=\"matched\" x=\"%u\" y=\"%.0f\"/>\n", r->width - PAD,
		   bottom + 16);
	str_printf(&r->body, "<text class=\"details\" x=\"%d\" y=\"%.0f\"/>\n</g>\n", PAD,
		   bottom + 16);
	add_legend(r, bottom + 36);
	if (r->flame.notes) {
		str_add(&r->body, "<desc>");
		add_xml(&r->body, r->flame.notes);
		str_add(&r->body, "</desc>\n");
	}
	r->height = (unsigned)bottom + FOOT + 16;
	flame_clear(r);
	return NULL;
}

/* --- histograms ---------------------------------------------------------------------------------
 */

static void bucket_label(struct renderer *r, enum doc_unit unit, const struct doc_bucket *b)
{
	struct str label = { 0 };
	struct doc_value low = DOC_F64(b->low), high = DOC_F64(b->high);

	format_value(&label, unit, &low, r->origin_ns, false);
	str_add(&label, " .. ");
	format_value(&label, unit, &high, r->origin_ns, false);
	add_xml(&r->body, str_text(&label));
	str_deinit(&label);
}

static struct err *histogram(void *self, const char *key, const char *title, enum doc_unit unit,
			     const struct doc_bucket *buckets, size_t count)
{
	struct renderer *r = self;
	double top = add_heading(r, title, NULL), room = r->width - 2 * PAD - 260;
	uint64_t most = 0;

	for (size_t i = 0; i < count; i++)
		most = buckets[i].count > most ? buckets[i].count : most;
	for (size_t i = 0; i < count; i++) {
		double y = top + (double)i * FRAME_HEIGHT,
		       w = most ? room * (double)buckets[i].count / (double)most : 0;

		str_printf(&r->body, "<text text-anchor=\"end\" x=\"%d\" y=\"%.1f\">", PAD + 160,
			   y + 11.5);
		bucket_label(r, unit, &buckets[i]);
		str_printf(&r->body,
			   "</text><rect x=\"%d\" y=\"%.0f\" width=\"%.2f\" height=\"%d\" "
			   "fill=\"rgb(104,148,204)\"/>",
			   PAD + 170, y, w, FRAME_HEIGHT - 2);
		str_printf(&r->body, "<text x=\"%.1f\" y=\"%.1f\">%s</text>\n", PAD + 176 + w,
			   y + 11.5, units_count(buckets[i].count).text);
	}
	r->height = (unsigned)(top + (double)count * FRAME_HEIGHT) + 20;
	return NULL;
}

/* --- timelines ----------------------------------------------------------------------------------
 */

enum { LABEL = 160, LANE_HEIGHT = 18 };

static struct err *timeline_begin(void *self, const struct doc_timeline *timeline)
{
	struct renderer *r = self;

	r->height = (unsigned)add_heading(r, timeline->title, NULL);
	r->from_ns = timeline->from_ns;
	r->to_ns = timeline->to_ns;
	return NULL;
}

static struct err *lane(void *self, const char *name)
{
	struct renderer *r = self;
	size_t length = strlen(name),
	       fit = text_prefix(name, length, (LABEL - PAD) / (size_t)CHAR_WIDTH);

	r->height += LANE_HEIGHT;
	str_printf(&r->body, "<text x=\"%d\" y=\"%.1f\">", PAD, r->height - 5.5);
	text_add_xml(&r->body, name, fit);
	str_printf(&r->body,
		   "</text><rect x=\"%d\" y=\"%u\" width=\"%u\" height=\"1\" "
		   "fill=\"rgb(220,220,220)\"/>\n",
		   LABEL, r->height - 2, r->width - LABEL - PAD);
	return NULL;
}

static struct err *span(void *self, const struct doc_span *s)
{
	static const enum doc_frame_kind kinds[] = {
		[DOC_KERNEL] = DOC_FRAME_KERNEL,   [DOC_LIBRARY] = DOC_FRAME_LIBRARY,
		[DOC_INLINED] = DOC_FRAME_INLINED, [DOC_JIT] = DOC_FRAME_JIT,
		[DOC_GOOD] = DOC_FRAME_JIT,	   [DOC_DIM] = DOC_FRAME_GROUP,
		[DOC_WARN] = DOC_FRAME_LIBRARY,	   [DOC_PLAIN] = DOC_FRAME_KERNEL,
		[DOC_STRONG] = DOC_FRAME_KERNEL,
	};
	struct renderer *r = self;
	uint64_t from = s->from_ns < r->from_ns ? r->from_ns : s->from_ns,
		 to = s->to_ns > r->to_ns ? r->to_ns : s->to_ns;
	double range = (double)(r->to_ns - r->from_ns), room = r->width - LABEL - PAD;

	if (s->level != 0 || from > to || range <= 0)
		return NULL;
	double x = LABEL + (double)(from - r->from_ns) / range * room,
	       w = (double)(to - from) / range * room;
	struct rgb c = by_kind((unsigned)s->style < sizeof(kinds) / sizeof(*kinds) ? kinds[s->style]
										   : DOC_FRAME_USER,
			       0.3);

	str_printf(&r->body, "<g><title>");
	add_xml(&r->body, s->name);
	str_printf(&r->body, " (%s)</title>",
		   units_duration_ns((double)(s->to_ns - s->from_ns)).text);
	str_printf(&r->body,
		   "<rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%d\" "
		   "fill=\"rgb(%d,%d,%d)\"/></g>\n",
		   x, r->height - LANE_HEIGHT + 2, w < 0.3 ? 0.3 : w, LANE_HEIGHT - 4, c.r, c.g,
		   c.b);
	return NULL;
}

static struct err *timeline_end(void *self)
{
	struct renderer *r = self;
	double range = (double)(r->to_ns - r->from_ns);

	for (unsigned i = 0; i <= 10; i++) {
		double x = LABEL + i / 10.0 * (r->width - LABEL - PAD);

		str_printf(&r->body, "<text text-anchor=\"%s\" x=\"%.0f\" y=\"%u\">%s</text>\n",
			   i == 0    ? "start"
			   : i == 10 ? "end"
				     : "middle",
			   x, r->height + 14,
			   units_duration_ns((double)(int64_t)(r->from_ns - r->origin_ns) +
					     range * i / 10)
				   .text);
	}
	r->height += 30;
	return NULL;
}

/* --- the whole -----------------------------------------------------------------------------------
 */

static struct err *begin(void *self, const struct doc_head *head)
{
	struct renderer *r = self;

	r->title = copy(head->title);
	r->subtitle = copy(head->subtitle);
	r->origin_ns = head->origin_ns;
	return NULL;
}

static struct err *headline(void *self, const char *text)
{
	struct renderer *r = self;

	if (r->subtitle == NULL)
		r->subtitle = copy(text);
	return NULL;
}

static struct err *end(void *self)
{
	static const char style[] =
		"text{font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans "
		"Mono',monospace;font-size:12px;fill:#111}"
		".title{text-anchor:middle;font-size:17px}.subtitle{text-anchor:middle;fill:#666}"
		".f rect{rx:1.5}.f:hover rect{stroke:#000;stroke-width:0.7}.f "
		"text{pointer-events:none}.f{cursor:pointer}"
		".search,.matched{text-anchor:end}.search,.reset{cursor:pointer;fill:#555}";
	struct renderer *r = self;
	unsigned height = r->height ? r->height : 60;

	if (r->height == 0)
		add_text(r, "class=\"title\"", r->width / 2.0, 34, "This report has no picture");
	fprintf(r->out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n"
		"<svg version=\"1.1\" xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" "
		"height=\"%u\" viewBox=\"0 0 %u %u\">\n"
		"<style>%s</style>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
		r->width, height, r->width, height, style);
	if (r->body.length)
		fwrite(r->body.text, 1, r->body.length, r->out);
	fprintf(r->out, "<script><![CDATA[\n%s]]></script>\n</svg>\n", web_svg_js);
	return NULL;
}

static struct err *create(const struct render_options *options, FILE *out, void **ret)
{
	struct renderer *r = mem_calloc(1, sizeof(*r));

	r->out = out;
	/* Narrower than this is columns of a terminal, not pixels. */
	r->width = options->width >= 300 ? options->width : WIDTH_DEFAULT;
	*ret = r;
	return NULL;
}

static void destroy(void *self)
{
	struct renderer *r = self;

	flame_clear(r);
	str_deinit(&r->body);
	str_deinit(&r->names);
	vec_deinit(&r->boxes);
	vec_deinit(&r->next_x);
	free(r->title);
	free(r->subtitle);
	free(r);
}

const struct render_ops render_svg = {
	.name = "svg",
	.summary = "a picture: flame graphs, histograms and timelines",
	.create = create,
	.begin = begin,
	.end = end,
	.headline = headline,
	.histogram = histogram,
	.flame_begin = flame_begin,
	.flame_node = flame_node,
	.flame_end = flame_end,
	.timeline_begin = timeline_begin,
	.lane = lane,
	.span = span,
	.timeline_end = timeline_end,
	.destroy = destroy,
};
