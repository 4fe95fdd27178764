/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recording that has a journal: its recorder is writing (live), or was killed, or had a full
 * disk (cut), or was a static agent that only writes journals (complete).
 *
 * In all cases the rows that no segment has are made into segments by the same code
 * that the recorder uses.  Where nobody is writing and we may, they become files, meta.json is
 * written anew and the journal goes; else they stay in memory.
 */
#include "base/mem.h"
#include "record/journal_format.h"
#include "record/journal_read.h"
#include "record/recording_impl.h"
#include "record/segment.h"
#include "record/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { FOLD_BYTES = 64 << 20 }; /* of rows in one segment */

struct fold {
	struct recording *r;
	struct journal_view *journal;
	bool on_disk;		  /* false as soon as a file can't be written */
	struct segment_run *runs; /* of one segment, reused */
};

/* --- segments -----------------------------------------------------------------------------------
 */

static unsigned next_number(struct recording *r, const char *table)
{
	CLEANUP(mem_freep) unsigned *numbers = NULL;
	size_t count = store_list_segments(r->dirfd, table, &numbers);

	return count ? numbers[count - 1] + 1 : 0;
}

static struct err *add_file(struct fold *f, struct table *t, unsigned number)
{
	char name[STORE_NAME_BYTES];
	struct io_map map;

	store_segment_name(name, t->info.type->name, number);
	TRY(io_map_file(f->r->dirfd, name, &map));
	return table_add_segment(f->r, t, &map, NULL, name);
}

static struct err *add_segment(struct fold *f, const struct event_type *type, size_t run_count,
			       const char *note, bool replace)
{
	struct segment segment = { .type = type,
				   .runs = f->runs,
				   .run_count = run_count,
				   .journal_note = note,
				   .text = journal_view_text,
				   .user = f->journal };
	/* The journal's descriptor goes with the journal; the recording has its own. */
	struct table *t = recording_get_table(f->r, recording_find_type(f->r, type->name));
	struct str out = { 0 };

	if (replace)
		table_remove_segments(t);
	TRY(parquet_compactor.build(&segment, &out));
	if (f->on_disk) {
		unsigned number = replace ? 0 : next_number(f->r, type->name);
		struct err *err =
			store_segment(f->r->dirfd, type->name, number, out.text, out.length);

		if (err == NULL) {
			str_deinit(&out);
			return add_file(f, t, number);
		}
		f->on_disk = false; /* the disk is full: it works from memory too */
		err_destroy(err);
	}
	return table_add_segment(f->r, t, NULL, &out, type->name);
}

/* --- event rows
 * ------------------------------------------------------------------------------------- */

static void read_coverage(struct fold *f, const struct event_type *type, struct coverage *c)
{
	struct table *t = NULL;

	for (size_t i = 0; i < f->r->tables.n; i++)
		if (strcmp(f->r->tables.v[i]->info.type->name, type->name) == 0)
			t = f->r->tables.v[i];
	for (size_t i = 0; t && i < t->segments.n; i++) {
		const char *note = parquet_note(t->segments.v[i].file, JOURNAL_NOTE);

		coverage_add(c, note ? note : "");
	}
}

static struct err *fold_events(struct fold *f, unsigned number)
{
	const struct event_type *type = f->journal->types[number];
	struct coverage c = { 0 };
	struct str note = { 0 };
	struct err *err = NULL;
	size_t runs = 0;
	uint64_t bytes = 0;

	read_coverage(f, type, &c);
	for (size_t i = 0; i < f->journal->rows.n && err == NULL; i++) {
		const struct journal_rows *rows = &f->journal->rows.v[i];

		if (rows->type != number)
			continue;
		uint32_t have = coverage_rows(&c, rows->sequence, rows->block, rows->count);

		if (have == rows->count)
			continue;
		f->runs[runs++] = (struct segment_run){ rows->rows + (size_t)have * type->row_bytes,
							rows->count - have };
		str_printf(&note, " %" PRIu64 ".%u=%u", rows->sequence, rows->block, rows->count);
		bytes += (uint64_t)(rows->count - have) * type->row_bytes;
		f->r->meta.journal_rows_folded += rows->count - have;
		if (bytes < FOLD_BYTES)
			continue;
		err = add_segment(f, type, runs, str_text(&note), false);
		str_clear(&note);
		runs = bytes = 0;
	}
	if (runs && err == NULL)
		err = add_segment(f, type, runs, str_text(&note), false);
	coverage_deinit(&c);
	str_deinit(&note);
	return err;
}

/* What the recorder counted as lost and could not write down as a row. */
static struct err *fold_lost(struct fold *f)
{
	static const struct journal_text texts[] = { { "journal", 7 }, { "journal full", 12 } };
	struct journal_view *v = f->journal;
	struct row_lost row = { .time_ns = v->lost_first_ns,
				.count = v->lost_unreported,
				.cpu = -1,
				.source = (uint32_t)v->texts.n,
				.reason = (uint32_t)v->texts.n + 1 };

	if (v->lost_unreported == 0)
		return NULL;
	vec_push(&v->texts, texts[0]);
	vec_push(&v->texts, texts[1]);
	f->runs[0] = (struct segment_run){ (const uint8_t *)&row, 1 };

	const struct event_type *type = v->types[TYPE_lost];

	if (type == NULL || type->row_bytes != sizeof(row))
		return NULL;
	return add_segment(f, type, 1, NULL, false);
}

/* --- side rows
 * ---------------------------------------------------------------------------------------- */

struct side_place {
	uint32_t id;
	uint32_t order;
	const uint8_t *row;
};

static int by_id(const void *a, const void *b)
{
	const struct side_place *m = a, *n = b;

	if (m->id != n->id)
		return m->id < n->id ? -1 : 1;
	return m->order < n->order ? -1 : 1;
}

/* The last row of each id, by id. */
static struct err *fold_side(struct fold *f, unsigned number)
{
	VEC(struct side_place) places = { 0 };
	size_t runs = 0;

	for (size_t i = 0; i < f->journal->side.n; i++) {
		const struct journal_side_row *row = &f->journal->side.v[i];
		struct side_place place = { .order = (uint32_t)i, .row = row->row };

		if (row->type != number)
			continue;
		memcpy(&place.id, row->row, sizeof(place.id));
		vec_push(&places, place);
	}
	vec_sort(&places, by_id);
	for (size_t i = 0; i < places.n; i++)
		if (places.v[i].id && (i + 1 == places.n || places.v[i + 1].id != places.v[i].id))
			f->runs[runs++] = (struct segment_run){ places.v[i].row, 1 };
	vec_deinit(&places);
	return runs ? add_segment(f, f->journal->types[number], runs, NULL, true) : NULL;
}

/* --- meta
 * -----------------------------------------------------------------------------------------------
 */

static uint64_t last_event_ns(const struct recording *r)
{
	uint64_t last = 0;

	for (size_t i = 0; i < r->tables.n; i++)
		if (r->tables.v[i]->info.max_time_ns > last)
			last = r->tables.v[i]->info.max_time_ns;
	return last;
}

static void take_notes(struct fold *f)
{
	struct recording *r = f->r;
	struct journal_view *v = f->journal;

	vec_clear(&r->notes); /* the journal has all that meta.json had */
	vec_clear(&r->missing);
	for (size_t i = 0; i < v->notes.n; i++)
		vec_push(&r->notes,
			 ((struct recording_note){ arena_strdup(&r->arena, v->notes.v[i].key),
						   arena_strdup(&r->arena, v->notes.v[i].value) }));
	for (size_t i = 0; i < v->missing.n; i++) {
		const struct recording_missing *m = &v->missing.v[i];

		vec_push(&r->missing, ((struct recording_missing){
					      arena_strdup(&r->arena, m->what),
					      m->why ? arena_strdup(&r->arena, m->why) : NULL,
					      m->fix ? arena_strdup(&r->arena, m->fix) : NULL }));
	}
	if (v->command)
		r->meta.command = arena_strdup(&r->arena, v->command);
	if (v->exit_status != -1)
		r->meta.exit_status = v->exit_status;
}

/* ... of which some can't be read: that outlives the journal, which is gone when the rest is in segments. */
static void say_damage(struct fold *f)
{
	struct recording_meta *m = &f->r->meta;

	if (!f->journal->damage)
		return;
	m->state = RECORDING_CUT;
	m->why_cut = arena_printf(&f->r->arena, "%s%s%s; what it held there is missing", m->why_cut ? m->why_cut : "", m->why_cut ? "; " : "",
				  err_message(f->journal->damage));
}

static void say_cut(struct fold *f)
{
	struct recording_meta *m = &f->r->meta;
	uint64_t last = last_event_ns(f->r);

	if (m->state != RECORDING_LIVE)
		return; /* complete from an agent, or cut with its reason written down */
	if (f->journal->trimmed && !f->journal->damage)
		f->journal->damage = err_new(ERR_FORMAT, "its journal is damaged: a chunk is cut short");
	m->state = RECORDING_CUT;
	m->end_ns = f->journal->alive_ns > last ? f->journal->alive_ns : last;
	if (m->end_ns < m->start_ns)
		m->end_ns = m->start_ns;
	m->why_cut = arena_printf(
		&f->r->arena,
		"its recorder was killed or crashed %.1f s after the start%s",
		(double)(m->end_ns - m->start_ns) / 1e9,
		f->journal->damage ? "" : "; what it had seen is here, at most the last second is missing");
}

static void end_on_disk(struct fold *f)
{
	struct recording *r = f->r;

	r->meta.notes = r->notes.v;
	r->meta.note_count = r->notes.n;
	r->meta.missing = r->missing.v;
	r->meta.missing_count = r->missing.n;
	struct err *err = store_meta(r->dirfd, &r->meta, r->types.v, r->types.n);

	if (err == NULL)
		err = store_remove(r->dirfd, "journal");
	if (err == NULL)
		err = store_remove(r->dirfd, "reserve");
	err_destroy(err); /* the next one who opens it folds again: segments say what they have */
}

/* --- all
 * -----------------------------------------------------------------------------------------------------
 */

/* Types as the journal has them, so that rows are read as they were written. */
static void take_types(struct fold *f)
{
	for (unsigned n = 0; n <= TYPE_MAX; n++) {
		const struct event_type *type = f->journal->types[n];

		if (type && !recording_find_type(f->r, type->name))
			vec_push(&f->r->types, recording_copy_type(f->r, type));
	}
}

static struct err *fold_all(struct fold *f)
{
	take_types(f);
	TRY(recording_open_tables(f->r));
	f->runs = mem_calloc(f->journal->rows.n + f->journal->side.n + 1, sizeof(*f->runs));
	for (unsigned n = 0; n <= TYPE_MAX; n++) {
		const struct event_type *type = f->journal->types[n];

		if (type)
			TRY(type->side ? fold_side(f, n) : fold_events(f, n));
	}
	TRY(fold_lost(f));
	take_notes(f);
	return NULL;
}

/* Nothing of it can be believed: what segments hold is all there is. */
static struct err *do_without_journal(struct recording *r, bool live, struct err *err)
{
	TRY(damage_note(r, err, 0));
	if (!live && r->meta.state == RECORDING_LIVE) {
		r->meta.state = RECORDING_CUT;
		r->meta.why_cut = "its recorder was killed or crashed";
	}
	TRY(recording_open_tables(r));
	if (r->meta.end_ns == 0)
		r->meta.end_ns = last_event_ns(r);
	return NULL;
}

struct err *fold_journal(struct recording *r)
{
	CLEANUP(io_closep) int lock = openat(r->dirfd, "journal/lock", O_RDONLY | O_CLOEXEC);
	bool live = lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	struct fold f = { .r = r, .on_disk = !live && faccessat(r->dirfd, ".", W_OK, 0) == 0 };
	struct err *err = journal_load(r->dirfd, live, &f.journal);

	if (err_is(err, ERR_FORMAT))
		return do_without_journal(r, live, err);
	if (err == NULL)
		err = fold_all(&f);
	if (err == NULL && live) {
		err = damage_note(r, f.journal->damage, 0);
		f.journal->damage = NULL;
	}
	if (err == NULL && !live) {
		say_cut(&f);
		say_damage(&f);
		if (f.on_disk)
			end_on_disk(&f);
	}
	free(f.runs);
	journal_unload(f.journal);
	return err;
}
