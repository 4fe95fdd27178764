// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From logs to reports.  For a document the reports are gathered by title, because a log
 * that has one has often a thousand: the first is told in full, the others counted.  As
 * JSON, and when following, each is told when it is complete.
 */
#include "session/oops.h"

#include "base/json.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "oops/json.h"
#include "oops/kind.h"
#include "oops/oops.h"
#include "render/doc.h"
#include "session/kernel_log.h"
#include "session/oops_decode.h"
#include "view/oops.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { REPORTS_KEPT = 1000, LIMIT_DEFAULT = 20 };

/* --- one log ------------------------------------------------------------------------------------- */

static struct err *feed(void *user, const void *bytes, size_t size_bytes)
{
	if (size_bytes > 0)
		oops_scan_feed(user, bytes, size_bytes);
	return NULL;
}

static void quiet(void *user)
{
	oops_scan_idle(user);
}

/* Reports of one log of several say which. */
struct one_log {
	const char *name; /* NULL: there is only one */
	oops_report_fn *callback;
	void *user;
};

static void name_log(void *user, struct oops_report *r)
{
	struct one_log *log = user;

	r->log = log->name != NULL ? arena_strdup(&r->arena, log->name) : NULL;
	log->callback(log->user, r);
}

static const char *name_of_log(const char *path)
{
	return path == NULL ? "the running kernel's log" : strcmp(path, "-") == 0 ? "standard input" : path;
}

static struct err *scan_log(const struct oops_session_options *o, const char *path, oops_report_fn *callback, void *user, uint64_t *lines)
{
	struct one_log log = { .name = o->file_count > 1 ? name_of_log(path) : NULL, .callback = callback, .user = user };
	struct oops_scan *scan = oops_scan_create(name_log, &log);
	struct kernel_log_options options = { .path = path, .follow = o->follow, .quiet = quiet, .command = "oops" };
	struct err *err = kernel_log_read(&options, feed, scan);

	oops_scan_finish(scan);
	*lines += oops_scan_lines(scan);
	oops_scan_destroy(scan);
	return err;
}

static struct err *scan_all(const struct oops_session_options *o, oops_report_fn *callback, void *user, uint64_t *lines)
{
	if (o->file_count == 0)
		return scan_log(o, NULL, callback, user, lines);
	for (size_t i = 0; i < o->file_count; i++)
		TRY(scan_log(o, o->files[i], callback, user, lines));
	return NULL;
}

static bool is_wanted(const struct oops_session_options *o, const struct oops_report *r)
{
	return o->kind == NULL || strcmp(o->kind, r->kind->name) == 0;
}

/* A word that is no kind would find nothing, as a log without reports does. */
static struct err *check_kind(const char *kind)
{
	struct str known;
	struct strmap seen;

	if (kind == NULL)
		return NULL;
	str_init(&known);
	strmap_init(&seen);
	bool found = false;

	for (const struct oops_family *const *f = oops_families; *f != NULL; f++)
		for (const struct oops_kind *k = (*f)->kinds; k->name != NULL; k++) {
			bool is_new;

			found = found || strcmp(k->name, kind) == 0;
			(void)strmap_get(&seen, k->name, strlen(k->name), &is_new);
			if (is_new)
				str_printf(&known, "%s%s", known.length > 0 ? ", " : "", k->name);
		}
	struct err *err = found ? NULL : err_fix(err_new(ERR_USAGE, "there is no kind of report '%s'", kind), "the kinds are %s", str_text(&known));

	strmap_deinit(&seen);
	str_deinit(&known);
	return err;
}

/* --- gathered ------------------------------------------------------------------------------------- */

/* Lines worth knowing that are no reports: counted by title, in the order in which they first came. */
struct note {
	char *title, *log; /* log: of several, where it came first; NULL: there is one */
	const struct oops_kind *kind;
	uint64_t times, first_line;
};
struct notes {
	struct strmap by_title; /* -> index */
	VEC(struct note) list;
	uint64_t total, not_kept;
};
enum { NOTES_KEPT = 10000, NOTES_EXPLAINED = 8 };

static void notes_init(struct notes *n)
{
	*n = (struct notes){ .total = 0 };
	strmap_init(&n->by_title);
}

static void notes_deinit(struct notes *n)
{
	for (size_t i = 0; i < n->list.n; i++)
		free(n->list.v[i].title), free(n->list.v[i].log);
	vec_deinit(&n->list);
	strmap_deinit(&n->by_title);
}

/* Takes R if it is a note. */
static bool take_note(struct notes *n, struct oops_report *r)
{
	bool is_new;

	if (!(r->kind->flags & OOPS_NOTE))
		return false;
	n->total++;
	if (n->list.n == NOTES_KEPT && strmap_find(&n->by_title, r->title, strlen(r->title)) == NULL) {
		n->not_kept++;
		oops_report_destroy(r);
		return true;
	}
	uint64_t *index = strmap_get(&n->by_title, r->title, strlen(r->title), &is_new);

	if (is_new) {
		*index = n->list.n;
		vec_push(&n->list, ((struct note){ .title = mem_strdup(r->title), .log = r->log != NULL ? mem_strdup(r->log) : NULL, .kind = r->kind, .first_line = r->first_line }));
	}
	n->list.v[*index].times++;
	oops_report_destroy(r);
	return true;
}

struct gathered {
	struct notes notes;
	struct oops_decoder *decoder; /* NULL: no decoding */
	const struct oops_session_options *options;
	struct strmap by_title;
	VEC(struct oops_report *) reports; /* the first of each title */
	uint64_t total, not_kept, other_kinds;
};

static void gather(void *user, struct oops_report *r)
{
	struct gathered *g = user;
	bool is_new;

	if (!is_wanted(g->options, r)) {
		g->other_kinds += !(r->kind->flags & OOPS_NOTE);
		oops_report_destroy(r);
		return;
	}
	if (g->options->kind == NULL && take_note(&g->notes, r))
		return;
	g->total++;
	if (strmap_find(&g->by_title, r->title, strlen(r->title)) == NULL && g->reports.n == REPORTS_KEPT) {
		g->not_kept++;
		oops_report_destroy(r);
		return;
	}
	uint64_t *index = strmap_get(&g->by_title, r->title, strlen(r->title), &is_new);

	if (is_new) {
		*index = g->reports.n;
		vec_push(&g->reports, r);
	} else {
		g->reports.v[*index]->repeats++;
		oops_report_destroy(r);
	}
}

static int by_severity(const void *a, const void *b)
{
	const struct oops_report *x = *(struct oops_report *const *)a, *y = *(struct oops_report *const *)b;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	return x->first_line < y->first_line ? -1 : x->first_line > y->first_line;
}

static const struct oops_report *worst_first(const struct gathered *g)
{
	VEC(struct oops_report *) sorted = { 0 };

	for (size_t i = 0; i < g->reports.n; i++)
		vec_push(&sorted, g->reports.v[i]);
	vec_sort(&sorted, by_severity);
	const struct oops_report *worst = sorted.v[0];

	vec_deinit(&sorted);
	return worst;
}

/* How many bytes of all files' names are a directory that they have in common. */
static size_t common_directory(const struct oops_session_options *o)
{
	size_t common = o->file_count > 1 ? strlen(o->files[0]) : 0;

	for (size_t i = 1; i < o->file_count; i++) {
		size_t same = 0;

		while (same < common && o->files[i][same] == o->files[0][same])
			same++;
		common = same;
	}
	while (common > 0 && o->files[0][common - 1] != '/')
		common--;
	return common;
}

static void show_table(struct doc *doc, const struct gathered *g)
{
	static const struct doc_column columns[] = {
		{ "line", "line", DOC_COUNT, 0 },
		{ "times", "times", DOC_COUNT, 0 },
		{ "severity", "severity", DOC_TEXT, 0 },
		{ "title", "report", DOC_TEXT, 0 },
		{ "file", "file", DOC_TEXT, 0 },
	};
	static const enum doc_style styles[] = { DOC_PLAIN, DOC_WARN, DOC_BAD, DOC_BAD, DOC_BAD };

	doc_table_begin(doc, "reports", "reports", columns, g->options->file_count > 1 ? 5 : 4);
	for (size_t i = 0; i < g->reports.n; i++) {
		const struct oops_report *r = g->reports.v[i];

		doc_row(doc, (struct doc_value[]){ DOC_U64(r->first_line), DOC_U64(r->repeats + 1),
						   DOC_STYLED(oops_severity_name(r->severity), styles[r->severity]), DOC_STR(r->title), DOC_STR(r->log != NULL ? r->log + common_directory(g->options) : "") });
	}
	doc_table_end(doc, g->not_kept, NULL);
}

static void show_note(struct doc *doc, struct oops_decoder *decoder)
{
	const char *fix, *text;

	for (size_t i = 0; decoder != NULL && (text = oops_decoder_note(decoder, i, &fix)) != NULL; i++)
		doc_warning(doc, fix, "%s", text);
	if (decoder != NULL && oops_decoder_not_noted(decoder) > 0)
		doc_warning(doc, NULL, "%zu more such troubles with files", oops_decoder_not_noted(decoder));
}

/* Each meaning once: of one kind there are often many titles. */
static void explain_notes(struct doc *doc, const struct notes *notes)
{
	unsigned told = 0;

	for (size_t i = 0; i < notes->list.n; i++) {
		const struct oops_kind *kind = notes->list.v[i].kind;
		bool is_new = kind->meaning != NULL;

		for (size_t k = 0; k < i && is_new; k++)
			is_new = notes->list.v[k].kind->meaning == NULL || strcmp(notes->list.v[k].kind->meaning, kind->meaning) != 0;
		if (!is_new)
			continue;
		if (told++ == NOTES_EXPLAINED) {
			doc_text(doc, "Others: sonde oops --kind KIND LOG tells each in full (%s ...).", kind->name);
			return;
		}
		const char *look = kind->look != NULL ? kind->look : "";

		doc_text(doc, "%s: %s%s%s%s", notes->list.v[i].title, kind->meaning, *look != '\0' ? " Look at: " : "", look, *look == '\0' || str_ends(look, "?") ? "" : ".");
	}
}

static void show_notes(struct doc *doc, const struct notes *notes, size_t common)
{
	static const struct doc_column columns[] = { { "line", "line", DOC_COUNT, 0 }, { "times", "times", DOC_COUNT, 0 }, { "what", "also in the log", DOC_TEXT, 0 }, { "file", "file", DOC_TEXT, 0 } };

	if (notes->total == 0)
		return;
	doc_table_begin(doc, "notes", "notes", columns, notes->list.v[0].log != NULL ? 4 : 3);
	for (size_t i = 0; i < notes->list.n; i++)
		doc_row(doc, (struct doc_value[]){ DOC_U64(notes->list.v[i].first_line), DOC_U64(notes->list.v[i].times), DOC_STR(notes->list.v[i].title), DOC_STR(notes->list.v[i].log != NULL ? notes->list.v[i].log + common : "") });
	doc_table_end(doc, notes->not_kept, NULL);
	explain_notes(doc, notes);
}

static void show_all(struct doc *doc, struct gathered *g, uint64_t lines)
{
	const struct oops_session_options *o = g->options;
	uint64_t limit = o->limit != 0 ? o->limit : LIMIT_DEFAULT;

	if (g->reports.n == 0) {
		if (o->kind != NULL)
			doc_headline(doc, "no report of kind %s in %" PRIu64 " line%s; %" PRIu64 " of other kinds", o->kind, lines, lines == 1 ? "" : "s", g->other_kinds);
		else
			doc_headline(doc, "no kernel report in %" PRIu64 " line%s", lines, lines == 1 ? "" : "s");
		show_notes(doc, &g->notes, common_directory(o));
		return;
	}
	const struct oops_report *worst = worst_first(g);

	if (g->total == 1)
		doc_headline(doc, "one report in %" PRIu64 " line%s: %s", lines, lines == 1 ? "" : "s", worst->title);
	else
		doc_headline(doc, "%" PRIu64 " reports in %" PRIu64 " lines, %zu different; the worst: %s", g->total, lines, g->reports.n, worst->title);
	if (g->reports.n > 1)
		show_table(doc, g);
	show_notes(doc, &g->notes, common_directory(o));
	for (size_t i = 0; i < g->reports.n && i < limit && g->decoder != NULL; i++)
		err_destroy(oops_decode(g->decoder, g->reports.v[i]));
	show_note(doc, g->decoder);
	for (size_t i = 0; i < g->reports.n && i < limit; i++)
		view_oops(doc, g->reports.v[i], (unsigned)i + 1, o->verbose);
	if (g->reports.n > limit)
		doc_text(doc, "%zu more are not shown in full: --limit N shows them.", g->reports.n - (size_t)limit);
}

struct shown {
	struct doc *doc;
	struct oops_decoder *decoder;
	unsigned count;
};

static void show_one(void *user, struct oops_report *r)
{
	struct shown *s = user;

	if (s->decoder != NULL)
		err_destroy(oops_decode(s->decoder, r));
	view_oops(s->doc, r, ++s->count, false);
	oops_report_destroy(r);
}

static void begin(struct doc *doc, const struct oops_session_options *o)
{
	enum { NAMES_MAX = 3 };
	struct str name;

	str_init(&name);
	for (size_t i = 0; i < o->file_count && o->file_count <= NAMES_MAX; i++)
		str_printf(&name, "%s%s", i > 0 ? ", " : "", name_of_log(o->files[i]));
	if (o->file_count == 0)
		str_add(&name, name_of_log(NULL));
	else if (o->file_count > NAMES_MAX)
		str_printf(&name, "%zu files", o->file_count);
	doc_begin(doc, &(struct doc_head){ .kind = "sonde.oops", .version = 1, .title = str_text(&name) });
	str_deinit(&name);
}

static struct err *follow(const struct oops_session_options *options, struct oops_decoder *decoder, struct doc *doc)
{
	struct shown shown = { .doc = doc, .decoder = decoder };
	uint64_t lines = 0;

	begin(doc, options);
	return scan_all(options, show_one, &shown, &lines);
}

/* All logs are read before anything is said: what can't be read is an error alone. */
static struct err *gather_all(const struct oops_session_options *options, struct oops_decoder *decoder, struct doc *doc)
{
	struct gathered g = { .options = options, .decoder = decoder };
	uint64_t lines = 0;

	strmap_init(&g.by_title);
	notes_init(&g.notes);
	struct err *err = scan_all(options, gather, &g, &lines);

	begin(doc, options);
	if (err == NULL)
		show_all(doc, &g, lines);
	for (size_t i = 0; i < g.reports.n; i++)
		oops_report_destroy(g.reports.v[i]);
	vec_deinit(&g.reports);
	strmap_deinit(&g.by_title);
	notes_deinit(&g.notes);
	return err;
}

struct err *session_oops(const struct oops_session_options *options, struct doc *doc)
{
	struct oops_decoder *decoder = NULL;

	TRY(check_kind(options->kind));
	if (options->decode != NULL)
		TRY(oops_decoder_create(options->decode, &decoder));
	struct err *err = options->follow ? follow(options, decoder, doc) : gather_all(options, decoder, doc);
	struct err *end = doc_end(doc);

	oops_decoder_destroy(decoder);
	if (err == NULL)
		return end;
	err_destroy(end);
	return err;
}

/* --- JSON -------------------------------------------------------------------------------------------- */

struct json_out {
	struct notes notes;
	struct oops_decoder *decoder;
	const struct oops_session_options *options;
	struct json json;
	FILE *file;
};

static void put_json(void *user, struct oops_report *r)
{
	struct json_out *out = user;

	if (out->options->kind == NULL && take_note(&out->notes, r))
		return;
	if (is_wanted(out->options, r)) {
		if (out->decoder != NULL)
			err_destroy(oops_decode(out->decoder, r));
		oops_json(&out->json, r);
		if (out->options->follow)
			(void)fflush(out->file);
	}
	oops_report_destroy(r);
}

static void put_notes(struct json_out *out)
{
	json_key(&out->json, "notes");
	json_begin_array(&out->json);
	for (size_t i = 0; i < out->notes.list.n; i++) {
		const struct note *n = &out->notes.list.v[i];

		json_begin_object(&out->json);
		json_key(&out->json, "title");
		json_str(&out->json, n->title);
		json_key(&out->json, "kind");
		json_str(&out->json, n->kind->name);
		json_key(&out->json, "times");
		json_u64(&out->json, n->times);
		if (n->log != NULL) {
			json_key(&out->json, "file");
			json_str(&out->json, n->log);
		}
		json_key(&out->json, "first_line");
		json_u64(&out->json, n->first_line);
		if (n->kind->meaning != NULL) {
			json_key(&out->json, "meaning");
			json_str(&out->json, n->kind->meaning);
		}
		json_end(&out->json);
	}
	json_end(&out->json);
}

/* What could not be decoded, in one string. */
static void put_decoding(struct json_out *out)
{
	const char *fix, *text;
	struct str all;

	str_init(&all);
	for (size_t i = 0; (text = oops_decoder_note(out->decoder, i, &fix)) != NULL; i++)
		str_printf(&all, "%s%s", i > 0 ? "; " : "", text);
	if (all.length > 0) {
		json_key(&out->json, "decoding");
		json_str(&out->json, str_text(&all));
	}
	str_deinit(&all);
}

struct err *session_oops_json(const struct oops_session_options *options, FILE *file)
{
	struct json_out out = { .options = options, .file = file };
	uint64_t lines = 0;

	TRY(check_kind(options->kind));
	if (options->decode != NULL)
		TRY(oops_decoder_create(options->decode, &out.decoder));
	notes_init(&out.notes);
	json_init_file(&out.json, file, 1);
	json_begin_object(&out.json);
	json_key(&out.json, "schema");
	json_str(&out.json, "sonde.oops");
	json_key(&out.json, "version");
	json_u64(&out.json, 1);
	json_key(&out.json, "reports");
	json_begin_array(&out.json);
	struct err *err = scan_all(options, put_json, &out, &lines);

	json_end(&out.json);
	put_notes(&out);
	if (out.decoder != NULL)
		put_decoding(&out);
	oops_decoder_destroy(out.decoder);
	notes_deinit(&out.notes);
	json_key(&out.json, "lines");
	json_u64(&out.json, lines);
	json_end(&out.json);
	(void)fputc('\n', file);
	return err;
}
