/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Flame graphs and timelines as data inside of the page, for web/flame.js and
 * web/timeline.js: numbers as LEB128 in base64, names once each in a JSON table after
 * them.  Nodes are encoded as they come; 100,000 frames take about a megabyte.
 *
 * A frame:  levels up from where a child of the one before would be, symbol, value, self
 *           and, in a difference, the value before.
 * A span, sorted by start, lane by lane and level by level:  start after the one before
 *           (the first: after the timeline's), length, name, weight (of 255).
 * An amount that is whole is written as 2n, any other as 2 * round(1024 n) + 1.
 */
#include "render/html_impl.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/units.h"
#include "render/format.h"

#include <stdlib.h>
#include <string.h>

enum { LEVELS_MOST = 5000, NAME_MOST = 4096, LINE_BYTES = 3 * 16384 };
static const double SMALLEST = 1e-6; /* of the whole; less can't be seen, zoomed in or not */

struct span {
	uint64_t from, to; /* after the timeline's start */
	uint32_t name;
	uint8_t weight;
};
typedef VEC(struct span) span_vec;

struct html_data {
	struct str bytes;    /* not yet written */
	struct strmap names; /* text -> index */
	struct str names_json, symbols_json;
	struct strmap symbols;
	struct str key;
	/* flame graph */
	double total, smallest;
	uint64_t nodes, dropped;
	unsigned next_depth; /* where a child of the last written node would be */
	unsigned dropping;   /* nodes deeper than this are below a dropped one */
	bool diff;
	char *unit_name;
	/* timeline */
	uint64_t from_ns, to_ns;
	span_vec *levels;
	unsigned level_count;
	struct str lanes_json, counts_json;
	bool in_lane;
};

void html_data_destroy(struct html_data *d)
{
	if (d == NULL)
		return;
	for (unsigned i = 0; i < d->level_count; i++)
		vec_deinit(&d->levels[i]);
	free(d->levels);
	str_deinit(&d->bytes);
	strmap_deinit(&d->names);
	strmap_deinit(&d->symbols);
	str_deinit(&d->names_json);
	str_deinit(&d->symbols_json);
	str_deinit(&d->key);
	str_deinit(&d->lanes_json);
	str_deinit(&d->counts_json);
	free(d->unit_name);
	free(d);
}

static struct html_data *data_create(void)
{
	struct html_data *d = mem_calloc(1, sizeof(*d));

	strmap_init(&d->names);
	strmap_init(&d->symbols);
	return d;
}

/* --- encoding -------------------------------------------------------------------------------- */

static void put(struct html_data *d, uint64_t n)
{
	for (; n >= 128; n >>= 7)
		str_add_char(&d->bytes, (char)(n | 128));
	str_add_char(&d->bytes, (char)n);
}

static void put_amount(struct html_data *d, double n)
{
	if (!(n > 0) || n > 4e15)
		put(d, n > 0 ? (uint64_t)4e15 * 2 : 0);
	else if (n == (double)(uint64_t)n)
		put(d, (uint64_t)n * 2);
	else if (n < 4e12)
		put(d, (uint64_t)(n * 1024 + 0.5) * 2 + 1);
	else
		put(d, (uint64_t)(n + 0.5) * 2);
}

/* Write as base64 what is whole lines; ALL: the rest too. */
static void write_bytes(struct html *h, bool all)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct str *b = &h->data->bytes;
	size_t done = 0;

	while (b->length - done >= LINE_BYTES || (all && done < b->length)) {
		size_t n = b->length - done < LINE_BYTES ? b->length - done : LINE_BYTES;

		for (size_t i = 0; i < n; i += 3) {
			const uint8_t *p = (const uint8_t *)b->text + done + i;
			size_t left = n - i;
			uint32_t v = (uint32_t)p[0] << 16 | (left > 1 ? (uint32_t)p[1] << 8 : 0) |
				     (left > 2 ? p[2] : 0);
			char four[4] = { digits[v >> 18], digits[v >> 12 & 63],
					 left > 1 ? digits[v >> 6 & 63] : '=',
					 left > 2 ? digits[v & 63] : '=' };

			fwrite(four, 1, 4, h->out);
		}
		fputc('\n', h->out);
		done += n;
	}
	if (done) {
		memmove(b->text, b->text + done, b->length - done);
		b->length -= done;
	}
}

/* Append TEXT as a JSON string that can stand inside of <script>. */
static void add_json(struct str *out, const char *text, size_t length)
{
	struct str s = { 0 };
	struct json j;

	json_init_str(&j, &s, 0);
	json_str_n(&j, text, length);
	for (size_t i = 0; i < s.length; i++)
		if (s.text[i] == '<')
			str_add(out, "\\u003c");
		else
			str_add_char(out, s.text[i]);
	str_deinit(&s);
}

static uint64_t name_index(struct html_data *d, const char *name)
{
	size_t length = strnlen(name, NAME_MOST);
	bool is_new;
	uint64_t *index = strmap_get(&d->names, name, length, &is_new);

	if (is_new) {
		*index = d->names.n - 1;
		if (d->names_json.length)
			str_add_char(&d->names_json, ',');
		add_json(&d->names_json, name, length);
	}
	return *index;
}

/* A symbol: name, detail and kind together. */
static uint64_t symbol_index(struct html_data *d, const char *name, const char *detail,
			     unsigned kind)
{
	bool is_new;

	str_clear(&d->key);
	str_add_n(&d->key, name, strnlen(name, NAME_MOST));
	str_add_char(&d->key, '\0');
	str_add_n(&d->key, detail ? detail : "", detail ? strnlen(detail, NAME_MOST) : 0);
	str_add_char(&d->key, (char)kind);
	uint64_t *index = strmap_get(&d->symbols, d->key.text, d->key.length, &is_new);

	if (is_new) {
		uint64_t at = d->symbols.n - 1;

		*index = at;
		str_printf(&d->symbols_json, "%s[%llu,", at ? "," : "",
			   (unsigned long long)name_index(d, name));
		if (detail && *detail)
			str_printf(&d->symbols_json, "%llu,%u]",
				   (unsigned long long)name_index(d, detail), kind);
		else
			str_printf(&d->symbols_json, "-1,%u]", kind);
		return at;
	}
	return *index;
}

static void add_attribute(struct html *h, const char *name, const char *value)
{
	str_printf(&h->s, " %s=\"", name);
	html_text(h, value);
	str_add_char(&h->s, '"');
}

static void add_json_part(struct html *h, const char *name, const struct str *items)
{
	str_printf(&h->s, "\"%s\":[", name);
	str_add_n(&h->s, str_text(items), items->length);
	str_add(&h->s, "]");
}

/* --- flame graphs ------------------------------------------------------------------------------
 */

struct err *html_flame_begin(void *self, const struct doc_flame *flame)
{
	struct html *h = self;
	struct html_data *d = h->data = data_create();

	html_block(h, flame->key, flame->title);
	d->diff = flame->diff;
	d->smallest = flame->min_ratio > 0 ? flame->min_ratio : flame->min_ratio < 0 ? 0 : SMALLEST;
	d->dropping = (unsigned)-1;
	if (flame->subtitle) {
		str_add(&h->s, "<p>");
		html_text(h, flame->subtitle);
		str_add(&h->s, "</p>\n");
	}
	str_add(&h->s, "<figure class=\"flame\"");
	add_attribute(h, "data-key", html_id(h, flame->key));
	add_attribute(h, "data-unit",
		      flame->unit == DOC_DURATION_NS ? "duration"
		      : flame->unit == DOC_BYTES     ? "bytes"
						     : "count");
	add_attribute(h, "data-name", flame->unit_name);
	str_add(&h->s, flame->diff ? " data-diff>\n" : ">\n");
	str_add(&h->s, "<noscript><p class=\"more\">The flame graph needs JavaScript; <code>sonde "
		       "flame --svg</code> "
		       "makes one that does not.</p></noscript>\n");
	return NULL;
}

/* The first node decides whether there is anything to draw. */
static bool start_nodes(struct html *h, double total)
{
	h->data->total = total;
	if (!(total > 0))
		return false;
	str_add(&h->s, "<script type=\"text/plain\" class=\"nodes\">\n");
	html_flush(h);
	return true;
}

struct err *html_flame_node(void *self, unsigned depth, const struct doc_frame *frame)
{
	struct html *h = self;
	struct html_data *d = h->data;
	unsigned kind = (unsigned)frame->kind <= DOC_FRAME_GROUP ? frame->kind : DOC_FRAME_UNKNOWN;

	if (depth == 0 && !start_nodes(h, frame->value))
		return NULL;
	if (depth > d->dropping || !(d->total > 0)) {
		d->dropped++;
		return NULL;
	}
	d->dropping = (unsigned)-1;
	if (!(frame->value > 0) || frame->value < d->total * d->smallest || depth > LEVELS_MOST) {
		d->dropped += frame->value > 0;
		d->dropping = depth;
		return NULL;
	}
	put(d, d->next_depth - depth);
	d->next_depth = depth + 1;
	put(d, symbol_index(d, frame->name, frame->detail, kind));
	put_amount(d, frame->value);
	put_amount(d, frame->self);
	if (d->diff)
		put_amount(d, frame->value_before);
	d->nodes++;
	if (d->bytes.length >= LINE_BYTES)
		write_bytes(h, false);
	return NULL;
}

struct err *html_flame_end(void *self)
{
	struct html *h = self;
	struct html_data *d = h->data;

	if (d->nodes == 0) {
		str_add(&h->s, "<p class=\"more\">Nothing to draw: no samples.</p>\n");
	} else {
		write_bytes(h, true);
		str_printf(&h->s,
			   "</script>\n<script type=\"application/json\" "
			   "class=\"symbols\">{\"nodes\":%llu,",
			   (unsigned long long)d->nodes);
		add_json_part(h, "symbols", &d->symbols_json);
		str_add(&h->s, ",\n");
		add_json_part(h, "names", &d->names_json);
		str_add(&h->s, "}</script>\n");
	}
	str_add(&h->s, "</figure>\n");
	if (d->dropped)
		str_printf(&h->s,
			   "<p class=\"more\">%s frame%s of less than %.4g %% or deeper than %d "
			   "levels left out.</p>\n",
			   units_count(d->dropped).text, d->dropped == 1 ? "" : "s",
			   d->smallest * 100, LEVELS_MOST);
	html_flush(h);
	html_data_destroy(d);
	h->data = NULL;
	return NULL;
}

/* --- timelines -----------------------------------------------------------------------------------
 */

struct err *html_timeline_begin(void *self, const struct doc_timeline *timeline)
{
	struct html *h = self;
	struct html_data *d = h->data = data_create();

	html_block(h, timeline->key, timeline->title);
	d->from_ns = timeline->from_ns;
	d->to_ns = timeline->to_ns;
	d->level_count = timeline->levels > 32 ? 32 : timeline->levels;
	d->levels = mem_calloc(d->level_count, sizeof(*d->levels));
	str_add(&h->s, "<figure class=\"timeline\"");
	add_attribute(h, "data-key", html_id(h, timeline->key));
	str_printf(&h->s, " data-length=\"%llu\" data-origin=\"%lld\">\n",
		   (unsigned long long)(d->to_ns - d->from_ns),
		   (long long)(d->from_ns - h->origin_ns));
	str_add(&h->s, "<noscript><p class=\"more\">The timeline needs JavaScript.</p></noscript>\n"
		       "<script type=\"text/plain\" class=\"spans\">\n");
	html_flush(h);
	return NULL;
}

static int by_start(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->from != y->from ? (x->from < y->from ? -1 : 1) : 0;
}

static void end_lane(struct html *h)
{
	struct html_data *d = h->data;

	if (!d->in_lane)
		return;
	d->in_lane = false;
	str_add(&d->counts_json, d->counts_json.length ? ",[" : "[");
	for (unsigned k = 0; k < d->level_count; k++) {
		uint64_t at = 0;

		vec_sort(&d->levels[k], by_start);
		for (size_t i = 0; i < d->levels[k].n; i++) {
			const struct span *s = &d->levels[k].v[i];

			put(d, s->from - at);
			put(d, s->to - s->from);
			put(d, s->name);
			put(d, s->weight);
			at = s->from;
		}
		str_printf(&d->counts_json, "%s%zu", k ? "," : "", d->levels[k].n);
		vec_clear(&d->levels[k]);
	}
	str_add_char(&d->counts_json, ']');
	write_bytes(h, false);
}

struct err *html_lane(void *self, const char *name)
{
	struct html *h = self;
	struct html_data *d = h->data;

	end_lane(h);
	d->in_lane = true;
	if (d->lanes_json.length)
		str_add_char(&d->lanes_json, ',');
	add_json(&d->lanes_json, name, strnlen(name, NAME_MOST));
	return NULL;
}

/* A span's name with its style, as a pair in symbols_json. */
static uint32_t span_name(struct html_data *d, const char *name, enum doc_style style)
{
	bool is_new;

	str_clear(&d->key);
	str_add_n(&d->key, name, strnlen(name, NAME_MOST));
	str_add_char(&d->key, (char)style);
	uint64_t *index = strmap_get(&d->symbols, d->key.text, d->key.length, &is_new);

	if (is_new) {
		*index = d->symbols.n - 1;
		str_add(&d->symbols_json, *index ? ",[" : "[");
		add_json(&d->symbols_json, name, strnlen(name, NAME_MOST));
		str_printf(&d->symbols_json, ",\"%s\"]", format_style(style));
	}
	return (uint32_t)*index;
}

struct err *html_span(void *self, const struct doc_span *span)
{
	struct html *h = self;
	struct html_data *d = h->data;
	uint64_t from = span->from_ns < d->from_ns ? d->from_ns : span->from_ns;
	uint64_t to = span->to_ns > d->to_ns ? d->to_ns : span->to_ns;
	double weight = span->weight > 0 && span->weight < 1 ? span->weight : 1;

	if (span->level >= d->level_count || from > to)
		return NULL;
	vec_push(&d->levels[span->level],
		 ((struct span){ from - d->from_ns, to - d->from_ns,
				 span_name(d, span->name, span->style), (uint8_t)(weight * 255) }));
	return NULL;
}

struct err *html_timeline_end(void *self)
{
	struct html *h = self;
	struct html_data *d = h->data;

	end_lane(h);
	write_bytes(h, true);
	str_add(&h->s, "</script>\n<script type=\"application/json\" class=\"lanes\">{");
	add_json_part(h, "lanes", &d->lanes_json);
	str_add_char(&h->s, ',');
	add_json_part(h, "counts", &d->counts_json);
	str_add_char(&h->s, ',');
	add_json_part(h, "names", &d->symbols_json);
	str_add(&h->s, "}</script>\n</figure>\n");
	html_flush(h);
	html_data_destroy(d);
	h->data = NULL;
	return NULL;
}
