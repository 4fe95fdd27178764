/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON for jq and scripts; docs/SCHEMA.md describes it.  The document streams out: a
 * field, table or graph is written under its key when it comes, a row on one line.  Prose
 * has no keys; it waits until its section ends and is written there as lists.
 *
 * A key that comes twice in one object gets "_2", "_3" ... so that a parser loses none.
 */
#include "base/json.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "render/format.h"
#include "render/renderer.h"

#include <stdlib.h>
#include <string.h>

enum { LEVELS_MOST = 20 };

/* An open object: its keys so far, and its prose as ready JSON. */
struct level {
	struct strmap keys;
	struct str headline, text, warnings, next;
};

struct column {
	char *key;
	enum doc_unit unit;
};

struct renderer {
	struct json j;
	struct level levels[LEVELS_MOST];
	unsigned depth; /* of the open level */
	struct str row, key;
	VEC(struct column) columns;
	bool is_tree, is_diff, in_lane;
	char *table_key;
};

static void level_init(struct level *l)
{
	*l = (struct level){ 0 };
	strmap_init(&l->keys);
}

static void level_deinit(struct level *l)
{
	strmap_deinit(&l->keys);
	str_deinit(&l->headline);
	str_deinit(&l->text);
	str_deinit(&l->warnings);
	str_deinit(&l->next);
}

/* Write KEY, made unique in its object. */
static void put_key(struct renderer *r, const char *key)
{
	struct str unique = { 0 };
	bool is_new;

	str_add(&unique, key && *key ? key : "unnamed");
	size_t length = unique.length;

	for (unsigned n = 2;; n++) {
		(void)strmap_get(&r->levels[r->depth].keys, unique.text, unique.length, &is_new);
		if (is_new)
			break;
		unique.length = length;
		str_printf(&unique, "_%u", n);
	}
	json_key(&r->j, unique.text);
	str_deinit(&unique);
}

static struct err *begin(void *self, const struct doc_head *head)
{
	struct renderer *r = self;

	json_begin_object(&r->j);
	put_key(r, "schema");
	json_str(&r->j, head->kind);
	put_key(r, "version");
	json_u64(&r->j, head->version);
	put_key(r, "title");
	json_str(&r->j, head->title);
	if (head->subtitle) {
		put_key(r, "subtitle");
		json_str(&r->j, head->subtitle);
	}
	put_key(r, "origin_ns");
	json_u64(&r->j, head->origin_ns);
	return NULL;
}

/* A list of ready items, one a line. */
static void put_list(struct renderer *r, const char *key, const struct str *items)
{
	if (items->length == 0)
		return;
	put_key(r, key);
	json_begin_array(&r->j);
	for (size_t at = 0; at < items->length;) {
		const char *end = memchr(items->text + at, '\n', items->length - at);

		json_raw(&r->j, items->text + at, (size_t)(end - items->text) - at);
		at = (size_t)(end - items->text) + 1;
	}
	json_end(&r->j);
}

static void end_level(struct renderer *r)
{
	struct level *l = &r->levels[r->depth];

	if (l->headline.length) {
		put_key(r, "headline");
		json_raw(&r->j, l->headline.text, l->headline.length);
	}
	put_list(r, "text", &l->text);
	put_list(r, "warnings", &l->warnings);
	put_list(r, "next", &l->next);
	json_end(&r->j);
	level_deinit(l);
	level_init(l);
}

static struct err *end(void *self)
{
	end_level(self);
	return NULL;
}

static struct err *section_begin(void *self, const char *key, const char *title)
{
	struct renderer *r = self;

	put_key(r, key);
	json_begin_object(&r->j);
	r->depth++;
	if (*title) {
		put_key(r, "title");
		json_str(&r->j, title);
	}
	return NULL;
}

static struct err *section_end(void *self)
{
	struct renderer *r = self;

	end_level(r);
	r->depth--;
	return NULL;
}

/* Append to a list of ready items: a string, or an object of two. */
static void add_string(struct str *items, const char *text)
{
	struct json j;

	json_init_str(&j, items, 0);
	json_str(&j, text);
	str_add_char(items, '\n');
}

static void add_pair(struct str *items, const char *key1, const char *text1, const char *key2,
		     const char *text2)
{
	struct json j;

	json_init_str(&j, items, 0);
	json_begin_object(&j);
	json_key(&j, key1);
	json_str(&j, text1);
	json_key(&j, key2);
	json_str(&j, text2);
	json_end(&j);
	str_add_char(items, '\n');
}

static struct err *headline(void *self, const char *text)
{
	struct renderer *r = self;
	struct level *l = &r->levels[r->depth];

	if (l->headline.length) {
		add_string(&l->text, text);
	} else {
		add_string(&l->headline, text);
		l->headline.length--; /* without the newline */
	}
	return NULL;
}

static struct err *text_(void *self, const char *text)
{
	struct renderer *r = self;

	add_string(&r->levels[r->depth].text, text);
	return NULL;
}

static struct err *warning(void *self, const char *text, const char *fix)
{
	struct renderer *r = self;

	add_pair(&r->levels[r->depth].warnings, "text", text, "fix", fix);
	return NULL;
}

static struct err *next(void *self, const char *command, const char *why)
{
	struct renderer *r = self;

	add_pair(&r->levels[r->depth].next, "command", command, "why", why);
	return NULL;
}

static struct err *field(void *self, const char *key, const char *title, enum doc_unit unit,
			 const struct doc_value *value)
{
	struct renderer *r = self;

	str_clear(&r->key);
	format_json_key(&r->key, key, unit);
	put_key(r, str_text(&r->key));
	format_json_value(&r->j, unit, value);
	return NULL;
}

static struct err *verbatim(void *self, const char *key, const char *text)
{
	struct renderer *r = self;

	put_key(r, key);
	json_str(&r->j, text);
	return NULL;
}

/* --- tables and trees ----------------------------------------------------------------------- */

static void clear_columns(struct renderer *r)
{
	for (size_t i = 0; i < r->columns.n; i++)
		free(r->columns.v[i].key);
	vec_clear(&r->columns);
	free(r->table_key);
	r->table_key = NULL;
}

static struct err *table_begin(void *self, const char *key, const char *title,
			       const struct doc_column *columns, size_t count, bool is_tree)
{
	struct renderer *r = self;

	clear_columns(r);
	r->is_tree = is_tree;
	r->table_key = mem_strdup(key);
	for (size_t i = 0; i < count; i++) {
		str_clear(&r->key);
		format_json_key(&r->key, columns[i].key, columns[i].unit);
		vec_push(&r->columns,
			 ((struct column){ mem_strdup(str_text(&r->key)), columns[i].unit }));
	}
	put_key(r, key);
	json_begin_array(&r->j);
	return NULL;
}

static struct err *row(void *self, unsigned depth, const struct doc_value *values)
{
	struct renderer *r = self;
	struct json j;

	str_clear(&r->row);
	json_init_str(&j, &r->row, 0);
	json_begin_object(&j);
	if (r->is_tree) {
		json_key(&j, "depth");
		json_u64(&j, depth);
	}
	for (size_t i = 0; i < r->columns.n; i++) {
		json_key(&j, r->columns.v[i].key);
		format_json_value(&j, r->columns.v[i].unit, &values[i]);
	}
	json_end(&j);
	json_raw(&r->j, r->row.text, r->row.length);
	return NULL;
}

static struct err *table_end(void *self, uint64_t rows_left_out, const char *how_to_see)
{
	struct renderer *r = self;

	json_end(&r->j);
	if (rows_left_out || (how_to_see && *how_to_see)) {
		str_clear(&r->key);
		str_printf(&r->key, "%s_left_out", r->table_key);
		put_key(r, r->key.text);
		json_begin_object(&r->j);
		json_key(&r->j, "rows");
		json_u64(&r->j, rows_left_out);
		json_key(&r->j, "how_to_see");
		json_str(&r->j, how_to_see);
		json_end(&r->j);
	}
	clear_columns(r);
	return NULL;
}

/* --- histograms
 * ----------------------------------------------------------------------------------- */

static struct err *histogram(void *self, const char *key, const char *title, enum doc_unit unit,
			     const struct doc_bucket *buckets, size_t count)
{
	struct renderer *r = self;
	struct str low = { 0 }, high = { 0 };

	format_json_key(&low, "low", unit);
	format_json_key(&high, "high", unit);
	put_key(r, key);
	json_begin_array(&r->j);
	for (size_t i = 0; i < count; i++) {
		struct json j;

		str_clear(&r->row);
		json_init_str(&j, &r->row, 0);
		json_begin_object(&j);
		json_key(&j, low.text);
		json_f64(&j, buckets[i].low);
		json_key(&j, high.text);
		json_f64(&j, buckets[i].high);
		json_key(&j, "count");
		json_u64(&j, buckets[i].count);
		json_end(&j);
		json_raw(&r->j, r->row.text, r->row.length);
	}
	json_end(&r->j);
	str_deinit(&low);
	str_deinit(&high);
	return NULL;
}

/* --- flame graphs
 * ------------------------------------------------------------------------------------ */

static struct err *flame_begin(void *self, const struct doc_flame *flame)
{
	struct renderer *r = self;

	r->is_diff = flame->diff;
	put_key(r, flame->key);
	json_begin_object(&r->j);
	json_key(&r->j, "unit");
	json_str(&r->j, flame->unit_name);
	json_key(&r->j, "diff");
	json_bool(&r->j, flame->diff);
	json_key(&r->j, "frames");
	json_begin_array(&r->j);
	return NULL;
}

static struct err *flame_node(void *self, unsigned depth, const struct doc_frame *frame)
{
	struct renderer *r = self;
	struct json j;

	str_clear(&r->row);
	json_init_str(&j, &r->row, 0);
	json_begin_object(&j);
	json_key(&j, "depth");
	json_u64(&j, depth);
	json_key(&j, "name");
	json_str(&j, frame->name);
	json_key(&j, "value");
	json_f64(&j, frame->value);
	json_key(&j, "self");
	json_f64(&j, frame->self);
	if (r->is_diff) {
		json_key(&j, "value_before");
		json_f64(&j, frame->value_before);
		json_key(&j, "self_before");
		json_f64(&j, frame->self_before);
	}
	json_key(&j, "kind");
	json_str(&j, format_frame_kind(frame->kind));
	if (frame->detail) {
		json_key(&j, "detail");
		json_str(&j, frame->detail);
	}
	json_end(&j);
	json_raw(&r->j, r->row.text, r->row.length);
	return NULL;
}

static struct err *flame_end(void *self)
{
	struct renderer *r = self;

	json_end(&r->j);
	json_end(&r->j);
	return NULL;
}

/* --- timelines
 * ---------------------------------------------------------------------------------------- */

static struct err *timeline_begin(void *self, const struct doc_timeline *timeline)
{
	struct renderer *r = self;

	r->in_lane = false;
	put_key(r, timeline->key);
	json_begin_object(&r->j);
	json_key(&r->j, "from_ns");
	json_u64(&r->j, timeline->from_ns);
	json_key(&r->j, "to_ns");
	json_u64(&r->j, timeline->to_ns);
	json_key(&r->j, "lanes");
	json_begin_array(&r->j);
	return NULL;
}

static void end_lane(struct renderer *r)
{
	if (r->in_lane) {
		json_end(&r->j);
		json_end(&r->j);
	}
	r->in_lane = false;
}

static struct err *lane(void *self, const char *name)
{
	struct renderer *r = self;

	end_lane(r);
	r->in_lane = true;
	json_begin_object(&r->j);
	json_key(&r->j, "name");
	json_str(&r->j, name);
	json_key(&r->j, "spans");
	json_begin_array(&r->j);
	return NULL;
}

static struct err *span(void *self, const struct doc_span *s)
{
	struct renderer *r = self;
	struct json j;

	if (s->level != 0) /* coarser levels say nothing new */
		return NULL;
	str_clear(&r->row);
	json_init_str(&j, &r->row, 0);
	json_begin_object(&j);
	json_key(&j, "from_ns");
	json_u64(&j, s->from_ns);
	json_key(&j, "to_ns");
	json_u64(&j, s->to_ns);
	json_key(&j, "name");
	json_str(&j, s->name);
	json_key(&j, "style");
	json_str(&j, format_style(s->style));
	json_end(&j);
	json_raw(&r->j, r->row.text, r->row.length);
	return NULL;
}

static struct err *timeline_end(void *self)
{
	struct renderer *r = self;

	end_lane(r);
	json_end(&r->j);
	json_end(&r->j);
	return NULL;
}

static struct err *create(const struct render_options *options, FILE *out, void **ret)
{
	struct renderer *r = mem_calloc(1, sizeof(*r));

	json_init_file(&r->j, out, 2);
	for (unsigned i = 0; i < LEVELS_MOST; i++)
		level_init(&r->levels[i]);
	*ret = r;
	return NULL;
}

static void destroy(void *self)
{
	struct renderer *r = self;

	clear_columns(r);
	vec_deinit(&r->columns);
	for (unsigned i = 0; i < LEVELS_MOST; i++)
		level_deinit(&r->levels[i]);
	str_deinit(&r->row);
	str_deinit(&r->key);
	free(r);
}

const struct render_ops render_json = {
	.name = "json",
	.summary = "JSON, schema in docs/SCHEMA.md",
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
	.flame_begin = flame_begin,
	.flame_node = flame_node,
	.flame_end = flame_end,
	.timeline_begin = timeline_begin,
	.lane = lane,
	.span = span,
	.timeline_end = timeline_end,
	.destroy = destroy,
};
