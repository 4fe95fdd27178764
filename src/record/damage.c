/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What of a recording can't be read is left out, noted, and the rest is read: a file that lost
 * its end is found when it is opened, a page of one when a scan comes to it.  Each is said once:
 * by the view, if it asks in time, else when the recording is closed.
 */
#include "base/log.h"
#include "base/str.h"
#include "base/units.h"
#include "record/recording_impl.h"

#include <string.h>

struct err *damage_note(struct recording *r, struct err *err, uint64_t rows)
{
	struct recording_damage *d = NULL;

	if (!err_is(err, ERR_FORMAT))
		return err;
	for (size_t i = 0; i < r->damage.n && !d; i++)
		if (str_eq(r->damage.v[i].what, err_message(err)))
			d = &r->damage.v[i];
	if (!d) {
		d = vec_add(&r->damage);
		*d = (struct recording_damage){ .what = arena_strdup(&r->arena, err_message(err)) };
	}
	d->rows += rows;
	r->meta.damage = r->damage.v;
	r->meta.damage_count = r->damage.n;
	err_destroy(err);
	return NULL;
}

struct err *damage_skip_group(struct recording *r, const struct table *t, size_t segment, size_t group, struct err *err)
{
	const struct table_segment *s = &t->segments.v[segment];

	err = damage_note(r, err, parquet_row_group_rows(s->file, group));
	s->bad[group] = err == NULL;
	return err;
}

bool recording_next_damage(struct recording *r, struct str *out)
{
	const struct recording_damage *d;

	if (r->damage_told == r->damage.n)
		return false;
	d = &r->damage.v[r->damage_told];
	str_add(out, d->what);
	if (d->rows)
		str_printf(out, "; %s of its rows %s missing here", units_count(d->rows).text, d->rows == 1 ? "is" : "are");
	else
		str_add(out, "; what it held is missing here, the rest is shown");
	r->damage_told++;
	return true;
}

void damage_log(struct recording *r)
{
	struct str text = { 0 };

	for (; recording_next_damage(r, &text); str_clear(&text))
		log_warn("%s: %s", r->path, str_text(&text));
	str_deinit(&text);
}
